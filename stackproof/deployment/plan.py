"""What a change set will do, in the words that people decide by. Pure: DescribeChangeSet's answers in, a Plan out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stackproof.parameters import parameters_of
from stackproof.proofs.stores.secrets import is_plain_secret, plain_secrets
from stackproof.stores import fate_in_update, is_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mypy_boto3_cloudformation.type_defs import ResourceChangeDetailTypeDef, ResourceChangeTypeDef

    from stackproof.deployment.access import Access
    from stackproof.deployment.exports import Export
    from stackproof.deployment.quotas import Passed

HIDDEN = "****"  # as CloudFormation itself shows a NoEcho value
KNOWN_LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"

# Action and Replacement of a ResourceChange → our word. Conditional means that CloudFormation does not know yet,
# Dynamic that it does not even know the action: neither is a "no".
_ACTIONS = {
    "Add": "add",
    "Modify": "modify",
    "Remove": "remove",
    "Import": "import",
    "Dynamic": "may-replace",
    "SyncWithActual": "modify",
}
_REPLACEMENTS = {"True": "replace", "Conditional": "may-replace"}
# PolicyAction of a ResourceChange → the policy that it stands for.
_POLICIES = {"ReplaceAndDelete": "Delete", "ReplaceAndRetain": "Retain", "ReplaceAndSnapshot": "Snapshot"}
# Destructive first: the order in which a plan is read.
ORDER = ("remove", "replace", "may-replace", "modify", "import", "add")
DESTRUCTIVE = ("remove", "replace", "may-replace")


@dataclass(frozen=True)
class Because:
    """One reason for a change.

    Attributes:
        path: of what changes, `/Properties/CidrBlock`.
        by: what makes it change: `template`, `parameter VpcCidr`, `resource Vpc`, `attribute Vpc.VpcId`.
        before: the old value as AWS writes it, None where there is none or AWS does not say.
        after: the new value, or `KNOWN_LATER`.
        recreates: `Never`, `Conditionally` or `Always`: whether it replaces the resource.
    """

    path: str
    by: str
    before: str | None = None
    after: str | None = None
    recreates: str = "Never"


@dataclass(frozen=True)
class Change:
    """What happens to one resource.

    Attributes:
        logical_id: its name in the template; in that of a nested stack, `NestedStack/Vpc`.
        physical_id: its name in AWS; blank for a new one.
        type: for example `AWS::EC2::VPC`.
        action: one of ORDER.
        data: `none` (holds no data, or is new), `kept` (the same resource is sure to stay), `retained` (left behind
            outside the stack), `protected` (left behind, since AWS deletes nothing that is protected), `snapshot`, or
            `lost`.
        because: why, by path.
        properties: of the new resource as far as CloudFormation knows them; empty where it does not say.
        part: of the platform that it belongs to; blank where the template does not say.
        is_same: its values stay as they are, as the templates of both sides say.
    """

    logical_id: str
    physical_id: str
    type: str
    action: str
    data: str
    because: tuple[Because, ...]
    properties: Mapping[str, Any]
    part: str = ""
    is_same: bool = False

    @property
    def has_no_values(self) -> bool:
        """It is to be modified, and the change set shows no value that becomes another one."""
        same = all(each.before == each.after for each in self.because)
        return self.action == "modify" and bool(self.because) and same

    @property
    def follows(self) -> bool:
        """It stays, and is touched only because it refers to another resource that changes."""
        only = all(each.by.startswith(("resource ", "attribute ")) for each in self.because)
        return self.action == "modify" and bool(self.because) and only


@dataclass(frozen=True)
class Setting:
    """A parameter, tag, stack policy or termination protection that changes.

    Attributes:
        kind: `parameter`, `tag`, `stack policy` or `termination protection`.
        name: of the parameter or tag; blank for the others.
        before: None where it is new.
        after: None where it goes away.
    """

    kind: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Plan:
    """Everything that applying would do to one stack.

    Attributes:
        stack: its name.
        account: 12 digits.
        region: for example `sa-east-1`.
        is_new: the stack does not exist yet.
        change_set: ARN; None when there is nothing to execute.
        changes: destructive ones first, causes before their consequences, then by logical id.
        settings: what changes besides resources.
        warnings: sentences; nothing here stops an apply.
        caller: ARN of who asks; blank where AWS was not asked.
        triggers: names of the alarms that take the update back when they go off.
        access: what is opened and closed.
        exports: that would not stay as they are, although other stacks import them: the update would fail.
        quotas: that the template passes at its maximum.
    """

    stack: str
    account: str
    region: str
    is_new: bool
    change_set: str | None
    changes: tuple[Change, ...]
    settings: tuple[Setting, ...]
    warnings: tuple[str, ...] = ()
    caller: str = ""
    triggers: tuple[str, ...] = ()
    access: tuple[Access, ...] = ()
    exports: tuple[Export, ...] = ()
    quotas: tuple[Passed, ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Whether there is anything to apply."""
        return bool(self.changes or self.settings or self.change_set)

    @property
    def at_stake(self) -> tuple[Change, ...]:
        """The stores that are removed, replaced, or may be."""
        return tuple(each for each in self.changes if each.action in DESTRUCTIVE and each.data not in {"none", "kept"})

    @property
    def actions(self) -> dict[str, str]:
        """Logical id → what would be done with it, without what is touched only because it refers to another change.

        A change set lists that, too, where it cannot know beforehand that an attribute stays as it is; and what names a
        parameter that changes, though only in a part that stays the same.
        """
        return {each.logical_id: each.action for each in self.changes if not each.follows and not each.is_same}

    def as_json(self) -> dict[str, Any]:
        """The object that `plan --json` prints."""
        return {
            "stack": self.stack,
            "account": self.account,
            "region": self.region,
            "caller": self.caller,
            "operation": "create" if self.is_new else "update",
            "change_set": self.change_set,
            "changes": [_change_as_json(each) for each in self.changes],
            "triggers": list(self.triggers),
            "settings": [
                {"kind": each.kind, "name": each.name, "before": each.before, "after": each.after}
                for each in self.settings
            ],
            "access": [each.as_json() for each in self.access],
            "exports": [each.as_json() for each in self.exports],
            "quotas": [each.as_json() for each in self.quotas],
            "needs": [{"option": "--allow-data-loss", "id": each.logical_id} for each in self.at_stake],
            "warnings": list(self.warnings),
        }


