"""Orders between a permission and the service that tries at once what it is allowed to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import add, att, ref, resource
from tests.unit.stackproof.proofs.wiring_platform import later
from tests.unit.stackproof.proofs.wiring_support import changed, complaints, findings

if TYPE_CHECKING:
    from stackproof.proofs.verdicts import Finding

FUNCTION = resource("Lambda::Function")
QUEUE = resource("SQS::Queue")
TOPIC = resource("SNS::Topic")
PERMISSION = resource("Lambda::Permission", FunctionName=ref("Target"))


def told(*, judge: str = "wire-order-permission", **resources: dict[str, Any]) -> list[Finding]:
    """What is said about orders of permissions."""
    return [one for one in findings(changed(add(**resources))) if one.id == judge and one.logical_id == "Early"]


def notifying(kind: str, key: str, value: object) -> dict[str, Any]:
    """A bucket that tells of new objects."""
    entry = {key: value, "Event": "s3:ObjectCreated:*"}
    return resource("S3::Bucket", NotificationConfiguration={f"{kind}Configurations": [entry]})


@pytest.mark.parametrize(
    ("early", "target", "allowing", "says"),
    [
        (
            resource("SecretsManager::RotationSchedule", RotationLambdaARN=att("Target", "Arn")),
            FUNCTION,
            PERMISSION,
            "Secrets Manager refuses it, since it may not reach Target yet",
        ),
        (
            resource("Logs::SubscriptionFilter", DestinationArn=att("Target", "Arn")),
            FUNCTION,
            PERMISSION,
            "CloudWatch Logs refuses it, since it may not reach Target yet",
        ),
        (notifying("Lambda", "Function", att("Target", "Arn")), FUNCTION, PERMISSION, "S3 refuses it"),
        (
            notifying("Queue", "Queue", att("Target", "Arn")),
            QUEUE,
            resource("SQS::QueuePolicy", Queues=[ref("Target")]),
            "S3 refuses it",
        ),
        (
            notifying("Topic", "Topic", ref("Target")),
            TOPIC,
            resource("SNS::TopicPolicy", Topics=[ref("Target")]),
            "S3 refuses it",
        ),
    ],
)
def test_who_calls_at_once_waits_for_what_lets_it_in(
    early: dict[str, Any], target: dict[str, Any], allowing: dict[str, Any], says: str
) -> None:
    (found,) = told(Early=early, Target=target, Allowing=allowing)
    assert (found.verdict, found.path) == (Verdict.BROKEN, "DependsOn")
    assert "nothing in Early waits for Allowing: " + says in found.message
    (right,) = told(Early=later(early, "Allowing"), Target=target, Allowing=allowing)
    assert right.verdict is Verdict.PROVED
    # Nothing to wait for, or nobody of this template.
    assert told(Early=early, Target=target) == []
    assert told(Early=resource("S3::Bucket"), Target=target, Allowing=allowing) == []


def test_a_call_to_somebody_else_waits_for_nothing() -> None:
    elsewhere = "arn:aws:lambda:sa-east-1:111122223333:function:theirs"
    early = resource("Logs::SubscriptionFilter", DestinationArn=elsewhere)
    assert told(Early=early, Target=FUNCTION, Allowing=PERMISSION) == []


def test_a_permission_that_may_not_be_there_is_not_waited_for() -> None:
    early = resource("Logs::SubscriptionFilter", DestinationArn=att("Target", "Arn"))
    assert told(Early=early, Target=FUNCTION, Allowing={**PERMISSION, "Condition": "Maybe"}) == []


@pytest.mark.parametrize("kind", ["RDS::DBCluster", "RDS::DBInstance"])
def test_a_database_waits_for_the_rights_of_enhanced_monitoring(kind: str) -> None:
    watcher = resource("IAM::Role", AssumeRolePolicyDocument={})
    rights = resource("IAM::Policy", PolicyName="x", PolicyDocument={"Statement": []}, Roles=[ref("Watcher")])
    early = resource(kind, MonitoringRoleArn=att("Watcher", "Arn"))
    (found,) = told(judge="wire-order-policy", Early=early, Watcher=watcher, Rights=rights)
    assert (found.verdict, found.path) == (Verdict.UNKNOWN, "DependsOn")
    assert found.message == (
        "Whether Early is made in time cannot be told: nothing in Early waits for Rights: RDS may refuse it, since"
        " Watcher is not allowed to write what is measured yet."
    )
    (right,) = told(judge="wire-order-policy", Early=later(early, "Rights"), Watcher=watcher, Rights=rights)
    assert right.verdict is Verdict.PROVED
    assert told(judge="wire-order-policy", Early=early, Watcher=watcher) == []
    assert told(judge="wire-order-policy", Early=resource(kind), Watcher=watcher, Rights=rights) == []
    assert [one for one in complaints(changed(add(Watcher=watcher, Rights=rights))) if "order" in one.id] == []
