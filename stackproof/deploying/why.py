"""`why`: the first real cause of the last operation that failed, also days later, also of a stack that is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof import explaining
from stackproof.deploying.call import connect
from stackproof.deployment import aws, causes, stack, ways
from stackproof.errors import BadInputError, Fault

if TYPE_CHECKING:
    from stackproof.deploying.call import Call
    from stackproof.targets import Target


def run(call: Call, place: Target) -> int:
    """Explain a failure; that nothing failed is an answer, too.

    Raises:
        BadInputError: there is no such stack, and was none in the last 90 days.
    """
    with aws.explained():
        account = connect(call, place)
        client = account.cloudformation
        name = str(place.stack)
        found = stack.find(client, name) or stack.deleted(client, name)
        if found is None:
            problem = f"does not exist in account {account.account}, {account.region}, nor did in the last 90 days"
            raise BadInputError([Fault(name, "", problem)])
        told = causes.explain(account, found)
        way = ways.out_of(found.status, found.name, call.commands)
        going_on = way.commands if told.operation and told.is_newest else ()
        call.print(explaining.explanation(told, way), told.as_json(going_on))
    return 0
