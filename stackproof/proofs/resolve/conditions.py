"""Which combinations of a template's conditions its parameters can reach, decided by trying the values that count.

A parameter counts with its allowed values, or with the literals that conditions compare it to, its default and two
values that are none of these; of values that no comparison tells apart one is tried. Rules that refuse a combination
make it unreachable. So the answer is exact for conditions that compare parameters with literals or with each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from zlib import crc32

from stackproof.java_patterns import compile_pattern
from stackproof.proofs.resolve.implications import contradict
from stackproof.proofs.resolve.resolver import MAX_DEPTH, Resolver
from stackproof.proofs.resolve.rules import refused
from stackproof.proofs.values import Sym, Unknown, Value, number, scalar_text, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_COMBINATIONS: Final = 20_000
"""Combinations of values that are tried for one question; a second's work."""
_TOO_MANY: Final = Unknown(f"the conditions depend on more than {MAX_COMBINATIONS:,} combinations of parameters")
_PLACEHOLDER = re.compile(r"\$\{\s*([^!{}\s][^{}\s]*)\s*\}")
_COMPARISONS: Final = ("Fn::Equals", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn")
_OTHERS: Final = ("another-value-1", "another-value-2")
"""Stand for all values that no comparison names."""
_NONE: Final[Mapping[str, Sequence[str]]] = MappingProxyType({})
_PSEUDO_PARAMETERS: Final[Mapping[str, Mapping[str, object]]] = {
    "AWS::AccountId": {"AllowedPattern": "[0-9]{12}"},
    "AWS::Region": {"AllowedPattern": "[a-z]+(-[a-z0-9]+)+"},
}
"""Pseudo parameters whose values have a form, as parameters."""
_PSEUDO: Final[Mapping[str, Value]] = {
    name: Sym(name, kind="pseudo", plain=True)
    for name in ("AWS::Region", "AWS::Partition", "AWS::AccountId", "AWS::StackName", "AWS::URLSuffix")
}


@dataclass(frozen=True)
class Scenario:
    """One reachable combination.

    Attributes:
        parameters: a value of each parameter that the conditions depend on; pseudo parameters (`AWS::Region`) are
            among them where conditions ask for them.
        conditions: what the conditions are with these: True, False, or None when only AWS knows.
    """

    parameters: Mapping[str, str]
    conditions: Mapping[str, bool | None]


@dataclass
class Space:
    """The conditions of one template, with what they depend on.

    Attributes:
        template: a template; sections that are no objects count as empty.
        fixed: parameters and pseudo parameters (`AWS::Region`) that have one value.
    """

    template: Mapping[str, object]
    fixed: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parameters = _section(self.template, "Parameters")
        self.conditions = _section(self.template, "Conditions")
        self.rules = _section(self.template, "Rules")
        self.mappings = _section(self.template, "Mappings")
        self._known_options: dict[str, list[str]] = {}
        self._refusals: dict[tuple[int, tuple[str | None, ...]], bool] = {}
        self._symbols: dict[str, Value] = {name: Sym(name, kind="parameter") for name in self.parameters}

    @cached_property
    def _comparisons(self) -> list[tuple[object, set[str]]]:
        """Each comparison in conditions and Rules, with the variables in it."""
        return [(node, set(self._mentions(node))) for node in comparisons([self.conditions, self.rules])]

    @cached_property
    def _limits(self) -> list[tuple[object, list[str]]]:
        """Each rule, with the variables in it."""
        return [(body, sorted(set(self._mentions(body)))) for body in self.rules.values()]

    @cached_property
    def _limiting(self) -> dict[str, list[int]]:
        """The numbers of the rules that are about a variable."""
        found: dict[str, list[int]] = {}
        for rule, (_, mentioned) in enumerate(self._limits):
            for name in mentioned:
                found.setdefault(name, []).append(rule)
        return found

    def scenarios(self, names: Iterable[str] | None = None) -> tuple[Scenario, ...] | Unknown:
        """Every combination that these conditions (all by default) can have, each once, with values that reach it."""
        return self._try(frozenset(self.conditions if names is None else names))

    def example(self, wanted: Mapping[str, bool]) -> Scenario | Unknown | None:
        """A scenario with the conditions as wanted; None when parameters cannot reach that, Unknown when in doubt."""
        if contradict(self.conditions, wanted):
            return None
        scenarios = self._try(frozenset(wanted), wanted)
        if isinstance(scenarios, Unknown):
            return scenarios
        for scenario in scenarios:
            if all(scenario.conditions[name] is value for name, value in wanted.items()):
                return scenario
        return Unknown("a condition depends on what only AWS knows") if scenarios else None

    def complete(self, given: Mapping[str, str], turn: int = 0) -> Scenario | Unknown | None:
        """A whole combination with these values; None when the Rules let none through.

        Args:
            given: values of some variables.
            turn: another number begins with other values for what conditions depend on; 0 with defaults.
        """
        variables = self.variables(self.conditions)
        turned = {name: self._options(name) for name in variables}
        for name, options in turned.items():
            start = crc32(f"{name} {turn}".encode()) % len(options) if turn else 0
            turned[name] = [*options[start:], *options[:start]]
        whole = self._completed(given, turned)
        if not isinstance(whole, dict):
            return whole
        resolver = self._resolver(whole)
        return Scenario(whole, {name: resolver.condition(name) for name in self.conditions})

    def _options(self, name: str) -> list[str]:
        """The values of a variable that are worth trying, its default first."""
        if name not in self._known_options:
            domain = self._domain(name)
            first = [value for value in self._declared(name)[:1] if value in domain]
            self._known_options[name] = list(dict.fromkeys([*first, *domain]))
        return self._known_options[name]

    def _completed(
        self, given: Mapping[str, str], more: Mapping[str, Sequence[str]] = _NONE
    ) -> dict[str, str] | Unknown | None:
        """The values with those that the Rules then ask of other parameters; None when the Rules let nothing through.

        Parameters that the Rules link are many, but few values of them are refused: they are tried one by one, and
        given up as soon as a rule refuses what is known so far.

        Args:
            given: values of some variables.
            more: variables that get a value in any case, with what to try.
        """
        rules, linked = self._rules({*given, *more})
        if any(self._refuses(rule, given) for rule in rules):
            return None
        tried = [(name, more.get(name) or self._options(name)) for name in sorted(linked) if name not in given]
        return self._search(dict(given), tried, [MAX_COMBINATIONS])

    def _search(
        self, given: dict[str, str], tried: Sequence[tuple[str, Sequence[str]]], left: list[int]
    ) -> dict[str, str] | Unknown | None:
        """One value after the other; `left` counts down how many may still be tried."""
        if not tried:
            return given
        (name, options), *rest = tried
        for value in options:
            left[0] -= 1
            if left[0] < 0:
                return _TOO_MANY
            whole = {**given, name: value}
            # Only a rule about this variable can refuse what no rule has refused before.
            if not any(self._refuses(rule, whole) for rule in self._limiting.get(name, ())):
                found = self._search(whole, rest, left)
                if found is not None:
                    return found
        return None

    def _refuses(self, rule: int, given: Mapping[str, str]) -> bool:
        """Does a rule refuse these values? Remembered by what it mentions: a search asks the same again and again."""
        body, mentioned = self._limits[rule]
        key = rule, tuple(map(given.get, mentioned))
        if key not in self._refusals:
            self._refusals[key] = any(refused(body, self._resolver(given).known))
        return self._refusals[key]

    def variables(self, names: Iterable[str]) -> set[str]:
        """The parameters and pseudo parameters that these conditions depend on; names of no condition have none."""
        return {name for key in self._closure(names) for name in self._mentions(self.conditions.get(key))}

    def _try(self, names: frozenset[str], wanted: Mapping[str, bool] | None = None) -> tuple[Scenario, ...] | Unknown:
        """Every combination of these conditions, or those alone that are as wanted, or that nobody can tell from it."""
        domains = {name: self._options(name) for name in sorted(self.variables(names))}
        if prod(map(len, domains.values())) > MAX_COMBINATIONS:
            return _TOO_MANY
        found: dict[tuple[bool | None, ...], Scenario] = {}
        for values in product(*domains.values()):
            given = dict(zip(domains, values, strict=True))
            resolver = self._resolver(given)
            answers = {name: resolver.condition(name) for name in sorted(names)}
            others = wanted is not None and any(answers[name] not in {value, None} for name, value in wanted.items())
            if others or tuple(answers.values()) in found:
                continue
            completed = self._completed(given)
            if isinstance(completed, Unknown):
                return completed
            if completed is not None:
                found[tuple(answers.values())] = Scenario(completed, answers)
        return tuple(found.values())

    def _closure(self, names: Iterable[str]) -> set[str]:
        """The conditions, with those that they are made of."""
        found: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += [str(inner) for key, inner in _pairs(self.conditions.get(name)) if key == "Condition"]
        return found

    def _rules(self, variables: set[str]) -> tuple[list[int], set[str]]:
        """The numbers of the Rules that limit these variables, and all variables that come with them."""
        chosen: list[int] = []
        grown = True
        while grown:
            grown = False
            for rule, (_, mentioned) in enumerate(self._limits):
                if rule not in chosen and not variables.isdisjoint(mentioned):
                    chosen.append(rule)
                    grown, variables = True, variables.union(mentioned)
        return chosen, variables

    def _mentions(self, node: object) -> Iterator[str]:
        """The parameters and pseudo parameters in a piece of the template."""
        for key, inner in _pairs(node):
            if key == "Ref" and isinstance(inner, str):
                names = [inner]
            elif key == "Fn::Sub":
                text = inner[0] if isinstance(inner, list) and inner else inner
                names = _PLACEHOLDER.findall(text) if isinstance(text, str) else []
            else:
                continue
            yield from (name for name in names if name in self.parameters or name.startswith("AWS::"))

    def _domain(self, name: str) -> list[str]:
        """The values of a variable that are worth trying."""
        if name in self.fixed:
            return [self.fixed[name]]
        body = self._body(name)
        mentioning = [(node, names) for node, names in self._comparisons if name in names]
        allowed = body.get("AllowedValues")
        if isinstance(allowed, list):
            values = [text(value) for value in allowed]
        else:
            linked = [name, *sorted(self._linked(name))]
            named = [each for other in linked for each in self._declared(other)]
            literals = [
                each
                for node, names in self._comparisons
                if not names.isdisjoint(linked)
                for each in self._literals(node)
            ]
            others = [each for other in linked for each in self._others(other)]
            values = [value for value in dict.fromkeys([*named, *literals, *others]) if _permitted(value, body)]
            # Some value besides these always fits, whatever pattern it must match.
            values += [value for value in self._others(name) if value not in values]
        if name in self._limiting or any(names != {name} for _, names in mentioning):
            return values
        # Of values that no comparison tells apart, one is enough.
        told_apart: dict[tuple[object, ...], str] = {}
        for value in values:
            resolver = self._resolver({name: value})
            told_apart.setdefault(tuple(resolver.truth(node) for node, _ in mentioning), value)
        return list(told_apart.values())

    def _linked(self, name: str) -> set[str]:
        """The variables that a variable is compared with, directly or through others, and itself."""
        found: set[str] = set()
        todo = {name}
        while todo:
            found |= todo
            todo = {other for _, names in self._comparisons if names & todo for other in names} - found
        return found

    def _declared(self, name: str) -> list[str]:
        """The fixed value, the default and the allowed values of a parameter."""
        body = self._body(name)
        allowed = body.get("AllowedValues")
        given = [self.fixed[name]] if name in self.fixed else [body["Default"]] if "Default" in body else []
        return [text(value) for value in (*given, *(allowed if isinstance(allowed, list) else ()))]

    def _body(self, name: str) -> Mapping[str, object]:
        """A parameter's declaration; a pseudo parameter has one too."""
        body = self.parameters.get(name, _PSEUDO_PARAMETERS.get(name))
        return body if isinstance(body, dict) else {}

    def _others(self, name: str) -> Sequence[str]:
        """Values that stand for all that no comparison names."""
        if name == "AWS::AccountId":
            return ("111122223333", "444455556666")
        body = self._body(name)
        return _numbers(body) if body.get("Type") == "Number" else _OTHERS

    def _literals(self, node: object, depth: int = 0) -> Iterator[str]:
        """The literals in a comparison, and the keys of the mappings that it looks into."""
        if depth > MAX_DEPTH:
            return
        if isinstance(node, str | int | float):
            yield text(node)
        elif isinstance(node, list):
            for inner in node:
                yield from self._literals(inner, depth + 1)
        elif isinstance(node, dict):
            for key, inner in node.items():
                if key == "Fn::FindInMap" and isinstance(inner, list) and inner:
                    table = self.mappings.get(str(inner[0]))
                    for first, row in table.items() if isinstance(table, dict) else ():
                        yield from (str(first), *(map(str, row) if isinstance(row, dict) else ()))
                elif key != "Ref":
                    yield from self._literals(inner, depth + 1)

    def _resolver(self, given: Mapping[str, str]) -> Resolver:
        """A resolver in which the variables are literals and all else is a symbol."""
        values = dict(self._symbols)
        for name, value in given.items():
            body = self.parameters.get(name)
            listed = isinstance(body, dict) and "List" in str(body.get("Type"))
            values[name] = list[Value](value.split(",")) if listed else value
        return Resolver(parameters=values, pseudo=_PSEUDO, mappings=self.mappings, conditions=self.conditions)


def comparisons(node: object) -> Iterator[object]:
    """The comparisons in conditions and Rules."""
    for key, inner in _pairs(node):
        if key in _COMPARISONS:
            yield {key: inner}


def _pairs(node: object) -> list[tuple[str, object]]:
    """Every key with its value, at any depth."""
    found: list[tuple[str, object]] = []
    _collect(node, 0, found)
    return found


def _collect(node: object, depth: int, found: list[tuple[str, object]]) -> None:
    """Into one list: a generator inside a generator hands each pair up through every level."""
    if depth > MAX_DEPTH:
        return
    if isinstance(node, dict):
        for key, inner in node.items():
            found.append((str(key), inner))
            _collect(inner, depth + 1, found)
    elif isinstance(node, list):
        for inner in node:
            _collect(inner, depth + 1, found)


def _section(template: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = template.get(name)
    return found if isinstance(found, dict) else {}


def text(value: object) -> str:
    """A default or an allowed value as text; lists are joined by commas."""
    if isinstance(value, list):
        return ",".join(map(text, value))
    return scalar_text(value) if isinstance(value, str | int | float) else show(str(value))


def _numbers(body: Mapping[str, object]) -> list[str]:
    """Two numbers that a Number may be, and that nobody is likely to compare it with."""
    least, most = number(body.get("MinValue")), number(body.get("MaxValue"))  # type: ignore[arg-type]  # any JSON
    if least is not None and most is not None and most - least < 16:
        return [text(least + step) for step in range(int(most - least) + 1)]
    base = least if least is not None else most - 999_983 if most is not None else 1
    return [text(base + 999_979), text(base + 999_983)] if most is None else [text(base), text(most)]


def _permitted(value: str, body: Mapping[str, object]) -> bool:
    """May the parameter have this value?"""
    pattern = compile_pattern(str(body["AllowedPattern"])) if "AllowedPattern" in body else None
    if pattern is not None and pattern.fullmatch(value) is None:
        return False
    limits = {"MinLength": len(value), "MaxLength": len(value), "MinValue": number(value), "MaxValue": number(value)}
    for key, size in limits.items():
        limit = number(body.get(key))  # type: ignore[arg-type]  # any JSON
        if limit is not None and size is not None and (size < limit if key.startswith("Min") else size > limit):
            return False
    return True
