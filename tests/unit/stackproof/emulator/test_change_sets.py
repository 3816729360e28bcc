"""What a change set lists, with the values before and after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
VPC = ("EC2::VPC", {"CidrBlock": "10.0.0.0/16"})


def network(**more: Any) -> Template:
    """A VPC with a subnet whose range is a parameter, and a second one where a condition holds."""
    return {
        "Parameters": {
            "Cidr": {"Type": "String", "Default": "10.0.0.0/24"},
            "Zones": {"Type": "Number", "Default": 1},
            "Password": {"Type": "String", "NoEcho": True, "Default": "first-password"},
        },
        "Conditions": {"Two": {"Fn::Equals": [{"Ref": "Zones"}, 2]}},
        **resources(
            Vpc=VPC,
            Subnet=("EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": {"Ref": "Cidr"}}),
            Second=("EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.9.0/24"}),
            **more,
        ),
    }


@pytest.fixture
def template() -> Template:
    built = network(
        Table=(
            "EC2::RouteTable",
            {
                "VpcId": {"Ref": "Vpc"},
                "Tags": [
                    {"Key": "range", "Value": {"Fn::Sub": "range ${Cidr}"}},
                    {"Key": "subnet", "Value": {"Fn::If": ["Two", {"Ref": "Second"}, {"Ref": "Subnet"}]}},
                    {"Key": "password", "Value": {"Ref": "Password"}},
                ],
            },
        )
    )
    built["Resources"]["Second"]["Condition"] = "Two"
    return built


def leaves(change: dict[str, Any]) -> dict[str, tuple[str | None, str | None, str]]:
    """Before, after and kind of each value of a change that differs, by path."""
    targets = [detail["Target"] for detail in change["Details"]]
    return {
        target["Path"]: (target.get("BeforeValue"), target.get("AfterValue"), target["AttributeChangeType"])
        for target in targets
        if "AttributeChangeType" in target
    }


def test_a_new_stack_adds_what_its_conditions_let_in(stacks: Stacks, template: Template) -> None:
    changes = stacks.changes(template)
    assert {name: change["Action"] for name, change in changes.items()} == dict.fromkeys(
        ("Vpc", "Subnet", "Table"), "Add"
    )
    assert "BeforeContext" not in changes["Subnet"]
    after = json.loads(changes["Subnet"]["AfterContext"])
    assert after == {"Properties": {"VpcId": UNKNOWN, "CidrBlock": "10.0.0.0/24"}}


def test_a_condition_that_turns_adds_and_removes(stacks: Stacks, template: Template) -> None:
    stacks.deploy(template)
    wider = stacks.changes(template, parameters={"Zones": "2"})
    assert wider["Second"]["Action"] == "Add"
    stacks.deploy(template, parameters={"Zones": "2"})
    narrower = stacks.changes(template)
    assert narrower["Second"]["Action"] == "Remove"
    assert narrower["Second"]["PhysicalResourceId"] == stacks.physical_id("Second")
    assert "AfterContext" not in narrower["Second"]
    assert json.loads(narrower["Second"]["BeforeContext"])["Properties"]["CidrBlock"] == "10.0.9.0/24"


def test_a_parameter_shows_where_it_changes_what(stacks: Stacks, template: Template) -> None:
    stacks.deploy(template)
    changes = stacks.changes(template, parameters={"Cidr": "10.0.1.0/24"})
    assert set(changes) == {"Subnet", "Table"}
    subnet = changes["Subnet"]
    assert (subnet["Replacement"], subnet["PolicyAction"]) == ("True", "ReplaceAndDelete")
    assert leaves(subnet) == {"/Properties/CidrBlock": ("10.0.0.0/24", "10.0.1.0/24", "Modify")}
    by_parameter = [detail for detail in changes["Table"]["Details"] if detail.get("CausingEntity") == "Cidr"]
    assert [detail["Target"]["Path"] for detail in by_parameter] == ["/Properties/Tags/0/Value"]
    assert leaves(changes["Table"])["/Properties/Tags/0/Value"] == ("range 10.0.0.0/24", "range 10.0.1.0/24", "Modify")


def test_what_only_the_operation_will_show_is_unknown(stacks: Stacks, template: Template) -> None:
    stacks.deploy(template)
    before = stacks.physical_id("Subnet")
    replaced = stacks.changes(template, parameters={"Cidr": "10.0.1.0/24"})
    assert leaves(replaced["Table"])["/Properties/Tags/1/Value"] == (before, UNKNOWN, "Modify")
    added = stacks.changes(template, parameters={"Zones": "2"})
    assert leaves(added["Table"]) == {"/Properties/Tags/1/Value": (before, UNKNOWN, "Modify")}


def test_a_noecho_parameter_is_masked_on_both_sides_and_still_is_a_change(stacks: Stacks, template: Template) -> None:
    stacks.deploy(template)
    changes = stacks.changes(template, parameters={"Password": "second-password"})
    assert set(changes) == {"Table"}
    (detail,) = [detail for detail in changes["Table"]["Details"] if "CausingEntity" in detail]
    assert (detail["CausingEntity"], detail["Target"]["Path"]) == ("Password", "/Properties/Tags")
    assert "-password" not in json.dumps(changes)
    assert json.dumps(changes).count("****") == 2


def test_values_that_come_and_go(stacks: Stacks) -> None:
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    group = {"GroupDescription": "x", "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}]}
    stacks.deploy(
        resources(Vpc=("EC2::VPC", {"CidrBlock": "10.0.0.0/16", "Tags": tags}), Group=("EC2::SecurityGroup", group))
    )
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 80, "CidrIp": "10.0.0.0/8"}
    changes = stacks.changes(
        resources(
            Vpc=("EC2::VPC", {"CidrBlock": "10.0.0.0/16", "EnableDnsSupport": True, "Tags": tags[:1]}),
            Group=("EC2::SecurityGroup", {**group, "SecurityGroupIngress": [rule]}),
        )
    )
    assert leaves(changes["Vpc"]) == {
        "/Properties/EnableDnsSupport": (None, "true", "Add"),
        "/Properties/Tags/1/Key": ("b", None, "Remove"),
        "/Properties/Tags/1/Value": ("2", None, "Remove"),
    }
    assert leaves(changes["Group"]) == {
        "/Properties/SecurityGroupIngress/0/FromPort": ("80", "443", "Modify"),
        "/Properties/SecurityGroupIngress/0/CidrIp": (None, "10.0.0.0/8", "Add"),
    }


def test_an_attribute_of_a_resource_has_a_path_too(stacks: Stacks) -> None:
    template = resources(Vpc=VPC)
    stacks.deploy(template)
    template["Resources"]["Vpc"]["DeletionPolicy"] = "Retain"
    changes = stacks.changes(template)
    assert leaves(changes["Vpc"]) == {"/DeletionPolicy": (None, "Retain", "Add")}


def test_values_are_shown_only_when_asked_for(stacks: Stacks) -> None:
    stacks.deploy(resources(Vpc=VPC))
    change_set = stacks.change_set(resources(Vpc=("EC2::VPC", {"CidrBlock": "10.1.0.0/16"})))
    plain = stacks.client.describe_change_set(ChangeSetName=change_set)["Changes"][0]["ResourceChange"]
    assert "BeforeContext" not in plain
    assert "Path" not in plain["Details"][0]["Target"]


def test_the_values_stay_those_of_the_moment_of_creation(stacks: Stacks) -> None:
    stacks.deploy(resources(Vpc=VPC))
    change_set = stacks.change_set(resources(Vpc=("EC2::VPC", {"CidrBlock": "10.1.0.0/16"})))
    before = stacks.describe(change_set)["Changes"]
    stacks.execute(change_set)
    assert stacks.describe(change_set)["Changes"] == before


def test_a_change_set_that_does_not_exist_is_not_found(stacks: Stacks) -> None:
    stacks.deploy(resources(Vpc=VPC))
    with pytest.raises(ClientError, match="ChangeSet \\[none\\] does not exist"):
        stacks.client.describe_change_set(StackName="demo", ChangeSetName="none", IncludePropertyValues=True)


def test_outputs_alone_make_a_change_set_without_changes_that_can_be_executed(stacks: Stacks) -> None:
    template = {**resources(Vpc=VPC), "Outputs": {"Id": {"Value": {"Ref": "Vpc"}}}}
    stacks.deploy(template)
    template["Outputs"]["Range"] = {"Value": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}}
    change_set = stacks.change_set(template)
    described = stacks.describe(change_set)
    assert (described["Status"], described["ExecutionStatus"], described["Changes"]) == (
        "CREATE_COMPLETE",
        "AVAILABLE",
        [],
    )
    stacks.execute(change_set)
    assert stacks.outputs() == {"Id": stacks.physical_id("Vpc"), "Range": "10.0.0.0/16"}


def test_no_change_at_all_fails_the_change_set(stacks: Stacks) -> None:
    template = {**resources(Vpc=VPC), "Outputs": {"Id": {"Value": {"Ref": "Vpc"}}}}
    stacks.deploy(template)
    described = stacks.describe(stacks.change_set(template))
    assert (described["Status"], described["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert described["StatusReason"].startswith("The submitted information didn't contain changes.")


def test_a_value_that_cannot_be_known_hides_no_other(stacks: Stacks) -> None:
    stacks.deploy(resources(Vpc=VPC))
    ranges = {"Fn::Cidr": [{"Fn::GetAtt": ["Other", "CidrBlock"]}, 2, 8]}
    subnet = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": {"Fn::Select": [1, ranges]}, "MapPublicIpOnLaunch": False}
    changes = stacks.changes(resources(Vpc=VPC, Other=VPC, Subnet=("EC2::Subnet", subnet)))
    assert json.loads(changes["Subnet"]["AfterContext"])["Properties"] == {
        "VpcId": stacks.physical_id("Vpc"),
        "CidrBlock": UNKNOWN,
        "MapPublicIpOnLaunch": False,
    }


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ({"Fn::Equals": [{"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Text"}]}]}, "b"]}, True),
        ({"Fn::Equals": [{"Fn::Join": ["-", ["a", {"Ref": "Text"}]]}, "a-a/b"]}, True),
        ({"Fn::Equals": [{"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "size"]}, "small"]}, True),
        ({"Fn::Not": [{"Condition": "Later"}]}, False),
        ({"Fn::And": [{"Condition": "Later"}, {"Fn::Equals": [{"Ref": "Text"}, "other"]}]}, False),
    ],
)
def test_conditions_take_the_functions_that_cloudformation_takes(
    stacks: Stacks, expression: dict[str, Any], *, holds: bool
) -> None:
    template = {
        "Parameters": {"Text": {"Type": "String", "Default": "a/b"}},
        "Mappings": {"Sizes": {"sa-east-1": {"size": "small"}}},
        "Conditions": {"First": expression, "Later": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, stacks.aws.account]}},
        **resources(Vpc=VPC, Other=VPC),
    }
    template["Resources"]["Other"]["Condition"] = "First"
    assert ("Other" in stacks.changes(template)) is holds


def test_metadata_is_resolved_too_and_what_it_refers_to_comes_first(stacks: Stacks, template: Template) -> None:
    """A dependency that holds under a condition: the only way that CloudFormation has."""
    template["Resources"]["Early"] = {
        "Type": "AWS::EC2::InternetGateway",
        "Metadata": {"WaitsFor": [{"Fn::If": ["Two", {"Ref": "Second"}, {"Ref": "AWS::NoValue"}]}]},
    }
    stacks.deploy(template)
    changes = stacks.changes(template, parameters={"Zones": "2"})
    assert leaves(changes["Early"]) == {"/Metadata/WaitsFor/0": (None, UNKNOWN, "Add")}
    stacks.deploy(template, stack="both", parameters={"Zones": "2"})
    order = [name for name, status, _ in stacks.events("both") if status == "CREATE_COMPLETE"]
    assert order.index("Second") < order.index("Early")


def test_a_tag_of_the_stack_changes_all_that_carries_tags(stacks: Stacks, template: Template) -> None:
    stacks.deploy(template)
    changes = stacks.changes(template, Tags=[{"Key": "of", "Value": "stack"}])
    assert set(changes) == {"Vpc", "Subnet", "Table"}
    assert [detail["Target"]["Path"] for detail in changes["Vpc"]["Details"]] == ["/Tags"]
