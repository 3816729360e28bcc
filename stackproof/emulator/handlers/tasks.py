"""Tasks that run once: no container runs here, so whoever plays the agent says how a task ended.

SubmitTaskStateChange is the call by which the agent of a container instance reports; ministack takes it for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.core.responses import AccountRegionScopedDict, error_response_json, json_response
from ministack.services import ecs

if TYPE_CHECKING:
    from stackproof.emulator.handler import Response

_run = ecs._run_task
# What was answered to RunTask, by clientToken: the same request is the same task.
_answers: Any = AccountRegionScopedDict()


def _run_task(request: dict[str, Any]) -> Response:
    token = request.get("clientToken", "")
    answer: Response = _answers[token] if token in _answers else _run(request)
    if token and answer[0] == 200:
        _answers[token] = answer
    return answer


def _submit_task_state_change(request: dict[str, Any]) -> Response:
    """End a task: exit codes of its containers, and why."""
    task = ecs._tasks.get(request.get("task", ""))
    if task is None or request.get("status") != "STOPPED":
        refused: Response = error_response_json("InvalidParameterException", "The referenced task was not found.", 400)
        return refused
    codes = {each["containerName"]: each for each in request.get("containers", [])}
    for container in task["containers"]:
        if told := codes.get(container["name"]):
            container |= {member: told[member] for member in ("exitCode", "reason") if member in told}
    ended = "EssentialContainerExited" if any("exitCode" in each for each in codes.values()) else "TaskFailedToStart"
    ecs._mark_task_stopped(task["taskArn"], task, request.get("reason", ""), ended)
    answer: Response = json_response({"acknowledgment": "ACCEPT"})
    return answer


def install() -> None:
    """Put both in place."""
    ecs._ACTION_MAP["RunTask"] = _run_task
    ecs._ACTION_MAP["SubmitTaskStateChange"] = _submit_task_state_change
