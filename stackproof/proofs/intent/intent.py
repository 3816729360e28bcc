"""What a template cannot show: which values were meant, and which findings are accepted, with their reasons.

An `Intent` is what params/intent.toml says of one environment, and the defaults where it says nothing. The defaults ask
for nothing that a template of somebody else may well leave out on purpose; docs/proofs/intent.md lists them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stackproof.proofs.verdicts import Finding, Verdict, broken

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

FILE: Final = "params/intent.toml"
UNUSED: Final = "intent-unused-exception"
AREAS: Final = ("cache", "mounts", "files", "database", "buckets", "listeners")
"""What can be asked to be encrypted in transit."""
KINDS: Final = ("database", "table", "files", "cache")
"""Stores that can be asked to have backups; `stackproof.proofs.model.store_types` says which types they are."""
PINNED: Final = ("any", "tag", "digest")
TLS_VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3")
CUSTOMER: Final = "customer"
"""Any customer key."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What the application itself needs from AWS, beyond what the template shows.

    Attributes:
        role: logical id of the role.
        actions: IAM actions, each spelled out: `s3:GetObject`.
        resources: ARNs, logical ids (with `/…` for what is inside), or `*` for actions that take none.
        reason: what it is for; fits behind "can" and "cannot".
    """

    role: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding, broken or unknown, that is accepted.

    Attributes:
        rule: a rule id.
        resource: the logical id that the finding names; for one outside of resources, its path (`Outputs.Password`).
        reason: why.
        table: where it stands, `prod.accept[0]`.
    """

    rule: str
    resource: str
    reason: str
    table: str


@dataclass(frozen=True)
class Intent:
    """What was meant for one environment.

    Attributes:
        keep_data: every store is kept or leaves a snapshot, on deletion and on replacement; False: data goes with the
            stack; None: not said, and the template's own words count.
        keys: type or logical id of a store → the key that encrypts it: a logical id, an ARN, an alias, or `customer`.
        key_rotation: customer keys rotate.
        in_transit: which of AREAS must be encrypted in transit.
        tls_minimum: the oldest TLS version that a listener may take.
        backup_days: kind (see KINDS), type or logical id of a store → how long its backups are kept at least.
        versioned: logical ids of buckets that keep old versions.
        log_days: how long log groups keep their lines at least; 0: not asked.
        tags: tag → its value, `*` any; a pattern as in IAM.
        name_suffix: the parameter that every fixed name carries; empty: not asked.
        fixed_names: types and logical ids that may have a fixed name; None: not asked.
        image: how images are pinned, one of PINNED.
        spot_percent: how many of a service's tasks above the base may run on Spot capacity.
        on_demand_base: how many of its tasks run on demand in any case.
        file_writers: task definitions and functions that write shared files, and nobody else does; None: not asked.
        private_secrets: JSON key, or logical id, of a secret → the task definition whose containers alone are told it.
        given_network: why the network outside of the template, of which it knows ids alone, is sound; empty: what
            depends on it is unknown.
        web_firewall: application balancers that the internet reaches have a web ACL that blocks.
        permissions: what the application itself needs.
        accepted: findings that are accepted.
        where: the file, as findings name it.
    """

    keep_data: bool | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    key_rotation: bool = False
    in_transit: tuple[str, ...] = ("cache", "mounts")
    tls_minimum: str = "1.2"
    backup_days: Mapping[str, int] = field(default_factory=lambda: {"database": 1})
    versioned: tuple[str, ...] = ()
    log_days: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)
    name_suffix: str = ""
    fixed_names: tuple[str, ...] | None = None
    image: str = "any"
    spot_percent: int = 100
    on_demand_base: int = 0
    file_writers: tuple[str, ...] | None = None
    private_secrets: Mapping[str, str] = field(default_factory=dict)
    given_network: str = ""
    web_firewall: bool = False
    permissions: tuple[Permission, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    where: str = FILE


DEFAULT: Final = Intent()
"""Without a file."""


def apply_intent(findings: Iterable[Finding], intent: Intent, *, absent: Collection[str] = ()) -> list[Finding]:
    """Leave out the findings that are accepted, and add one for each exception that nothing needs.

    Args:
        findings: of all queries, proved ones too.
        intent: the environment's.
        absent: logical ids that conditions leave out with these parameters: an exception for one of them has no work
            here, and is no finding.
    """
    wanted = {(accepted.rule, accepted.resource) for accepted in intent.accepted}
    used: set[tuple[str, str]] = set()
    kept: list[Finding] = []
    for finding in findings:
        match = None if finding.verdict is Verdict.PROVED else _match(finding, wanted)
        if match is None:
            kept.append(finding)
        else:
            used.add(match)
    unused = [
        broken(
            UNUSED,
            accepted.resource,
            "",
            f"{intent.where}, {accepted.table} accepts {accepted.rule} here, and there is no such finding: a later"
            " fault of this kind would go through unseen.",
            "Take the exception out.",
        )
        for accepted in intent.accepted
        if (accepted.rule, accepted.resource) not in used and accepted.resource not in absent
    ]
    return [*kept, *unused]


def _match(finding: Finding, wanted: set[tuple[str, str]]) -> tuple[str, str] | None:
    """The exception that covers a finding: by its logical id, or by its path where it has none."""
    if finding.logical_id:
        key = (finding.id, finding.logical_id)
        return key if key in wanted else None
    steps = finding.path.split(".")
    paths = (".".join(steps[:length]) for length in range(1, len(steps) + 1))
    return next(((finding.id, path) for path in paths if (finding.id, path) in wanted), None)
