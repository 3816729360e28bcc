"""The stack's own database and its proxy: connections, capacity, how far the reader is behind, and how much it holds.

How many connections there can be follows from the greatest capacity (Aurora user guide, "Maximum connections for Aurora
Serverless v2"; the values for 2 ACU are worked out from its formulas). With a least capacity of half a unit or none,
PostgreSQL takes no more than two thousand.

The proxy's metrics come from each of its nodes, so that counts are sums (RDS user guide, "Monitoring RDS Proxy
metrics").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import And, Equals, FindInMap, If, Not, Or, Ref, Sub

from templates.alarms import AS_BEFORE, UNKNOWN, Measure, Watch, add_alarm, threshold
from templates.interface import condition
from templates.parts import part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from troposphere import AWSHelperFn, Template
    from troposphere.cloudwatch import Alarm

    from templates.alarms import Thresholds
    from templates.database_proxy import Proxy
    from templates.own_database import OwnDatabase
    from templates.topic import AlarmTopic

CONNECTIONS = {
    "1": (189, 90),
    "2": (400, 90),
    "4": (823, 135),
    "8": (1669, 1000),
    "16": (3360, 2000),
    "32": (5000, 3000),
    "64": (5000, 4000),
    "128": (5000, 5000),
    "256": (5000, 5000),
}
"""Most capacity in ACU → connections that PostgreSQL and MySQL take."""
CAPPED = 2000


@part("watching")
def add_database_alarms(
    t: Template, *, database: OwnDatabase, proxy: Proxy, thresholds: Thresholds, topic: AlarmTopic
) -> list[Alarm]:
    """Add the alarms on the database and its proxy, where they are ours. The one on its size tells by itself."""
    gigabytes = threshold(
        t,
        "AlarmDatabaseGigabytes",
        label="Size of the database (GB)",
        description="An alarm goes off when this stack's own database holds more than this. It grows by itself and is "
        "paid by its size.",
        default=500,
        most=128_000,
        unit="GB",
    )
    watches = (
        Watch(
            "DatabaseConnectionsAlarm",
            problem="Nearly all connections that the database takes are in use: the next tasks get none.",
            remedy="Turn on DatabaseProxy, lower the application's pool, or raise DatabaseMaximumCapacity and restart "
            "the instances.",
            measures={"connections": _of(database, "DatabaseConnections", "Maximum", role="WRITER")},
            expression=Sub("100 * connections / ${Most}", Most=_most_connections(t, database)),
            threshold=Ref(thresholds.used),
            exists=database.exists,
        ),
        Watch(
            "DatabaseCapacityAlarm",
            problem="The database is near the most capacity that it may have: queries get slow next.",
            remedy="Raise DatabaseMaximumCapacity; Database Insights shows which queries take it.",
            measures={"capacity": _of(database, "ACUUtilization", "Maximum")},
            threshold=Ref(thresholds.used),
            bad=10,
            among=15,
            exists=database.exists,
        ),
        Watch(
            "DatabaseLagAlarm",
            problem="The reader is behind the writer: a failover would wait for it, and reads there are old.",
            remedy="Look for a long query on the reader in Database Insights, and at the capacity of both.",
            measures={"lag": _of(database, "AuroraReplicaLag", "Maximum", role="READER")},
            # It comes in milliseconds.
            expression="lag / 1000",
            threshold=Ref(thresholds.lag),
            exists=database.has_reader,
        ),
    )
    size = Watch(
        "DatabaseSizeAlarm",
        problem="The database holds more than was planned for, and is paid by its size.",
        remedy="Find out which tables grow (logs of the application, old courses); raise AlarmDatabaseGigabytes if it "
        "may be so.",
        measures={"bytes": _of(database, "VolumeBytesUsed", "Maximum")},
        expression="bytes / 1000000000",
        threshold=Ref(gigabytes),
        period=3600,
        bad=1,
        among=1,
        missing=AS_BEFORE,
        exists=database.exists,
    )
    add_alarm(t, size, topic)
    return [add_alarm(t, watch) for watch in (*watches, *_of_proxy(proxy, thresholds))]


def _of_proxy(proxy: Proxy, thresholds: Thresholds) -> Iterator[Watch]:
    def of(name: str, statistic: str, **more: str) -> Measure:
        return Measure("AWS/RDS", name, {"ProxyName": proxy.name, **more}, statistic)

    most = of("MaxDatabaseConnectionsAllowed", "Sum")
    yield Watch(
        "ProxyConnectionsAlarm",
        problem="Nearly all connections that the proxy may open to the database are lent out: the next request waits "
        "for one, and fails after thirty seconds.",
        remedy="Look for long transactions in Database Insights; raise DatabaseMaximumCapacity and restart the "
        "instances, since the proxy may have nine tenths of what the database takes.",
        measures={"borrowed": of("DatabaseConnectionsCurrentlyBorrowed", "Sum"), "most": most},
        expression="100 * borrowed / most",
        threshold=Ref(thresholds.used),
        exists=proxy.exists,
    )
    yield Watch(
        "ProxyPinnedAlarm",
        problem="Nearly all connections of the proxy are pinned, each to one client: it shares nothing any more.",
        remedy="Make the application leave alone what pins: SET, prepared statements, temporary tables, advisory locks "
        "(RDS user guide, avoiding pinning). If it cannot, do without DatabaseProxy.",
        measures={"pinned": of("DatabaseConnectionsCurrentlySessionPinned", "Sum"), "most": most},
        expression="100 * pinned / most",
        threshold=Ref(thresholds.used),
        exists=proxy.exists,
    )
    yield Watch(
        "ProxyWaitAlarm",
        problem="Requests wait for the proxy to lend them a connection to the database: every page is late by as much.",
        remedy="Look at the proxy on the dashboard: many pinned, or all lent out; else at the database's capacity.",
        measures={"waited": of("DatabaseConnectionsBorrowLatency", "Average")},
        # It comes in microseconds.
        expression="waited / 1000000",
        threshold=Ref(thresholds.latency),
        exists=proxy.exists,
    )
    yield Watch(
        "ProxyUnavailableAlarm",
        problem="The proxy does not reach the database's writer: requests wait, then fail.",
        remedy="See in RDS whether the cluster fails over or restarts; if not, whether its secret still has the "
        "password of the database's user.",
        measures={
            "available": of(
                "AvailabilityPercentage", "Average", TargetGroup=proxy.target_group, TargetRole="READ_WRITE"
            )
        },
        expression="100 - available",
        threshold=Ref(thresholds.errors),
        missing=UNKNOWN,
        exists=proxy.exists,
    )


def _of(database: OwnDatabase, name: str, statistic: str, *, role: str | None = None) -> Measure:
    """A metric of the cluster, or of the instance that has a role at the moment: a failover swaps them."""
    dimensions: dict[str, AWSHelperFn | str] = {"DBClusterIdentifier": database.cluster}
    if role is not None:
        dimensions["Role"] = role
    return Measure("AWS/RDS", name, dimensions, statistic)


def _most_connections(t: Template, database: OwnDatabase) -> AWSHelperFn:
    t.add_mapping(
        "DatabaseConnections",
        {
            most: {"postgresql": postgresql, "mysql": mysql, "capped": min(postgresql, CAPPED)}
            for most, (postgresql, mysql) in CONNECTIONS.items()
        },
    )
    least = Ref(database.minimum)
    capped = condition(
        t,
        "CapsDatabaseConnections",
        And(Not(Equals(Ref(database.engine), "mysql")), Or(Equals(least, "0"), Equals(least, "0.5"))),
    )
    most = Ref(database.maximum)
    return If(
        capped,
        FindInMap("DatabaseConnections", most, "capped"),
        FindInMap("DatabaseConnections", most, Ref(database.engine)),
    )
