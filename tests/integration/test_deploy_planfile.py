"""`plan --out` and `apply --plan`: exactly what was shown is applied, or nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.deployer import ALLOW, STACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.deployer import Deployer

SIZE = {"Size": {"Type": "String", "Default": "1"}}


def setting(value: Any) -> dict[str, Any]:
    return {
        "Setting": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/lms", "Type": "String", "Value": value}}
    }


SETTING = setting({"Ref": "Size"})


def value(deployer: Deployer) -> str:
    return str(deployer.aws.client("ssm").get_parameter(Name="/lms")["Parameter"]["Value"])


@pytest.fixture
def planned(deployer: Deployer) -> Deployer:
    """A stack with Size 1, and a plan that sets it to 2."""
    deployer.write(SETTING, parameters=SIZE)
    deployer.apply()
    done = deployer("plan", "dev", "--set", "Size=2", "--out", "plan.json")
    assert done.code == 0
    assert done.err == "Apply exactly this with: python deploy.py apply dev --plan plan.json\n"
    return deployer


def test_what_was_set_for_the_plan_is_applied_with_it(planned: Deployer) -> None:
    assert len(planned.change_sets()) == 1
    done = planned("apply", "dev", "--plan", "plan.json", "--yes")
    assert done.code == 0, done.err
    assert "  ~ Size: 1 → 2\n" in done.out
    assert value(planned) == "2"


def test_a_new_stack_can_be_made_from_a_plan(deployer: Deployer) -> None:
    deployer.write(setting("first"), policy=ALLOW)
    assert deployer("plan", "dev", "--out", "plan.json").code == 0
    assert (deployer.stack() or {})["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert deployer("apply", "dev", "--plan", "plan.json", "--yes").code == 0
    assert value(deployer) == "first"


def test_a_plan_without_a_change_is_applied_by_doing_nothing(deployer: Deployer) -> None:
    deployer.write(setting("first"))
    deployer.apply()
    assert deployer("plan", "dev", "--out", "plan.json").code == 0
    assert deployer.change_sets() == []
    done = deployer("apply", "dev", "--plan", "plan.json")
    assert (done.code, "no changes" in done.out) == (0, True)


def test_a_plan_that_nobody_approved_stays(planned: Deployer) -> None:
    assert planned("apply", "dev", "--plan", "plan.json").code == 4
    assert len(planned.change_sets()) == 1
    assert planned("apply", "dev", "--plan", "plan.json", "--yes").code == 0


def another_update(deployer: Deployer) -> None:
    deployer.write(setting("3"), parameters=SIZE)
    deployer.apply()
    deployer.write(SETTING, parameters=SIZE)


def made_anew(deployer: Deployer) -> None:
    assert deployer("destroy", "dev", "--yes").code == 0
    deployer.apply()


def change_set_deleted(deployer: Deployer) -> None:
    (name,) = deployer.change_sets()
    deployer.cloudformation.delete_change_set(StackName=STACK, ChangeSetName=name)


@pytest.mark.parametrize(
    ("move", "words"),
    [
        (
            lambda it: it.write(SETTING, parameters=SIZE | {"More": SIZE["Size"]}),
            "the template changed",
        ),
        (lambda it: it.write(SETTING, parameters=SIZE, tags={"environment": "x"}), "the tags changed"),
        (lambda it: it.write(SETTING, parameters=SIZE, policy=ALLOW), "the stack policy in the"),
        (another_update, "the stack (it was updated since) changed"),
        (made_anew, "the stack (another one has its name now)"),
        (change_set_deleted, "the plan's change set is gone"),
        (lambda it: edit(it, settings={"Size": "7"}), "the parameters changed"),
        (lambda it: edit(it, region="us-east-1"), "the region changed"),
    ],
)
def test_whatever_moved_since_voids_the_plan(move: Callable[[Deployer], None], words: str, planned: Deployer) -> None:
    move(planned)
    before = value(planned)
    done = planned("apply", "dev", "--plan", "plan.json", "--yes")
    assert done.code == 4
    assert words in done.err
    assert done.err.rstrip().endswith("Make a new plan.")
    assert value(planned) == before


def edit(deployer: Deployer, **values: Any) -> None:
    path = deployer.folder / "plan.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_change_set_of_another_stack_is_not_applied(planned: Deployer) -> None:
    other = planned("plan", "dev", "--stack-name", "lms-other", "--out", "other.json")
    assert other.code == 0
    edit(planned, change_set=json.loads((planned.folder / "other.json").read_text())["change_set"])
    done = planned("apply", "dev", "--plan", "plan.json", "--yes")
    assert done.code == 4
    assert "cannot be executed any more" in done.err


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read: No such file"), ("{}", "is no plan file that")])
def test_an_unusable_file_is_bad_input(content: str | None, words: str, deployer: Deployer) -> None:
    deployer.write(setting("first"))
    if content is not None:
        (deployer.folder / "plan.json").write_text(content)
    done = deployer("apply", "dev", "--plan", "plan.json", "--yes")
    assert done.code == 2
    assert f"plan.json: {words}" in done.err
