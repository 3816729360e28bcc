"""Where tasks run: the cluster, private subnets in every zone, and one security group with its ways out.

Requests, background work, the periodic command and an upgrade run here alike: they need the same stores. What the
group lets in, the application adds; the others listen to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import If, NoValue, Ref
from troposphere.ecs import AwsvpcConfiguration, NetworkConfiguration

from templates.cluster import add_cluster
from templates.mail import add_smtp_port
from templates.security_groups import INTERNET, Endpoint, connect, group_id, security_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, Template
    from troposphere.ec2 import SecurityGroup

    from templates.cache import Cache
    from templates.cluster import Sessions, TaskCluster
    from templates.database import Database
    from templates.files import Files
    from templates.network import Network
    from templates.security_groups import Peer, Port
    from templates.tags import Environment


@dataclass(frozen=True)
class Place:
    """What a service, a schedule or a person needs to start a task.

    Attributes:
        cluster: with both kinds of capacity.
        subnets: private ones.
        security_group: the tasks' group.
        depends_on: logical ids of what must exist before a first task.
        waits_for: the same for what a condition may leave out, to be referred to.
    """

    cluster: TaskCluster
    subnets: list[AWSHelperFn]
    security_group: SecurityGroup
    depends_on: Sequence[str]
    waits_for: Sequence[AWSHelperFn]

    @property
    def addresses(self) -> AwsvpcConfiguration:
        """The network interfaces of tasks."""
        return AwsvpcConfiguration(
            Subnets=self.subnets, SecurityGroups=[group_id(self.security_group)], AssignPublicIp="DISABLED"
        )

    @property
    def network(self) -> NetworkConfiguration:
        """The same, as a service takes it."""
        return NetworkConfiguration(AwsvpcConfiguration=self.addresses)

    @property
    def metadata(self) -> dict[str, list[AWSHelperFn]]:
        """A service's Metadata: what a condition may leave out cannot stand in DependsOn; a reference waits as well."""
        return {"WaitsFor": list(self.waits_for)}


def add_place(
    t: Template,
    *,
    environment: Environment,
    sessions: Sessions,
    network: Network,
    files: Files,
    cache: Cache,
    database: Database,
) -> Place:
    """Add the cluster and the tasks' group, and open the ways to the stores and to the internet."""
    cluster = add_cluster(t, environment=environment, sessions=sessions)
    tasks = security_group(t, "TasksSecurityGroup", description="Application tasks", vpc=network.vpc)
    ways: list[tuple[Peer, Port, str]] = [
        (files.endpoint.server, files.endpoint.port, "Shared files"),
        (cache.sessions.endpoint.server, cache.sessions.endpoint.port, "Session cache"),
        (INTERNET, 443, "Image, logs, secrets, and services of others over HTTPS"),
    ]
    smtp, uses_smtp = add_smtp_port(t)
    sometimes = [
        (cache.plain.endpoint, "Plain cache", cache.plain.condition),
        (Endpoint(INTERNET, smtp), "Mail server", uses_smtp),
    ]
    sometimes += [(way.endpoint, "Database", way.condition) for way in database.ways]
    rules = [rule for way in ways for rule in connect(t, tasks, *way)]
    optional: list[AWSHelperFn] = [
        If(exists, Ref(rule), NoValue)
        for endpoint, why, exists in sometimes
        for rule in connect(t, tasks, endpoint.server, endpoint.port, why, condition=exists)
    ]
    return Place(
        cluster=cluster,
        subnets=network.private_subnets,
        security_group=tasks,
        depends_on=[*network.depends_on, *files.mount_targets, *rules, cluster.capacity],
        waits_for=[network.third_zone_ready, files.third_zone_ready, *database.ready, *optional],
    )
