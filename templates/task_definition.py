"""Task definitions: one container with its size, its files, its variables and its logs.

Requests, background work, the periodic command and an upgrade run the same application: what they share, roles,
variables, files, log group, is a Blueprint, and each adds its command and its size. In the log group each has streams
that begin with its own name.

Logs are handed over without blocking: where CloudWatch Logs is slow or out of reach, lines are lost once 25 MiB of them
wait. The other mode would stop the application at its next line instead, and an exam matters more than its log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from troposphere import Ref, Select, Split, Sub
from troposphere.ecs import (
    AuthorizationConfig,
    ContainerDefinition,
    EFSVolumeConfiguration,
    HealthCheck,
    LinuxParameters,
    LogConfiguration,
    MountPoint,
    PortMapping,
    RuntimePlatform,
    TaskDefinition,
    Volume,
)

from templates.container_variables import container_variables, upgrade_variables
from templates.interface import parameter
from templates.logs import log_group
from templates.task_parameters import IMAGE, IMAGE_SENTENCE
from templates.task_roles import add_execution_role, add_task_role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import AWSHelperFn, Parameter, Template
    from troposphere.logs import LogGroup

    from templates.application_settings import Settings
    from templates.cache import Cache
    from templates.cluster import Sessions
    from templates.container_variables import Fact, Variables
    from templates.database import Database
    from templates.files import Files
    from templates.keys import Key
    from templates.task_roles import TaskRole
    from templates.upgrade_parameters import UpgradeParameters

GROUP: Final = "Application"
VOLUME: Final = "files"


@dataclass(frozen=True)
class Blueprint:
    """What every task of the platform has in common, and the rest of the template may know about it.

    Attributes:
        settings: what application.toml asks for.
        variables: its variables, filled.
        upgrade_variables: those of the task that installs or upgrades, and of no other.
        image: what runs, unless a task says otherwise.
        architecture: what it is built for.
        files: mounted at `settings.files_path`.
        log_group: where the lines of all go.
        task_role: what the application may do.
        execution_role: what starts it.
    """

    settings: Settings
    variables: Variables
    upgrade_variables: Variables
    image: Parameter
    architecture: Parameter
    files: Files
    log_group: LogGroup
    task_role: TaskRole
    execution_role: TaskRole

    @property
    def policies(self) -> list[str]:
        """Logical ids of what the roles may do, which must exist before a first task."""
        return [self.execution_role.policy, self.task_role.policy]


def add_blueprint(
    t: Template,
    *,
    settings: Settings,
    facts: Mapping[str, Fact],
    upgrade: UpgradeParameters,
    files: Files,
    cache: Cache,
    database: Database,
    key: Key,
    sessions: Sessions,
) -> Blueprint:
    """Add what all tasks share: image, roles and log group.

    Args:
        t: the template.
        settings: what application.toml asks for.
        facts: what its variables can be filled with.
        upgrade: its image is pulled as well.
        files: mounted at `settings.files_path`.
        cache: its secrets may be read.
        database: its secret may be read.
        key: encrypts the logs.
        sessions: shells in the tasks, where those are allowed.
    """
    image, architecture = _add_image_parameters(t)
    logs = log_group(t, "ApplicationLogGroup", "application", key=key)
    return Blueprint(
        settings=settings,
        variables=container_variables(settings, facts),
        upgrade_variables=upgrade_variables(settings, facts),
        image=image,
        architecture=architecture,
        files=files,
        log_group=logs,
        task_role=add_task_role(t, files=files, sessions=sessions),
        execution_role=add_execution_role(
            t, image=image, upgrade=upgrade, log_group=logs, cache=cache, database=database
        ),
    )


def add_task_definition(
    t: Template,
    logical_id: str,
    blueprint: Blueprint,
    *,
    name: str,
    command: AWSHelperFn,
    size: Parameter,
    stop_timeout: Parameter | int,
    image: AWSHelperFn | None = None,
    variables: Variables | None = None,
    port: Parameter | None = None,
    exists: str | None = None,
) -> AWSHelperFn:
    """Add one task definition with a family of its own; returns the ARN of its newest revision.

    Args:
        t: the template.
        logical_id: the resource's logical id.
        blueprint: what it shares with the others.
        name: of its container, and the beginning of its log streams.
        command: what it runs.
        size: its CPU and memory, out of SIZES.
        stop_timeout: how many seconds it may take to finish.
        image: instead of the blueprint's.
        variables: instead of the blueprint's.
        port: where it listens; it is asked there whether it is well. Without one it takes no requests.
        exists: name of the condition under which it exists; always without one.
    """
    settings = blueprint.settings
    told = variables or blueprint.variables
    container = ContainerDefinition(
        Name=name,
        Image=image or Ref(blueprint.image),
        Essential=True,
        Command=command,
        Environment=told.plain,
        Secrets=told.secret,
        MountPoints=[MountPoint(SourceVolume=VOLUME, ContainerPath=settings.files_path, ReadOnly=False)],
        # A process 1 that passes signals on and reaps children: without it, many images ignore SIGTERM.
        LinuxParameters=LinuxParameters(InitProcessEnabled=True),
        StopTimeout=stop_timeout if isinstance(stop_timeout, int) else Ref(stop_timeout),
        LogConfiguration=LogConfiguration(
            LogDriver="awslogs",
            Options={
                "awslogs-group": Ref(blueprint.log_group),
                "awslogs-region": Ref("AWS::Region"),
                "awslogs-stream-prefix": name,
                "mode": "non-blocking",
                "max-buffer-size": "25m",
            },
        ),
    )
    if port is not None:
        container.PortMappings = [PortMapping(ContainerPort=Ref(port), Protocol="tcp")]
        if settings.health_command:
            container.HealthCheck = HealthCheck(
                Command=["CMD-SHELL", Sub(settings.health_command)], Interval=15, Timeout=5, Retries=3, StartPeriod=60
            )
    definition = TaskDefinition(
        logical_id,
        RequiresCompatibilities=["FARGATE"],
        NetworkMode="awsvpc",
        Cpu=Select(0, Split("/", Ref(size))),
        Memory=Select(1, Split("/", Ref(size))),
        RuntimePlatform=RuntimePlatform(CpuArchitecture=Ref(blueprint.architecture), OperatingSystemFamily="LINUX"),
        ExecutionRoleArn=blueprint.execution_role.arn,
        TaskRoleArn=blueprint.task_role.arn,
        ContainerDefinitions=[container],
        Volumes=[
            Volume(
                Name=VOLUME,
                EFSVolumeConfiguration=EFSVolumeConfiguration(
                    FilesystemId=blueprint.files.file_system,
                    TransitEncryption="ENABLED",
                    AuthorizationConfig=AuthorizationConfig(AccessPointId=blueprint.files.access_point, IAM="ENABLED"),
                ),
            )
        ],
    )
    if exists is not None:
        definition.Condition = exists
    return Ref(t.add_resource(definition))


def _add_image_parameters(t: Template) -> tuple[Parameter, Parameter]:
    image = parameter(
        t,
        "Image",
        group=GROUP,
        label="Container image",
        description="Image of the learning platform; in production pin it by digest (repository@sha256:…). An image in "
        "this account's own registry and region is pulled with the execution role. The default is a plain web server, "
        "to try the platform without an application.",
        default="public.ecr.aws/docker/library/nginx:1.28",
        pattern=f"^{IMAGE}$",
        constraint=f"{IMAGE_SENTENCE}.",
    )
    architecture = parameter(
        t,
        "CpuArchitecture",
        group=GROUP,
        label="CPU architecture",
        description="ARM64 costs about a fifth less; the image must be built for what stands here.",
        default="X86_64",
        allowed_values=["X86_64", "ARM64"],
        constraint="X86_64 or ARM64.",
    )
    return image, architecture
