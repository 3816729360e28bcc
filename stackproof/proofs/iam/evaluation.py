"""IAM: does a set of policies allow a request? Three-valued all the way; `None` when only AWS knows.

Allow and Deny, Action and NotAction, Resource and NotResource, Principal and NotPrincipal, conditions. An explicit deny
wins; without an allow nothing is allowed. Source: the IAM user guide, "Policy evaluation logic".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stackproof.proofs.equality import equal
from stackproof.proofs.iam.conditions import Condition, holds
from stackproof.proofs.logic import some
from stackproof.proofs.patterns import action_matches, matches
from stackproof.proofs.values import Scalar, Unknown, Value, join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CallerKind: TypeAlias = Literal["role", "service", "account", "anonymous", "somebody"]


@dataclass(frozen=True, slots=True)
class Principal:
    """One principal of a statement: its kind (`AWS`, `Service`, `Federated`, …; `*` for everybody) and its value."""

    kind: str
    value: Value


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy.

    Attributes:
        owner: logical id of the resource whose property holds it; empty for a policy of AWS's own.
        path: the property, `Properties.PolicyDocument.Statement.0`.
        allows: Allow; else Deny.
        actions: patterns, as written.
        not_actions: the list names what the statement does not cover; likewise for the other two.
        resources: ARN patterns; None where the policy belongs to the resource.
        principals: None in a policy of a role.
        certain: False when its policy may not exist (a condition that cannot be decided).
    """

    owner: str
    path: str
    allows: bool
    actions: tuple[Value, ...]
    resources: tuple[Value, ...] | None
    principals: tuple[Principal, ...] | None
    conditions: tuple[Condition, ...] = ()
    not_actions: bool = False
    not_resources: bool = False
    not_principals: bool = False
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """A policy: its statements, and why some of it is not known.

    Attributes:
        owner: logical id of the resource whose property holds it.
        path: the property, `Properties.PolicyDocument`.
    """

    owner: str
    path: str
    statements: tuple[Statement, ...]
    unread: Unknown | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        kind: `role`; `service` (AWS acts by itself); `account` (somebody with rights in this account, such as whoever
            deploys); `anonymous` (nobody in particular); `somebody` (a principal of which nothing is known).
        names: a role's ARN; the spellings of a service's principal.
        partition: of the account.
        account: its number.
        maybe: spellings of which it is not known whether they work.
        accounts: accounts of AWS's own that a service comes from.
    """

    kind: CallerKind
    names: tuple[Value, ...]
    partition: Scalar
    account: Scalar
    maybe: tuple[Value, ...] = ()
    accounts: frozenset[str] = frozenset()


SOMEBODY: Final = Caller("somebody", (), "", "")


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource (`*` for none), by one caller, with the condition keys that are known."""

    action: str
    resource: Scalar = "*"
    caller: Caller = SOMEBODY
    context: Mapping[str, tuple[Value, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What policies say to a request.

    Attributes:
        allowed: True, False, or None.
        denied: an explicit deny is why it is False.
        by: the statement that decided; None when no statement covers the request.
        reason: why it is not known.
        may_deny: nothing here allows it, and a statement here may deny what another side allows.
    """

    allowed: bool | None
    denied: bool = False
    by: Statement | None = None
    reason: str = ""
    may_deny: bool = False


NOTHING = Answer(allowed=False)


def decide(documents: Iterable[Document], request: Request, *, delegated: bool = False) -> Answer:
    """What a set of policies says to a request.

    Args:
        documents: all policies of one side: those of a role, those of a resource.
        request: the request.
        delegated: an Allow for the whole account counts, as it does in a key's policy: IAM then decides.
    """
    granted: Statement | None = None
    may_grant: list[Answer] = []
    may_deny: list[Answer] = []
    for document in documents:
        if document.unread is not None:
            may_grant.append(Answer(allowed=None, reason=document.unread.reason))
        for statement in document.statements:
            if granted is not None and statement.allows:
                # One is enough; only a Deny can still say otherwise.
                continue
            answer = covers(statement, request, delegated=delegated or not statement.allows)
            if answer is True and not statement.allows:
                return Answer(allowed=False, denied=True, by=statement)
            if answer is True:
                granted = statement
            elif answer is None:
                doubts = may_grant if statement.allows else may_deny
                doubts.append(Answer(allowed=None, by=statement, reason=_doubt(statement)))
    if granted is None and may_grant:
        return may_grant[0]
    if granted is None:
        return replace(may_deny[0], allowed=False, may_deny=True) if may_deny else NOTHING
    return may_deny[0] if may_deny else Answer(allowed=True, by=granted)


def _doubt(statement: Statement) -> str:
    where = f"{statement.path} of {statement.owner}" if statement.owner else "a policy of AWS"
    return f"whether {where} covers the request depends on what only AWS knows"


def covers(statement: Statement, request: Request, *, delegated: bool = False) -> bool | None:
    """Does a statement cover a request, whatever its effect?"""
    action = of_action(statement, request.action)
    if action is False:
        # Nearly every statement is about something else.
        return False
    certain = statement.certain and action is True
    for answer in _parts(statement, request, delegated=delegated):
        if answer is False:
            return False
        certain = certain and answer is True
    return True if certain else None


def _parts(statement: Statement, request: Request, *, delegated: bool) -> Iterator[bool | None]:
    """What remains when it covers the action, the cheapest first."""
    yield of_principal(statement, request.caller, delegated=delegated)
    yield of_resource(statement, request.resource)
    for condition in statement.conditions:
        yield holds(condition, request.context)


def of_action(statement: Statement, action: str) -> bool | None:
    """Does a statement cover an action?"""
    found: bool | None = False
    for pattern in statement.actions:
        answer = names(pattern, action) if isinstance(pattern, str) else matches(pattern, action)
        if answer is True:
            found = True
            break
        if answer is None:
            found = None
    return None if found is None else found is not statement.not_actions


@lru_cache(maxsize=16384)
def names(pattern: str, action: str) -> bool:
    """Does a pattern name an action? The same few patterns meet the same few actions again and again."""
    return pattern == "*" or action_matches(pattern, action)


def of_resource(statement: Statement, resource: Scalar) -> bool | None:
    """Does a statement cover a resource?"""
    if statement.resources is None:
        return True
    return _listed(
        (names_resource(pattern, resource) for pattern in statement.resources),
        negated=statement.not_resources,
    )


def names_resource(pattern: Value, resource: Scalar) -> bool | None:
    """Does a pattern name a resource?"""
    return True if pattern == "*" else matches(pattern, resource)


def of_principal(statement: Statement, caller: Caller, *, delegated: bool) -> bool | None:
    """Does a statement name the caller? `delegated`: by the whole account, too."""
    if statement.principals is None:
        return True
    return _listed(
        (_principal(principal, caller, delegated=delegated) for principal in statement.principals),
        negated=statement.not_principals,
    )


def _listed(answers: Iterable[bool | None], *, negated: bool) -> bool | None:
    found = some(answers)
    return None if found is None else found is not negated


def _principal(principal: Principal, caller: Caller, *, delegated: bool) -> bool | None:
    """Is a caller this principal?"""
    if principal.kind in {"*", "AWS"} and principal.value == "*":
        return True
    wanted = {"role": "AWS", "service": "Service", "account": "AWS"}.get(caller.kind)
    if isinstance(principal.value, Unknown) or caller.kind == "somebody":
        return None
    if principal.kind != wanted:
        return principal.kind == "AWS" and _of_account(principal.value, caller.accounts)
    if caller.kind == "account":
        anyone = join("arn:", caller.partition, ":iam::", caller.account, ":*")
        return some([matches(anyone, principal.value), equal(principal.value, caller.account)])
    answer = some(equal(principal.value, name) for name in caller.names)
    if delegated and caller.kind == "role" and answer is not True:
        answer = some([answer, whole_account(principal.value, caller)])
    if answer is False and any(equal(principal.value, name) is True for name in caller.maybe):
        return None
    return answer


def _of_account(value: Value, accounts: frozenset[str]) -> bool:
    """Is a principal one of these accounts: its number, or its root's ARN?"""
    fields = value.split(":") if isinstance(value, str) else []
    return value in accounts or (len(fields) == 6 and fields[5] == "root" and fields[4] in accounts)


def whole_account(value: Value, caller: Caller) -> bool | None:
    """Does a principal stand for the caller's whole account: its number, or its root's ARN?"""
    root = join("arn:", caller.partition, ":iam::", caller.account, ":root")
    return some([equal(value, caller.account), equal(value, root)])
