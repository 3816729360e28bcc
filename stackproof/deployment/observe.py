"""Reads of services other than CloudFormation; none of them changes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from stackproof.deployment import aws

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_logs import CloudWatchLogsClient


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
