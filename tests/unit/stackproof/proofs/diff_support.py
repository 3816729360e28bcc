"""Two templates beside each other: what the tests of differences start from."""

from __future__ import annotations

import copy
from typing import Any

from stackproof.proofs.diff import Change, diff
from stackproof.proofs.resolve.stack import resolve

Json = Any


def of(resource_type: str, **properties: object) -> dict[str, Any]:
    return {"Type": resource_type, "Properties": properties}


def changes(old: Json, new: Json, before: Json = None, after: Json = None, **sections: Any) -> dict[str, Change]:
    """The changes between two sets of resources, by logical id."""
    found = diff(
        resolve({**sections, "Resources": old}, before, region="sa-east-1"),
        resolve({**sections, "Resources": new}, after, region="sa-east-1"),
    )
    return {change.logical_id: change for change in found.changes}


def because(change: Change) -> list[tuple[str, str]]:
    return [(each.path, each.by) for each in change.because]


NETWORK = {
    "Vpc": of("AWS::EC2::VPC", CidrBlock="10.0.0.0/16", EnableDnsSupport=True, Tags=[{"Key": "Name", "Value": "a"}]),
    "Subnet": of("AWS::EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.0.0.0/24"),
    "Association": of(
        "AWS::EC2::SubnetRouteTableAssociation", SubnetId={"Ref": "Subnet"}, RouteTableId={"Ref": "Table"}
    ),
    "Table": of("AWS::EC2::RouteTable", VpcId={"Ref": "Vpc"}),
}
FILES = of("AWS::EFS::FileSystem", Encrypted=True, KmsKeyId={"Fn::GetAtt": "Key.Arn"}, PerformanceMode="generalPurpose")
CACHE = of(
    "AWS::ElastiCache::ReplicationGroup",
    ReplicationGroupDescription="x",
    Port=6379,
    SecurityGroupIds=[{"Ref": "Group"}],
    CacheSubnetGroupName={"Ref": "Subnets"},
)


def edited(resources: Json, name: str, **properties: object) -> Json:
    """The same with other properties of one resource; None leaves a property out."""
    found = copy.deepcopy(resources)
    kept = {**found[name]["Properties"], **properties}
    found[name]["Properties"] = {key: value for key, value in kept.items() if value is not None}
    return found


def beside(resources: Json, name: str, **attributes: object) -> Json:
    """The same with something else beside the properties of one resource."""
    found = copy.deepcopy(resources)
    found[name] |= attributes
    return found
