"""The function that rotates a password, step by step, against the embedded AWS: done, done twice, interrupted, refused.

Secrets Manager labels a version AWSPENDING, without a value, before the first step; `asked` does the same by asking for
a rotation with a function that is not there, so that nobody else takes a step.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from templates.functions import rotation

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

OLD = {"username": "lms", "password": "the-first-one", "dbname": "lms", "host": "db.example.org", "port": 5432}
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


@dataclass
class Time:
    """What Lambda tells of the time that is left, and a clock that waits for nobody."""

    left: int = 300_000
    slept: list[float] = field(default_factory=list)

    def get_remaining_time_in_millis(self) -> int:
        return self.left

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.left -= int(1000 * seconds)


class Cluster:
    """RDS with one cluster, which is at something for a number of looks after each change, and before the first."""

    def __init__(self, *, before: int = 0, begins: int = 0, works: int = 0) -> None:
        self.states = ["backing-up"] * before
        self.after = ["available"] * begins + ["resetting-master-credentials"] * works
        self.pending: dict[str, str] = {}
        self.passwords: list[str] = []
        self.breaks = 0

    def describe_db_clusters(self, **given: str) -> dict[str, Any]:
        assert given == {"DBClusterIdentifier": "lms-cluster"}
        if self.breaks and self.passwords:
            self.breaks -= 1
            raise ConnectionError
        status = self.states.pop(0) if self.states else "available"
        found: dict[str, Any] = {"Status": status}
        if self.pending and status == "available":
            found["PendingModifiedValues"], self.pending = self.pending, {}
        return {"DBClusters": [found]}

    def modify_db_cluster(self, **given: Any) -> None:
        assert (given.pop("DBClusterIdentifier"), given.pop("ApplyImmediately")) == ("lms-cluster", True)
        self.passwords.append(given.pop("MasterUserPassword"))
        assert given == {}
        self.states = list(self.after)


class Bus:
    """EventBridge; refuses the first events that it is to."""

    def __init__(self, refuses: int = 0) -> None:
        self.refuses = refuses
        self.events: list[dict[str, Any]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # AWS's name for it
        if self.refuses:
            self.refuses -= 1
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}
        self.events += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


@dataclass
class Rotating:
    """A secret of the embedded AWS whose rotation was asked for, with a cluster and a bus that tests can steer."""

    store: Any
    arn: str
    token: str
    time: Time
    rds: Cluster
    events: Bus

    def step(self, name: str, token: str | None = None) -> None:
        event = {"Step": name, "SecretId": self.arn, "ClientRequestToken": token or self.token}
        rotation.handler({**event, "RotationToken": "any"}, self.time)

    def value(self, label: str = "AWSCURRENT") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.store.get_secret_value(SecretId=self.arn, VersionStage=label)["SecretString"]
        )
        return found

    def labels(self, token: str) -> set[str]:
        return set(self.store.describe_secret(SecretId=self.arn)["VersionIdsToStages"].get(token, []))


@pytest.fixture
def rotating(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Rotating:
    store = aws.client("secretsmanager")
    arn = store.create_secret(Name="database", SecretString=json.dumps(OLD))["ARN"]
    token = str(uuid.uuid4())
    missing = f"arn:aws:lambda:sa-east-1:{aws.account}:function:missing"
    store.rotate_secret(SecretId=arn, RotationLambdaARN=missing, ClientRequestToken=token)
    found = Rotating(store, arn, token, Time(), Cluster(begins=1, works=2), Bus())
    monkeypatch.setenv("CLUSTER", "lms-cluster")
    monkeypatch.setattr(time, "sleep", found.time.sleep)

    def client(name: str) -> Any:
        return {"secretsmanager": store, "rds": found.rds, "events": found.events}[name]

    monkeypatch.setattr(boto3, "client", client)
    return found


def test_four_steps_give_the_cluster_the_password_that_the_secret_has_then(rotating: Rotating) -> None:
    rotating.step("createSecret")
    new = rotating.value("AWSPENDING")
    assert rotating.value() == OLD
    assert {**new, "password": OLD["password"]} == OLD
    assert len(new["password"]) == rotation.LENGTH
    assert new["password"].isalnum()
    rotating.step("setSecret")
    assert rotating.rds.passwords == [new["password"]]
    rotating.step("testSecret")
    assert rotating.value() == OLD
    assert rotating.events.events == []
    rotating.step("finishSecret")
    assert rotating.value() == new
    assert "AWSCURRENT" in rotating.labels(rotating.token)
    assert rotating.events.events == [
        {
            "Source": "lms.database",
            "DetailType": "Database password rotated",
            "Resources": [rotating.arn],
            "Detail": json.dumps({"version": rotating.token}),
        }
    ]


def test_two_rotations_never_make_the_same_password(rotating: Rotating) -> None:
    rotating.step("createSecret")
    first = rotating.value("AWSPENDING")["password"]
    rotating.step("finishSecret")
    again = rotating.store.rotate_secret(SecretId=rotating.arn)["VersionId"]
    rotating.step("createSecret", again)
    assert rotating.value("AWSPENDING")["password"] not in {first, OLD["password"]}


def test_each_step_twice_does_it_once(rotating: Rotating) -> None:
    for name in STEPS[:3]:
        rotating.step(name)
        kept = rotating.value("AWSPENDING")
        rotating.step(name)
        assert rotating.value("AWSPENDING") == kept
    # The same password once more changes nothing.
    assert rotating.rds.passwords == [kept["password"]] * 2
    rotating.step("finishSecret")
    rotating.step("finishSecret")
    assert rotating.value() == kept
    # Twice told is twice deployed, which does no harm; not told would.
    assert len(rotating.events.events) == 2


def test_steps_of_a_version_that_is_in_force_already_do_nothing(
    rotating: Rotating, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in STEPS:
        rotating.step(name)
    done, changed = rotating.value(), list(rotating.rds.passwords)
    capsys.readouterr()
    for name in STEPS[:3]:
        rotating.step(name)
        assert capsys.readouterr().out.startswith(f"{name}: version {rotating.token} is in force already\n")
    assert (rotating.value(), rotating.rds.passwords) == (done, changed)


class TestInterrupted:
    def test_after_rds_was_told_the_next_attempt_goes_on_with_the_same_password(self, rotating: Rotating) -> None:
        rotating.step("createSecret")
        kept = rotating.value("AWSPENDING")
        rotating.rds.breaks = 1
        with pytest.raises(ConnectionError):
            rotating.step("setSecret")
        assert rotating.rds.passwords == [kept["password"]]
        for name in STEPS:
            rotating.step(name)
        assert rotating.value() == kept
        assert rotating.rds.passwords == [kept["password"]] * 2

    def test_after_the_label_moved_the_event_is_still_sent(self, rotating: Rotating) -> None:
        for name in STEPS[:3]:
            rotating.step(name)
        rotating.events.refuses = 1
        with pytest.raises(RuntimeError, match="is in force, but nobody was told: ThrottlingException"):
            rotating.step("finishSecret")
        assert "AWSCURRENT" in rotating.labels(rotating.token)
        rotating.step("finishSecret")
        assert len(rotating.events.events) == 1


class TestRefused:
    def test_a_version_that_nobody_rotates(self, rotating: Rotating) -> None:
        for name in STEPS:
            with pytest.raises(ValueError, match=f"{name}: version {'0' * 36} is neither in force nor to be"):
                rotating.step(name, "0" * 36)
        assert rotating.rds.passwords == []
        assert rotating.value() == OLD

    def test_a_version_that_was_in_force_before(self, rotating: Rotating) -> None:
        for name in STEPS:
            rotating.step(name)
        versions = rotating.store.describe_secret(SecretId=rotating.arn)["VersionIdsToStages"]
        (previous,) = (version for version, labels in versions.items() if labels == ["AWSPREVIOUS"])
        with pytest.raises(ValueError, match="there is nothing to rotate"):
            rotating.step("finishSecret", previous)

    def test_a_step_that_there_is_not(self, rotating: Rotating) -> None:
        with pytest.raises(ValueError, match="dropSecret is no step of a rotation"):
            rotating.step("dropSecret")


class TestCluster:
    def test_at_other_work_it_is_left_to_end_that_first(self, rotating: Rotating) -> None:
        rotating.step("createSecret")
        rotating.rds = Cluster(before=3, works=1)
        rotating.step("setSecret")
        assert len(rotating.rds.passwords) == 1
        assert len(rotating.time.slept) == 3

    def test_at_other_work_for_too_long_nothing_was_changed(self, rotating: Rotating) -> None:
        rotating.step("createSecret")
        rotating.rds = Cluster(before=1000)
        with pytest.raises(TimeoutError, match="lms-cluster is backing-up: this step is to be done again"):
            rotating.step("setSecret")
        assert rotating.rds.passwords == []
        assert 0 < rotating.time.left < rotation.SPARE_MILLISECONDS

    def test_one_that_never_says_that_it_begins_is_not_waited_for_for_ever(self, rotating: Rotating) -> None:
        rotating.step("createSecret")
        rotating.rds = Cluster()
        rotating.step("setSecret")
        assert sum(rotating.time.slept) == rotation.BEGINS_SECONDS

    def test_the_password_is_in_force_when_nothing_waits_any_more(
        self, rotating: Rotating, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rotating.step("createSecret")
        rotating.rds = Cluster(before=1)
        rotating.rds.pending = {"MasterUserPassword": "****"}
        rotating.step("testSecret")
        assert "lms-cluster is backing-up\n" in capsys.readouterr().out
        assert rotating.rds.pending == {}
        assert len(rotating.time.slept) == 2

    def test_that_does_not_end_fails_the_test(self, rotating: Rotating) -> None:
        rotating.step("createSecret")
        rotating.time.left = rotation.SPARE_MILLISECONDS - 1
        rotating.rds = Cluster()
        rotating.rds.pending = {"MasterUserPassword": "****"}
        with pytest.raises(TimeoutError, match="is available, and its password waits to be set: this step"):
            rotating.step("testSecret")


def test_no_password_is_ever_printed(rotating: Rotating, capsys: pytest.CaptureFixture[str]) -> None:
    for name in STEPS:
        rotating.step(name)
    shown = capsys.readouterr()
    for password in (OLD["password"], rotating.value()["password"]):
        assert str(password) not in shown.out + shown.err
    assert "finishSecret: done" in shown.out
