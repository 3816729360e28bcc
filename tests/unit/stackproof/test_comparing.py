"""`stackproof diff` on templates of anybody: what would change, by their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.project import Outcome

    Run = Callable[..., Outcome]


def test_what_would_change_is_grouped_with_what_becomes_of_data(write: Any, run: Run) -> None:
    old = {"Resources": {"Table": table("a"), "Gone": {"Type": "AWS::SNS::Topic"}, "Key": {"Type": "AWS::KMS::Key"}}}
    new = {"Resources": {"Table": table("b"), "Came": {"Type": "AWS::SQS::Queue"}, "Key": key("c")}}
    outcome = run("diff", write("old.json", old), write("new.json", new))
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "old.json → new.json",
        "",
        "Removed (1)",
        "  - Gone  AWS::SNS::Topic",
        "",
        "Replaced (1)",
        "  ± Table  AWS::DynamoDB::Table",
        "      TableName: a → b",
        "",
        "Modified (1)",
        "  ~ Key  AWS::KMS::Key",
        "      Description: (none) → c",
        "",
        "Added (1)",
        "  + Came  AWS::SQS::Queue",
        "",
        "Data at stake (1)",
        "  ! Table  AWS::DynamoDB::Table: its data would be lost",
        "",
        "1 to remove, 1 to replace, 1 to modify, 1 to add",
    ]
    changes = {each["logical_id"]: each for each in run("diff", "old.json", "new.json", "--json").data["changes"]}
    assert changes["Table"] == {
        "logical_id": "Table",
        "type": "AWS::DynamoDB::Table",
        "action": "replace",
        "because": [{"path": "/Properties/TableName", "by": "template"}],
        "data": "lost",
    }
    assert {name: each["action"] for name, each in changes.items()} == {
        "Gone": "remove",
        "Table": "replace",
        "Key": "modify",
        "Came": "add",
    }


def table(name: Any, **more: object) -> dict[str, Any]:
    return {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name, **more}}


def key(description: str) -> dict[str, Any]:
    return {"Type": "AWS::KMS::Key", "Properties": {"Description": description}}


def test_policies_beside_the_properties_are_shown_and_metadata_only_named(write: Any, run: Run) -> None:
    beside = {"DeletionPolicy": "Retain", "Metadata": {"Long": "text"}}
    old = write("old.json", {"Resources": {"Table": table("a")}})
    new = write("new.json", {"Resources": {"Table": {**table("a", Tags=[{"Key": "a", "Value": 1}]), **beside}}})
    lines = run("diff", old, new).out.splitlines()
    assert lines[lines.index("  ~ Table  AWS::DynamoDB::Table") + 1 :][:3] == [
        "      DeletionPolicy: (none) → Retain",
        "      Metadata",
        "      Tags: (none) → [{Key: a, Value: 1}]",
    ]


def test_a_password_in_clear_text_is_not_repeated_and_what_says_where_it_is_may_be(write: Any, run: Run) -> None:
    def database(password: object, reader: str) -> dict[str, Any]:
        variables = {"DB_PASSWORD": password, "READER_SECRET": reader}
        return {
            "Resources": {
                "Database": {"Type": "AWS::RDS::DBInstance", "Properties": {"MasterUserPassword": password}},
                "Reader": {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": variables}}},
            }
        }

    old = write("old.json", database("hunter2-hunter2", "arn:aws:secretsmanager:us-east-1:1:secret:a"))
    new = write("new.json", database("hunter3-hunter3", "arn:aws:secretsmanager:us-east-1:1:secret:b"))
    plain = run("diff", old, new)
    assert "      MasterUserPassword: **** → ****" in plain.out
    assert "      Environment.Variables.DB_PASSWORD: **** → ****" in plain.out
    assert "READER_SECRET: arn:aws:secretsmanager:us-east-1:1:secret:a → arn:" in plain.out
    assert "hunter" not in plain.out + run("diff", old, new, "--json").out


def test_a_password_among_a_containers_variables_is_hidden_wherever_it_stands(write: Any, run: Run) -> None:
    def task(*variables: tuple[str, str]) -> dict[str, Any]:
        environment = [{"Name": name, "Value": value} for name, value in variables]
        container = {"Name": "web", "Image": "nginx:1", "Environment": environment}
        properties = {"Family": "a", "ContainerDefinitions": [container]}
        return {"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}}}

    old = write("old.json", task(("DB_PASSWORD", "hunter2-hunter2"), ("URL", "db://lms:hunter2-hunter2@db")))
    new = write(
        "new.json", task(("A", "1"), ("URL", "db://lms:hunter3-hunter3@db"), ("DB_PASSWORD", "hunter3-hunter3"))
    )
    plain = run("diff", old, new)
    assert [line.strip() for line in plain.out.splitlines() if "Environment" in line] == [
        "ContainerDefinitions.0.Environment.0.Name: DB_PASSWORD → A",
        "ContainerDefinitions.0.Environment.0.Value: **** → 1",
        "ContainerDefinitions.0.Environment.1.Value: db://lms:****@db → db://lms:****@db",
        "ContainerDefinitions.0.Environment.2: (none) → {Name: DB_PASSWORD, Value: ****}",
    ]


def test_what_is_written_alike_and_becomes_another_value_is_known_later(write: Any, run: Run) -> None:
    host = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Table"}}}
    old, new = (
        write(f"{name}.json", {"Resources": {"Table": {**table(name), "Properties": fixed}, "Host": host}})
        for name, fixed in (("one", {"KeySchema": [1]}), ("two", {"KeySchema": [2]}))
    )
    assert "      Value: ${Table} → (known after apply)  (from resource Table)" in run("diff", old, new).out


def test_a_name_that_is_taken_is_a_warning(write: Any, run: Run) -> None:
    old, new = (
        write(f"{billing}.json", {"Resources": {"Table": table("a", KeySchema=[{"AttributeName": billing}])}})
        for billing in ("one", "two")
    )
    outcome = run("diff", old, new)
    assert "Warnings\n  ! Table: CloudFormation makes the new Table before it deletes the old one" in outcome.out


def test_nothing_changes_between_two_spellings(write: Any, run: Run) -> None:
    old = write("old.yaml", "Resources: {Table: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: !Sub a}}}")
    new = write("new.json", {"Resources": {"Table": table("a")}})
    outcome = run("diff", old, new)
    assert outcome.out == "old.yaml → new.json: no changes\n"
    assert run("diff", old, new, "--json").data["changes"] == []


NAMED = {
    "Parameters": {"Name": {"Type": "String", "Default": "a"}},
    "Resources": {"Table": table({"Ref": "Name"})},
}


def test_each_side_has_its_parameters(write: Any, run: Run) -> None:
    old = write("old.json", NAMED)
    wider = write("new.json", {**NAMED, "Parameters": {**NAMED["Parameters"], "More": {"Type": "String"}}})
    given = write("p.json", {"Parameters": {"Name": "b", "More": "c"}})
    # One file for both: what the old template does not know yet is no fault.
    assert run("diff", old, wider, "--params", given).out == "old.json → new.json: no changes\n"
    before = write("q.json", {"Parameters": {"Name": "a"}})
    outcome = run("diff", old, wider, "--params", given, "--old-params", before)
    assert "      TableName: a → b  (from parameter Name)" in outcome.out.splitlines()
    outcome = run("diff", old, wider, "--params", given, "--old-params", given)
    assert outcome.code == 2
    assert "p.json" in outcome.err
    assert "More" in outcome.err


def test_both_sides_are_read_before_anything_is_said(write: Any, run: Run) -> None:
    write("p.json", '{"Parameters": []}')
    outcome = run("diff", "no.json", write("bad.json", "{"), "--params", "p.json")
    assert outcome.code == 2
    assert {line.split(":")[0] for line in outcome.err.splitlines()} == {"no.json", "bad.json"}
    assert run("diff", write("new.json", NAMED), "new.json", "--params", "p.json").err.count("p.json") == 1
