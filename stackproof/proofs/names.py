"""Fixed names: within what each service takes, different in each environment, and free when CloudFormation needs them.

Sources: the API reference of each service for lengths and characters; where CloudFormation's registry has them as well,
its schema. A replacement is made before the old resource goes, so that a fixed name is taken: what can be replaced has
a generated name, or the intent says that it may have a fixed one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from stackproof.java_patterns import compile_pattern
from stackproof.proofs.diff import SCOPED_NAMES, schema_of
from stackproof.proofs.resolve.resolver import NOTHING, Resolver
from stackproof.proofs.shapes import SHAPES
from stackproof.proofs.stores.keeping import KEEPING
from stackproof.proofs.values import Sym, Text, Unknown, Value, is_one_of, number, show, symbols
from stackproof.proofs.verdicts import Finding, broken, proved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.proofs.intent.intent import Intent
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.schemas import Schema

ENDINGS: Final = ("Name", "Id", "Identifier")
"""How the property ends that names a resource, where no table says which it is."""
OWN: Final = ("AWS::StackName", "AWS::StackId")
"""What tells two stacks apart as well as an environment's suffix."""
SPECIAL: Final = "A0_.-/ @+=:"
"""Characters that one service takes and another does not."""


class Limit(NamedTuple):
    """What a name may be: its greatest length, and a pattern; empty for any characters."""

    most: int
    pattern: str = ""
    least: int = 1


_HYPHENS: Final = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_LETTER_FIRST: Final = r"[A-Za-z](-?[A-Za-z0-9])*"
_USERS: Final = r"[A-Za-z][A-Za-z0-9-]*"
_WORD: Final = r"[A-Za-z0-9_-]+"

