"""Wiring: everything points at the right existing thing, in the right order, and sizes and times fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.wiring_alarms import alarms
from stackproof.proofs.wiring_backups import backups
from stackproof.proofs.wiring_balancers import balancers
from stackproof.proofs.wiring_caches import caches
from stackproof.proofs.wiring_capacity import capacity
from stackproof.proofs.wiring_certificates import certificates
from stackproof.proofs.wiring_composites import composites
from stackproof.proofs.wiring_dashboards import dashboards
from stackproof.proofs.wiring_databases import databases
from stackproof.proofs.wiring_deliveries import deliveries
from stackproof.proofs.wiring_deployments import deployments
from stackproof.proofs.wiring_fargate import fargate
from stackproof.proofs.wiring_filters import filters
from stackproof.proofs.wiring_firewalls import firewalls
from stackproof.proofs.wiring_gateways import gateways
from stackproof.proofs.wiring_orders import orders
from stackproof.proofs.wiring_outputs import outputs
from stackproof.proofs.wiring_policies import policies
from stackproof.proofs.wiring_queues import queues
from stackproof.proofs.wiring_records import records
from stackproof.proofs.wiring_scaling import scaling
from stackproof.proofs.wiring_schedules import schedules, timetables
from stackproof.proofs.wiring_services import services
from stackproof.proofs.wiring_sizes import sizes
from stackproof.proofs.wiring_store_ports import store_ports
from stackproof.proofs.wiring_tasks import tasks
from stackproof.proofs.wiring_times import checks, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.proofs.model import System
    from stackproof.proofs.verdicts import Finding
    from stackproof.proofs.wiring_common import Findings

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
