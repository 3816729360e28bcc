"""Reading params/intent.toml: the tables of a parsed file in, an `Intent` out, or every fault at once.

`[default]` counts for every environment, the table with an environment's name for that one: it replaces single values,
adds to the tables inside (tags, keys, backup_days), and adds exceptions and permissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stackproof.cli import nearest
from stackproof.documents import dotted, quoted
from stackproof.errors import BadInputError, Fault
from stackproof.proofs.intent.intent import AREAS, FILE, KINDS, PINNED, TLS_VERSIONS, Accepted, Intent, Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    Problem = tuple[str, str]
    """Where below the key, and what is wrong there."""

EVERYWHERE: Final = "default"


def read_intent(
    tables: Mapping[str, Any],
    environment: str | None,
    *,
    rules: Collection[str],
    environments: Collection[str] | None = None,
    where: str = FILE,
) -> Intent:
    """The intent of one environment.

    Args:
        tables: the file as tomllib reads it; every table of it is checked.
        environment: its name; None, or one without a table: [default] alone.
        rules: every rule id that there is.
        environments: every environment that there is; None when that is not known.
        where: the file, as a person knows it.

    Raises:
        BadInputError: with every fault of the file.
    """
    faults: list[Fault] = []
    sound: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        known = [EVERYWHERE, *(environments or ())]
        if not isinstance(table, dict):
            faults.append(Fault(where, dotted(name), "stands outside of a table; begin with [default] or [prod]"))
        elif environments is not None and name not in known:
            message = f"is no environment; there are {', '.join(known)}{nearest(name, known)}"
            faults.append(Fault(where, dotted(name), message))
        else:
            sound[name] = _table(name, table, rules, where, faults)
    if faults:
        raise BadInputError(faults)
    merged: dict[str, Any] = {}
    for chosen in dict.fromkeys((EVERYWHERE, environment or EVERYWHERE)):
        for key, value in sound.get(chosen, {}).items():
            merged[key] = _merge(merged.get(key), value, adds=key in _ADDING)
    if "backup_days" in merged:
        merged["backup_days"] = {**Intent().backup_days, **merged["backup_days"]}
    return Intent(**merged, where=where)


def _merge(before: Any, value: Any, *, adds: bool) -> Any:
    """What two tables say together."""
    if isinstance(value, dict):
        return {**(before or {}), **value}
    return (*(before or ()), *value) if adds else value


def _table(name: str, table: Mapping[str, Any], rules: Collection[str], where: str, faults: list[Fault]) -> Any:
    """The sound keys of one table, as fields of Intent."""
    sound: dict[str, Any] = {}
    for key, value in table.items():
        if key in _LISTS:
            field, build = _LISTS[key]
            entries, problems = _entries(f"{name}.{key}", value, build, rules)
            faults += [Fault(where, place, message) for place, message in problems]
            sound[field] = entries
            continue
        if key not in _KEYS:
            known = [*_KEYS, *_LISTS]
            message = f"is no key of an intent; there are {', '.join(known)}{nearest(key, known)}"
            faults.append(Fault(where, dotted(name, key), message))
            continue
        problems = _KEYS[key](value)
        faults += [Fault(where, dotted(name, key, *filter(None, [inner])), message) for inner, message in problems]
        sound[key] = tuple(value) if isinstance(value, list) else value
    return sound


def _entries(
    place: str,
    value: object,
    build: Callable[[dict[str, Any], str, Collection[str]], tuple[Any, list[Problem]]],
    rules: Collection[str],
) -> tuple[tuple[Any, ...], list[Problem]]:
    """The members of a list of tables, and what is wrong with them."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        return (), [(place, f"is a list of tables, each under [[{place}]]")]
    found: list[Any] = []
    faults: list[Problem] = []
    for index, entry in enumerate(value):
        here = f"{place}[{index}]"
        built, problems = build(entry, here, rules)
        faults += [(f"{here}.{key}", message) for key, message in problems]
        found.append(built)
    return tuple(found), faults


def _accepted(entry: dict[str, Any], place: str, rules: Collection[str]) -> tuple[Accepted, list[Problem]]:
    """One accepted finding."""
    problems = _texts(entry, ("rule", "resource", "reason"))
    rule = entry.get("rule")
    if isinstance(rule, str) and rule.strip() and rule not in rules:
        hint = nearest(rule, rules) or "; docs/proofs.md lists them all"
        problems.append(("rule", f"{quoted(rule)} is no rule{hint}"))
    if entry.get("resource") == "*":
        problems.append(("resource", "is one logical id; an exception for everything would hide the next fault"))
    return Accepted(str(rule), str(entry.get("resource")), str(entry.get("reason")), place), problems


def _permission(entry: dict[str, Any], _: str, __: Collection[str]) -> tuple[Permission, list[Problem]]:
    """One permission of the application's own."""
    problems = _texts(entry, ("role", "reason"), others=("actions", "resources"))
    for key in ("actions", "resources"):
        problems += [(key, message) for _, message in _words(entry.get(key))]
        if entry.get(key) == []:
            problems.append((key, "is empty; name at least one"))
    actions = [action for action in _members(entry, "actions") if ":" not in action or "*" in action]
    problems += [
        ("actions", f"{quoted(action)} is not one action spelled out; it looks like s3:GetObject") for action in actions
    ]
    built = Permission(
        str(entry.get("role")), _members(entry, "actions"), _members(entry, "resources"), str(entry.get("reason"))
    )
    return built, problems


