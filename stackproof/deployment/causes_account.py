"""What else the account knows about a failure: hooks and their advice, who uses what cannot go, denied permissions."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from stackproof.deployment import hints
from stackproof.deployment.diagnosis import Evidence, Finding
from stackproof.deployment.hint_rules import RULES
from stackproof.deployment.redaction import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_cloudformation.type_defs import AnnotationTypeDef
    from mypy_boto3_ec2.type_defs import FilterTypeDef

    from stackproof.deployment.events import Event, Hook
    from stackproof.deployment.observe import Eye

_INTERFACES = 5
_KEPT = (
    (re.compile(r"\b(sg-\w+)\b.*dependent object", re.DOTALL), "group-id"),
    (re.compile(r"\b(subnet-\w+)\b.*dependencies"), "subnet-id"),
    (re.compile(r"\b(vpc-\w+)\b.*dependencies"), "vpc-id"),
)
_EXPORT = re.compile(r"Export (\S+) cannot be (?:deleted|updated) as it is in use")
_ENCODED = re.compile(r"Encoded authorization failure message: ([\w-]+)")
_HOOKS = re.compile(r"hook\(s\)(?:/validation)? failed: \[([^\]]+)\]")


def look(eye: Eye, event: Event, during: Sequence[Event]) -> Finding:
    """See what the account knows about a failure.

    Args:
        eye: that reads.
        event: that says what failed.
        during: the events of the same operation and stack: hooks report in events of their own.
    """
    if _HOOKS.search(event.reason) or event.hook:
        return _hooks(eye, event, during)
    if found := _ENCODED.search(event.reason):
        return _decoded(eye, found[1])
    if found := _EXPORT.search(event.reason):
        return _importers(eye, found[1])
    for pattern, name in _KEPT:
        if found := pattern.search(event.reason):
            return _users(eye, name, found[1])
    return Finding()


def _hooks(eye: Eye, event: Event, during: Sequence[Event]) -> Finding:
    """What the hooks that refused this resource found, and what they advise."""
    evidence: list[Evidence] = []
    advice: list[str] = []
    about = [each.hook for each in [*during, event] if each.hook and each.logical_id == event.logical_id]
    refusing = [each for each in dict.fromkeys(about) if each.refuses]
    for hook in refusing:
        failed = _annotations(eye, hook) if hook.result else []
        advice += [each["RemediationMessage"] for each in failed if each.get("RemediationMessage")]
        said = [words(hook.reason)] if hook.reason else []
        lines = [*said, *(line for each in failed for line in _annotation(each))]
        if lines:
            evidence.append(Evidence("hook", f"Hook {hook.type}", tuple(lines)))
    if advice:
        said = [words(each) for each in dict.fromkeys(advice)]
        return Finding(tuple(evidence), hints.Hint(f"The hook advises: {' '.join(said)}"))
    joined = (
        f"The following hook(s) failed: [{', '.join(each.type for each in refusing)}]" if refusing else event.reason
    )
    return Finding(tuple(evidence), hints.find(hints.Failure(event.type, joined), RULES))


def _annotations(eye: Eye, hook: Hook) -> list[AnnotationTypeDef]:
    """What a hook found fault with."""
    client = eye.account.cloudformation
    answer = eye.see(f"what hook {hook.type} advises", lambda: client.get_hook_result(HookResultId=hook.result))
    return [each for each in answer.get("Annotations", []) if each.get("Status") == "FAILED"] if answer else []


def _annotation(found: AnnotationTypeDef) -> Iterator[str]:
    severity = f" ({found['SeverityLevel']})" if found.get("SeverityLevel") else ""
    yield f"{found.get('AnnotationName', 'rule')}{severity}: {words(found.get('StatusMessage', ''))}"
    if found.get("RemediationMessage"):
        yield f"  advice: {words(found['RemediationMessage'])}"
    if found.get("RemediationLink"):
        yield f"  see {found['RemediationLink']}"


def _decoded(eye: Eye, message: str) -> Finding:
    sts = eye.account.sts
    what = "which permission is missing (AWS encodes it)"
    answer = eye.see(what, lambda: sts.decode_authorization_message(EncodedMessage=message)["DecodedMessage"])
    try:
        decoded = json.loads(answer or "")
        context = decoded["context"]
        action, resource, who = context["action"], context["resource"], context["principal"]["arn"]
    except (ValueError, KeyError, TypeError):  # not seen, or not as it is documented
        return Finding()
    explicit = ", which a policy denies explicitly" if decoded.get("explicitDeny") else ""
    sentence = f"A permission is missing: {action} on {resource}, for {who}{explicit}."
    return Finding((Evidence("sts:decoded", "The encoded message", (sentence,)),), hints.Hint(sentence))


def _importers(eye: Eye, export: str) -> Finding:
    client = eye.account.cloudformation
    names = eye.see(f"which stacks import {export}", lambda: client.list_imports(ExportName=export)["Imports"])
    title = f"Stacks that import {export}, now"
    return Finding((Evidence("cloudformation:imports", title, tuple(names)),) if names else ())


def _users(eye: Eye, name: str, value: str) -> Finding:
    """The network interfaces that keep a group, a subnet or a VPC from being deleted."""
    ec2 = eye.account.ec2
    here: list[FilterTypeDef] = [{"Name": name, "Values": [value]}]
    found = eye.see(f"who uses {value}", lambda: ec2.describe_network_interfaces(Filters=here)["NetworkInterfaces"])
    lines = [
        f"{each['NetworkInterfaceId']} {each.get('Status', '')}: {each.get('Description') or 'no description'}"
        for each in found or []
    ]
    more = [f"and {len(lines) - _INTERFACES} more"] if len(lines) > _INTERFACES else []
    shown = (*lines[:_INTERFACES], *more)
    return Finding((Evidence("ec2:interfaces", f"Network interfaces in {value}, now", shown),) if shown else ())
