"""A template and its parameters as a `Stack`: conditions folded, what they leave out gone, every value worked out.

The only layer that knows CloudFormation's JSON. Nothing raises: what is malformed or not modelled (macros, SAM, loops)
is Unknown with a reason, and `Stack.notes` says which parts of the template were not analysed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from stackproof.proofs.resolve.conditions import Space
from stackproof.proofs.resolve.leaves import Leaves, apart
from stackproof.proofs.resolve.mentions import Mention, contradicts, follows, mentions
from stackproof.proofs.resolve.origins import origin
from stackproof.proofs.resolve.pseudo import pseudo_parameters
from stackproof.proofs.resolve.resolver import Resolver
from stackproof.proofs.values import Path, Scalar, Sym, Unknown, Value, is_one_of, join, scalar_text, show, symbols_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Resource:
    """One resource that exists with these parameters.

    Attributes:
        logical_id: its name in the template.
        type: `AWS::EC2::VPC`; empty when the template gives none.
        properties: worked out; AWS::NoValue and false branches are gone.
        depends_on: logical ids that DependsOn names, those that are left out too.
        deletion_policy: `Delete`, `Retain`, `Snapshot`, `RetainExceptOnCreate`, None when not stated, or Unknown.
        update_replace_policy: the same for the old resource on replacement.
        update_policy: UpdatePolicy, worked out.
        creation_policy: CreationPolicy, worked out.
        metadata: Metadata, worked out.
        condition: the condition that it exists under; empty without one.
        certain: False when that condition cannot be decided from the parameters.
        unknown: why the properties as a whole are not known (a macro, a loop); None when they are.
    """

    logical_id: str
    type: str
    properties: dict[str, Value]
    depends_on: tuple[str, ...] = ()
    deletion_policy: Value = None
    update_replace_policy: Value = None
    update_policy: Value = None
    creation_policy: Value = None
    metadata: Value = None
    condition: str = ""
    certain: bool = True
    unknown: Unknown | None = None


@dataclass(frozen=True)
class Output:
    """One output: its value, and the name of its export, None when it has none."""

    name: str
    value: Value
    export: Value = None


@dataclass(frozen=True)
class Note:
    """A part of the template that was not analysed: where it stands, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Stack:
    """A resolved template.

    Attributes:
        resources: those that exist (or may), in the template's order.
        absent: those that a condition leaves out, with the condition.
        outputs: those whose condition is not false.
        parameters: each parameter's value.
        conditions: each condition: True, False, or None when it depends on what only AWS knows.
        notes: what was not analysed.
        partition: `aws`, or a symbol; so are region, account and stack_name.
        resolver: worked these values out; `left_out` works out more.
        transforms: the macros that the template names, SAM's among them.
        template: the template as it was given; empty when it was no object.
        asked: the types of the resources that queries asked for, or came to by a reference; others are not analysed.
        arns: the ARNs that were spelled out so far, by logical id; `arns.arn` keeps them.
    """

    resources: Mapping[str, Resource]
    absent: Mapping[str, str]
    outputs: Mapping[str, Output]
    parameters: Mapping[str, Value]
    conditions: Mapping[str, bool | None]
    notes: tuple[Note, ...]
    partition: Scalar
    region: Scalar
    account: Scalar
    stack_name: Scalar
    resolver: Resolver = field(repr=False, compare=False)
    transforms: tuple[str, ...] = ()
    template: Mapping[str, object] = field(default_factory=dict, repr=False)
    asked: set[str] = field(default_factory=set, repr=False, compare=False)
    arns: dict[str, Scalar] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources.values():
            found.setdefault(resource.type, []).append(resource)
        return found

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of these types, type by type, in the template's order."""
        self.asked.update(types)
        return [resource for name in types for resource in self._by_type.get(name, ())]

    @cached_property
    def rewritten(self) -> str:
        """What may add to the template or change it before CloudFormation reads it; empty when nothing does."""
        macros = [f"the macro {name}" for name in self.transforms if name != EXTENSIONS]
        loops = [f"{note.path[-1]}" for note in self.notes if str(note.path[-1:]).startswith("('Fn::")]
        return " or ".join([*macros, *loops])

    @cached_property
    def mentions(self) -> dict[tuple[str, str], list[Mention]]:
        """Every reference as it is written, by section and name: `("Resources", "Service")`."""
        return {
            (section, str(name)): mentions(body, (section, str(name)))
            for section in ("Conditions", "Resources", "Outputs")
            for name, body in self.section(section).items()
        }

    @cached_property
    def waits(self) -> dict[str, dict[str, Path]]:
        """The dependencies, worked out once; what cannot be decided counts."""
        return self.dependencies()

    def dependencies(self, *, certain: bool = False) -> dict[str, dict[str, Path]]:
        """What each resource waits for, with the property that says so: `{"Service": {"Listener": ("DependsOn",)}}`.

        A reference in Metadata counts: CloudFormation works it out before it creates the resource. With `certain`, what
        depends on a condition that cannot be decided is left out.
        """
        found: dict[str, dict[str, Path]] = {}
        known = {name for name, resource in self.resources.items() if resource.certain or not certain}
        for name, resource in self.resources.items():
            edges = found[name] = {}
            if name not in known:
                continue
            for mention in self.mentions["Resources", name]:
                if mention.name not in known or mention.name in edges or mention.attribute == "Condition":
                    continue
                guards = mention.guards
                live = follows(guards, self.conditions) if certain else not contradicts(guards, self.conditions)
                if live:
                    edges[mention.name] = mention.place[2:]
            for other in resource.depends_on:
                if other in known:
                    edges.setdefault(other, ("DependsOn",))
        return found

    @cached_property
    def leaves(self) -> dict[str, Leaves]:
        """Every scalar of each resource's properties, with its path from `Properties` on."""
        return {name: apart(resource.properties, ("Properties",)) for name, resource in self.resources.items()}

    @cached_property
    def symbols(self) -> dict[str, list[tuple[Path, Sym]]]:
        """Every symbol of each resource's properties, with its path from `Properties` on."""
        return {name: list(symbols_of(found.made)) for name, found in self.leaves.items()}

    @cached_property
    def space(self) -> Space:
        """The combinations of conditions that parameters can reach."""
        return Space(self.template)

    def section(self, name: str) -> Mapping[str, object]:
        """A section of the template as it stands there; empty when it is no object."""
        return _object(self.template.get(name))

    def target(self, value: Value) -> Resource | None:
        """The resource that a value refers to by Ref or GetAtt of any attribute; None when it is none of this stack."""
        if isinstance(value, Sym) and value.kind == "resource" and value.owner in self.resources:
            found = self.resources[value.owner]
            self.asked.add(found.type)
            return found
        return None

    def source(self, logical_id: str, path: Path) -> Path:
        """Where a value stands in the template: `("Resources", "Service", "Properties", "Subnets", "Fn::If", 1, 0)`.

        Args:
            logical_id: the resource.
            path: the place in the resource, `("Properties", "Subnets", 0)`.
        """
        inside = origin(self.resolver, self.section("Resources").get(logical_id), path)
        return ("Resources", logical_id, *inside)


