"""What mends a failure, by its words: the rules that no recorded history goes through, and how any rule speaks."""

from __future__ import annotations

import re

import pytest

from stackproof.deployment import hint_rules, hint_tasks, hints
from stackproof.deployment.hints import Failure, Rule, find
from tests.unit.stackproof.deployment.histories.recorded import arn

ALL = (*hint_rules.RULES, *hint_tasks.RULES)
TASK = hint_tasks.TASK


@pytest.mark.parametrize(
    ("kind", "reason", "sentence", "command"),
    [
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html
        ("AWS::ECS::Service", "ExpiredToken: The security token included in the request is expired", "expired", ""),
        ("AWS::S3::BucketPolicy", "Invalid principal in policy (Status Code: 400)", "does not exist (any more)", ""),
        # https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
        (
            "AWS::KMS::Key",
            "The new key policy will not allow you to update the key policy in the future.",
            "kms:PutKeyPolicy",
            "",
        ),
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        (
            "AWS::Logs::LogGroup",
            "The specified KMS key does not exist or is not allowed to be used with LogGroup 'arn'",
            "must allow the logs service",
            "",
        ),
        (
            "AWS::IAM::Role",
            "Did not have IAM permissions to process tags on AWS::IAM::Role resource.",
            "the tagging actions of AWS::IAM::Role",
            "",
        ),
        (
            "AWS::CloudFormation::Stack",
            "Export with name lms-Vpc is already exported by stack lms-old.",
            "Stack lms-old exports lms-Vpc already",
            "",
        ),
        # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
        ("AWS::EC2::VPC", "The maximum number of VPCs has been reached.", "VPCs", "L-F678F1CE"),
        ("AWS::EC2::InternetGateway", "The maximum number of internet gateways has been reached", "", "L-A4707A72"),
        ("AWS::EC2::NatGateway", "NatGatewayLimitExceeded", "per zone", "L-FE5A380F"),
        (
            TASK,
            "unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently.",
            "vCPUs of Fargate",
            "L-3032A538",
        ),
        (
            "AWS::ElastiCache::ReplicationGroup",
            "(Service: ElastiCache, Status Code: 400, HandlerErrorCode: ServiceLimitExceeded)",
            "A quota of this account",
            "aws service-quotas",
        ),
        ("AWS::EC2::VPC", "The vpc 'vpc-1' has dependencies and cannot be deleted.", "left in VPC vpc-1", "vpc-1"),
        (
            "AWS::IAM::Role",
            "Cannot delete entity, must detach all policies first. (Service: Iam)",
            "detach all policies, then try again",
            "",
        ),
        (
            "AWS::ECR::Repository",
            "The repository with name 'lms' in registry with id '1' cannot be deleted because it still contains images",
            "Delete its images first",
            "aws ecr list-images --repository-name lms-repository",
        ),
        (
            "AWS::ECS::Cluster",
            "The Cluster cannot be deleted while Services are active.",
            "still runs in the cluster (Services)",
            "aws ecs list-services --cluster lms-repository",
        ),
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Load balancer 'arn' cannot be deleted because deletion protection is enabled",
            "Deletion protection is on",
            "",
        ),
        ("AWS::RDS::DBInstance", "Cannot delete protected DB Instance, please disable it", "Deletion protection", ""),
        (TASK, "CannotPullContainerError: toomanyrequests: You have reached your pull rate limit", "Docker Hub", ""),
        (TASK, "CannotPullContainerError: pull access denied for lms, repository does not exist", "no such image", ""),
        (TASK, "CannotPullContainerError: ref pull: 403 Forbidden", "The registry refuses the image", ""),
        (
            TASK,
            "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'",
            "another processor",
            "",
        ),
        (
            TASK,
            "secret from asm: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            "does not exist",
            "",
        ),
        (TASK, "retrieved secret from Secrets Manager did not contain json key password", "has no key password", ""),
        (TASK, "failed to create Cloudwatch log stream: dial tcp 10.0.0.1:443: i/o timeout", "CloudWatch Logs", ""),
        (TASK, "EFS utils commands: mount.nfs4: access denied by server while mounting", "elasticfilesystem:", ""),
        (TASK, "Task failed container health checks", "own health check fails", ""),
        (TASK, "is unhealthy in (target-group x) due to (reason Request timed out)", "gets no answer", ""),
        (
            TASK,
            "was unable to place a task because no container instance met all of its requirements.",
            "No instance of the cluster has room",
            "",
        ),
    ],
)
def test_more_words_of_aws(kind: str, reason: str, sentence: str, command: str) -> None:
    rules = hint_tasks.RULES if kind == TASK else hint_rules.RULES
    found = find(Failure(kind, reason, "lms-repository", arn("lms-dev")), rules)
    assert found is not None
    assert sentence in found.sentence
    assert command in "\n".join(found.commands)


@pytest.mark.parametrize(
    "reason",
    ["Internal Failure", "The CIDR is wrong", 'Resource handler returned message: "null"', "size limit exceeded", ""],
)
def test_no_words_of_one_s_own_where_these_tell_nothing(reason: str) -> None:
    assert find(Failure("AWS::EC2::Subnet", reason), hint_rules.RULES) is None
    assert find(Failure(TASK, reason), hint_tasks.RULES) is None


def test_a_rule_is_for_its_types_only() -> None:
    words = "certificate is not valid"
    assert find(Failure("AWS::ElasticLoadBalancingV2::Listener", words), hint_rules.RULES) is not None
    assert find(Failure("AWS::SNS::Topic", words), hint_rules.RULES) is None


def test_a_command_is_safe_to_paste_whatever_a_stranger_s_code_said() -> None:
    found = find(Failure("AWS::S3::Bucket", "bucket you tried to delete is not empty", "a;rm -rf /"), hint_rules.RULES)
    assert found is not None
    assert found.commands == ("aws s3 rm s3://'a;rm -rf /' --recursive",)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.words[:40])
def test_every_rule_fills_its_words_with_what_it_knows(rule: Rule) -> None:
    known = set(re.compile(rule.words).groupindex) | set(hints._UNNAMED) | {"stack"}
    texts = [rule.sentence, *rule.commands]
    assert {name for text in texts for name in re.findall(r"(?<!{){(\w+)}(?!})", text)} <= known
    assert rule.sentence.endswith((".", ":", "}"))
