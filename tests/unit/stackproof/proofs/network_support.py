"""A small platform to break: balancer, tasks, files, cache and database over two zones, with NAT in one of them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from stackproof.proofs.model.system import model
from stackproof.proofs.network.queries import prove
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.proofs.verdicts import Finding

Template = dict[str, Any]
REGION, ACCOUNT = "sa-east-1", "111122223333"
NOWHERE = {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/lms:1"


def ref(name: str) -> dict[str, str]:
    """Ref."""
    return {"Ref": name}


def att(name: str, attribute: str = "GroupId") -> dict[str, list[str]]:
    """Fn::GetAtt."""
    return {"Fn::GetAtt": [name, attribute]}


def resource(kind: str, **properties: object) -> dict[str, Any]:
    """A resource; kind without AWS::."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def rule(direction: str, group: str, peer: object, port: int, last: int = 0) -> dict[str, Any]:
    """A rule of its own; a text as peer is a range."""
    side = "Source" if direction == "Ingress" else "Destination"
    to = {"CidrIp": peer} if isinstance(peer, str) else {f"{side}SecurityGroupId": peer}
    return resource(
        f"EC2::SecurityGroup{direction}",
        GroupId=att(group),
        IpProtocol="tcp",
        FromPort=port,
        ToPort=last or port,
        **to,
    )


def _network() -> Template:
    found: Template = {
        "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16", EnableDnsSupport=True, EnableDnsHostnames=True),
        "Gateway": resource("EC2::InternetGateway"),
        "Attachment": resource("EC2::VPCGatewayAttachment", VpcId=ref("Vpc"), InternetGatewayId=ref("Gateway")),
        "NatAddress": resource("EC2::EIP", Domain="vpc"),
        "Nat": resource("EC2::NatGateway", SubnetId=ref("Public1"), AllocationId=att("NatAddress", "AllocationId")),
        "S3Endpoint": resource(
            "EC2::VPCEndpoint",
            VpcId=ref("Vpc"),
            VpcEndpointType="Gateway",
            ServiceName={"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
            RouteTableIds=[ref("PrivateTable")],
        ),
    }
    ways = {
        "Public": {"GatewayId": ref("Gateway")},
        "Private": {"NatGatewayId": ref("Nat")},
        "Data": None,
    }
    for number, (kind, way) in enumerate(ways.items()):
        found[f"{kind}Table"] = resource("EC2::RouteTable", VpcId=ref("Vpc"))
        if way is not None:
            found[f"{kind}Route"] = resource(
                "EC2::Route", RouteTableId=ref(f"{kind}Table"), DestinationCidrBlock="0.0.0.0/0", **way
            )
        for zone in (1, 2):
            name = f"{kind}{zone}"
            found[name] = resource(
                "EC2::Subnet",
                VpcId=ref("Vpc"),
                CidrBlock=f"10.0.{10 * number + zone}.0/24",
                AvailabilityZone={"Fn::Select": [zone - 1, {"Fn::GetAZs": ""}]},
            )
            found[f"{name}Routes"] = resource(
                "EC2::SubnetRouteTableAssociation", SubnetId=ref(name), RouteTableId=ref(f"{kind}Table")
            )
    return found


def _groups() -> Template:
    names = ("Balancer", "Tasks", "Files", "Cache", "Database")
    found: Template = {
        f"{name}Group": resource(
            "EC2::SecurityGroup", GroupDescription=name, VpcId=ref("Vpc"), SecurityGroupEgress=[dict(NOWHERE)]
        )
        for name in names
    }
    found["InternetIn"] = rule("Ingress", "BalancerGroup", "0.0.0.0/0", 80)
    found["TasksOut"] = rule("Egress", "TasksGroup", "0.0.0.0/0", 443)
    for client, server, port in (
        ("Balancer", "Tasks", 8080),
        ("Tasks", "Files", 2049),
        ("Tasks", "Cache", 6379),
        ("Tasks", "Database", 5432),
    ):
        found[f"{client}To{server}Out"] = rule("Egress", f"{client}Group", att(f"{server}Group"), port)
        found[f"{client}To{server}In"] = rule("Ingress", f"{server}Group", att(f"{client}Group"), port)
    return found


