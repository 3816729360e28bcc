"""Task definition: one container with its size, its files, its variables and its logs.

Logs are handed over without blocking: where CloudWatch Logs is slow or out of reach, lines are lost once 25 MiB of them
wait. The other mode would stop the application at its next line instead, and an exam matters more than its log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from troposphere import Equals, If, Join, Not, NoValue, Ref, Select, Split, Sub
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

from templates.container_variables import container_variables
from templates.interface import condition, parameter
from templates.logs import log_group
from templates.task_roles import add_execution_role, add_task_role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import AWSHelperFn, Parameter, Template
    from troposphere.logs import LogGroup

    from templates.application_settings import Settings
    from templates.cache import Cache
    from templates.container_variables import Fact
    from templates.database import Database
    from templates.files import Files
    from templates.keys import Key
    from templates.task_roles import TaskRole

GROUP: Final = "Application"
CONTAINER: Final = "application"
VOLUME: Final = "files"

#: CPU units → the memory sizes in MiB that Fargate offers with them (ECS developer guide, "Task CPU and memory").
SIZES: Final = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
    32768: (61440, 122880, 249856),
}


@dataclass(frozen=True)
class Task:
    """What the rest of the template may know about a task.

    Attributes:
        definition: ARN of the task definition's newest revision.
        container: the container's name.
        port: the parameter that says where it listens.
        log_group: where its lines go.
        task_role: what the application may do.
        execution_role: what starts it.
    """

    definition: AWSHelperFn
    container: str
    port: Parameter
    log_group: LogGroup
    task_role: TaskRole
    execution_role: TaskRole


def add_task_definition(
    t: Template,
    *,
    settings: Settings,
    facts: Mapping[str, Fact],
    container_port: Parameter,
    files: Files,
    cache: Cache,
    database: Database,
    key: Key,
    execute_command: str,
) -> Task:
    """Add the task definition with its roles and its log group.

    Args:
        t: the template.
        settings: what application.toml asks for.
        facts: what its variables can be filled with.
        container_port: where the container listens.
        files: mounted at `settings.files_path`.
        cache: its secrets may be read.
        database: its secret may be read.
        key: encrypts the logs.
        execute_command: name of the condition under which the task may be entered with ECS Exec.
    """
    image, command = _add_image_parameters(t)
    size, architecture, stop_timeout = _add_size_parameters(t)
    logs = log_group(t, "ApplicationLogGroup", "application", key=key)
    execution_role = add_execution_role(t, image=image, log_group=logs, cache=cache, database=database)
    task_role = add_task_role(t, files=files, execute_command=execute_command)
    variables = container_variables(settings, facts)
    container = ContainerDefinition(
        Name=CONTAINER,
        Image=Ref(image),
        Essential=True,
        Command=If("HasCommand", Ref(command), NoValue),
        PortMappings=[PortMapping(ContainerPort=Ref(container_port), Protocol="tcp")],
        Environment=variables.plain,
        Secrets=variables.secret,
        MountPoints=[MountPoint(SourceVolume=VOLUME, ContainerPath=settings.files_path, ReadOnly=False)],
        # A process 1 that passes signals on and reaps children: without it, many images ignore SIGTERM.
        LinuxParameters=LinuxParameters(InitProcessEnabled=True),
        StopTimeout=Ref(stop_timeout),
        LogConfiguration=LogConfiguration(
            LogDriver="awslogs",
            Options={
                "awslogs-group": Ref(logs),
                "awslogs-region": Ref("AWS::Region"),
                "awslogs-stream-prefix": CONTAINER,
                "mode": "non-blocking",
                "max-buffer-size": "25m",
            },
        ),
    )
    if settings.health_command:
        container.HealthCheck = HealthCheck(
            Command=["CMD-SHELL", Sub(settings.health_command)], Interval=15, Timeout=5, Retries=3, StartPeriod=60
        )
    definition = t.add_resource(
        TaskDefinition(
            "TaskDefinition",
            RequiresCompatibilities=["FARGATE"],
            NetworkMode="awsvpc",
            Cpu=Select(0, Split("/", Ref(size))),
            Memory=Select(1, Split("/", Ref(size))),
            RuntimePlatform=RuntimePlatform(CpuArchitecture=Ref(architecture), OperatingSystemFamily="LINUX"),
            ExecutionRoleArn=execution_role.arn,
            TaskRoleArn=task_role.arn,
            ContainerDefinitions=[container],
            Volumes=[
                Volume(
                    Name=VOLUME,
                    EFSVolumeConfiguration=EFSVolumeConfiguration(
                        FilesystemId=files.file_system,
                        TransitEncryption="ENABLED",
                        AuthorizationConfig=AuthorizationConfig(AccessPointId=files.access_point, IAM="ENABLED"),
                    ),
                )
            ],
        )
    )
    return Task(Ref(definition), CONTAINER, container_port, logs, task_role, execution_role)


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
        pattern=r"^[a-z0-9][A-Za-z0-9./_:@-]{0,511}$",
        constraint="An image such as 111122223333.dkr.ecr.sa-east-1.amazonaws.com/lms@sha256:…, without spaces and "
        "without https://.",
    )
    command = parameter(
        t,
        "Command",
        group=GROUP,
        label="Command",
        description="What the container runs, its words separated by commas: kolibri,start,--foreground. Blank: what "
        "the image says itself.",
        type="CommaDelimitedList",
        default="",
        constraint="Words separated by commas, or blank.",
    )
    # Joined, since nobody says whether a blank list has no element or one that is blank.
    condition(t, "HasCommand", Not(Equals(Join("", Ref(command)), "")))
    return image, command


def _add_size_parameters(t: Template) -> tuple[Parameter, Parameter, Parameter]:
    size = parameter(
        t,
        "TaskSize",
        group=GROUP,
        label="Size of a task (CPU units / MiB)",
        description="CPU and memory of one task: 1024/2048 is one vCPU and 2 GiB. The list holds every pair that "
        "Fargate offers; the price follows both numbers.",
        default="512/1024",
        allowed_values=[f"{cpu}/{memory}" for cpu, sizes in SIZES.items() for memory in sizes],
        constraint="A pair that Fargate offers, such as 512/1024 or 2048/4096.",
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
    stop_timeout = parameter(
        t,
        "StopTimeout",
        group=GROUP,
        label="Time to stop (seconds)",
        description="How long the application may take to finish after SIGTERM before it is killed. Spot capacity is "
        "gone 120 seconds after its notice.",
        type="Number",
        default=60,
        min_value=2,
        max_value=120,
        constraint="2 to 120 seconds.",
    )
    return size, architecture, stop_timeout
