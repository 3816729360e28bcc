"""What the container is told: every fact has a value, and secrets travel by reference alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from templates import TEMPLATES
from templates.application_settings import FACTS, PLAIN_FACTS, SECRET_FACTS
from templates.lms import build
from tests.templates_support import Emitted

if TYPE_CHECKING:
    from collections.abc import Mapping

DATABASE = "arn:aws:secretsmanager:sa-east-1:111122223333:secret:lms/db-AbCdEf"
EXTRA = "arn:aws:secretsmanager:sa-east-1:111122223333:secret:lms/app-AbCdEf"
TASK = "AWS::ECS::TaskDefinition"
NAMES = {fact: f"V_{fact.replace('.', '_')}" for fact in FACTS}


def toml(variables: Mapping[str, str]) -> str:
    return "[variables]\n" + "\n".join(f"{name} = {value}" for name, value in variables.items())


@pytest.fixture(scope="module")
def told() -> Emitted:
    """A platform whose application wants to know everything."""
    variables = {name: f'{{ fact = "{fact}" }}' for fact, name in NAMES.items()}
    variables["V_LITERAL"] = '"true"'
    variables["V_NUMBER"] = "42"
    variables["V_PARAMETER"] = '{ parameter = "MaximumTasks" }'
    variables["V_EXTRA"] = '{ extra_secret = "smtp_password" }'
    variables["V_TEXT"] = '{ text = "rediss://${cache.host}:${cache.port}/${MaximumTasks}#${cache.host}" }'
    variables["V_PARAMETER_TEXT"] = '{ text = "at most ${MaximumTasks}" }'
    variables["V_plain_cache_url"] = '{ text = "${platform.region}: ${plain_cache.host}:${plain_cache.port}" }'
    return Emitted(build(toml(variables)), DatabaseSecretArn=DATABASE)


def variables(template: Emitted, kind: str, task: str = "TaskDefinition") -> dict[str, str]:
    [container] = template.resources[task]["ContainerDefinitions"]
    found: list[dict[str, Any]] = container[kind]
    names = [variable["Name"] for variable in found]
    assert len(names) == len(set(names))
    return {variable["Name"]: variable["Value" if kind == "Environment" else "ValueFrom"] for variable in found}


def everything(template: Emitted) -> Emitted:
    return template.with_parameters(PlainCache="yes", ExtraSecretArn=EXTRA)


def test_every_fact_has_a_value_of_its_kind(told: Emitted) -> None:
    full = everything(told)
    assert {NAMES[fact] for fact in PLAIN_FACTS} <= variables(full, "Environment").keys()
    assert {NAMES[fact] for fact in SECRET_FACTS} == variables(full, "Secrets").keys() - {"V_EXTRA"}


def test_plain_facts(told: Emitted) -> None:
    template = everything(told).with_parameters(EnvironmentSuffix="prod", ContainerPort=8080)
    assert variables(template, "Environment") == {
        "V_cache_host": "${CacheReplicationGroup.PrimaryEndPoint.Address}",
        "V_cache_port": "${CacheReplicationGroup.PrimaryEndPoint.Port}",
        "V_files_path": "/var/lib/lms",
        "V_plain_cache_host": "${PlainCacheReplicationGroup.PrimaryEndPoint.Address}",
        "V_plain_cache_port": "${PlainCacheReplicationGroup.PrimaryEndPoint.Port}",
        "V_platform_environment": "prod",
        "V_platform_port": "8080",
        "V_platform_region": "sa-east-1",
        "V_platform_url": "http://${LoadBalancer.DNSName}",
        "V_LITERAL": "true",
        "V_NUMBER": "42",
        "V_PARAMETER": told.parameters["MaximumTasks"],
        "V_TEXT": "rediss://${CacheReplicationGroup.PrimaryEndPoint.Address}:"
        "${CacheReplicationGroup.PrimaryEndPoint.Port}/"
        f"{told.parameters['MaximumTasks']}#${{CacheReplicationGroup.PrimaryEndPoint.Address}}",
        "V_PARAMETER_TEXT": f"at most {told.parameters['MaximumTasks']}",
        "V_plain_cache_url": "sa-east-1: ${PlainCacheReplicationGroup.PrimaryEndPoint.Address}:"
        "${PlainCacheReplicationGroup.PrimaryEndPoint.Port}",
    }


def test_secret_facts_are_keys_of_their_secrets(told: Emitted) -> None:
    template = everything(told).with_parameters(DatabasePasswordKey="pass")
    assert variables(template, "Secrets") == {
        "V_cache_username": "${CacheSecret}:username::",
        "V_cache_password": "${CacheSecret}:password::",
        "V_plain_cache_username": "${CacheSecret}:username::",
        "V_plain_cache_password": "${CacheSecret}:password::",
        "V_database_host": f"{DATABASE}:host::",
        "V_database_port": f"{DATABASE}:port::",
        "V_database_name": f"{DATABASE}:dbname::",
        "V_database_user": f"{DATABASE}:username::",
        "V_database_password": f"{DATABASE}:pass::",
        "V_EXTRA": f"{EXTRA}:smtp_password::",
    }


def test_no_secret_is_in_plain_environment(told: Emitted) -> None:
    """Not even a reference that CloudFormation would resolve into the task definition."""
    for value in variables(everything(told), "Environment").values():
        assert "resolve:" not in value
        assert "Secret" not in value
        assert "secretsmanager" not in value


@pytest.mark.parametrize(
    ("without", "gone"),
    [
        ({"PlainCache": "no"}, r"V_plain_cache_\w+"),
        ({"ExtraSecretArn": ""}, "V_EXTRA"),
        ({"DatabaseHostKey": ""}, "V_database_host"),
    ],
)
def test_what_a_stack_does_not_have_is_left_out_and_nothing_else(
    told: Emitted, without: dict[str, str], gone: str
) -> None:
    def names(template: Emitted) -> set[str]:
        return variables(template, "Environment").keys() | variables(template, "Secrets").keys()

    full = everything(told)
    missing = names(full) - names(full.with_parameters(**without))
    assert missing
    assert missing == {name for name in names(full) if re.fullmatch(gone, name)}


TWO_TABLES = """
[variables]
V_user = { fact = "database.user" }
V_mode = "serve"
V_host = { fact = "cache.host" }
V_address = { fact = "cache.host" }
V_both = { fact = "cache.port" }
V_cache = { fact = "plain_cache.password" }
[upgrade_variables]
V_only = { extra_secret = "admin_password" }
V_user = { extra_secret = "owner" }
V_mode = "install"
V_host = { fact = "database.host" }
V_address = { text = "${plain_cache.host}:${cache.port}" }
V_cache = { fact = "plain_cache.host" }
"""
CACHE = "${CacheReplicationGroup.PrimaryEndPoint"
PLAIN = "${PlainCacheReplicationGroup.PrimaryEndPoint"
OWN_WITH_PROXY = {
    "DatabaseSecretArn": "",
    "DatabaseEngine": "postgresql",
    "DatabaseProxy": "yes",
    "DatabasePeeringConnectionId": "",
}


@pytest.fixture(scope="module")
def upgrading() -> Emitted:
    return Emitted(build(TWO_TABLES), DatabaseSecretArn=DATABASE, UpgradeCommand="lms,upgrade", WorkerCommand="w")


def test_only_the_upgrade_is_told_its_variables_and_the_common_ones_where_they_have_no_other_value(
    upgrading: Emitted,
) -> None:
    full = upgrading.with_parameters(PlainCache="yes", ExtraSecretArn=EXTRA)
    assert variables(full, "Environment", "UpgradeTask") == {
        "V_both": f"{CACHE}.Port}}",
        "V_mode": "install",
        "V_address": f"{PLAIN}.Address}}:{CACHE}.Port}}",
        "V_cache": f"{PLAIN}.Address}}",
    }
    assert variables(full, "Secrets", "UpgradeTask") == {
        "V_only": f"{EXTRA}:admin_password::",
        "V_user": f"{EXTRA}:owner::",
        "V_host": f"{DATABASE}:host::",
    }
    for task in ("TaskDefinition", "WorkerTaskDefinition"):
        assert variables(full, "Environment", task) == {
            "V_mode": "serve",
            "V_host": f"{CACHE}.Address}}",
            "V_address": f"{CACHE}.Address}}",
            "V_both": f"{CACHE}.Port}}",
        }
        assert variables(full, "Secrets", task) == {
            "V_user": f"{DATABASE}:username::",
            "V_cache": "${CacheSecret}:password::",
        }


def test_what_fills_the_upgrades_own_is_missing_the_common_one_stands(upgrading: Emitted) -> None:
    bare = upgrading.with_parameters(PlainCache="no", ExtraSecretArn="", DatabaseHostKey="")
    plain, secret = (variables(bare, kind, "UpgradeTask") for kind in ("Environment", "Secrets"))
    assert plain == {
        "V_both": f"{CACHE}.Port}}",
        "V_mode": "install",
        "V_host": f"{CACHE}.Address}}",
        "V_address": f"{CACHE}.Address}}",
    }
    assert secret == {"V_user": f"{DATABASE}:username::"}
    proxied = upgrading.with_parameters(**OWN_WITH_PROXY)
    assert variables(proxied, "Environment", "UpgradeTask")["V_host"] == "${DatabaseConnectionProxy.Endpoint}"


def test_the_platforms_own_first_password_is_told_to_the_installation_alone() -> None:
    template = Emitted(
        TEMPLATES["lms"](),
        ExtraSecretArn=EXTRA,
        UpgradeCommand="lms,upgrade",
        WorkerCommand="lms,worker",
        CronCommand="lms,cron",
    )
    told = {name: str(each["ContainerDefinitions"]) for name, each in template.of_type(TASK).items()}
    assert len(told) == 4
    assert {name for name, text in told.items() if "admin_password" in text} == {"UpgradeTask"}
