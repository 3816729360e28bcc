"""Security groups: closed until connect() opens them, in whole templates and one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from troposphere import Parameter, Ref, Template

from templates.security_groups import INTERNET, NO_EGRESS, Cidr, PrefixList, connect, security_group
from tests.templates_support import Emitted

if TYPE_CHECKING:
    from typing import Any

    from troposphere.ec2 import SecurityGroup

RULES = ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")


def group(t: Template, name: str) -> SecurityGroup:
    return security_group(t, f"{name}SecurityGroup", description=name, vpc=Ref("AWS::StackName"))


def rules(t: Template) -> dict[str, dict[str, Any]]:
    return {name: rule.properties for name, rule in Emitted(t).of_type(*RULES).items()}


def everything_on(template: Emitted) -> Emitted:
    """The template with every part that a parameter can add."""
    wanted = {"PlainCache": "yes", "InterfaceEndpoints": "yes", "ExecuteCommand": "yes", "ZoneCount": "3"}
    return template.with_parameters(**{name: wanted[name] for name in wanted.keys() & template.parameters.keys()})


class TestWholeTemplates:
    def test_no_group_gets_allow_all_from_aws(self, every_template: Emitted) -> None:
        """Where a group has no inline egress AWS adds a rule that lets everything out."""
        for made in everything_on(every_template).of_type("AWS::EC2::SecurityGroup").values():
            assert made["SecurityGroupEgress"] == [NO_EGRESS]
            assert made.get("SecurityGroupIngress") is None

    def test_no_rule_is_wider_than_one_tcp_port(self, every_template: Emitted) -> None:
        for rule in everything_on(every_template).of_type(*RULES).values():
            assert rule["IpProtocol"] == "tcp"
            assert rule["FromPort"] == rule["ToPort"]
            assert rule["Description"]

    def test_each_side_that_is_a_group_has_its_rule(self, every_template: Emitted) -> None:
        """A client's egress without the server's ingress connects nothing, and the other way round."""
        found = everything_on(every_template).of_type(*RULES).values()
        egress = {
            (r["GroupId"], r["DestinationSecurityGroupId"], r["FromPort"])
            for r in found
            if r.get("DestinationSecurityGroupId")
        }
        ingress = {
            (r["SourceSecurityGroupId"], r["GroupId"], r["FromPort"]) for r in found if r.get("SourceSecurityGroupId")
        }
        assert egress == ingress

    def test_only_the_balancer_is_open_to_the_world(self, lms: Emitted) -> None:
        opened = {
            rule["GroupId"]
            for rule in everything_on(lms).of_type("AWS::EC2::SecurityGroupIngress").values()
            if rule.get("CidrIp") or rule.get("CidrIpv6") or rule.get("SourcePrefixListId")
        }
        assert opened == {"${BalancerSecurityGroup.GroupId}"}

    def test_stores_open_no_connections(self, lms: Emitted) -> None:
        senders = {rule["GroupId"] for rule in everything_on(lms).of_type("AWS::EC2::SecurityGroupEgress").values()}
        assert senders == {"${BalancerSecurityGroup.GroupId}", "${TasksSecurityGroup.GroupId}"}

    def test_tasks_reach_each_store_on_its_own_port(self, lms: Emitted) -> None:
        reached = {
            (rule["DestinationSecurityGroupId"], rule["FromPort"])
            for rule in everything_on(lms).of_type("AWS::EC2::SecurityGroupEgress").values()
            if rule["GroupId"] == "${TasksSecurityGroup.GroupId}" and rule.get("DestinationSecurityGroupId")
        }
        assert reached == {
            ("${CacheSecurityGroup.GroupId}", 6379),
            ("${PlainCacheSecurityGroup.GroupId}", 6379),
            ("${FilesSecurityGroup.GroupId}", 2049),
            ("${EndpointsSecurityGroup.GroupId}", 443),
        }

    def test_the_default_group_is_used_by_nothing(self, every_template: Emitted) -> None:
        assert "DefaultSecurityGroup" not in str(every_template.body)

    def test_every_group_is_used(self, lms: Emitted) -> None:
        template = everything_on(lms)
        for name in template.of_type("AWS::EC2::SecurityGroup"):
            users = [r for r in template.resources.values() if r.type not in RULES and f"${{{name}.GroupId}}" in str(r)]
            assert users, f"nothing stands behind {name}"


class TestConnect:
    def test_between_groups_both_sides_open(self) -> None:
        t = Template()
        made = connect(t, group(t, "Tasks"), group(t, "Cache"), 6379, "Tasks to cache")
        port = {"IpProtocol": "tcp", "FromPort": 6379, "ToPort": 6379, "Description": "Tasks to cache"}
        tasks, cache = "${TasksSecurityGroup.GroupId}", "${CacheSecurityGroup.GroupId}"
        assert rules(t) == {
            "TasksToCache6379Egress": {"GroupId": tasks, "DestinationSecurityGroupId": cache, **port},
            "TasksToCache6379Ingress": {"GroupId": cache, "SourceSecurityGroupId": tasks, **port},
        }
        assert made == list(rules(t))

    @pytest.mark.parametrize(
        ("outside", "source", "destination"),
        [
            (INTERNET, {"CidrIp": "0.0.0.0/0"}, {"CidrIp": "0.0.0.0/0"}),
            (Cidr("Office", "192.0.2.0/24"), {"CidrIp": "192.0.2.0/24"}, {"CidrIp": "192.0.2.0/24"}),
            (PrefixList("S3", "pl-1"), {"SourcePrefixListId": "pl-1"}, {"DestinationPrefixListId": "pl-1"}),
        ],
    )
    def test_with_an_outside_only_our_side_opens(
        self, outside: Cidr | PrefixList, source: dict[str, str], destination: dict[str, str]
    ) -> None:
        t = Template()
        door = group(t, "Door")
        connect(t, outside, door, 443, "in")
        connect(t, door, outside, 443, "out")
        port = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "GroupId": "${DoorSecurityGroup.GroupId}"}
        assert rules(t) == {
            f"{outside.name}ToDoor443Ingress": {**port, **source, "Description": "in"},
            f"DoorTo{outside.name}443Egress": {**port, **destination, "Description": "out"},
        }

    def test_a_port_may_be_a_parameter(self) -> None:
        t = Template()
        port = t.add_parameter(Parameter("DatabasePort", Type="Number", Default=5432))
        connect(t, group(t, "Tasks"), Cidr("Database", "10.9.0.0/16"), port, "Tasks to database")
        made = rules(t)["TasksToDatabaseDatabasePortEgress"]
        assert (made["FromPort"], made["ToPort"], made["CidrIp"]) == ("5432", "5432", "10.9.0.0/16")

    def test_a_rule_exists_under_the_condition_of_its_connection(self) -> None:
        t = Template()
        connect(t, group(t, "Tasks"), group(t, "Cache"), 6379, "x", condition="HasCache")
        assert [t.resources[name].Condition for name in t.resources if "6379" in name] == ["HasCache", "HasCache"]

    def test_a_connection_between_two_outsides_opens_nothing_and_says_so(self) -> None:
        with pytest.raises(ValueError, match="neither Internet nor Office is a security group: nothing to open"):
            connect(Template(), INTERNET, Cidr("Office", "192.0.2.0/24"), 443, "x")

    def test_the_same_connection_twice_is_refused(self) -> None:
        t = Template()
        tasks, cache = group(t, "Tasks"), group(t, "Cache")
        connect(t, tasks, cache, 6379, "x")
        with pytest.raises(ValueError, match="TasksToCache6379Egress"):
            connect(t, tasks, cache, 6379, "x")
