"""The least IAM policy that the deployment commands need. Pure: stacks in, a policy document out.

What an action can be limited to is in AWS's Service Authorization Reference. What CloudFormation does in the caller's
name, above all making the template's resources, stands in `stackproof.deployment.resource_permissions`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stackproof.proofs.resolve.pseudo import partition_of
from stackproof.targets import BOOTSTRAP_STACK

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

# Each level can do what those before it can; bootstrap stands apart.
LEVELS = ("look", "plan", "apply", "bootstrap")

KEPT_OF_A_NAME = 24
"""What CloudFormation keeps at least of a stack's name, where the name that it makes of it would get too long."""

_LOOK = (
    "cloudformation:DescribeEvents",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplate",
    "cloudformation:ListStackResources",
)
# What these read cannot be limited to a resource, or has no name before the stack is there; none shows any content.
_LOOK_ELSEWHERE = (
    "cloudformation:GetHookResult",
    "cloudformation:ListImports",
    "cloudformation:ListStacks",
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeTasks",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeTargetHealth",
    "sts:DecodeAuthorizationMessage",
)
# For `why` alone, which says what it could not see: the last lines of a task's or a custom resource's log.
_LOGS = ("logs:DescribeLogStreams", "logs:GetLogEvents")
_FUNCTIONS = ("lambda:GetFunctionConfiguration",)
_CHANGE_SETS = (
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeEvents",
)
_PLAN = (
    "cloudformation:CreateChangeSet",
    "cloudformation:GetStackPolicy",
)
_PLAN_ELSEWHERE = ("logs:DescribeLogGroups", "servicequotas:GetServiceQuota")
_APPLY = (
    "cloudformation:CancelUpdateStack",
    "cloudformation:DeleteStack",
    "cloudformation:ListChangeSets",
    "cloudformation:SetStackPolicy",
    "cloudformation:UpdateTerminationProtection",
)
# S3 asks for GetObject on a HEAD as well, and CloudFormation fetches the template in the caller's name.
_ARTIFACTS = ("s3:GetObject", "s3:PutObject")
_ARTIFACT_KEY = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True)
class Scope:
    """A stack, wherever it is.

    Attributes:
        stack: its name.
        region: `*` where no file says it.
        account: 12 digits; `*` where no file says it.
        template: what it is made of; empty where that is not known.
    """

    stack: str
    region: str
    account: str
    template: Mapping[str, Any]

    @property
    def prefix(self) -> str:
        """What the names begin with that CloudFormation makes for the stack's resources."""
        return f"{self.stack}-" if len(self.stack) <= KEPT_OF_A_NAME else self.stack[:KEPT_OF_A_NAME]

    def arn(self, resource: str, service: str = "cloudformation") -> str:
        """An ARN in this account and region."""
        return f"arn:{partition_of(self.region)[0]}:{service}:{self.region}:{self.account}:{resource}"


