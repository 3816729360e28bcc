"""Secrets: never written into a template, never where somebody reads them who should not.

A parameter with NoEcho, a `{{resolve:secretsmanager}}` reference or an access key that lands in an environment
variable, an output, user data, a tag or metadata can be read with ecs:DescribeTaskDefinition, DescribeStacks and the
like. A secret belongs into a property that AWS does not show again, or into a container's Secrets.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Final

from stackproof.proofs.values import Dynamic, Path, Sym, Text, Value, is_one_of, leaves, scalar_text
from stackproof.proofs.verdicts import Finding, broken, proved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.resolve.leaves import Leaves
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.values import Scalar


SECRET_PROPERTIES: Final = frozenset(
    {
        "AdminPassword",
        "AuthToken",
        "ClientSecret",
        "MasterUserPassword",
        "Password",
        "Passwords",
        "SecretString",
        "TdeCredentialPassword",
    }
)
"""Properties of any type that hold a secret and nothing else."""
READABLE: Final = frozenset(
    {"Command", "Description", "EntryPoint", "Environment", "EnvironmentVariables", "Tags", "UserData", "DockerLabels"}
)
"""Properties, at any depth, that AWS shows to whoever may describe the resource."""
MAY_SHOW: Final = READABLE | {"ContainerDefinitions", "LaunchTemplateData", "Value", "TagSpecifications"}
"""Properties that are worth looking into: deep properties of few types hold readable ones."""
ENVIRONMENTS: Final = frozenset({"Environment", "EnvironmentVariables"})
"""Properties, at any depth, that hold variables."""
SECRET_ATTRIBUTES: Final = {("AWS::IAM::AccessKey", "SecretAccessKey")}
VARIABLE: Final = re.compile(
    r"(?:^|[_\-a-z])(?:password|passwd|passphrase|secret|secret_?key|secret_?access_?key|auth_?token|access_?token"
    r"|api_?key|private_?key)$",
    re.IGNORECASE,
)
"""How the name of an environment variable ends that holds a secret."""
ASSIGNED: Final = re.compile(
    r"""^[ \t]*(?:export |set |\$env:|\$)?(\w+) ?= ?["']?([^\s"'$`(){}<>]+)["']?[ \t\r;]*$""", re.MULTILINE
)
"""A line of a shell script that gives a variable a literal."""
KEY_MATERIAL: Final = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")
"""What gives access by itself, wherever it stands: a private key, an access key's id."""
EXAMPLE_KEYS: Final = ("AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE")
"""AWS's own examples, which open nothing."""
MAY_BE_ARN: Final = ("arn:", "{{resolve:", "/", "http://", "https://", "s3://")
"""How the value of a variable begins that says where a secret is, and not what it is."""


def is_plain_secret(path: str, value: str) -> bool:
    """Is this text, at `/Properties/MasterUserPassword` say, a secret itself? What says where one is, is none."""
    name = next((key for key in reversed(path.split("/")) if not key.isdigit()), "")
    telling = name in SECRET_PROPERTIES or VARIABLE.search(name) is not None
    return telling and bool(value) and not value.startswith((*MAY_BE_ARN, "${", "{{"))


def plain_secrets(properties: Value) -> frozenset[str]:
    """The texts in a resource's properties that are secrets themselves, in environment variables of a list, too."""
    named = {
        leaf
        for path, leaf in leaves(properties)
        if isinstance(leaf, str) and is_plain_secret("/".join(map(str, path)), leaf)
    }
    variables = {text for _, _, text in _plain_variables(properties, ())}
    return frozenset(filter(_looks_secret, named)) | variables


def prove_secrets(stack: Stack) -> Iterator[Finding]:
    """Whether secrets stand in the template, or land where they can be read."""
    secret = _Secrets(stack)
    findings: list[Finding] = []
    for resource in stack.resources.values():
        findings += secret.plain(resource)
        findings += secret.exposed(resource)
    for name, output in stack.outputs.items():
        for _, leaf in leaves(output.value):
            if what := secret.what(leaf):
                message = f"Whoever may describe the stack reads {what} in the output {name}."
                fix = "Give out the secret's ARN instead, and let the reader fetch it."
                findings.append(broken("store-secret-exposed", "", f"Outputs.{name}.Value", message, fix))
    findings += _defaults(stack, secret.hidden)
    yield from findings or [proved("store-secret-exposed", "", "", "no secret stands where it can be read")]


