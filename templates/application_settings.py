"""application.toml as data: which variables and secrets the application's image wants, and what fills each.

No learning platform starts without its own names (`MOODLE_DATABASE_HOST`, `KOLIBRI_CACHE_LOCATION`): they are the
image's business, so they stand in a file and not in the template's code. This module takes the file's text and reads
no file itself: templates/__init__.py does, when a template is built (docs/adr/0004).
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FILE: Final = "application.toml"

#: What the platform can tell the application. The secret ones reach the container by reference only.
PLAIN_FACTS: Final = (
    "cache.host",
    "cache.port",
    "files.path",
    "plain_cache.host",
    "plain_cache.port",
    "platform.environment",
    "platform.port",
    "platform.region",
    "platform.url",
)
SECRET_FACTS: Final = (
    "cache.password",
    "cache.username",
    "database.host",
    "database.name",
    "database.password",
    "database.port",
    "database.user",
    "plain_cache.password",
    "plain_cache.username",
)
FACTS: Final = tuple(sorted(PLAIN_FACTS + SECRET_FACTS))

_TABLES: Final = ("variables", "upgrade_variables")
_KEYS: Final = ("files_path", "health_command", *_TABLES)
_SOURCES: Final = ("extra_secret", "fact", "parameter", "text")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_NAME: Final = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY", re.IGNORECASE)
_DEFAULT_PATH: Final = "/var/lib/lms"
PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)\}")


class SettingsError(ValueError):
    """application.toml cannot be used; its text says why, one fault a line.

    Attributes:
        faults: (file, key inside the file, sentence) for each; the key is empty for the file as a whole.
    """

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        self.faults = tuple((FILE, *fault) for fault in faults)
        super().__init__("\n".join(": ".join(filter(None, fault)) for fault in self.faults))


@dataclass(frozen=True)
class Literal:
    """A value that stands in the file itself."""

    text: str


@dataclass(frozen=True)
class FromParameter:
    """The value of one of the template's own parameters."""

    name: str


@dataclass(frozen=True)
class FromFact:
    """Something that the platform knows about itself: one of `FACTS`."""

    name: str


@dataclass(frozen=True)
class FromExtraSecret:
    """One key of the JSON secret that the parameter ExtraSecretArn names."""

    key: str


@dataclass(frozen=True)
class FromText:
    """A text around plain facts and parameters, each as `${its name}`: `rediss://${cache.host}:${cache.port}`."""

    text: str

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts it names, as often as it does: what has a dot in its name."""
        return tuple(name for name in PLACEHOLDER.findall(self.text) if "." in name)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters it names."""
        return tuple(name for name in PLACEHOLDER.findall(self.text) if "." not in name)


Single = Literal | FromParameter | FromFact | FromExtraSecret
Source = Single | FromText


@dataclass(frozen=True)
class Settings:
    """What application.toml asks for.

    Attributes:
        files_path: where the shared files are mounted in the container, absolute.
        health_command: shell command that succeeds while the container is well; empty leaves the check to the
            balancer. `${ContainerPort}` and `${HealthCheckPath}` are filled in.
        variables: name in the container → what fills it, in the file's order.
        upgrade_variables: the same of what only the task that installs or upgrades is told, besides or instead.
        faults: (key, sentence) for everything in the file that cannot be used; `check` raises them.
    """

    files_path: str = _DEFAULT_PATH
    health_command: str = ""
    variables: Mapping[str, Source] = field(default_factory=dict)
    upgrade_variables: Mapping[str, Source] = field(default_factory=dict)
    faults: Sequence[tuple[str, str]] = ()

    def check(self, parameters: Iterable[str]) -> None:
        """Refuse the file, once the template is complete and its parameters are known.

        Args:
            parameters: names of the template's parameters that hold one readable text or number.

        Raises:
            SettingsError: with every fault that was found.
        """
        known = tuple(parameters)
        unknown = [
            (
                f"{table}.{name}",
                f'there is no parameter "{wanted}" to take a text from{_nearest(wanted, known)}',
            )
            for table, variables in zip(_TABLES, (self.variables, self.upgrade_variables), strict=True)
            for name, source in variables.items()
            for wanted in _parameters(source)
            if wanted not in known
        ]
        if self.faults or unknown:
            raise SettingsError([*self.faults, *unknown])


