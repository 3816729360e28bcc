"""A change set with the stacks nested in it, read with both templates of each; AWS's answers by botocore's model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from stackproof.deployment import aws, survey
from stackproof.deployment.changeset import ChangeSet
from stackproof.deployment.exports import Export
from stackproof.parts import KEY
from tests.unit.stackproof.deployment.builders import STACK_ID, START, change, environment, stack
from tests.unit.stackproof.deployment.exposures import document, resource, role, statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.deployment.survey import Survey

SET, INNER, DEEP = (
    f"arn:aws:cloudformation:sa-east-1:111111111111:changeSet/{name}/1" for name in ("root", "in", "deep")
)
NESTED = "AWS::CloudFormation::Stack"
READ = statement("s3:GetObject", "arn:aws:s3:::a/*")


@pytest.fixture
def account() -> Iterator[tuple[aws.Aws, Stubber]]:
    """An account whose every call to CloudFormation must be one of those that the test lists, in order."""
    session = boto3.Session(aws_access_key_id="1", aws_secret_access_key="x", region_name="sa-east-1")  # noqa: S106  # no secret
    found = aws.Aws(session, "111111111111", "arn:aws:iam::111111111111:user/ana", "sa-east-1")
    with Stubber(found.cloudformation) as stubber:
        yield found, stubber
        stubber.assert_no_pending_responses()


def change_set(*changes: Any, id: str | None = SET, nested: Any = None, **parameters: str) -> ChangeSet:  # noqa: A002  # the field's own name
    return ChangeSet(id, STACK_ID, list(changes), parameters, warnings=[], nested=nested or {})


def template(resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return {"Resources": resources, **sections}


def deployed(stubber: Stubber, name: str, body: dict[str, Any]) -> None:
    stubber.add_response(
        "get_template", {"TemplateBody": json.dumps(body)}, {"StackName": name, "TemplateStage": "Processed"}
    )


def to_come(stubber: Stubber, name: str, body: dict[str, Any]) -> None:
    stubber.add_response(
        "get_template", {"TemplateBody": json.dumps(body)}, {"ChangeSetName": name, "TemplateStage": "Processed"}
    )


def found_stack(stubber: Stubber, stack_id: str, **parameters: str) -> None:
    answer = {
        "StackName": stack_id.split("/")[1],
        "StackId": stack_id,
        "StackStatus": "UPDATE_COMPLETE",
        "CreationTime": START,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    }
    stubber.add_response("describe_stacks", {"Stacks": [answer]}, {"StackName": stack_id})


def access(found: Survey) -> list[tuple[str, str, str]]:
    return [(each.effect, each.logical_id, each.what) for each in found.access]


def test_without_a_change_nothing_is_asked(account: tuple[aws.Aws, Stubber]) -> None:
    found = survey.look(account[0], environment(), stack(), change_set(id=None))
    assert found == survey.Survey()


def test_a_new_stack_is_compared_with_nothing(account: tuple[aws.Aws, Stubber]) -> None:
    made, _ = account
    new = environment(template=template({"Role": role(READ)}, Metadata={KEY: {"application": ["Role"]}}))
    found = survey.look(made, new, None, change_set(change("Role", "AWS::IAM::Role", "Add")))
    assert [(each.logical_id, each.part) for each in found.changes] == [("Role", "application")]
    assert [each[0] for each in access(found)] == ["opened", "opened"]


def test_the_deployed_template_has_its_own_parameters(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    body = template(
        {"Role": role(statement("s3:GetObject", {"Fn::Sub": "arn:aws:s3:::${Bucket}/*"}))},
        Parameters={"Bucket": {"Type": "String"}},
    )
    deployed(stubber, STACK_ID, body)
    new = environment(template=body, parameters={"Bucket": "b"})
    found = survey.look(made, new, stack(parameters={"Bucket": "a"}), change_set(change("Role", "AWS::IAM::Role")))
    assert access(found) == [
        ("opened", "Role", "may s3:GetObject on arn:aws:s3:::b/*"),
        ("closed", "Role", "may no longer s3:GetObject on arn:aws:s3:::a/*"),
    ]


def test_what_the_change_set_leaves_open_is_decided_by_the_templates(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    body = template({"Topic": resource("SNS::Topic"), "Other": resource("SNS::Topic", TopicName="b")})
    deployed(stubber, STACK_ID, template({**body["Resources"], "Other": resource("SNS::Topic", TopicName="a")}))
    maybe = [change(name, Replacement="Conditional") for name in ("Topic", "Other")]
    found = survey.look(made, environment(template=body), stack(), change_set(*maybe))
    assert [(each.logical_id, each.action) for each in found.changes] == [("Other", "replace")]


def test_what_macros_make_of_the_template_is_asked_of_aws(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    to_come(stubber, SET, template({"FunctionRole": role(READ)}))
    deployed(stubber, STACK_ID, template({}))
    written = template({"Function": {"Type": "AWS::Serverless::Function"}}, Transform="AWS::Serverless-2016-10-31")
    found = survey.look(made, environment(template=written), stack(), change_set(change("FunctionRole", action="Add")))
    assert {each[1] for each in access(found)} == {"FunctionRole"}


def test_nested_stacks_are_followed_with_their_own_templates(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    inner_id, body = (
        STACK_ID.replace("lms-dev", "lms-dev-Inner"),
        template({"Inner": resource("CloudFormation::Stack")}),
    )
    key = resource("KMS::Key", KeyPolicy=document(statement("kms:*", "*", Principal={"AWS": {"Ref": "Who"}})))
    policy = template({"Key": key, "Deep": resource("CloudFormation::Stack")}, Parameters={"Who": {"Type": "String"}})
    deep = change_set(change("Role", "AWS::IAM::Role", "Add"), id=DEEP)
    inner = change_set(
        change("Key", "AWS::KMS::Key"),
        change("Deep", NESTED, "Add", ChangeSetId=DEEP),
        id=INNER,
        nested={"Deep": deep},
        Who="222222222222",
    )
    same = change_set(id=None)
    deployed(stubber, STACK_ID, body)
    found_stack(stubber, inner_id, Who="111111111111")
    to_come(stubber, INNER, policy)
    deployed(stubber, inner_id, policy)
    to_come(stubber, DEEP, template({"Role": role(READ)}))
    found = survey.look(
        made,
        environment(template=body),
        stack(),
        change_set(
            change("Inner", NESTED, PhysicalResourceId=inner_id, ChangeSetId=INNER),
            change("Same", NESTED, PhysicalResourceId=STACK_ID, ChangeSetId=SET),
            nested={"Inner": inner, "Same": same},
        ),
    )
    assert [each.logical_id for each in found.changes] == [
        "Inner",
        "Same",
        "Inner/Key",
        "Inner/Deep",
        "Inner/Deep/Role",
    ]
    assert access(found)[:2] == [
        ("opened", "Inner/Key", "lets 222222222222 kms:*"),
        ("closed", "Inner/Key", "no longer lets 111111111111 kms:*"),
    ]
    assert {each[1] for each in access(found)[2:]} == {"Inner/Deep/Role"}


def test_a_nested_stack_that_aws_does_not_show_is_named(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    deployed(stubber, STACK_ID, template({}))
    changes = [change(name, NESTED, action) for name, action in (("New", "Add"), ("Old", "Remove"))]
    found = survey.look(made, environment(), stack(), change_set(*changes))
    assert found.unseen == ["New: what changes inside this nested stack is not shown by AWS"]


def test_who_may_not_read_a_template_sees_the_changes_and_is_told_what_is_not_known(
    account: tuple[aws.Aws, Stubber],
) -> None:
    made, stubber = account
    inner = change_set(change("Role", "AWS::IAM::Role", "Add"), id=INNER)
    stubber.add_client_error("get_template", "AccessDenied", "not for you")
    stubber.add_client_error("get_template", "AccessDenied", "not for you")
    found = survey.look(
        made,
        environment(),
        stack(),
        change_set(change("Inner", NESTED, "Add"), change("Topic"), nested={"Inner": inner}),
    )
    assert [each.logical_id for each in found.changes] == ["Topic", "Inner", "Inner/Role"]
    assert access(found) == [("unknown", "lms-dev", "changes"), ("unknown", "Inner", "changes")]
    assert "GetTemplate is not allowed" in found.access[0].instead


def test_any_other_refusal_is_passed_on(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    stubber.add_client_error("get_template", "Throttling", "slower")
    with pytest.raises(ClientError, match="slower"):
        survey.look(made, environment(), stack(), change_set(change("Topic")))


def test_exports_in_use_and_what_was_not_seen_are_told(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    outputs = {name: {"Value": "a", "Export": {"Name": name}} for name in ("Used", "Hidden")}
    deployed(stubber, STACK_ID, template({}, Outputs=outputs))
    stubber.add_response("list_imports", {"Imports": ["app"]}, {"ExportName": "Used"})
    stubber.add_client_error("list_imports", "AccessDenied", "no")
    found = survey.look(made, environment(), stack(), change_set(change("Topic")))
    assert found.exports == [Export("Used", "removed", ("app",))]
    assert found.unseen[0].startswith("whether other stacks import Hidden could not be looked up")


def test_quotas_of_all_levels_add_up(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    six = {f"Address{index}": resource("EC2::EIP") for index in range(6)}
    to_come(stubber, INNER, template(six))
    body = template({**six, "Inner": resource("CloudFormation::Stack")})
    inner = change_set(id=INNER)
    with Stubber(made.quotas) as quotas:
        quotas.add_response(
            "get_service_quota", {"Quota": {"Value": 10.0}}, {"ServiceCode": "ec2", "QuotaCode": "L-0263D0A3"}
        )
        found = survey.look(
            made, environment(template=body), None, change_set(change("Inner", NESTED, "Add"), nested={"Inner": inner})
        )
    assert [(each.needed, each.allowed) for each in found.quotas] == [(12, 10)]
    with Stubber(made.quotas) as quotas:
        quotas.add_client_error("get_service_quota", "AccessDeniedException", "no")
        found = survey.look(made, environment(template=body), None, change_set(change("Inner", NESTED, "Add")))
    assert found.quotas == []
    assert found.unseen[-1].startswith("the quota for Elastic IP addresses was not looked at")
