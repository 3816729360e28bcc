"""Endpoints with one fault each: broken, with the component that blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.stackproof.proofs.network_support import (
    ACCOUNT,
    ALL_ENDPOINTS,
    CONTAINER,
    REGION,
    WITHOUT_NAT,
    att,
    put,
    ref,
    told_as_broken,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.network_support import Template

    Change = Callable[[Template], None]

FAULTS: dict[str, tuple[list[Change], str, str, str]] = {
    "endpoint that lets nobody in": (
        [ALL_ENDPOINTS, without("TasksToEndpointsIn")],
        "net-logs",
        "EndpointGroup",
        "EndpointGroup lets no TCP 443 in from Service",
    ),
    "endpoint without names, and no NAT": (
        [ALL_ENDPOINTS, WITHOUT_NAT, put("Endpoint2", "PrivateDnsEnabled", False)],
        "net-logs",
        "PrivateTable",
        "leads to the internet",
    ),
    "no endpoint for one service, and no NAT": (
        [ALL_ENDPOINTS, WITHOUT_NAT, without("Endpoint3")],
        "net-secret",
        "PrivateTable",
        "leads to the internet",
    ),
    "no gateway endpoint, and no NAT": (
        [ALL_ENDPOINTS, WITHOUT_NAT, without("S3Endpoint")],
        "net-image",
        "PrivateTable",
        "(s3)",
    ),
    "gateway endpoint in another table": (
        [ALL_ENDPOINTS, WITHOUT_NAT, put("S3Endpoint", "RouteTableIds", [ref("DataTable")])],
        "net-image",
        "PrivateTable",
        "(s3)",
    ),
    "no way to the layers": (
        [
            ALL_ENDPOINTS,
            put("TasksOut", "CidrIp", None),
            put("TasksOut", "DestinationSecurityGroupId", att("EndpointGroup")),
        ],
        "net-image",
        "TasksGroup",
        "(s3): TasksGroup lets no TCP 443 out to the internet",
    ),
    "S3 policy without the layer bucket": (
        [
            put(
                "S3Endpoint",
                "PolicyDocument",
                {
                    "Statement": [
                        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::mine/*"}
                    ]
                },
            )
        ],
        "net-image",
        "S3Endpoint",
        f"does not allow s3:GetObject on arn:aws:s3:::prod-{REGION}-starport-layer-bucket/*",
    ),
    "endpoint in no subnet": (
        [ALL_ENDPOINTS, put("Endpoint2", "SubnetIds", None)],
        "net-logs",
        "Endpoint2",
        "stands in no subnet",
    ),
    "names of endpoints refused": (
        [ALL_ENDPOINTS, put("Vpc", "EnableDnsHostnames", None)],
        "net-logs",
        "Vpc",
        "AWS refuses the private names",
    ),
    "image from elsewhere without NAT": (
        [ALL_ENDPOINTS, WITHOUT_NAT, put("Task", f"{CONTAINER}.Image", "nginx:1.27")],
        "net-image",
        "PrivateTable",
        "pull the image of container web",
    ),
    "image from another region without NAT": (
        [
            ALL_ENDPOINTS,
            WITHOUT_NAT,
            put("Task", f"{CONTAINER}.Image", f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/lms:1"),
        ],
        "net-image",
        "PrivateTable",
        "from another region",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_broken_and_its_component_named(fault: str) -> None:
    told_as_broken(*FAULTS[fault])
