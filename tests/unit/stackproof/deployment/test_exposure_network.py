"""What a change opens and closes in security groups: by peer and port, by meaning."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.deployment.access import Access
from tests.unit.stackproof.deployment.exposures import Resources, compared, resource, told

NOTHING_OUT = [{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}]


def rule(
    port: Any = 443, peer: Any = "10.0.0.0/8", *, to: Any = None, protocol: str = "tcp", kind: str = "CidrIp"
) -> Resources:
    ports = {} if protocol == "-1" else {"FromPort": port, "ToPort": port if to is None else to}
    return {"IpProtocol": protocol, kind: peer, **ports}


def group(*ingress: Resources, egress: list[Resources] | None = None) -> Resources:
    return resource("EC2::SecurityGroup", SecurityGroupIngress=list(ingress), SecurityGroupEgress=egress or NOTHING_OUT)


def of_group(before: list[Resources], after: list[Resources], **more: Any) -> list[tuple[str, str]]:
    return told({"Web": group(*before)}, {"Web": group(*after)}, **more)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([rule()], [rule(protocol="6")]),
        ([rule(to=444)], [rule(), rule(to=444)]),
        ([rule(peer="10.0.0.0/8")], [rule(peer="10.0.0.0/8"), rule(peer="10.1.0.0/16")]),
        ([rule(protocol="-1")], [rule(protocol="-1"), rule(22)]),
        ([rule(443, "10.0.0.0/8"), rule(80)], [rule(80), rule("443", "10.0.0.0/8")]),
    ],
)
def test_what_lets_through_the_same_is_nothing(before: list[Resources], after: list[Resources]) -> None:
    assert of_group(before, after) == []


def test_a_rule_inside_or_beside_the_group_is_the_same() -> None:
    beside = resource("EC2::SecurityGroupIngress", GroupId={"Fn::GetAtt": ["Web", "GroupId"]}, **rule())
    assert told({"Web": group(rule())}, {"Web": group(), "Beside": beside}) == []


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (rule(peer="10.1.0.0/16"), rule(peer="10.0.0.0/8")),
        (rule(443), rule(440, to=450)),
        (rule(443), rule(protocol="-1")),
        (rule(peer="10.0.0.0/8"), rule(peer="0.0.0.0/0")),
    ],
)
def test_what_covers_the_old_is_broader_and_the_other_way_round_narrower(narrow: Resources, wide: Resources) -> None:
    (broader,) = compared({"Web": group(narrow)}, {"Web": group(wide)})
    (narrower,) = compared({"Web": group(wide)}, {"Web": group(narrow)})
    assert (broader.effect, narrower.effect) == ("broadened", "narrowed")
    assert (broader.what, broader.instead) == (narrower.instead, narrower.what)
    assert broader.everybody is ("everybody" in broader.what)
    assert not narrower.everybody


def test_another_port_or_peer_opens_one_and_closes_the_other() -> None:
    assert of_group([rule(80)], [rule(443)]) == [
        ("opened", "lets TCP 443 in from 10.0.0.0/8"),
        ("closed", "no longer lets TCP 80 in from 10.0.0.0/8"),
    ]
    found = of_group([rule(peer="10.1.0.0/16")], [rule(peer="10.2.0.0/16")])
    assert [each[0] for each in found] == ["opened", "closed"]


def test_another_value_of_a_parameter_is_another_rule() -> None:
    both = [rule(peer={"Ref": "Office"})]
    values = ({"Office": "192.0.2.0/24"}, {"Office": "198.51.100.0/24"})
    assert of_group(both, both, parameters={"Office": {"Type": "String"}}, given=values) == [
        ("opened", "lets TCP 443 in from 198.51.100.0/24"),
        ("closed", "no longer lets TCP 443 in from 192.0.2.0/24"),
    ]


@pytest.mark.parametrize(("peer", "kind"), [("0.0.0.0/0", "CidrIp"), ("::/0", "CidrIpv6")])
def test_everybody_is_said_to_be_everybody(peer: str, kind: str) -> None:
    (found,) = compared({"Web": group()}, {"Web": group(rule(22, peer, kind=kind))})
    assert found == Access(
        "Web",
        "AWS::EC2::SecurityGroup",
        "security group",
        "opened",
        f"lets TCP 22 in from {peer} (everybody)",
        "",
        True,
    )


def test_everybody_out_is_not_everybody_in() -> None:
    (found,) = compared({"Web": group()}, {"Web": group(egress=[rule(443, "0.0.0.0/0")])})
    assert (found.what, found.everybody) == ("lets TCP 443 out to 0.0.0.0/0 (anywhere)", False)


def test_what_aws_lets_out_of_a_group_without_rules_is_told() -> None:
    open_ = resource("EC2::SecurityGroup", GroupDescription="no rules")
    assert told({}, {"Web": open_}) == [("opened", "lets everything out to 0.0.0.0/0 (anywhere)")]


def test_the_default_group_of_a_new_vpc_is_not_told_for_nobody_is_in_it() -> None:
    assert told({}, {"Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16")}) == []
    default = {"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]}
    vpc = {"Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16")}
    beside = resource("EC2::SecurityGroupIngress", GroupId=default, **rule())
    assert told(vpc, {**vpc, "Rule": beside}) == [("opened", "lets TCP 443 in from 10.0.0.0/8")]


def test_peers_are_groups_lists_and_ranges() -> None:
    from_app = rule(peer={"Fn::GetAtt": ["App", "GroupId"]}, kind="SourceSecurityGroupId")
    before, after = ({"App": group(), "Web": group(*rules)} for rules in ([], [from_app]))
    assert told(before, after) == [("opened", "lets TCP 443 in from App")]
    assert told(after, after) == []
    list_ = rule(peer="pl-1", kind="SourcePrefixListId")
    assert of_group([], [list_]) == [("opened", "lets TCP 443 in from pl-1")]
    assert of_group([list_], [list_]) == []


class TestKnownLater:
    """Values that only AWS knows."""

    @pytest.mark.parametrize(
        ("parameter", "entry", "why"),
        [
            ("Cidr", rule(peer={"Ref": "Cidr"}), "${Cidr} is known to AWS only"),
            ("Port", rule({"Ref": "Port"}), "its ports are known to AWS only"),
            (
                "None",
                {"IpProtocol": "tcp"},
                "the rule names no peer",
            ),
            ("Protocol", rule(protocol={"Ref": "Protocol"}), "its ports are known to AWS only"),  # type: ignore[arg-type]  # a function
        ],
    )
    def test_what_is_known_later_is_unknown_once_and_nothing_when_it_stays(
        self, parameter: str, entry: Resources, why: str
    ) -> None:
        parameters = {parameter: {"Type": "String"}}
        (found,) = compared({"Web": group()}, {"Web": group(entry)}, parameters=parameters)
        assert (found.effect, found.instead) == ("unknown", why)
        assert of_group([entry], [entry], parameters=parameters) == []

    def test_a_range_in_a_secret_parameter_is_unknown_where_the_group_changes(self) -> None:
        more: dict[str, Any] = {"parameters": {"Cidr": {"Type": "String", "NoEcho": True}}, "opaque": {"Cidr"}}
        both = [rule(peer={"Ref": "Cidr"})]
        assert of_group(both, both, touched={"Web"}, **more) == [("unknown", "lets TCP 443 in from ${Cidr}")]
        assert of_group(both, both, touched=(), **more) == []

    def test_rules_that_cannot_be_read_are_unknown_where_they_change(self) -> None:
        def web(name: str) -> Resources:
            rules = {"Fn::Transform": {"Name": name}}
            return {"Web": resource("EC2::SecurityGroup", SecurityGroupIngress=rules, SecurityGroupEgress=NOTHING_OUT)}

        assert told(web("one"), web("two"), touched={"Web"}) == [("unknown", "has rules that cannot be read")]
        assert told(web("one"), web("two"), touched=()) == []
        assert told(web("one"), web("one")) == []
