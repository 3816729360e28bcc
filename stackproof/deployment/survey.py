"""All that a change set says of a stack and of the stacks nested in it, read with the templates of both sides."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stackproof.deployment import aws, changeset, conditional, exports, exposure, plan, quotas, stack
from stackproof.deployment.access import Access, Sides
from stackproof.parts import parts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.deployment.aws import Aws
    from stackproof.deployment.changeset import ChangeSet
    from stackproof.deployment.exports import Export
    from stackproof.deployment.plan import Change
    from stackproof.deployment.quotas import Passed, Quota
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment


@dataclass
class Survey:
    """What a change set would do, nested stacks included: there a logical id is `NestedStack/Vpc`.

    Attributes:
        changes: of resources.
        access: what is opened and closed.
        exports: that would not stay as they are, although other stacks import them.
        quotas: that the new maximum would pass.
        unseen: a sentence for each thing that could not be looked at.
        needs: how much of each quota the templates ask for at their maximum, where that grows.
    """

    changes: list[Change] = field(default_factory=list)
    access: list[Access] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    quotas: list[Passed] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    needs: dict[Quota, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Level:
    """One stack of the hierarchy: its change set, what it is, and what it is to be.

    Attributes:
        within: the logical ids that lead to it, `Nested/`; blank at the top.
        deployed: the stack; None when it is new.
        template: of the change set; None when it is to be asked for.
        parameters: of the change set.
    """

    within: str
    name: str
    change_set: ChangeSet
    deployed: Stack | None
    template: Mapping[str, Any] | None
    parameters: Mapping[str, str]


def look(account: Aws, environment: Environment, existing: Stack | None, change_set: ChangeSet) -> Survey:
    """Read a change set in full.

    Args:
        account: where.
        environment: what the stack shall become.
        existing: the stack as it is; None when it does not exist.
        change_set: as it was described.
    """
    found = Survey()
    if change_set.id is None:
        return found
    # What macros make of a template, nobody but AWS knows.
    template = None if "Transform" in environment.template else environment.template
    deployed = None if existing is None or existing.is_new else existing
    _look(account, _Level("", environment.stack, change_set, deployed, template, environment.parameters), found)
    found.quotas, not_looked = quotas.passed(account, found.needs)
    found.unseen += [not_looked] if not_looked else []
    return found


def _look(account: Aws, level: _Level, found: Survey) -> None:
    client = account.cloudformation
    try:
        template = level.template or changeset.template(client, str(level.change_set.id))
        before = {} if level.deployed is None else stack.template(client, level.deployed.id)
    except ClientError as error:
        if aws.code(error) not in aws.ACCESS_DENIED:
            raise
        reason = str(aws.explain(error))
        found.changes += _within(level, plan.changes(level.change_set.changes, _hidden(level, {})))
        found.access.append(
            Access(level.within.rstrip("/") or level.name, changeset.NESTED, "template", "unknown", "changes", reason)
        )
    else:
        _compare(account, level, before, template, found)
    found.unseen += [
        f"{level.within}{each['LogicalResourceId']}: what changes inside this nested stack is not shown by AWS"
        for each in level.change_set.changes
        if each["ResourceType"] == changeset.NESTED and each["Action"] != "Remove" and not each.get("ChangeSetId")
    ]
    physical_ids = {each["LogicalResourceId"]: each.get("PhysicalResourceId") for each in level.change_set.changes}
    for name, nested in level.change_set.nested.items():
        physical_id = physical_ids[name]
        if nested.id is not None:
            deployed = stack.find(client, physical_id) if physical_id else None
            below = _Level(f"{level.within}{name}/", name, nested, deployed, None, nested.parameters)
            _look(account, below, found)


def _hidden(level: _Level, template: Mapping[str, Any]) -> dict[str, str]:
    return plan.secrets(level.template or template, level.parameters)


def _compare(
    account: Aws,
    level: _Level,
    before: Mapping[str, Any],
    template: Mapping[str, Any],
    found: Survey,
) -> None:
    """Add what one level says, with both of its templates."""
    changes = plan.changes(level.change_set.changes, _hidden(level, template))
    old, new, opaque = conditional.resolved(
        before,
        level.deployed.parameters if level.deployed else {},
        template,
        level.parameters,
        region=account.region,
        account=account.account,
        stack_name=level.deployed.name if level.deployed else level.name,
    )
    if level.deployed and any(each.action == conditional.OPEN or each.has_no_values for each in changes):
        changes = conditional.decide(changes, conditional.offline(old, new), opaque)
    sides = Sides(old, new, frozenset(opaque), {each.logical_id for each in changes})
    parts = {**parts_of(before), **parts_of(template)}
    found.changes += _within(level, [replace(each, part=parts.get(each.logical_id, "")) for each in changes])
    found.access += [replace(each, logical_id=f"{level.within}{each.logical_id}") for each in exposure.compare(sides)]
    moved = exports.moving(sides, {each.logical_id for each in changes if each.action in plan.DESTRUCTIVE})
    in_use, not_looked = exports.in_use(account.cloudformation, moved)
    found.exports += in_use
    found.unseen += [not_looked] if not_looked else []
    for quota, needed in quotas.growing(sides).items():
        found.needs[quota] = found.needs.get(quota, 0) + needed


def _within(level: _Level, changes: tuple[Change, ...] | list[Change]) -> list[Change]:
    return [replace(each, logical_id=f"{level.within}{each.logical_id}") for each in changes]