def _stores() -> Template:
    data = [ref("Data1"), ref("Data2")]
    found: Template = {
        "FileSystem": resource("EFS::FileSystem", Encrypted=True),
        "CacheSubnets": resource("ElastiCache::SubnetGroup", Description="data", SubnetIds=data),
        "Cache": resource(
            "ElastiCache::ReplicationGroup",
            CacheSubnetGroupName=ref("CacheSubnets"),
            SecurityGroupIds=[att("CacheGroup")],
        ),
        "DatabaseSubnets": resource("RDS::DBSubnetGroup", DBSubnetGroupDescription="data", SubnetIds=data),
        "Database": resource(
            "RDS::DBInstance",
            Engine="postgres",
            DBSubnetGroupName=ref("DatabaseSubnets"),
            VPCSecurityGroups=[att("DatabaseGroup")],
            PubliclyAccessible=False,
        ),
        "DatabaseSecret": resource("SecretsManager::Secret", GenerateSecretString={"SecretStringTemplate": "{}"}),
        "SecretAttachment": resource(
            "SecretsManager::SecretTargetAttachment",
            SecretId=ref("DatabaseSecret"),
            TargetId=ref("Database"),
            TargetType="AWS::RDS::DBInstance",
        ),
    }
    for zone in (1, 2):
        found[f"Mount{zone}"] = resource(
            "EFS::MountTarget",
            FileSystemId=ref("FileSystem"),
            SubnetId=ref(f"Data{zone}"),
            SecurityGroups=[att("FilesGroup")],
        )
    return found


def _application() -> Template:
    return {
        "Balancer": resource(
            "ElasticLoadBalancingV2::LoadBalancer",
            Subnets=[ref("Public1"), ref("Public2")],
            SecurityGroups=[att("BalancerGroup")],
        ),
        "Targets": resource(
            "ElasticLoadBalancingV2::TargetGroup", VpcId=ref("Vpc"), TargetType="ip", Protocol="HTTP", Port=8080
        ),
        "Listener": resource(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref("Balancer"),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": ref("Targets")}],
        ),
        "Cluster": resource("ECS::Cluster"),
        "Logs": resource("Logs::LogGroup"),
        "Task": resource(
            "ECS::TaskDefinition",
            NetworkMode="awsvpc",
            RequiresCompatibilities=["FARGATE"],
            ContainerDefinitions=[
                {
                    "Name": "web",
                    "Image": IMAGE,
                    "PortMappings": [{"ContainerPort": 8080}],
                    "Environment": [{"Name": "CACHE", "Value": att("Cache", "PrimaryEndPoint.Address")}],
                    "Secrets": [{"Name": "DATABASE", "ValueFrom": {"Fn::Sub": "${DatabaseSecret}:host::"}}],
                    "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": ref("Logs")}},
                    "MountPoints": [{"SourceVolume": "files", "ContainerPath": "/files"}],
                }
            ],
            Volumes=[{"Name": "files", "EFSVolumeConfiguration": {"FilesystemId": ref("FileSystem")}}],
        ),
        "Service": resource(
            "ECS::Service",
            Cluster=ref("Cluster"),
            LaunchType="FARGATE",
            TaskDefinition=ref("Task"),
            EnableExecuteCommand=True,
            LoadBalancers=[{"ContainerName": "web", "ContainerPort": 8080, "TargetGroupArn": ref("Targets")}],
            NetworkConfiguration={
                "AwsvpcConfiguration": {
                    "Subnets": [ref("Private1"), ref("Private2")],
                    "SecurityGroups": [att("TasksGroup")],
                }
            },
        ),
    }


