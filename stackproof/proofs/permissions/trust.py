"""Trust: the service that takes a role on is let in, and nobody else is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.iam.conditions import holds
from stackproof.proofs.iam.evaluation import Request, decide
from stackproof.proofs.model.iam import ROLE, role_of
from stackproof.proofs.needs.need import something
from stackproof.proofs.values import Value, at, show
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.iam.conditions import Context
    from stackproof.proofs.iam.evaluation import Statement
    from stackproof.proofs.model.iam import Role
    from stackproof.proofs.needs.need import Scene
    from stackproof.proofs.resolve.stack import Resource

TAKERS: Final[dict[tuple[str, str], str]] = {
    ("AWS::ApiGateway::Account", "CloudWatchRoleArn"): "apigateway",
    ("AWS::AutoScaling::LifecycleHook", "RoleARN"): "autoscaling",
    ("AWS::Backup::BackupSelection", "BackupSelection.IamRoleArn"): "backup",
    ("AWS::Backup::RestoreTestingSelection", "IamRoleArn"): "backup",
    ("AWS::CloudTrail::Trail", "CloudWatchLogsRoleArn"): "cloudtrail",
    ("AWS::CodeBuild::Project", "ServiceRole"): "codebuild",
    ("AWS::CodePipeline::Pipeline", "RoleArn"): "codepipeline",
    ("AWS::Cognito::UserPool", "SmsConfiguration.SnsCallerArn"): "cognito-idp",
    ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn"): "vpc-flow-logs",
    ("AWS::ECS::Service", "DeploymentConfiguration.LifecycleHooks.RoleArn"): "ecs",
    ("AWS::ECS::Service", "LoadBalancers.AdvancedConfiguration.RoleArn"): "ecs",
    ("AWS::ECS::Service", "Role"): "ecs",
    ("AWS::ECS::TaskDefinition", "ExecutionRoleArn"): "ecs-tasks",
    ("AWS::ECS::TaskDefinition", "TaskRoleArn"): "ecs-tasks",
    ("AWS::EKS::Cluster", "RoleArn"): "eks",
    ("AWS::EKS::Nodegroup", "NodeRole"): "ec2",
    ("AWS::Events::Rule", "Targets.RoleArn"): "events",
    ("AWS::IAM::InstanceProfile", "Roles"): "ec2",
    ("AWS::KinesisFirehose::DeliveryStream", "ExtendedS3DestinationConfiguration.RoleARN"): "firehose",
    ("AWS::KinesisFirehose::DeliveryStream", "S3DestinationConfiguration.RoleARN"): "firehose",
    ("AWS::Lambda::Function", "Role"): "lambda",
    ("AWS::RDS::DBCluster", "MonitoringRoleArn"): "monitoring.rds",
    ("AWS::RDS::DBInstance", "MonitoringRoleArn"): "monitoring.rds",
    ("AWS::RDS::DBProxy", "RoleArn"): "rds",
    ("AWS::S3::Bucket", "ReplicationConfiguration.Role"): "s3",
    ("AWS::Scheduler::Schedule", "Target.RoleArn"): "scheduler",
    ("AWS::StepFunctions::StateMachine", "RoleArn"): "states",
    ("AWS::Synthetics::Canary", "ExecutionRoleArn"): "lambda",
}
"""Which service takes on the role that a property names; properties without positions in lists."""

SOURCES: Final = {
    "ecs-tasks": ("ecs", ""),
    "monitoring.rds": ("rds", "db:"),
    "states": ("states", "stateMachine:"),
    "vpc-flow-logs": ("ec2", "vpc-flow-log/"),
}
"""Services that say for which resource they come: the ARN's service, and how its last part begins."""


@dataclass(frozen=True)
class Use:
    """A property that names a role: whose it is, and the service that takes the role on."""

    resource: Resource
    path: str
    role: str
    service: str


def uses(scene: Scene) -> Iterator[Use]:
    """Every property of the table that names a role of this stack."""
    for (resource_type, place), service in TAKERS.items():
        for resource in scene.stack.of_type(resource_type):
            for path, value in _values(resource.properties, place.split("."), "Properties"):
                role = role_of(scene.stack, value)
                if role is not None:
                    yield Use(resource, path, role, service)