LIMITS: Final[Mapping[str, Limit]] = {
    "AWS::DynamoDB::Table": Limit(255, r"[a-zA-Z0-9_.-]+", 3),
    "AWS::ECS::Cluster": Limit(255, _WORD),
    "AWS::ECS::Service": Limit(255, _WORD),
    "AWS::ECS::TaskDefinition": Limit(255, _WORD),
    "AWS::ElastiCache::ReplicationGroup": Limit(40, _LETTER_FIRST),
    "AWS::ElastiCache::ServerlessCache": Limit(40, _LETTER_FIRST),
    "AWS::ElastiCache::User": Limit(40, _USERS),
    "AWS::ElastiCache::UserGroup": Limit(40, _USERS),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Limit(32, rf"(?!internal-){_HYPHENS}"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Limit(32, _HYPHENS),
    "AWS::IAM::ManagedPolicy": Limit(128, r"[\w+=,.@-]+"),
    "AWS::Lambda::Function": Limit(64, _WORD),
    "AWS::S3::Bucket": Limit(63, r"[a-z0-9][a-z0-9.-]*[a-z0-9]", 3),
    "AWS::SNS::Topic": Limit(256, r"[A-Za-z0-9_-]+(\.fifo)?"),
    "AWS::SQS::Queue": Limit(80, r"[A-Za-z0-9_-]+(\.fifo)?"),
    "AWS::SecretsManager::Secret": Limit(512, r"[A-Za-z0-9/_+=.@-]+"),
    "AWS::StepFunctions::StateMachine": Limit(80, r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/]+"),
}
"""Types whose schema does not say it, or says less than the service."""


class Name(NamedTuple):
    """A fixed name: its resource, the property that has it, and what stands there."""

    resource: Resource
    key: str
    value: Value
    schema: Schema | None

    @property
    def path(self) -> str:
        """The property as findings show it."""
        return f"Properties.{self.key}"


def prove_names(stack: Stack, intent: Intent) -> Iterator[Finding]:
    """Everything about the fixed names of a stack."""
    names = [found for resource in stack.resources.values() if (found := _name(stack, resource)) is not None]
    yield from _twice(names)
    for name in names:
        yield from _fits(stack, name, intent)
        if intent.name_suffix:
            yield _carries(stack, name, intent)
        if intent.fixed_names is not None:
            yield from _free(name, intent)
    if intent.fixed_names is not None:
        for resource in stack.resources.values():
            yield from _free_again(stack, resource)


def _name(stack: Stack, resource: Resource) -> Name | None:
    """The name that a resource is given; None for one that AWS names, and for a name that comes from elsewhere."""
    name = _given(stack, resource)
    if name is None or not isinstance(name.value, Text):
        return name
    return None if any(not isinstance(part, str | Sym) or _elsewhere(part) for part in name.value.parts) else name


def _given(stack: Stack, resource: Resource) -> Name | None:
    """The name that a resource is given, wherever it comes from; None for one that AWS names, or nobody knows."""
    shape = SHAPES.get(resource.type)
    if shape is not None:
        key = shape.name
    elif any(name.endswith(ENDINGS) for name in resource.properties):
        key = _identifier(schema_of(resource, stack))
    else:
        return None
    value = resource.properties.get(key) if key else None
    if value is None or not isinstance(value, str | Text):
        return None
    return Name(resource, key, value, schema_of(resource, stack))


def _identifier(definition: Schema | None) -> str:
    """The property that alone identifies a resource and that its owner chooses; empty when there is none."""
    if definition is None or len(definition.identifier) != 1 or definition.identifier[0] in definition.read_only:
        return ""
    path = definition.identifier[0]
    return str(path[0]) if len(path) == 1 and str(path[0]).endswith(ENDINGS) else ""


def _elsewhere(part: str | Sym) -> bool:
    return isinstance(part, Sym) and part.kind != "pseudo"


def _twice(names: list[Name]) -> Iterator[Finding]:
    """Two resources of one type with one name: the second cannot be created."""
    first: dict[tuple[str, ...], Name] = {}
    for name in names:
        kind = name.resource.type
        scope = SCOPED_NAMES.get(kind)
        if scope == () or not name.resource.certain:
            continue
        around = [show(name.resource.properties.get(key)) for key in (scope or ())[1:]]
        other = first.setdefault((kind, show(name.value), *around), name)
        if other is not name:
            message = f"{name.resource.logical_id} and {other.resource.logical_id} are both called {show(name.value)}:"
            message += " AWS refuses to create the second."
            yield broken("tag-name-twice", name.resource.logical_id, name.path, message, "Give one another name.")


def _limit(name: Name) -> Limit | None:
    """What the service takes; None when nobody says."""
    known = LIMITS.get(name.resource.type)
    if known is not None:
        return known
    node = name.schema.property((name.key,)) if name.schema is not None else None
    most = number(node.get("maxLength")) if node is not None else None
    pattern = str(node.get("pattern", "")) if node is not None else ""
    return Limit(int(most) if most else 100_000, pattern, 0) if most or pattern else None


def _fits(stack: Stack, name: Name, intent: Intent) -> Iterator[Finding]:
    """The name with the parameters as given, and with every value that the suffix may have."""
    limit = _limit(name)
    if limit is None:
        return
    fault = _fault(name, limit, name.value, "")
    if fault is None and intent.name_suffix in stack.parameters and _mentions(stack, name, (intent.name_suffix,)):
        for value, allowed in _values(stack, intent.name_suffix):
            other = _with(stack, name, intent.name_suffix, value)
            fault = _fault(name, limit, other, f"With {intent.name_suffix} {value}, which {allowed} allows, ")
            if fault is not None:
                break
    yield fault or proved("tag-name-length", name.resource.logical_id, name.path, f"{show(name.value)} fits")


def _fault(name: Name, limit: Limit, value: Value, lead: str) -> Finding | None:
    """What AWS has against a name; None for nothing."""
    parts = value.parts if isinstance(value, Text) else (value,)
    if isinstance(value, Unknown | list | dict):
        return None
    length = sum(len(part) if isinstance(part, str) else 1 for part in parts)
    subject = f'{lead}{name.resource.logical_id} is called "{show(value)}"'
    if length > limit.most or (isinstance(value, str) and length < limit.least):
        message = f"{subject}, {length} characters: AWS takes {limit.least} to {limit.most} and refuses it."
        fix = "Shorten the name, or what it is made of." if length > limit.most else "Make it longer."
        return broken("tag-name-length", name.resource.logical_id, name.path, message, fix)
    pattern = compile_pattern(limit.pattern) if limit.pattern and isinstance(value, str) else None
    # The registry's patterns count where they match, as in JSON Schema; those above are for the whole name.
    whole = name.resource.type in LIMITS
    if pattern is not None and (pattern.fullmatch if whole else pattern.search)(str(value)) is None:
        message = f"{subject}: AWS refuses the characters; a name matches {limit.pattern}."
        return broken("tag-name-characters", name.resource.logical_id, name.path, message, "Take the others out.")
    return None


def _values(stack: Stack, parameter: str) -> Iterator[tuple[str, str]]:
    """Values that a parameter may have and that try a name hardest, each with what allows it."""
    body = stack.section("Parameters").get(parameter)
    body = body if isinstance(body, dict) else {}
    allowed = body.get("AllowedValues")
    if isinstance(allowed, list):
        yield from ((str(value), "AllowedValues") for value in allowed)
        return
    written = body.get("AllowedPattern")
    pattern = compile_pattern(written) if isinstance(written, str) else None
    most = number(body["MaxLength"]) if isinstance(body.get("MaxLength"), str | int) else None
    if most is not None:
        long = [letter * min(int(most), 4096) for letter in ("a", "A", "0")]
        yield next((value for value in long if pattern is None or pattern.fullmatch(value)), long[0]), "MaxLength"
    if pattern is not None:
        tried = [f"a{character}a" for character in SPECIAL]
        yield from ((value, "AllowedPattern") for value in tried if pattern.fullmatch(value))


def _with(stack: Stack, name: Name, parameter: str, value: str) -> Value:
    """The name with another value of one parameter."""
    body = stack.section("Resources")[name.resource.logical_id]
    properties = body.get("Properties") if isinstance(body, dict) else None
    node = properties.get(name.key) if isinstance(properties, dict) else None
    resolver = Resolver(
        parameters={**stack.parameters, parameter: value},
        pseudo={
            "AWS::AccountId": stack.account,
            "AWS::Partition": stack.partition,
            "AWS::Region": stack.region,
            "AWS::StackName": stack.stack_name,
        },
        mappings=stack.section("Mappings"),
        conditions=stack.section("Conditions"),
    )
    found = resolver.value(node)
    return Unknown("it has no name then") if found is NOTHING or not isinstance(found, str | Text) else found


def _mentions(stack: Stack, name: Name, wanted: tuple[str, ...]) -> bool:
    """Is a name made of one of these?"""
    place = ("Resources", name.resource.logical_id, "Properties", name.key)
    mentioned = stack.mentions[place[:2]]
    return any(found.name in wanted and found.path[:4] == place for found in mentioned)


def _carries(stack: Stack, name: Name, intent: Intent) -> Finding:
    """Does a fixed name differ between environments?"""
    logical_id = name.resource.logical_id
    if _mentions(stack, name, (intent.name_suffix, *OWN)):
        return proved("tag-name-suffix", logical_id, name.path, f"{show(name.value)} differs in each environment")
    message = (
        f"{logical_id} is called {show(name.value)} in every environment: a second one in the same account and region"
        f" cannot be created."
    )
    fix = f"Put ${{{intent.name_suffix}}} into the name, or leave it out."
    return broken("tag-name-suffix", logical_id, name.path, message, fix)


def _free(name: Name, intent: Intent) -> Iterator[Finding]:
    """Is a name free when CloudFormation replaces the resource?"""
    logical_id, kind = name.resource.logical_id, name.resource.type
    replacing = sorted({str(path[0]) for path in name.schema.create_only if path[0] != name.key} if name.schema else ())
    if not replacing:
        return
    if kind in (intent.fixed_names or ()) or logical_id in (intent.fixed_names or ()):
        yield proved("tag-name-clash", logical_id, name.path, f"{intent.where} allows it a fixed name")
        return
    message = (
        f"A change of {' or '.join(replacing[:3])} replaces {logical_id}; CloudFormation makes the new one first, finds"
        f" the name {show(name.value)} taken, and the update fails."
    )
    fix = f"Leave {name.key} out, so that AWS generates it, or name {kind} in fixed_names of {intent.where}."
    yield broken("tag-name-clash", logical_id, name.path, message, fix)


def _free_again(stack: Stack, resource: Resource) -> Iterator[Finding]:
    """Is the name of a resource that stays behind free when a condition makes the resource again?"""
    kept = is_one_of(resource.deletion_policy, *KEEPING)
    if not kept or not any(name in stack.parameters for name in stack.space.variables([resource.condition])):
        return
    name = _given(stack, resource)
    if name is None:
        return
    others = [stack.resources.get(found.owner) for found in symbols(name.value) if found.kind == "resource"]
    if any(other is not None and other.condition for other in others):
        yield proved("tag-name-kept", resource.logical_id, name.path, f"{show(name.value)} is another one each time")
        return
    message = (
        f"{resource.logical_id} exists under {resource.condition} and is retained: when it has left the stack and"
        f" {resource.condition} holds again, CloudFormation finds the name {show(name.value)} taken, and the update"
        f" fails."
    )
    fix = (
        "Take the condition away, so that it never leaves the stack, or make the name of an id that is new each time"
        " (Ref of a resource under the same condition)."
    )
    yield broken("tag-name-kept", resource.logical_id, name.path, message, fix)