def dotted(path: Iterable[str | int]) -> str:
    """A path as findings show it: `Properties.Subnets.0`."""
    return ".".join(map(str, path))


def resolve(
    template: object,
    parameters: Mapping[str, object] | None = None,
    *,
    region: str | None = None,
    account: str | None = None,
    stack_name: str | None = None,
) -> Stack:
    """Work out a template for one set of parameters.

    Args:
        template: the template, as JSON gives it (or YAML with the short forms written out).
        parameters: values as in a parameter file: text, numbers, lists or comma-joined text; defaults fill the gaps,
            and a parameter without either is a symbol.
        region: a region's name; a symbol when None. The partition follows from it.
        account: 12 digits; a symbol when None.
        stack_name: a symbol when None.
    """
    whole: Mapping[str, object] = template if isinstance(template, dict) else {}
    notes = [] if isinstance(template, dict) else [Note((), "the template is no object")]
    pseudo = pseudo_parameters(region, account, stack_name)
    resolver = Resolver(
        parameters=_parameters(_section(whole, "Parameters", notes), parameters or {}),
        pseudo=pseudo,
        mappings=_section(whole, "Mappings", notes),
        conditions=_section(whole, "Conditions", notes),
    )
    transforms = _transforms(whole.get("Transform"))
    notes += [Note(("Transform",), f"the macro {name} may rewrite it") for name in transforms if name != EXTENSIONS]
    declared = _declared(_section(whole, "Resources", notes), notes)
    resolver.resources = {
        name: (str(body.get("Type", "")), _object(body.get("Properties"))) for name, body in declared.items()
    }
    for name, body in declared.items():
        condition = body.get("Condition")
        if resolver.condition(condition) is False:
            resolver.absent[name] = str(condition)
    resources = {
        name: read_resource(resolver, name, body) for name, body in declared.items() if name not in resolver.absent
    }
    for name, resource in resources.items():
        if resource.unknown is not None:
            notes.append(Note(("Resources", name), resource.unknown.reason))
    return Stack(
        resources=resources,
        absent=resolver.absent,
        outputs=_outputs(resolver, _section(whole, "Outputs", notes)),
        parameters=resolver.parameters,
        conditions={name: resolver.condition(name) for name in resolver.conditions},
        notes=tuple(notes),
        partition=_scalar(pseudo["AWS::Partition"]),
        region=_scalar(pseudo["AWS::Region"]),
        account=_scalar(pseudo["AWS::AccountId"]),
        stack_name=_scalar(pseudo["AWS::StackName"]),
        transforms=transforms,
        template=whole,
        resolver=resolver,
    )


