"""Pairs of numbers that must be in order: CloudFormation's Rules compare none, so the deployer reads them in Metadata.

A minimum and its maximum are not here: stackproof knows them by their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troposphere import Template

KEY = "Stackproof::Orders"
"""Of the template's Metadata."""

ON_DEMAND = "all of them would run on demand, and none ever on Spot capacity"
SCALING_AIMS_THERE = "the alarm would go off while scaling is where it wants to be"

NOT_ABOVE = {
    ("OnDemandBase", "MaximumTasks"): ON_DEMAND,
    ("WorkerOnDemandBase", "MaximumWorkers"): ON_DEMAND,
    ("BackupDailyDays", "BackupMonthlyDays"): "the monthly backup would be gone before the daily one of the same day",
    ("SessionRequestLimit", "AddressRequestLimit"): "a session would be over its address's limit before its own",
}
BELOW = {
    ("TargetCpuPercent", "AlarmUsedPercent"): SCALING_AIMS_THERE,
    ("TargetMemoryPercent", "AlarmUsedPercent"): SCALING_AIMS_THERE,
    ("WorkerTargetCpuPercent", "AlarmUsedPercent"): SCALING_AIMS_THERE,
    ("AlarmLatencySeconds", "IdleSeconds"): "no answer takes longer than the balancer waits for one, so that the alarm "
    "could not go off",
}


def declare_orders(t: Template) -> None:
    """Write the pairs into the Metadata."""
    t.metadata[KEY] = [
        {"low": low, "high": high, "because": because, **({} if equal else {"equal": False})}
        for pairs, equal in ((NOT_ABOVE, True), (BELOW, False))
        for (low, high), because in pairs.items()
    ]