def _values(value: Value, keys: list[str], path: str) -> Iterator[tuple[str, Value]]:
    """The values at a path, through lists."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _values(inner, keys, f"{path}.{index}")
    elif keys:
        inner = at(value, keys[0]) if isinstance(value, dict) else None
        if inner is not None:
            yield from _values(inner, keys[1:], f"{path}.{keys[0]}")
    else:
        yield path, value


def trust(scene: Scene) -> Iterator[Finding]:
    """Can each role be taken on by its service, and by nobody else?"""
    takers: dict[str, dict[str, Use]] = {}
    for use in uses(scene):
        takers.setdefault(use.role, {}).setdefault(use.service, use)
    for found in takers.values():
        for use in found.values():
            yield _let_in(scene, use)


def _let_in(scene: Scene, use: Use) -> Finding:
    """May the service take on the role?"""
    role = scene.access.roles[use.role]
    source: Value = None
    if use.service == "scheduler":
        source = _group(scene, use.resource)
    elif use.service in SOURCES:
        service, start = SOURCES[use.service]
        source = scene.arn(service, start, something("the resource"))
    # Not every service says for whom it comes.
    need = scene.as_service(use.role, role.trust.path, use.service, source=source, account=source is not None)
    if use.service == "cognito-idp":
        told = at(use.resource.properties, "SmsConfiguration", "ExternalId")
        need = need.knowing(sts__externalid=() if told is None else (told,))
    context = need.context
    answer = decide([role.trust], Request("sts:AssumeRole", role.arn, need.caller, context))
    name = f"{use.service}.amazonaws.com"
    wish = f"{name} takes on {use.role} for {use.resource.logical_id}"
    if answer.allowed is True:
        return proved("iam-trust", use.role, role.trust.path, f"{wish}: its trust policy lets it in.")
    if answer.allowed is None:
        message = f"Whether {wish} cannot be told, since {answer.reason}."
        return unknown("iam-trust", use.role, role.trust.path, message, f"Name {name} as the principal.")
    path, why = _why(role, caller_name=name, context=context, denied=answer.by if answer.denied else None)
    return broken(
        "iam-trust",
        use.role,
        path,
        f"{use.resource.logical_id} names {use.role} in {use.path}, but {name} may not take it on, since {why}.",
        f'Allow sts:AssumeRole to the principal {{"Service": "{name}"}} in the role\'s trust policy.',
    )


def _group(scene: Scene, schedule: Resource) -> Value:
    """The ARN of a schedule's group: EventBridge Scheduler comes for the group, not for the one schedule."""
    given = schedule.properties.get("GroupName", "default")
    group = scene.stack.target(given)
    if group is not None:
        return arns.arn(scene.stack, group)
    return scene.arn("scheduler", "schedule-group/", given if isinstance(given, str) else something("the group"))


def _why(role: Role, *, caller_name: str, context: Context, denied: Statement | None) -> tuple[str, str]:
    """What in a trust policy keeps a service out: path and reason."""
    if denied is not None:
        return denied.path, f"{denied.path} denies it"
    for statement in role.trust.statements:
        named = any(show(principal.value).startswith(caller_name) for principal in statement.principals or ())
        for condition in statement.conditions if named else ():
            if holds(condition, context) is False:
                return condition.path, f"{condition.path} asks for {', '.join(map(show, condition.values))}"
    found = [show(principal.value) for item in role.trust.statements for principal in item.principals or ()]
    return role.trust.path, f"its trust policy lets in {', '.join(found)} only" if found else "it lets nobody in"


def named_by(scene: Scene) -> dict[str, list[tuple[Resource, str]]]:
    """Which resources name each role, outside of policies: by logical id of the role, with the property's path."""
    found: dict[str, list[tuple[Resource, str]]] = {}
    for resource in scene.stack.resources.values():
        if resource.type.startswith("AWS::IAM::") and resource.type != "AWS::IAM::InstanceProfile":
            continue
        for path, symbol in scene.stack.symbols[resource.logical_id]:
            target = scene.stack.target(symbol)
            if target is not None and target.type == ROLE and "Statement" not in path:
                place = ".".join(str(key) for key in path[1:] if isinstance(key, str))
                found.setdefault(target.logical_id, []).append((resource, place))
    return found
