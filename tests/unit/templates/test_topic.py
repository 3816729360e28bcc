"""The topic: who may send, who can read, who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.configuration import check_configuration
from tests.templates_support import statements

if TYPE_CHECKING:
    from tests.templates_support import Emitted

FROM_HERE = {
    "StringEquals": {"aws:SourceAccount": "111122223333"},
    "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:sa-east-1:111122223333:alarm:*"},
}


def let_in(template: Emitted, name: str) -> dict[str, dict[str, Any]]:
    """What services may do, by service; the account's own statement aside."""
    allowed = [each for each in statements(template.resources[name]) if each["Effect"] == "Allow"]
    return {each["Principal"]["Service"]: each for each in allowed if "Service" in each["Principal"]}


@pytest.mark.parametrize(
    ("resource", "actions"),
    [("AlarmTopicPolicy", ["sns:Publish"]), ("AlarmKey", ["kms:Decrypt", "kms:GenerateDataKey*"])],
)
def test_alarms_of_this_account_and_events_send_to_it(lms: Emitted, resource: str, actions: list[str]) -> None:
    found = let_in(lms, resource)
    assert found.keys() == {"cloudwatch.amazonaws.com", "events.amazonaws.com"}
    assert {tuple(each["Action"]) for each in found.values()} == {tuple(actions)}
    assert found["cloudwatch.amazonaws.com"]["Condition"] == FROM_HERE
    assert "Condition" not in found["events.amazonaws.com"], "EventBridge's messages would all be lost"


def test_nobody_sends_in_the_clear(lms: Emitted) -> None:
    denied = [each for each in statements(lms.resources["AlarmTopicPolicy"]) if each["Effect"] == "Deny"]
    assert [(each["Principal"], each["Condition"]) for each in denied] == [
        ({"AWS": "*"}, {"Bool": {"aws:SecureTransport": "false"}})
    ]


def test_everything_it_says_is_about_itself(lms: Emitted) -> None:
    assert lms.resources["AlarmTopicPolicy"]["Topics"] == ["${AlarmTopic}"]
    assert {resource for each in statements(lms.resources["AlarmTopicPolicy"]) for resource in each["Resource"]} == {
        "${AlarmTopic}"
    }


def test_its_key_is_its_own_and_goes_with_it(lms: Emitted) -> None:
    assert lms.resources["AlarmTopic"]["KmsMasterKeyId"] == "${AlarmKey.Arn}"
    key = lms.resources["AlarmKey"].body
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_mail_goes_to_the_address_that_is_given(lms: Emitted) -> None:
    told = lms.with_parameters(AlarmEmail="ana.souza+lms@escola.example.br")
    assert told.resources["AlarmMail"].properties == {
        "TopicArn": "${AlarmTopic}",
        "Protocol": "email",
        "Endpoint": "ana.souza+lms@escola.example.br",
    }


def test_without_an_address_the_topic_is_there_for_others(lms: Emitted) -> None:
    assert "AlarmMail" not in lms.resources
    assert lms.outputs["AlarmTopicArn"] == "${AlarmTopic}"


@pytest.mark.parametrize("wrong", ["operators", "a@b", "a b@example.org", "a@example.org,b@example.org"])
def test_what_is_no_address_is_refused(lms: Emitted, wrong: str) -> None:
    found = check_configuration(lms.body, {"Parameters": {"AlarmEmail": wrong}}, "params/x.json")
    assert "A mail address, such as operators@example.org, or blank." in "\n".join(map(str, found))
