"""Databases: what RDS and Secrets Manager refuse and no schema says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import whole
from stackproof.proofs.values import at, number
from stackproof.proofs.verdicts import broken, proved

if TYPE_CHECKING:
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.wiring.common import Findings

CLUSTERS: Final = ("AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster")
RULE: Final = "wire-database"


def databases(system: System) -> Findings:
    """Every cluster, every attachment of a secret."""
    for cluster in system.stack.of_type(*CLUSTERS):
        yield from _capacity(cluster)
        yield from _backups(cluster)
    for attachment in system.stack.of_type("AWS::SecretsManager::SecretTargetAttachment"):
        yield from _attachment(system.stack, attachment)


def _capacity(cluster: Resource) -> Findings:
    """A serverless cluster's minimum and maximum."""
    given = cluster.properties.get("ServerlessV2ScalingConfiguration")
    low, high = number(at(given, "MinCapacity")), number(at(given, "MaxCapacity"))
    if low is None or high is None:
        return
    place = (RULE, cluster.logical_id, "Properties.ServerlessV2ScalingConfiguration.MinCapacity")
    if low > high:
        message = f"RDS refuses the cluster: MinCapacity {low:g} is above MaxCapacity {high:g}."
        yield broken(*place, message, "Lower MinCapacity, or raise MaxCapacity.")
    else:
        yield proved(*place, f"between {low:g} and {high:g} units")


def _backups(cluster: Resource) -> Findings:
    """A cluster's own backups cannot be turned off."""
    days = whole(cluster.properties.get("BackupRetentionPeriod"))
    if days is None:
        return
    place = (RULE, cluster.logical_id, "Properties.BackupRetentionPeriod")
    if not 1 <= days <= 35:
        message = f"RDS refuses the cluster: it keeps its backups for 1 to 35 days, not for {days}."
        yield broken(*place, message, "Take a number of days from 1 to 35.")
    else:
        yield proved(*place, f"{days} days")


def _attachment(stack: Stack, attachment: Resource) -> Findings:
    """The type that is given is the target's own."""
    target, given = stack.target(attachment.properties.get("TargetId")), attachment.properties.get("TargetType")
    if target is None or not isinstance(given, str):
        return
    place = (RULE, attachment.logical_id, "Properties.TargetType")
    if given != target.type:
        message = f"CloudFormation refuses the attachment: {target.logical_id} is {target.type}, not {given}."
        yield broken(*place, message, f"Set TargetType to {target.type}.")
    else:
        yield proved(*place, f"{target.logical_id} is {given}")
