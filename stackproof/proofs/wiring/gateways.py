"""NAT gateways and endpoints: combinations that EC2 refuses and no schema says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import word
from stackproof.proofs.verdicts import broken, proved

if TYPE_CHECKING:
    from stackproof.proofs.model.network import Endpoint
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource
    from stackproof.proofs.wiring.common import Findings

_REFUSED: Final = "EC2 refuses the NAT gateway"


def gateways(system: System) -> Findings:
    """Every NAT gateway and every endpoint."""
    for nat in system.stack.of_type("AWS::EC2::NatGateway"):
        yield from _nat(nat)
    for endpoint in system.network.endpoints.values():
        yield from _endpoint(endpoint, system.stack.resources[endpoint.logical_id])


def _nat(nat: Resource) -> Findings:
    """A zonal public gateway has a subnet and an address, a private one no address, a regional one no subnet."""
    properties = nat.properties
    kind = word(properties.get("ConnectivityType"), "public")
    regional = word(properties.get("AvailabilityMode"), "zonal")
    faults = []
    if regional == "regional" and properties.get("SubnetId") is not None:
        faults.append(
            ("SubnetId", "a regional one belongs to a VPC, not to a subnet", "Give VpcId, and leave SubnetId out.")
        )
    if regional == "zonal" and properties.get("SubnetId") is None:
        faults.append(("SubnetId", "it needs a subnet", "Add SubnetId."))
    if (kind, regional) == ("public", "zonal") and properties.get("AllocationId") is None:
        faults.append(("AllocationId", "a public one needs an address", "Add AllocationId, of an elastic IP."))
    if kind == "private" and properties.get("AllocationId") is not None:
        faults.append(("AllocationId", "a private one takes no address", "Leave AllocationId out."))
    for key, message, fix in faults:
        yield broken("wire-nat", nat.logical_id, f"Properties.{key}", f"{_REFUSED}: {message}.", fix)
    if not faults:
        yield proved("wire-nat", nat.logical_id, "", f"{kind}, {regional}")


_BY_GATEWAY: Final = ("dynamodb", "s3", "s3express")
"""Services that have gateway endpoints; all others have interface endpoints alone."""
_OF_INTERFACE: Final = ("SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled")


def _endpoint(endpoint: Endpoint, resource: Resource) -> Findings:
    """A gateway endpoint is in route tables and of a service that has one, an interface endpoint is in subnets."""
    properties = resource.properties
    faults = []
    if endpoint.kind == "Gateway":
        if endpoint.service and endpoint.service not in _BY_GATEWAY:
            told = f"{endpoint.service} has no gateway endpoint"
            faults.append(("VpcEndpointType", told, "Set VpcEndpointType to Interface."))
        else:
            switched_on = [key for key in _OF_INTERFACE if properties.get(key) not in (None, [], False)]
            faults += [(key, f"a gateway endpoint takes no {key}", f"Leave {key} out.") for key in switched_on]
    elif endpoint.kind == "Interface" and properties.get("RouteTableIds") not in (None, []):
        told = "an interface endpoint stands in subnets, not in route tables"
        faults.append(("RouteTableIds", told, "Give SubnetIds, and leave RouteTableIds out."))
    for key, message, fix in faults:
        told = f"EC2 refuses the endpoint: {message}."
        yield broken("wire-endpoint", endpoint.logical_id, f"Properties.{key}", told, fix)
    if endpoint.service and endpoint.kind in {"Gateway", "Interface"} and not faults:
        yield proved("wire-endpoint", endpoint.logical_id, "", f"{endpoint.kind} for {endpoint.service}")