def platform() -> Template:
    """The whole template, fresh."""
    return copy.deepcopy({"Resources": {**_network(), **_groups(), **_stores(), **_application()}})


def changed(*changes: Callable[[Template], None]) -> Template:
    """The platform with changes."""
    template = platform()
    for change in changes:
        change(template["Resources"])
    return template


def without(*names: str) -> Callable[[Template], None]:
    """Leave resources out."""

    def change(resources: Template) -> None:
        for name in names:
            del resources[name]

    return change


def put(name: str, path: str, value: object) -> Callable[[Template], None]:
    """Set a property, at a dotted path below Properties; None takes it away."""

    def change(resources: Template) -> None:
        *steps, last = path.split(".")
        place: Any = resources[name]["Properties"]
        for step in steps:
            place = place[int(step) if isinstance(place, list) else step]
        if value is None:
            place.pop(last, None)
        else:
            place[int(last) if isinstance(place, list) else last] = value

    return change


def add(**resources: dict[str, Any]) -> Callable[[Template], None]:
    """Add resources."""
    return lambda template: template.update(copy.deepcopy(resources))


def endpoint(service: str, group: str = "TasksGroup", **properties: object) -> dict[str, Any]:
    """An interface endpoint in the private subnets."""
    given = {
        "VpcId": ref("Vpc"),
        "VpcEndpointType": "Interface",
        "ServiceName": {"Fn::Sub": f"com.amazonaws.${{AWS::Region}}.{service}"},
        "SubnetIds": [ref("Private1"), ref("Private2")],
        "SecurityGroupIds": [att(group)],
        "PrivateDnsEnabled": True,
    }
    return resource("EC2::VPCEndpoint", **(given | properties))


def acl_entry(
    number: int, *, egress: bool | str, action: str = "allow", cidr: object = "0.0.0.0/0", **more: object
) -> dict[str, Any]:
    """An entry of the ACL `Acl`."""
    ports = more.pop("ports", (0, 65535))
    given: dict[str, Any] = {
        "NetworkAclId": ref("Acl"),
        "RuleNumber": number,
        "Egress": egress,
        "RuleAction": action,
        "Protocol": 6,
        "CidrBlock": cidr,
        "PortRange": {"From": ports[0], "To": ports[1]} if isinstance(ports, tuple) else ports,
    }
    return resource("EC2::NetworkAclEntry", **(given | more))


def with_acl(subnet: str, **entries: dict[str, Any]) -> Callable[[Template], None]:
    """Give a subnet an ACL of its own with these entries."""
    return add(
        Acl=resource("EC2::NetworkAcl", VpcId=ref("Vpc")),
        AclOfSubnet=resource("EC2::SubnetNetworkAclAssociation", SubnetId=ref(subnet), NetworkAclId=ref("Acl")),
        **entries,
    )


def findings(
    template: Template, parameters: dict[str, object] | None = None, *, region: str | None = REGION
) -> list[Finding]:
    """Everything that the network's queries say."""
    stack = resolve(template, parameters, region=region, account=ACCOUNT, stack_name="platform")
    return prove(model(stack))


def complaints(template: Template, parameters: dict[str, object] | None = None) -> list[Finding]:
    """What is not proved."""
    return [found for found in findings(template, parameters) if found.verdict is not Verdict.PROVED]


GIVEN: Template = {
    "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
    "Subnet": {"Type": "AWS::EC2::Subnet::Id"},
    "Group": {"Type": "AWS::EC2::SecurityGroup::Id"},
    "Groups": {"Type": "List<AWS::EC2::SecurityGroup::Id>"},
    "Any": {"Type": "String"},
}
"""Parameters without a value: what they stand for, only AWS knows."""
SUBNETS = "NetworkConfiguration.AwsvpcConfiguration.Subnets"
CONTAINER = "ContainerDefinitions.0"
PUBLIC_TASKS: list[Callable[[Template], None]] = [
    put("Service", SUBNETS, [ref("Public1"), ref("Public2")]),
    put("Service", "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", "ENABLED"),
]
ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages")
ALL_ENDPOINTS = add(
    **{f"Endpoint{index}": endpoint(name, "EndpointGroup") for index, name in enumerate(ENDPOINTS)},
    EndpointGroup=resource(
        "EC2::SecurityGroup", GroupDescription="endpoints", VpcId=ref("Vpc"), SecurityGroupEgress=[NOWHERE]
    ),
    TasksToEndpointsIn=rule("Ingress", "EndpointGroup", att("TasksGroup"), 443),
)
WITHOUT_NAT = without("Nat", "NatAddress", "PrivateRoute")


