"""What `plan` says of access, exports, quotas and parts, through the command line on the embedded AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stackproof.parts import KEY
from tests.integration.deployer import TOPIC

if TYPE_CHECKING:
    from tests.integration.deployer import Deployer

VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}


def role(action: str, resource: Any, service: str = "ecs-tasks") -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow]}}],
        },
    }


def group(cidr: Any, port: int = 443) -> dict[str, Any]:
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": cidr}
    closed = {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "web",
            "VpcId": {"Ref": "Vpc"},
            "SecurityGroupIngress": [rule],
            "SecurityGroupEgress": [closed],
        },
    }


def test_what_opens_and_closes_is_told_by_meaning_and_goes_to_everybody_first(deployer: Deployer) -> None:
    office = {"Office": {"Type": "String"}}
    deployer.write(
        {"Vpc": VPC, "Web": group({"Ref": "Office"}), "Role": role("s3:GetObject", "arn:aws:s3:::a/*")},
        parameters=office,
        given={"Office": "192.0.2.0/24"},
    )
    deployer.apply()
    deployer.write(
        {"Vpc": VPC, "Web": group({"Ref": "Office"}), "Role": role("s3:Get*", "arn:aws:s3:::a/*", "ec2")},
        parameters=office,
        given={"Office": "0.0.0.0/0"},
    )
    done = deployer("plan", "dev")
    assert done.code == 0
    assert (
        "Access (4): 1 opened, 2 broadened, 1 closed\n"
        "  ! broadened  Web   lets TCP 443 in from 0.0.0.0/0 (everybody)\n"
        "      before: lets TCP 443 in from 192.0.2.0/24\n"
        "  + opened     Role  lets ec2.amazonaws.com sts:AssumeRole\n"
        "  + broadened  Role  may s3:Get* on arn:aws:s3:::a/*\n"
        "      before: may s3:GetObject on arn:aws:s3:::a/*\n"
        "  - closed     Role  no longer lets ecs-tasks.amazonaws.com sts:AssumeRole\n"
    ) in done.out
    (found,) = deployer("plan", "dev", "--json").objects
    assert found["access"][0] == {
        "logical_id": "Web",
        "type": "AWS::EC2::SecurityGroup",
        "kind": "security group",
        "effect": "broadened",
        "what": "lets TCP 443 in from 0.0.0.0/0 (everybody)",
        "instead": "lets TCP 443 in from 192.0.2.0/24",
        "everybody": True,
    }
    assert found["caller"] == f"arn:aws:iam::{deployer.aws.account}:root"


def test_a_change_that_opens_nothing_says_nothing_of_access(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC, "Role": role("s3:GetObject", ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"])})
    deployer.apply()
    topic = {**TOPIC, "Properties": {"DisplayName": "two"}}
    deployer.write({"Topic": topic, "Role": role("s3:GetObject", ["arn:aws:s3:::b/*", "arn:aws:s3:::a/*"])})
    done = deployer("plan", "dev")
    assert "1 to modify" in done.out or "2 to modify" in done.out
    assert "Access" not in done.out


def test_an_export_that_another_stack_imports_is_told_with_who_imports_it(deployer: Deployer) -> None:
    def outputs(value: Any) -> dict[str, Any]:
        return {"Name": {"Value": value, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-Name"}}}}

    deployer.write({"Topic": TOPIC}, outputs=outputs("one"))
    deployer.apply()
    user = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "lms-dev-Name"}},
    }
    deployer.cloudformation.create_stack(StackName="app", TemplateBody=json.dumps({"Resources": {"User": user}}))
    deployer.write({"Topic": TOPIC}, outputs=outputs("two"))
    done = deployer("plan", "dev")
    assert "Exports in use (1)" in done.out
    assert "  ! lms-dev-Name changes; it is imported by app\n" in done.out
    deployer.write({"Topic": {**TOPIC, "Properties": {"DisplayName": "two"}}})
    (found,) = deployer("plan", "dev", "--json").objects
    assert found["exports"] == [{"name": "lms-dev-Name", "change": "removed", "used_by": ["app"]}]
    deployer.write({"Topic": {**TOPIC, "Properties": {"DisplayName": "two"}}}, outputs=outputs("one"))
    assert deployer("plan", "dev", "--json").objects[0]["exports"] == []


def test_a_quota_that_the_new_maximum_passes_is_told(deployer: Deployer) -> None:
    service = {
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "c"}},
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Cpu": "2048",
                "Memory": "4096",
                "RequiresCompatibilities": ["FARGATE"],
                "NetworkMode": "awsvpc",
            },
        },
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "Cluster": {"Ref": "Cluster"},
                "TaskDefinition": {"Ref": "Task"},
                "LaunchType": "FARGATE",
                "DesiredCount": {"Ref": "Tasks"},
            },
        },
    }
    parameters = {"Tasks": {"Type": "Number", "Default": 1}}
    deployer.write(service, parameters=parameters)
    assert "Quotas" not in deployer("plan", "dev").out
    (found,) = deployer("plan", "dev", "--set", "Tasks=2", "--json").objects
    assert found["quotas"] == [
        {"service": "fargate", "code": "L-3032A538", "what": "vCPUs of Fargate tasks", "needed": 8, "allowed": 6}
    ]


def test_each_change_names_its_part_and_many_additions_are_told_by_type(deployer: Deployer) -> None:
    topics = {f"Topic{index:02}": TOPIC for index in range(13)}
    deployer.write({**topics, "Vpc": VPC})
    path = deployer.folder / "dist" / "lms.json"
    body = json.loads(path.read_text())
    body["Metadata"] = {KEY: {"alarms": list(topics), "network": ["Vpc"]}}
    path.write_text(json.dumps(body))
    done = deployer("plan", "dev")
    names = ", ".join(topics)
    assert f"Added (14)\n  + AWS::EC2::VPC (1)     Vpc  (network)\n  + AWS::SNS::Topic (13)  {names[:98]}" in done.out
    (found,) = deployer("plan", "dev", "--json").objects
    assert {(each["logical_id"], each["part"]) for each in found["changes"]} >= {
        ("Vpc", "network"),
        ("Topic00", "alarms"),
    }


def test_as_markdown_each_plan_is_folded(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    done = deployer("plan", "dev", "--markdown", "--check")
    assert (done.code, done.err) == (3, "")
    assert done.out == (
        f"### lms-dev: create in account {deployer.aws.account}, sa-east-1\n"
        "\n"
        f"as arn:aws:iam::{deployer.aws.account}:root\n"
        "\n"
        "**1 to add**\n"
        "\n"
        "<details><summary>Added (1)</summary>\n\n```diff\n+ Topic  AWS::SNS::Topic\n```\n</details>\n"
    )


def test_markdown_and_json_exclude_each_other(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    done = deployer("plan", "dev", "--markdown", "--json")
    assert (done.code, done.out) == (2, "")
    assert "--markdown: and --json cannot both be printed; give one" in done.err


def test_a_nested_stack_that_aws_does_not_look_into_is_named(deployer: Deployer) -> None:
    """The embedded AWS makes no change sets for nested stacks."""
    s3 = deployer.aws.client("s3")
    bucket = f"templates-{deployer.aws.account}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "sa-east-1"})
    s3.put_object(Bucket=bucket, Key="inner", Body=json.dumps({"Resources": {"Topic": TOPIC}}))
    url = f"{deployer.aws.url}/{bucket}/inner"
    deployer.write({"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}})
    done = deployer("plan", "dev")
    assert done.code == 0, done.err
    assert "  ! Inner: what changes inside this nested stack is not shown by AWS\n" in done.out
    assert deployer.stack() is None
    deployer.apply()