def policy(level: str, scopes: Collection[Scope]) -> dict[str, Any]:
    """The policy document for what a level does to some stacks.

    Args:
        level: `look` (status, why, outputs, list), `plan`, `apply` (destroy and cancel, too) or `bootstrap`.
        scopes: the stacks; at least one.
    """
    homes = [replace(each, stack=BOOTSTRAP_STACK, template={}) for each in scopes]
    if level == "bootstrap":
        scopes = homes
    stacks = [each.arn(f"stack/{each.stack}/*") for each in scopes]
    # All that stackproof makes are called so; AWS checks the stack, or the change set where that was named.
    change_sets = [each.arn("changeSet/stackproof-*/*") for each in scopes]
    plans, applies = level != "look", level in {"apply", "bootstrap"}
    elsewhere = _LOOK_ELSEWHERE + (_PLAN_ELSEWHERE if plans else ())
    statements = [
        _statement("Look", _LOOK, stacks + [each.arn(f"stack/{each.stack}-*/*") for each in scopes if _nests(each)]),
        _statement("LookElsewhere", elsewhere, ["*"], _regions(scopes)),
    ]
    statements += [
        _statement("Logs", _LOGS, [each.arn("log-group:*", "logs") for each in scopes]),
        _statement("Functions", _FUNCTIONS, [each.arn("function:*", "lambda") for each in scopes]),
    ]
    if plans:
        transforms = [arn for each in scopes for arn in _transforms(each)]
        executes = ("cloudformation:ExecuteChangeSet",) if applies else ()
        statements += [
            _statement("Plan", _PLAN, stacks + transforms),
            _statement("ChangeSets", _CHANGE_SETS + executes, stacks + change_sets),
            _tags(stacks + change_sets, executes=applies),
        ]
    if level in {"plan", "apply"}:
        found = [each.arn(f"stack/{each.stack}/*") for each in homes]
        owners = _only("s3:ResourceAccount", [each.account for each in homes])
        statements += [
            _statement("Bucket", ["cloudformation:DescribeStacks"], found),
            _statement("Artifacts", _ARTIFACTS, _objects(homes), owners),
            _artifact_key(homes),
        ]
    if applies:
        statements.append(_statement("Apply", _APPLY, stacks))
        statements += _tasks([each for each in scopes if _has(each, "AWS::ECS::Service")])
        statements += _backups([each for each in scopes if _has(each, "AWS::Backup::BackupVault")])
        statements += _snapshots([each for each in scopes if _has(each, "AWS::RDS::DBCluster")])
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(
    sid: str, actions: Iterable[str], resources: Iterable[str], condition: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    found = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": sorted(set(resources))}
    return {**found, "Condition": condition} if condition else found


def _only(key: str, values: Iterable[str]) -> dict[str, Any]:
    """A condition that one of these values meets; none where one of them may be anything."""
    known = sorted(set(values))
    return {} if "*" in known else {"StringEquals": {key: known}}


def _tags(resources: Iterable[str], *, executes: bool) -> dict[str, Any]:
    """A permission of its own, which AWS checks where a change set sets tags of the stack, or takes them away."""
    actions = ["cloudformation:TagResource", *(["cloudformation:UntagResource"] if executes else [])]
    calls = ["CreateChangeSet", *(["ExecuteChangeSet"] if executes else [])]
    return _statement("Tags", actions, resources, _only("cloudformation:CreateAction", calls))


def _tasks(scopes: Collection[Scope]) -> list[dict[str, Any]]:
    """For a plan with one-shot tasks: each runs with roles of its stack, whose names CloudFormation makes of its."""
    if not scopes:
        return []
    definitions = [each.arn("task-definition/*", "ecs") for each in scopes]
    return [_statement("Tasks", ["ecs:RunTask"], definitions), _passed("TaskRoles", scopes, "ecs-tasks.amazonaws.com")]


def _backups(scopes: Collection[Scope]) -> list[dict[str, Any]]:
    """For a plan that takes recovery points, with a role of the stack's. How far they are takes no resource."""
    if not scopes:
        return []
    vaults = [each.arn("backup-vault:*", "backup") for each in scopes]
    return [
        _statement("Backups", ["backup:StartBackupJob"], vaults),
        _statement("BackupJobs", ["backup:DescribeBackupJob"], ["*"], _regions(scopes)),
        _passed("BackupRoles", scopes, "backup.amazonaws.com"),
    ]


def _snapshots(scopes: Collection[Scope]) -> list[dict[str, Any]]:
    """For recovery points without a vault; a cluster's name begins with that of its stack, in small letters."""
    if not scopes:
        return []
    clusters = [each.arn(f"cluster:{each.prefix.lower()}*", "rds") for each in scopes]
    snapshots = [each.arn(f"cluster-snapshot:{each.prefix.lower()}*", "rds") for each in scopes]
    actions = ["rds:CreateDBClusterSnapshot", "rds:DescribeDBClusterSnapshots"]
    return [_statement("Snapshots", actions, clusters + snapshots)]


def _passed(sid: str, scopes: Iterable[Scope], service: str) -> dict[str, Any]:
    """Roles of the stacks, handed to a service."""
    return _statement(sid, ["iam:PassRole"], roles_of(scopes), _only("iam:PassedToService", [service]))


def roles_of(scopes: Iterable[Scope]) -> list[str]:
    """ARNs of the roles that the stacks make."""
    found = {f"arn:{partition_of(each.region)[0]}:iam::{each.account}:role/{each.prefix}*" for each in scopes}
    return sorted(found)


def _regions(scopes: Iterable[Scope]) -> dict[str, Any]:
    return _only("aws:RequestedRegion", [each.region for each in scopes])


def _nests(scope: Scope) -> bool:
    """Whether there are nested stacks: their names begin with the name of theirs."""
    return _has(scope, "AWS::CloudFormation::Stack")


def _has(scope: Scope, kind: str) -> bool:
    resources = scope.template.get("Resources") or {}
    return any(each.get("Type") == kind for each in resources.values())


def _transforms(scope: Scope) -> list[str]:
    """ARNs of the macros that the template names at its top: a change set needs leave for each."""
    named = scope.template.get("Transform") or []
    entries = named if isinstance(named, list) else [named]
    names = [each.get("Name", "") if isinstance(each, dict) else str(each) for each in entries]
    return [
        replace(scope, account="aws" if name.startswith("AWS::") else scope.account).arn(
            f"transform/{name.removeprefix('AWS::')}"
        )
        for name in names
    ]


def _objects(homes: Iterable[Scope]) -> list[str]:
    """Templates in the artifact bucket."""
    return [f"{_bucket(each)}/templates/*" for each in homes]


def _bucket(home: Scope) -> str:
    """The artifact bucket, whose name CloudFormation makes of the stack's and the bucket's."""
    return f"arn:{partition_of(home.region)[0]}:s3:::{home.stack}-artifactbucket-*"


def _artifact_key(homes: Collection[Scope]) -> dict[str, Any]:
    """The key of the artifact bucket, whose id nobody knows before: any key, but for S3 and for this bucket only."""
    buckets = {
        "kms:ViaService": sorted({f"s3.{each.region}.{partition_of(each.region)[1]}" for each in homes}),
        "kms:EncryptionContext:aws:s3:arn": sorted({_bucket(each) for each in homes}),
    }
    keys = [each.arn("key/*", "kms") for each in homes]
    return _statement("ArtifactKey", _ARTIFACT_KEY, keys, {"StringLike": buckets})
