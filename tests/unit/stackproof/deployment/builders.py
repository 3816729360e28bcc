"""Short ways to write what AWS answers, in its own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stackproof.arguments import Commands
from stackproof.deployment.events import Event
from stackproof.deployment.stack import Stack
from stackproof.environments import Environment

START = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
STACK_ID = "arn:aws:cloudformation:sa-east-1:111111111111:stack/lms-dev/0c5e"
COMMANDS = Commands(
    plan="python deploy.py plan dev",
    apply="python deploy.py apply dev",
    status="python deploy.py status dev",
    why="python deploy.py why dev",
    cancel="python deploy.py cancel dev",
    destroy="python deploy.py destroy dev",
    bootstrap="python deploy.py bootstrap dev",
)


def event(status: str, logical_id: str = "", *, after: float = 0, **more: str) -> Event:
    """An event of a resource, or of the stack itself when no logical id is given."""
    own = {"logical_id": "lms-dev", "physical_id": STACK_ID, "type": "AWS::CloudFormation::Stack"}
    resource = {"logical_id": logical_id, "physical_id": f"{logical_id}-1", "type": "AWS::SNS::Topic"}
    values: dict[str, Any] = {"reason": "", "stack_id": STACK_ID, **(resource if logical_id else own), **more}
    return Event(id=f"{logical_id}-{status}-{after}", time=START + timedelta(seconds=after), status=status, **values)


def stack(status: str = "UPDATE_COMPLETE", **more: Any) -> Stack:
    """A stack in some state."""
    values: dict[str, Any] = {
        "name": "lms-dev",
        "id": STACK_ID,
        "reason": "",
        "created": START,
        "updated": START,
        "parameters": {},
        "outputs": {},
        "tags": {"environment": "dev"},
        "is_protected": False,
    }
    return Stack(status=status, **(values | more))


def environment(**more: Any) -> Environment:
    """The environment dev, with an empty template."""
    values: dict[str, Any] = {
        "name": "dev",
        "stack": "lms-dev",
        "template_path": Path("dist/lms.json"),
        "template_text": '{"Resources": {}}',
        "template": {"Resources": {}},
        "parameters": {},
        "tags": {"environment": "dev"},
        "stack_policy": None,
        "region": "sa-east-1",
        "account": "111111111111",
        "profile": None,
        "protected": False,
    }
    return Environment(**(values | more))


def change(logical_id: str = "Topic", kind: str = "AWS::SNS::Topic", action: str = "Modify", **more: Any) -> Any:
    """A ResourceChange as DescribeChangeSet answers it."""
    return {"LogicalResourceId": logical_id, "ResourceType": kind, "Action": action, "Details": [], **more}


def detail(path: str, source: str = "DirectModification", cause: str = "", **target: str) -> Any:
    """One of its Details."""
    causing = {"CausingEntity": cause} if cause else {}
    return {"Target": {"Attribute": "Properties", "Path": path, **target}, "ChangeSource": source, **causing}