EXTENSIONS = "AWS::LanguageExtensions"
"""The one macro that is modelled here: it adds functions, and rewrites nothing else (Fn::ForEach is Unknown all the
same)."""


def _section(whole: Mapping[str, object], name: str, notes: list[Note]) -> Mapping[str, object]:
    """A section of the template; empty, with a note, when it is no object."""
    found = whole.get(name)
    if found is None or isinstance(found, dict):
        return found or {}
    notes.append(Note((name,), "it is no object"))
    return {}


def _object(node: object) -> Mapping[str, object]:
    return node if isinstance(node, dict) else {}


def _scalar(value: Value) -> Scalar:
    """Pseudo parameters are never lists, except the one that is not asked for here."""
    return Unknown("a list stands where text is needed") if isinstance(value, list | dict) else value


def _transforms(node: object) -> tuple[str, ...]:
    found = node if isinstance(node, list) else [] if node is None else [node]
    return tuple(str(name.get("Name", "?")) if isinstance(name, dict) else str(name) for name in found)


def _declared(section: Mapping[str, object], notes: list[Note]) -> dict[str, Mapping[str, object]]:
    """The resources that can be read; a note for each that cannot."""
    found: dict[str, Mapping[str, object]] = {}
    for name, body in section.items():
        if not isinstance(name, str) or name.startswith("Fn::"):
            notes.append(Note(("Resources", str(name)), "a macro or a loop makes these resources"))
        elif not isinstance(body, dict):
            notes.append(Note(("Resources", name), "it is no object"))
        else:
            found[name] = body
            if not isinstance(body.get("Type"), str):
                notes.append(Note(("Resources", name), "it has no Type"))
    return found


def _parameters(section: Mapping[str, object], given: Mapping[str, object]) -> dict[str, Value]:
    return {name: parameter(name, _object(body), given.get(name)) for name, body in section.items()}


def parameter(name: str, body: Mapping[str, object], given: object) -> Value:
    """A parameter's value: given, default, or a symbol."""
    kind = str(body.get("Type", "String"))
    listed = kind.startswith("List<") or "CommaDelimitedList" in kind or "<List<" in kind
    found = body.get("Default") if given is None else given
    if found is None:
        return Sym(name, kind="parameter", many=listed)
    if isinstance(found, list):
        items = [item if isinstance(item, str | int | float) else show(str(item)) for item in found]
    elif isinstance(found, str | int | float):
        items = [found]
    else:
        return Unknown(f"the value of the parameter {name} is neither text nor number")
    text = ",".join(map(scalar_text, items))
    if kind.startswith("AWS::SSM::Parameter::Value"):
        return Sym(text, kind="ssm", many=listed)
    if is_one_of(body.get("NoEcho"), True, "true", "True") and text:
        return Sym(name, kind="secret", many=listed, digest=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest())
    if listed:
        # A blank list is a list of one blank, as CloudFormation has it.
        return [join(item.strip()) for item in text.split(",")]
    return join(text)


def read_resource(resolver: Resolver, name: str, body: Mapping[str, object]) -> Resource:
    """A resource as it is with the resolver's parameters."""

    def read(key: str) -> Value:
        node = body.get(key)
        return None if node is None else resolver.known(node)

    properties = read("Properties")
    condition = body.get("Condition")
    depends = body.get("DependsOn")
    malformed = Unknown("its Properties are no object") if not isinstance(properties, dict | None) else None
    kind = body.get("Type")
    return Resource(
        logical_id=name,
        type=kind if isinstance(kind, str) else "",
        properties=properties if isinstance(properties, dict) else {},
        depends_on=tuple(
            str(item) for item in (depends if isinstance(depends, list) else [depends] if depends else [])
        ),
        deletion_policy=read("DeletionPolicy"),
        update_replace_policy=read("UpdateReplacePolicy"),
        update_policy=read("UpdatePolicy"),
        creation_policy=read("CreationPolicy"),
        metadata=read("Metadata"),
        condition=condition if isinstance(condition, str) else "",
        certain=condition is None or resolver.condition(condition) is True,
        unknown=properties if isinstance(properties, Unknown) else malformed,
    )


def _outputs(resolver: Resolver, section: Mapping[str, object]) -> dict[str, Output]:
    found: dict[str, Output] = {}
    for name, body in section.items():
        if not isinstance(body, dict):
            found[name] = Output(name, Unknown("it is no object"))
            continue
        if resolver.condition(body.get("Condition")) is False:
            continue
        export = _object(body.get("Export")).get("Name")
        found[name] = Output(name, resolver.known(body.get("Value")), resolver.known(export))
    return found
