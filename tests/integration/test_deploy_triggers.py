"""An update that sets off one of the stack's own alarms is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.deployer import STACK, TOPIC
from tests.integration.lasting import WAIT, finish, is_waiting, status, until

if TYPE_CHECKING:
    from tests.integration.deployer import Deployer

METRIC = {
    "Namespace": "lms",
    "MetricName": "errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}


def alarm(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": name, **METRIC, **more}}


SCALING = "arn:aws:autoscaling:sa-east-1:111111111111:scalingPolicy:0f1e:resource/ecs/service/lms:policyName/more"
ALARMS = {
    "Topic": TOPIC,
    "Errors": alarm("errors"),
    "Latency": alarm("latency"),
    "Busy": alarm("busy", AlarmActions=[SCALING]),
}
TITLE = "Rolled back if one of these alarms goes off meanwhile"


def triggers(deployer: Deployer) -> list[str]:
    found = (deployer.stack() or {}).get("RollbackConfiguration", {}).get("RollbackTriggers", [])
    return [each["Arn"].rpartition(":")[2] for each in found]


def set_state(deployer: Deployer, name: str, state: str) -> None:
    deployer.aws.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="as the test wants")


def test_an_alarm_that_goes_off_meanwhile_takes_the_update_back(deployer: Deployer) -> None:
    deployer.write(ALARMS)
    done = deployer.apply()
    assert TITLE not in done.out  # a new stack has no alarms yet
    deployer.write({**ALARMS, "Wait": WAIT, "Last": {**TOPIC, "DependsOn": "Wait"}})
    assert f"\n{TITLE}\n  errors\n  latency\n\n2 to add\n" in deployer("plan", "dev").out
    with deployer.start("apply", "dev", "--yes") as process:
        until(lambda: status(deployer) == "UPDATE_IN_PROGRESS" and is_waiting(deployer))
        assert triggers(deployer) == ["errors", "latency"]
        set_state(deployer, "errors", "ALARM")
        finish(deployer)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "lms-dev ended in UPDATE_ROLLBACK_COMPLETE." in said
    found = deployer.cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    assert sorted(each["LogicalResourceId"] for each in found) == sorted(ALARMS)


def test_an_alarm_that_is_off_already_does_not_keep_its_remedy_away(deployer: Deployer) -> None:
    deployer.write(ALARMS)
    deployer.apply()
    set_state(deployer, "errors", "ALARM")
    set_state(deployer, "latency", "INSUFFICIENT_DATA")
    deployer.write({**ALARMS, "Other": TOPIC})
    done = deployer.apply()
    assert f"\n{TITLE}\n  latency\n\n" in done.out
    assert "  ! Errors is in ALARM now, so it cannot take this update back\n" in done.out
    assert (status(deployer), triggers(deployer)) == ("UPDATE_COMPLETE", ["latency"])


def test_a_trigger_goes_with_its_alarm_so_that_the_next_update_does_not_miss_it(deployer: Deployer) -> None:
    deployer.write(ALARMS)
    deployer.apply()
    deployer.write({**ALARMS, "Other": TOPIC})
    deployer.apply()
    assert triggers(deployer) == ["errors", "latency"]
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    assert triggers(deployer) == []
    deployer.write({"Topic": TOPIC, "Other": TOPIC})
    deployer.apply()
    assert status(deployer) == "UPDATE_COMPLETE"


def test_a_plan_in_a_file_keeps_its_triggers(deployer: Deployer) -> None:
    deployer.write(ALARMS)
    deployer.apply()
    deployer.write({**ALARMS, "Other": TOPIC})
    assert deployer("plan", "dev", "--out", "plan.json").code == 0
    (plan, *_) = deployer("apply", "dev", "--plan", "plan.json", "--yes", "--json").objects
    assert plan["triggers"] == ["errors", "latency"]
    assert triggers(deployer) == ["errors", "latency"]
