"""Exports that other stacks import: AWS refuses to remove or change one, in the middle of the update."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stackproof.deployment import aws
from stackproof.proofs import arns
from stackproof.proofs.equality import equal
from stackproof.proofs.values import symbols

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mypy_boto3_cloudformation import CloudFormationClient

    from stackproof.deployment.access import Sides


@dataclass(frozen=True)
class Export:
    """An export that other stacks import, and that would not stay as it is.

    Attributes:
        name: of the export.
        change: `removed`, `changed`, or `may-change` where only AWS knows the new value.
        used_by: names of the stacks that import it.
    """

    name: str
    change: str
    used_by: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """An entry of `exports` in the object that `plan --json` prints."""
        return asdict(self)


def moving(sides: Sides, replaced: Collection[str] = ()) -> dict[str, str]:
    """The exports that do not stay as they are: name → `removed`, `changed` or `may-change`.

    Args:
        sides: both templates.
        replaced: logical ids of the resources that will be others, or may be.
    """
    after = {output.export: output.value for output in sides.after.outputs.values() if isinstance(output.export, str)}
    found = {}
    for output in sides.before.outputs.values():
        if not isinstance(output.export, str):
            continue
        if output.export not in after:
            found[output.export] = "removed"
            continue
        was, now = arns.expand(sides.before, output.value), arns.expand(sides.after, after[output.export])
        same = equal(was, now)
        owners = {symbol.owner for symbol in symbols(output.value)}
        if same is False:
            found[output.export] = "changed"
        elif same is None or owners & {*replaced, *sides.opaque}:
            found[output.export] = "may-change"
    return found


def in_use(client: CloudFormationClient, exports: Mapping[str, str]) -> tuple[list[Export], str]:
    """Those of the exports that some stack imports.

    Returns:
        The exports, and a sentence when it could not be looked up (blank otherwise).
    """
    found: list[Export] = []
    for name, change in exports.items():
        try:
            pages = client.get_paginator("list_imports").paginate(ExportName=name)
            used_by = tuple(each for page in pages for each in page["Imports"])
        except ClientError as error:
            if "is not imported" in aws.message(error):
                continue
            if aws.code(error) not in aws.ACCESS_DENIED:
                raise
            return found, f"whether other stacks import {name} could not be looked up: {aws.explain(error)}"
        if used_by:
            found.append(Export(name, change, used_by))
    return found, ""
