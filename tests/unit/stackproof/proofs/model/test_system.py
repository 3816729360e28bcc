"""What the model reads: images, secrets, what runs, stores, balancers, ranges."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.iam.evaluation import Document, Request, decide
from stackproof.proofs.model.placement import Placement
from stackproof.proofs.model.ranges import parse, together
from stackproof.proofs.model.system import model
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.values import Unknown
from tests.unit.stackproof.proofs.model_support import SECRETS, stack_of, system_of
from tests.unit.stackproof.proofs.network_support import REGION, att, changed, put, ref, resource


@pytest.mark.parametrize(
    ("properties", "cluster", "fargate"),
    [
        ({"LaunchType": "FARGATE"}, {}, True),
        ({"LaunchType": "EC2"}, {}, False),
        ({"LaunchType": ref("Any")}, {}, None),
        ({"CapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT"}]}, {}, True),
        ({"CapacityProviderStrategy": [{"CapacityProvider": ref("Mine")}]}, {}, False),
        ({}, {"DefaultCapacityProviderStrategy": [{"CapacityProvider": "FARGATE"}]}, True),
        ({}, {}, False),
        ({"Cluster": "shared"}, {}, None),
        ({"Cluster": "shared", "TaskDefinition": ref("Task")}, {}, True),
    ],
)
def test_where_a_service_runs(properties: dict[str, Any], cluster: dict[str, Any], fargate: bool | None) -> None:
    system = system_of(
        Cluster=resource("ECS::Cluster", CapacityProviders=["FARGATE"], **cluster),
        Mine=resource("ECS::CapacityProvider"),
        Task=resource("ECS::TaskDefinition", RequiresCompatibilities=["FARGATE"]),
        Service=resource("ECS::Service", **({"Cluster": ref("Cluster")} | properties)),
    )
    service = system.compute.services["Service"]
    assert service.fargate is fargate
    assert (service.placement is None) is (fargate is not True)


def test_the_providers_of_a_cluster_are_associated_beside_it() -> None:
    system = system_of(
        Cluster=resource("ECS::Cluster"),
        Other=resource("ECS::Cluster"),
        Capacity=resource(
            "ECS::ClusterCapacityProviderAssociations",
            Cluster=ref("Cluster"),
            CapacityProviders=["FARGATE", "FARGATE_SPOT"],
            DefaultCapacityProviderStrategy=[{"CapacityProvider": "FARGATE"}],
        ),
        Service=resource("ECS::Service", Cluster=ref("Cluster")),
    )
    assert system.compute.clusters["Cluster"].providers == ("FARGATE", "FARGATE_SPOT")
    assert system.compute.clusters["Other"].providers == ()
    assert system.compute.services["Service"].fargate is True


@pytest.mark.parametrize("definitions", [{"Fn::Transform": {"Name": "X"}}, [{"Fn::Transform": {"Name": "X"}}]])
def test_containers_that_a_macro_makes_are_unknown(definitions: object) -> None:
    task = system_of(Task=resource("ECS::TaskDefinition", ContainerDefinitions=definitions)).compute.tasks["Task"]
    assert task.containers == ()
    assert task.unknown is not None


def test_a_container_without_log_and_with_registry_credentials() -> None:
    definition = {"Name": "web", "Image": "x", "RepositoryCredentials": {"CredentialsParameter": ref("Secret")}}
    system = system_of(
        Task=resource("ECS::TaskDefinition", ContainerDefinitions=[definition]), Secret=SECRETS["Secret"]
    )
    (container,) = system.compute.tasks["Task"].containers
    assert container.log is None
    assert container.credentials is not None
    assert container.credentials.resource == "Secret"


def test_another_log_driver_names_no_group() -> None:
    definition = {
        "LogConfiguration": {
            "LogDriver": "awsfirelens",
            "Options": {"awslogs-group": "x"},
            "SecretOptions": [{"Name": "key", "ValueFrom": ref("Secret")}],
        }
    }
    system = system_of(
        Task=resource("ECS::TaskDefinition", ContainerDefinitions=[definition]), Secret=SECRETS["Secret"]
    )
    log = system.compute.tasks["Task"].containers[0].log
    assert log is not None
    assert log.group is None
    assert log.secrets[0].resource == "Secret"


@pytest.mark.parametrize(
    ("kind", "properties", "ports"),
    [
        ("ElastiCache::ReplicationGroup", {}, (6379,)),
        ("ElastiCache::ReplicationGroup", {"Port": "7000"}, (7000,)),
        ("ElastiCache::ReplicationGroup", {"Port": ref("Any")}, ()),
        ("ElastiCache::CacheCluster", {"Engine": "memcached"}, (11211,)),
        ("ElastiCache::CacheCluster", {"Engine": "redis"}, (6379,)),
        ("ElastiCache::ServerlessCache", {"Engine": "valkey"}, (6379, 6380)),
        ("ElastiCache::ServerlessCache", {"Engine": "memcached"}, (11211,)),
        ("RDS::DBInstance", {"Engine": "mariadb"}, (3306,)),
        ("RDS::DBInstance", {"Engine": "oracle-se2"}, (1521,)),
        ("RDS::DBInstance", {"Engine": ref("Any")}, ()),
        ("RDS::DBCluster", {"Engine": "aurora-postgresql"}, ()),
        ("RDS::DBCluster", {"Engine": "aurora-mysql"}, (3306,)),
        ("RDS::DBProxy", {"EngineFamily": "POSTGRESQL"}, (5432,)),
        ("DocDB::DBCluster", {}, (27017,)),
        ("Neptune::DBCluster", {"DBPort": 9999}, (9999,)),
        ("OpenSearchService::Domain", {}, (443,)),
    ],
)
def test_where_a_store_listens(kind: str, properties: dict[str, Any], ports: tuple[int, ...]) -> None:
    assert system_of(Store=resource(kind, **properties)).stores.stores["Store"].ports == ports


def test_an_aurora_instance_stands_where_its_cluster_does() -> None:
    system = system_of(
        Group=resource("RDS::DBSubnetGroup", SubnetIds=["subnet-1"]),
        Cluster=resource(
            "RDS::DBCluster",
            Engine="aurora-mysql",
            DBSubnetGroupName=ref("Group"),
            VpcSecurityGroupIds=["sg-1"],
        ),
        Instance=resource("RDS::DBInstance", DBClusterIdentifier=ref("Cluster"), PubliclyAccessible="true"),
    )
    instance = system.stores.stores["Instance"]
    assert instance.placement == Placement(
        "Cluster",
        ("subnet-1",),
        ("sg-1",),
        "Properties.SubnetIds",
        "Properties.VpcSecurityGroupIds",
        subnets_owner="Group",
    )
    assert (instance.public, instance.ports) == (True, (3306,))
    assert system.stores.stores["Cluster"].public is False


def test_a_serverless_cache_names_its_subnets_itself() -> None:
    system = system_of(Store=resource("ElastiCache::ServerlessCache", SubnetIds=["subnet-1"]))
    assert system.stores.stores["Store"].placement.subnets == ("subnet-1",)


def test_a_schedule_and_a_rule_start_tasks() -> None:
    def target(key: str, **more: object) -> dict[str, Any]:
        network = {"Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "ENABLED"}
        return {
            "Arn": att("Cluster", "Arn"),
            "EcsParameters": {
                "TaskDefinitionArn": ref("Task"),
                "LaunchType": "FARGATE",
                "NetworkConfiguration": {key: network},
            }
            | more,
        }

    system = system_of(
        Cluster=resource("ECS::Cluster"),
        Task=resource("ECS::TaskDefinition"),
        Rule=resource("Events::Rule", Targets=[{"Arn": "arn:aws:sns:x"}, target("AwsVpcConfiguration")]),
        Schedule=resource("Scheduler::Schedule", Target=target("AwsvpcConfiguration", EnableExecuteCommand=True)),
        Other=resource("Scheduler::Schedule", Target={"Arn": "arn:aws:lambda:x"}),
        Elsewhere=resource("Scheduler::Schedule", Target=target("AwsvpcConfiguration", TaskDefinitionArn="x:1")),
    )
    assert sorted(system.compute.runs) == ["Elsewhere", "Rule", "Schedule"]
    assert system.compute.runs["Elsewhere"].task is None
    rule, schedule = system.compute.runs["Rule"], system.compute.runs["Schedule"]
    assert (rule.task, rule.fargate, rule.exec, schedule.exec) == ("Task", True, False, True)
    place = "Properties.Targets.1.EcsParameters.NetworkConfiguration.AwsVpcConfiguration"
    assert rule.placement == Placement(
        "Rule", ("subnet-1",), ("sg-1",), f"{place}.Subnets", f"{place}.SecurityGroups", public=True
    )


def test_a_function_outside_of_a_vpc_has_no_placement() -> None:
    system = system_of(
        Function=resource("Lambda::Function", Environment={"Variables": {"A": "b"}}),
        Other=resource("Lambda::Function", VpcConfig={"SubnetIds": ref("Subnets"), "SecurityGroupIds": ["sg-1"]}),
    )
    function, other = system.compute.functions["Function"], system.compute.functions["Other"]
    assert function.placement is None
    assert [(one.name, one.value, one.path) for one in function.environment] == [
        ("A", "b", "Properties.Environment.Variables.A")
    ]
    assert other.placement is not None
    assert isinstance(other.placement.subnets, Unknown)
    assert other.environment == ()


def test_forwarding_of_a_listener_is_found_through_rules_and_weights() -> None:
    system = model(
        resolve(changed(put("Listener", "DefaultActions.0", {"Type": "redirect", "RedirectConfig": {"Port": "443"}})))
    )
    assert system.balancers.serving("Targets", system.stack) == []
    assert system.balancers.listeners["Listener"].actions[0].redirect_port == 443


@pytest.mark.parametrize(
    ("name", "region", "service"),
    [
        ({"Fn::Sub": "com.amazonaws.${AWS::Region}.ecr.api"}, REGION, "ecr.api"),
        (f"com.amazonaws.{REGION}.s3", REGION, "s3"),
        ("com.amazonaws.eu-west-1.s3", REGION, ""),
        ({"Fn::Sub": "com.amazonaws.${AWS::Region}.logs"}, None, "logs"),
        ("com.amazonaws.eu-west-1.logs", None, "logs"),
        ({"Fn::Sub": "com.amazonaws.${Any}.logs"}, REGION, "logs"),
        ("com.amazonaws.vpce.us-east-1.vpce-svc-1", REGION, ""),
        ("my.service", REGION, ""),
        (ref("Any"), REGION, ""),
    ],
)
def test_the_service_of_an_endpoint(name: object, region: str | None, service: str) -> None:
    stack, _ = stack_of(region=region, Endpoint=resource("EC2::VPCEndpoint", ServiceName=name))
    assert model(stack).network.endpoints["Endpoint"].service == service


def test_more_ranges_of_a_vpc() -> None:
    more = {
        "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16"),
        "More": resource("EC2::VPCCidrBlock", VpcId=ref("Vpc"), CidrBlock="10.1.0.0/16"),
        "Six": resource("EC2::VPCCidrBlock", VpcId=ref("Vpc"), AmazonProvidedIpv6CidrBlock=True),
    }
    assert list(map(str, system_of(**more).network.vpcs["Vpc"].ranges)) == ["10.0.0.0/16", "10.1.0.0/16"]
    more["Unknown"] = resource("EC2::VPCCidrBlock", VpcId=ref("Vpc"), CidrBlock=ref("Any"))
    assert system_of(**more).network.vpcs["Vpc"].ranges == ()


def test_a_rule_that_is_no_object_makes_its_group_unknown() -> None:
    system = system_of(Group=resource("EC2::SecurityGroup", SecurityGroupIngress=["x"]))
    unknown = system.network.groups["Group"].unknown
    assert unknown is not None
    assert "is no object" in unknown.reason


def test_a_prefix_list_of_the_template_is_as_good_as_its_ranges() -> None:
    system = system_of(
        List=resource("EC2::PrefixList", Entries=[{"Cidr": "10.0.0.0/24"}, {"Cidr": "10.0.1.0/24"}]),
        Group=resource("EC2::SecurityGroup"),
        Rule=resource("EC2::SecurityGroupIngress", GroupId=ref("Group"), SourcePrefixListId=ref("List")),
    )
    (rule,) = system.network.groups["Group"].ingress
    assert (rule.peer.kind, list(map(str, rule.peer.ranges))) == ("range", ["10.0.0.0/24", "10.0.1.0/24"])


@pytest.mark.parametrize(
    ("first", "last", "ports"), [(-1, -1, "TCP 0 to 65535"), (80, None, "TCP 80"), (80, 90, "TCP 80 to 90")]
)
def test_the_ports_of_a_rule(first: int, last: int | None, ports: str) -> None:
    system = system_of(
        Group=resource(
            "EC2::SecurityGroup",
            SecurityGroupIngress=[{"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "CidrIp": "10.0.0.0/8"}],
        )
    )
    assert system.network.groups["Group"].ingress[0].ports == ports


def test_text_that_is_no_range() -> None:
    assert parse("10.0.0.300/8") is None
    assert parse(" 10.1.0.0/8 ") == parse("10.0.0.0/8")


def test_ranges_of_two_families_are_apart() -> None:
    found = [parse("::/0"), parse("10.0.0.0/9"), parse("10.128.0.0/9")]
    known = [one for one in found if one is not None]
    wanted = parse("10.0.0.0/8")
    assert wanted is not None
    assert together(known, wanted)
    assert not together(known[:2], wanted)


ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
GET = Request("s3:GetObject", "arn:aws:s3:::bucket/x")
MACRO = {"Fn::Transform": {"Name": "Mine"}}


def policy_of(policy: Any) -> Document:
    """The policy of an endpoint."""
    found = system_of(It=resource("EC2::VPCEndpoint", PolicyDocument=policy)).network.endpoints["It"]
    assert found.policy is not None
    return found.policy


@pytest.mark.parametrize(
    ("statements", "answer"),
    [
        ([ANYBODY], True),
        ([], False),
        ([ANYBODY | {"Action": "s3:Get*", "Resource": "arn:aws:s3:::bucket/*"}], True),
        ([ANYBODY | {"Action": "s3:Put*"}], False),
        ([ANYBODY | {"Resource": "arn:aws:s3:::other/*"}], False),
        ([ANYBODY, ANYBODY | {"Effect": "Deny", "Action": ["s3:GetObject"]}], False),
        ([ANYBODY, ANYBODY | {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": False}}}], None),
        ([ANYBODY | {"Principal": {"AWS": "arn:aws:iam::1:root"}}], None),
        ([ANYBODY | {"Action": MACRO}], None),
        ([{"Effect": "Allow", "Principal": "*", "NotAction": "s3:Get*", "Resource": "*"}], False),
        ([{"Effect": "Allow", "Principal": "*", "NotAction": "s3:Put*", "NotResource": "arn:aws:s3:::other/*"}], True),
        ([{"Effect": "Allow", "Principal": "*", "Action": "s3:*"}], True),
        ([{"Effect": "Allow", "Principal": "*", "Resource": "*"}], False),
        ([MACRO], None),
        (MACRO, None),
    ],
)
def test_endpoint_policies(statements: Any, answer: bool | None) -> None:
    assert decide([policy_of({"Statement": statements})], GET).allowed is answer


def test_an_endpoint_without_a_policy_has_none_and_an_unknown_one_may_allow() -> None:
    assert system_of(It=resource("EC2::VPCEndpoint")).network.endpoints["It"].policy is None
    assert decide([policy_of(MACRO)], GET).allowed is None


def test_the_policy_of_an_endpoint_that_may_not_exist_is_as_sure_as_any() -> None:
    body = resource("EC2::VPCEndpoint", PolicyDocument={"Statement": [ANYBODY]})
    system = system_of(It={**body, "Condition": "Nowhere"})
    assert not system.stack.resources["It"].certain
    policy = system.network.endpoints["It"].policy
    assert policy is not None
    assert decide([policy], GET).allowed is True
