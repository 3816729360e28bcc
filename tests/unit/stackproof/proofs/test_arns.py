"""ARNs and names spelled out."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs import arns
from stackproof.proofs.equality import equal
from stackproof.proofs.patterns import matches
from stackproof.proofs.resolve.stack import Stack, resolve
from stackproof.proofs.values import Sym, Unknown, Value, join, show


def stack(resources: dict[str, Any], **given: Any) -> Stack:
    return resolve({"Resources": resources}, region="sa-east-1", account="123456789012", **given)


def of(resource_type: str, **properties: object) -> dict[str, Any]:
    return {"Type": resource_type, "Properties": properties}


RESOURCES = {
    "Bucket": of("AWS::S3::Bucket"),
    "Named": of("AWS::S3::Bucket", BucketName="lms-logs"),
    "Key": of("AWS::KMS::Key"),
    "Alias": of("AWS::KMS::Alias", AliasName="alias/lms"),
    "Secret": of("AWS::SecretsManager::Secret", Name="lms-app"),
    "Log": of("AWS::Logs::LogGroup", LogGroupName={"Fn::Sub": "/lms/${AWS::StackName}/app"}),
    "Role": of("AWS::IAM::Role", Path="/lms/", RoleName="task"),
    "Plain": of("AWS::IAM::Role"),
    "Cluster": of("AWS::ECS::Cluster", ClusterName="lms"),
    "Service": of("AWS::ECS::Service", Cluster={"Ref": "Cluster"}, ServiceName={"Fn::Sub": "${Cluster}-web"}),
    "ByArn": of("AWS::ECS::Service", Cluster="arn:aws:ecs:sa-east-1:123456789012:cluster/other"),
    "Alone": of("AWS::ECS::Service"),
    "Imported": of("AWS::ECS::Service", Cluster={"Fn::ImportValue": "cluster"}),
    "Task": of("AWS::ECS::TaskDefinition", Family="lms"),
    "Balancer": of("AWS::ElasticLoadBalancingV2::LoadBalancer", Name="lms"),
    "Network": of("AWS::ElasticLoadBalancingV2::LoadBalancer", Type="network"),
    "Listener": of("AWS::ElasticLoadBalancingV2::Listener", LoadBalancerArn={"Ref": "Balancer"}),
    "Stray": of("AWS::ElasticLoadBalancingV2::Listener", LoadBalancerArn="arn:aws:elasticloadbalancing:x"),
    "Group": of("AWS::ElasticLoadBalancingV2::TargetGroup"),
    "Topic": of("AWS::SNS::Topic"),
    "Queue": of("AWS::SQS::Queue"),
    "Parameter": of("AWS::SSM::Parameter", Name="/lms/x"),
    "Rootless": of("AWS::SSM::Parameter", Name="x"),
    "Acl": of("AWS::WAFv2::WebACL", Name="lms", Scope="REGIONAL"),
    "Edge": of("AWS::WAFv2::WebACL", Name="lms", Scope="CLOUDFRONT"),
    "Certificate": of("AWS::CertificateManager::Certificate"),
    "Strange": of("Custom::Thing"),
    "Listed": of("AWS::S3::Bucket", BucketName=["no", "name"]),
    "A": of("AWS::IAM::Role", RoleName={"Fn::Sub": "${B}-a"}),
    "B": of("AWS::IAM::Role", RoleName={"Fn::Sub": "${A}-b"}),
}
HERE = "sa-east-1:123456789012"
OWN = "${AWS::Region}:${AWS::AccountId}"
LOG_ARN = f"arn:${{AWS::Partition}}:logs:{OWN}:log-group:/lms/${{AWS::StackName}}/app:*"


@pytest.mark.parametrize(
    ("logical_id", "attribute", "spelled"),
    [
        ("Bucket", "Arn", "arn:aws:s3:::${Bucket}"),
        ("Named", "Arn", "arn:aws:s3:::lms-logs"),
        ("Named", "Ref", "lms-logs"),
        ("Key", "Arn", f"arn:aws:kms:{HERE}:key/${{Key}}"),
        ("Key", "Ref", "${Key}"),
        ("Alias", "Ref", "alias/lms"),
        ("Secret", "Ref", f"arn:aws:secretsmanager:{HERE}:secret:lms-app-??????"),
        ("Log", "Ref", "/lms/lms-dev/app"),
        ("Log", "Arn", f"arn:aws:logs:{HERE}:log-group:/lms/lms-dev/app:*"),
        ("Role", "Arn", "arn:aws:iam::123456789012:role/lms/task"),
        ("Plain", "Arn", "arn:aws:iam::123456789012:role/${Plain}"),
        ("Service", "Ref", f"arn:aws:ecs:{HERE}:service/lms/lms-web"),
        ("Service", "Name", "lms-web"),
        ("ByArn", "Ref", f"arn:aws:ecs:{HERE}:service/other/${{ByArn.Name}}"),
        ("Alone", "Ref", f"arn:aws:ecs:{HERE}:service/default/${{Alone.Name}}"),
        ("Imported", "Ref", f"arn:aws:ecs:{HERE}:service/${{import:cluster}}/${{Imported.Name}}"),
        ("Task", "Ref", f"arn:aws:ecs:{HERE}:task-definition/lms:${{Task.unique part}}"),
        ("Balancer", "Ref", f"arn:aws:elasticloadbalancing:{HERE}:loadbalancer/app/lms/${{Balancer.unique part}}"),
        ("Balancer", "LoadBalancerFullName", "app/lms/${Balancer.unique part}"),
        ("Network", "LoadBalancerFullName", "net/${Network.LoadBalancerName}/${Network.unique part}"),
        (
            "Listener",
            "Ref",
            f"arn:aws:elasticloadbalancing:{HERE}:listener/app/lms/${{Balancer.unique part}}/${{Listener.unique part}}",
        ),
        ("Stray", "Ref", "${Stray}"),
        ("Group", "TargetGroupFullName", "targetgroup/${Group.TargetGroupName}/${Group.unique part}"),
        ("Topic", "Ref", f"arn:aws:sns:{HERE}:${{Topic.TopicName}}"),
        ("Queue", "Ref", "${Queue}"),
        ("Queue", "Arn", f"arn:aws:sqs:{HERE}:${{Queue.QueueName}}"),
        ("Parameter", "Ref", "/lms/x"),
        ("Acl", "Arn", f"arn:aws:wafv2:{HERE}:regional/webacl/lms/${{Acl.unique part}}"),
        ("Edge", "Arn", f"arn:aws:wafv2:{HERE}:global/webacl/lms/${{Edge.unique part}}"),
        ("Strange", "Arn", "${Strange.Arn}"),
        ("Nobody", "Arn", "${Nobody.Arn}"),
        ("Listed", "Ref", "${Listed}"),
        ("A", "Ref", "${A}-b-a"),
    ],
)
def test_symbols_are_spelled_out_as_far_as_the_template_tells(logical_id: str, attribute: str, spelled: str) -> None:
    found = stack(RESOURCES, stack_name="lms-dev")
    assert show(arns.expand(found, Sym(logical_id, attribute))) == spelled
    assert show(arns.expand(found, join("x", Sym(logical_id, attribute)))) == f"x{spelled}"


def test_a_parameters_arn_has_one_slash() -> None:
    found = stack(RESOURCES)
    for name in ("Parameter", "Rootless"):
        assert show(arns.arn(found, found.resources[name])).startswith(f"arn:aws:ssm:{HERE}:parameter/")
        assert "//" not in show(arns.arn(found, found.resources[name]))


def test_an_unknown_shape_is_unknown() -> None:
    found = stack(RESOURCES)
    answer = arns.arn(found, found.resources["Strange"])
    assert isinstance(answer, Unknown)
    assert answer.reason == "the shape of an ARN of Custom::Thing is not in the table"
    assert arns.name(found.resources["Strange"]) == Sym("Strange", "name")


def test_what_is_no_symbol_stays_as_it_is() -> None:
    found = stack(RESOURCES)
    assert arns.expand(found, "text") == "text"
    assert arns.expand(found, Sym("P", kind="parameter")) == Sym("P", kind="parameter")
    assert isinstance(arns.expand(found, []), Unknown)
    assert isinstance(arns.expand(found, {}), Unknown)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"Fn::GetAtt": "Log.Arn"},
            {"Fn::Sub": LOG_ARN},
        ),
        (
            {"Fn::GetAtt": "Log.Arn"},
            {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Log}:*"},
        ),
        (
            {"Fn::GetAtt": "Bucket.Arn"},
            {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", {"Ref": "Bucket"}]]},
        ),
        ({"Fn::Sub": "${Bucket.Arn}/*"}, {"Fn::Sub": "arn:${AWS::Partition}:s3:::${Bucket}/*"}),
        ({"Ref": "Service"}, {"Fn::GetAtt": "Service.ServiceArn"}),
        ({"Ref": "Topic"}, {"Fn::GetAtt": "Topic.TopicArn"}),
        ({"Ref": "Key"}, {"Fn::GetAtt": "Key.KeyId"}),
    ],
)
@pytest.mark.parametrize("given", [{}, {"region": "sa-east-1", "account": "123456789012", "stack_name": "lms"}])
def test_two_spellings_of_one_arn_are_equal_once_spelled_out(one: object, other: object, given: dict[str, Any]) -> None:
    user = of("Custom::User", One=one, Other=other)
    found = resolve({"Resources": {**RESOURCES, "User": user}}, **given)
    properties = found.resources["User"].properties
    sides = [arns.expand(found, properties[name]) for name in ("One", "Other")]
    assert equal(*sides) is True


def test_a_secret_is_matched_by_name_only_with_its_six_characters() -> None:
    found = stack(RESOURCES)
    secret = arns.expand(found, Sym("Secret"))
    start = f"arn:aws:secretsmanager:{HERE}:secret:lms-app"
    assert matches(f"{start}-??????", secret) is True
    assert matches(f"{start}*", secret) is True
    assert matches(start, secret) is False
    assert matches(f"{start}-AbCdEf", secret) is None
    assert matches(f"{start}-?????", secret) is False


def test_expanding_takes_any_value() -> None:
    values: list[Value] = [None, 5, True, 0.5, Unknown("because")]
    found = stack({})
    for value in values:
        assert arns.expand(found, value) is value
