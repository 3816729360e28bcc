"""Tags and names: what the intent declares stands on everything that can carry it, and names stay free to use.

docs/proofs/tags.md has a paragraph on each rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.cli import nearest
from stackproof.proofs import names
from stackproof.proofs.intent.intent import DEFAULT, Intent
from stackproof.proofs.patterns import matches
from stackproof.proofs.schemas import EVERYWHERE
from stackproof.proofs.tag_values import tag_path, tags_at
from stackproof.proofs.values import Unknown, at, flag, is_one_of, items, show
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource


def prove(system: System, intent: Intent = DEFAULT) -> list[Finding]:
    """Everything about tags and names.

    Args:
        system: the modelled stack.
        intent: which tags and names were meant; without one, only names that AWS refuses are found.
    """
    found: list[Finding] = []
    if intent.tags:
        region = system.stack.region if isinstance(system.stack.region, str) else EVERYWHERE
        for resource in system.stack.resources.values():
            found += _tagged(resource, region, intent)
            found += _propagated(resource)
    return [*found, *names.prove_names(system.stack, intent)]


def _tagged(resource: Resource, region: str, intent: Intent) -> Iterator[Finding]:
    """The declared tags on one resource."""
    path = tag_path(resource, region)
    if path is None:
        return
    name, where = resource.logical_id, ".".join(map(str, ("Properties", *path)))
    tags = resource.unknown or tags_at(resource, path)
    if isinstance(tags, Unknown):
        message = f"Whether {name} carries the declared tags cannot be told, since {tags.reason}."
        yield unknown("tag-missing", name, where, message, "Write the tags out.")
        return
    missing = [tag for tag in intent.tags if tags.get(tag) is None or tags[tag] == ""]
    for tag in missing:
        spelled = nearest(tag, tags).removeprefix(", did you mean ").rstrip("?")
        hint = f" ({spelled} is another tag)" if spelled else ""
        yield broken(
            "tag-missing",
            name,
            where,
            f"{name} comes without the tag {tag}{hint}: cost reports and rules that go by it leave {name} out.",
            f"Add {tag} to {where.removeprefix('Properties.')}.",
        )
    wrong = [
        tag
        for tag, pattern in intent.tags.items()
        if tag not in missing and pattern != "*" and matches(pattern, tags[tag]) is not True
    ]
    for tag in wrong:
        pattern = intent.tags[tag]
        answer = matches(pattern, tags[tag])
        fix = f"Set it to {pattern}."
        if answer is None:
            message = f"Whether the tag {tag} of {name} is {pattern} is known to AWS only: {show(tags[tag])}."
            yield unknown("tag-value", name, where, message, fix)
        else:
            message = f"The tag {tag} of {name} is {show(tags[tag])}, and {intent.where} asks for {pattern}."
            yield broken("tag-value", name, where, message, fix)
    if not missing and not wrong:
        yield proved("tag-missing", name, where, "it carries the declared tags")


def _propagated(resource: Resource) -> Iterator[Finding]:
    """Tags that reach what a resource makes: tasks of a service, instances of a group."""
    name, rule = resource.logical_id, "tag-propagation"
    if resource.type == "AWS::ECS::Service":
        path, given = "Properties.PropagateTags", resource.properties.get("PropagateTags")
        fix = "Set PropagateTags to SERVICE or TASK_DEFINITION."
        if is_one_of(given, "SERVICE", "TASK_DEFINITION"):
            yield proved(rule, name, path, f"its tasks carry the tags of {str(given).lower().replace('_', ' ')}")
        elif given is None or isinstance(given, str):
            message = f"The tasks of {name} and their network interfaces carry no tags: nobody can tell what they cost."
            yield broken(rule, name, path, message, fix)
        else:
            yield unknown(rule, name, path, f"What the tasks of {name} carry is known to AWS only.", fix)
    elif resource.type == "AWS::AutoScaling::AutoScalingGroup":
        listed = items(resource.properties.get("Tags"))
        for index, tag in enumerate([] if isinstance(listed, Unknown) else listed):
            if flag(at(tag, "PropagateAtLaunch")) is False:
                path = f"Properties.Tags.{index}.PropagateAtLaunch"
                message = f"The instances of {name} do not carry the tag {show(at(tag, 'Key'))}."
                yield broken(rule, name, path, message, "Set PropagateAtLaunch to true.")
