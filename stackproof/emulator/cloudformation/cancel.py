"""CancelUpdateStack: what waits for a signal is given up at once, as AWS does it; ministack waits for its end first."""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import handlers, helpers, stacks, wait_conditions

from stackproof.emulator.seams import rebind

_cancel = handlers._ACTION_HANDLERS["CancelUpdateStack"]
_wait = wait_conditions.wait_for
_roll_back = stacks._roll_back_operation

# Stands for a signal; those of others have ids of their own.
_SIGNAL = "cancelled by CancelUpdateStack"


def _cancel_update_stack(parameters: dict[str, Any]) -> Any:
    """Cancel an update, and wake what waits in it."""
    answer = _cancel(parameters)
    if answer[0] == 200:
        stack_id = handlers._resolve_stack(helpers._p(parameters, "StackName"))["StackId"]
        with wait_conditions._changed:
            for (waiting, _), slot in wait_conditions._waiting.items():
                if waiting == stack_id:
                    signals = wait_conditions._handles[slot["token"]]["signals"]
                    signals[_SIGNAL] = {"Status": "FAILURE", "Reason": "", "Data": ""}
            wait_conditions._changed.notify_all()
    return answer


def _wait_for(*arguments: Any) -> Any:
    try:
        return _wait(*arguments)
    except RuntimeError as error:
        if _SIGNAL in str(error):
            raise RuntimeError("Resource creation cancelled") from error
        raise


async def _roll_back_operation(
    stack_name: str, stack_id: str, stack: dict[str, Any], operation: dict[str, Any], reason_override: str = ""
) -> None:
    """Roll back; where that was asked for, it is the person's doing, and no failure's."""
    if stack.pop("_cancel_requested", False):
        operation = operation | {"cancelled": True}
        stacks.CLIENT_REQUEST_TOKEN.set(stack.pop("_cancel_token", ""))
    await _roll_back(stack_name, stack_id, stack, operation, reason_override)


def install() -> None:
    """Put it in place of ministack's own."""
    handlers._ACTION_HANDLERS["CancelUpdateStack"] = _cancel_update_stack
    wait_conditions.wait_for = _wait_for
    rebind(_roll_back, _roll_back_operation)
