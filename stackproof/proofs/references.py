"""References: nothing refers to what does not exist, to what a condition may leave out, or to itself in a circle.

Whether Ref and GetAtt mean what a property wants is in `meanings`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.cli import nearest
from stackproof.proofs.meanings import meanings
from stackproof.proofs.resolve.mentions import Guards, Mention
from stackproof.proofs.resolve.stack import Stack, dotted
from stackproof.proofs.schemas import schema
from stackproof.proofs.values import Unknown, show
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from stackproof.proofs.resolve.conditions import Space
    from stackproof.proofs.values import Path

PSEUDO = frozenset(
    {
        "AWS::AccountId",
        "AWS::NoValue",
        "AWS::NotificationARNs",
        "AWS::Partition",
        "AWS::Region",
        "AWS::StackId",
        "AWS::StackName",
        "AWS::URLSuffix",
    }
)


def references(stack: Stack) -> list[Finding]:
    """Everything about the references of a template: circles, missing things, conditions, meaning."""
    return [*circles(stack), *missing(stack), *conditional(stack), *meanings(stack)]


def circles(stack: Stack) -> list[Finding]:
    """Resources that wait for each other, each circle named with its path."""
    found: list[Finding] = []
    named: set[str] = set()
    undecided = None in stack.conditions.values() or not all(one.certain for one in stack.resources.values())
    for certain in (True, False) if undecided else (True,):
        edges = stack.dependencies(certain=True) if certain and undecided else stack.waits
        for circle in _circles(edges):
            if certain or named.isdisjoint(circle):
                named |= set(circle)
                found.append(_circle(stack, circle, edges, certain=certain))
    return found or [proved("ref-circle", "", "", f"{len(edges)} resources can be created one after the other")]


def _circle(stack: Stack, circle: list[str], edges: Mapping[str, Mapping[str, Path]], *, certain: bool) -> Finding:
    """The finding of one circle; what a macro or an undecided condition may undo is not certain."""
    following = [*circle[1:], circle[0]]
    steps = [f"{one} ({dotted(edges[one][other])})" for one, other in zip(circle, following, strict=True)]
    way, path = " → ".join([*steps, circle[0]]), dotted(edges[circle[0]][following[0]])
    fix = (
        "Break one of these references: a separate resource for the rule or policy, a name as text, or an ARN made with"
        " Fn::Sub."
    )
    if certain and not stack.rewritten:
        message = f"CloudFormation refuses the template: {way} wait for each other."
        return broken("ref-circle", circle[0], path, message, fix)
    doubt = stack.rewritten or "a condition that the parameters do not decide"
    message = f"{way} wait for each other, unless {doubt} undoes it."
    return unknown("ref-circle", circle[0], path, message, fix)


def _circles(edges: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Circles so that each resource that lies on one is on a circle that is named, as short as there is."""
    found: list[list[str]] = []
    done: set[str] = set()
    for start in _entangled(edges):
        if start in done:
            continue
        circle = _back_to(start, edges)
        if circle:
            found.append(circle)
            done |= set(circle)
    return found


def _entangled(edges: Mapping[str, Collection[str]]) -> list[str]:
    """What is left when whatever waits for nothing is taken away, again and again: all circles, and who leads there."""
    waiting = {name: len(targets) for name, targets in edges.items()}
    users: dict[str, list[str]] = {}
    for name, targets in edges.items():
        for other in targets:
            users.setdefault(other, []).append(name)
    todo = [name for name, number in waiting.items() if not number]
    for name in todo:
        for user in users.get(name, ()):
            waiting[user] -= 1
            if not waiting[user]:
                todo.append(user)
    return [name for name, number in waiting.items() if number]


def _back_to(start: str, edges: Mapping[str, Collection[str]]) -> list[str]:
    """The shortest way from a resource back to itself; empty without one."""
    before: dict[str, str] = {}
    todo = [start]
    for name in todo:
        for other in edges[name]:
            if other == start:
                way = [name]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if other not in before:
                before[other] = name
                todo.append(other)
    return []


def missing(stack: Stack) -> list[Finding]:
    """References to what does not exist: resources, parameters, attributes, conditions.

    CloudFormation looks at all of them before it starts, those in dead branches of Fn::If too.
    """
    found: list[Finding] = []
    count = 0
    there: set[tuple[str, str]] = set()
    for section in ("Conditions", "Resources", "Outputs"):
        for name, body in stack.section(section).items():
            mentioned = [*stack.mentions[section, str(name)], *_named(section, str(name), body)]
            count += len(mentioned)
            for mention in mentioned:
                wanted = mention[:2]
                if wanted in there:
                    continue
                absent = list(_missing(stack, mention))
                if not absent:
                    there.add(wanted)
                elif any(isinstance(key, str) and key.startswith("Fn::ForEach") for key in mention.path):
                    count -= 1  # what it names may be the loop's own variable; that the loop is not read is said
                else:
                    found += absent
    return found or [proved("ref-missing", "", "", f"{count} references point at something that exists")]


