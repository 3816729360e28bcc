"""Fargate: tasks that schedules and events start, and definitions that nobody here runs."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.verdicts import Finding, Verdict
from tests.unit.stackproof.proofs.network_support import add, att, ref, resource
from tests.unit.stackproof.proofs.wiring_support import changed, findings

NETWORK = {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}}


def job(**properties: object) -> dict[str, Any]:
    """A task definition for Fargate, with other properties."""
    given = {"Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"]}
    container = {"Name": "job", "Image": "public.ecr.aws/docker/library/busybox:1"}
    return resource("ECS::TaskDefinition", ContainerDefinitions=[container], **{**given, **properties})


def parameters(**more: object) -> dict[str, Any]:
    """A target that starts the job on Fargate; None takes a parameter out."""
    given = {"TaskDefinitionArn": ref("Job"), "LaunchType": "FARGATE", "NetworkConfiguration": NETWORK, **more}
    kept = {name: value for name, value in given.items() if value is not None}
    return {"Arn": att("Cluster", "Arn"), "EcsParameters": kept}


def nightly(kind: str, **more: object) -> dict[str, Any]:
    """Who starts the job, by either type."""
    target = parameters(**more)
    if kind == "Scheduler::Schedule":
        return resource(kind, ScheduleExpression="rate(1 day)", Target=target)
    return resource(kind, ScheduleExpression="rate(1 day)", Targets=[{**target, "Id": "job"}])


def said(**resources: dict[str, Any]) -> list[Finding]:
    """What is said of Fargate that is about the job."""
    found = findings(changed(add(**resources)))
    return [one for one in found if one.id == "wire-fargate" and one.logical_id in {"Job", "Nightly"}]


KINDS = ("Scheduler::Schedule", "Events::Rule")


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_that_is_started_on_fargate(kind: str) -> None:
    (right,) = said(Job=job(), Nightly=nightly(kind))
    assert (right.verdict, right.logical_id, right.message) == (
        Verdict.PROVED,
        "Nightly",
        "Job is registered for Fargate",
    )
    (found,) = said(Job=job(NetworkMode="bridge"), Nightly=nightly(kind))
    assert (found.verdict, found.logical_id, found.path) == (Verdict.BROKEN, "Job", "Properties.NetworkMode")
    assert found.message == "No task starts by Nightly: tasks on Fargate run in network mode awsvpc, not bridge."
    (found,) = said(Job=job(RequiresCompatibilities=["EC2"]), Nightly=nightly(kind))
    assert (found.logical_id, found.path) == ("Job", "Properties.RequiresCompatibilities")
    assert found.message.startswith("No task starts by Nightly: it runs on Fargate, which the task definition is not")
    assert said(Job=job(RequiresCompatibilities=[ref("Given")]), Nightly=nightly(kind)) == []


@pytest.mark.parametrize(
    ("kind", "path"), [(KINDS[0], "Properties.Target"), (KINDS[1], "Properties.Targets.0")], ids=KINDS
)
def test_a_task_with_an_address_of_its_own_has_a_subnet(kind: str, path: str) -> None:
    (found,) = said(Job=job(), Nightly=nightly(kind, NetworkConfiguration=None))
    assert (found.verdict, found.logical_id, found.path) == (Verdict.BROKEN, "Nightly", f"{path}.EcsParameters")
    assert found.message == (
        "No task starts by Nightly: the tasks of Job have addresses of their own, and no subnet to take them from."
    )
    assert found.fix == "Add NetworkConfiguration with the subnets and security groups."
    bridge = job(NetworkMode="bridge", RequiresCompatibilities=["EC2"])
    assert said(Job=bridge, Nightly=nightly(kind, NetworkConfiguration=None, LaunchType="EC2")) == []
    elsewhere = "arn:aws:ecs:sa-east-1:111122223333:task-definition/theirs:1"
    assert said(Nightly=nightly(kind, NetworkConfiguration=None, TaskDefinitionArn=elsewhere)) == []


def test_a_definition_that_nobody_here_runs() -> None:
    assert said(Job=job()) == []
    (found,) = said(Job=job(NetworkMode="host"))
    assert (found.verdict, found.logical_id, found.path) == (Verdict.BROKEN, "Job", "Properties.NetworkMode")
    assert found.message == (
        "ECS refuses to register the task definition: tasks on Fargate run in network mode awsvpc, not host."
    )
    assert found.fix == "Set NetworkMode to awsvpc."
    assert said(Job=job(NetworkMode=ref("Given"))) == []
    assert said(Job=job(NetworkMode="host", RequiresCompatibilities=["EC2"])) == []
