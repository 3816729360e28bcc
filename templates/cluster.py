"""Cluster: where tasks run, on Fargate, part of them on Spot capacity.

Spot costs about a third and may be taken back with two minutes' notice, so a base of tasks always runs on demand: Spot
does not fall back to it. Both capacity providers must be associated with the cluster before a service may name them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, If, NoValue, Ref, Sub
from troposphere.ecs import (
    CapacityProviderStrategy,
    CapacityProviderStrategyItem,
    Cluster,
    ClusterCapacityProviderAssociations,
    ClusterConfiguration,
    ClusterSetting,
    ExecuteCommandConfiguration,
    ExecuteCommandLogConfiguration,
)

from templates.interface import output, parameter
from templates.logs import log_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, Template
    from troposphere.logs import LogGroup

    from templates.keys import Key
    from templates.tags import Environment

GROUP = "Scaling"
ON_DEMAND = "FARGATE"
SPOT = "FARGATE_SPOT"


@dataclass(frozen=True)
class TaskCluster:
    """What the rest of the template may know about the cluster.

    Attributes:
        name: the cluster's name.
        strategy: which share of a service's tasks runs on which capacity.
        capacity: logical id of the association, which must exist before a service can use the strategy.
    """

    name: AWSHelperFn
    strategy: Sequence[CapacityProviderStrategyItem]
    capacity: str


@dataclass(frozen=True)
class Sessions:
    """Shells in running tasks (ECS Exec): what is typed and answered in them is encrypted on its way and kept.

    Attributes:
        exists: name of the condition under which there are any.
        key: encrypts them.
        log_group: where they are kept; it is always there, since its name would be taken the second time.
    """

    exists: str
    key: Key
    log_group: LogGroup

    @property
    def log_group_arn(self) -> AWSHelperFn:
        """It ends in `:*`, so that it covers the group's streams."""
        return GetAtt(self.log_group, "Arn")


def add_sessions(t: Template, *, exists: str, key: Key) -> Sessions:
    """Add the log group of shells in running tasks."""
    return Sessions(exists, key, log_group(t, "SessionLogGroup", "sessions", key=key))


def add_cluster(t: Template, *, environment: Environment, sessions: Sessions) -> TaskCluster:
    """Add the cluster with both kinds of Fargate capacity."""
    shares = _add_capacity_parameters(t)
    cluster = t.add_resource(
        Cluster(
            "Cluster",
            ClusterName=Sub(f"lms-cluster-${{{environment.suffix.title}}}"),
            Configuration=If(
                sessions.exists,
                ClusterConfiguration(
                    ExecuteCommandConfiguration=ExecuteCommandConfiguration(
                        KmsKeyId=sessions.key.arn,
                        Logging="OVERRIDE",
                        LogConfiguration=ExecuteCommandLogConfiguration(
                            CloudWatchLogGroupName=Ref(sessions.log_group), CloudWatchEncryptionEnabled=True
                        ),
                    )
                ),
                NoValue,
            ),
            ClusterSettings=[ClusterSetting(Name="containerInsights", Value="enabled")],
        )
    )
    association = t.add_resource(
        ClusterCapacityProviderAssociations(
            "ClusterCapacity",
            Cluster=Ref(cluster),
            CapacityProviders=[ON_DEMAND, SPOT],
            DefaultCapacityProviderStrategy=[CapacityProviderStrategy(**share) for share in shares],
        )
    )
    output(t, "ClusterName", Ref(cluster), "ECS cluster that runs the tasks")
    return TaskCluster(
        name=Ref(cluster),
        strategy=[CapacityProviderStrategyItem(**share) for share in shares],
        capacity=str(association.title),
    )


def _add_capacity_parameters(t: Template) -> list[dict[str, Any]]:
    base = parameter(
        t,
        "OnDemandBase",
        group=GROUP,
        label="Tasks that always run on demand",
        description="So many tasks run on demand before the shares below count. In production at least one: Spot "
        "capacity can be taken back everywhere at once.",
        type="Number",
        default=1,
        min_value=0,
        max_value=1000,
        constraint="0 to 1000 tasks.",
    )
    on_demand = parameter(
        t,
        "OnDemandWeight",
        group=GROUP,
        label="Share on demand",
        description="Of the tasks above the base, this share runs on demand: 1 and 3 means one on demand for three on "
        "Spot. At least 1: ECS places no task on capacity whose weight is 0, and promises no exception for the base.",
        type="Number",
        default=1,
        min_value=1,
        max_value=1000,
        constraint="1 to 1000.",
    )
    spot = parameter(
        t,
        "SpotWeight",
        group=GROUP,
        label="Share on Spot",
        description="Of the tasks above the base, this share runs on Spot capacity, which costs about a third and may "
        "be taken back with two minutes' notice. 0: none.",
        type="Number",
        default=0,
        min_value=0,
        max_value=1000,
        constraint="0 to 1000.",
    )
    return [
        {"CapacityProvider": ON_DEMAND, "Base": Ref(base), "Weight": Ref(on_demand)},
        {"CapacityProvider": SPOT, "Weight": Ref(spot)},
    ]