class _Secrets:
    """What is secret in one stack.

    Attributes:
        hidden: the parameters with NoEcho.
        shown: the parameters without, by their value.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        declared = stack.section("Parameters").items()
        self.hidden = frozenset(
            name for name, body in declared if isinstance(body, dict) and str(body.get("NoEcho", "")).lower() == "true"
        )
        values = stack.parameters.items()
        self.shown = {
            value: name for name, value in values if isinstance(value, str) and value and name not in self.hidden
        }

    def plain(self, resource: Resource) -> Iterator[Finding]:
        """Secrets that are written out in a resource, or come from a parameter that everybody can read."""
        found = self.stack.leaves[resource.logical_id]
        for path, leaf in _suspects(found):
            held = _holds_secret(path, resource)
            if isinstance(leaf, Sym) and leaf.kind == "parameter" and leaf.owner not in self.hidden and held:
                yield _shown_parameter(resource, path, leaf.owner)
            elif material := _key_material(_decoded(leaf) if path[-1] == "UserData" else leaf):
                yield _written(resource, path, f"{material} stands in the template")
            elif path[-1] == "UserData" and (name := _assigned(_decoded(leaf))):
                yield _written(resource, path, f"The secret {name} stands in the user data")
            elif isinstance(leaf, str) and leaf and held:
                owner = self.shown.get(leaf)
                if owner is not None:
                    yield _shown_parameter(resource, path, owner)
                else:
                    yield _written(resource, path, "A password stands in the template")
        if not ENVIRONMENTS.isdisjoint(found.names):
            yield from _variables(resource)

    def exposed(self, resource: Resource) -> Iterator[Finding]:
        """Secrets of others in what a resource shows."""
        shown = MAY_SHOW & resource.properties.keys()
        own = [each for each in self.stack.leaves[resource.logical_id].made if each[0][1] in shown] if shown else []
        found: dict[str, list[Path]] = {}
        for path, leaf in (*own, *leaves(resource.metadata, ("Metadata",))):
            # A literal is judged by `plain`.
            if not isinstance(leaf, str) and _shows(resource, path) and (what := self.what(leaf)):
                found.setdefault(what, []).append(path)
        for what, paths in found.items():
            yield _exposed(resource, paths, what)

    def what(self, leaf: Scalar) -> str:
        """What secret a value holds, in words; empty when none."""
        for part in _parts(leaf):
            if isinstance(part, Dynamic) and part.secret:
                return "the secret behind its {{resolve:…}} reference"
            if isinstance(part, Sym):
                if part.kind == "secret" or (part.kind == "parameter" and part.owner in self.hidden):
                    return f"the parameter {part.owner}, which NoEcho hides"
                target = self.stack.target(part)
                if target is not None and (target.type, part.attribute) in SECRET_ATTRIBUTES:
                    return f"the secret access key {part.owner}"
        return ""


def _parts(leaf: Scalar) -> Iterator[str | Sym | Dynamic]:
    """The pieces of a value, those inside functions (Fn::Base64 of user data) too."""
    for part in leaf.parts if isinstance(leaf, Text) else (leaf,):
        if isinstance(part, str | Sym | Dynamic):
            yield part
        for inner in part.inside if isinstance(part, Sym) else ():
            for _, found in leaves(inner):
                yield from _parts(found)


def _decoded(leaf: Scalar) -> Scalar:
    """User data as it was before Fn::Base64, which leaves no symbol where all of the text is known."""
    try:
        return base64.b64decode(leaf, validate=True).decode("utf-8", "replace") if isinstance(leaf, str) else leaf
    except ValueError:
        return leaf


def _assigned(leaf: Scalar) -> str:
    """The first variable of a script that is called like a secret and is given a literal; empty without one."""
    for part in _parts(leaf):
        for name, value in ASSIGNED.findall(part) if isinstance(part, str) else ():
            if VARIABLE.search(name) and _looks_secret(value):
                return str(name)
    return ""


def _suspects(found: Leaves) -> list[tuple[Path, Scalar]]:
    """What may be a secret: most of a template is text that cannot be one, and only the rest is looked at closely."""
    telling = not _TELLING.isdisjoint(found.names)
    texts = [
        ((*path, key), text)
        for path, key, text in found.texts
        if "AKIA" in text
        or "ASIA" in text
        or "-----BEGIN" in text
        or (telling and (key if isinstance(key, str) else _name(path)) in _TELLING)
    ]
    return texts + [(path, leaf) for path, leaf in found.made if _may_hold(leaf)]


def _may_hold(leaf: Scalar) -> bool:
    """May a value hold text, or come from a parameter? What AWS makes is in no template."""
    if isinstance(leaf, Sym):
        return leaf.kind == "parameter" or bool(leaf.inside)
    return isinstance(leaf, Text)


def _name(path: Path) -> str:
    """The property at the end of a path, without positions in lists."""
    return next(key for key in reversed(path) if isinstance(key, str))


_TELLING: Final = SECRET_PROPERTIES | {"UserData"}


def _key_material(leaf: Scalar) -> str:
    """What gives access by itself in a value, in words; empty when nothing does."""
    for part in _parts(leaf):
        found = KEY_MATERIAL.search(part) if isinstance(part, str) else None
        if found is not None and found[0] not in EXAMPLE_KEYS:
            return "A private key" if found[0].startswith("-") else "An access key"
    return ""


def _exposed(resource: Resource, paths: list[Path], what: str) -> Finding:
    """One secret where it can be read, however often."""
    path, more = paths[0], len(paths) - 1
    places = f" (and in {more} other place{'s' if more > 1 else ''})" if more else ""
    if resource.type == "AWS::ECS::TaskDefinition":
        fix = "Hand it over in the container's Secrets, by the ARN of a secret."
    elif "UserData" in path or path[0] == "Metadata":
        fix = "Let the instance fetch it from Secrets Manager with its role."
    else:
        fix = "Hand over the ARN of a secret, and let the reader fetch it."
    return broken(
        "store-secret-exposed",
        resource.logical_id,
        ".".join(map(str, path)),
        f"Whoever may describe {resource.logical_id} reads {what} in clear text{places}.",
        fix,
    )


def _shows(resource: Resource, path: Path) -> bool:
    """Can a value at this path be read by whoever may describe the resource?"""
    if path[0] == "Metadata":
        return True
    if path == ("Properties", "Value"):
        # A parameter of Parameter Store; SecureString cannot be made by CloudFormation.
        return resource.type == "AWS::SSM::Parameter"
    return any(key in READABLE for key in path)


def _holds_secret(path: Path, resource: Resource) -> bool:
    """Is a path below Properties one that holds a secret and nothing else?"""
    return _name(path) in SECRET_PROPERTIES and resource.type.startswith("AWS::") and "Schema" not in path


def _shown_parameter(resource: Resource, path: Path, owner: str) -> Finding:
    return broken(
        "store-secret-plain",
        resource.logical_id,
        ".".join(map(str, path)),
        f"The parameter {owner} has no NoEcho: whoever may describe the stack reads the password of"
        f" {resource.logical_id}.",
        f"Let AWS make the password (ManageMasterUserPassword, GenerateSecretString), or set NoEcho on {owner}.",
    )


def _written(resource: Resource, path: Path, what: str) -> Finding:
    return broken(
        "store-secret-plain",
        resource.logical_id,
        ".".join(map(str, path)),
        f"{what}: everybody who reads the file, its history or the stack has it.",
        "Take it out, change it where it was used, and let Secrets Manager hold the new one.",
    )


def _variables(resource: Resource) -> Iterator[Finding]:
    """Environment variables that are called like a secret and hold a literal."""
    for path, name, _ in _plain_variables(resource.properties, ("Properties",)):
        yield broken(
            "store-secret-plain",
            resource.logical_id,
            ".".join(map(str, path)),
            f"The variable {name} of {resource.logical_id} holds its secret in clear text, in the template and for"
            f" whoever may describe {resource.logical_id}.",
            "Take it from a secret: in a task by the container's Secrets, in a function with its role.",
        )


def _plain_variables(value: Value, path: Path) -> Iterator[tuple[Path, str, str]]:
    """The same below any value: where each is, its name, and what it holds."""
    for place, name, held in _environment(value, path):
        if isinstance(held, str | int) and VARIABLE.search(name):
            text = scalar_text(held)
            if _looks_secret(text):
                yield place, name, text


def _looks_secret(value: str) -> bool:
    """Could a literal be a secret, and not the name or the place of one?"""
    return len(value) > 3 and not value.startswith(MAY_BE_ARN) and value.lower() not in {"true", "false", "none"}


def _environment(value: Value, path: Path) -> Iterator[tuple[Path, str, Value]]:
    """The environment variables anywhere below a value, as an object or as a list of Name and Value."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _environment(inner, (*path, index))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in ENVIRONMENTS:
                yield from _variables_in(inner, (*path, key))
            elif isinstance(inner, list | dict):
                yield from _environment(inner, (*path, key))


