"""From DescribeChangeSet's answers to a plan."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stackproof.deployment import plan, quotas
from stackproof.deployment.access import Access
from stackproof.deployment.exports import Export
from stackproof.deployment.plan import Because, Plan, Setting
from stackproof.deployment.quotas import Passed
from tests.unit.stackproof.deployment.builders import change, detail

BUCKET, FILES, LOGS, TOPIC = "AWS::S3::Bucket", "AWS::EFS::FileSystem", "AWS::Logs::LogGroup", "AWS::SNS::Topic"
INSTANCE, MEMBER = "AWS::RDS::DBInstance", '{"Properties": {"DBClusterIdentifier": "lms"}}'
PROTECTED = '{"Properties": {"DeletionProtection": "true"}}'


def changes(*answers: Any, secrets: dict[str, str] | None = None) -> tuple[plan.Change, ...]:
    return plan.changes(answers, secrets or {})


@pytest.mark.parametrize(
    ("answer", "action"),
    [
        (change(action="Add"), "add"),
        (change(action="Remove", PolicyAction="Delete"), "remove"),
        (change(action="Import"), "import"),
        (change(action="Dynamic"), "may-replace"),
        (change(action="SyncWithActual"), "modify"),
        (change(Replacement="False"), "modify"),
        (change(Replacement="Conditional"), "may-replace"),
        (change(Replacement="True"), "replace"),
        (change(), "modify"),
    ],
)
def test_actions_are_named_and_what_is_not_known_yet_is_never_a_no(answer: Any, action: str) -> None:
    assert [each.action for each in changes(answer)] == [action]


@pytest.mark.parametrize(
    ("answer", "data"),
    [
        (change(kind=BUCKET, action="Add"), "none"),
        (change(kind=BUCKET, Replacement="False"), "kept"),
        (change(kind=BUCKET, Replacement="True", PolicyAction="ReplaceAndRetain"), "retained"),
        (change(kind=BUCKET, Replacement="True", PolicyAction="ReplaceAndDelete"), "if-empty"),
        (change(kind=FILES, Replacement="Conditional", PolicyAction="ReplaceAndSnapshot"), "snapshot"),
        (change(kind=LOGS, action="Remove", PolicyAction="Retain"), "retained"),
        (change(kind=LOGS, action="Remove", PolicyAction="Snapshot"), "snapshot"),
        (change(kind=LOGS, action="Remove", PolicyAction="Delete"), "lost"),
        (change(kind=LOGS, action="Remove"), "lost"),
        (change(kind=TOPIC, action="Remove", PolicyAction="Delete"), "none"),
        (change(kind=INSTANCE, action="Remove", PolicyAction="Delete"), "lost"),
        (change(kind=INSTANCE, action="Remove", PolicyAction="Delete", BeforeContext=MEMBER), "none"),
        (change(kind=INSTANCE, action="Modify", Replacement="True", BeforeContext=MEMBER), "none"),
        (change(kind=INSTANCE, action="Remove", PolicyAction="Snapshot", BeforeContext=PROTECTED), "protected"),
        (change(kind=INSTANCE, Replacement="True", BeforeContext=PROTECTED), "protected"),
        (change(kind=INSTANCE, action="Remove", PolicyAction="Retain", BeforeContext=PROTECTED), "retained"),
        (change(kind=INSTANCE, BeforeContext=PROTECTED), "kept"),
    ],
)
def test_what_becomes_of_data_follows_the_type_and_the_policy(answer: Any, data: str) -> None:
    assert [each.data for each in changes(answer)] == [data]


def test_what_cannot_be_taken_back_comes_first_and_a_cause_before_its_consequences() -> None:
    found = changes(
        change("New", action="Add"),
        change("Changed"),
        change("Dependent", Replacement="True", Details=[detail("/Properties/VpcId", "ResourceReference", "Vpc")]),
        change("Maybe", Replacement="Conditional"),
        change("Vpc", Replacement="True", Details=[detail("/Properties/CidrBlock")]),
        change("Gone", action="Remove"),
    )
    assert [each.logical_id for each in found] == ["Gone", "Vpc", "Dependent", "Maybe", "Changed", "New"]


def test_a_reason_says_which_path_changes_by_what_from_what_to_what() -> None:
    answer = change(
        Details=[
            detail(
                "/Properties/CidrBlock",
                "ParameterReference",
                "VpcCidr",
                BeforeValue="10.0.0.0/16",
                AfterValue="10.1.0.0/16",
                RequiresRecreation="Always",
            ),
            detail("/Properties/VpcId", "ResourceReference", "Vpc", AfterValue=plan.KNOWN_LATER),
            detail("/Properties/Port", "ResourceAttribute", "Cache.Port", BeforeValue="6379"),
            detail("/Properties/Name"),
            detail("/Properties/Name"),
        ]
    )
    assert changes(answer)[0].because == (
        Because("/Properties/CidrBlock", "parameter VpcCidr", "10.0.0.0/16", "10.1.0.0/16", "Always"),
        Because("/Properties/VpcId", "resource Vpc", None, plan.KNOWN_LATER),
        Because("/Properties/Port", "attribute Cache.Port", "6379"),
        Because("/Properties/Name", "template"),
    )


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ({"Attribute": "Properties", "Name": "TopicName"}, "/Properties/TopicName"),
        ({"Attribute": "Tags"}, "/Tags"),
        ({}, ""),
    ],
)
def test_without_values_the_path_is_made_of_attribute_and_name(target: dict[str, str], path: str) -> None:
    assert changes(change(Details=[{"Target": target}]))[0].because[0].path == path


class TestSecrets:
    """No value of a NoEcho parameter comes out, whichever way it went in."""

    def reason(self, *, hidden: str = "s3cr3t-word", **more: str) -> Because:
        values = {"source": "DirectModification", "cause": ""} | more
        answer = change(Details=[detail("/Properties/Value", **values)])
        return changes(answer, secrets={"Password": hidden})[0].because[0]

    def test_a_value_that_a_secret_parameter_changes_is_hidden_on_both_sides(self) -> None:
        found = self.reason(
            source="ParameterReference", cause="Password", BeforeValue="the old one", AfterValue="s3cr3t-word"
        )
        assert (found.before, found.after) == (plan.HIDDEN, plan.HIDDEN)

    def test_a_value_that_holds_the_secret_is_shown_around_it(self) -> None:
        found = self.reason(BeforeValue="none", AfterValue="postgres://lms:s3cr3t-word@db")
        assert (found.before, found.after) == ("none", "postgres://lms:****@db")

    def test_a_short_secret_is_hidden_where_it_is_the_whole_value_only(self) -> None:
        found = self.reason(hidden="ab", BeforeValue="ab", AfterValue="tabs")
        assert (found.before, found.after) == (plan.HIDDEN, "tabs")

    def test_a_blank_secret_hides_nothing(self) -> None:
        found = self.reason(hidden="", BeforeValue="", AfterValue="shown")
        assert (found.before, found.after) == ("", "shown")

    @pytest.mark.parametrize(
        ("path", "before", "after"),
        [
            ("/Properties/MasterUserPassword", "{{resolve:secretsmanager:db}}", plan.HIDDEN),
            ("/Properties/Users/0/Passwords/1", "", plan.HIDDEN),
            ("/Properties/Environment/Variables/API_KEY", "${Key}", plan.HIDDEN),
            ("/Properties/MasterUsername", "none", "hunter2-hunter2"),
        ],
    )
    def test_one_in_clear_text_does_not_go_on_into_the_pull_request(self, path: str, before: str, after: str) -> None:
        given = detail(path, "DirectModification", "", BeforeValue=before, AfterValue="hunter2-hunter2")
        found = changes(change(Details=[given]))[0].because[0]
        assert (found.before, found.after) == (before, after)

    def test_one_among_a_containers_variables_is_known_by_what_the_resource_was_and_becomes(self) -> None:
        def context(password: str) -> str:
            environment = [{"Name": "DB_PASSWORD", "Value": password}]
            return json.dumps({"Properties": {"ContainerDefinitions": [{"Environment": environment}]}})

        path = "/Properties/ContainerDefinitions/0/Environment/0/Value"
        given = detail(path, "DirectModification", "", BeforeValue="hunter2-hunter2", AfterValue="hunter3-hunter3")
        whole = change(
            Details=[given], BeforeContext=context("hunter2-hunter2"), AfterContext=context("hunter3-hunter3")
        )
        found = changes(whole)[0].because[0]
        assert (found.before, found.after) == (plan.HIDDEN, plan.HIDDEN)

    def test_they_are_found_in_the_template_with_the_value_that_counts(self) -> None:
        template = {
            "Parameters": {
                "Given": {"Type": "String", "NoEcho": True},
                "Defaulted": {"Type": "String", "NoEcho": "true", "Default": "from-the-template"},
                "Missing": {"Type": "String", "NoEcho": True},
                "Open": {"Type": "String"},
            }
        }
        assert plan.secrets(template, {"Given": "by-the-file", "Open": "x"}) == {
            "Given": "by-the-file",
            "Defaulted": "from-the-template",
            "Missing": "",
        }


def test_settings_say_what_is_new_what_goes_and_what_differs() -> None:
    before = {"Same": "1", "Changed": "1", "Gone": "1", "Password": "****", "Dropped": "****"}
    after = {"Same": "1", "Changed": "2", "New": "3", "Password": "word", "Fresh": "word"}
    assert plan.settings("parameter", before, after, secrets=["Password", "Fresh", "Dropped"]) == (
        Setting("parameter", "Changed", "1", "2"),
        Setting("parameter", "Dropped", plan.HIDDEN, None),
        Setting("parameter", "Fresh", None, plan.HIDDEN),
        Setting("parameter", "Gone", "1", None),
        Setting("parameter", "New", None, "3"),
    )


def test_a_change_that_is_left_out_of_the_answer_with_values_is_taken_from_the_other() -> None:
    plain = [change("Kept"), change("LeftOut", Replacement="True")]
    valued = [change("Kept", AfterContext="{}")]
    assert plan.merge(plain, valued) == [change("Kept", AfterContext="{}"), change("LeftOut", Replacement="True")]


@pytest.mark.parametrize(
    ("context", "properties"),
    [
        ('{"Properties": {"LogGroupName": "/lms/dev"}}', {"LogGroupName": "/lms/dev"}),
        ('{"Metadata": {}}', {}),
        ('{"Properties": {"LogGroupName": "/lms', {}),
        ("", {}),
    ],
    ids=["whole", "no properties", "cut off", "none"],
)
def test_the_properties_to_be_are_read_as_far_as_they_are_known(context: str, properties: dict[str, str]) -> None:
    assert changes(change(AfterContext=context))[0].properties == properties


def test_log_groups_that_are_new_and_named_are_listed() -> None:
    def log_group(logical_id: str, name: object, **more: str) -> Any:
        import json

        return change(logical_id, LOGS, **({"action": "Add"} | more), AfterContext=json.dumps({"Properties": name}))

    found = changes(
        log_group("Named", {"LogGroupName": "/lms/lms-dev/application"}),
        log_group("Generated", {}),
        log_group("Later", {"LogGroupName": f"/lms/{plan.KNOWN_LATER}"}),
        log_group("Modified", {"LogGroupName": "/lms/old"}, action="Modify"),
        change("Topic", action="Add"),
    )
    assert plan.log_groups(found) == {"Named": "/lms/lms-dev/application"}


def a_plan(*answers: Any, **more: Any) -> Plan:
    values: dict[str, Any] = {"change_set": "arn:set", "settings": ()} | more
    return Plan("lms-dev", "111111111111", "sa-east-1", is_new=False, changes=changes(*answers), **values)


def test_at_stake_are_stores_that_go_are_replaced_or_may_be() -> None:
    found = a_plan(
        change("Gone", BUCKET, "Remove"),
        change("Replaced", BUCKET, Replacement="True", PolicyAction="ReplaceAndRetain"),
        change("Maybe", FILES, Replacement="Conditional"),
        change("Changed", BUCKET),
        change("New", BUCKET, "Add"),
        change("NoData", TOPIC, "Remove"),
    )
    assert [each.logical_id for each in found.at_stake] == ["Gone", "Replaced", "Maybe"]


@pytest.mark.parametrize(
    ("found", "waiting"),
    [
        (a_plan(change_set=None), False),
        (a_plan(change_set=None, settings=(Setting("stack policy", "", None, "{}"),)), True),
        (a_plan(change()), True),
        (a_plan(), True),
    ],
    ids=["nothing", "a setting", "a change", "an output only"],
)
def test_a_plan_waits_when_there_is_anything_to_do(found: Plan, waiting: bool) -> None:
    assert found.is_waiting is waiting


def test_as_json_a_plan_has_every_value_whole() -> None:
    long = "x" * 500
    found = a_plan(
        change(
            "Files",
            FILES,
            Replacement="True",
            PolicyAction="ReplaceAndRetain",
            PhysicalResourceId="fs-1",
            Details=[detail("/Properties/KmsKeyId", BeforeValue="old", AfterValue=long), detail("/Properties/Name")],
        ),
        settings=(Setting("tag", "owner", None, "team"),),
        warnings=("mind the gap",),
        caller="arn:aws:iam::111111111111:user/ana",
        access=(Access("Role", "AWS::IAM::Role", "trust", "opened", "lets everybody sts:AssumeRole", "", True),),
        exports=(Export("lms-dev-VpcId", "removed", ("app",)),),
        quotas=(Passed(quotas.VPCS, 6, 5),),
    )
    assert found.as_json() == {
        "stack": "lms-dev",
        "account": "111111111111",
        "region": "sa-east-1",
        "caller": "arn:aws:iam::111111111111:user/ana",
        "operation": "update",
        "change_set": "arn:set",
        "changes": [
            {
                "logical_id": "Files",
                "physical_id": "fs-1",
                "type": FILES,
                "part": None,
                "action": "replace",
                "data": "retained",
                "because": [
                    {"path": "/Properties/KmsKeyId", "by": "template"},
                    {"path": "/Properties/Name", "by": "template"},
                ],
                "before": {"/Properties/KmsKeyId": "old"},
                "after": {"/Properties/KmsKeyId": long},
            }
        ],
        "triggers": [],
        "settings": [{"kind": "tag", "name": "owner", "before": None, "after": "team"}],
        "access": [
            {
                "logical_id": "Role",
                "type": "AWS::IAM::Role",
                "kind": "trust",
                "effect": "opened",
                "what": "lets everybody sts:AssumeRole",
                "instead": "",
                "everybody": True,
            }
        ],
        "exports": [{"name": "lms-dev-VpcId", "change": "removed", "used_by": ("app",)}],
        "quotas": [{"service": "vpc", "code": "L-F678F1CE", "what": "VPCs", "needed": 6, "allowed": 5}],
        "needs": [{"option": "--allow-data-loss", "id": "Files"}],
        "warnings": ["mind the gap"],
    }


def test_as_json_a_new_stack_is_a_create_and_no_change_is_an_empty_list() -> None:
    found = Plan("lms-dev", "111111111111", "sa-east-1", True, None, (), ())
    assert found.as_json()["operation"] == "create"
    assert found.as_json()["changes"] == []
    assert a_plan(change(action="Add")).as_json()["changes"][0]["physical_id"] is None


@pytest.mark.parametrize(
    ("action", "by", "follows"),
    [
        ("modify", ["resource LoadBalancer", "attribute LoadBalancer.LoadBalancerFullName"], True),
        ("modify", ["resource LoadBalancer", "template"], False),
        ("modify", ["parameter Image"], False),
        ("modify", [], False),
        ("replace", ["resource LoadBalancer"], False),
    ],
)
def test_what_only_refers_to_another_change_is_none_of_its_own(action: str, by: list[str], follows: bool) -> None:
    because = tuple(Because("/Properties/Dimensions", each) for each in by)
    made = plan.Change("Alarm", "", TOPIC, action, "none", because, {})
    assert made.follows == follows
    whole = Plan("lms-dev", "111111111111", "sa-east-1", False, None, (made,), ())
    assert whole.actions == ({} if follows else {"Alarm": action})
