"""How a CloudFormation resource type is added to ministack, or one that it has is made truer."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from ministack.services.cloudformation import provisioners

if TYPE_CHECKING:
    from collections.abc import Callable

Properties = dict[str, Any]
# The physical id (what Ref gives) and the attributes (what GetAtt gives).
Created = tuple[str, dict[str, Any]]
# Status, headers, body.
Response = tuple[int, dict[str, str], bytes]


class Handler(ABC):
    """One resource type. A ValueError from any method fails the resource with its text, as CREATE_FAILED and so on."""

    type_name: ClassVar[str]
    # The property that takes the stack's tags and its shape ("list" or "map"); None: the type takes none.
    tags: ClassVar[tuple[str, str] | None] = None

    @abstractmethod
    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        """Create the resource."""

    @abstractmethod
    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        """Update the resource in place. A property that replaces it never comes here (replacement.py)."""

    @abstractmethod
    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete the resource; one that is gone already is no error."""


def add(handler: Handler) -> None:
    """Teach CloudFormation a resource type."""
    provisioners._RESOURCE_HANDLERS[handler.type_name] = {
        "create": handler.create,
        "update": handler.update,
        "delete": handler.delete,
    }
    if handler.tags:
        provisioners._STACK_TAG_PROPERTY[handler.type_name] = handler.tags


def before(type_name: str, change: Callable[[Properties], Properties]) -> None:
    """Let `change` correct the properties before ministack's own create and update see them."""
    table = provisioners._RESOURCE_HANDLERS[type_name]
    create, update = table["create"], table["update"]
    table["create"] = lambda logical_id, properties, stack_name: create(logical_id, change(properties), stack_name)
    table["update"] = lambda physical_id, old, new, *rest: update(physical_id, change(old), change(new), *rest)


def after(type_name: str, complete: Callable[[str, Properties, dict[str, Any]], None]) -> None:
    """Let `complete(physical_id, properties, attributes)` finish what ministack's own create and update did."""
    table = provisioners._RESOURCE_HANDLERS[type_name]
    create, update = table["create"], table["update"]

    def completed(created: Created, properties: Properties) -> Created:
        physical_id, attributes = created
        attributes = dict(attributes)
        complete(physical_id, properties, attributes)
        return physical_id, attributes

    table["create"] = lambda logical_id, properties, stack_name: completed(
        create(logical_id, properties, stack_name), properties
    )
    table["update"] = lambda physical_id, old, new, *rest: completed(update(physical_id, old, new, *rest), new)


def call(action: Callable[..., Response], *arguments: Any) -> bytes:
    """Call an action of a ministack service and return the body of its answer.

    Raises:
        ValueError: the service refused; the text is the service's own sentence.
    """
    status, _, body = action(*arguments)
    if status >= 400:
        raise ValueError(_sentence(body.decode()))
    return body


def created_by(store: dict[str, Any], action: Callable[..., Response], parameters: dict[str, Any]) -> str:
    """Call an action that creates one thing and return the key under which its service has stored it.

    `parameters` as in an EC2 query; empty ones are left out.
    """
    known = set(store)
    call(action, {name: [str(value)] for name, value in parameters.items() if value not in (None, "")})
    return next(key for key in store if key not in known)


def _sentence(body: str) -> str:
    """The message in an XML or JSON error."""
    if found := re.search(r"<Message>(.*?)</Message>", body, re.DOTALL):
        return found[1]
    error = json.loads(body)
    return str(error.get("message") or error.get("Message"))
