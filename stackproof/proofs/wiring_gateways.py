"""NAT gateways, endpoints and web ACLs: combinations that AWS refuses and no schema says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.model_placement import each, word
from stackproof.proofs.values import show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring_common import Findings, unclear

if TYPE_CHECKING:
    from stackproof.proofs.model import System
    from stackproof.proofs.model_network import Endpoint
    from stackproof.proofs.resolve import Resource, Stack

_REFUSED: Final = "EC2 refuses the NAT gateway"


def gateways(system: System) -> Findings:
    """Every NAT gateway, every endpoint, every web ACL."""
    for nat in system.stack.of_type("AWS::EC2::NatGateway"):
        yield from _nat(nat)
    for endpoint in system.network.endpoints.values():
        yield from _endpoint(endpoint, system.stack.resources[endpoint.logical_id])
    for acl in system.stack.of_type("AWS::WAFv2::WebACL"):
        yield from _scope(system.stack, acl)
    for association in system.stack.of_type("AWS::WAFv2::WebACLAssociation"):
        yield from _association(system.stack, association)
    for logging in system.stack.of_type("AWS::WAFv2::LoggingConfiguration"):
        yield from _logging(system.stack, logging)


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


def _scope(stack: Stack, acl: Resource) -> Findings:
    """What guards CloudFront lives in us-east-1."""
    place = ("wire-web-acl", acl.logical_id, "Properties.Scope")
    scope = acl.properties.get("Scope")
    if scope != "CLOUDFRONT":
        return
    if isinstance(stack.region, str) and stack.region != "us-east-1":
        told = f"WAF refuses the web ACL: one for CloudFront can be made in us-east-1 only, not in {stack.region}."
        yield broken(*place, told, "Set Scope to REGIONAL for a balancer, or move it to a stack in us-east-1.")
    elif isinstance(stack.region, str):
        yield proved(*place, "it is made in us-east-1")
    else:
        yield unclear(*place, "it is made in us-east-1", "the region is not given", fix="Give the region.")


def _association(stack: Stack, association: Resource) -> Findings:
    """An ACL for CloudFront guards no balancer."""
    acl = stack.target(association.properties.get("WebACLArn"))
    guarded = association.properties.get("ResourceArn")
    place = ("wire-web-acl", association.logical_id, "Properties.WebACLArn")
    if acl is None or acl.type != "AWS::WAFv2::WebACL":
        return
    if acl.properties.get("Scope") == "CLOUDFRONT":
        told = f"WAF refuses the association: {acl.logical_id} is one for CloudFront, which {show(guarded)} is not."
        yield broken(*place, told, "Set Scope of the web ACL to REGIONAL.")
    else:
        yield proved(*place, f"{acl.logical_id} guards {show(guarded)}")


def _logging(stack: Stack, logging: Resource) -> Findings:
    """WAF logs only to what has a name with its prefix."""
    for index, value in enumerate(each(logging.properties.get("LogDestinationConfigs"))):
        place = ("wire-web-acl", logging.logical_id, f"Properties.LogDestinationConfigs.{index}")
        # What only AWS knows has colons of its own.
        text = re.sub(r"\$\{[^}]*\}", "~", show(arns.expand(stack, value)))
        name = text.removesuffix(":*").split(":")[-1].split("/")[-1]
        if text.startswith("arn:") and not name.startswith(("aws-waf-logs-", "~")):
            told = f"WAF refuses the destination {name}: its name has to begin with aws-waf-logs-."
            yield broken(*place, told, "Give it such a name.")
