"""What was meant: a file read with all its faults at once, and exceptions that must have work to do."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.errors import BadInputError
from stackproof.intent_files import load_intent
from stackproof.proofs.intent.intent import DEFAULT, Accepted, Intent, Permission, apply_intent
from stackproof.proofs.intent.reading import read_intent
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from pathlib import Path

RULES = {"store-kept", "store-key", "net-route"}
ENVIRONMENTS = ("dev", "prod")


def read(text: str, environment: str | None = "prod", **more: Any) -> Intent:
    return read_intent(tomllib.loads(text), environment, rules=RULES, environments=ENVIRONMENTS, **more)


def faults(text: str) -> list[str]:
    with pytest.raises(BadInputError) as caught:
        read(text)
    return [str(fault) for fault in caught.value.faults]


def test_an_empty_file_asks_for_the_defaults() -> None:
    assert read("") == DEFAULT
    assert read("[default]") == DEFAULT
    assert read("[dev]\nkeep_data = true") == DEFAULT


def test_every_key_is_taken_as_it_is_written() -> None:
    found = read(
        """
        [default]
        keep_data = true
        key_rotation = true
        in_transit = ["cache", "listeners"]
        tls_minimum = "1.3"
        versioned = ["Bucket"]
        log_days = 30
        name_suffix = "Suffix"
        fixed_names = ["AWS::ECS::Cluster"]
        image = "digest"
        spot_percent = 50
        on_demand_base = 2
        file_writers = []
        web_firewall = true
        [default.keys]
        files = "customer"
        [default.backup_days]
        files = 35
        [default.tags]
        project = "lms"
        [default.private_secrets]
        admin_password = "UpgradeTask"
        [[default.permission]]
        role = "TaskRole"
        actions = ["s3:GetObject"]
        resources = ["*"]
        reason = "read its own course packages"
        [[default.accept]]
        rule = "store-key"
        resource = "Bucket"
        reason = "the balancer writes with AWS's key alone"
        """,
        where="here.toml",
    )
    assert found == Intent(
        keep_data=True,
        keys={"files": "customer"},
        key_rotation=True,
        in_transit=("cache", "listeners"),
        tls_minimum="1.3",
        backup_days={"database": 1, "files": 35},
        versioned=("Bucket",),
        log_days=30,
        tags={"project": "lms"},
        name_suffix="Suffix",
        fixed_names=("AWS::ECS::Cluster",),
        image="digest",
        spot_percent=50,
        on_demand_base=2,
        file_writers=(),
        private_secrets={"admin_password": "UpgradeTask"},
        web_firewall=True,
        permissions=(Permission("TaskRole", ("s3:GetObject",), ("*",), "read its own course packages"),),
        accepted=(Accepted("store-key", "Bucket", "the balancer writes with AWS's key alone", "default.accept[0]"),),
        where="here.toml",
    )


BOTH = """
[default]
log_days = 30
keep_data = true
[default.tags]
project = "lms"
team = "a"
[[default.accept]]
rule = "store-key"
resource = "A"
reason = "one"
[prod]
log_days = 365
[prod.tags]
team = "b"
[[prod.accept]]
rule = "net-route"
resource = "B"
reason = "two"
"""


def test_an_environment_replaces_values_and_adds_to_tables_and_exceptions() -> None:
    prod, dev, alone = (read(BOTH, name) for name in ("prod", "dev", None))
    assert (prod.log_days, prod.keep_data, prod.tags) == (365, True, {"project": "lms", "team": "b"})
    assert [accepted.table for accepted in prod.accepted] == ["default.accept[0]", "prod.accept[0]"]
    assert dev == alone
    assert (dev.log_days, dev.tags, len(dev.accepted)) == (30, {"project": "lms", "team": "a"}, 1)


ACCEPT = '[[prod.accept]]\nrule = "store-key"\nresource = "Bucket"\nreason = "it is so"\n'
PERMISSION = '[[prod.permission]]\nrole = "R"\nactions = ["s3:GetObject"]\nresources = ["*"]\nreason = "x"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keep_data = true", "keep_data: stands outside of a table; begin with [default] or [prod]"),
        ("[prd]", 'prd: is no environment; there are default, dev, prod, did you mean "prod"?'),
        ("[prod]\nkeepdata = true", 'did you mean "keep_data"?'),
        ("[prod]\nkeep_data = 1", "prod.keep_data: is true or false without quotes, not 1"),
        ('[prod]\nkey_rotation = "yes"', 'is true or false without quotes, not "yes"'),
        ("[prod]\ntls_minimum = 1.2", 'prod.tls_minimum: is one of "1.0", "1.1", "1.2", "1.3", not 1.2'),
        ('[prod]\nimage = "digset"', 'did you mean "digest"?'),
        ("[prod]\nlog_days = true", "is a whole number from 0 to 3653 without quotes, not true"),
        ("[prod]\nspot_percent = 101", "from 0 to 100 without quotes, not 101"),
        ('[prod]\non_demand_base = "2"', 'not "2"'),
        ('[prod]\nin_transit = "cache"', 'prod.in_transit: is a list of texts, ["…"], not "cache"'),
        ('[prod]\nin_transit = ["cach"]', 'has "cach" in it; there are cache, mounts'),
        ("[prod]\nversioned = [1]", "has 1 in it; its members are texts that are not blank"),
        ("[prod]\nfixed_names = [[]]", "has a list in it"),
        ("[prod]\nname_suffix = {}", "prod.name_suffix: is a text, not a table"),
        ('[prod]\nname_suffix = " "', "prod.name_suffix: is a text"),
        ('[prod]\ntags = ["project"]', "prod.tags: is a table of texts, not a list"),
        ("[prod.tags]\nproject = 1", "prod.tags.project: is a text, not 1"),
        ('[prod.keys]\n"AWS::S3::Bucket" = ""', "prod.keys.AWS::S3::Bucket: is a text"),
        ("[prod]\nbackup_days = 7", "is a table such as { database = 7 }, not 7"),
        ("[prod.backup_days]\nfiles = -1", "prod.backup_days.files: is a whole number from 0"),
        ("[prod.backup_days]\ndatabse = 7", "prod.backup_days.databse: is no kind of store; there are database, table"),
        ("[prod]\naccept = 1", "prod.accept: is a list of tables, each under [[prod.accept]]"),
        ('[prod]\naccept = ["x"]', "each under [[prod.accept]]"),
        (
            ACCEPT.replace("reason =", "because ="),
            "prod.accept[0].because: is no key here; there are rule, resource, reason",
        ),
        (ACCEPT.replace('reason = "it is so"', ""), "prod.accept[0].reason: is missing; say why this is right"),
        (ACCEPT.replace("it is so", " "), 'prod.accept[0].reason: is a text that is not blank, not " "'),
        (ACCEPT.replace("store-key", "store-kye"), '"store-kye" is no rule, did you mean "store-key"?'),
        (ACCEPT.replace("store-key", "x"), '"x" is no rule; docs/proofs.md lists them all'),
        (ACCEPT.replace('"store-key"', "7"), "prod.accept[0].rule: is a text that is not blank, not 7"),
        (ACCEPT.replace("Bucket", "*"), "prod.accept[0].resource: is one logical id"),
        (ACCEPT.replace('resource = "Bucket"', ""), "prod.accept[0].resource: is missing"),
        (
            PERMISSION.replace('["s3:GetObject"]', '["get"]'),
            'actions: "get" is not one action spelled out',
        ),
        (
            PERMISSION.replace("GetObject", "Get*"),
            '"s3:Get*" is not one action spelled out; it looks like s3:GetObject',
        ),
        (PERMISSION.replace('["s3:GetObject"]', "[]"), "prod.permission[0].actions: is empty; name at least one"),
        (
            PERMISSION.replace('resources = ["*"]', ""),
            'prod.permission[0].resources: is a list of texts, ["…"], not missing',
        ),
        (PERMISSION.replace('reason = "x"', ""), "prod.permission[0].reason: is missing; say why"),
    ],
)
def test_a_fault_is_told_with_its_table_key_value_and_what_is_allowed(text: str, words: str) -> None:
    found = faults(text)
    assert any(words in fault for fault in found), found
    assert all(fault.startswith("params/intent.toml: ") for fault in found)


def test_all_faults_are_told_at_once_those_of_other_environments_too() -> None:
    found = faults("x = 1\n[dev]\nlog_days = -1\n[prod]\nimage = 1\n[default]\ntypo = 1\n[[default.accept]]\n")
    assert [fault.split(": ")[1] for fault in found] == [
        "x",
        "dev.log_days",
        "prod.image",
        "default.typo",
        "default.accept[0].rule",
        "default.accept[0].resource",
        "default.accept[0].reason",
    ]


def test_any_table_may_be_an_environment_where_those_are_not_known() -> None:
    assert read_intent({"exam": {"log_days": 3}}, "exam", rules=RULES).log_days == 3


FINDINGS = [
    proved("store-kept", "A", "", "kept"),
    broken("store-kept", "B", "DeletionPolicy", "lost", "keep"),
    unknown("store-key", "C", "Properties.KmsKeyId", "who knows", "say"),
    broken("store-secret-exposed", "", "Outputs.Password.Value", "shown", "hide"),
]


def accepting(*pairs: tuple[str, str]) -> Intent:
    return Intent(accepted=tuple(Accepted(rule, name, "since", "prod.accept[0]") for rule, name in pairs))


@pytest.mark.parametrize(
    ("pair", "index"),
    [
        (("store-kept", "B"), 1),
        (("store-key", "C"), 2),
        (("store-secret-exposed", "Outputs.Password"), 3),
        (("store-secret-exposed", "Outputs.Password.Value"), 3),
    ],
)
def test_an_exception_takes_out_its_finding_and_no_other(pair: tuple[str, str], index: int) -> None:
    assert apply_intent(FINDINGS, accepting(pair)) == [*FINDINGS[:index], *FINDINGS[index + 1 :]]


@pytest.mark.parametrize(
    "pair", [("store-kept", "A"), ("store-kept", "C"), ("store-key", "B"), ("store-secret-exposed", "Outputs.Other")]
)
def test_an_exception_without_work_is_a_finding(pair: tuple[str, str]) -> None:
    *kept, last = apply_intent(FINDINGS, accepting(pair))
    assert kept == FINDINGS
    assert (last.id, last.verdict, last.logical_id) == ("intent-unused-exception", "broken", pair[1])
    assert last.message.startswith(f"params/intent.toml, prod.accept[0] accepts {pair[0]} here, and there is no such")


def test_an_exception_for_what_a_condition_leaves_out_waits() -> None:
    assert apply_intent(FINDINGS, accepting(("store-key", "Gone")), absent={"Gone"}) == FINDINGS


def test_one_exception_covers_all_findings_of_its_rule_on_its_resource() -> None:
    twice: list[Finding] = [FINDINGS[1], broken("store-kept", "B", "UpdateReplacePolicy", "lost", "keep")]
    assert apply_intent(twice, accepting(("store-kept", "B"))) == []


def test_a_file_is_read_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "intent.toml"
    assert load_intent(path, "prod") is DEFAULT
    with pytest.raises(BadInputError, match="there is no such file"):
        load_intent(path, "prod", where="mine.toml", required=True)
    path.write_text("[prod]\nlog_days = 7\n", encoding="utf-8")
    assert load_intent(path, "prod").log_days == 7
    path.write_text("[prod\n", encoding="utf-8")
    with pytest.raises(BadInputError, match=r"mine.toml:1: no valid TOML"):
        load_intent(path, "prod", where="mine.toml")
    path.write_text('[prod]\n[[prod.accept]]\nrule = "store-kept"\nresource = "A"\nreason = "b"\n', encoding="utf-8")
    assert load_intent(path, "prod").accepted[0].rule == "store-kept"
