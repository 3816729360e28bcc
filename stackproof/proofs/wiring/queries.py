"""Wiring: everything points at the right existing thing, in the right order, and sizes and times fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.wiring.alarms import alarms
from stackproof.proofs.wiring.backups import backups
from stackproof.proofs.wiring.balancers import balancers
from stackproof.proofs.wiring.caches import caches
from stackproof.proofs.wiring.capacity import capacity
from stackproof.proofs.wiring.certificates import certificates
from stackproof.proofs.wiring.composites import composites
from stackproof.proofs.wiring.dashboards import dashboards
from stackproof.proofs.wiring.databases import databases
from stackproof.proofs.wiring.deliveries import deliveries
from stackproof.proofs.wiring.deployments import deployments
from stackproof.proofs.wiring.fargate import fargate
from stackproof.proofs.wiring.filters import filters
from stackproof.proofs.wiring.firewalls import firewalls
from stackproof.proofs.wiring.gateways import gateways
from stackproof.proofs.wiring.orders import orders
from stackproof.proofs.wiring.outputs import outputs
from stackproof.proofs.wiring.policies import policies
from stackproof.proofs.wiring.queues import queues
from stackproof.proofs.wiring.records import records
from stackproof.proofs.wiring.scaling import scaling
from stackproof.proofs.wiring.schedules import schedules, timetables
from stackproof.proofs.wiring.services import services
from stackproof.proofs.wiring.sizes import sizes
from stackproof.proofs.wiring.store_ports import store_ports
from stackproof.proofs.wiring.tasks import tasks
from stackproof.proofs.wiring.times import checks, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.proofs.model.system import System
    from stackproof.proofs.verdicts import Finding
    from stackproof.proofs.wiring.common import Findings

QUERIES: Final[tuple[Callable[[System], Findings], ...]] = (
    services,
    fargate,
    tasks,
    store_ports,
    balancers,
    capacity,
    deployments,
    scaling,
    policies,
    schedules,
    timetables,
    backups,
    alarms,
    composites,
    filters,
    dashboards,
    databases,
    orders,
    sizes,
    times,
    checks,
    caches,
    gateways,
    certificates,
    records,
    firewalls,
    deliveries,
    queues,
    outputs,
)


def prove(system: System) -> list[Finding]:
    """Everything about the wiring of a system; one finding for one fault."""
    return [finding for query in QUERIES for finding in query(system)]
