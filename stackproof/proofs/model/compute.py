"""What runs: clusters, task definitions with their containers, services, functions and instances.

Every value is as `resolve` left it; a value that only AWS knows is a symbol or Unknown here as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.proofs.model.placement import each
from stackproof.proofs.values import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.proofs.model.images import Image
    from stackproof.proofs.model.placement import Placement
    from stackproof.proofs.model.secrets import SecretReference
    from stackproof.proofs.values import Unknown, Value


@dataclass(frozen=True)
class Variable:
    """One environment variable: its value as the template has it, and where that stands."""

    name: str
    value: Value
    path: str


@dataclass(frozen=True)
class Log:
    """A container's log driver with its options."""

    driver: str
    options: Mapping[str, Value]
    secrets: tuple[SecretReference, ...]
    path: str

    @property
    def group(self) -> Value:
        """The CloudWatch log group that it names; None for another driver or without one."""
        return self.options.get("awslogs-group") if self.driver == "awslogs" else None


@dataclass(frozen=True)
class Port:
    """A port that a container listens on; `number` is None when it is not known."""

    number: int | None
    protocol: str
    name: Value
    path: str


@dataclass(frozen=True)
class Mount:
    """A volume in a container's file system."""

    volume: Value
    read_only: bool | None
    path: str


@dataclass(frozen=True)
class Container:
    """One container of a task definition.

    Attributes:
        task: logical id of the task definition.
        path: `Properties.ContainerDefinitions.0`.
        credentials: the secret that opens a private registry; None without one.
        definition: the whole definition, worked out, for what is not named here.
    """

    task: str
    name: Value
    path: str
    image: Image
    ports: tuple[Port, ...]
    environment: tuple[Variable, ...]
    secrets: tuple[SecretReference, ...]
    log: Log | None
    mounts: tuple[Mount, ...]
    credentials: SecretReference | None
    definition: Mapping[str, Value]

    def files(self) -> Iterator[tuple[str, Value, str]]:
        """What ECS fetches from S3 for the container: property path, ARN and purpose."""
        for index, file in enumerate(each(self.definition.get("EnvironmentFiles"))):
            yield f"{self.path}.EnvironmentFiles.{index}.Value", at(file, "Value"), "read the environment file"
        options = at(self.definition.get("FirelensConfiguration"), "Options")
        if at(options, "config-file-type") == "s3":
            path = f"{self.path}.FirelensConfiguration.Options.config-file-value"
            yield path, at(options, "config-file-value"), "read the log router's configuration"


@dataclass(frozen=True)
class Volume:
    """A volume of a task definition.

    Attributes:
        file_system: the EFS file system's id; None when it is none of EFS.
        access_point: the EFS access point's id; None without one.
        iam: whether the task role authorizes the mount.
        encrypted: whether it travels encrypted.
    """

    name: Value
    path: str
    file_system: Value
    access_point: Value
    iam: bool | None
    encrypted: bool | None
    root: Value


@dataclass(frozen=True)
class TaskDefinition:
    """A task definition; `containers` is Unknown when its list is."""

    logical_id: str
    containers: tuple[Container, ...]
    unknown: Unknown | None
    volumes: tuple[Volume, ...]
    network_mode: str
    compatibilities: tuple[Value, ...]
    cpu: Value
    memory: Value
    task_role: Value
    execution_role: Value


@dataclass(frozen=True)
class ServiceTarget:
    """Where a service registers its tasks: target groups (two under blue/green), container and port."""

    target_groups: tuple[Value, ...]
    container: Value
    port: int | None
    path: str


@dataclass(frozen=True)
class Service:
    """An ECS service.

    Attributes:
        task: logical id of its task definition; None when that is none of this stack.
        fargate: whether its tasks run on Fargate; None when it is not known.
        placement: None where tasks have no network interface of their own (bridge and host mode).
        exec: whether ECS Exec is on.
    """

    logical_id: str
    name: Value
    cluster: Value
    task: str | None
    fargate: bool | None
    placement: Placement | None
    targets: tuple[ServiceTarget, ...]
    exec: bool | None
    desired: Value


@dataclass(frozen=True)
class Cluster:
    """An ECS cluster with the capacity providers that are associated with it."""

    logical_id: str
    name: Value
    providers: tuple[Value, ...]


@dataclass(frozen=True)
class Function:
    """A Lambda function; `placement` is None outside a VPC."""

    logical_id: str
    placement: Placement | None
    environment: tuple[Variable, ...]
    role: Value


@dataclass(frozen=True)
class Compute:
    """Everything that runs, by logical id.

    Attributes:
        runs: tasks that a schedule or an event starts, read as services without a balancer.
    """

    tasks: Mapping[str, TaskDefinition]
    services: Mapping[str, Service]
    runs: Mapping[str, Service]
    clusters: Mapping[str, Cluster]
    functions: Mapping[str, Function]
