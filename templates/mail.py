"""Mail, by parameter: the application sends through Amazon SES, from one verified identity and no other.

This is for images that speak SES's API with the task role. SMTP wants a user and a password, which no role gives: they
go into the application's own secret, and SmtpPort opens the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import StringLike
from troposphere import Equals, If, Not, Or, Ref

from templates import arns
from templates.interface import condition, parameter, rule
from templates.policies import OnlyIf, allow

if TYPE_CHECKING:
    from awacs.aws import Statement
    from troposphere import Parameter, Template

GROUP = "Mail"
PORTS = ("", "465", "587", "2465", "2587")
"""SES's ports with TLS; 25 is throttled by AWS."""


def add_mail(t: Template) -> Statement:
    """Add the parameters of sending by SES; returns what a task role may do, where an identity is given."""
    identity = parameter(
        t,
        "MailIdentityArn",
        group=GROUP,
        label="Verified identity",
        description="ARN of the identity in Amazon SES that the application sends mail from by SES's API. Blank: it "
        "may send none that way.",
        default="",
        pattern=arns.MAIL_IDENTITY.or_blank,
        constraint=f"{arns.MAIL_IDENTITY.sentence}, or blank.",
    )
    sender = parameter(
        t,
        "MailFrom",
        group=GROUP,
        label="Sender",
        description="The address that all of that mail comes from, * for any part of it: *@example.org. Blank: any "
        "address of the identity.",
        default="",
        pattern=r"^$|^[A-Za-z0-9._%+*-]+@[A-Za-z0-9.-]+$",
        constraint="An address such as lms@example.org or *@example.org, or blank.",
    )
    rule(
        t,
        "MailFromNeedsIdentity",
        assertions=[
            (
                Or(Equals(Ref(sender), ""), Not(Equals(Ref(identity), ""))),
                "MailFrom is given, but MailIdentityArn is blank: no mail could be sent. Give both, or none.",
            )
        ],
    )
    exists = condition(t, "SendsMail", Not(Equals(Ref(identity), "")))
    chosen = condition(t, "HasMailFrom", Not(Equals(Ref(sender), "")))
    from_there = StringLike("ses:FromAddress", If(chosen, Ref(sender), "*"))
    return OnlyIf(exists, allow(["ses:SendEmail", "ses:SendRawEmail"], Ref(identity), conditions=[from_there]))


def add_smtp_port(t: Template) -> tuple[Parameter, str]:
    """Add the port of a mail server; returns its parameter and the condition under which one is given."""
    port = parameter(
        t,
        "SmtpPort",
        group=GROUP,
        label="Port of the mail server",
        description="Opens the way to a mail server on the internet, which takes name and password out of the "
        "application's own secret. Blank: no such way.",
        default="",
        allowed_values=list(PORTS),
        constraint="465, 587, 2465 or 2587, or blank.",
    )
    return port, condition(t, "UsesSmtp", Not(Equals(Ref(port), "")))
