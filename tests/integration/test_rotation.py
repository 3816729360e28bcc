"""The database's password is rotated while the platform runs: turned on, done, interrupted, turned off again.

The embedded AWS runs the function, the event's rule and the state machine as the template has them. Schedules do not
fire there: a rotation is asked for, as an operator does.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded import embedded_aws
from tests.integration.conftest import ACCOUNTS, applied, deploy, variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.platform import Platform

SERVICES = ("Service", "WorkerService", "CronService")
SECONDS = 60


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[Platform]:
    """Prod, which has a database of its own and does not rotate, on an AWS of its own."""
    if request.config.getoption("--stack"):
        pytest.skip("a password is changed on the embedded AWS only")
    with embedded_aws() as url:
        yield applied(url, "prod")


@pytest.fixture
def change(running: Platform, tmp_path: Path) -> Callable[..., str]:
    """Plan and apply settings on top of the file's; what the plan prints."""
    assert running.endpoint is not None
    environment = variables(running.endpoint, ACCOUNTS["prod"])

    def _change(*settings: str, letters: str) -> str:
        plan = tmp_path / "plan.json"
        done = deploy(environment, "plan", "prod", *(f"--set={each}" for each in settings), "--out", str(plan))
        deploy(environment, "apply", "prod", "--plan", str(plan), "--yes", "--allow-data-loss", letters)
        running.__dict__.pop("resources", None)  # read once otherwise
        return done.stdout

    return _change


def until(what: Callable[[], bool]) -> None:
    """Wait for what AWS does by itself."""
    end = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def secret(platform: Platform) -> dict[str, Any]:
    store = platform.client("secretsmanager")
    found: dict[str, Any] = json.loads(store.get_secret_value(SecretId=platform.id("DatabaseSecret"))["SecretString"])
    return found


def deployments(platform: Platform) -> dict[str, str]:
    """The newest deployment of each service."""
    services = [platform.id(name) for name in SERVICES]
    found = platform.client("ecs").describe_services(cluster=platform.id("Cluster"), services=services)["services"]
    return {each["serviceName"]: each["deployments"][0]["id"] for each in found}


def cluster_status(platform: Platform) -> str:
    rds = platform.client("rds")
    (found,) = rds.describe_db_clusters(DBClusterIdentifier=platform.id("DatabaseCluster"))["DBClusters"]
    return str(found["Status"])


def test_a_rotation_changes_the_password_and_deploys_every_service(
    running: Platform, change: Callable[..., str]
) -> None:
    store = running.client("secretsmanager")
    before = {name: each["PhysicalResourceId"] for name, each in running.resources.items()}

    # On: nothing rotates yet, and nothing that was there is another one.
    shown = change("DatabaseRotation=weekly", "CronMinutes=2", letters="CronDeadLetters")
    assert "RotationRole" in shown
    assert "DatabaseSecret " not in shown
    described = store.describe_secret(SecretId=before["DatabaseSecret"])
    assert described["RotationEnabled"] is True
    assert described["RotationRules"] == {"ScheduleExpression": "cron(0 7 ? * SUN *)", "Duration": "2h"}
    for name in ("DatabaseSecret", "DatabaseCluster", "DatabaseConnectionProxy", "Service", "WorkerService"):
        assert running.id(name) == before[name], name
    old, running_before = secret(running), deployments(running)

    # Asked for, as an operator does.
    store.rotate_secret(SecretId=running.id("DatabaseSecret"))
    until(lambda: cluster_status(running) == "resetting-master-credentials")
    until(lambda: secret(running) != old)
    new = secret(running)
    assert {**new, "password": old["password"]} == old
    assert cluster_status(running) == "available"
    until(lambda: not set(deployments(running).values()) & set(running_before.values()))
    assert runs(running) == ["RUNNING"]  # it looks on
    group = running.id("RotationLogGroup")
    lines = [each["message"] for each in running.client("logs").filter_log_events(logGroupName=group)["events"]]
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        assert f"{step}: done" in [line.strip() for line in lines]
    assert not [line for line in lines if old["password"] in line or new["password"] in line]

    # Interrupted: the cluster is away, and back again; asked for once more, the same rotation goes on.
    function = running.client("lambda")
    name = running.id("RotationFunction")
    function.update_function_configuration(FunctionName=name, Environment={"Variables": {"CLUSTER": "gone"}})
    token = store.rotate_secret(SecretId=running.id("DatabaseSecret"))["VersionId"]
    until(lambda: "DBClusterNotFoundFault" in "".join(messages(running)))
    assert secret(running) == new
    cluster = {"CLUSTER": running.id("DatabaseCluster")}
    function.update_function_configuration(FunctionName=name, Environment={"Variables": cluster})
    with pytest.raises(ClientError, match=r"A previous rotation isn't complete\."):
        store.rotate_secret(SecretId=running.id("DatabaseSecret"))
    until(lambda: secret(running) != new)
    until(lambda: runs(running) == ["RUNNING", "SUCCEEDED"])
    stages = store.describe_secret(SecretId=running.id("DatabaseSecret"))["VersionIdsToStages"]
    assert "AWSCURRENT" in stages[token]

    # Off: the password stays, and so does all that others look at.
    kept = secret(running)
    change("CronMinutes=2", letters="RedeploymentDeadLetters")
    assert store.describe_secret(SecretId=before["DatabaseSecret"])["RotationEnabled"] is False
    assert secret(running) == kept
    assert [each for each in running.resources if each.startswith(("Redeployment", "Rotation"))] == ["RotationLogGroup"]
    for each in ("DatabaseSecret", "DatabaseCluster", "Service"):
        assert running.id(each) == before[each], each


def runs(platform: Platform) -> list[str]:
    """How the runs of the state machine stand."""
    machine = platform.id("RedeploymentMachine")
    found = platform.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    return sorted(each["status"] for each in found)


def messages(platform: Platform) -> list[str]:
    """What the function wrote."""
    found = platform.client("logs").filter_log_events(logGroupName=platform.id("RotationLogGroup"))
    return [each["message"] for each in found["events"]]
