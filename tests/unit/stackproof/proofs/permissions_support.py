"""A small platform whose permissions are right and no wider than needed, to break."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from stackproof.proofs.model.system import model
from stackproof.proofs.permissions.queries import prove
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, IMAGE, REGION, add, att, ref, resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.proofs.verdicts import Finding

Template = dict[str, Any]
Change = "Callable[[Template], None]"
CHANNELS = [f"ssmmessages:{name}{kind}Channel" for name in ("Create", "Open") for kind in ("Control", "Data")]
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
ROOT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
ADMINISTER = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": ROOT}
USE = ["kms:Decrypt", "kms:GenerateDataKey*"]
MINE = {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}}
QUEUE = {"Arn": att("Queue", "Arn")}
STATEMENT = "PolicyDocument.Statement"
TRUST = "AssumeRolePolicyDocument.Statement.0"
VOLUME = "Volumes.0.EFSVolumeConfiguration"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def sub(text: str) -> dict[str, str]:
    """Fn::Sub."""
    return {"Fn::Sub": text}


def allow(actions: object, target: object = None, **more: object) -> dict[str, Any]:
    """A statement."""
    there = {} if target is None else {"Resource": target}
    return {"Effect": "Allow", "Action": actions, **there, **more}


def service(name: str) -> dict[str, str]:
    """A service as the principal."""
    return {"Service": f"{name}.amazonaws.com"}


def document(*statements: object) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def role(taker: str, *statements: object, **properties: object) -> dict[str, Any]:
    """A role that a service takes on, with an inline policy."""
    trust = document(allow("sts:AssumeRole", Principal=service(taker)))
    policies = [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []
    return resource("IAM::Role", AssumeRolePolicyDocument=trust, Policies=policies, **properties)


def policy(owner: str, *statements: object) -> dict[str, Any]:
    """A policy of its own, attached to a role."""
    return resource("IAM::Policy", PolicyName="own", PolicyDocument=document(*statements), Roles=[ref(owner)])


def key(*statements: object) -> dict[str, Any]:
    """A customer key that hands the decision to IAM."""
    return resource("KMS::Key", KeyPolicy=document(copy.deepcopy(ADMINISTER), *statements))


def _stores() -> Template:
    context = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": sub(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/*")}}
    logs = {"Service": sub("logs.${AWS::Region}.amazonaws.com")}
    use = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    return {
        "FilesKey": key(),
        "LogsKey": key(allow(use, "*", Principal=logs, Condition=context)),
        "SecretsKey": key(),
        "Secret": resource("SecretsManager::Secret", KmsKeyId=ref("SecretsKey")),
        "Logs": resource("Logs::LogGroup", LogGroupName="/web", KmsKeyId=att("LogsKey", "Arn")),
        "FileSystem": resource(
            "EFS::FileSystem",
            KmsKeyId=att("FilesKey", "Arn"),
            FileSystemPolicy=document(
                {
                    "Effect": "Deny",
                    "Action": "elasticfilesystem:Client*",
                    "Principal": {"AWS": "*"},
                    "Condition": plain,
                }
            ),
        ),
        "AccessPoint": resource("EFS::AccessPoint", FileSystemId=ref("FileSystem")),
        "Repository": resource("ECR::Repository", RepositoryName="lms"),
    }


def _roles() -> Template:
    streams = {"StringEquals": {"elasticfilesystem:AccessPointArn": att("AccessPoint", "Arn")}}
    via = {"StringEquals": {"kms:ViaService": sub("secretsmanager.${AWS::Region}.amazonaws.com")}}
    return {
        "ExecutionRole": role("ecs-tasks"),
        "ExecutionPolicy": policy(
            "ExecutionRole",
            allow("ecr:GetAuthorizationToken", "*"),
            allow(PULL, att("Repository", "Arn")),
            allow(["logs:CreateLogStream", "logs:PutLogEvents"], att("Logs", "Arn")),
            allow("secretsmanager:GetSecretValue", ref("Secret")),
            allow("kms:Decrypt", att("SecretsKey", "Arn"), Condition=via),
        ),
        "TaskRole": role(
            "ecs-tasks",
            allow(
                ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                att("FileSystem", "Arn"),
                Condition=streams,
            ),
            allow(CHANNELS, "*"),
        ),
        "FlowLogRole": role(
            "vpc-flow-logs",
            allow(
                ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                [sub(f"arn:${{AWS::Partition}}:logs:{REGION}:${{AWS::AccountId}}:log-group:${{FlowLogs}}:*")],
            ),
        ),
        "FlowLogs": resource("Logs::LogGroup", KmsKeyId=ref("LogsKey"), LogGroupName="/flow"),
        "FlowLog": resource(
            "EC2::FlowLog",
            DeliverLogsPermissionArn=att("FlowLogRole", "Arn"),
            LogGroupName=ref("FlowLogs"),
            ResourceId="vpc-1",
            ResourceType="VPC",
        ),
    }


def _application() -> Template:
    point = {"AccessPointId": ref("AccessPoint"), "IAM": "ENABLED"}
    volume = {"FilesystemId": ref("FileSystem"), "TransitEncryption": "ENABLED", "AuthorizationConfig": point}
    return {
        "Cluster": resource("ECS::Cluster"),
        "Task": resource(
            "ECS::TaskDefinition",
            RequiresCompatibilities=["FARGATE"],
            ExecutionRoleArn=att("ExecutionRole", "Arn"),
            TaskRoleArn=att("TaskRole", "Arn"),
            ContainerDefinitions=[
                {
                    "Name": "web",
                    "Image": IMAGE,
                    "Secrets": [
                        {"Name": "HOST", "ValueFrom": sub("${Secret}:host::")},
                        {"Name": "PASSWORD", "ValueFrom": sub("${Secret}:password::")},
                    ],
                    "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": ref("Logs")}},
                    "MountPoints": [{"SourceVolume": "files", "ContainerPath": "/files"}],
                }
            ],
            Volumes=[{"Name": "files", "EFSVolumeConfiguration": volume}],
        ),
        "Service": resource(
            "ECS::Service", Cluster=ref("Cluster"), TaskDefinition=ref("Task"), EnableExecuteCommand=True
        ),
    }


def platform() -> Template:
    """The whole template, fresh."""
    return copy.deepcopy({"Resources": {**_stores(), **_roles(), **_application()}})


def changed(*changes: Callable[[Template], None]) -> Template:
    """The platform with changes."""
    template = platform()
    for change in changes:
        change(template["Resources"])
    return template


def findings(template: Template, **parameters: object) -> list[Finding]:
    """Everything that is said about a template's permissions."""
    return prove(model(resolve(template, parameters, region=REGION, account=ACCOUNT, stack_name="lms")))