def peered(*, route: bool = True, out: bool = True) -> list[Callable[[Template], None]]:
    """A database in another network, over a peering connection."""
    more: dict[str, Any] = {"Peering": resource("EC2::VPCPeeringConnection", VpcId=ref("Vpc"), PeerVpcId="vpc-1")}
    if route:
        more["PeeringRoute"] = resource(
            "EC2::Route",
            RouteTableId=ref("PrivateTable"),
            DestinationCidrBlock="10.9.0.0/16",
            VpcPeeringConnectionId=ref("Peering"),
        )
    if out:
        more["TasksToPeerOut"] = rule("Egress", "TasksGroup", "10.9.0.0/16", 5432)
    return [add(**more)]


FUNCTION = add(
    Function=resource(
        "Lambda::Function",
        VpcConfig={"SubnetIds": [ref("Private1")], "SecurityGroupIds": [att("FunctionGroup")]},
        Environment={"Variables": {"HOST": att("Database", "Endpoint.Address")}},
    ),
    FunctionGroup=resource("EC2::SecurityGroup", VpcId=ref("Vpc"), SecurityGroupEgress=[NOWHERE]),
    FunctionOut=rule("Egress", "FunctionGroup", att("DatabaseGroup"), 5432),
    FunctionIn=rule("Ingress", "DatabaseGroup", att("FunctionGroup"), 5432),
)
PROXY = add(
    Proxy=resource(
        "RDS::DBProxy",
        EngineFamily="POSTGRESQL",
        VpcSubnetIds=[ref("Data1"), ref("Data2")],
        VpcSecurityGroupIds=[att("ProxyGroup")],
    ),
    ProxyTargets=resource(
        "RDS::DBProxyTargetGroup",
        DBProxyName=ref("Proxy"),
        TargetGroupName="default",
        DBInstanceIdentifiers=[ref("Database"), "another"],
    ),
    ProxyGroup=resource("EC2::SecurityGroup", VpcId=ref("Vpc"), SecurityGroupEgress=[NOWHERE]),
    ProxyOut=rule("Egress", "ProxyGroup", att("DatabaseGroup"), 5432),
    ProxyIn=rule("Ingress", "DatabaseGroup", att("ProxyGroup"), 5432),
)


def told_as_unknown(changes: list[Callable[[Template], None]], rule_id: str, component: str, words: str) -> None:
    """With these changes, this rule cannot be told of this component, with this reason."""
    template = {**changed(*changes), "Parameters": GIVEN}
    said = [one for one in complaints(template) if one.id == rule_id and one.logical_id == component]
    assert said, "\n".join(map(str, complaints(template)))
    assert {one.verdict for one in said} == {Verdict.UNKNOWN}
    assert words in said[0].message
    assert said[0].fix


def told_as_broken(changes: list[Callable[[Template], None]], rule_id: str, component: str, words: str) -> None:
    """With these changes, this rule is broken at this component, in whole sentences."""
    found = complaints(changed(*changes))
    said = [one for one in found if one.id == rule_id and one.logical_id == component]
    assert said, "\n".join(map(str, found))
    assert {one.verdict for one in said} == {Verdict.BROKEN}
    assert words in said[0].message
    assert said[0].fix.endswith(".")
    assert said[0].message.endswith(".")
