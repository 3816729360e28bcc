"""What the container is told: application.toml's variables, filled with what the platform knows.

A secret fact becomes a reference that ECS resolves when a task starts; a plain one becomes an environment variable.
Whoever writes application.toml cannot mix the two up, since the fact itself decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from troposphere import If, NoValue, Ref, Sub
from troposphere.ecs import Environment as Variable
from troposphere.ecs import Secret as SecretVariable

from templates.application_settings import PLACEHOLDER, FromExtraSecret, FromParameter, FromText, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from troposphere import AWSHelperFn

    from templates.application_settings import Settings, Single, Source
    from templates.balancer import Balancer
    from templates.cache import Cache
    from templates.database import Database
    from templates.keys import Secret
    from templates.tags import Environment


AnyVariable = TypeVar("AnyVariable", Variable, SecretVariable)


@dataclass(frozen=True)
class Fact:
    """One thing that the platform knows.

    Attributes:
        value: text, or where ECS reads a secret from.
        secret: whether it may reach the container by reference only.
        condition: the name of the condition under which it exists; always without one.
        instead: what takes its place where it does not exist.
    """

    value: str | AWSHelperFn
    secret: bool = False
    condition: str | None = None
    instead: Fact | None = None


@dataclass(frozen=True)
class Variables:
    """A container's Environment and Secrets, by name."""

    plain: list[Variable | If]
    secret: list[SecretVariable | If]


def platform_facts(
    *, environment: Environment, balancer: Balancer, files_path: str, cache: Cache, database: Database
) -> dict[str, Fact]:
    """Everything that application.toml can name with `fact`: the names of application_settings.FACTS."""
    facts = {
        "files.path": Fact(files_path),
        "platform.environment": Fact(Ref(environment.suffix)),
        "platform.port": Fact(Sub(f"${{{balancer.container_port.title}}}")),
        "platform.region": Fact(Ref("AWS::Region")),
        "platform.url": Fact(balancer.url),
    }
    for part, key in database.secret_keys.items():
        facts[f"database.{part}"] = Fact(key.value_from, secret=True, condition=key.condition)
    proxied = Fact(database.proxy.host, condition=database.proxy.exists)
    facts["database.host"] = replace(facts["database.host"], instead=proxied)
    for name, store in (("cache", cache.sessions), ("plain_cache", cache.plain)):
        facts[f"{name}.host"] = Fact(store.host, condition=store.condition)
        facts[f"{name}.port"] = Fact(store.port, condition=store.condition)
        for part in ("username", "password"):
            facts[f"{name}.{part}"] = Fact(_json_key(store.secret, part), secret=True, condition=store.condition)
    return facts


def container_variables(settings: Settings, facts: Mapping[str, Fact]) -> Variables:
    """Fill application.toml's variables; one whose fact does not exist in a stack is left out there."""
    return _filled(settings.variables, facts)


def upgrade_variables(settings: Settings, facts: Mapping[str, Fact]) -> Variables:
    """What the task that installs or upgrades is told: all that the others are, and what application.toml has for it.

    A variable of both tables is the upgrade's, and the common one where a stack does not have what fills that.
    """
    own = settings.upgrade_variables
    found = _filled({name: source for name, source in settings.variables.items() if name not in own}, facts)
    for name, source in own.items():
        mine = _filled({name: source}, facts)
        common = _filled({name: settings.variables[name]} if name in settings.variables else {}, facts)
        there = [*mine.plain, *mine.secret]
        found.plain.extend([*mine.plain, *_where_none(there, common.plain)])
        found.secret.extend([*mine.secret, *_where_none(there, common.secret)])
    return found


def _filled(sources: Mapping[str, Source], facts: Mapping[str, Fact]) -> Variables:
    variables = Variables([], [])
    for name, source in sources.items():
        if isinstance(source, FromText):
            variables.plain.append(_text(name, source, facts))
            continue
        fact: Fact | None = _fact(source, facts)
        while fact is not None:
            if fact.secret:
                variables.secret.append(_where(fact.condition, SecretVariable(Name=name, ValueFrom=fact.value)))
            else:
                variables.plain.append(_where(fact.condition, Variable(Name=name, Value=fact.value)))
            fact = fact.instead
    return variables


def _where(condition: str | None, variable: AnyVariable) -> AnyVariable | If:
    """The variable, in a stack where the condition holds."""
    return variable if condition is None else If(condition, variable, NoValue)


def _where_none(others: Sequence[object], variables: Sequence[AnyVariable | If]) -> Iterator[AnyVariable | If]:
    """The variables, in a stack where none of the others exists."""
    for each in variables:
        found: Any = each
        for other in others:
            found = _instead(other, found)
        if found is not NoValue:
            yield found


def _instead(other: object, variable: object) -> object:
    """A variable where another one is left out, by the conditions under which that is."""
    if not isinstance(other, If):
        return variable if other is NoValue else NoValue
    name, there, otherwise = other.data["Fn::If"]
    return If(name, _instead(there, variable), _instead(otherwise, variable))


def _text(name: str, source: FromText, facts: Mapping[str, Fact]) -> Variable | If:
    """A variable whose text has facts and parameters in it; it is left out where one of the facts does not exist."""
    named = {fact: facts[fact] for fact in source.facts}
    pattern = PLACEHOLDER.sub(lambda found: f"${{{_identifier(found[1])}}}", source.text)
    values: dict[str, object] = {_identifier(fact): known.value for fact, known in named.items()}
    variable: Variable | If = Variable(Name=name, Value=Sub(pattern, values) if named else Sub(pattern))
    for exists in sorted({known.condition for known in named.values() if known.condition is not None}):
        variable = If(exists, variable, NoValue)
    return variable


def _identifier(name: str) -> str:
    """A fact's name as Fn::Sub can take it: `plain_cache.host` is PlainCacheHost; a parameter's stays as it is."""
    return "".join(word[0].upper() + word[1:] for word in re.split(r"[._]", name)) if "." in name else name


def _fact(source: Single, facts: Mapping[str, Fact]) -> Fact:
    match source:
        case Literal(text):
            return Fact(text)
        case FromParameter(name):
            return Fact(Sub(f"${{{name}}}"))
        case FromExtraSecret(key):
            return Fact(Sub(f"${{ExtraSecretArn}}:{key}::"), secret=True, condition="HasExtraSecret")
    return facts[source.name]


def _json_key(secret: Secret, part: str) -> Sub:
    """Where ECS finds one key of a JSON secret, in its newest version: `ARN:key::`."""
    return Sub(f"${{Arn}}:{secret.keys[part]}::", Arn=secret.arn)
