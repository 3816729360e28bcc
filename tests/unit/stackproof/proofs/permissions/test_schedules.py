"""Schedules: what each calls and where its dead letters go, by its role and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, add, att, ref, resource
from tests.unit.stackproof.proofs.permissions_support import (
    QUEUE,
    allow,
    alone,
    changed,
    complaints,
    key,
    role,
    the,
)

if TYPE_CHECKING:
    from tests.unit.stackproof.proofs.permissions_support import Template


def scheduled(target: dict[str, Any], *statements: object, **more: dict[str, Any]) -> Template:
    return alone(
        Schedule=resource("Scheduler::Schedule", Target={"RoleArn": att("Role", "Arn"), **target}),
        Role=role("scheduler", *statements),
        **more,
    )


def test_a_schedule_reaches_its_target_and_its_dead_letters_by_its_role() -> None:
    queue = resource("SQS::Queue")
    send = allow("sqs:SendMessage", att("Queue", "Arn"))
    assert complaints(scheduled(QUEUE, send, Queue=queue)) == []
    found = the(scheduled(QUEUE, Queue=queue))
    assert (found.id, found.logical_id) == ("iam-allowed", "Role")
    assert "Schedule cannot reach Queue: Role may not sqs:SendMessage" in found.message
    letters = {"Arn": "arn:aws:elsewhere", "DeadLetterConfig": QUEUE}
    assert complaints(scheduled(letters, send, Queue=queue)) == []
    assert "keep what could not be delivered" in the(scheduled(letters, Queue=queue)).message


def test_dead_letters_that_are_encrypted_need_their_key() -> None:
    send = allow("sqs:SendMessage", att("Queue", "Arn"))
    letters = {"Arn": "arn:aws:elsewhere", "DeadLetterConfig": QUEUE}
    given = {"Queue": resource("SQS::Queue", KmsMasterKeyId=ref("Key")), "Key": key()}
    through = {"StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}}
    use = allow(["kms:Decrypt", "kms:GenerateDataKey"], att("Key", "Arn"), Condition=through)
    assert complaints(scheduled(letters, send, use, **given)) == []
    found = the(scheduled(letters, send, allow("kms:Decrypt", att("Key", "Arn")), **given))
    assert found.message.startswith("Schedule cannot encrypt what it keeps in Queue: Role may not kms:GenerateDataKey")
    owned_by_aws = resource("SQS::Queue", KmsMasterKeyId="alias/aws/sqs")
    assert complaints(scheduled(letters, send, Queue=owned_by_aws)) == []


def test_a_schedule_that_calls_an_action_of_any_service_needs_that_action() -> None:
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:ecs:updateService"}
    there = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/lms/web"
    found = the(scheduled(target, allow("ecs:DescribeServices", there)))
    assert (found.verdict, found.id) == (Verdict.UNKNOWN, "iam-allowed")
    assert "call ecs:UpdateService" in found.message
    assert complaints(scheduled(target, allow("ecs:UpdateService", "*", Condition={"Null": {"ecs:cluster": "false"}})))


TOO_MUCH = allow("sqs:PurgeQueue", att("Queue", "Arn"))


def test_a_schedule_needs_no_more_than_to_reach_its_target() -> None:
    send = allow("sqs:SendMessage", att("Queue", "Arn"))
    found = the(scheduled(QUEUE, send, TOO_MUCH, Queue=resource("SQS::Queue")))
    assert (found.id, found.verdict, found.logical_id) == ("iam-unused-action", Verdict.BROKEN, "Role")
    assert found.message.startswith("Role grants sqs:PurgeQueue to Role for nothing")


@pytest.mark.parametrize(
    ("target", "more"),
    [
        pytest.param({"Arn": "arn:aws:elsewhere"}, {}, id="what it reaches is elsewhere"),
        pytest.param({"Arn": ref("Stream")}, {"Stream": resource("MSK::Cluster")}, id="nobody knows how it is reached"),
        pytest.param(
            {"Arn": att("Cluster", "Arn"), "EcsParameters": {"TaskDefinitionArn": "arn:aws:elsewhere"}},
            {"Cluster": resource("ECS::Cluster")},
            id="the task is elsewhere",
        ),
    ],
)
def test_a_schedule_with_needs_that_are_not_derived_is_not_judged(
    target: dict[str, Any], more: dict[str, dict[str, Any]]
) -> None:
    assert complaints(scheduled(target, TOO_MUCH, Queue=resource("SQS::Queue"), **more)) == []


def test_a_schedule_with_a_key_of_its_own_is_not_judged() -> None:
    send = allow("sqs:SendMessage", att("Queue", "Arn"))
    template = scheduled(QUEUE, send, TOO_MUCH, Queue=resource("SQS::Queue"))
    template["Resources"]["Schedule"]["Properties"]["KmsKeyArn"] = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own"
    assert complaints(template) == []


def test_a_schedule_that_tags_what_it_runs_may_be_allowed_to() -> None:
    tag = allow("ecs:TagResource", f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/*/*")
    run = allow("ecs:RunTask", ref("Task"))
    passed = allow("iam:PassRole", [att("ExecutionRole", "Arn"), att("TaskRole", "Arn")])

    def template(**more: object) -> Template:
        target = {"Arn": att("Cluster", "Arn"), "EcsParameters": {"TaskDefinitionArn": ref("Task"), **more}}
        return changed(
            add(
                Schedule=resource("Scheduler::Schedule", Target={"RoleArn": att("Role", "Arn"), **target}),
                Role=role("scheduler", run, passed, tag),
            )
        )

    assert complaints(template(PropagateTags="TASK_DEFINITION")) == []
    assert complaints(template(Tags=[{"Key": "a", "Value": "b"}])) == []
    assert the(template()).message.startswith("Role grants ecs:TagResource to Role for nothing")


def test_a_schedule_that_runs_a_task_passes_its_roles_on() -> None:
    target = {"Arn": att("Cluster", "Arn"), "EcsParameters": {"TaskDefinitionArn": ref("Task")}}
    run = allow("ecs:RunTask", ref("Task"))
    passed = allow(
        "iam:PassRole",
        [att("ExecutionRole", "Arn"), att("TaskRole", "Arn")],
        Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    )

    def template(*statements: object) -> Template:
        return changed(
            add(
                Schedule=resource("Scheduler::Schedule", Target={"RoleArn": att("Role", "Arn"), **target}),
                Role=role("scheduler", *statements),
            )
        )

    assert complaints(template(run, passed)) == []
    found = complaints(template(run))
    assert [one.message.partition(":")[0] for one in found] == [
        "Schedule cannot pass ExecutionRole on to Task",
        "Schedule cannot pass TaskRole on to Task",
    ]
    assert complaints(scheduled({"Arn": att("Cluster", "Arn")}, Cluster=resource("ECS::Cluster"))) == []
    bare = {"Cluster": resource("ECS::Cluster"), "Task": resource("ECS::TaskDefinition")}
    assert complaints(scheduled(target, run, **bare)) == []


@pytest.mark.parametrize(
    ("cluster", "allowed"),
    [(att("Cluster", "Arn"), True), (f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/other", False)],
)
def test_a_schedule_runs_its_task_in_its_own_cluster(cluster: object, *, allowed: bool) -> None:
    target = {"Arn": att("Cluster", "Arn"), "EcsParameters": {"TaskDefinitionArn": ref("Task")}}
    bare = {"Cluster": resource("ECS::Cluster", ClusterName="lms"), "Task": resource("ECS::TaskDefinition")}
    run = allow("ecs:RunTask", ref("Task"), Condition={"ArnEquals": {"ecs:cluster": cluster}})
    found = [one.message.partition(":")[0] for one in complaints(scheduled(target, run, **bare))]
    assert ("Schedule cannot run Task" not in found) is allowed, found


@pytest.mark.parametrize(
    ("group", "named", "allowed"),
    [
        ({"GroupName": "exams"}, "exams", True),
        ({"GroupName": "exams"}, "other", False),
        ({}, "default", True),
        ({"GroupName": ref("Group")}, "cron", True),
        ({"GroupName": ref("Group")}, "cron-2", False),
    ],
)
def test_a_schedule_comes_for_its_group(group: dict[str, Any], named: str, *, allowed: bool) -> None:
    source = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{named}"
    trusting = role("scheduler", allow("sqs:SendMessage", att("Queue", "Arn")))
    (statement,) = trusting["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    statement["Condition"] = {"ArnEquals": {"aws:SourceArn": source}}
    given = {
        "Schedule": resource("Scheduler::Schedule", Target={"RoleArn": att("Role", "Arn"), **QUEUE}, **group),
        "Queue": resource("SQS::Queue"),
        "Group": resource("Scheduler::ScheduleGroup", Name="cron"),
        "Role": trusting,
    }
    found = [(one.id, one.verdict) for one in complaints(alone(**given))]
    assert found == ([] if allowed else [("iam-trust", Verdict.BROKEN)])


def test_a_group_that_only_aws_knows_leaves_a_schedules_trust_open() -> None:
    source = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/exams"
    trusting = role("scheduler", allow("sqs:SendMessage", att("Queue", "Arn")))
    (statement,) = trusting["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    statement["Condition"] = {"ArnEquals": {"aws:SourceArn": source}}
    target = {"RoleArn": att("Role", "Arn"), **QUEUE}
    schedule = resource("Scheduler::Schedule", Target=target, GroupName={"Fn::ImportValue": "group"})
    found = the(alone(Schedule=schedule, Queue=resource("SQS::Queue"), Role=trusting))
    assert (found.id, found.verdict) == ("iam-trust", Verdict.UNKNOWN)
