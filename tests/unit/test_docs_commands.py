"""docs/restore.md, door.md and upgrades.md: every command exists, with the options and parameters that it is given."""

from __future__ import annotations

import re
import shlex
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.waiter import WaiterModel

from stackproof.arguments import parser
from templates import TEMPLATES
from tests.templates_support import Emitted

ROOT = Path(__file__).parents[2]
TEXTS = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("restore.md", "door.md", "upgrades.md")}
FENCES = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# What is marked as a console is run (tests/documents.py).
BLOCKS = [block for text in TEXTS.values() for label, block in FENCES.findall(text) if not label]
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line]
AWS = [command for command in COMMANDS if command.startswith("aws ")]
OURS = [command for command in COMMANDS if command.startswith("python deploy.py ")]
GLOBAL = {"query", "output", "region"}


@cache
def service(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def operation(service_name: str, command: str) -> Any:
    """The operation behind a command of the AWS CLI; of a waiter, the one that it asks again and again."""
    model = service(service_name)
    name = command
    if command.startswith("wait "):
        waiters = WaiterModel(Loader().load_service_model(service_name, "waiters-2"))
        by_name = {xform_name(waiter, "-"): waiter for waiter in waiters.waiter_names}
        name = xform_name(waiters.get_waiter(by_name[command.removeprefix("wait ")]).operation, "-")
    names = {xform_name(each, "-"): each for each in model.operation_names}
    return model.operation_model(names[name])


def test_there_are_commands_of_both_kinds() -> None:
    assert len(AWS) >= 10
    assert len(OURS) >= 3
    assert sorted(AWS + OURS) == sorted(COMMANDS)


@pytest.mark.parametrize("command", AWS, ids=lambda command: " ".join(str(command).split()[1:4]))
def test_every_command_of_aws_exists_with_its_options(command: str) -> None:
    _, service_name, *words = shlex.split(command)
    name = " ".join(words[:2]) if words[0] == "wait" else words[0]
    model = operation(service_name, name)
    members = {xform_name(member, "-"): member for member in model.input_shape.members}
    given = {word.removeprefix("--") for word in words if word.startswith("--")} - GLOBAL
    switches = {f"no-{name}" for name in members} | members.keys()
    assert given <= switches
    required = {xform_name(member, "-") for member in model.input_shape.required_members}
    assert required <= given


@pytest.mark.parametrize("command", OURS)
def test_every_command_of_ours_is_understood_and_sets_parameters_that_exist(command: str) -> None:
    given = shlex.split(command)[2:]
    assert parser("deploy.py").parse_args(given).command == given[0]
    template = Emitted(TEMPLATES["lms"]())
    for setting in [value for option, value in pairwise(given) if option == "--set"]:
        assert setting.partition("=")[0] in template.parameters


def test_the_table_of_the_web_firewall_has_its_rules_in_their_order() -> None:
    template = Emitted(TEMPLATES["lms"](), WebFirewall="block", AllowedAddresses="200.144.0.0/24")
    rules = template.resources["WebAcl"]["Rules"]
    told = re.findall(r"^\| ([0-9]) \| `(\w+)` \| (.*) \|$", TEXTS["door.md"], re.MULTILINE)
    assert [(int(order), name) for order, name, _ in told] == sorted((rule["Priority"], rule["Name"]) for rule in rules)
    for rule, (_, _, text) in zip(sorted(rules, key=lambda rule: int(rule["Priority"])), told, strict=True):
        overrides = rule["Statement"].get("ManagedRuleGroupStatement", {}).get("RuleActionOverrides", [])
        assert {override["Name"] for override in overrides} <= set(re.findall(r"`(\w+)`", text))