def _named(section: str, name: str, body: object) -> Iterator[Mention]:
    """The condition of a resource or output, and what it depends on, as mentions."""
    if section == "Conditions" or not isinstance(body, dict):
        return
    if isinstance(body.get("Condition"), str):
        yield Mention(body["Condition"], "Condition", (section, name, "Condition"), ())
    depends = body.get("DependsOn")
    for other in depends if isinstance(depends, list) else [depends]:
        if isinstance(other, str):
            yield Mention(other, "DependsOn", (section, name, "DependsOn"), ())


def _missing(stack: Stack, mention: Mention) -> Iterator[Finding]:
    """A mention that points at nothing."""
    resources = stack.section("Resources")
    if mention.attribute == "Condition":
        if mention.name not in stack.conditions:
            yield _absent(stack, mention, "condition", stack.conditions)
    elif mention.name in resources:
        if mention.attribute not in {"Ref", "DependsOn", ""}:
            yield from _attribute(stack, mention, resources[mention.name])
    elif mention.attribute != "Ref":
        yield _absent(stack, mention, "resource", resources)
    elif mention.name not in stack.parameters and mention.name not in PSEUDO:
        yield _absent(stack, mention, "parameter or resource", [*stack.parameters, *resources])


def _absent(stack: Stack, mention: Mention, kind: str, known: Iterable[str]) -> Finding:
    """A name that nothing has; where macros or loops may make it, that is not known."""
    owner, path = _place(mention)
    if stack.rewritten:
        message = f"No {kind} is called {mention.name} here; {stack.rewritten} may make it."
        return unknown("ref-missing", owner, path, message, "Check the processed template instead.")
    message = (
        f"CloudFormation refuses the template, since no {kind} is called {mention.name}{nearest(mention.name, known)}"
    )
    return broken("ref-missing", owner, path, message.removesuffix("?") + ".", f"Name a {kind} that exists.")


def _attribute(stack: Stack, mention: Mention, body: object) -> Iterator[Finding]:
    """An attribute that the resource's type does not have."""
    kind = body.get("Type") if isinstance(body, dict) else None
    found = schema(kind, show(stack.region)) if isinstance(kind, str) else None
    if found is None or found.has_attribute(mention.attribute):
        return
    owner, path = _place(mention)
    known = sorted(dotted(attribute) for attribute in found.read_only)
    yield broken(
        "ref-missing",
        owner,
        path,
        f"CloudFormation refuses the template, since {mention.name} ({kind}) has no attribute {mention.attribute}"
        f"{nearest(mention.attribute, known)}".removesuffix("?")
        + ".",
        f"Take one of {', '.join(known)}." if known else "Take Ref: the type has no attributes.",
    )


def _place(mention: Mention) -> tuple[str, str]:
    """The resource and the property in which a mention stands; outside of resources the whole path."""
    if mention.path[0] == "Resources":
        return str(mention.path[1]), dotted(mention.place[2:])
    return "", dotted(mention.place)


def conditional(stack: Stack) -> list[Finding]:
    """References to resources that a condition may leave out while what refers to them exists, over all parameters."""
    space = stack.space
    under = {name: guard[0][0] for name, body in stack.section("Resources").items() if (guard := _condition(body))}
    found: list[Finding] = []
    count = 0
    met: set[tuple[Guards, str]] = set()
    for section in ("Resources", "Outputs"):
        for name, body in stack.section(section).items():
            guards = _condition(body)
            for mention in stack.mentions[section, str(name)]:
                if mention.name not in under or mention.attribute == "Condition":
                    continue
                count += 1
                asked = (*guards, *mention.guards), under[mention.name]
                if asked in met:
                    continue
                missed = list(_conditional(space, mention, *asked))
                found += missed
                if not missed:
                    met.add(asked)
    return found or [proved("ref-condition", "", "", f"{count} references to conditional resources always meet them")]


def _condition(body: object) -> Guards:
    """The condition of a resource or an output as a guard; nothing when it has none."""
    condition = body.get("Condition") if isinstance(body, dict) else None
    return ((condition, True),) if isinstance(condition, str) else ()


def _conditional(space: Space, mention: Mention, guards: Guards, condition: str) -> Iterator[Finding]:
    """A finding when the mention counts while its target is left out."""
    wanted = dict(guards)
    contradiction = any(wanted[name] is not holds for name, holds in guards)
    if contradiction or wanted.get(condition) is True or not space.conditions.keys() >= {*wanted, condition}:
        return
    example = space.example({**wanted, condition: False})
    owner, path = _place(mention)
    if isinstance(example, Unknown):
        message = f"Whether {mention.name} exists whenever this does cannot be told: {example.reason}."
        fix = f"Put the reference under the condition {condition}."
        yield unknown("ref-condition", owner, path, message, fix)
    elif example is not None:
        given = ", ".join(f"{name}={value or '(blank)'}" for name, value in example.parameters.items())
        yield broken(
            "ref-condition",
            owner,
            path,
            f"With {given} CloudFormation refuses the template: {condition} leaves {mention.name} out, while"
            " this refers to it.",
            f"Put the reference, or all of {owner or 'the output'}, under the condition {condition}.",
        )
