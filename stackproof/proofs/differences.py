"""Where two resolved resources differ, and what made them differ: the template, a parameter, another resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs import arns, shapes
from stackproof.proofs.equality import equal
from stackproof.proofs.schemas import without_positions
from stackproof.proofs.values import Path, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stackproof.proofs.resolve.mentions import Mention
    from stackproof.proofs.resolve.stack import Stack


def differences(old: Stack, new: Stack, name: str, fine: Collection[Path]) -> Iterator[tuple[Path, bool]]:
    """The paths below a resource's Properties at which its two versions differ; True where they do for sure.

    Args:
        old: the one stack.
        new: the other.
        name: a resource of both.
        fine: properties (without positions) below which a path must not stop short: what comes or goes as a whole is
            one difference, unless one of these lies inside.
    """
    left, right = old.resources[name].properties, new.resources[name].properties
    yield from _Comparison(old, new, name, fine).walk(left, right, ("Properties",))


class _Comparison:
    """One resource of two stacks."""

    def __init__(self, old: Stack, new: Stack, name: str, fine: Collection[Path]) -> None:
        self.old, self.new, self.name, self.fine = old, new, name, fine

    def walk(self, left: Value, right: Value, path: Path) -> Iterator[tuple[Path, bool]]:
        """The differences of two values at a path."""
        if isinstance(left, dict) and isinstance(right, dict):
            for key in [*left, *(key for key in right if key not in left)]:
                yield from self.walk(left.get(key), right.get(key), (*path, key))
        elif isinstance(left, list) and isinstance(right, list):
            yield from self._lists(left, right, path)
        elif self._inside(path) and (left is None or right is None) and isinstance(left or right, dict | list):
            empty: Value = {} if isinstance(left or right, dict) else []
            yield from self.walk(empty if left is None else left, empty if right is None else right, path)
        else:
            same = self._same(left, right, path)
            if same is not True:
                yield path, same is False

    def _lists(self, left: list[Value], right: list[Value], path: Path) -> Iterator[tuple[Path, bool]]:
        """Lists item by item; where one is longer, what both begin and end with is left out first."""
        start, end = 0, 0
        if len(left) != len(right):
            shorter = min(len(left), len(right))
            while start < shorter and self._equal(left[start], right[start]):
                start += 1
            while end < shorter - start and self._equal(left[-1 - end], right[-1 - end]):
                end += 1
        for index in range(start, max(len(left), len(right)) - end):
            sides = [side[index] if index < len(side) - end else None for side in (left, right)]
            yield from self.walk(sides[0], sides[1], (*path, index))

    def _inside(self, path: Path) -> bool:
        """Does one of the paths that matter lie below this one?"""
        place = without_positions(path[1:])
        return any(len(fixed) > len(place) and fixed[: len(place)] == place for fixed in self.fine)

    def _equal(self, left: Value, right: Value) -> bool:
        return not any(True for _ in self.walk(left, right, ()))

    def _same(self, left: Value, right: Value, path: Path) -> bool | None:
        """Are two values the same? Written out where they are not at first sight, by their source where not known."""
        answer = equal(left, right)
        if answer is not True and not isinstance(left, list | dict) and not isinstance(right, list | dict):
            spelled = arns.expand(self.old, left), arns.expand(self.new, right)
            answer = equal(*spelled) if not isinstance(spelled[0], Unknown) else answer
        if answer is None and path and same_source(self.old, self.new, self.name, path):
            return True
        return answer


def same_source(old: Stack, new: Stack, name: str, path: Path) -> bool:
    """Is a value written alike in both templates, with the same parameters in it?"""
    one, other = (source(stack, name, path) for stack in (old, new))
    return one == other and not changed_parameters(old, new, name, path)


def source(stack: Stack, name: str, path: Path) -> object:
    """What the template has at a path of a resource; None where it has nothing."""
    node: object = stack.template
    for key in stack.source(name, path):
        if isinstance(node, dict):
            node = node.get(key)
        elif isinstance(node, list) and isinstance(key, int) and key < len(node):
            node = node[key]
        else:
            return None
    return node


def reasons(old: Stack, new: Stack, name: str, path: Path, conditions: Collection[str] = ()) -> list[str]:
    """What made a value differ: `template`, or the parameters and attributes that a value written alike depends on.

    `conditions` are those that the resource as a whole depends on, when that is what differs.
    """
    exact = [source(stack, name, path) for stack in (old, new)]
    place: Path = ("Resources", name, *path[:2])
    if exact[0] is not None and exact[0] == exact[1]:
        place = new.source(name, path)
    elif _literally(old, place) != _literally(new, place):
        return ["template"]
    found = _changed(old, new, place, conditions)
    return [f"parameter {parameter}" for parameter in found] or _echoes(new, place) or ["template"]


def changed_parameters(old: Stack, new: Stack, name: str, path: Path) -> list[str]:
    """The parameters (and pseudo parameters) with other values on the other side, on which a value depends."""
    return _changed(old, new, new.source(name, path), ())


def _literally(stack: Stack, path: Path) -> object:
    """What the template has at a path, no Fn::If folded away."""
    node: object = stack.template
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _relevant(stack: Stack, place: Path) -> list[Mention]:
    """The references at or below a place of the template, and the conditions of the branches around it."""
    return [
        mention
        for mention in stack.mentions.get(("Resources", str(place[1])), ())
        if mention.path[: len(place)] == place
        or place[: len(mention.path)] == mention.path
        or (mention.attribute == "Condition" and place[: len(mention.path) - 1] == mention.path[:-1])
    ]


def _changed(old: Stack, new: Stack, place: Path, conditions: Collection[str]) -> list[str]:
    mentioned = [mention.name for mention in _relevant(new, place)]
    depends = dict.fromkeys([*mentioned, *sorted(new.space.variables([*conditions, *mentioned]))])
    sides = [{**stack.parameters, "AWS::Region": stack.region, "AWS::AccountId": stack.account} for stack in (old, new)]
    return [
        each
        for each in depends
        if each in sides[0] and each in sides[1] and equal(sides[0][each], sides[1][each]) is not True
    ]


def _echoes(stack: Stack, place: Path) -> list[str]:
    """The attributes there that give back a property of another resource."""
    found = []
    for mention in _relevant(stack, place):
        resource = stack.resources.get(mention.name)
        if resource is not None and (resource.type, mention.attribute) in shapes.ECHOES:
            found.append(f"attribute {mention.name}.{mention.attribute}")
    return found
