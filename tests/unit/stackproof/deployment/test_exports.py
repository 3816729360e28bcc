"""Exports that would not stay as they are, and who imports them."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from stackproof.deployment import exports
from stackproof.deployment.access import Sides
from stackproof.deployment.exports import Export
from stackproof.proofs.resolve.stack import resolve
from tests.unit.stackproof.deployment.exposures import PLACE

VPC, BUCKET = {"Type": "AWS::EC2::VPC"}, {"Type": "AWS::S3::Bucket"}


def output(value: Any, export: Any = "Net") -> dict[str, Any]:
    return {"Value": value, **({"Export": {"Name": export}} if export else {})}


def moving(
    before: dict[str, Any], after: dict[str, Any], *, replaced: tuple[str, ...] = (), **more: Any
) -> dict[str, str]:
    old, new = (
        resolve(
            {
                "Parameters": {"Secret": {"Type": "String", "NoEcho": True}},
                "Resources": {"Vpc": VPC, "Other": VPC},
                "Outputs": {f"Out{index}": each for index, each in enumerate(side.values())},
            },
            {},
            **PLACE,
        )
        for side in (before, after)
    )
    return exports.moving(Sides(old, new, **more), replaced)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (output({"Ref": "Vpc"}), output({"Ref": "Vpc"}), None),
        (output({"Ref": "Vpc"}), output({"Fn::GetAtt": ["Vpc", "VpcId"]}), None),
        (output({"Ref": "Vpc"}), output({"Ref": "Vpc"}, "Renamed"), "removed"),
        (output({"Ref": "Vpc"}), output({"Ref": "Vpc"}, None), "removed"),
        (output("a"), output("b"), "changed"),
        (output({"Ref": "Vpc"}), output({"Ref": "Other"}), "changed"),
        (output("a"), output({"Fn::ImportValue": "x"}), "may-change"),
        (output({"Ref": "Vpc"}, {"Fn::Sub": "${AWS::StackName}-Vpc"}), output("vpc-1", "lms-dev-Vpc"), "may-change"),
        (output("a", {"Ref": "AWS::StackId"}), output("b", None), None),
    ],
)
def test_what_is_removed_or_changes_is_told(before: dict[str, Any], after: dict[str, Any], change: str | None) -> None:
    found = moving({"a": before}, {"a": after})
    assert list(found.values()) == ([change] if change else [])


def test_what_hangs_on_a_replaced_resource_or_a_secret_may_change() -> None:
    vpc, secret = {"a": output({"Ref": "Vpc"})}, {"a": output({"Ref": "Secret"})}
    assert moving(vpc, vpc, replaced=("Vpc",)) == {"Net": "may-change"}
    assert moving(vpc, vpc, replaced=("Other",)) == {}
    assert moving(secret, secret, opaque=frozenset({"Secret"})) == {"Net": "may-change"}


class TestImports:
    """Who imports, as AWS answers."""

    @pytest.fixture
    def client(self) -> Any:
        return boto3.client("cloudformation", region_name="sa-east-1", aws_access_key_id="1", aws_secret_access_key="x")  # noqa: S106  # no secret

    def test_every_page_of_those_that_import_it(self, client: Any) -> None:
        with Stubber(client) as stub:
            stub.add_response("list_imports", {"Imports": ["app"], "NextToken": "2"}, {"ExportName": "Net"})
            stub.add_response("list_imports", {"Imports": ["batch"]}, {"ExportName": "Net", "NextToken": "2"})
            stub.add_client_error("list_imports", "ValidationError", "Export 'Free' is not imported by any stack.")
            found = exports.in_use(client, {"Net": "removed", "Free": "changed"})
            stub.assert_no_pending_responses()
        assert found == ([Export("Net", "removed", ("app", "batch"))], "")
        assert found[0][0].as_json() == {"name": "Net", "change": "removed", "used_by": ("app", "batch")}

    def test_an_empty_answer_is_nobody(self, client: Any) -> None:
        with Stubber(client) as stub:
            stub.add_response("list_imports", {"Imports": []})
            assert exports.in_use(client, {"Net": "removed"}) == ([], "")

    def test_who_may_not_ask_is_told_what_was_not_seen(self, client: Any) -> None:
        with Stubber(client) as stub:
            stub.add_client_error("list_imports", "AccessDenied", "no")
            found, said = exports.in_use(client, {"Net": "removed", "Other": "removed"})
        assert found == []
        assert said.startswith("whether other stacks import Net could not be looked up: ")
        assert "ListImports is not allowed" in said

    def test_any_other_error_is_passed_on(self, client: Any) -> None:
        with Stubber(client) as stub:
            stub.add_client_error("list_imports", "Throttling", "slower")
            with pytest.raises(ClientError, match="slower"):
                exports.in_use(client, {"Net": "removed"})
