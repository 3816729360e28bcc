"""Plans of AWS Backup: which stores a selection takes in, by ARN or by tag, and how long its rules keep what they make.

Source: the template reference of AWS::Backup::BackupSelection and BackupPlan, and AWS Backup's guide on selections: the
resources named, those with one of `ListOfTags`, less `NotResources`, and of these what meets all `Conditions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.equality import equal
from stackproof.proofs.iam.conditions import Condition, holds
from stackproof.proofs.logic import every
from stackproof.proofs.patterns import matches
from stackproof.proofs.tag_values import tags_of
from stackproof.proofs.values import Unknown, Value, at, items, number

if TYPE_CHECKING:
    from stackproof.proofs.model.store_types import Store
    from stackproof.proofs.resolve.stack import Resource, Stack

FOR_EVER: Final = 36_500
_TAG: Final = "aws:ResourceTag/"


def planned_days(stack: Stack, store: Store) -> int | Unknown:
    """How long backups of a store are kept that plans of this template make; 0 without any."""
    best: int | Unknown = 0
    for selection in stack.of_type("AWS::Backup::BackupSelection"):
        body = selection.properties.get("BackupSelection")
        if body is None or (answer := selects(stack, body, store.resource)) is False:
            continue
        days = _plan_days(stack.target(selection.properties.get("BackupPlanId")))
        if answer is None or isinstance(days, Unknown):
            reason = days if isinstance(days, Unknown) else None
            if best == 0:
                best = reason or Unknown(f"it depends on AWS whether {selection.logical_id} selects it")
        elif isinstance(best, Unknown) or days > best:
            best = days
    return best


def selects(stack: Stack, body: Value, resource: Resource) -> bool | None:
    """Does a selection take a resource in?"""
    whole = arns.arn(stack, resource)
    excluded = _any_matches(stack, at(body, "NotResources"), whole)
    if excluded:
        return False
    answers = [_any_matches(stack, at(body, "Resources"), whole), _tagged(body, resource)]
    found = True if True in answers else None if None in answers else False
    return every([found, _meets(body, resource), True if excluded is False else None])


def _any_matches(stack: Stack, patterns: Value, whole: Value) -> bool | None:
    """Does one of the patterns cover an ARN?"""
    listed = items(patterns)
    if isinstance(listed, Unknown):
        return None
    answers = [matches(arns.expand(stack, pattern), whole) for pattern in listed]
    return True if True in answers else None if None in answers else False


def _tagged(body: Value, resource: Resource) -> bool | None:
    """Does a resource have one of the tags that a selection asks for?"""
    listed = items(at(body, "ListOfTags"))
    tags = tags_of(resource)
    if isinstance(listed, Unknown) or isinstance(tags, Unknown):
        return None
    answers = []
    for wanted in listed:
        key = at(wanted, "ConditionKey")
        given = tags.get(key) if isinstance(key, str) else None
        answers.append(False if given is None else equal(given, at(wanted, "ConditionValue")))
    return True if True in answers else None if None in answers else False


def _meets(body: Value, resource: Resource) -> bool | None:
    """Do a resource's tags meet all conditions of a selection?"""
    given, tags = at(body, "Conditions"), tags_of(resource)
    if given is None:
        return True
    if not isinstance(given, dict) or isinstance(tags, Unknown):
        return None
    answers: list[bool | None] = []
    for operator, comparisons in given.items():
        listed = items(comparisons)
        for one in [listed] if isinstance(listed, Unknown) else listed:
            key = at(one, "ConditionKey")
            if not isinstance(key, str):
                return None
            value = tags.get(key.removeprefix(_TAG))
            asked = Condition(operator, key, (at(one, "ConditionValue"),), "")
            answers.append(holds(asked, {key.lower(): () if value is None else (value,)}))
    return every(answers)


def _plan_days(plan: Resource | None) -> int | Unknown:
    """The longest time that one of a plan's rules keeps its backups."""
    if plan is None:
        return Unknown("the plan is not in the template")
    rules = items(at(plan.properties, "BackupPlan", "BackupPlanRule"))
    if isinstance(rules, Unknown):
        return rules
    best = 0
    for rule in rules:
        given = at(rule, "Lifecycle", "DeleteAfterDays")
        days = FOR_EVER if given is None else number(given)
        if days is None:
            return Unknown(f"{given} is known to AWS only")
        best = max(best, int(days))
    return best
