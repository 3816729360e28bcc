"""application.toml: what can be written there, and what a person hears about the rest, all of it at once."""

from __future__ import annotations

import pytest

from templates.application_settings import (
    FromExtraSecret,
    FromFact,
    FromParameter,
    FromText,
    Literal,
    Settings,
    SettingsError,
    parse,
)

PARAMETERS = ("EnvironmentType", "MaximumTasks")


def said(text: str) -> list[str]:
    """The sentences about a file."""
    with pytest.raises(SettingsError) as caught:
        parse(text).check(PARAMETERS)
    lines = str(caught.value).split("\n")
    assert len(lines) == len(caught.value.faults)
    assert all(line.startswith("application.toml: ") for line in lines)
    return lines


def test_every_kind_of_source() -> None:
    settings = parse(
        """
        files_path = "/data"
        health_command = "curl http://localhost:${ContainerPort}${HealthCheckPath} && test -n ${!HOME}"
        [variables]
        TEXT = "a=b"
        NUMBER = 3
        HALF = 0.5
        SWITCH = true
        TOKEN_LIFETIME = 60
        TYPE = { parameter = "EnvironmentType" }
        HOST = { fact = "database.host" }
        MAIL_PASSWORD = { extra_secret = "smtp/pass" }
        CACHE_URL = { text = "rediss://${cache.host}:${cache.port}/${MaximumTasks}" }
        [upgrade_variables]
        HOST = { extra_secret = "admin_host" }
        """
    )
    settings.check(PARAMETERS)
    assert settings.upgrade_variables == {"HOST": FromExtraSecret("admin_host")}
    assert settings.files_path == "/data"
    assert "${!HOME}" in settings.health_command
    assert settings.variables == {
        "TEXT": Literal("a=b"),
        "NUMBER": Literal("3"),
        "HALF": Literal("0.5"),
        "SWITCH": Literal("true"),
        "TOKEN_LIFETIME": Literal("60"),
        "TYPE": FromParameter("EnvironmentType"),
        "HOST": FromFact("database.host"),
        "MAIL_PASSWORD": FromExtraSecret("smtp/pass"),
        "CACHE_URL": FromText("rediss://${cache.host}:${cache.port}/${MaximumTasks}"),
    }


@pytest.mark.parametrize("text", ["", "\ufeff", "# nothing\n"])
def test_an_empty_file_wants_nothing(text: str) -> None:
    assert parse(text) == Settings("/var/lib/lms", "", {}, {}, [])


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("variables\n", "", ["no valid TOML", "line 1"]),
        ('A = "1"\nA = "2"\n', "", ["no valid TOML", "line 2"]),
        ('varables = "x"', "varables", ["not known", 'did you mean "variables"?', "health_command"]),
        ('files_path = "data"', "files_path", ["'data'", "/var/lib/lms"]),
        ('files_path = "/da ta"', "files_path", ["no absolute path"]),
        ("files_path = 1", "files_path", ["no absolute path"]),
        ("health_command = ['curl']", "health_command", ["no text"]),
        (
            'health_command = "x ${HealthPath}"',
            "health_command",
            ["HealthPath", 'did you mean "HealthCheckPath"?', "${!NAME}"],
        ),
        ('health_command = "x ${HOME}"', "health_command", ["${HOME} is filled by nothing;", "${!NAME}"]),
        ("variables = 3", "variables", ["no table", "[variables]"]),
        ("upgrade_variables = 3", "upgrade_variables", ["no table", "[upgrade_variables]"]),
        ('[upgrade_variables]\n"1A" = "x"', "upgrade_variables.1A", ["no name for a variable"]),
        (
            '[upgrade_variables]\nADMIN_PASSWORD = "hunter2"',
            "upgrade_variables.ADMIN_PASSWORD",
            ["looks like a secret"],
        ),
        ('[upgrade_variables]\nA = { parameter = "zzz" }', "upgrade_variables.A", ['no parameter "zzz"']),
        ('[variables]\n"1A" = "x"', "variables.1A", ["no name for a variable"]),
        ("[variables]\nA = 1979-05-27", "variables.A", ["neither text nor a number", "fact"]),
        ('[variables]\nA = ["x"]', "variables.A", ["neither text nor a number"]),
        ('[variables]\nDB_PASSWORD = "hunter2"', "variables.DB_PASSWORD", ["looks like a secret", "extra_secret"]),
        ('[variables]\nAPIKEY = "x"', "variables.APIKEY", ["looks like a secret"]),
        (
            '[variables]\nA = { fact = "cache.hots" }',
            "variables.A",
            ['no fact "cache.hots"', 'did you mean "cache.host"?'],
        ),
        ('[variables]\nA = { fact = "zzz" }', "variables.A", ['no fact "zzz"', "database.host", "platform.url"]),
        ('[variables]\nA = { parameter = "EnvironmentTyp" }', "variables.A", ['did you mean "EnvironmentType"?']),
        ('[variables]\nA = { parameter = "zzz" }', "variables.A", ['no parameter "zzz"']),
        (
            '[variables]\nA = { secret = "x" }',
            "variables.A",
            ["exactly one of extra_secret, fact, parameter, text", "not secret"],
        ),
        ('[variables]\nA = { fact = "cache.host", parameter = "x" }', "variables.A", ["exactly one of"]),
        ("[variables]\nA = {}", "variables.A", ["not nothing"]),
        ("[variables]\nA = { fact = 1 }", "variables.A", ["fact is 1", "in quotes"]),
        ('[variables]\nA = { fact = "" }', "variables.A", ["in quotes"]),
        ('[variables]\nA = { extra_secret = "a:b" }', "variables.A", ["no colon"]),
        ('[variables]\nA = { text = "x" }', "variables.A", ['text "x" has no ${…}', "the text itself"]),
        ('[variables]\nA = { text = "x-${cache.hots}" }', "variables.A", ['did you mean "cache.host"?']),
        ('[variables]\nA = { text = "${EnvironmentTyp}" }', "variables.A", ['did you mean "EnvironmentType"?']),
        ('[variables]\nA = { text = "x${}" }', "variables.A", ['no parameter ""']),
        (
            '[variables]\nA = { text = "rediss://:${cache.password}@${cache.host}" }',
            "variables.A",
            ["cache.password", "handed to the container whole", '{ fact = "cache.password" }'],
        ),
    ],
)
def test_a_fault_is_named_where_it_is(text: str, key: str, words: list[str]) -> None:
    [line] = said(text)
    assert line.startswith(f"application.toml: {key}: " if key else "application.toml: is ")
    for word in words:
        assert word in line


def test_a_secret_value_is_not_repeated() -> None:
    assert "hunter2" not in said('[variables]\nDB_PASSWORD = "hunter2"')[0]


def test_all_faults_at_once() -> None:
    found = said(
        """
        files_path = "data"
        helth_command = "x"
        [variables]
        A = { fact = "nope" }
        B = { parameter = "Nope" }
        C_SECRET = "x"
        """
    )
    assert len(found) == 5
    assert {line.split(": ")[1] for line in found} == {
        "files_path",
        "helth_command",
        "variables.A",
        "variables.B",
        "variables.C_SECRET",
    }
