"""A resolved stack as a `System`: typed components instead of CloudFormation's JSON.

Queries ask this; what they need beyond it stands in `System.stack`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.proofs.model.balancers import Balancers, model_balancers
from stackproof.proofs.model.network import Network, model_network
from stackproof.proofs.model.read_compute import model_compute
from stackproof.proofs.model.stores import Stores, model_stores

if TYPE_CHECKING:
    from stackproof.proofs.model.compute import Compute
    from stackproof.proofs.resolve.stack import Stack


@dataclass(frozen=True)
class System:
    """What a template builds.

    Attributes:
        stack: the resolved template that it was read from.
        compute: clusters, task definitions, services, functions.
        balancers: load balancers, listeners, rules, target groups.
        stores: caches, databases, file systems.
        network: VPCs, subnets, routes, gateways, endpoints, ACLs, security groups.
    """

    stack: Stack
    compute: Compute
    balancers: Balancers
    stores: Stores
    network: Network


def model(stack: Stack) -> System:
    """Read a stack. Nothing raises: what is not known is a symbol or Unknown inside the components."""
    return System(
        stack=stack,
        compute=model_compute(stack),
        balancers=model_balancers(stack),
        stores=model_stores(stack),
        network=model_network(stack),
    )