def _variables_in(value: Value, path: Path) -> Iterator[tuple[Path, str, Value]]:
    if isinstance(value, dict) and isinstance(value.get("Variables"), dict | list):
        yield from _variables_in(value["Variables"], (*path, "Variables"))
    elif isinstance(value, dict):
        yield from _environment(value, path)
        yield from (((*path, name), name, inner) for name, inner in value.items() if not isinstance(inner, dict | list))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            if isinstance(entry, dict) and isinstance(entry.get("Name"), str):
                secret = is_one_of(entry.get("Type"), "SECRETS_MANAGER", "PARAMETER_STORE")
                if not secret:
                    yield (*path, index, "Value"), str(entry["Name"]), entry.get("Value")


def _defaults(stack: Stack, hidden: frozenset[str]) -> Iterator[Finding]:
    """Parameters with NoEcho whose default, for everybody to read in the template, is in use."""
    for name in sorted(hidden):
        body = stack.section("Parameters")[name]
        default = body.get("Default") if isinstance(body, dict) else None
        value = stack.parameters.get(name)
        if not isinstance(default, str | int) or not isinstance(value, Sym) or len(str(default)) < 4:
            continue
        if value.digest == hashlib.sha256(scalar_text(default).encode("utf-8", "replace")).hexdigest():
            yield broken(
                "store-secret-plain",
                "",
                f"Parameters.{name}.Default",
                f"NoEcho hides what is given for {name}; its default, which is in use, stands in the template for all.",
                "Leave Default out, so that a value must be given.",
            )
