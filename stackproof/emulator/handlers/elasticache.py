"""ElastiCache: keys, ports and addresses of a replication group, and its snapshot when the stack lets it go."""

from __future__ import annotations

import copy
import zlib
from typing import Any

from ministack.core.responses import get_region
from ministack.services import elasticache
from ministack.services.cloudformation import provisioners

from stackproof.emulator.handler import Properties, after, before, call

_TYPE = "AWS::ElastiCache::ReplicationGroup"
_render = elasticache._rg_xml


def _replication_group(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """The encryption key, and names and addresses like AWS's instead of those of a container."""
    group = elasticache._replication_groups[physical_id]
    group["KmsKeyId"] = properties.get("KmsKeyId")
    if len(group["NodeGroups"]) == 1:
        _name_members(group)
    port = int(properties.get("Port", 6379))
    for shard in group["NodeGroups"]:
        shard["PrimaryEndpoint"] = {"Address": _address("master", physical_id), "Port": port}
        shard["ReaderEndpoint"] = {"Address": _address("replica", physical_id), "Port": port}
        for member in shard["NodeGroupMembers"]:
            node = member["CacheClusterId"]
            member["ReadEndpoint"] = {"Address": _address(node, physical_id), "Port": port}
            elasticache._clusters[node]["CacheNodes"][0]["Endpoint"] = member["ReadEndpoint"]
    attributes.update(provisioners._ec_rg_attrs(physical_id))


def _name_members(group: dict[str, Any]) -> None:
    """Name the nodes of a group without shards `group-001` and so on; metrics and alarms go by these names."""
    records = [elasticache._clusters.pop(node, None) for node in group["MemberClusters"]]
    # A replica that an update added has no record of its own yet.
    first = records[0]
    group["MemberClusters"] = []
    for number, member in enumerate(group["NodeGroups"][0]["NodeGroupMembers"]):
        node = f"{group['ReplicationGroupId']}-{number + 1:03}"
        zone = f"{get_region()}{'abc'[number % 3]}"
        record = copy.deepcopy(records[number] if number < len(records) else first)
        arn = elasticache._arn_cluster(node)
        record.update(CacheClusterId=node, CacheClusterArn=arn, PreferredAvailabilityZone=zone)
        elasticache._clusters[node] = record
        elasticache._tags[arn] = list(elasticache._tags[group["ARN"]])
        member.update(CacheClusterId=node, PreferredAvailabilityZone=zone)
        group["MemberClusters"].append(node)


def _address(node: str, group: str) -> str:
    """`master.lms.ab12cd.sae1.cache.amazonaws.com`: the same for the same group, as far as the middle part goes."""
    continent, direction, number = get_region().split("-")
    initials = "".join(part[0] for part in ("north", "south", "central", "east", "west") if part in direction)
    return f"{node}.{group}.{zlib.crc32(group.encode()):08x}.{continent}{initials}{number}.cache.amazonaws.com"


def _with_key(group: dict[str, Any]) -> str:
    """The group in an answer, with the key."""
    key = group.get("KmsKeyId")
    return _render(group) + (f"<KmsKeyId>{key}</KmsKeyId>" if key else "")


def _snapshot(physical_id: str, properties: Properties) -> None:
    """The final snapshot of DeletionPolicy and UpdateReplacePolicy."""
    call(
        elasticache._create_snapshot,
        {"SnapshotName": provisioners._snapshot_id(physical_id), "ReplicationGroupId": physical_id},
    )


def _restorable(properties: Properties) -> Properties:
    """A group begins from a snapshot that exists, or not at all."""
    name = properties.get("SnapshotName")
    if name and name not in elasticache._snapshots:
        raise ValueError(f"{name} is either not present or not available.")
    return properties


def install() -> None:
    """Complete the types."""
    before(_TYPE, _restorable)
    after(_TYPE, _replication_group)
    elasticache._rg_xml = _with_key
    provisioners._RESOURCE_HANDLERS[_TYPE]["snapshot"] = _snapshot
    for name in ("ReplicationGroup", "SubnetGroup", "ParameterGroup", "User", "UserGroup"):
        provisioners._STACK_TAG_PROPERTY[f"AWS::ElastiCache::{name}"] = ("Tags", "list")
