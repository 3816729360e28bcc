"""What is opened or closed, and the two sides that are compared for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from stackproof.proofs.resolve.stack import Stack

EFFECTS: Final = ("opened", "broadened", "unknown", "narrowed", "closed")
"""What happens to access, the weightiest first; a denial that comes closes, one that goes opens."""


@dataclass(frozen=True)
class Access:
    """One thing that is opened or closed.

    Attributes:
        logical_id: whose access, or access to what: a role, a key, a bucket policy, a security group.
        type: for example `AWS::IAM::Role`.
        kind: `permissions`, `boundary`, `trust`, `key policy`, `resource policy`, `security group` or `public`.
        effect: one of EFFECTS.
        what: the rest of a sentence that begins with the logical id.
        instead: of `broadened` and `narrowed`, what it was or will be; why it is not known of `unknown`; else blank.
        everybody: it opens to the whole internet, or to everybody with an AWS account.
    """

    logical_id: str
    type: str
    kind: str
    effect: str
    what: str
    instead: str = ""
    everybody: bool = False

    def as_json(self) -> dict[str, Any]:
        """An entry of `access` in the object that `plan --json` prints."""
        return asdict(self)


@dataclass(frozen=True)
class Sides:
    """A stack's template as it is deployed and as it is to be, both resolved.

    Attributes:
        before: the deployed one; an empty one when there is none.
        after: the one to come.
        opaque: parameters that nobody but AWS can compare.
        touched: resources that change by CloudFormation's own account; None when it was not asked.
    """

    before: Stack
    after: Stack
    opaque: frozenset[str] = frozenset()
    touched: Collection[str] | None = None

    def is_touched(self, logical_id: str) -> bool:
        """Whether a resource may change."""
        return self.touched is None or logical_id in self.touched

    def type_of(self, logical_id: str) -> str:
        """A resource's type, the new one where it has changed; blank for what is none of the stack."""
        found = self.after.resources.get(logical_id) or self.before.resources.get(logical_id)
        return found.type if found is not None else ""


def ordered(found: Collection[Access]) -> tuple[Access, ...]:
    """What is opened to everybody first, then by effect and name; nothing twice."""
    return tuple(
        sorted(dict.fromkeys(found), key=lambda each: (not each.everybody, EFFECTS.index(each.effect), each.logical_id))
    )
