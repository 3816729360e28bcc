"""What a deletion takes and what it leaves behind. Pure: the stack's template and resources in, a Deletion out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stackproof.deployment.guards import delete_log_group
from stackproof.stores import fate, is_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackproof.deployment.stack import Resource


@dataclass(frozen=True)
class Fate:
    """What becomes of one resource.

    Attributes:
        logical_id: its name in the template.
        physical_id: its name in AWS.
        type: for example `AWS::EFS::FileSystem`.
        data: `lost`, `snapshot`, `retained` or `if-empty` (see `stackproof.stores.fate`).
    """

    logical_id: str
    physical_id: str
    type: str
    data: str


@dataclass(frozen=True)
class Deletion:
    """What deleting a stack would do.

    Attributes:
        stack: its name.
        account: 12 digits.
        region: for example `sa-east-1`.
        resources: stores that are lost, and everything that stays; the rest is only counted.
        in_the_way: commands that delete the retained log groups: with them there, the stack cannot be made again.
        total: number of resources in the stack.
    """

    stack: str
    account: str
    region: str
    resources: tuple[Fate, ...]
    in_the_way: tuple[str, ...]
    total: int

    def as_json(self) -> dict[str, Any]:
        """The first line that `destroy --json` prints."""
        rows = {
            kind.replace("-", "_"): [
                {"logical_id": each.logical_id, "type": each.type, "physical_id": each.physical_id}
                for each in self.resources
                if each.data == kind
            ]
            for kind in ("lost", "snapshot", "retained", "if-empty")
        }
        return {"stack": self.stack, "account": self.account, "region": self.region, "total": self.total, **rows}


def deletion(
    stack: str, account: str, region: str, template: Mapping[str, Any], resources: Iterable[Resource]
) -> Deletion:
    """Say what becomes of each resource of a stack when the stack is deleted.

    Args:
        stack: its name.
        account: 12 digits.
        region: where it is.
        template: that the stack runs.
        resources: of the stack.
    """
    everything = list(resources)
    definitions = template.get("Resources", {})
    fates = [
        Fate(each.logical_id, each.physical_id, each.type, _fate(each.type, definitions.get(each.logical_id, {})))
        for each in everything
    ]
    named = [
        each
        for each in fates
        if each.data != "lost" or is_store(each.type, definitions.get(each.logical_id, {}).get("Properties", {}))
    ]
    return Deletion(
        stack=stack,
        account=account,
        region=region,
        resources=tuple(sorted(named, key=lambda each: each.logical_id)),
        in_the_way=tuple(
            delete_log_group(each.physical_id)
            for each in named
            if each.type == "AWS::Logs::LogGroup" and each.data == "retained"
        ),
        total=len(everything),
    )


def _fate(resource_type: str, definition: Mapping[str, Any]) -> str:
    return fate(resource_type, definition.get("Properties", {}), definition.get("DeletionPolicy"))
