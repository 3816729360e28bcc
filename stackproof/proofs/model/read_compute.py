"""Reads what runs from a resolved stack: task definitions, services, schedules, clusters, functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.compute import (
    Cluster,
    Compute,
    Container,
    Function,
    Log,
    Mount,
    Port,
    Service,
    ServiceTarget,
    TaskDefinition,
    Variable,
    Volume,
)
from stackproof.proofs.model.images import read_image
from stackproof.proofs.model.placement import Placement, each, listed, placement, switch, whole, word
from stackproof.proofs.model.secrets import SecretReference, read_secret
from stackproof.proofs.values import Unknown, Value, at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.proofs.resolve.stack import Resource, Stack

SERVICE: Final = "AWS::ECS::Service"
TASK: Final = "AWS::ECS::TaskDefinition"
ASSOCIATION: Final = "AWS::ECS::ClusterCapacityProviderAssociations"


def model_compute(stack: Stack) -> Compute:
    """Read all of it from a resolved stack."""
    tasks = {found.logical_id: _task(stack, found) for found in stack.of_type(TASK)}
    return Compute(
        tasks=tasks,
        services={found.logical_id: _service(stack, found, tasks) for found in stack.of_type(SERVICE)},
        runs=_runs(stack, tasks),
        clusters={found.logical_id: _cluster(stack, found) for found in stack.of_type("AWS::ECS::Cluster")},
        functions={found.logical_id: _function(found) for found in stack.of_type("AWS::Lambda::Function")},
    )


def _task(stack: Stack, resource: Resource) -> TaskDefinition:
    properties = resource.properties
    definitions = properties.get("ContainerDefinitions")
    return TaskDefinition(
        logical_id=resource.logical_id,
        containers=tuple(
            _container(stack, resource.logical_id, index, definition)
            for index, definition in enumerate(each(definitions))
            if isinstance(definition, dict)
        ),
        unknown=resource.unknown or _unknown(definitions),
        volumes=tuple(_volume(index, volume) for index, volume in enumerate(each(properties.get("Volumes")))),
        network_mode=word(properties.get("NetworkMode"), "bridge"),
        compatibilities=tuple(each(properties.get("RequiresCompatibilities"))),
        cpu=properties.get("Cpu"),
        memory=properties.get("Memory"),
        task_role=properties.get("TaskRoleArn"),
        execution_role=properties.get("ExecutionRoleArn"),
    )


def _unknown(definitions: Value) -> Unknown | None:
    """Why the containers are not all known; None when they are."""
    if isinstance(definitions, Unknown):
        return definitions
    return next((found for found in each(definitions) if isinstance(found, Unknown)), None)


def _container(stack: Stack, task: str, index: int, definition: dict[str, Value]) -> Container:
    path = f"Properties.ContainerDefinitions.{index}"
    credentials = at(definition, "RepositoryCredentials", "CredentialsParameter")
    return Container(
        task=task,
        name=definition.get("Name"),
        path=path,
        image=read_image(stack, definition.get("Image")),
        ports=tuple(
            Port(
                whole(at(found, "ContainerPort")),
                word(at(found, "Protocol"), "tcp"),
                at(found, "Name"),
                f"{path}.PortMappings.{number}",
            )
            for number, found in enumerate(each(definition.get("PortMappings")))
        ),
        environment=_variables(definition.get("Environment"), f"{path}.Environment"),
        secrets=_secrets(stack, definition.get("Secrets"), f"{path}.Secrets"),
        log=_log(stack, definition.get("LogConfiguration"), f"{path}.LogConfiguration"),
        mounts=tuple(
            Mount(
                at(found, "SourceVolume"),
                switch(at(found, "ReadOnly"), default=False),
                f"{path}.MountPoints.{number}",
            )
            for number, found in enumerate(each(definition.get("MountPoints")))
        ),
        credentials=None
        if credentials is None
        else read_secret(stack, "", credentials, f"{path}.RepositoryCredentials.CredentialsParameter"),
        definition=definition,
    )


def _variables(value: Value, path: str) -> tuple[Variable, ...]:
    return tuple(
        Variable(word(at(found, "Name")), at(found, "Value"), f"{path}.{index}.Value")
        for index, found in enumerate(each(value))
    )


def _secrets(stack: Stack, value: Value, path: str) -> tuple[SecretReference, ...]:
    return tuple(
        read_secret(stack, word(at(found, "Name")), at(found, "ValueFrom"), f"{path}.{index}.ValueFrom")
        for index, found in enumerate(each(value))
    )


def _log(stack: Stack, value: Value, path: str) -> Log | None:
    if value is None:
        return None
    options = at(value, "Options")
    return Log(
        driver=word(at(value, "LogDriver"), "?"),
        options=options if isinstance(options, dict) else {},
        secrets=_secrets(stack, at(value, "SecretOptions"), f"{path}.SecretOptions"),
        path=path,
    )


def _volume(index: int, volume: Value) -> Volume:
    # troposphere writes EFSVolumeConfiguration, and so does CloudFormation.
    settings = at(volume, "EFSVolumeConfiguration")
    return Volume(
        name=at(volume, "Name"),
        path=f"Properties.Volumes.{index}",
        file_system=at(settings, "FilesystemId"),
        access_point=at(settings, "AuthorizationConfig", "AccessPointId"),
        iam=_enabled(at(settings, "AuthorizationConfig", "IAM")),
        encrypted=_enabled(at(settings, "TransitEncryption")),
        root=at(settings, "RootDirectory"),
    )


def _enabled(value: Value) -> bool | None:
    """ENABLED or DISABLED, which is what nothing means."""
    return False if value is None else {"ENABLED": True, "DISABLED": False}.get(word(value))


def _service(stack: Stack, resource: Resource, tasks: Mapping[str, TaskDefinition]) -> Service:
    properties = resource.properties
    target = stack.target(properties.get("TaskDefinition"))
    task = tasks.get(target.logical_id) if target is not None else None
    network = ("NetworkConfiguration", "AwsvpcConfiguration")
    fargate = _fargate(stack, properties, task)
    awsvpc = fargate or at(properties, *network) is not None
    assigned = at(properties, *network, "AssignPublicIp")
    return Service(
        logical_id=resource.logical_id,
        name=properties.get("ServiceName"),
        cluster=properties.get("Cluster"),
        task=task.logical_id if task is not None else None,
        fargate=fargate,
        placement=placement(resource, (*network, "Subnets"), (*network, "SecurityGroups"), public=_enabled(assigned))
        if awsvpc
        else None,
        targets=tuple(
            ServiceTarget(
                target_groups=tuple(
                    group
                    for group in (
                        at(found, "TargetGroupArn"),
                        at(found, "AdvancedConfiguration", "AlternateTargetGroupArn"),
                    )
                    if group is not None
                ),
                container=at(found, "ContainerName"),
                port=whole(at(found, "ContainerPort")),
                path=f"Properties.LoadBalancers.{index}",
            )
            for index, found in enumerate(each(properties.get("LoadBalancers")))
        ),
        exec=switch(properties.get("EnableExecuteCommand"), default=False),
        desired=properties.get("DesiredCount"),
    )


def _fargate(stack: Stack, properties: Mapping[str, Value], task: TaskDefinition | None) -> bool | None:
    """Does a service run on Fargate: by its launch type, its strategy, or the cluster's default strategy."""
    launch = properties.get("LaunchType")
    if launch is not None:
        return word(launch) == "FARGATE" if isinstance(launch, str) else None
    cluster = stack.target(properties.get("Cluster"))
    strategy = each(properties.get("CapacityProviderStrategy")) or _default_strategy(stack, cluster)
    if strategy:
        providers = [at(found, "CapacityProvider") for found in strategy]
        return all(isinstance(name, str) and name.startswith("FARGATE") for name in providers)
    if task is not None and task.compatibilities == ("FARGATE",):
        return True
    return None if cluster is None else False


