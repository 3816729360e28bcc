"""What stands outside of the model, and what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model_stores import SHAPES
from stackproof.proofs.values import NESTED, Value, symbols_of

if TYPE_CHECKING:
    from stackproof.proofs.resolve import Stack

_MODELLED: Final = frozenset(
    {
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::VPCEndpoint",
        "AWS::ECS::Service",
        "AWS::Events::Rule",
        "AWS::Scheduler::Schedule",
        "AWS::EFS::MountTarget",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
    }
)
"""Types whose use of a group is modelled completely."""


def outsiders(stack: Stack) -> tuple[frozenset[str], frozenset[str]]:
    """What resources outside of this model refer to: those that may add to it, and those that merely use it."""
    strangers: set[str] = set()
    elsewhere: set[str] = set()
    known = _MODELLED | SHAPES.keys()
    for resource in stack.resources.values():
        stranger = not resource.type.startswith("AWS::") or resource.type.startswith(
            ("AWS::CloudFormation::", "AWS::Serverless::")
        )
        if not stranger and (resource.type in known or not _has_groups(resource.properties)):
            continue
        for _, symbol in symbols_of(stack.leaves[resource.logical_id].made):
            elsewhere.add(symbol.owner)
            if stranger:
                strangers.add(symbol.owner)
    return frozenset(strangers), frozenset(elsewhere)


def _has_groups(value: Value, depth: int = 6) -> bool:
    """Does a resource name security groups anywhere near its top?"""
    if isinstance(value, dict):
        for key in value:
            if "SecurityGroup" in key:
                return True
    elif not isinstance(value, list):
        return False
    if depth > 0:
        for inner in value.values() if isinstance(value, dict) else value:
            # Most of it is text, which has nothing inside.
            if isinstance(inner, NESTED) and _has_groups(inner, depth - 1):
                return True
    return False
