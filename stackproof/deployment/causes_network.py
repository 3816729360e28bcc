"""Whether a service's tasks have a way out of their subnets: to the registry, to secrets, to the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackproof.deployment.diagnosis import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mypy_boto3_ec2.type_defs import FilterTypeDef
    from mypy_boto3_ecs.type_defs import ServiceTypeDef

    from stackproof.deployment.observe import Eye

# What a task on Fargate asks before its container runs, and by which endpoint it does so without a way out.
_NEEDED = ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager")
_ANYWHERE = {"0.0.0.0/0", "::/0"}


def tell(eye: Eye, service: ServiceTypeDef, evidence: list[Evidence]) -> None:
    """Add what the routes and endpoints of the service's subnets are to the evidence."""
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if not network:
        return
    ec2 = eye.account.ec2
    subnets = network["subnets"]
    described = eye.see("the subnets of the tasks", lambda: ec2.describe_subnets(SubnetIds=subnets)["Subnets"])
    if not described:
        return
    vpc = described[0]["VpcId"]
    here: list[FilterTypeDef] = [{"Name": "vpc-id", "Values": [vpc]}]
    tables = eye.see("the routes of the tasks' subnets", lambda: ec2.describe_route_tables(Filters=here)["RouteTables"])
    endpoints = eye.see(
        "the endpoints of the tasks' VPC", lambda: ec2.describe_vpc_endpoints(Filters=here)["VpcEndpoints"]
    )
    is_public = network.get("assignPublicIp") == "ENABLED"
    lines = list(_ways(subnets, tables, is_public=is_public)) if tables is not None else []
    if endpoints is not None:
        lines += _endpoints(vpc, eye.account.region, endpoints)
    if lines:
        evidence.append(Evidence("ec2:routes", "The way out of the tasks' subnets, now", tuple(lines)))


def _ways(subnets: Sequence[str], tables: Sequence[Mapping[str, Any]], *, is_public: bool) -> Iterator[str]:
    for subnet in subnets:
        yield f"{subnet}: {_way(_routes(subnet, tables), is_public=is_public)}"


def _routes(subnet: str, tables: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The routes of a subnet's own table, or else of the VPC's main one."""
    found: Sequence[Mapping[str, Any]] = ()
    for table in tables:
        for each in table["Associations"]:
            if each.get("SubnetId") == subnet:
                return table["Routes"]  # type: ignore[no-any-return]  # a list, says the API
            if each.get("Main"):
                found = table["Routes"]
    return found


def _way(routes: Sequence[Mapping[str, Any]], *, is_public: bool) -> str:
    default = next((each for each in routes if each.get("DestinationCidrBlock") in _ANYWHERE), None)
    if default is None:
        return "no default route: nothing outside can be reached but by endpoints"
    target = next((str(each) for each in map(default.get, _TARGETS) if each), "something unknown")
    if default.get("State") == "blackhole":
        return f"the default route leads to {target}, which does not exist any more"
    if target.startswith("igw-") and not is_public:
        return f"the default route leads to {target}, but the tasks have no public address: they need a NAT gateway"
    return f"the default route leads to {target}"


_TARGETS = ("NatGatewayId", "GatewayId", "TransitGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId")


def _endpoints(vpc: str, region: str, endpoints: Iterable[Mapping[str, Any]]) -> list[str]:
    there = {
        each["ServiceName"].removeprefix(f"com.amazonaws.{region}.")
        for each in endpoints
        if each.get("State", "available").lower() == "available"
    }
    missing = [each for each in _NEEDED if each not in there]
    has = ", ".join(sorted(there)) or "none"
    return [
        f"{vpc}: endpoints: {has}" + (f"; without a way out these are missing: {', '.join(missing)}" if missing else "")
    ]
