"""`destroy`: say what goes and what stays, ask, delete, and tell how it ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from stackproof import explaining, printing
from stackproof.deploying import asking, watching
from stackproof.deploying.call import connect, under_way
from stackproof.deployment import aws, causes, guards, leftovers, operations, stack
from stackproof.printing import Line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.deploying.call import Call
    from stackproof.environments import Environment
    from stackproof.targets import Target


def run(call: Call, place: Environment | Target, tags: Mapping[str, str]) -> int:
    """Say what goes and what stays, ask, delete, and tell how it ended."""
    with aws.explained():
        account = connect(call, place)
        client = account.cloudformation
        name = str(place.stack)
        existing = stack.find(client, name)
        if existing is None:
            call.print([Line(f"{name} does not exist: nothing to do.")], _gone(name))
            return 0
        guards.can_delete(
            existing,
            is_protected=place.protected,
            tags=tags,
            commands=call.commands,
            under_way=under_way(account, existing),
        )
        what = leftovers.deletion(
            name,
            account.account,
            account.region,
            {} if existing.is_new else stack.template(client, existing.id),
            stack.resources(client, existing.id),
        )
        call.print(printing.deletion(what), what.as_json())
        if not call.options.yes:
            asking.type_name(name)
        watching.watch(call, operations.delete(account, existing), total=what.total, what=f"the deletion of {name}")
        ended = operations.outcome(account, existing.id)
        if ended.stack is None:
            call.print([Line(f"{name} is deleted.", "bold green")], _gone(name))
            return 0
        told = causes.explain(account, ended.stack)
        cause = asdict(told.cause) if told.cause else None
        call.print([], _gone(name) | {"status": ended.status, "cause": cause})
        if not call.options.json:
            call.say(Line(f"{name} ended in {ended.status}.", "bold red"), *explaining.cause(told))
        return 1


def _gone(name: str) -> dict[str, object]:
    return {"stack": name, "status": "DELETE_COMPLETE", "outputs": {}, "cause": None}
