"""CloudFormation's intrinsic functions over values: literals are computed, the rest becomes symbols or Unknown, never an exception.

`Resolver.value` folds conditions and drops AWS::NoValue on the way. A function of symbols that cannot be computed becomes an
`expression` symbol: the same function of the same arguments is the same thing. What is not modelled (macros, loops, malformed
arguments) becomes Unknown with a reason.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.values import (
    OPEN,
    Dynamic,
    Path,
    Sym,
    Text,
    Unknown,
    Value,
    equal,
    join,
    number,
    show,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_DEPTH = 200
"""Templates nested deeper than this are not followed; CloudFormation's own limit is far lower."""
MAX_WORK = 1_000_000
"""Nodes that are worked out in one template, about a second; a template of 500 resources has 50,000."""


class Nothing:
    """What AWS::NoValue stands for: the property or the item is left out."""


NOTHING: Final = Nothing()
_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")


@dataclass
class Resolver:
    """Works out values of one template with one set of parameters.

    Attributes:
        parameters: each parameter's value.
        pseudo: each pseudo parameter's value.
        mappings: the template's Mappings.
        resources: each resource's type and properties as they stand in the template, those that are left out too.
        absent: resources that a condition leaves out, with the condition.
        conditions: the template's Conditions.
        decided: conditions worked out so far; None while one is being worked out and when it cannot be.
        origins: where a value comes from in the template when that is not where it ends up (behind Fn::If, moved in a list).
    """

    parameters: Mapping[str, Value]
    pseudo: Mapping[str, Value]
    mappings: Mapping[str, object] = field(default_factory=dict)
    resources: Mapping[str, tuple[str, Mapping[str, object]]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    conditions: Mapping[str, object] = field(default_factory=dict)
    decided: dict[str, bool | None] = field(default_factory=dict)
    origins: dict[Path, Path] = field(default_factory=dict)
    _echoing: set[tuple[str, str]] = field(default_factory=set)
    _work: int = 0

    def value(self, node: object, source: Path = (), target: Path = ()) -> Value | Nothing:
        """A piece of a template as a value.

        Args:
            node: any JSON.
            source: where it stands in the template.
            target: where the value ends up, for `origins`.
        """
        if isinstance(node, str):
            return join(node) if OPEN in node else node
        if node is None or isinstance(node, bool | int | float):
            return node
        self._work += 1
        if self._work > MAX_WORK:
            return Unknown("the template is too large to be worked out")
        if len(source) > MAX_DEPTH:
            return Unknown(f"it is nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, dict):
            return self._object(node, source, target)
        if isinstance(node, list):
            return self._list(node, source, target)
        return Unknown(f"{type(node).__name__} is no JSON")

    def known(self, node: object, source: Path = (), target: Path = ()) -> Value:
        """Like `value`, with AWS::NoValue as None."""
        found = self.value(node, source, target)
        return None if isinstance(found, Nothing) else found

    def _object(self, node: Mapping[str, object], source: Path, target: Path) -> Value | Nothing:
        if len(node) == 1:
            ((key, argument),) = node.items()
            function = _FUNCTIONS.get(key)
            if function is not None:
                return function(self, argument, (*source, key), target)
        result: dict[str, Value] = {}
        for key, inner in node.items():
            if not isinstance(key, str):
                return Unknown(f"the key {key!r} is no text")
            if key.startswith("Fn::"):
                return _unmodelled(key)
            found = self.value(inner, (*source, key), (*target, key))
            if not isinstance(found, Nothing):
                result[key] = found
        return result

    def _list(self, node: list[object], source: Path, target: Path) -> Value:
        result: list[Value] = []
        for index, inner in enumerate(node):
            here = (*target, len(result))
            if len(result) != index:
                self.origins[here] = (*source, index)
            found = self.value(inner, (*source, index), here)
            if not isinstance(found, Nothing):
                result.append(found)
        return result

    def _arguments(self, node: object, source: Path, target: Path) -> list[Value] | Unknown:
        """A function's arguments; Unknown when they are not a list or one of them is Unknown."""
        if not isinstance(node, list):
            return Unknown(f"{source[-1]} takes a list")
        found = [self.known(inner, (*source, index), target) for index, inner in enumerate(node)]
        return next((value for value in found if isinstance(value, Unknown)), found)

    def condition(self, name: object) -> bool | None:
        """A condition by name: True, False, or None when it depends on what only AWS knows, or does not exist."""
        if not isinstance(name, str) or name not in self.conditions:
            return None
        if name not in self.decided:
            # A condition that needs itself cannot be decided.
            self.decided[name] = None
            self.decided[name] = self.truth(self.conditions[name], ("Conditions", name))
        return self.decided[name]

    def truth(self, node: object, source: Path = ()) -> bool | None:
        """A condition's expression, three-valued."""
        if not isinstance(node, dict) or len(node) != 1 or len(source) > MAX_DEPTH:
            return None
        ((key, argument),) = node.items()
        here = (*source, key)
        if key == "Condition":
            return self.condition(argument)
        if not isinstance(argument, list):
            return None
        if key == "Fn::Equals":
            sides = [self.known(inner, (*here, index)) for index, inner in enumerate(argument)]
            return equal(sides[0], sides[1]) if len(sides) == 2 else None
        answers = [self.truth(inner, (*here, index)) for index, inner in enumerate(argument)]
        if key == "Fn::Not" and len(answers) == 1:
            return None if answers[0] is None else not answers[0]
        if key in {"Fn::And", "Fn::Or"} and answers:
            decisive = key == "Fn::Or"
            return decisive if decisive in answers else None if None in answers else not decisive
        return None

    def _ref(self, name: object, source: Path, target: Path) -> Value | Nothing:
        if isinstance(name, dict):
            name = self.known(name, source, target)
        if not isinstance(name, str):
            return name if isinstance(name, Unknown) else Unknown("Ref takes a name")
        if name == "AWS::NoValue":
            return NOTHING
        if name in self.parameters:
            return self.parameters[name]
        if name in self.pseudo:
            return self.pseudo[name]
        return self.attribute(name, "Ref")

    def attribute(self, owner: str, attribute: str) -> Value:
        """Ref (`"Ref"`) or an attribute of a resource."""
        if owner in self.absent:
            return Unknown(f"{owner} is left out, since the condition {self.absent[owner]} is false")
        if owner not in self.resources:
            return Unknown(f"nothing in the template is called {owner}")
        kind, properties = self.resources[owner]
        echo = arns.ECHOES.get((kind, attribute))
        if echo in properties and (owner, attribute) not in self._echoing:
            self._echoing.add((owner, attribute))
            found = self.known(properties[echo], ("Resources", owner, "Properties", echo))
            self._echoing.discard((owner, attribute))
            if found is not None and not isinstance(found, Unknown):
                return found
        return arns.symbol(owner, kind, attribute, fixed=properties)

    def _get_att(self, node: object, source: Path, target: Path) -> Value:
        if isinstance(node, str):
            owner, _, attribute = node.partition(".")
            return (
                self.attribute(owner, attribute)
                if attribute
                else Unknown("Fn::GetAtt takes a resource and an attribute")
            )
        found = self._arguments(node, source, target)
        if isinstance(found, Unknown):
            return found
        if len(found) < 2 or not all(isinstance(part, str) for part in found):
            return Unknown("Fn::GetAtt takes a resource and an attribute")
        return self.attribute(str(found[0]), ".".join(map(str, found[1:])))

    def _sub(self, node: object, source: Path, target: Path) -> Value:
        text, given = (node, {}) if isinstance(node, str) else _pair(node)
        if not isinstance(text, str) or not isinstance(given, dict):
            return Unknown("Fn::Sub takes text, or a list of text and an object")
        parts: list[Value] = []
        last = 0
        for found in _PLACEHOLDER.finditer(text):
            parts.append(text[last : found.start()])
            last = found.end()
            parts.append(self._placeholder(found[1].strip(), given, source, target))
        return join(*parts, text[last:])

    def _placeholder(self, name: str, given: Mapping[str, object], source: Path, target: Path) -> Value:
        if name.startswith("!"):
            return f"${{{name[1:]}}}"
        if name in given:
            return self.known(given[name], (*source, 1, name), target)
        if "." in name:
            return self._get_att(name, source, target)
        found = self._ref(name, source, target)
        return Unknown("Fn::Sub takes no AWS::NoValue") if isinstance(found, Nothing) else found

    def _join(self, node: object, source: Path, target: Path) -> Value:
        found = self._arguments(node, source, target)
        if isinstance(found, Unknown):
            return found
        if len(found) != 2 or not isinstance(found[0], str):
            return Unknown("Fn::Join takes a delimiter and a list")
        if isinstance(found[1], Sym) and found[1].many:
            return expression("Fn::Join", found)
        if not isinstance(found[1], list):
            return Unknown("Fn::Join takes a delimiter and a list")
        parts: list[Value] = []
        for index, part in enumerate(found[1]):
            parts += [found[0], part] if index else [part]
        return join(*parts)

    def _select(self, node: object, source: Path, target: Path) -> Value:
        found = self._arguments(node, source, target)
        if isinstance(found, Unknown):
            return found
        if len(found) != 2:
            return Unknown("Fn::Select takes an index and a list")
        index, options = number(found[0]), found[1]
        if isinstance(options, Sym) and options.many and index is not None:
            return _member(options, int(index))
        if isinstance(found[0], Sym) and isinstance(options, list):
            return expression("Fn::Select", found)
        if not isinstance(options, list) or index is None:
            return Unknown("Fn::Select takes an index and a list")
        if not 0 <= index < len(options):
            return Unknown(f"Fn::Select asks for item {show(found[0])} of a list of {len(options)}")
        return options[int(index)]

    def _split(self, node: object, source: Path, target: Path) -> Value:
        found = self._arguments(node, source, target)
        if isinstance(found, Unknown):
            return found
        if len(found) != 2 or not isinstance(found[0], str) or not found[0]:
            return Unknown("Fn::Split takes a delimiter and text")
        delimiter, text = found[0], found[1]
        if isinstance(text, str):
            return list[Value](text.split(delimiter))
        parts = text.parts if isinstance(text, Text) else (text,)
        if isinstance(text, list | dict) or not any(isinstance(part, Sym | Dynamic) for part in parts):
            return Unknown("Fn::Split takes a delimiter and text")
        if delimiter not in {"/", ":"} or not all(
            isinstance(part, str) or getattr(part, "plain", False) for part in parts
        ):
            return expression("Fn::Split", found, many=True)
        pieces: list[list[Value]] = [[]]
        for part in parts:
            first, *rest = part.split(delimiter) if isinstance(part, str) else [part]
            pieces[-1].append(first)
            pieces += [[piece] for piece in rest]
        return [join(*piece) for piece in pieces]

    def _find_in_map(self, node: object, source: Path, target: Path) -> Value | Nothing:
        if not isinstance(node, list) or len(node) not in {3, 4}:
            return Unknown("Fn::FindInMap takes a map and two keys")
        found = self._arguments(node[:3], source, target)
        if isinstance(found, Unknown):
            return found
        entry: object = self.mappings
        for key in found:
            if not isinstance(key, str | int):
                return expression("Fn::FindInMap", found)
            if not isinstance(entry, dict) or show(key) not in entry:
                break
            entry = entry[show(key)]
        else:
            # A mapping holds literals and lists of them.
            return self.known(entry, source, target)
        if len(node) == 4 and isinstance(node[3], dict) and "DefaultValue" in node[3]:
            return self.value(node[3]["DefaultValue"], (*source, 3, "DefaultValue"), target)
        return Unknown(f"no mapping holds {' / '.join(map(show, found))}")

    def _if(self, node: object, source: Path, target: Path) -> Value | Nothing:
        if not isinstance(node, list) or len(node) != 3:
            return Unknown("Fn::If takes a condition and two values")
        answer = self.condition(node[0])
        if answer is not None:
            branch = 1 if answer else 2
            self.origins[target] = (*source, branch)
            return self.value(node[branch], (*source, branch), target)
        sides = [self.value(node[branch], (*source, branch), target) for branch in (1, 2)]
        if sides[0] is sides[1] or (
            not isinstance(sides[0], Nothing) and not isinstance(sides[1], Nothing) and equal(sides[0], sides[1])
        ):
            return sides[0]
        return Unknown(f"the condition {show(str(node[0]))} cannot be decided from the parameters")

    def _cidr(self, node: object, source: Path, target: Path) -> Value:
        found = self._arguments(node, source, target)
        if isinstance(found, Unknown):
            return found
        count = number(found[1]) if len(found) in {2, 3} else None
        bits = number(found[2]) if len(found) == 3 else 8
        if count is None or bits is None or not 1 <= count <= 256:
            return Unknown("Fn::Cidr takes a block, a count from 1 to 256, and the bits of each part")
        if isinstance(found[0], Sym | Text):
            whole = expression("Fn::Cidr", found)
            return [_member(whole, index) for index in range(int(count))]
        try:
            block = ipaddress.ip_network(show(found[0]), strict=False)
            parts = block.subnets(new_prefix=block.max_prefixlen - int(bits))
            return [str(part) for part, _ in zip(parts, range(int(count)), strict=False)]
        except ValueError as error:
            return Unknown(f"Fn::Cidr cannot divide {show(found[0])}: {error}")

    def _azs(self, node: object, source: Path, target: Path) -> Value:
        region = self.known(node, source, target)
        region = self.pseudo.get("AWS::Region") if region == "" else region
        if region is None or isinstance(region, Unknown | list | dict):
            return Unknown("Fn::GetAZs takes a region")
        return Sym(show(region), "any", kind="zone", many=True)

    def _base64(self, node: object, source: Path, target: Path) -> Value:
        found = self.known(node, source, target)
        if isinstance(found, str):
            return base64.b64encode(found.encode("utf-8", "surrogatepass")).decode()
        if isinstance(found, Sym | Text | Dynamic):
            return expression("Fn::Base64", [found])
        return found if isinstance(found, Unknown) else Unknown("Fn::Base64 takes text")

    def _import(self, node: object, source: Path, target: Path) -> Value:
        found = self.known(node, source, target)
        if isinstance(found, str | Sym | Text):
            inside: tuple[Value, ...] = () if isinstance(found, str) else (found,)
            return Sym(show(found), kind="import", inside=inside)
        return found if isinstance(found, Unknown) else Unknown("Fn::ImportValue takes the name of an export")

    def _length(self, node: object, source: Path, target: Path) -> Value:
        found = self.known(node, source, target)
        if isinstance(found, list):
            return len(found)
        if isinstance(found, Sym) and found.many:
            return expression("Fn::Length", [found])
        return found if isinstance(found, Unknown) else Unknown("Fn::Length takes a list")

    def _json(self, node: object, source: Path, target: Path) -> Value:
        return join(*_json_parts(self.known(node, source, target)))

    def _stack_output(self, node: object, source: Path, target: Path) -> Value:
        found = self.known(node, source, target)
        return found if isinstance(found, Unknown) else expression("Fn::GetStackOutput", [found])


def expression(function: str, arguments: list[Value], *, many: bool = False) -> Sym:
    """A function of symbols that AWS will compute; equal arguments make it equal."""
    return Sym(function, ", ".join(map(show, arguments)), kind="expression", many=many, inside=tuple(arguments))


def _member(options: Sym, index: int) -> Sym:
    """One item of a list that only AWS knows; a zone is told from the others by its position."""
    if options.kind == "zone":
        return Sym(options.owner, str(index), kind="zone", plain=True)
    where = f"{options.attribute}[{index}]"
    return Sym(options.owner, where, kind=options.kind, inside=options.inside)


def _json_parts(value: Value) -> list[Value]:
    """A value as pieces of JSON text, with its symbols inside the quotes."""
    if isinstance(value, dict):
        parts: list[Value] = []
        for key, inner in value.items():
            parts += ["," if parts else "", json.dumps(key), ":", *_json_parts(inner)]
        return ["{", *parts, "}"]
    if isinstance(value, list):
        parts = []
        for inner in value:
            parts += ["," if parts else "", *_json_parts(inner)]
        return ["[", *parts, "]"]
    if isinstance(value, Text):
        return ['"', *(json.dumps(part)[1:-1] if isinstance(part, str) else part for part in value.parts), '"']
    if isinstance(value, Sym | Dynamic):
        return ['"', value, '"']
    return [value if isinstance(value, Unknown) else json.dumps(value)]


def _pair(node: object) -> tuple[object, object]:
    """The two items of a list, or two times nothing."""
    return (node[0], node[1]) if isinstance(node, list) and len(node) == 2 else (None, None)


def _unmodelled(key: str) -> Unknown:
    """Why a key that begins with Fn:: is not followed."""
    if key == "Fn::Transform":
        return Unknown("a macro rewrites it (Fn::Transform)")
    if key.startswith("Fn::ForEach"):
        return Unknown("a loop makes it (Fn::ForEach)")
    if key in _FUNCTIONS or key in {"Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals"}:
        return Unknown(f"{key} cannot stand there")
    return Unknown(f"{key} is not modelled")


_FUNCTIONS: Final[Mapping[str, Callable[[Resolver, object, Path, Path], Value | Nothing]]] = {
    "Ref": Resolver._ref,  # noqa: SLF001  # the table belongs to the class
    "Fn::GetAtt": Resolver._get_att,  # noqa: SLF001
    "Fn::Sub": Resolver._sub,  # noqa: SLF001
    "Fn::Join": Resolver._join,  # noqa: SLF001
    "Fn::Select": Resolver._select,  # noqa: SLF001
    "Fn::Split": Resolver._split,  # noqa: SLF001
    "Fn::FindInMap": Resolver._find_in_map,  # noqa: SLF001
    "Fn::If": Resolver._if,  # noqa: SLF001
    "Fn::Cidr": Resolver._cidr,  # noqa: SLF001
    "Fn::GetAZs": Resolver._azs,  # noqa: SLF001
    "Fn::Base64": Resolver._base64,  # noqa: SLF001
    "Fn::ImportValue": Resolver._import,  # noqa: SLF001
    "Fn::Length": Resolver._length,  # noqa: SLF001
    "Fn::ToJsonString": Resolver._json,  # noqa: SLF001
    "Fn::GetStackOutput": Resolver._stack_output,  # noqa: SLF001
}
