"""Working out the values of one template: Ref, GetAtt, Sub, If and FindInMap, which need the template around them.

`Resolver.value` folds conditions and drops AWS::NoValue on the way. Nothing raises: what is not modelled (macros,
loops, malformed arguments) becomes Unknown with a reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stackproof.proofs import shapes
from stackproof.proofs.equality import equal
from stackproof.proofs.resolve.functions import OF_LIST, OF_ONE, expression
from stackproof.proofs.values import OPEN, Sym, Unknown, Value, join, show

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_DEPTH = 200
"""Templates nested deeper than this are not followed; CloudFormation's own limit is far lower."""
MAX_WORK = 150_000
"""Objects and lists that are worked out in one template, about a second; one of 500 resources has 20,000."""


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
        conditions: the template's Conditions.
        resources: each resource's type and properties as they stand in the template, those that are left out too.
        absent: resources that a condition leaves out, with the condition.
        decided: conditions worked out so far; None while one is being worked out and when it cannot be.
    """

    parameters: Mapping[str, Value]
    pseudo: Mapping[str, Value]
    mappings: Mapping[str, object] = field(default_factory=dict)
    conditions: Mapping[str, object] = field(default_factory=dict)
    resources: Mapping[str, tuple[str, Mapping[str, object]]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    decided: dict[str, bool | None] = field(default_factory=dict)
    _attributes: dict[tuple[str, str], Value] = field(default_factory=dict)
    _echoing: set[tuple[str, str]] = field(default_factory=set)
    _work: int = 0

    def value(self, node: object, depth: int = 0) -> Value | Nothing:
        """A piece of a template as a value.

        Args:
            node: any JSON.
            depth: how many objects, lists and functions stand around it.
        """
        if isinstance(node, str):
            return join(node) if OPEN in node else node
        if isinstance(node, dict):
            return self._object(node, depth)
        if isinstance(node, list):
            return self._list(node, depth)
        scalar = node is None or isinstance(node, bool | int | float)
        return node if scalar else Unknown(f"{type(node).__name__} is no JSON")  # type: ignore[return-value]  # checked

    def known(self, node: object, depth: int = 0) -> Value:
        """Like `value`, with AWS::NoValue as None."""
        found = self.value(node, depth)
        return None if found is NOTHING else found  # type: ignore[return-value]  # NOTHING is the only Nothing

    def _refused(self) -> Unknown:
        """Why an object or a list is not worked out."""
        if self._work > MAX_WORK:
            return Unknown("the template is too large to be worked out")
        return Unknown(f"it is nested deeper than {MAX_DEPTH} levels")

    def _object(self, node: Mapping[str, object], depth: int) -> Value | Nothing:
        self._work += 1
        if self._work > MAX_WORK or depth > MAX_DEPTH:
            return self._refused()
        if len(node) == 1:
            ((name, argument),) = node.items()
            contextual = _CONTEXTUAL.get(name)
            if contextual is not None:
                return contextual(self, argument, depth + 1)
            if name in OF_LIST or name in OF_ONE:
                return self._function(name, argument, depth + 1)
        result: dict[str, Value] = {}
        for key, inner in node.items():
            # `in` takes a sixth of a call, and there are thousands of keys.
            if not isinstance(key, str) or ("Fn::" in key and key.startswith("Fn::")):
                return _unmodelled(key)
            if isinstance(inner, str) and OPEN not in inner:
                # As `value` has it; most of a template is text.
                result[key] = inner
                continue
            found = self._object(inner, depth + 1) if isinstance(inner, dict) else self.value(inner, depth + 1)
            if found is not NOTHING:
                result[key] = found  # type: ignore[assignment]  # NOTHING is the only Nothing
        return result

    def _list(self, node: list[object], depth: int) -> Value:
        self._work += 1
        if self._work > MAX_WORK or depth > MAX_DEPTH:
            return self._refused()
        found = [self.value(inner, depth + 1) for inner in node]
        return [value for value in found if value is not NOTHING]  # type: ignore[misc]  # NOTHING is the only Nothing

    def _function(self, name: str, node: object, depth: int) -> Value:
        """A function that needs nothing but its arguments."""
        if name in OF_ONE:
            argument = self.known(node, depth)
            return argument if isinstance(argument, Unknown) else OF_ONE[name](argument)
        function, fewest, most = OF_LIST[name]
        if not isinstance(node, list) or not fewest <= len(node) <= most:
            return Unknown(f"{name} takes a list of {' or '.join(map(str, sorted({fewest, most})))}")
        arguments = self._arguments(node, depth)
        return arguments if isinstance(arguments, Unknown) else function(*arguments)

    def _arguments(self, node: list[object], depth: int) -> list[Value] | Unknown:
        """A function's arguments; the first Unknown when one of them is."""
        found = [self.known(inner, depth + 1) for inner in node]
        return next((value for value in found if isinstance(value, Unknown)), found)

    def condition(self, name: object) -> bool | None:
        """A condition by name: True, False, or None when it depends on what only AWS knows, or does not exist."""
        if not isinstance(name, str) or name not in self.conditions:
            return None
        if name not in self.decided:
            # A condition that needs itself cannot be decided.
            self.decided[name] = None
            self.decided[name] = self.truth(self.conditions[name])
        return self.decided[name]

    def truth(self, node: object, depth: int = 0) -> bool | None:
        """A condition's expression, three-valued; None for what is none."""
        if not isinstance(node, dict) or len(node) != 1 or depth > MAX_DEPTH:
            return None
        ((key, argument),) = node.items()
        if key == "Condition":
            return self.condition(argument)
        if key == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:
            left, right = (self.known(inner, depth + 2) for inner in argument)
            return equal(left, right)
        if not isinstance(argument, list) or not argument:
            return None
        return _combine(key, [self.truth(inner, depth + 2) for inner in argument])

    def _ref(self, name: object, depth: int) -> Value | Nothing:
        if not isinstance(name, str):
            # AWS::LanguageExtensions lets a function make the name.
            made = self.known(name, depth) if isinstance(name, dict) else None
            if not isinstance(made, str):
                return made if isinstance(made, Unknown) else Unknown("Ref takes a name")
            name = made
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
        known = self._attributes.get((owner, attribute))
        if known is None:
            known = self._attribute(owner, attribute)
            if not self._echoing:
                # Inside of an echo a property that asks for itself is not what it is elsewhere.
                self._attributes[owner, attribute] = known
        return known

    def _attribute(self, owner: str, attribute: str) -> Value:
        if owner not in self.resources:
            return Unknown(f"nothing in the template is called {owner}")
        kind, properties = self.resources[owner]
        echo = shapes.ECHOES.get((kind, attribute))
        if echo is not None and echo in properties and (owner, attribute) not in self._echoing:
            # A property that asks for itself, round a corner, stays a symbol.
            self._echoing.add((owner, attribute))
            found = self.known(properties[echo])
            self._echoing.discard((owner, attribute))
            if found is not None and not isinstance(found, Unknown):
                return found
        return shapes.symbol(owner, kind, attribute, fixed=properties)

    def _get_att(self, node: object, depth: int) -> Value:
        parts: list[Value] | Unknown = []
        if isinstance(node, str):
            parts = list(node.split(".", 1))
        elif isinstance(node, list):
            parts = self._arguments(node, depth)
        if isinstance(parts, Unknown):
            return parts
        if len(parts) < 2 or not all(isinstance(part, str) for part in parts):
            return Unknown("Fn::GetAtt takes a resource and an attribute")
        return self.attribute(str(parts[0]), ".".join(map(str, parts[1:])))

    def _sub(self, node: object, depth: int) -> Value:
        text, given = node, {}
        if isinstance(node, list) and len(node) == 2:
            text, given = node
        if not isinstance(text, str) or not isinstance(given, dict):
            return Unknown("Fn::Sub takes text, or a list of text and an object")
        # Text and names in turn.
        parts: list[Value] = [*_PLACEHOLDER.split(text)]
        for index in range(1, len(parts), 2):
            parts[index] = self._placeholder(str(parts[index]).strip(), given, depth)
        return join(*parts)

    def _placeholder(self, name: str, given: Mapping[str, object], depth: int) -> Value:
        if name.startswith("!"):
            return f"${{{name[1:]}}}"
        if name in given:
            return self.known(given[name], depth + 2)
        found = self._get_att(name, depth) if "." in name else self._ref(name, depth)
        return Unknown("Fn::Sub takes no AWS::NoValue") if isinstance(found, Nothing) else found

    def _find_in_map(self, node: object, depth: int) -> Value | Nothing:
        if not isinstance(node, list) or len(node) not in {3, 4}:
            return Unknown("Fn::FindInMap takes a map and two keys")
        keys = self._arguments(node[:3], depth)
        if isinstance(keys, Unknown):
            return keys
        if not all(isinstance(key, str | int) for key in keys):
            return expression("Fn::FindInMap", keys)
        entry: object = self.mappings
        for key in map(show, keys):
            entry = entry.get(key) if isinstance(entry, dict) else None
        if entry is not None:
            # A mapping holds literals and lists of them.
            return self.known(entry, depth)
        if len(node) == 4 and isinstance(node[3], dict) and "DefaultValue" in node[3]:
            return self.value(node[3]["DefaultValue"], depth + 2)
        return Unknown(f"no mapping holds {' / '.join(map(show, keys))}")

    def _if(self, node: object, depth: int) -> Value | Nothing:
        if not isinstance(node, list) or len(node) != 3:
            return Unknown("Fn::If takes a condition and two values")
        answer = self.condition(node[0])
        if answer is not None:
            return self.value(node[1 if answer else 2], depth + 1)
        yes, no = (self.value(branch, depth + 1) for branch in node[1:])
        if yes is no or (not isinstance(yes, Nothing) and not isinstance(no, Nothing) and equal(yes, no)):
            return yes
        return Unknown(f"the condition {node[0]} cannot be decided from the parameters")

    def _zones(self, node: object, depth: int) -> Value:
        region = self.known(node, depth)
        region = self.pseudo["AWS::Region"] if region == "" else region
        if region is None or isinstance(region, Unknown | list | dict):
            return region if isinstance(region, Unknown) else Unknown("Fn::GetAZs takes a region")
        return Sym(show(region), "any", kind="zone", many=True)