def _change_as_json(change: Change) -> dict[str, Any]:
    return {
        "logical_id": change.logical_id,
        "physical_id": change.physical_id or None,
        "type": change.type,
        "part": change.part or None,
        "action": change.action,
        "data": change.data,
        "because": [{"path": each.path, "by": each.by} for each in change.because],
        "before": {each.path: each.before for each in change.because if each.before is not None},
        "after": {each.path: each.after for each in change.because if each.after is not None},
    }


def merge(
    plain: Iterable[ResourceChangeTypeDef], valued: Iterable[ResourceChangeTypeDef]
) -> list[ResourceChangeTypeDef]:
    """Complete the answer with property values by the one without.

    DescribeChangeSet leaves a resource out of the answer with IncludePropertyValues when it cannot render its
    values, and says so in a warning only (aws/aws-cdk-cli issue 1780). The answer without values has them all.
    """
    with_values = {each["LogicalResourceId"]: each for each in valued}
    complete = {each["LogicalResourceId"]: each for each in plain} | with_values
    return list(complete.values())


def changes(answer: Iterable[ResourceChangeTypeDef], secrets: Mapping[str, str]) -> tuple[Change, ...]:
    """The changes of a change set, destructive ones first.

    Args:
        answer: the ResourceChange of every change, all pages.
        secrets: NoEcho parameters and their values; no value comes out of here.
    """
    return ordered(_change(each, secrets) for each in answer)


def ordered(found: Iterable[Change]) -> tuple[Change, ...]:
    """Destructive changes first, causes before their consequences, then by logical id."""
    return tuple(sorted(found, key=lambda each: (ORDER.index(each.action), not _is_direct(each), each.logical_id)))


def _is_direct(change: Change) -> bool:
    """Whether it changes of itself, and not only because something that it refers to does."""
    return any(each.by == "template" or each.by.startswith("parameter ") for each in change.because)


def _change(answer: ResourceChangeTypeDef, secrets: Mapping[str, str]) -> Change:
    action = _ACTIONS[answer["Action"]]
    if action == "modify":
        action = _REPLACEMENTS.get(answer.get("Replacement", ""), action)
    kind = answer["ResourceType"]
    before, after = _properties(answer.get("BeforeContext", "")), _properties(answer.get("AfterContext", ""))
    plain = plain_secrets([dict(before), dict(after)])
    return Change(
        logical_id=answer["LogicalResourceId"],
        physical_id=answer.get("PhysicalResourceId", ""),
        type=kind,
        action=action,
        data=_data(kind, action, answer.get("PolicyAction", ""), before),
        because=_because(answer.get("Details", []), secrets, plain),
        properties=after,
    )


