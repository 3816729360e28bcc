"""The caches: processor, memory, connections, evictions, and how far replicas are behind.

ElastiCache reports by node, and nodes are called `<group>-001` and so on; any of them may be the primary after a
failover, so every alarm looks at the worst of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import And, Condition, Equals, Not, Or, Ref, Sub

from templates.alarms import UNKNOWN, Measure, Watch, add_alarm, threshold
from templates.cache import HAS_PLAIN_CACHE, HAS_REPLICAS, KEEPS_ENTRIES, REPLICAS
from templates.interface import condition
from templates.parts import part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from troposphere import Parameter, Template
    from troposphere.cloudwatch import Alarm

    from templates.alarms import Thresholds

CONNECTIONS = 65_000
"""So many clients at most (`maxclients`, which ElastiCache does not let anybody change)."""
WORST = "MAX(METRICS())"


@dataclass(frozen=True)
class _Store:
    """One of the two caches: the beginning of its logical ids, its size, and under which conditions what exists."""

    prefix: str
    called: str
    size: str
    exists: str | None
    evicts: str
    replicas: str


@part("watching")
def add_cache_alarms(t: Template, *, thresholds: Thresholds) -> list[Alarm]:
    """Add the alarms on both caches; those on the second one exist where it does."""
    evictions = threshold(
        t,
        "AlarmEvictions",
        label="Entries thrown out a minute",
        description="An alarm goes off when a cache that may throw out entries throws out more than this a minute: it "
        "is too small to be of use.",
        default=1000,
        most=1_000_000,
        unit="entries",
    )
    # One condition for each replica: a node that is not there has no metric.
    nodes: dict[str, str | None] = {"001": None, "002": HAS_REPLICAS}
    for replica in REPLICAS[2:]:
        enough = [Equals(Ref("CacheReplicas"), count) for count in REPLICAS[replica:]]
        name = f"HasReplica{replica}"
        nodes[f"{replica + 1:03d}"] = condition(t, name, Or(*enough) if len(enough) > 1 else enough[0])
    sessions = _Store(
        prefix="",
        called="session cache",
        size="CacheNodeType",
        exists=None,
        evicts=condition(t, "EvictsEntries", Not(Condition(KEEPS_ENTRIES))),
        replicas=HAS_REPLICAS,
    )
    plain = _Store(
        prefix="Plain",
        called="second cache",
        size="PlainCacheNodeType",
        exists=HAS_PLAIN_CACHE,
        evicts=HAS_PLAIN_CACHE,
        replicas=condition(t, "HasPlainReplicas", And(Condition(HAS_PLAIN_CACHE), Condition(HAS_REPLICAS))),
    )
    memory = Watch(
        "CacheMemoryAlarm",
        problem="The session cache is nearly full. It throws nothing out: when it is full, nobody can log in.",
        remedy="Choose a larger CacheNodeType.",
        measures=_of(nodes, sessions, "DatabaseMemoryUsagePercentage"),
        expression=WORST,
        threshold=Ref(thresholds.used),
        period=300,
        among=3,
        missing=UNKNOWN,
        # A cache that evicts is always full.
        exists=KEEPS_ENTRIES,
    )
    watches = [
        memory,
        *(watch for store in (sessions, plain) for watch in _watches(nodes, store, thresholds, evictions)),
    ]
    return [add_alarm(t, watch) for watch in watches]


def _watches(
    nodes: Mapping[str, str | None], store: _Store, thresholds: Thresholds, evictions: Parameter
) -> Iterator[Watch]:
    """What is looked at in each of the two."""
    yield Watch(
        f"{store.prefix}CacheCpuAlarm",
        problem=f"The one processor that the {store.called} answers with is nearly used up: every page waits for it.",
        remedy=f"Choose a larger {store.size}; the slow log of the cache names commands that take long.",
        measures=_of(nodes, store, "EngineCPUUtilization"),
        expression=WORST,
        threshold=Ref(thresholds.used),
        missing=UNKNOWN,
        exists=store.exists,
    )
    yield Watch(
        f"{store.prefix}CacheConnectionsAlarm",
        problem=f"Nearly all connections that the {store.called} takes are open: the next tasks get none.",
        remedy="Look whether the application closes its connections, or keeps too large a pool in each task.",
        measures=_of(nodes, store, "CurrConnections"),
        expression=f"100 * {WORST} / {CONNECTIONS}",
        threshold=Ref(thresholds.used),
        missing=UNKNOWN,
        exists=store.exists,
    )
    yield Watch(
        f"{store.prefix}CacheEvictionsAlarm",
        problem=f"The {store.called} throws out entries faster than is of use: what was just stored is gone again.",
        remedy=f"Choose a larger {store.size}, or store less.",
        measures=_of(nodes, store, "Evictions", "Sum"),
        expression=WORST,
        threshold=Ref(evictions),
        bad=5,
        exists=store.evicts,
    )
    yield Watch(
        f"{store.prefix}CacheLagAlarm",
        problem=f"A replica of the {store.called} is behind: a failover would lose what it has not got yet.",
        remedy=f"Look for a burst of writes; if it stays, choose a larger {store.size}.",
        # Where there are replicas, there is a second node.
        measures=_of({**nodes, "002": None}, store, "ReplicationLag"),
        expression=WORST,
        threshold=Ref(thresholds.lag),
        exists=store.replicas,
    )


def _of(nodes: Mapping[str, str | None], store: _Store, metric: str, statistic: str = "Maximum") -> dict[str, Measure]:
    """A metric of every node that there is."""
    group = f"${{{store.prefix}CacheReplicationGroup}}"
    return {
        f"node{node}": Measure(
            "AWS/ElastiCache", metric, {"CacheClusterId": Sub(f"{group}-{node}")}, statistic, exists=exists
        )
        for node, exists in nodes.items()
    }
