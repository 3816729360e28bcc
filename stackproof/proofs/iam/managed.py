"""The AWS-managed policies that templates attach most, by name: what each allows, on every resource.

Only those whose whole content matters to a need; any other is Unknown. Source: the AWS managed policy reference.
"""

from __future__ import annotations

from typing import Final

from stackproof.proofs.iam.evaluation import Document, Statement

_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_PULL = (
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
)
_FILES = (
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:DescribeMountTargets",
)
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
_BACKUP_KEYS = ("kms:CreateGrant", "kms:DescribeKey")
_TAGS = ("rds:AddTagsToResource", "rds:ListTagsForResource")

ACTIONS: Final[dict[str, tuple[str, ...]]] = {
    "AdministratorAccess": ("*",),
    "AmazonEC2ContainerRegistryReadOnly": (
        *_PULL,
        "ecr:GetRepositoryPolicy",
        "ecr:DescribeRepositories",
        "ecr:ListImages",
        "ecr:DescribeImages",
        "ecr:GetLifecyclePolicy",
        "ecr:GetLifecyclePolicyPreview",
        "ecr:ListTagsForResource",
        "ecr:DescribeImageScanFindings",
    ),
    "AmazonECSInfrastructureRolePolicyForLoadBalancers": tuple(
        f"elasticloadbalancing:{name}"
        for name in (
            *("DescribeListeners", "DescribeRules", "DescribeTargetGroups", "DescribeTargetHealth"),
            *("DeregisterTargets", "ModifyListener", "ModifyRule", "RegisterTargets"),
        )
    ),
    "AmazonElasticFileSystemClientFullAccess": (*_FILES, "elasticfilesystem:ClientRootAccess"),
    "AmazonElasticFileSystemClientReadWriteAccess": _FILES,
    "AmazonS3FullAccess": ("s3:*", "s3-object-lambda:*"),
    "AmazonSQSFullAccess": ("sqs:*",),
    "CloudWatchLogsFullAccess": ("logs:*", "cloudwatch:GenerateQuery"),
    # Of AWS Backup's two those that file systems and databases need; the rest is for stores that are not followed.
    "service-role/AWSBackupServiceRolePolicyForBackup": (
        *_BACKUP_KEYS,
        *_TAGS,
        *(f"rds:{verb}{kind}" for verb in ("Create", "Copy", "Delete") for kind in ("DBSnapshot", "DBClusterSnapshot")),
        *(f"rds:Modify{kind}Attribute" for kind in ("DBSnapshot", "DBClusterSnapshot")),
        *(f"rds:Describe{kind}s" for kind in ("DBSnapshot", "DBClusterSnapshot", "DBInstance", "DBCluster")),
        "backup:CopyIntoBackupVault",
        "backup:DescribeBackupVault",
        "elasticfilesystem:Backup",
        "elasticfilesystem:DescribeTags",
        "tag:GetResources",
    ),
    "service-role/AWSBackupServiceRolePolicyForRestores": (
        *_BACKUP_KEYS,
        *_TAGS,
        "elasticfilesystem:CreateFileSystem",
        "elasticfilesystem:DeleteFileSystem",
        "elasticfilesystem:DescribeFileSystems",
        "elasticfilesystem:Restore",
        "elasticfilesystem:TagResource",
        "rds:DeleteDBCluster",
        "rds:DescribeDBClusterSnapshots",
        "rds:DescribeDBClusters",
        "rds:RestoreDBClusterFromSnapshot",
    ),
    "service-role/AWSLambdaBasicExecutionRole": _LOGS,
    "service-role/AWSLambdaSQSQueueExecutionRole": (
        *_LOGS,
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    ),
    "service-role/AWSLambdaVPCAccessExecutionRole": (*_LOGS, *_NETWORK),
    "service-role/AmazonRDSEnhancedMonitoringRole": (
        *_LOGS,
        "logs:DescribeLogStreams",
        "logs:GetLogEvents",
        "logs:PutRetentionPolicy",
    ),
    "service-role/AmazonECSTaskExecutionRolePolicy": (*_PULL, "logs:CreateLogStream", "logs:PutLogEvents"),
}

EVERYTHING: Final = "AdministratorAccess"


def policy(arn: str) -> Document | None:
    """The policy with this ARN; None when it is none of AWS's, or not in the table."""
    name = arn.partition(":policy/")[2]
    if ":iam::aws:" not in arn or name not in ACTIONS:
        return None
    statement = Statement("", name, allows=True, actions=ACTIONS[name], resources=("*",), principals=None)
    return Document("", name, (statement,))
