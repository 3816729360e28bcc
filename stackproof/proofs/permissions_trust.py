"""Trust: the service that takes a role on is let in, and nobody else is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stackproof.proofs.iam import Request, decide
from stackproof.proofs.iam_conditions import holds
from stackproof.proofs.model_iam import ROLE, role_of
from stackproof.proofs.values import Sym, Value, at, references, show
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.iam import Statement
    from stackproof.proofs.iam_conditions import Context
    from stackproof.proofs.model_iam import Role
    from stackproof.proofs.needs import Scene
    from stackproof.proofs.resolve import Resource

TAKERS: Final[dict[tuple[str, str], str]] = {
    ("AWS::ApiGateway::Account", "CloudWatchRoleArn"): "apigateway",
    ("AWS::AutoScaling::LifecycleHook", "RoleARN"): "autoscaling",
    ("AWS::Backup::BackupSelection", "BackupSelection.IamRoleArn"): "backup",
    ("AWS::CloudTrail::Trail", "CloudWatchLogsRoleArn"): "cloudtrail",
    ("AWS::CodeBuild::Project", "ServiceRole"): "codebuild",
    ("AWS::CodePipeline::Pipeline", "RoleArn"): "codepipeline",
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
    "scheduler": ("scheduler", ""),
    "vpc-flow-logs": ("ec2", "vpc-flow-log/"),
}
"""Services that say for which resource they come: the ARN's service, and how its last part begins."""

NARROWING: Final = (
    "aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc",
    "aws:sourcevpce", "aws:sourceip", "aws:vpcsourceip", "aws:principalorgid", "aws:principalorgpaths",
    "aws:principalarn", "aws:principalaccount", "aws:principaltag/", "aws:userid", "kms:calleraccount",
    "sts:externalid", "elasticfilesystem:accessedviamounttarget", "elasticfilesystem:accesspointarn",
    "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
)  # fmt: skip
"""Keys that tell who comes: with one of them "everybody" is not everybody."""

BY_SOURCE: Final = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:sourceorg")
"""Of these, the keys that hold AWS's services to one account's resources, but do not tell which service."""

HUBS: Final = {"token.actions.githubusercontent.com": ":sub", "cognito-identity.amazonaws.com": ":aud"}
"""Providers that everybody can have an identity at, and the end of the key that tells whose it is."""


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
    for role in scene.access.roles.values():
        for statement in role.trust.statements:
            yield from _open(role, statement)


def _let_in(scene: Scene, use: Use) -> Finding:
    """May the service take on the role?"""
    role = scene.access.roles[use.role]
    source: Value = None
    if use.service in SOURCES:
        service, start = SOURCES[use.service]
        source = scene.arn(service, start, Sym("the resource", kind="expression"))
    # Not every service says for whom it comes.
    need = scene.as_service(use.role, role.trust.path, use.service, source=source, account=source is not None)
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
    return role.trust.path, f"its trust policy lets in {', '.join(found) or 'nobody'} only"


def narrowed(statement: Statement, without: tuple[str, ...] = ()) -> bool:
    """Does a condition tell who comes, by other keys than `without`? A negated one lets everybody else in."""
    return any(
        key.startswith(NARROWING) and not (without and key.startswith(without)) and "not" not in operator
        for key, operator in ((item.key.lower(), item.operator.lower()) for item in statement.conditions)
    )


def everybody(statement: Statement) -> bool:
    """Does a statement let everybody in, whoever they are?"""
    named = statement.principals or ()
    return statement.allows and (
        statement.not_principals or any(item.value == "*" and item.kind in {"*", "AWS"} for item in named)
    )


def _open(role: Role, statement: Statement) -> Iterator[Finding]:
    """A trust policy that lets in whoever asks."""
    if everybody(statement) and not narrowed(statement, BY_SOURCE):
        who = "Any AWS service" if narrowed(statement) else "Anybody with an AWS account"
        yield broken(
            "iam-open-trust",
            role.logical_id,
            f"{statement.path}.Principal",
            f"{who} can take on {role.logical_id}: its trust policy names everybody, without a condition that tells "
            "who it must be.",
            "Name the service, role or account that is meant.",
        )
    for principal in statement.principals or ():
        for hub, ending in HUBS.items():
            told = any(condition.key.lower().endswith(ending) for condition in statement.conditions)
            if statement.allows and principal.kind == "Federated" and hub in show(principal.value) and not told:
                yield broken(
                    "iam-open-trust",
                    role.logical_id,
                    statement.path,
                    f"Anybody with an identity at {hub} can take on {role.logical_id}: no condition on {hub}{ending} "
                    "tells whose it must be.",
                    f"Add a condition on {hub}{ending}.",
                )


def named_by(scene: Scene) -> dict[str, list[tuple[Resource, str]]]:
    """Which resources name each role, outside of policies: by logical id of the role, with the property's path."""
    found: dict[str, list[tuple[Resource, str]]] = {}
    for resource in scene.stack.resources.values():
        if resource.type.startswith("AWS::IAM::") and resource.type != "AWS::IAM::InstanceProfile":
            continue
        for path, symbol in references(resource.properties):
            target = scene.stack.target(symbol)
            if target is not None and target.type == ROLE and "Statement" not in path:
                place = ".".join(str(key) for key in path if isinstance(key, str))
                found.setdefault(target.logical_id, []).append((resource, place))
    return found
