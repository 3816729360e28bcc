"""Tasks where the embedded AWS cannot follow: Fargate, Spot, failures to start, logs page by page. AWS's own answers.

Shapes are botocore's own (Stubber); the sentences follow the ECS Developer Guide's "Stopped tasks error messages".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber

from stackproof.deployment import aws, polling, runtask
from stackproof.deployment.runtask import Place
from stackproof.deployment.waiting import Ended, Look
from stackproof.errors import RefusedError
from stackproof.steps import Task
from tests.unit.stackproof.deployment.builders import STACK_ID, START, stack

if TYPE_CHECKING:
    from collections.abc import Iterator

CLUSTER = "arn:aws:ecs:sa-east-1:111111111111:cluster/lms-dev"
SERVICE = "arn:aws:ecs:sa-east-1:111111111111:service/lms-dev/lms"
DEFINITION = "arn:aws:ecs:sa-east-1:111111111111:task-definition/lms:7"
TASK = "arn:aws:ecs:sa-east-1:111111111111:task/lms-dev/0f1e2d"
NETWORK: Any = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
WHERE = Place(CLUSTER, DEFINITION, "app", NETWORK, "FARGATE", "LATEST", "/lms/app", "app")


@pytest.fixture
def ecs(account: aws.Aws) -> Iterator[Stubber]:
    with Stubber(account.ecs) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def logs(account: aws.Aws) -> Iterator[Stubber]:
    with Stubber(account.logs) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def resources(account: aws.Aws, *found: tuple[str, str, str]) -> Stubber:
    stubber = Stubber(account.cloudformation)
    rows = [
        {
            "LogicalResourceId": name,
            "ResourceType": kind,
            "PhysicalResourceId": arn,
            "ResourceStatus": "CREATE_COMPLETE",
            "LastUpdatedTimestamp": START,
        }
        for name, kind, arn in found
    ]
    stubber.add_response("list_stack_resources", {"StackResourceSummaries": rows}, {"StackName": STACK_ID})
    stubber.activate()
    return stubber


def defined(ecs: Stubber, *containers: dict[str, Any]) -> None:
    found = {"taskDefinitionArn": DEFINITION, "containerDefinitions": list(containers) or [{"name": "app"}]}
    ecs.add_response("describe_task_definition", {"taskDefinition": found}, {"taskDefinition": DEFINITION})


def service(ecs: Stubber, cluster: str = "lms-dev", arn: str = SERVICE, **more: Any) -> None:
    found = {"clusterArn": CLUSTER, "taskDefinition": DEFINITION, "networkConfiguration": NETWORK, **more}
    ecs.add_response("describe_services", {"services": [found]}, {"cluster": cluster, "services": [arn]})


LOG = {"logDriver": "awslogs", "options": {"awslogs-group": "/lms/app", "awslogs-stream-prefix": "app"}}


@pytest.mark.parametrize(
    ("capacity", "launch_type"),
    [
        ({"launchType": "FARGATE"}, "FARGATE"),
        ({"launchType": "EC2"}, "EC2"),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}, {"capacityProvider": "FARGATE"}]},
            "FARGATE",
        ),
        ({"capacityProviderStrategy": [{"capacityProvider": "own"}], "launchType": "EC2"}, "EC2"),
        ({}, "EC2"),
    ],
)
def test_a_task_runs_where_its_service_runs_but_never_on_spot(
    capacity: dict[str, Any], launch_type: str, account: aws.Aws, ecs: Stubber
) -> None:
    resources(account, ("Service", "AWS::ECS::Service", SERVICE))
    service(ecs, platformVersion="1.4.0", **capacity)
    defined(ecs, {"name": "app", "logConfiguration": LOG}, {"name": "agent"})
    assert runtask.place(account, stack(), Task("Service")) == Place(
        CLUSTER, DEFINITION, "app", NETWORK, launch_type, "1.4.0", "/lms/app", "app"
    )


def test_a_service_whose_arn_has_the_old_form_is_in_the_default_cluster(account: aws.Aws, ecs: Stubber) -> None:
    old = "arn:aws:ecs:sa-east-1:111111111111:service/lms"
    resources(account, ("Service", "AWS::ECS::Service", old))
    service(ecs, "default", old)
    defined(ecs)
    assert runtask.place(account, stack(), Task("Service")).cluster == CLUSTER


@pytest.mark.parametrize(
    "log",
    [
        {},
        {"logDriver": "awsfirelens", "options": {"awslogs-group": "/lms", "awslogs-stream-prefix": "app"}},
        {"logDriver": "awslogs", "options": {"awslogs-group": "/lms"}},
    ],
    ids=["none", "another driver", "streams that have no name"],
)
def test_a_log_that_cannot_be_found_is_not_looked_for(log: dict[str, Any], account: aws.Aws, ecs: Stubber) -> None:
    resources(account, ("Service", "AWS::ECS::Service", SERVICE))
    service(ecs)
    defined(ecs, {"name": "app", **({"logConfiguration": log} if log else {})})
    assert runtask.place(account, stack(), Task("Service")).log_group == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (("Service", "AWS::ECS::Service", ""), "no AWS::ECS::Service Service; it has Service"),  # not made yet
        (("Service", "AWS::SNS::Topic", "arn"), "no AWS::ECS::Service Service; it has none at all"),
    ],
)
def test_a_stack_without_the_service_is_no_place(found: tuple[str, str, str], words: str, account: aws.Aws) -> None:
    resources(account, found)
    with pytest.raises(RefusedError, match=words):
        runtask.place(account, stack(), Task("Service"))


def test_a_task_is_started_once_with_its_command_and_a_token(account: aws.Aws, ecs: Stubber) -> None:
    wanted = {
        "cluster": CLUSTER,
        "taskDefinition": DEFINITION,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "count": 1,
        "overrides": {"containerOverrides": [{"name": "app", "command": ["lms", "upgrade"]}]},
        "startedBy": "stackproof",
        "clientToken": "one",
        "networkConfiguration": NETWORK,
    }
    ecs.add_response("run_task", {"tasks": [{"taskArn": TASK}], "failures": []}, wanted)
    assert runtask.start(account, WHERE, Task("Service", command=("lms", "upgrade")), "one") == TASK


def test_on_instances_there_is_no_platform_and_maybe_no_network(account: aws.Aws, ecs: Stubber) -> None:
    wanted = {
        "cluster": CLUSTER,
        "taskDefinition": DEFINITION,
        "launchType": "EC2",
        "count": 1,
        "overrides": {"containerOverrides": [{"name": "app"}]},
        "startedBy": "stackproof",
        "clientToken": "one",
    }
    ecs.add_response("run_task", {"tasks": [{"taskArn": TASK}], "failures": []}, wanted)
    where = Place(CLUSTER, DEFINITION, "app", None, "EC2", "", "", "")
    assert runtask.start(account, where, Task("Service"), "one") == TASK


@pytest.mark.parametrize(
    ("failures", "words"),
    [
        ([{"arn": "arn:instance", "reason": "RESOURCE:MEMORY"}], "RESOURCE:MEMORY"),
        ([], "it gives no reason"),
    ],
)
def test_where_ecs_starts_none_it_says_why(
    failures: list[dict[str, str]], words: str, account: aws.Aws, ecs: Stubber
) -> None:
    ecs.add_response("run_task", {"tasks": [], "failures": failures})
    with pytest.raises(RefusedError, match=f"ECS started no task: {words}"):
        runtask.start(account, WHERE, Task("Service"), "one")


def looked(ecs: Stubber, status: str, container: dict[str, Any] | None = None, **more: Any) -> None:
    found = {
        "lastStatus": status,
        "containers": [{"name": "agent", "exitCode": 9}, {"name": "app", **(container or {})}],
    }
    ecs.add_response("describe_tasks", {"tasks": [{**found, **more}]}, {"cluster": CLUSTER, "tasks": [TASK]})


def written(logs: Stubber, forward: str, *lines: str, after: str = "") -> None:
    wanted = {"logGroupName": "/lms/app", "logStreamName": "app/app/0f1e2d", "startFromHead": True}
    answer = {"events": [{"message": line} for line in lines], "nextForwardToken": forward}
    logs.add_response("get_log_events", answer, wanted | ({"nextToken": after} if after else {}))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def watched(account: aws.Aws, where: Place = WHERE, minutes: float = 60) -> list[Look]:
    clock = Clock()
    pace = polling.for_events(is_local=False)
    pace.sleep = clock.sleep
    return list(runtask.watch(account, where, TASK, pace, minutes=minutes, clock=clock))


def test_the_log_is_read_page_by_page_while_the_task_runs_and_once_more_when_it_stopped(
    account: aws.Aws, ecs: Stubber, logs: Stubber
) -> None:
    looked(ecs, "PENDING")
    logs.add_client_error("get_log_events", "ResourceNotFoundException", "The specified log stream does not exist.")
    looked(ecs, "RUNNING")
    written(logs, "f/1", "one", "two")
    written(logs, "f/2", "three", after="f/1")
    written(logs, "f/2", after="f/2")
    looked(
        ecs,
        "STOPPED",
        {"exitCode": 0},
        stopCode="EssentialContainerExited",
        stoppedReason="Essential container in task exited",
    )
    written(logs, "f/3", "four", after="f/2")
    written(logs, "f/3", after="f/3")
    assert watched(account) == [
        Look("PENDING", ()),
        Look("RUNNING", ("one", "two", "three")),
        Look("STOPPED", ("four",), Ended(0, "Essential container in task exited", True)),
    ]


@pytest.mark.parametrize(
    ("container", "more", "ended"),
    [
        (
            {"exitCode": 1},
            {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"},
            Ended(1, "Essential container in task exited", False),
        ),
        (
            {"reason": "CannotPullContainerError: pull image manifest has been retried 7 time(s)"},
            {"stopCode": "TaskFailedToStart", "stoppedReason": "Task failed to start"},
            Ended(
                None,
                "Task failed to start; CannotPullContainerError: pull image manifest has been retried 7 time(s)",
                False,
            ),
        ),
        (
            {"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"},
            {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"},
            Ended(
                137,
                "Essential container in task exited; OutOfMemoryError: Container killed due to memory usage",
                False,
            ),
        ),
        # Stopped by hand, it may say 0 and have done nothing.
        ({"exitCode": 0}, {"stopCode": "UserInitiated", "stoppedReason": "enough"}, Ended(0, "enough", False)),
        ({"exitCode": 0}, {"stopCode": "EssentialContainerExited"}, Ended(0, "", True)),
    ],
)
def test_only_a_task_that_ran_to_its_end_by_itself_is_done(
    container: dict[str, Any], more: dict[str, Any], ended: Ended, account: aws.Aws, ecs: Stubber
) -> None:
    looked(ecs, "STOPPED", container, **more)
    where = Place(CLUSTER, DEFINITION, "app", NETWORK, "FARGATE", "", "", "")
    assert watched(account, where) == [Look("STOPPED", (), ended)]


def test_a_container_that_is_not_there_has_no_exit_code(account: aws.Aws, ecs: Stubber) -> None:
    answer = {"tasks": [{"lastStatus": "STOPPED", "containers": []}]}
    ecs.add_response("describe_tasks", answer)
    where = Place(CLUSTER, DEFINITION, "app", NETWORK, "FARGATE", "", "", "")
    assert watched(account, where) == [Look("STOPPED", (), Ended(None, "", False))]


def test_when_the_time_is_over_it_is_left_running(account: aws.Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"tasks": [{"lastStatus": "RUNNING", "containers": []}]}
    monkeypatch.setattr(account.ecs, "describe_tasks", lambda **_: answer)
    where = Place(CLUSTER, DEFINITION, "app", NETWORK, "FARGATE", "", "", "")
    found = watched(account, where, minutes=5)
    assert {each.ended for each in found} == {None}
    assert 100 <= len(found) <= 110  # one look every three seconds


def test_a_line_that_is_lost_for_a_while_is_waited_out(account: aws.Aws, ecs: Stubber) -> None:
    ecs.add_client_error("describe_tasks", "ThrottlingException", "Rate exceeded")
    looked(ecs, "STOPPED", {"exitCode": 0}, stopCode="EssentialContainerExited")
    where = Place(CLUSTER, DEFINITION, "app", NETWORK, "FARGATE", "", "", "")
    (last,) = watched(account, where)
    assert last.ended == Ended(0, "", True)


def test_a_line_that_does_not_come_back_is_an_error(account: aws.Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    error = EndpointConnectionError(endpoint_url="https://ecs.sa-east-1.amazonaws.com")

    def lost(**_: Any) -> Any:
        raise error

    monkeypatch.setattr(account.ecs, "describe_tasks", lost)
    with pytest.raises(EndpointConnectionError):
        watched(account)


def test_credentials_that_expire_are_an_error_at_once(account: aws.Aws, ecs: Stubber) -> None:
    ecs.add_client_error("describe_tasks", "ExpiredTokenException", "too late")
    with pytest.raises(ClientError, match="too late"):
        watched(account)


def test_a_task_that_ecs_has_forgotten_is_no_success(account: aws.Aws, ecs: Stubber) -> None:
    ecs.add_response("describe_tasks", {"tasks": [], "failures": [{"arn": TASK, "reason": "MISSING"}]})
    with pytest.raises(RefusedError, match=f"ECS does not know {TASK} any more, so whether it ended well is not known"):
        watched(account)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_log_that_may_not_be_read_is_no_reason_to_stop(
    code: str, account: aws.Aws, ecs: Stubber, logs: Stubber
) -> None:
    logs.add_client_error("get_log_events", code, "not for you")
    looked(ecs, "STOPPED", {"exitCode": 0}, stopCode="EssentialContainerExited")
    (last,) = watched(account)
    assert (last.lines, last.ended) == ((), Ended(0, "", True))


def test_any_other_error_of_the_log_is_one(account: aws.Aws, ecs: Stubber, logs: Stubber) -> None:
    logs.add_client_error("get_log_events", "InvalidParameterException", "no such token")
    looked(ecs, "RUNNING")
    with pytest.raises(ClientError, match="no such token"):
        watched(account)
