"""EC2: the network's own types, and what its Describe calls answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

VPC: tuple[str, dict[str, Any]] = ("EC2::VPC", {"CidrBlock": "10.0.0.0/16"})
SUBNET: tuple[str, dict[str, Any]] = ("EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"})
TAGS = [{"Key": "Name", "Value": "lms"}]


def nat(address: str = "Address", **more: Any) -> tuple[str, dict[str, Any]]:
    allocation = {"Fn::GetAtt": [address, "AllocationId"]}
    return ("EC2::NatGateway", {"SubnetId": {"Ref": "Subnet"}, "AllocationId": allocation, **more})


def gateway_stack(*, tags: list[dict[str, str]] = TAGS, **more: Any) -> Template:
    address = ("EC2::EIP", {"Domain": "vpc", "Tags": tags})
    return resources(Vpc=VPC, Subnet=SUBNET, Address=address, Nat=nat(Tags=tags), **more)


def tags_of(item: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item["Tags"]}


def test_the_range_of_a_vpc_is_an_attribute_also_after_an_update(stacks: Stacks) -> None:
    template = {**resources(Vpc=VPC), "Outputs": {"Range": {"Value": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}}}}
    stacks.deploy(template)
    assert stacks.outputs() == {"Range": "10.0.0.0/16"}
    template["Resources"]["Vpc"]["Properties"] = {"CidrBlock": "10.1.0.0/16"}
    stacks.deploy(template)
    assert stacks.outputs() == {"Range": "10.1.0.0/16"}


def test_an_address_belongs_to_its_gateway_as_long_as_that_lives(stacks: Stacks) -> None:
    ec2 = stacks.aws.client("ec2")
    stacks.deploy(gateway_stack(), Tags=[{"Key": "of", "Value": "stack"}])
    (address,) = ec2.describe_addresses()["Addresses"]
    (gateway,) = ec2.describe_nat_gateways()["NatGateways"]
    assert address["PublicIp"] == stacks.physical_id("Address")
    assert gateway["NatGatewayId"] == stacks.physical_id("Nat")
    assert (gateway["State"], gateway["ConnectivityType"], gateway["SubnetId"], gateway["VpcId"]) == (
        "available",
        "public",
        stacks.physical_id("Subnet"),
        stacks.physical_id("Vpc"),
    )
    (shown,) = gateway["NatGatewayAddresses"]
    assert (shown["AllocationId"], shown["PublicIp"]) == (address["AllocationId"], address["PublicIp"])
    assert shown["AssociationId"] == address["AssociationId"]
    assert tags_of(gateway) == tags_of(address) | {"aws:cloudformation:logical-id": "Nat"}
    assert tags_of(address)["Name"] == "lms"
    assert tags_of(address)["of"] == "stack"
    stacks.delete()
    assert ec2.describe_addresses()["Addresses"] == []
    (gone,) = ec2.describe_nat_gateways()["NatGateways"]
    assert (gone["State"], gone["NatGatewayAddresses"]) == ("deleted", [])


def test_tags_of_a_gateway_and_its_address_change_in_place(stacks: Stacks) -> None:
    ec2 = stacks.aws.client("ec2")
    stacks.deploy(gateway_stack())
    before = stacks.physical_id("Nat"), stacks.physical_id("Address")
    stacks.deploy(gateway_stack(tags=[{"Key": "Name", "Value": "other"}]))
    assert (stacks.physical_id("Nat"), stacks.physical_id("Address")) == before
    assert tags_of(ec2.describe_addresses()["Addresses"][0])["Name"] == "other"
    assert tags_of(ec2.describe_nat_gateways()["NatGateways"][0])["Name"] == "other"


def test_a_private_gateway_has_no_address(stacks: Stacks) -> None:
    private = ("EC2::NatGateway", {"SubnetId": {"Ref": "Subnet"}, "ConnectivityType": "private"})
    stacks.deploy(resources(Vpc=VPC, Subnet=SUBNET, Nat=private))
    (gateway,) = stacks.aws.client("ec2").describe_nat_gateways()["NatGateways"]
    assert (gateway["ConnectivityType"], gateway["NatGatewayAddresses"]) == ("private", [])
    assert stacks.delete()["StackStatus"] == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("gateway", "reason"),
    [
        (("EC2::NatGateway", {"SubnetId": "subnet-none"}), "The subnet ID 'subnet-none' does not exist"),
        (
            ("EC2::NatGateway", {"SubnetId": {"Ref": "Subnet"}, "AllocationId": "eipalloc-none"}),
            "The allocation ID 'eipalloc-none' does not exist",
        ),
        (nat(), "Elastic IP address [eipalloc-"),
    ],
)
def test_a_gateway_that_cannot_be_rolls_the_stack_back(stacks: Stacks, gateway: Any, reason: str) -> None:
    second = {"Type": f"AWS::{gateway[0]}", "Properties": gateway[1], "DependsOn": "Nat"}
    template = gateway_stack()
    template["Resources"]["Second"] = second
    assert stacks.deploy(template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.failure().startswith(reason)
    assert stacks.aws.client("ec2").describe_addresses()["Addresses"] == []


def test_an_address_in_use_is_not_released(stacks: Stacks) -> None:
    ec2 = stacks.aws.client("ec2")
    stacks.deploy(resources(Address=("EC2::EIP", {"Domain": "vpc"})))
    (address,) = ec2.describe_addresses()["Addresses"]
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId="i-1")
    assert stacks.delete()["StackStatus"] == "DELETE_FAILED"
    assert stacks.failure() == f"Address {address['PublicIp']} is in use."


def test_an_address_that_somebody_took_away_cannot_be_deleted(stacks: Stacks) -> None:
    ec2 = stacks.aws.client("ec2")
    stacks.deploy(resources(Address=("EC2::EIP", {"Domain": "vpc"})))
    (address,) = ec2.describe_addresses()["Addresses"]
    ec2.release_address(AllocationId=address["AllocationId"])
    assert stacks.delete()["StackStatus"] == "DELETE_FAILED"
    assert stacks.failure() == f"Address '{address['PublicIp']}' not found."


def test_filters_choose_addresses_and_gateways(stacks: Stacks) -> None:
    ec2 = stacks.aws.client("ec2")
    stacks.deploy(gateway_stack(Other=("EC2::EIP", {"Domain": "vpc", "Tags": [{"Key": "Name", "Value": "other"}]})))

    def addresses(name: str, *values: str) -> list[str]:
        found = ec2.describe_addresses(Filters=[{"Name": name, "Values": list(values)}])["Addresses"]
        return sorted(tags_of(address)["Name"] for address in found)

    assert addresses("tag:Name", "oth*") == ["other"]
    assert addresses("domain", "vpc") == ["lms", "other"]
    assert addresses("public-ip", stacks.physical_id("Address")) == ["lms"]
    assert addresses("association-id", "eipassoc-*") == ["lms"]
    by_id = ec2.describe_nat_gateways(NatGatewayIds=[stacks.physical_id("Nat")])
    assert len(by_id["NatGateways"]) == 1
    assert ec2.describe_nat_gateways(Filters=[{"Name": "state", "Values": ["deleted"]}])["NatGateways"] == []
    with pytest.raises(ClientError, match="The filter 'color' is invalid"):
        addresses("color", "red")


def flow_log(**more: Any) -> Template:
    log = {
        "ResourceType": "VPC",
        "ResourceId": {"Ref": "Vpc"},
        "TrafficType": "REJECT",
        "LogDestinationType": "cloud-watch-logs",
        "LogGroupName": "/lms/demo/flow",
        "DeliverLogsPermissionArn": "arn:aws:iam::000000000000:role/flow",
        "MaxAggregationInterval": 60,
        **more,
    }
    return resources(Vpc=VPC, Log=("EC2::FlowLog", log))


def test_a_flow_log_shows_where_it_writes(stacks: Stacks) -> None:
    ec2 = stacks.aws.client("ec2")
    stacks.deploy(flow_log(Tags=TAGS))
    (log,) = ec2.describe_flow_logs()["FlowLogs"]
    assert log["FlowLogId"] == stacks.physical_id("Log")
    expected = {
        "ResourceId": stacks.physical_id("Vpc"),
        "TrafficType": "REJECT",
        "LogGroupName": "/lms/demo/flow",
        "DeliverLogsPermissionArn": "arn:aws:iam::000000000000:role/flow",
        "MaxAggregationInterval": 60,
        "FlowLogStatus": "ACTIVE",
    }
    assert log.items() >= expected.items()
    stacks.deploy(flow_log(Tags=[{"Key": "Name", "Value": "other"}]))
    (log,) = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [stacks.physical_id("Vpc")]}])[
        "FlowLogs"
    ]
    assert (log["FlowLogId"], tags_of(log)["Name"]) == (stacks.physical_id("Log"), "other")
    stacks.delete()
    assert ec2.describe_flow_logs()["FlowLogs"] == []


def rules(**changes: Any) -> Template:
    rule = {"IpProtocol": "tcp", "FromPort": 6379, "ToPort": 6379, "Description": "tasks to cache", **changes}
    closed = [{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}]
    group = {"GroupDescription": "x", "VpcId": {"Ref": "Vpc"}, "SecurityGroupEgress": closed}
    client, server = ({"Fn::GetAtt": [name, "GroupId"]} for name in ("Client", "Server"))
    return resources(
        Vpc=VPC,
        Client=("EC2::SecurityGroup", group),
        Server=("EC2::SecurityGroup", group),
        In=("EC2::SecurityGroupIngress", {"GroupId": server, "SourceSecurityGroupId": client, **rule}),
        Out=("EC2::SecurityGroupEgress", {"GroupId": client, "DestinationSecurityGroupId": server, **rule}),
    )


def test_rules_that_stand_alone(stacks: Stacks) -> None:
    ec2 = stacks.aws.client("ec2")
    stacks.deploy(rules())

    def permissions(group: str, direction: str) -> list[dict[str, Any]]:
        (found,) = ec2.describe_security_groups(GroupIds=[stacks.physical_id(group)])["SecurityGroups"]
        return [rule for rule in found[direction] if rule.get("FromPort") == 6379]

    (incoming,) = permissions("Server", "IpPermissions")
    assert [pair["GroupId"] for pair in incoming["UserIdGroupPairs"]] == [stacks.physical_id("Client")]
    (outgoing,) = permissions("Client", "IpPermissionsEgress")
    assert [pair["GroupId"] for pair in outgoing["UserIdGroupPairs"]] == [stacks.physical_id("Server")]
    ids = [rule["SecurityGroupRuleId"] for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]]
    assert {stacks.physical_id("In"), stacks.physical_id("Out")} <= set(ids)

    before = stacks.physical_id("In")
    stacks.deploy(rules(Description="from the tasks"))
    assert stacks.physical_id("In") == before
    assert permissions("Server", "IpPermissions")[0]["UserIdGroupPairs"][0]["Description"] == "from the tasks"

    template = rules()
    del template["Resources"]["In"], template["Resources"]["Out"]
    stacks.deploy(template)
    assert (permissions("Server", "IpPermissions"), permissions("Client", "IpPermissionsEgress")) == ([], [])


def test_a_rule_of_no_group_and_a_rule_twice_fail(stacks: Stacks) -> None:
    nowhere = {"GroupId": "sg-none", "IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "10.0.0.0/8"}
    stacks.deploy(resources(In=("EC2::SecurityGroupIngress", nowhere)), stack="nowhere")
    assert stacks.failure("nowhere") == "The security group 'sg-none' does not exist"
    template = rules()
    twice = {**template["Resources"]["In"], "DependsOn": "In"}
    template["Resources"]["Twice"] = twice
    stacks.deploy(template)
    assert stacks.failure() == "the specified rule already exists"


def test_an_endpoint_shows_its_groups_its_names_and_its_policy(stacks: Stacks) -> None:
    ec2 = stacks.aws.client("ec2")
    interface = {
        "VpcId": {"Ref": "Vpc"},
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.sa-east-1.logs",
        "SubnetIds": [{"Ref": "Subnet"}],
        "SecurityGroupIds": [{"Fn::GetAtt": ["Group", "GroupId"]}],
        "PrivateDnsEnabled": "true",
        "Tags": TAGS,
    }
    gateway = {
        "VpcId": {"Ref": "Vpc"},
        "ServiceName": "com.amazonaws.sa-east-1.s3",
        "RouteTableIds": [{"Ref": "Table"}],
        "PolicyDocument": '{"Statement": []}',
    }
    stacks.deploy(
        resources(
            Vpc=VPC,
            Subnet=SUBNET,
            Table=("EC2::RouteTable", {"VpcId": {"Ref": "Vpc"}}),
            Group=("EC2::SecurityGroup", {"GroupDescription": "x", "GroupName": "x", "VpcId": {"Ref": "Vpc"}}),
            Logs=("EC2::VPCEndpoint", interface),
            S3=("EC2::VPCEndpoint", gateway),
        )
    )

    def endpoints(**wanted: str) -> list[dict[str, Any]]:
        filters = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in wanted.items()]
        found: list[dict[str, Any]] = ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
        return found

    assert len(endpoints(vpc_id=stacks.physical_id("Vpc"))) == 2
    (logs,) = endpoints(service_name="*.logs")
    assert logs["Groups"] == [{"GroupId": stacks.physical_id("Group"), "GroupName": "x"}]
    assert (logs["PrivateDnsEnabled"], logs["SubnetIds"]) == (True, [stacks.physical_id("Subnet")])
    assert tags_of(logs)["Name"] == "lms"
    (s3,) = endpoints(vpc_endpoint_type="Gateway")
    assert (s3["PrivateDnsEnabled"], s3["Groups"], s3["RouteTableIds"]) == (False, [], [stacks.physical_id("Table")])
    assert s3["PolicyDocument"] == '{"Statement": []}'
