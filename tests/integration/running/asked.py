"""What several tests of this folder ask of the running platform's services.

The running platform is what it was meant to be; each test asks the service itself, not the template.
`pytest tests/integration/running` applies dev and prod to the embedded AWS first. With `--stack NAME` the same tests
read a stack that runs in the account that AWS's own variables point at, and change nothing there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.platform import Platform


def service(platform: Platform) -> dict[str, Any]:
    found = platform.client("ecs").describe_services(
        cluster=platform.id("Cluster"), services=[platform.id("Service")], include=["TAGS"]
    )
    return found["services"][0]  # type: ignore[no-any-return]


def task_definition(platform: Platform) -> dict[str, Any]:
    found = platform.client("ecs").describe_task_definition(taskDefinition=service(platform)["taskDefinition"])
    return found["taskDefinition"]  # type: ignore[no-any-return]


def database_secret(platform: Platform) -> str:
    """The secret of the existing database, or that of the stack's own."""
    return platform.parameters["DatabaseSecretArn"] or platform.id("DatabaseSecret")


def key_arn(platform: Platform, logical_id: str) -> str:
    return platform.client("kms").describe_key(KeyId=platform.id(logical_id))["KeyMetadata"]["Arn"]  # type: ignore[no-any-return]


def peer_of(rule: dict[str, Any]) -> str:
    found = rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId")
    return found or rule["ReferencedGroupInfo"]["GroupId"]  # type: ignore[no-any-return]


def rules_of(platform: Platform, group: str) -> set[tuple[str, str, int | None, str]]:
    """The rules of a group: (direction, protocol, port, peer); a peer that is a group of ours by its logical id."""
    found = platform.pages(
        "ec2",
        "describe_security_group_rules",
        "SecurityGroupRules",
        Filters=[{"Name": "group-id", "Values": [platform.id(group)]}],
    )
    names = {value: name for name, value in platform.ids("AWS::EC2::SecurityGroup").items()}
    rules = set()
    for rule in found:
        port = None if rule["IpProtocol"] == "-1" else rule["FromPort"]
        assert port is None or rule["ToPort"] == port, f"{group}: a range of ports: {rule}"
        peer = peer_of(rule)
        direction = "egress" if rule["IsEgress"] else "ingress"
        rules.add((direction, rule["IpProtocol"], port, names.get(peer, peer)))
    return rules


def secure(platform: Platform) -> bool:
    """Has it a certificate, given or made?"""
    return bool(platform.parameters["CertificateArn"] or platform.parameters["HostedZoneId"])


def caches(platform: Platform) -> list[tuple[str, dict[str, Any]]]:
    return [
        (
            name,
            platform.client("elasticache").describe_replication_groups(ReplicationGroupId=physical)[
                "ReplicationGroups"
            ][0],
        )
        for name, physical in platform.ids("AWS::ElastiCache::ReplicationGroup").items()
    ]


def database(platform: Platform) -> dict[str, Any]:
    """The stack's own database cluster."""
    if not platform.has("DatabaseCluster"):
        pytest.skip("this stack uses a database that exists")
    found = platform.client("rds").describe_db_clusters(DBClusterIdentifier=platform.id("DatabaseCluster"))
    return found["DBClusters"][0]  # type: ignore[no-any-return]


def tag_map(tags: list[dict[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {tag[key]: tag[value] for tag in tags}