def parse(text: str) -> Settings:
    """Read application.toml's text.

    Faults are kept in the result, and what is at fault is left out of it, so that `Settings.check` can name all of
    them together with those that only the complete template shows.

    Raises:
        SettingsError: the text is no TOML.
    """
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([("", f"is no valid TOML: {error}")]) from None
    faults: list[tuple[str, str]] = [
        (key, f"is not known here{_nearest(key, _KEYS)}; the file takes {_listed(_KEYS)}")
        for key in data
        if key not in _KEYS
    ]
    path = data.get("files_path", _DEFAULT_PATH)
    if not (isinstance(path, str) and re.fullmatch(r"(/[A-Za-z0-9._-]+)+", path)):
        faults.append(("files_path", f"{path!r} is no absolute path such as {_DEFAULT_PATH}"))
        path = _DEFAULT_PATH
    command = data.get("health_command", "")
    if not isinstance(command, str):
        faults.append(("health_command", f"{command!r} is no text; give one shell command, or leave the key out"))
        command = ""
    faults += [("health_command", fault) for fault in _placeholders(command)]
    variables, upgrade = (_variables(table, data.get(table, {}), faults) for table in _TABLES)
    return Settings(path, command, variables, upgrade, faults)


def _variables(table: str, given: object, faults: list[tuple[str, str]]) -> dict[str, Source]:
    """What can be used of a table of variables; the rest becomes faults."""
    if not isinstance(given, dict):
        faults.append((table, f'is no table; write [{table}] and under it lines like LMS_URL = "…"'))
        return {}
    variables: dict[str, Source] = {}
    for name, value in given.items():
        source = _source(name, value)
        if isinstance(source, str):
            faults.append((f"{table}.{name}", source))
        else:
            variables[name] = source
    return variables


def _source(name: str, value: object) -> Source | str:
    """What fills a variable, or the sentence that says why it cannot."""
    if not _VARIABLE.fullmatch(name):
        return "is no name for a variable: letters, digits and _, not starting with a digit"
    if isinstance(value, dict):
        return _reference(value)
    if isinstance(value, bool):
        return Literal(str(value).lower())
    if not isinstance(value, str | int | float):
        return f'{value!r} is neither text nor a number nor a table like {{ fact = "database.host" }}'
    if isinstance(value, str) and _SECRET_NAME.search(name):
        return (
            "looks like a secret, and its value would stand readable in the template; keep it in the extra secret"
            ' and write { extra_secret = "<its key>" }'
        )
    return Literal(str(value))


def _reference(value: dict[str, object]) -> Source | str:
    """A table such as { fact = "cache.host" }."""
    if len(value) != 1 or not set(value) <= set(_SOURCES):
        return f"takes exactly one of {_listed(_SOURCES)}, not {_listed(value) or 'nothing'}"
    [(kind, target)] = value.items()
    if not isinstance(target, str) or not target:
        return f"{kind} is {target!r}; give a name in quotes"
    if kind == "parameter":
        return FromParameter(target)
    if kind == "fact":
        return FromFact(target) if target in FACTS else _no_fact(target)
    return _text(FromText(target)) if kind == "text" else _extra_secret(target)


def _extra_secret(key: str) -> FromExtraSecret | str:
    if re.fullmatch(r"[A-Za-z0-9/_+=.@-]+", key):
        return FromExtraSecret(key)
    return f'extra_secret "{key}" is no key of a JSON secret that a container can take (no colon, no space)'


def _text(source: FromText) -> FromText | str:
    """A text such as "rediss://${cache.host}:${cache.port}"."""
    if not PLACEHOLDER.search(source.text):
        return f'text "{source.text}" has no ${{…}} to fill; write the text itself instead of the table'
    for name in source.facts:
        if name not in FACTS:
            return _no_fact(name)
        if name in SECRET_FACTS:
            return (
                f"puts {name} into a longer text, but a secret is handed to the container whole: give it a variable of"
                f' its own, {{ fact = "{name}" }}'
            )
    return source


def _parameters(source: Source) -> tuple[str, ...]:
    """The template's parameters that a source takes its text from."""
    if isinstance(source, FromParameter):
        return (source.name,)
    return source.parameters if isinstance(source, FromText) else ()


def _no_fact(name: str) -> str:
    return f'there is no fact "{name}" (there are {_listed(FACTS)}){_nearest(name, FACTS)}'


def _placeholders(command: str) -> list[str]:
    """A sentence for each `${…}` of the health command that nothing fills."""
    allowed = ("ContainerPort", "HealthCheckPath")
    return [
        f"${{{name}}} is filled by nothing{_nearest(name, allowed)}; ${{ContainerPort}} and ${{HealthCheckPath}} are,"
        " and ${!NAME} leaves ${NAME} to the shell"
        for name in PLACEHOLDER.findall(command)
        if name not in allowed and not name.startswith("!")
    ]


def _nearest(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f', did you mean "{found[0]}"?' if found else ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
