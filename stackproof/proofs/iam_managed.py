"""The AWS-managed policies that templates attach most, by name: what each allows, on every resource.

Only those whose whole content matters to a need; any other is Unknown. Source: the AWS managed policy reference.
"""

from __future__ import annotations

from typing import Final

from stackproof.proofs.iam import Document, Statement

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
    "AmazonElasticFileSystemClientFullAccess": (*_FILES, "elasticfilesystem:ClientRootAccess"),
    "AmazonElasticFileSystemClientReadWriteAccess": _FILES,
    "AmazonS3FullAccess": ("s3:*", "s3-object-lambda:*"),
    "AmazonSQSFullAccess": ("sqs:*",),
    "CloudWatchLogsFullAccess": ("logs:*", "cloudwatch:GenerateQuery"),
    "service-role/AWSLambdaBasicExecutionRole": _LOGS,
    "service-role/AWSLambdaSQSQueueExecutionRole": (
        *_LOGS,
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    ),
    "service-role/AWSLambdaVPCAccessExecutionRole": (*_LOGS, *_NETWORK),
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