def complaints(template: Template, **parameters: object) -> list[Finding]:
    """What is broken or unknown."""
    return [found for found in findings(template, **parameters) if found.verdict is not Verdict.PROVED]


def the(template: Template, **parameters: object) -> Finding:
    """The one complaint."""
    (found,) = complaints(template, **parameters)
    return found


def statements(name: str, *new: object, inline: bool = False) -> Callable[[Template], None]:
    """Give a policy or a role other statements."""

    def change(resources: Template) -> None:
        properties = resources[name]["Properties"]
        holder = properties["Policies"][0] if inline else properties
        holder["PolicyDocument"]["Statement"] = list(new)

    return change


def alone(*changes: Callable[[Template], None], **resources: dict[str, Any]) -> Template:
    """A template of these resources, with changes."""
    template: Template = {"Resources": {}}
    add(**resources)(template["Resources"])
    for change in changes:
        change(template["Resources"])
    return template


def proofs(template: Template, rule: str, owner: str = "") -> list[str]:
    """The witnesses of one rule, of one component where it is named."""
    proved = (one for one in findings(template) if one.id == rule and one.verdict is Verdict.PROVED)
    return [one.message for one in proved if owner in {"", one.logical_id}]


def function(**properties: object) -> dict[str, dict[str, Any]]:
    """A function with its role."""
    return {
        "Function": resource("Lambda::Function", Role=att("FunctionRole", "Arn"), **properties),
        "FunctionRole": role("lambda", ManagedPolicyArns=[BASIC]),
    }
