"""What a template makes with other parameters: a role that is used here may be there for users that are left out here.

Each resource is worked out with its own condition true, with what that needs, and all else as it is. Such a stack may
exist with no parameters, so that nothing is proven of it: it only tells which needs a grant may be for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stackproof.proofs.model.system import model
from stackproof.proofs.needs.need import Scene
from stackproof.proofs.resolve.implications import implied
from stackproof.proofs.resolve.stack import read_resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.resolve.stack import Resource


def users_left_out(scene: Scene) -> dict[str, frozenset[str]]:
    """The resources that conditions leave out and whose text names a role that exists, by the role."""
    found: dict[str, set[str]] = {}
    for name in _absent(scene):
        for mention in scene.stack.mentions["Resources", name]:
            if mention.name in scene.access.roles:
                found.setdefault(mention.name, set()).add(name)
    return {role: frozenset(names) for role, names in found.items()}


def with_left_out(scene: Scene) -> Scene:
    """The scene as it would be with what conditions leave out, except for roles and policies."""
    added = _absent(scene)
    still = {name: condition for name, condition in scene.stack.absent.items() if name not in added}
    resources = {**scene.stack.resources, **dict(_left_out(scene, added, still))}
    # What is asked of it says nothing of the resources that exist.
    return Scene(model(replace(scene.stack, resources=resources, absent=still, asked=set(), arns={})), scene.access)


def _left_out(scene: Scene, added: dict[str, str], still: dict[str, str]) -> Iterator[tuple[str, Resource]]:
    stack = scene.stack
    for name, condition in added.items():
        needed = implied(stack.resolver.conditions, {condition: True}) or {condition: True}
        own = replace(stack.resolver, absent=still, decided=dict(needed), _attributes={})
        yield name, read_resource(own, name, stack.section("Resources")[name])  # type: ignore[arg-type]  # it has a condition, so that it is an object


def _absent(scene: Scene) -> dict[str, str]:
    """What is left out and may use a role, with the condition: a policy of IAM is attached to one, or passes it on."""
    types = {name: kind for name, (kind, _) in scene.stack.resolver.resources.items()}
    return {
        name: condition
        for name, condition in scene.stack.absent.items()
        if not types[name].startswith("AWS::IAM::") or types[name] == "AWS::IAM::InstanceProfile"
    }
