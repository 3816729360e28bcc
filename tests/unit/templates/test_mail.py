"""Mail: from one verified identity and no other, or by a mail server on one port."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.configuration import check_configuration
from tests.templates_support import statements

if TYPE_CHECKING:
    from tests.templates_support import Emitted

IDENTITY = "arn:aws:ses:sa-east-1:111122223333:identity/example.org"


def mail(template: Emitted) -> list[dict[str, Any]]:
    return [each for each in statements(template.resources["TaskPolicy"]) if "ses:SendEmail" in each["Action"]]


def test_blank_sends_none(lms: Emitted) -> None:
    assert mail(lms) == []
    assert not [name for name in lms.resources if "SmtpPort" in name]


@pytest.mark.parametrize(("sender", "pattern"), [("", "*"), ("*@example.org", "*@example.org")])
def test_from_exactly_one_identity(lms: Emitted, sender: str, pattern: str) -> None:
    [found] = mail(lms.with_parameters(MailIdentityArn=IDENTITY, MailFrom=sender))
    assert set(found["Action"]) == {"ses:SendEmail", "ses:SendRawEmail"}
    assert found["Resource"] == [IDENTITY]
    assert found["Condition"] == {"StringLike": {"ses:FromAddress": pattern}}


def test_a_sender_without_an_identity_is_refused(lms: Emitted) -> None:
    def said(**given: str) -> str:
        return "\n".join(map(str, check_configuration(lms.body, {"Parameters": given}, "params/x.json")))

    assert "MailFrom is given, but MailIdentityArn is blank" in said(MailFrom="lms@example.org")
    assert "MailFrom" not in said(MailFrom="lms@example.org", MailIdentityArn=IDENTITY)
    assert "MailFrom" not in said(MailIdentityArn=IDENTITY)


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("", True),
        (IDENTITY, True),
        ("arn:aws:ses:sa-east-1:111122223333:identity/lms@example.org", True),
        ("example.org", False),
        ("arn:aws:ses:sa-east-1:111122223333:configuration-set/x", False),
    ],
)
def test_an_identity_is_given_by_its_arn(lms: Emitted, value: str, *, taken: bool) -> None:
    assert bool(re.fullmatch(lms.body["Parameters"]["MailIdentityArn"]["AllowedPattern"], value)) is taken


def test_a_mail_server_is_reached_on_its_port_alone(lms: Emitted) -> None:
    template = lms.with_parameters(SmtpPort="587")
    [opened] = template.resources.keys() - lms.resources.keys()
    rule = template.resources[opened]
    assert rule.type == "AWS::EC2::SecurityGroupEgress"
    assert (rule["FromPort"], rule["ToPort"], rule["CidrIp"]) == ("587", "587", "0.0.0.0/0")
    assert rule["GroupId"] == "${TasksSecurityGroup.GroupId}"
