"""Which alarms take an update back, and which do not, with a word on those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from stackproof.deployment import aws, triggers
from stackproof.deployment.triggers import Alarm
from tests.unit.stackproof.deployment.builders import STACK_ID, START, stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

METRIC, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"


def arn(name: str) -> str:
    return f"arn:aws:cloudwatch:sa-east-1:111111111111:alarm:{name}"


def alarm(name: str, kind: str = METRIC, state: str = "OK", *, scales: bool = False) -> Alarm:
    return Alarm(name, arn(name), kind, state, scales)


def chosen(*alarms: Alarm) -> tuple[list[str], list[str]]:
    configuration, said = triggers.choose(alarms)
    return [each["Arn"].rpartition(":")[2] for each in configuration["RollbackTriggers"]], said


def test_quiet_alarms_are_taken_and_one_without_data_is_quiet() -> None:
    assert chosen(alarm("Errors"), alarm("Latency", state="INSUFFICIENT_DATA")) == (["Errors", "Latency"], [])


def test_one_that_is_off_already_would_take_back_everything_so_it_is_left_out_with_a_word() -> None:
    said = "Errors is in ALARM now, so it cannot take this update back"
    assert chosen(alarm("Errors", state="ALARM"), alarm("Latency")) == (["Latency"], [said])


def test_one_that_scales_goes_off_in_the_course_of_things() -> None:
    assert chosen(alarm("Busy", scales=True, state="ALARM"), alarm("Errors")) == (["Errors"], [])


def test_of_more_than_five_those_that_sum_up_come_first_and_the_rest_is_named() -> None:
    taken, said = chosen(*[alarm(f"A{number}") for number in range(6)], alarm("All", COMPOSITE))
    assert taken == ["All", "A0", "A1", "A2", "A3"]
    assert said == ["CloudFormation takes 5 rollback triggers; not among them: A4, A5"]


@pytest.fixture
def cloudformation(account: aws.Aws) -> Iterator[Stubber]:
    with Stubber(account.cloudformation) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def cloudwatch(account: aws.Aws) -> Iterator[Stubber]:
    with Stubber(account.cloudwatch) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def resources(stubber: Stubber, names: Sequence[str]) -> None:
    found = [
        {
            "LogicalResourceId": name,
            "PhysicalResourceId": f"lms-{name}",
            "ResourceType": METRIC,
            "ResourceStatus": "CREATE_COMPLETE",
            "LastUpdatedTimestamp": START,
        }
        for name in names
    ]
    stubber.add_response("list_stack_resources", {"StackResourceSummaries": found}, {"StackName": STACK_ID})


def described(stubber: Stubber, names: Sequence[str], asked: Sequence[str], actions: Sequence[str] = ()) -> None:
    found = [
        {"AlarmName": name, "AlarmArn": arn(name), "StateValue": "OK", "AlarmActions": list(actions)} for name in names
    ]
    stubber.add_response(
        "describe_alarms",
        {"MetricAlarms": found, "CompositeAlarms": []},
        {"AlarmNames": list(asked), "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100},
    )


def template(*names: str) -> dict[str, Any]:
    return {"Resources": {name: {"Type": METRIC} for name in names} | {"Topic": {"Type": "AWS::SNS::Topic"}}}


def test_alarms_that_both_stack_and_template_have_are_found_by_their_names(
    account: aws.Aws, cloudformation: Stubber, cloudwatch: Stubber
) -> None:
    # "Gone" is in the stack and not in the template to come, "Lost" was deleted by hand, "New" does not exist yet.
    resources(cloudformation, ["Errors", "Gone", "Lost"])
    described(cloudwatch, ["lms-Errors", "lms-Gone"], ["lms-Errors", "lms-Gone", "lms-Lost"])
    found, said = triggers.find(account, stack(), template("Errors", "Lost", "New"))
    assert found == {"RollbackTriggers": [{"Arn": arn("lms-Errors"), "Type": METRIC}]}
    assert said == []


@pytest.mark.parametrize(("listed", "taken"), [(["Errors", "Elsewhere"], ["lms-Errors"]), ([], [])])
def test_a_template_may_say_which_of_its_alarms_count(
    account: aws.Aws, cloudformation: Stubber, cloudwatch: Stubber, listed: list[str], taken: list[str]
) -> None:
    existing = stack(triggers=(arn("lms-Backup"),))
    resources(cloudformation, ["Errors", "Backup"])
    described(cloudwatch, ["lms-Errors", "lms-Backup"], ["lms-Errors", "lms-Backup"])
    body = {**template("Errors", "Backup"), "Metadata": {triggers.KEY: listed}}
    found, said = triggers.find(account, existing, body)
    assert found == {"RollbackTriggers": [{"Arn": arn(name), "Type": METRIC} for name in taken]}
    assert said == []


@pytest.mark.parametrize("metadata", [None, {}, {triggers.KEY: "Errors"}, [triggers.KEY]])
def test_one_that_does_not_say_so_means_all_of_them(
    account: aws.Aws, cloudformation: Stubber, cloudwatch: Stubber, metadata: object
) -> None:
    resources(cloudformation, ["Errors", "Backup"])
    described(cloudwatch, ["lms-Errors", "lms-Backup"], ["lms-Errors", "lms-Backup"])
    found, _ = triggers.find(account, stack(), {**template("Errors", "Backup"), "Metadata": metadata})
    assert found is not None
    assert [each["Arn"] for each in found["RollbackTriggers"]] == [arn("lms-Errors"), arn("lms-Backup")]


def test_more_alarms_than_one_call_takes_are_asked_for_in_several(
    account: aws.Aws, cloudformation: Stubber, cloudwatch: Stubber
) -> None:
    names = [f"A{number}" for number in range(101)]
    physical = [f"lms-{name}" for name in names]
    resources(cloudformation, names)
    described(cloudwatch, physical[:100], physical[:100], ["arn:aws:autoscaling:sa-east-1:1:scalingPolicy:x:y"])
    described(cloudwatch, physical[100:], physical[100:])
    found, _ = triggers.find(account, stack(), template(*names))
    assert found == {"RollbackTriggers": [{"Arn": arn("lms-A100"), "Type": METRIC}]}


def test_where_the_last_alarm_goes_its_trigger_is_taken_away_with_it(
    account: aws.Aws, cloudformation: Stubber, cloudwatch: Stubber
) -> None:
    resources(cloudformation, ["Errors"])
    described(cloudwatch, ["lms-Errors"], ["lms-Errors"])
    found, _ = triggers.find(account, stack(triggers=(arn("lms-Errors"),)), template())
    assert found == {"RollbackTriggers": []}


def test_triggers_that_somebody_chose_stay(account: aws.Aws, cloudformation: Stubber, cloudwatch: Stubber) -> None:
    resources(cloudformation, ["Errors"])
    described(cloudwatch, ["lms-Errors"], ["lms-Errors"])
    described(cloudwatch, ["theirs"], ["theirs"])
    found, said = triggers.find(account, stack(triggers=(arn("theirs"),)), template("Errors"))
    assert found is None
    assert said == ["its rollback triggers stay, which are no alarms of this stack: theirs"]


def test_a_trigger_that_is_gone_is_one_no_more(account: aws.Aws, cloudformation: Stubber, cloudwatch: Stubber) -> None:
    """An alarm of the stack that an earlier update took away would fail this one."""
    resources(cloudformation, ["Errors"])
    described(cloudwatch, ["lms-Errors"], ["lms-Errors"])
    described(cloudwatch, [], ["gone"])
    found, said = triggers.find(account, stack(triggers=(arn("gone"),)), template("Errors"))
    assert found is not None
    assert [each["Arn"] for each in found["RollbackTriggers"]] == [arn("lms-Errors")]
    assert said == []


def test_nothing_is_asked_of_a_new_stack_or_one_without_alarms(account: aws.Aws, cloudformation: Stubber) -> None:
    for existing in (None, stack("REVIEW_IN_PROGRESS")):
        assert triggers.find(account, existing, template("Errors")) == (None, [])
    assert triggers.find(account, stack(), template()) == (None, [])


def test_alarms_that_may_not_be_looked_at_are_a_sentence(
    account: aws.Aws, cloudformation: Stubber, cloudwatch: Stubber
) -> None:
    resources(cloudformation, ["Errors"])
    cloudwatch.add_client_error("describe_alarms", "AccessDenied", "not for you")
    found, (said,) = triggers.find(account, stack(), template("Errors"))
    assert found is None
    assert said.startswith("no alarm takes this update back: cloudwatch:DescribeAlarms is not allowed")


def test_any_other_error_is_passed_on(account: aws.Aws, cloudformation: Stubber) -> None:
    cloudformation.add_client_error("list_stack_resources", "ExpiredToken", "too late")
    with pytest.raises(ClientError, match="too late"):
        triggers.find(account, stack(), template("Errors"))
