"""What is on the internet: public addresses, internet-facing balancers, public buckets, endpoints without a login."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from stackproof.deployment.access import Access
from stackproof.proofs.stores.public import ADDRESSES, BLOCKS, PUBLIC_ACLS
from stackproof.proofs.values import Sym, Value, at, flag, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stackproof.deployment.access import Sides
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.values import Key

    Test: TypeAlias = Callable[[Value], bool | None]


def _is(*words: str, default: bool = False) -> Test:
    """Whether a property is one of these words; `default` where nothing stands."""

    def test(value: Value) -> bool | None:
        if value is None:
            return default
        return value in words if isinstance(value, str) else None

    return test


def _is_not(*words: str) -> Test:
    def test(value: Value) -> bool | None:
        return value not in words if isinstance(value, str) or value is None else None

    return test


def _on(value: Value) -> bool | None:
    return False if value is None else flag(value)


def _on_by_default(value: Value) -> bool | None:
    return True if value is None else flag(value)


def _off(value: Value) -> bool | None:
    answer = flag(value)
    return False if value is None else None if answer is None else not answer


def _missing(value: Value) -> bool | None:
    return value is None


_ADDRESS: Final = "has a public address"
# Type, property, whether that is public, in words. Sources: the template reference's defaults of each property.
_RULES: Final[tuple[tuple[str, tuple[Key, ...], Test, str], ...]] = (
    *((kind, (name,), _on, _ADDRESS) for kind, name in ADDRESSES.items()),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        ("Scheme",),
        _is("internet-facing", default=True),
        "is reached from the internet",
    ),
    ("AWS::ElasticLoadBalancing::LoadBalancer", ("Scheme",), _is_not("internal"), "is reached from the internet"),
    ("AWS::EC2::Subnet", ("MapPublicIpOnLaunch",), _on, "gives a public address to whatever starts in it"),
    (
        "AWS::ECS::Service",
        ("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"),
        _is("ENABLED"),
        "gives its tasks public addresses",
    ),
    ("AWS::EC2::Instance", ("NetworkInterfaces", 0, "AssociatePublicIpAddress"), _on, _ADDRESS),
    ("AWS::S3::Bucket", ("AccessControl",), _is(*PUBLIC_ACLS), "can be read by everybody (AccessControl)"),
    *(
        ("AWS::S3::Bucket", ("PublicAccessBlockConfiguration", name), _off, f"is without the block {name}")
        for name in BLOCKS
    ),
    ("AWS::Lambda::Url", ("AuthType",), _is("NONE"), "can be called by everybody"),
    (
        "AWS::EKS::Cluster",
        ("ResourcesVpcConfig", "EndpointPublicAccess"),
        _on_by_default,
        "has an API on the internet",
    ),
    ("AWS::OpenSearchService::Domain", ("VPCOptions",), _missing, "has an endpoint on the internet"),
    ("AWS::Elasticsearch::Domain", ("VPCOptions",), _missing, "has an endpoint on the internet"),
)
_ROUTE: Final = "AWS::EC2::Route"
_GATEWAY: Final = "AWS::EC2::InternetGateway"
_EVERYWHERE: Final = {"0.0.0.0/0", "::/0"}


def compare(sides: Sides) -> Iterator[Access]:
    """What comes onto the internet, and what goes from it."""
    before, after = dict(_public(sides.before)), dict(_public(sides.after))
    for (logical_id, words), (now, value) in after.items():
        was = before.get((logical_id, words), (False, ""))[0]
        subject = (logical_id, sides.type_of(logical_id), "public")
        if now is None and was is not None:
            yield Access(*subject, "unknown", words, f"{value} is known to AWS only")
        elif now and not was:
            yield Access(*subject, "opened", words, everybody=True)
    for (logical_id, words), (was, _) in before.items():
        if was and after.get((logical_id, words), (False, ""))[0] is False:
            yield Access(logical_id, sides.type_of(logical_id), "public", "closed", f"no longer {words}")


def _public(stack: Stack) -> Iterator[tuple[tuple[str, str], tuple[bool | None, str]]]:
    """Logical id and words → whether it is so, and the value that says it."""
    for kind, keys, test, words in _RULES:
        for resource in stack.of_type(kind):
            value = at(resource.properties, *keys)
            yield (resource.logical_id, words), (test(value), show(value))
    for route in stack.of_type(_ROUTE):
        destination = _destination(route)
        gateway = route.properties.get("GatewayId")
        target = stack.target(gateway)
        if destination in _EVERYWHERE and (target.type == _GATEWAY if target else _names_gateway(gateway)):
            table = route.properties.get("RouteTableId")
            name = table.owner if isinstance(table, Sym) else show(table)
            yield (route.logical_id, f"leads the subnets of {name} to the internet"), (True, destination)


def _destination(route: Resource) -> str:
    names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock")
    return next((show(route.properties[name]) for name in names if name in route.properties), "")


def _names_gateway(value: Value) -> bool:
    return isinstance(value, str) and value.startswith("igw-")
