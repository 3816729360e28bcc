"""Services that act by themselves, and roles that services take on: let in, or broken at the policy that blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, att, put, ref, resource, without
from tests.unit.stackproof.proofs.permissions_support import (
    ADMINISTER,
    allow,
    alone,
    changed,
    complaints,
    document,
    findings,
    key,
    role,
    service,
    sub,
    the,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]

MONITOR = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"


# Log groups and keys


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        (
            put("LogsKey", "KeyPolicy.Statement.1.Action", ["kms:Encrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*"]),
            "Properties.KeyPolicy.Statement.1.Action",
            f"Logs cannot be encrypted, so that it is not made: logs.{REGION}.amazonaws.com may not kms:Decrypt",
        ),
        (
            put("LogsKey", "KeyPolicy.Statement.1.Principal", service("logs.eu-west-1")),
            "Properties.KeyPolicy.Statement.1.Principal",
            "does not name it",
        ),
        (
            put(
                "LogsKey",
                "KeyPolicy.Statement.1.Condition.ArnLike",
                {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/other/*"},
            ),
            "Properties.KeyPolicy.Statement.1.Condition.ArnLike.kms:EncryptionContext:aws:logs:arn",
            f"asks for arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/other/*",
        ),
        (put("LogsKey", "KeyPolicy", document(ADMINISTER)), "Properties.KeyPolicy.Statement.0.Principal", "it"),
    ],
)
def test_a_log_group_whose_key_does_not_let_logs_in_is_not_made(change: Change, path: str, says: str) -> None:
    found = complaints(changed(change))
    assert [(one.id, one.verdict, one.logical_id, one.path) for one in found] == [
        ("iam-service", Verdict.BROKEN, "LogsKey", path)
    ] * 2
    assert says in found[0].message
    assert "in the policy of LogsKey." in found[0].fix


def test_a_principal_of_which_it_is_not_known_whether_it_works_is_unknown() -> None:
    found = complaints(changed(put("LogsKey", "KeyPolicy.Statement.1.Principal", service("logs"))))
    assert {one.verdict for one in found} == {Verdict.UNKNOWN}


def test_a_key_of_elsewhere_is_the_business_of_its_owner() -> None:
    template = changed(
        put("Logs", "KmsKeyId", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"), put("FlowLogs", "KmsKeyId", None)
    )
    assert complaints(template) == []


def test_a_key_that_nobody_may_manage_is_refused() -> None:
    use = allow("kms:Decrypt", "*", Principal={"AWS": sub("arn:aws:iam::${AWS::AccountId}:root")})
    found = the(alone(Key=resource("KMS::Key", KeyPolicy=document(use))))
    assert (found.id, found.path) == ("iam-service", "Properties.KeyPolicy.Statement.0.Action")
    assert found.message.startswith(
        "Key cannot be managed, so that AWS refuses a key that nobody may manage: whoever deploys may not"
    )


@pytest.mark.parametrize(
    "principal", [{"AWS": "*"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"}, {"AWS": [ref("AWS::AccountId")]}]
)
def test_a_store_needs_somebody_who_can_give_it_a_grant(principal: dict[str, object]) -> None:
    manage = allow("kms:PutKeyPolicy", "*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"})
    via = {
        "StringEquals": {"kms:ViaService": f"elasticfilesystem.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT}
    }
    grant = allow("kms:CreateGrant", "*", Principal=principal, Condition=via)
    files = resource("EFS::FileSystem", KmsKeyId=ref("Key"))
    assert complaints(alone(Key=resource("KMS::Key", KeyPolicy=document(manage, grant)), Files=files)) == []
    found = the(alone(Key=resource("KMS::Key", KeyPolicy=document(manage)), Files=files))
    assert "Files cannot be given a grant for its key, so that it is not made" in found.message
    by_cache = alone(
        Key=resource("KMS::Key", KeyPolicy=document(manage, grant)),
        Cache=resource("ElastiCache::ReplicationGroup", KmsKeyId=ref("Key")),
    )
    assert the(by_cache).path.endswith("StringEquals.kms:ViaService")


def test_a_store_under_a_key_of_elsewhere_is_not_judged() -> None:
    assert complaints(alone(Files=resource("EFS::FileSystem", KmsKeyId="alias/aws/elasticfilesystem"))) == []


def test_a_proxy_reads_its_secrets_by_its_role() -> None:
    secret = resource("SecretsManager::Secret", KmsKeyId=ref("Key"))
    proxy = resource(
        "RDS::DBProxy", RoleArn=att("Role", "Arn"), Auth=[{"SecretArn": ref("Secret")}, {"SecretArn": "arn:x"}]
    )
    read = allow("secretsmanager:GetSecretValue", [ref("Secret"), "arn:x"])
    given = {"Secret": secret, "Proxy": proxy, "Key": key()}
    assert complaints(alone(**given, Role=role("rds", read, allow("kms:Decrypt", att("Key", "Arn"))))) == []
    found = the(alone(**given, Role=role("rds", read)))
    assert (found.id, found.logical_id) == ("iam-key", "Role")
    given["Secret"] = resource("SecretsManager::Secret")
    assert complaints(alone(**given, Role=role("rds", read))) == []


@pytest.mark.parametrize(
    "resources",
    [
        {"Function": resource("Lambda::Function", Role="arn:aws:iam::1:role/x")},
        {"Schedule": resource("Scheduler::Schedule", Target={"RoleArn": "arn:aws:iam::1:role/x"})},
        {"Proxy": resource("RDS::DBProxy", RoleArn={"Fn::ImportValue": "x"})},
        {"FlowLog": resource("EC2::FlowLog", DeliverLogsPermissionArn="arn:aws:iam::1:role/x")},
    ],
)
def test_a_role_of_elsewhere_is_unknown(resources: dict[str, Any]) -> None:
    found = the(alone(**resources))
    assert (found.id, found.verdict) == ("iam-allowed", Verdict.UNKNOWN)


def test_a_flow_log_to_a_bucket_has_no_role_and_one_may_name_its_group_by_arn() -> None:
    bucket = put("FlowLog", "DeliverLogsPermissionArn", None)
    assert complaints(changed(bucket, without("FlowLogRole"))) == []
    by_arn = sub("arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:${FlowLogs}")
    assert complaints(changed(put("FlowLog", "LogGroupName", None), put("FlowLog", "LogDestination", by_arn))) == []


def test_monitoring_says_for_which_database_it_comes() -> None:
    """A trust policy may ask for the account and for databases; one of another service lets nobody in."""

    def monitored(source: str) -> Any:
        trust = {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "monitoring.rds.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                        "ArnLike": {"aws:SourceArn": sub(source)},
                    },
                }
            ]
        }
        watcher = resource("IAM::Role", AssumeRolePolicyDocument=trust, ManagedPolicyArns=[MONITOR])
        instance = resource("RDS::DBInstance", MonitoringRoleArn=att("Watcher", "Arn"))
        return alone(Watcher=watcher, Database=instance, Cluster=resource("RDS::DBCluster"))

    assert complaints(monitored("arn:aws:rds:${AWS::Region}:${AWS::AccountId}:db:*")) == []
    found = the(monitored("arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:*"))
    assert (found.id, found.logical_id, found.verdict) == ("iam-trust", "Watcher", Verdict.BROKEN)


# Deployment hooks


def hooked(statement: dict[str, Any], **hook: object) -> Template:
    """A service whose deployments wait for a function."""
    whole = {"HookTargetArn": att("Smoke", "Arn"), "RoleArn": att("Caller"), **hook}
    lambda_role = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    return alone(
        Smoke=resource("Lambda::Function", Role=att("Own"), Code={"ZipFile": "x"}),
        Own=role("lambda", ManagedPolicyArns=[lambda_role]),
        Caller=role("ecs", statement),
        Service=resource("ECS::Service", DeploymentConfiguration={"LifecycleHooks": [whole, ref("AWS::NoValue")]}),
    )


def test_ecs_may_call_the_function_that_a_deployment_waits_for() -> None:
    right = hooked(allow("lambda:InvokeFunction", att("Smoke", "Arn")))
    assert complaints(right) == []
    assert "Service can call the hook Smoke" in " ".join(one.message for one in findings(right))
    found = the(hooked(allow("lambda:GetFunction", att("Smoke", "Arn"))))
    assert (found.id, found.verdict, found.logical_id) == ("iam-allowed", Verdict.BROKEN, "Caller")
    assert found.message.startswith("Service cannot call the hook Smoke, so that every deployment fails at it: Caller")
    elsewhere = "arn:aws:lambda:sa-east-1:111122223333:function:theirs"
    assert complaints(hooked(allow("lambda:InvokeFunction", elsewhere), HookTargetArn=elsewhere)) == []
    theirs = hooked(allow("lambda:InvokeFunction", att("Smoke", "Arn")), RoleArn="arn:aws:iam::111122223333:role/x")
    del theirs["Resources"]["Caller"]
    assert complaints(theirs) == []


def shifting(*actions: str, attached: str = "") -> Template:
    """A service that shifts traffic between two target groups by a role of its own."""
    settings = {
        "AlternateTargetGroupArn": ref("Green"),
        "ProductionListenerRule": ref("Rule"),
        "TestListenerRule": ref("Tests"),
        "RoleArn": att("Shifter"),
    }
    statements = [allow(list(actions), "*")] if actions else []
    managed = {"ManagedPolicyArns": [attached]} if attached else {}
    return alone(
        Blue=resource("ElasticLoadBalancingV2::TargetGroup"),
        Green=resource("ElasticLoadBalancingV2::TargetGroup"),
        Rule=resource("ElasticLoadBalancingV2::ListenerRule"),
        Tests=resource("ElasticLoadBalancingV2::Listener"),
        Shifter=role("ecs", *statements, **managed),
        Service=resource(
            "ECS::Service", LoadBalancers=[{"TargetGroupArn": ref("Blue"), "AdvancedConfiguration": settings}]
        ),
    )


BALANCING = "elasticloadbalancing:"
SHIFTS = [
    *(f"{BALANCING}Describe{name}" for name in ("Listeners", "Rules", "TargetGroups", "TargetHealth")),
    *(f"{BALANCING}{name}" for name in ("DeregisterTargets", "ModifyListener", "ModifyRule", "RegisterTargets")),
]


def test_ecs_may_shift_traffic_between_target_groups_by_its_infrastructure_role() -> None:
    whole = "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers"
    for right in (shifting(*SHIFTS), shifting(attached=whole)):
        assert [str(one) for one in complaints(right) if one.id == "iam-allowed"] == []
    told = " ".join(one.message for one in findings(shifting(*SHIFTS)))
    assert "Service can shift traffic at Rule" in told
    assert "Service can register its tasks in Green" in told


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("ModifyRule", "Service cannot shift traffic at Rule, so that every deployment fails at it: Shifter"),
        ("ModifyListener", "Service cannot shift traffic at Tests, so that every deployment fails at it: Shifter"),
        ("DeregisterTargets", "Service cannot register its tasks in "),
        ("DescribeTargetHealth", "Service cannot look at its target groups, so that every deployment fails at it"),
    ],
)
def test_an_infrastructure_role_without_the_rights_to_the_balancer(missing: str, says: str) -> None:
    given = [action for action in SHIFTS if action != f"{BALANCING}{missing}"]
    found = [one for one in complaints(shifting(*given)) if one.id == "iam-allowed"]
    assert {(one.verdict, one.logical_id) for one in found} == {(Verdict.BROKEN, "Shifter")}
    assert all(one.message.startswith(says) for one in found)
    assert all(f"{BALANCING}{missing}" in one.message for one in found)