def _members(entry: dict[str, Any], key: str) -> tuple[str, ...]:
    found = entry.get(key)
    return tuple(str(member) for member in found) if isinstance(found, list) else ()


def _texts(entry: dict[str, Any], keys: Sequence[str], others: Sequence[str] = ()) -> list[Problem]:
    """What is wrong with the keys of an entry that must be texts, and with those that do not belong there."""
    known = [*keys, *others]
    problems = [
        (key, f"is no key here; there are {', '.join(known)}{nearest(key, known)}") for key in entry if key not in known
    ]
    for key in keys:
        value = entry.get(key)
        if value is None:
            problems.append((key, "is missing" + ("; say why this is right" if key == "reason" else "")))
        elif not isinstance(value, str) or not value.strip():
            problems.append((key, f"is a text that is not blank, not {_shown(value)}"))
    return problems


def _shown(value: object) -> str:
    """A wrong value, as short as it can be told."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else "a list" if isinstance(value, list) else "a table"


def _switch(value: object) -> list[Problem]:
    return [] if isinstance(value, bool) else [("", f"is true or false without quotes, not {_shown(value)}")]


def _whole(least: int, most: int) -> Callable[[object], list[Problem]]:
    """A whole number in a range."""

    def check(value: object) -> list[Problem]:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return []
        return [("", f"is a whole number from {least} to {most} without quotes, not {_shown(value)}")]

    return check


def _one_of(allowed: Sequence[str]) -> Callable[[object], list[Problem]]:
    def check(value: object) -> list[Problem]:
        if value in allowed:
            return []
        hint = nearest(value, allowed) if isinstance(value, str) else ""
        return [("", f"is one of {', '.join(map(quoted, allowed))}, not {_shown(value)}{hint}")]

    return check


def _words(value: object) -> list[Problem]:
    """A list of texts."""
    if not isinstance(value, list):
        return [("", f'is a list of texts, ["…"], not {_shown(value) if value is not None else "missing"}')]
    wrong = [member for member in value if not isinstance(member, str) or not member.strip()]
    return [("", f"has {_shown(member)} in it; its members are texts that are not blank") for member in wrong]


def _some_of(allowed: Sequence[str]) -> Callable[[object], list[Problem]]:
    def check(value: object) -> list[Problem]:
        problems = _words(value)
        members = value if isinstance(value, list) and not problems else []
        problems += [
            ("", f"has {quoted(member)} in it; there are {', '.join(allowed)}{nearest(member, allowed)}")
            for member in members
            if member not in allowed
        ]
        return problems

    return check


def _text(value: object) -> list[Problem]:
    return [] if isinstance(value, str) and value.strip() else [("", f"is a text, not {_shown(value)}")]


def _named_texts(value: object) -> list[Problem]:
    """A table of texts."""
    if not isinstance(value, dict):
        return [("", f"is a table of texts, not {_shown(value)}")]
    return [(name, message) for name, inner in value.items() for _, message in _text(inner)]


def _days(value: object) -> list[Problem]:
    """Days by kind, type or logical id."""
    if not isinstance(value, dict):
        return [("", f"is a table such as {{ database = 7 }}, not {_shown(value)}")]
    problems = [(name, message) for name, inner in value.items() for _, message in _whole(0, 36500)(inner)]
    # A word in lower case is meant as a kind: types have colons, logical ids begin with a capital as a rule.
    kinds = [name for name in value if name.islower() and name.isalpha() and name not in KINDS]
    return problems + [
        (name, f"is no kind of store; there are {', '.join(KINDS)}{nearest(name, KINDS)}") for name in kinds
    ]


_KEYS: Final[Mapping[str, Callable[[object], list[Problem]]]] = {
    "keep_data": _switch,
    "keys": _named_texts,
    "key_rotation": _switch,
    "in_transit": _some_of(AREAS),
    "tls_minimum": _one_of(TLS_VERSIONS),
    "backup_days": _days,
    "versioned": _words,
    "log_days": _whole(0, 3653),
    "tags": _named_texts,
    "name_suffix": _text,
    "fixed_names": _words,
    "image": _one_of(PINNED),
    "spot_percent": _whole(0, 100),
    "on_demand_base": _whole(0, 100_000),
    "file_writers": _words,
    "private_secrets": _named_texts,
    "given_network": _text,
    "web_firewall": _switch,
}
"""Each key of a table, with what is wrong with its value."""
_LISTS: Final[Mapping[str, tuple[str, Any]]] = {
    "accept": ("accepted", _accepted),
    "permission": ("permissions", _permission),
}
"""Each list of tables, with the field of Intent that it fills."""
_ADDING: Final = frozenset(field for field, _ in _LISTS.values())
