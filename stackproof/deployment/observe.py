"""Reads of services other than CloudFormation; none of them changes anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from stackproof.deployment import aws
from stackproof.deployment.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from mypy_boto3_logs import CloudWatchLogsClient

    from stackproof.deployment.aws import Aws

_Answer = TypeVar("_Answer")


@dataclass
class Eye:
    """Reads that may fail: what could not be seen is remembered, and is no error.

    Attributes:
        account: that is looked at.
        unseen: a sentence for each thing that could not be looked at.
    """

    account: Aws
    unseen: list[str] = field(default_factory=list)

    def see(self, what: str, read: Callable[[], _Answer]) -> _Answer | None:
        """The answer to a read; None, and a sentence, where AWS gives none."""
        try:
            return read()
        except (ClientError, BotoCoreError) as error:
            self.miss(what, " ".join(str(aws.explain(error)).split()))
            return None

    def miss(self, what: str, why: str) -> None:
        """Remember that something could not be seen, once."""
        said = f"{what}: {why}"
        if said not in self.unseen:
            self.unseen.append(said)

    def log(self, group: str, stream: str, *, since: datetime, until: datetime, most: int) -> list[str]:
        """The last lines of a log stream in that time, oldest first, with what looks like a secret masked."""
        answer = self.see(
            f"log {group} {stream}",
            lambda: self.account.logs.get_log_events(
                logGroupName=group,
                logStreamName=stream,
                startTime=milliseconds(since),
                endTime=milliseconds(until) + 1,
                limit=most,
                startFromHead=False,
            ),
        )
        return [redact(each["message"].rstrip()) for each in answer["events"]] if answer else []


def milliseconds(moment: datetime) -> int:
    """A moment as CloudWatch Logs writes it."""
    return int(moment.timestamp() * 1000)


def existing_log_groups(client: CloudWatchLogsClient, names: Iterable[str]) -> tuple[list[str], str]:
    """Which of these log groups exist already.

    Returns:
        Their names, and a sentence when it could not be looked up (blank otherwise).
    """
    found: list[str] = []
    for name in names:
        try:
            # A name is also a prefix of others, but sorts before all of them.
            groups = client.describe_log_groups(logGroupNamePrefix=name, limit=1)["logGroups"]
        except ClientError as error:
            if aws.code(error) not in aws.ACCESS_DENIED:
                raise
            return found, f"whether log group {name} exists already could not be looked up: {aws.explain(error)}"
        found += [name for group in groups if group["logGroupName"] == name]
    return found, ""


def cluster_of(service_arn: str) -> str:
    """The CLUSTER of `arn:…:service/CLUSTER/NAME`; an ARN in the old form does not say, and ECS then has a default."""
    parts = service_arn.split("/")
    return parts[1] if len(parts) == 3 else "default"
