"""EC2: addresses, NAT gateways, flow logs and security group rules, which ministack's CloudFormation lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.core.responses import new_uuid
from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from stackproof.emulator.handler import Created, Handler, Properties, add, after, call, created_by

if TYPE_CHECKING:
    from typing import ClassVar


class ElasticIp(Handler):
    """AWS::EC2::EIP; Ref is the public address."""

    type_name = "AWS::EC2::EIP"
    tags = ("Tags", "list")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        allocation = created_by(ec2._addresses, ec2._allocate_address, {"Domain": properties.get("Domain")})
        provisioners._ec2_apply_tags(allocation, properties)
        return self._created(ec2._addresses[allocation])

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        address = self._address(physical_id)
        provisioners._ec2_apply_tags(address["AllocationId"], new, old)
        return self._created(address)

    def delete(self, physical_id: str, properties: Properties) -> None:
        address = self._address(physical_id)
        if address["AssociationId"]:
            raise ValueError(f"Address {physical_id} is in use.")
        call(ec2._release_address, {"AllocationId": [address["AllocationId"]]})

    @staticmethod
    def _address(public_ip: str) -> dict[str, Any]:
        found = [address for address in ec2._addresses.values() if address["PublicIp"] == public_ip]
        if not found:
            raise ValueError(f"Address '{public_ip}' not found.")
        return dict(found[0])

    @staticmethod
    def _created(address: dict[str, Any]) -> Created:
        return address["PublicIp"], {"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]}


class NatGateway(Handler):
    """AWS::EC2::NatGateway; its address is associated as long as it lives."""

    type_name = "AWS::EC2::NatGateway"
    tags = ("Tags", "list")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        subnet, allocation = properties.get("SubnetId"), properties.get("AllocationId")
        if subnet not in ec2._subnets:
            raise ValueError(f"The subnet ID '{subnet}' does not exist")
        if allocation:
            self._check_free(allocation)
        gateway = created_by(
            ec2._nat_gateways,
            ec2._create_nat_gateway,
            {name: properties.get(name) for name in ("SubnetId", "AllocationId", "ConnectivityType")},
        )
        if allocation:
            ec2._addresses[allocation]["AssociationId"] = f"eipassoc-{new_uuid().replace('-', '')[:17]}"
        provisioners._ec2_apply_tags(gateway, properties)
        return gateway, {"NatGatewayId": gateway}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        provisioners._ec2_apply_tags(physical_id, new, old)
        return physical_id, {"NatGatewayId": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:
        call(ec2._delete_nat_gateway, {"NatGatewayId": [physical_id]})
        if properties.get("AllocationId"):
            ec2._addresses[properties["AllocationId"]]["AssociationId"] = None

    @staticmethod
    def _check_free(allocation: str) -> None:
        address = ec2._addresses.get(allocation)
        if address is None:
            raise ValueError(f"The allocation ID '{allocation}' does not exist")
        if address["AssociationId"]:
            raise ValueError(f"Elastic IP address [{allocation}] is already associated")


class FlowLog(Handler):
    """AWS::EC2::FlowLog."""

    type_name = "AWS::EC2::FlowLog"
    tags = ("Tags", "list")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        names = ("ResourceType", "TrafficType", "LogDestinationType", "LogDestination", "LogGroupName")
        parameters = {name: properties.get(name) for name in names}
        flow_log = created_by(
            ec2._flow_logs, ec2._create_flow_logs, {**parameters, "ResourceId.1": properties["ResourceId"]}
        )
        for name in ("LogGroupName", "DeliverLogsPermissionArn", "MaxAggregationInterval"):
            ec2._flow_logs[flow_log][name] = properties.get(name)
        provisioners._ec2_apply_tags(flow_log, properties)
        return flow_log, {"Id": flow_log}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        provisioners._ec2_apply_tags(physical_id, new, old)
        return physical_id, {"Id": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:
        call(ec2._delete_flow_logs, {"FlowLogId.1": [physical_id]})


class SecurityGroupRule(Handler):
    """A rule that stands alone; Ref and Id are the rule's id."""

    # Where a group's record keeps its rules of this direction.
    rules: ClassVar[str]

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        rules = self._rules(properties)
        rule = provisioners._ec2_sg_permissions([properties])[0]
        if any(ec2._rules_match(rule, other) for other in rules):
            raise ValueError("the specified rule already exists")
        is_egress = self.rules == "IpPermissionsEgress"
        rule["SecurityGroupRuleId"] = ec2._sg_rule_id(properties["GroupId"], is_egress, rule)
        rules.append(rule)
        return rule["SecurityGroupRuleId"], {"Id": rule["SecurityGroupRuleId"]}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        rule = provisioners._ec2_sg_permissions([new])[0]
        rule["SecurityGroupRuleId"] = physical_id
        rules = self._rules(new)
        rules[:] = [rule if other.get("SecurityGroupRuleId") == physical_id else other for other in rules]
        return physical_id, {"Id": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:
        rules = self._rules(properties)
        rules[:] = [rule for rule in rules if rule.get("SecurityGroupRuleId") != physical_id]

    def _rules(self, properties: Properties) -> list[dict[str, Any]]:
        group = ec2._security_groups.get(properties.get("GroupId"))
        if group is None:
            raise ValueError(f"The security group '{properties.get('GroupId')}' does not exist")
        rules: list[dict[str, Any]] = group[self.rules]
        return rules


class SecurityGroupIngress(SecurityGroupRule):
    """AWS::EC2::SecurityGroupIngress."""

    type_name = "AWS::EC2::SecurityGroupIngress"
    rules = "IpPermissions"


class SecurityGroupEgress(SecurityGroupRule):
    """AWS::EC2::SecurityGroupEgress."""

    type_name = "AWS::EC2::SecurityGroupEgress"
    rules = "IpPermissionsEgress"


def _vpc(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """GetAtt Vpc.CidrBlock."""
    attributes["CidrBlock"] = ec2._vpcs[physical_id]["CidrBlock"]


def install() -> None:
    """Add the types."""
    for handler in (ElasticIp(), NatGateway(), FlowLog(), SecurityGroupIngress(), SecurityGroupEgress()):
        add(handler)
    after("AWS::EC2::VPC", _vpc)