def _combine(function: str, answers: list[bool | None]) -> bool | None:
    """Fn::Not, Fn::And and Fn::Or of three-valued answers."""
    if function == "Fn::Not" and len(answers) == 1:
        return None if answers[0] is None else not answers[0]
    if function not in {"Fn::And", "Fn::Or"}:
        return None
    decisive = function == "Fn::Or"
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def _unmodelled(key: object) -> Unknown:
    """Why a key that begins with Fn:: is not followed."""
    if key == "Fn::Transform":
        return Unknown("a macro rewrites it (Fn::Transform)")
    if isinstance(key, str) and key.startswith("Fn::ForEach"):
        return Unknown("a loop makes it (Fn::ForEach)")
    return Unknown(f"{key} cannot stand there, or is not modelled")


_CONTEXTUAL: Final[Mapping[str, Callable[[Resolver, object, int], Value | Nothing]]] = {
    "Ref": Resolver._ref,  # noqa: SLF001  # the table belongs to the class, and so in the next lines
    "Fn::GetAtt": Resolver._get_att,  # noqa: SLF001
    "Fn::Sub": Resolver._sub,  # noqa: SLF001
    "Fn::FindInMap": Resolver._find_in_map,  # noqa: SLF001
    "Fn::If": Resolver._if,  # noqa: SLF001
    "Fn::GetAZs": Resolver._zones,  # noqa: SLF001
}
"""Functions that need the template around them."""