def _default_strategy(stack: Stack, cluster: Resource | None) -> list[Value]:
    """A cluster's own strategy, stated in it or in its association."""
    if cluster is None:
        return []
    stated = [found for found in stack.of_type(ASSOCIATION) if stack.target(found.properties.get("Cluster")) is cluster]
    return [
        share for found in (cluster, *stated) for share in each(found.properties.get("DefaultCapacityProviderStrategy"))
    ]


def _runs(stack: Stack, tasks: Mapping[str, TaskDefinition]) -> dict[str, Service]:
    """Tasks that EventBridge starts: the targets of rules, and of schedules."""
    found: dict[str, Service] = {}
    for rule in stack.of_type("AWS::Events::Rule"):
        for index, target in enumerate(each(rule.properties.get("Targets"))):
            if (run := _run(stack, rule, target, f"Properties.Targets.{index}", tasks)) is not None:
                found[rule.logical_id] = run
    for schedule in stack.of_type("AWS::Scheduler::Schedule"):
        if (run := _run(stack, schedule, schedule.properties.get("Target"), "Properties.Target", tasks)) is not None:
            found[schedule.logical_id] = run
    return found


def _run(
    stack: Stack, resource: Resource, target: Value, path: str, tasks: Mapping[str, TaskDefinition]
) -> Service | None:
    """One target as a service without a balancer; None for a target that is no task in a VPC."""
    given = at(target, "EcsParameters")
    network = at(given, "NetworkConfiguration")
    # The two types spell it in two ways.
    key = "AwsVpcConfiguration" if at(network, "AwsVpcConfiguration") is not None else "AwsvpcConfiguration"
    settings = at(network, key)
    definition = stack.target(at(given, "TaskDefinitionArn"))
    if not isinstance(given, dict) or not isinstance(settings, dict):
        return None
    task = tasks.get(definition.logical_id) if definition is not None else None
    place = f"{path}.EcsParameters.NetworkConfiguration.{key}"
    return Service(
        logical_id=resource.logical_id,
        name=None,
        cluster=at(target, "Arn"),
        task=task.logical_id if task is not None else None,
        fargate=_fargate(stack, {**given, "Cluster": at(target, "Arn")}, task),
        placement=Placement(
            resource.logical_id,
            listed(settings.get("Subnets")),
            listed(settings.get("SecurityGroups")),
            f"{place}.Subnets",
            f"{place}.SecurityGroups",
            public=_enabled(settings.get("AssignPublicIp")),
        ),
        targets=(),
        exec=switch(given.get("EnableExecuteCommand"), default=False),
        desired=given.get("TaskCount"),
    )


def _cluster(stack: Stack, resource: Resource) -> Cluster:
    providers = each(resource.properties.get("CapacityProviders"))
    for found in stack.of_type(ASSOCIATION):
        if stack.target(found.properties.get("Cluster")) is resource:
            providers = [*providers, *each(found.properties.get("CapacityProviders"))]
    return Cluster(resource.logical_id, resource.properties.get("ClusterName"), tuple(providers))


def _function(resource: Resource) -> Function:
    properties = resource.properties
    variables = at(properties, "Environment", "Variables")
    return Function(
        logical_id=resource.logical_id,
        placement=placement(resource, ("VpcConfig", "SubnetIds"), ("VpcConfig", "SecurityGroupIds"))
        if properties.get("VpcConfig") is not None
        else None,
        environment=tuple(
            Variable(name, value, f"Properties.Environment.Variables.{name}") for name, value in variables.items()
        )
        if isinstance(variables, dict)
        else (),
        role=properties.get("Role"),
    )