def _data(kind: str, action: str, policy: str, before: Mapping[str, Any]) -> str:
    if not is_store(kind, before) or action == "add":
        return "none"
    if action not in DESTRUCTIVE:
        return "kept"
    return fate_in_update(kind, before, _POLICIES.get(policy, policy or "Delete"))


def _because(
    details: Iterable[ResourceChangeDetailTypeDef], secrets: Mapping[str, str], plain: frozenset[str]
) -> tuple[Because, ...]:
    # CloudFormation names a path twice when it changes by the template and by a reference; a set in order.
    return tuple(dict.fromkeys(_one_reason(each, secrets, plain) for each in details))


def _one_reason(detail: ResourceChangeDetailTypeDef, secrets: Mapping[str, str], plain: frozenset[str]) -> Because:
    target = detail.get("Target", {})
    path = target.get("Path") or "/".join(("", target.get("Attribute", ""), target.get("Name", ""))).rstrip("/")
    cause = detail.get("CausingEntity", "")
    source = {"ParameterReference": "parameter", "ResourceReference": "resource", "ResourceAttribute": "attribute"}
    word = source.get(detail.get("ChangeSource", ""), "template")
    is_secret = word == "parameter" and cause in secrets
    return Because(
        path=path,
        by=f"{word} {cause}" if word != "template" else word,
        before=concealed(path, _shown(target.get("BeforeValue"), secrets, hide=is_secret), plain),
        after=concealed(path, _shown(target.get("AfterValue"), secrets, hide=is_secret), plain),
        recreates=target.get("RequiresRecreation", "Never"),
    )


def concealed(path: str, value: str | None, plain: Iterable[str]) -> str | None:
    """A value for all to read: what stands in clear text in the template must not go on into logs and pull requests.

    Args:
        path: of the value, `/Properties/…`.
        value: None where there is none.
        plain: the `plain_secrets` of the resource, before and after.
    """
    # By its path also where AWS has cut the resource's properties off, and nothing is known to look for.
    if value is None or is_plain_secret(path, value):
        return value and HIDDEN
    for secret in sorted(plain, key=len, reverse=True):
        value = value.replace(secret, HIDDEN)
    return value


def _shown(value: str | None, secrets: Mapping[str, str], *, hide: bool) -> str | None:
    if value is None:
        return None
    if hide or (value and value in secrets.values()):
        return HIDDEN
    for secret in secrets.values():
        # A secret of one or two characters would riddle every value with asterisks, and hide nothing.
        if len(secret) > 3:
            value = value.replace(secret, HIDDEN)
    return value


def _properties(context: str) -> Mapping[str, Any]:
    try:
        found = json.loads(context).get("Properties") if context else None
    except ValueError:  # AWS cuts a large context off in the middle
        return {}
    return found if isinstance(found, dict) else {}


def settings(
    kind: str, before: Mapping[str, str], after: Mapping[str, str], *, secrets: Iterable[str] = ()
) -> tuple[Setting, ...]:
    """What differs between two sets of parameters or tags.

    Args:
        kind: `parameter` or `tag`.
        before: name → value in the stack; a NoEcho value comes as asterisks, so whether it changes is not known.
        after: name → value in the change set.
        secrets: names of NoEcho parameters; only that one comes or goes is said.
    """
    hidden = set(secrets)
    rows = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if name in hidden:
            old, new = old and HIDDEN, new and HIDDEN
        if old != new:
            rows.append(Setting(kind, name, old, new))
    return tuple(rows)


def secrets(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
    """The NoEcho parameters of a template, with the values that they have; blank where there is none."""
    return {
        name: parameters.get(name, parameter.default or "")
        for name, parameter in parameters_of(template).items()
        if parameter.no_echo
    }


def log_groups(found: Sequence[Change]) -> dict[str, str]:
    """New log groups with a name of their own: logical id → name, where CloudFormation knows it already."""
    names = {
        each.logical_id: each.properties.get("LogGroupName")
        for each in found
        if each.type == "AWS::Logs::LogGroup" and each.action == "add"
    }
    return {key: name for key, name in names.items() if isinstance(name, str) and KNOWN_LATER not in name}
