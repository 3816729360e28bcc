"""The alarms of databases, proxies, caches, files, gateways and the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.templates.alarms_support import EVERYTHING, METRIC, alarms, dimensions, metrics, rule_of, value

if TYPE_CHECKING:
    from tests.templates_support import Emitted


class TestDatabase:
    @pytest.mark.parametrize(
        ("engine", "least", "most", "percent"),
        [
            ("postgresql", "2", "4", 100 * 800 / 823),
            ("postgresql", "2", "64", 16),
            ("postgresql", "0.5", "64", 40),
            ("postgresql", "0.5", "1", 100 * 800 / 189),
            ("mysql", "0.5", "32", 100 * 800 / 3000),
        ],
    )
    def test_takes_as_many_connections_as_its_capacity_allows(
        self, watched: Emitted, engine: str, least: str, most: str, percent: float
    ) -> None:
        template = watched.with_parameters(
            DatabaseEngine=engine, DatabaseMinimumCapacity=least, DatabaseMaximumCapacity=most
        )
        alarm = template.resources["DatabaseConnectionsAlarm"]
        assert value(alarm, connections=800) == pytest.approx(percent)
        assert dimensions(alarm) == {("DBClusterIdentifier", "${DatabaseCluster}"), ("Role", "WRITER")}

    def test_says_how_far_the_reader_is_behind_in_seconds(self, watched: Emitted) -> None:
        assert value(watched.resources["DatabaseLagAlarm"], lag=2500) == 2.5
        assert "DatabaseLagAlarm" not in watched.with_parameters(DatabaseReader="no").resources

    def test_is_measured_in_gigabytes(self, watched: Emitted) -> None:
        alarm = watched.with_parameters(AlarmDatabaseGigabytes=40).resources["DatabaseSizeAlarm"]
        assert value(alarm, bytes=41e9) == 41
        assert alarm["Threshold"] == "40"

    def test_of_somebody_else_is_watched_by_them(self, lms: Emitted) -> None:
        assert not [name for name in alarms(lms) if name.startswith("Database")]


class TestProxy:
    def test_lends_out_a_share_of_what_it_may_open(self, watched: Emitted) -> None:
        alarm = watched.resources["ProxyConnectionsAlarm"]
        assert value(alarm, borrowed=450, most=500) == 90
        assert dimensions(alarm) == {("ProxyName", "${DatabaseConnectionProxy}")}
        assert {stat["Stat"] for stat in metrics(alarm)} == {"Sum"}, "each of its nodes reports its own"

    def test_shares_nothing_when_all_are_pinned(self, watched: Emitted) -> None:
        assert value(watched.resources["ProxyPinnedAlarm"], pinned=500, most=500) == 100

    def test_lets_wait_for_microseconds_and_is_judged_by_seconds(self, watched: Emitted) -> None:
        alarm = watched.with_parameters(AlarmLatencySeconds=3).resources["ProxyWaitAlarm"]
        assert value(alarm, waited=2_500_000) == 2.5
        assert alarm["Threshold"] == "3"

    def test_reaches_the_writer(self, watched: Emitted) -> None:
        alarm = watched.resources["ProxyUnavailableAlarm"]
        assert value(alarm, available=75) == 25
        assert dimensions(alarm) == {
            ("ProxyName", "${DatabaseConnectionProxy}"),
            ("TargetGroup", watched.resources["DatabaseProxyTargets"]["TargetGroupName"]),
            ("TargetRole", "READ_WRITE"),
        }

    def test_pages_with_the_database_where_there_is_one(self, watched: Emitted) -> None:
        of_proxy = {name for name in watched.of_type(METRIC) if name.startswith("Proxy")}
        assert len(of_proxy) == 4
        assert of_proxy <= rule_of(watched, "DatabaseAlarm")
        without = watched.with_parameters(DatabaseProxy="no")
        assert not of_proxy & without.resources.keys()
        assert not of_proxy & rule_of(without, "DatabaseAlarm")


class TestCaches:
    @pytest.mark.parametrize(("replicas", "nodes"), [(0, 1), (1, 2), (3, 4), (5, 6)])
    @pytest.mark.parametrize(("prefix", "exists"), [("", {}), ("Plain", {"PlainCache": "yes"})])
    def test_every_node_counts_since_any_may_become_the_primary(
        self, lms: Emitted, prefix: str, exists: dict[str, str], replicas: int, nodes: int
    ) -> None:
        template = lms.with_parameters(CacheReplicas=replicas, **exists)
        wanted = {("CacheClusterId", f"${{{prefix}CacheReplicationGroup}}-{node:03d}") for node in range(1, nodes + 1)}
        for kind in ("Cpu", "Connections"):
            assert dimensions(template.resources[f"{prefix}Cache{kind}Alarm"]) == wanted
        lagging = template.resources.get(f"{prefix}CacheLagAlarm")
        assert (lagging is not None) is (replicas > 0)
        assert lagging is None or dimensions(lagging) == wanted

    def test_the_worst_node_is_what_counts(self, watched: Emitted) -> None:
        assert value(watched.resources["CacheMemoryAlarm"], node001=40, node002=91) == 91
        assert value(watched.resources["CacheConnectionsAlarm"], node001=650, node002=13_000) == 20

    def test_one_that_throws_nothing_out_must_not_get_full(self, lms: Emitted) -> None:
        assert lms.resources["CacheMemoryAlarm"]["Threshold"] == "80"
        assert "CacheEvictionsAlarm" not in lms.resources
        evicting = lms.with_parameters(CacheEviction="allkeys-lru")
        assert "CacheMemoryAlarm" not in evicting.resources
        assert evicting.resources["CacheEvictionsAlarm"]["Threshold"] == "1000"


class TestOthers:
    def test_files_use_a_share_of_the_throughput_that_they_may_have(self, watched: Emitted) -> None:
        assert value(watched.resources["FilesThroughputAlarm"], metered=60 * 90e6, permitted=100e6) == 90

    def test_only_an_existing_file_system_has_burst_credit(self, lms: Emitted) -> None:
        assert "FilesBurstAlarm" not in lms.resources
        existing = lms.with_parameters(ExistingFileSystemId="fs-0123456789abcdef0").resources["FilesBurstAlarm"]
        assert value(existing, credit=2_308_974_418_330) == 0
        assert value(existing, credit=0) == 100
        assert dimensions(existing) == {("FileSystemId", "fs-0123456789abcdef0")}

    @pytest.mark.parametrize(
        ("zones", "each", "gateways"), [(2, "one", 1), (2, "per-zone", 2), (3, "one", 1), (3, "per-zone", 3)]
    )
    def test_every_nat_gateway_counts(self, lms: Emitted, zones: int, each: str, gateways: int) -> None:
        template = lms.with_parameters(ZoneCount=zones, NatGateways=each)
        wanted = {("NatGatewayId", f"${{NatGateway{number}}}") for number in range(1, gateways + 1)}
        assert dimensions(template.resources["NatPortsAlarm"]) == wanted
        assert dimensions(template.resources["NatTrafficAlarm"]) == wanted

    def test_traffic_is_what_goes_out_and_comes_in_in_gigabytes(self, watched: Emitted) -> None:
        traffic = {"bytesOutToDestination1": 30e9, "bytesInFromDestination1": 25e9}
        assert value(watched.resources["NatTrafficAlarm"], **traffic) == 55

    def test_a_certificate_is_watched_where_there_is_one(self, lms: Emitted, watched: Emitted) -> None:
        assert "CertificateAlarm" not in lms.resources
        alarm = watched.resources["CertificateAlarm"]
        assert alarm["Dimensions"] == [{"Name": "CertificateArn", "Value": EVERYTHING["CertificateArn"]}]
        assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["Period"]) == ("LessThanThreshold", "30", 86400)
        made = lms.with_parameters(DomainName="learn.example.org", HostedZoneId="Z0123456789ABCDEFGHIJ")
        assert made.resources["CertificateAlarm"]["Dimensions"][0]["Value"] == "${Certificate}"

    def test_what_the_firewall_blocks_is_counted_where_there_is_one(self, lms: Emitted, watched: Emitted) -> None:
        assert "BlockedRequestsAlarm" not in lms.resources
        found = {each["Name"]: each["Value"] for each in watched.resources["BlockedRequestsAlarm"]["Dimensions"]}
        acl = watched.resources["WebAcl"]["VisibilityConfig"]["MetricName"]
        assert found == {"WebACL": acl, "Region": "sa-east-1", "Rule": "ALL"}
