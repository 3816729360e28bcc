"""Files, the way out, the certificate and the web firewall: what is near a limit, expires, or costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Condition, Not, Ref, Sub

from templates.alarms import AS_BEFORE, BELOW, UNKNOWN, Measure, Watch, add_alarm, threshold
from templates.files import OWN
from templates.interface import condition
from templates.parts import part

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Template
    from troposphere.cloudwatch import Alarm

    from templates.address import Address
    from templates.alarms import Thresholds
    from templates.files import Files
    from templates.firewall import Firewall
    from templates.network import Network
    from templates.topic import AlarmTopic

FULL_CREDIT = 2_308_974_418_330
"""Bytes that a file system in bursting mode begins with (EFS user guide: 2.1 TiB)."""


@part("watching")
def add_files_alarms(t: Template, *, files: Files, thresholds: Thresholds) -> list[Alarm]:
    """Add the alarms on the shared files. Only a file system that existed before can run out of burst credit."""

    def of(name: str, statistic: str, system: AWSHelperFn = files.file_system) -> Measure:
        return Measure("AWS/EFS", name, {"FileSystemId": system}, statistic)

    watches = (
        Watch(
            "FilesOperationsAlarm",
            problem="The file system is near the operations per second that it can do: everything that reads or writes "
            "a file waits.",
            remedy="Keep code, caches and sessions off the shared files; only uploads and what is made of them belong "
            "there.",
            measures={"limit": of("PercentIOLimit", "Maximum")},
            threshold=Ref(thresholds.used),
            missing=UNKNOWN,
        ),
        Watch(
            "FilesThroughputAlarm",
            problem="The file system is near the throughput that it can have: uploads and downloads get slow.",
            remedy="Ask AWS for more throughput (a quota of the account), and look for a task that copies everything.",
            measures={"metered": of("MeteredIOBytes", "Sum"), "permitted": of("PermittedThroughput", "Minimum")},
            expression="100 * metered / 60 / permitted",
            threshold=Ref(thresholds.used),
        ),
        Watch(
            "FilesBurstAlarm",
            problem="The existing file system has used up nearly all of its burst credit: without any it crawls.",
            remedy="Set its throughput mode to elastic.",
            measures={"credit": of("BurstCreditBalance", "Minimum", Ref("ExistingFileSystemId"))},
            expression=f"100 - 100 * credit / {FULL_CREDIT}",
            threshold=Ref(thresholds.used),
            exists=condition(t, "HasExistingFiles", Not(Condition(OWN))),
        ),
    )
    return [add_alarm(t, watch) for watch in watches]


@part("watching")
def add_network_alarms(t: Template, *, network: Network, topic: AlarmTopic) -> list[Alarm]:
    """Add the alarms on the NAT gateways, where they are ours; what goes through them costs, and tells by itself."""
    if not network.nat_gateways:
        return []
    gigabytes = threshold(
        t,
        "AlarmNatGigabytes",
        label="Traffic through the NAT gateways (GB an hour)",
        description="An alarm goes off when more than this goes out and comes in within an hour. It is paid by the "
        "gigabyte, and data that somebody steals leaves that way.",
        default=50,
        most=100_000,
        unit="GB an hour",
    )

    def of(*names: str) -> dict[str, Measure]:
        return {
            f"{name[0].lower()}{name[1:]}{number}": Measure(
                "AWS/NATGateway", name, {"NatGatewayId": gateway}, "Sum", exists=exists
            )
            for name in names
            for number, (gateway, exists) in enumerate(network.nat_gateways, start=1)
        }

    ports = Watch(
        "NatPortsAlarm",
        problem="A NAT gateway has no port left for a new connection: tasks cannot reach a service outside.",
        remedy="Too many connections go to one address: reuse them in the application, or reach AWS services through "
        "InterfaceEndpoints.",
        measures=of("ErrorPortAllocation"),
        expression="SUM(METRICS())",
        threshold=0,
    )
    traffic = Watch(
        "NatTrafficAlarm",
        problem="Unusually much goes through the NAT gateways.",
        remedy="Find out what it is (flow logs with FlowLogTraffic=ALL): images that are pulled again and again, "
        "videos fetched from elsewhere, or data that should not leave.",
        measures=of("BytesOutToDestination", "BytesInFromDestination"),
        expression="SUM(METRICS()) / 1000000000",
        threshold=Ref(gigabytes),
        period=3600,
        bad=1,
        among=1,
    )
    add_alarm(t, traffic, topic)
    return [add_alarm(t, ports)]


@part("watching")
def add_door_alarms(t: Template, *, address: Address, firewall: Firewall, topic: AlarmTopic) -> None:
    """Add the alarms on the certificate and on the web firewall; both tell themselves."""
    days = threshold(
        t,
        "AlarmCertificateDays",
        label="Certificate expires (days)",
        description="An alarm goes off when the certificate has fewer days left than this. Certificate Manager renews "
        "its own sixty days before, so that fewer than that mean that it cannot.",
        default=30,
        most=59,
        unit="days",
    )
    blocked = threshold(
        t,
        "AlarmBlockedRequests",
        label="Requests blocked in five minutes",
        description="An alarm goes off when the web firewall blocks more than this in five minutes: an attack, or a "
        "rule that blocks students.",
        default=1000,
        most=10_000_000,
        unit="requests",
    )
    certificate = Watch(
        "CertificateAlarm",
        problem="The TLS certificate expires soon and was not renewed: browsers will refuse the platform.",
        remedy="In Certificate Manager, see why the renewal waits: the validation record in DNS, or a certificate that "
        "was imported and must be imported again.",
        measures={
            "days": Measure(
                "AWS/CertificateManager",
                "DaysToExpiry",
                {"CertificateArn": Sub("${Arn}", Arn=address.certificate)},
                "Minimum",
            )
        },
        threshold=Ref(days),
        compare=BELOW,
        period=86_400,
        bad=1,
        among=1,
        missing=AS_BEFORE,
        exists=address.secure,
    )
    dimensions: dict[str, AWSHelperFn | str] = {
        "WebACL": firewall.metric_name,
        "Region": Ref("AWS::Region"),
        "Rule": "ALL",
    }
    blocks = Watch(
        "BlockedRequestsAlarm",
        problem="The web firewall blocks unusually many requests.",
        remedy="Its log names rule and address. If they are students, set WebFirewall to count and give "
        "AllowedAddresses the address of their school; if not, it does what it should.",
        measures={"blocked": Measure("AWS/WAFV2", "BlockedRequests", dimensions, "Sum")},
        threshold=Ref(blocked),
        period=300,
        bad=1,
        among=1,
        exists=firewall.exists,
    )
    for watch in (certificate, blocks):
        add_alarm(t, watch, topic)
