"""What policies say to a request: every operator, and what is not known stays not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackproof.proofs.iam.conditions import Condition, holds
from stackproof.proofs.iam.evaluation import Answer, Caller, Document, Principal, Request, Statement, decide
from stackproof.proofs.values import Sym, Unknown, Value, join

if TYPE_CHECKING:
    from stackproof.proofs.iam.conditions import Context

ROLE_ARN = join("arn:aws:iam::111122223333:role/", Sym("Role", plain=True))
ROLE = Caller("role", (ROLE_ARN,), "aws", "111122223333")
LOGS = Caller("service", ("logs.sa-east-1.amazonaws.com",), "aws", "111122223333", maybe=("logs.amazonaws.com",))
BALANCERS = Caller("service", ("x.amazonaws.com",), "aws", "111122223333", accounts=frozenset({"507241528517"}))
SOMEBODY = Caller("account", (), "aws", "111122223333")
ANONYMOUS = Caller("anonymous", (), "aws", "111122223333")
BUCKET = "arn:aws:s3:::bucket/file"
OPAQUE = Sym("Given", kind="parameter")


def statement(
    *,
    allows: bool = True,
    actions: tuple[Value, ...] = ("s3:GetObject",),
    resources: tuple[Value, ...] | None = ("*",),
    principals: tuple[Principal, ...] | None = None,
    conditions: tuple[Condition, ...] = (),
    not_actions: bool = False,
    not_resources: bool = False,
    not_principals: bool = False,
    certain: bool = True,
) -> Statement:
    return Statement(
        "Policy",
        "Properties.PolicyDocument.Statement.0",
        allows,
        actions,
        resources,
        principals,
        conditions,
        not_actions=not_actions,
        not_resources=not_resources,
        not_principals=not_principals,
        certain=certain,
    )


def said(*found: Statement, caller: Caller = ROLE, unread: Unknown | None = None, **options: bool) -> Answer:
    request = Request("s3:GetObject", BUCKET, caller, {"aws:securetransport": ("true",)})
    return decide([Document("Policy", "Properties.PolicyDocument", found, unread)], request, **options)


@pytest.mark.parametrize(
    ("found", "allowed"),
    [
        (statement(), True),
        (statement(actions=("*",)), True),
        (statement(actions=("S3:get*",)), True),
        (statement(actions=("s3:PutObject", "s3:Get?bject")), True),
        (statement(actions=("s3:PutObject",)), False),
        (statement(actions=(OPAQUE,)), None),
        (statement(actions=("s3:PutObject",), not_actions=True), True),
        (statement(actions=("s3:Get*",), not_actions=True), False),
        (statement(resources=("arn:aws:s3:::bucket/*",)), True),
        (statement(resources=("arn:aws:s3:::bucket",)), False),
        (statement(resources=(OPAQUE,)), None),
        (statement(resources=(Unknown("a macro"),)), None),
        (statement(resources=("arn:aws:s3:::bucket/*",), not_resources=True), False),
        (statement(resources=("arn:aws:s3:::other/*",), not_resources=True), True),
        (statement(resources=None), True),
        (statement(certain=False), None),
        (statement(certain=False, actions=("s3:PutObject",)), False),
    ],
)
def test_a_statement_covers_actions_and_resources(found: Statement, allowed: bool | None) -> None:
    assert said(found).allowed is allowed


@pytest.mark.parametrize(
    ("principals", "caller", "allowed"),
    [
        ((Principal("*", "*"),), ROLE, True),
        ((Principal("AWS", "*"),), ROLE, True),
        ((Principal("AWS", "*"),), ANONYMOUS, True),
        ((Principal("AWS", "*"),), LOGS, True),
        ((Principal("AWS", ROLE_ARN),), ROLE, True),
        ((Principal("AWS", ROLE_ARN),), ANONYMOUS, False),
        ((Principal("AWS", ROLE_ARN),), SOMEBODY, True),
        ((Principal("AWS", "arn:aws:iam::111122223333:role/other"),), ROLE, None),
        ((Principal("AWS", "arn:aws:iam::111122223333:user/other"),), ROLE, False),
        ((Principal("AWS", Unknown("a macro")),), ROLE, None),
        ((Principal("AWS", "111122223333"),), ROLE, False),
        ((Principal("AWS", "111122223333"),), SOMEBODY, True),
        ((Principal("AWS", "444455556666"),), SOMEBODY, False),
        ((Principal("AWS", "arn:aws:iam::444455556666:root"),), SOMEBODY, False),
        ((Principal("Service", "logs.sa-east-1.amazonaws.com"),), LOGS, True),
        ((Principal("Service", "logs.amazonaws.com"),), LOGS, None),
        ((Principal("Service", "logs.us-east-1.amazonaws.com"),), LOGS, False),
        ((Principal("Service", "logs.us-east-1.amazonaws.com"),), ROLE, False),
        ((Principal("AWS", "507241528517"),), BALANCERS, True),
        ((Principal("AWS", "arn:aws:iam::507241528517:root"),), BALANCERS, True),
        ((Principal("AWS", "arn:aws:iam::507241528517:role/x"),), BALANCERS, False),
        ((Principal("AWS", OPAQUE),), BALANCERS, False),
        ((Principal("Federated", "accounts.google.com"),), ROLE, False),
    ],
)
def test_a_statement_names_its_principals(
    principals: tuple[Principal, ...], caller: Caller, allowed: bool | None
) -> None:
    assert said(statement(principals=principals), caller=caller).allowed is allowed


@pytest.mark.parametrize("root", ["111122223333", "arn:aws:iam::111122223333:root"])
def test_a_whole_account_counts_where_iam_decides_and_in_every_denial(root: str) -> None:
    named = (Principal("AWS", root),)
    assert said(statement(principals=named)).allowed is False
    assert said(statement(principals=named), delegated=True).allowed is True
    assert said(statement(), statement(allows=False, principals=named)).denied
    assert said(statement(), statement(allows=False, principals=named, not_principals=True)).allowed is True


def test_an_explicit_denial_wins_and_is_named() -> None:
    denial = statement(allows=False)
    answer = said(statement(), denial)
    assert (answer.allowed, answer.denied, answer.by) == (False, True, denial)


def test_without_a_statement_nothing_is_allowed() -> None:
    assert said() == Answer(allowed=False)


def test_what_may_deny_leaves_an_allow_open_and_nothing_else() -> None:
    doubt = statement(allows=False, resources=(OPAQUE,))
    assert said(statement(), doubt).allowed is None
    assert said(doubt).allowed is False


def test_a_policy_that_is_not_known_may_allow_and_says_why() -> None:
    answer = said(statement(actions=("s3:PutObject",)), unread=Unknown("it stands elsewhere"))
    assert (answer.allowed, answer.reason) == (None, "it stands elsewhere")
    assert said(statement(), unread=Unknown("it stands elsewhere")).allowed is True


def test_a_doubt_names_the_statement() -> None:
    answer = said(statement(resources=(OPAQUE,)))
    assert answer.reason == (
        "whether Properties.PolicyDocument.Statement.0 of Policy covers the request depends on what only AWS knows"
    )


CONTEXT: Context = {
    "aws:sourceaccount": ("111122223333",),
    "aws:sourcearn": (join("arn:aws:ecs:sa-east-1:111122223333:", Sym("x", kind="expression")),),
    "aws:securetransport": ("true",),
    "aws:principalarn": (),
    "kms:encryptioncontext:a": ("b",),
    "aws:tagkeys": ("one", "two"),
    "aws:given": (OPAQUE,),
    "aws:dark": (Unknown("a macro"),),
}


@pytest.mark.parametrize(
    ("operator", "key", "values", "answer"),
    [
        ("StringEquals", "aws:SourceAccount", ("111122223333",), True),
        ("StringEquals", "AWS:sourceaccount", ("0", "111122223333"), True),
        ("StringEquals", "aws:SourceAccount", ("444455556666",), False),
        ("StringEquals", "aws:SourceAccount", (OPAQUE,), None),
        ("StringNotEquals", "aws:SourceAccount", ("111122223333",), False),
        ("StringNotEquals", "aws:SourceAccount", ("444455556666", "1"), True),
        ("StringNotEquals", "aws:SourceAccount", (OPAQUE,), None),
        ("StringLike", "aws:SourceAccount", ("1111*",), True),
        ("StringEqualsIgnoreCase", "kms:EncryptionContext:a", ("B",), True),
        ("StringEqualsIgnoreCase", "kms:EncryptionContext:a", ("C",), False),
        ("StringEqualsIgnoreCase", "aws:given", (OPAQUE,), True),
        ("StringEqualsIgnoreCase", "aws:given", ("x",), None),
        ("StringNotEqualsIgnoreCase", "kms:EncryptionContext:a", ("B",), False),
        ("ArnLike", "aws:SourceArn", ("arn:aws:ecs:sa-east-1:111122223333:*",), True),
        ("ArnEquals", "aws:SourceArn", ("arn:aws:ecs:us-east-1:111122223333:*",), False),
        ("ArnLike", "aws:SourceArn", ("arn:aws:ecs:sa-east-1:111122223333:task/x",), None),
        ("ArnNotLike", "aws:SourceArn", ("arn:aws:ecs:us-east-1:*",), True),
        ("Bool", "aws:SecureTransport", ("true",), True),
        ("Bool", "aws:SecureTransport", (False,), False),
        ("Bool", "aws:given", ("true",), None),
        ("Bool", "aws:dark", ("true",), None),
        ("Null", "aws:PrincipalArn", ("true",), True),
        ("Null", "aws:SourceAccount", (True,), False),
        ("Null", "aws:SourceAccount", ("false",), True),
        ("Null", "aws:nobody-knows", ("true",), None),
        ("StringEquals", "aws:PrincipalArn", ("x",), False),
        ("StringNotEquals", "aws:PrincipalArn", ("x",), True),
        ("StringEqualsIfExists", "aws:PrincipalArn", ("x",), True),
        ("StringEqualsIfExists", "aws:SourceAccount", ("x",), False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ("one", "two", "three"), True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ("one",), False),
        ("ForAllValues:StringEquals", "aws:PrincipalArn", ("x",), True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ("two",), True),
        ("ForAnyValue:StringNotEquals", "aws:PrincipalArn", ("x",), False),
        ("StringEquals", "kms:EncryptionContext:other", ("b",), False),
        ("StringEquals", "aws:nobody-knows", ("x",), None),
        ("NumericLessThan", "aws:SourceAccount", ("3",), None),
        ("IpAddress", "aws:SourceIp", ("10.0.0.0/8",), None),
    ],
)
def test_conditions_hold(operator: str, key: str, values: tuple[Value, ...], answer: bool | None) -> None:
    assert holds(Condition(operator, key, values, "Condition"), CONTEXT) is answer


def test_an_encryption_context_that_the_request_does_not_tell_is_not_known() -> None:
    assert holds(Condition("StringEquals", "kms:EncryptionContext:a", ("b",), ""), {}) is None
