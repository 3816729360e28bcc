"""What stands outside of the model, and what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.stores import SHAPES

if TYPE_CHECKING:
    from stackproof.proofs.resolve.leaves import Leaves
    from stackproof.proofs.resolve.stack import Stack

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
        if not stranger and (resource.type in known or not _has_groups(stack.leaves[resource.logical_id])):
            continue
        for _, symbol in stack.symbols[resource.logical_id]:
            elsewhere.add(symbol.owner)
            if stranger:
                strangers.add(symbol.owner)
    return frozenset(strangers), frozenset(elsewhere)


def _has_groups(leaves: Leaves) -> bool:
    """Does a resource name security groups of this stack, or what may be one?"""
    return any("SecurityGroup" in name for name in leaves.names) and any(
        "SecurityGroup" in key for path, _ in leaves.made for key in path if isinstance(key, str)
    )
