"""Which change replaces a resource: in the preview, and in the update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks

ENDPOINT = {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.sa-east-1.logs", "VpcEndpointType": "Interface"}


@pytest.mark.parametrize(
    ("kind", "before", "after", "replacement"),
    [
        ("EC2::VPC", {"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.1.0.0/16"}, "True"),
        ("EC2::VPC", {"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.0.0.0/16", "EnableDnsSupport": False}, "False"),
        (
            "EC2::VPC",
            {"CidrBlock": "10.0.0.0/16"},
            {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "default"},
            "Conditional",
        ),
        ("ECS::Cluster", {"ClusterName": "a"}, {"ClusterName": "b"}, "True"),
        (
            "Logs::LogGroup",
            {"LogGroupName": "a", "RetentionInDays": 1},
            {"LogGroupName": "a", "RetentionInDays": 3},
            "False",
        ),
        # Create-only is a part of DnsOptions: the preview cannot tell, the update can.
        (
            "EC2::VPCEndpoint",
            {**ENDPOINT, "DnsOptions": {"PrivateDnsPreference": "A"}},
            {**ENDPOINT, "DnsOptions": {"PrivateDnsPreference": "B"}},
            "Conditional",
        ),
    ],
)
def test_the_preview(
    stacks: Stacks, kind: str, before: dict[str, Any], after: dict[str, Any], replacement: str
) -> None:
    stacks.deploy(resources(It=(kind, before)))
    changes = stacks.changes(resources(It=(kind, after)))
    assert changes["It"]["Replacement"] == replacement


@pytest.mark.parametrize(
    ("options", "replaced"),
    [({"PrivateDnsPreference": "B"}, True), ({"PrivateDnsPreference": "A", "DnsRecordIpType": "ipv4"}, False)],
)
def test_the_update_looks_at_the_part_that_counts(stacks: Stacks, options: dict[str, str], *, replaced: bool) -> None:
    stacks.deploy(resources(It=("EC2::VPCEndpoint", {**ENDPOINT, "DnsOptions": {"PrivateDnsPreference": "A"}})))
    first = stacks.physical_id("It")
    stacks.deploy(resources(It=("EC2::VPCEndpoint", {**ENDPOINT, "DnsOptions": options})))
    assert (stacks.physical_id("It") != first) is replaced


def test_a_type_of_ones_own_has_no_schema_and_replaces_by_being_another_type(stacks: Stacks) -> None:
    stacks.deploy(resources(It=("EC2::VPC", {"CidrBlock": "10.0.0.0/16"})))
    own = {"Resources": {"It": {"Type": "Custom::Thing", "Properties": {"ServiceToken": "arn:aws:sns:none"}}}}
    assert stacks.changes(own)["It"]["Replacement"] == "True"
    stacks.deploy(own)
    assert "ServiceToken 'arn:aws:sns:none' not found" in stacks.failure()
