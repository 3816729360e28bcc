"""Every parameter on a running platform: given, changed and taken back, and what AWS's services show each time.

One stack goes through three deployments. `SETTINGS` says of each parameter what a service shows before it is given,
with one value and with another; a parameter that is tested by itself stands in `ELSEWHERE`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.integration import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.integration.platform import Platform
    from tests.integration.shown import Reader

ACCOUNT = "sa-east-1:111111111111"
DATABASE = f"arn:aws:secretsmanager:{ACCOUNT}:secret:lms/database-AbCdEf"
ONE, TWO = (f"arn:aws:secretsmanager:{ACCOUNT}:secret:lms/{name}-AbCdEf" for name in ("one", "two"))
KEYS = [f"arn:aws:kms:{ACCOUNT}:key/{digit}1111111-1111-4111-8111-111111111111" for digit in "123"]
CERTIFICATES = [f"arn:aws:acm:{ACCOUNT}:certificate/{digit}1111111-1111-4111-8111-111111111111" for digit in "12"]
IDENTITIES = (f"arn:aws:ses:{ACCOUNT}:identity/a.org", f"arn:aws:ses:{ACCOUNT}:identity/b.org")
BOUNDARIES = ("arn:aws:iam::111111111111:policy/a", "arn:aws:iam::111111111111:policy/b")
ENDPOINTS = {"s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager"}
WAYS = (
    {(443, "0.0.0.0/0"), (5432, "10.100.0.0/16")},
    {(443, "0.0.0.0/0"), (5433, "10.101.0.0/16"), (587, "0.0.0.0/0")},
    {(443, "0.0.0.0/0"), (3306, "10.102.0.0/16")},
)
"""Where the tasks may go by address, by DatabasePort, DatabaseCidr and SmtpPort."""


@dataclass(frozen=True)
class Setting:
    """What one parameter does.

    Attributes:
        read: asks a service.
        before: what it shows without the parameter,
        first: with one value,
        second: and with another.
        given: these two values, where they are not the text of what is shown; None leaves what dev's file gives.
    """

    read: Reader
    before: Any
    first: Any
    second: Any
    given: tuple[str | None, str | None] | None = None

    @property
    def values(self) -> tuple[str | None, str | None]:
        return (str(self.first), str(self.second)) if self.given is None else self.given


SETTINGS = {
    # the application and its tasks
    "Image": Setting(shown.container("image"), "public.ecr.aws/docker/library/nginx:1.28", "nginx:1.29", "nginx:1.30"),
    "Command": Setting(shown.container("command"), None, ["serve", "--fast"], ["serve"], ("serve,--fast", "serve")),
    "StopTimeout": Setting(shown.container("stopTimeout"), 60, 90, 30),
    "TaskSize": Setting(shown.size(), "512/1024", "1024/2048", "256/512"),
    "CpuArchitecture": Setting(shown.definition("runtimePlatform.cpuArchitecture"), "X86_64", "ARM64", "X86_64"),
    "EnvironmentType": Setting(shown.variable("LMS_ENVIRONMENT_TYPE"), "development", "staging", "development"),
    "ExtraSecretArn": Setting(shown.variable("LMS_SECRET_KEY", "secret:"), None, "lms/one-AbCdEf:secret_key::",
                              "lms/two-AbCdEf:secret_key::", (ONE, TWO)),
    "ExtraSecretKeyArn": Setting(shown.foreign_keys, set(), {KEYS[0], KEYS[2]}, {KEYS[1]}, (KEYS[0], KEYS[1])),
    "HealthGraceSeconds": Setting(shown.service("healthCheckGracePeriodSeconds"), 120, 300, 30),
    "ExecuteCommand": Setting(shown.service("enableExecuteCommand"), True, True, False, (None, "no")),
    "ProjectTag": Setting(shown.project, "edutechbr-lms", "campus", "school"),
    "PermissionsBoundaryArn": Setting(shown.boundary, {None}, {BOUNDARIES[0]}, {BOUNDARIES[1]}, BOUNDARIES),
    "MailIdentityArn": Setting(shown.mail, [], [(IDENTITIES[0], "lms@a.org")], [(IDENTITIES[1], "*")], IDENTITIES),
    "MailFrom": Setting(shown.mail, [], [(IDENTITIES[0], "lms@a.org")], [(IDENTITIES[1], "*")], ("lms@a.org", "")),
    # how many there are, and on what
    "OnDemandBase": Setting(shown.provider("FARGATE", "base"), 1, 2, 0),
    "OnDemandWeight": Setting(shown.provider("FARGATE", "weight"), 1, 2, 3),
    "SpotWeight": Setting(shown.provider("FARGATE_SPOT", "weight"), 3, 5, 0),
    "MinimumTasks": Setting(shown.scaling("MinCapacity"), 2, 3, 1),
    "MaximumTasks": Setting(shown.scaling("MaxCapacity"), 4, 9, 6),
    "TargetCpuPercent": Setting(shown.scaling_target("ECSServiceAverageCPUUtilization"), 55, 40, 60),
    "TargetMemoryPercent": Setting(shown.scaling_target("ECSServiceAverageMemoryUtilization"), 75, 60, 80),
    "RequestsPerTarget": Setting(shown.scaling_target("ALBRequestCountPerTarget"), 600, 500, 900),
    # background work: below five minutes cron is a service of exactly one task, from five on a schedule
    "WorkerCommand": Setting(shown.container("command", "WorkerTaskDefinition"), None, ["lms", "worker"],
                             ["lms", "queue"], ("lms,worker", "lms,queue")),
    "WorkerSize": Setting(shown.size("WorkerTaskDefinition"), None, "1024/2048", "256/512"),
    "WorkerStopTimeout": Setting(shown.container("stopTimeout", "WorkerTaskDefinition"), None, 90, 100),
    "WorkerOnDemandBase": Setting(shown.provider("FARGATE", "base", "WorkerService"), None, 2, 0),
    "WorkerOnDemandWeight": Setting(shown.provider("FARGATE", "weight", "WorkerService"), None, 2, 3),
    "WorkerSpotWeight": Setting(shown.provider("FARGATE_SPOT", "weight", "WorkerService"), None, 4, 0),
    "WorkerTargetCpuPercent": Setting(shown.scaling_target("ECSServiceAverageCPUUtilization", "WorkerService"),
                                      None, 50, 80),
    "MinimumWorkers": Setting(shown.scaling("MinCapacity", "WorkerService"), None, 2, 1),
    "MaximumWorkers": Setting(shown.scaling("MaxCapacity", "WorkerService"), None, 5, 1),
    "CronCommand": Setting(shown.container("command", "CronTask"), None, ["lms", "cron"], ["lms", "tick"],
                           ("lms,cron", "lms,tick")),
    "CronSize": Setting(shown.size("CronTask"), None, "256/512", "1024/2048"),
    "CronMinutes": Setting(shown.periodic, (None, None), (1, None), (None, "rate(10 minutes)"), ("2", "10")),
    # the door
    "ContainerPort": Setting(shown.service("loadBalancers.0.containerPort"), 80, 8080, 8081),
    "HealthCheckPath": Setting(shown.target_group("HealthCheckPath"), "/", "/health", "/ready"),
    "IdleSeconds": Setting(shown.balancer("idle_timeout.timeout_seconds"), "60", "120", "30"),
    "BalancerDeletionProtection": Setting(shown.balancer("deletion_protection.enabled"), "false", "true", "false",
                                          ("yes", "no")),
    "AccessLogs": Setting(shown.access_logs, "ALB_ACCESS_LOGS", "ALB_ACCESS_LOGS", None, (None, "no")),
    "CertificateArn": Setting(shown.listener(443, "Certificates.0.CertificateArn"), None, CERTIFICATES[0],
                              CERTIFICATES[1]),
    "PlainHttp": Setting(shown.listener(80, "Protocol"), "HTTP", "HTTP", None, ("redirect", "closed")),
    "DomainName": Setting(shown.variable("LMS_URL", "https://"), "", "learn.example.org", "exam.example.org"),
    "SslPolicy": Setting(shown.listener(443, "SslPolicy"), None, "ELBSecurityPolicy-TLS13-1-3-2021-06",
                         "ELBSecurityPolicy-TLS13-1-2-2021-06"),
    "HstsSeconds": Setting(shown.hsts, None, "max-age=300", "max-age=0", ("300", "0")),
    "MaintenancePage": Setting(shown.maintenance, [], ["503"], [], ("yes", "no")),
    "WebFirewall": Setting(shown.keys(shown.firewall("CommonRules", "OverrideAction")), [], ["None"], ["Count"],
                           ("block", "count")),
    "SessionCookie": Setting(shown.session_limit, None, ("sid", 300), None, ("sid", "")),
    "SessionRequestLimit": Setting(shown.session_limit, None, ("sid", 300), None, ("300", "300")),
    "AddressRequestLimit": Setting(shown.firewall("AddressLimit", "Statement.RateBasedStatement.Limit"),
                                   None, 9000, 8000),
    "AddressLimitAction": Setting(shown.keys(shown.firewall("AddressLimit", "Action")), [], ["Block"], ["Count"],
                                  ("block", "count")),
    # network
    "ZoneCount": Setting(shown.zones, 2, 3, 2),
    "NatGateways": Setting(shown.gateways, 1, 3, 1, ("per-zone", "one")),
    "FlowLogTraffic": Setting(shown.flow_log, ["REJECT"], ["ALL"], ["REJECT"], ("ALL", "REJECT")),
    "InterfaceEndpoints": Setting(shown.endpoints, {"s3"}, {*ENDPOINTS, "ssmmessages"}, ENDPOINTS, ("yes", "yes")),
    "SmtpPort": Setting(shown.ways_out, *WAYS, ("587", "")),
    "DatabasePort": Setting(shown.ways_out, *WAYS, ("5433", "3306")),
    "DatabaseCidr": Setting(shown.ways_out, *WAYS, ("10.101.0.0/16", "10.102.0.0/16")),
    "DatabasePeeringConnectionId": Setting(shown.peering, {"pcx-11111111111111111"}, {"pcx-22222222222222222"}, set(),
                                           ("pcx-22222222222222222", "")),
    # stores
    "CacheReplicas": Setting(shown.cache_members, 2, 3, 1, ("2", "0")),
    "CacheSnapshotDays": Setting(shown.cache("SnapshotRetentionLimit"), 1, 5, 3),
    "CacheNodeType": Setting(shown.cache("CacheNodeType"), "cache.t4g.small", "cache.m7g.large", "cache.t4g.medium"),
    "CacheEviction": Setting(shown.cache_parameter("maxmemory-policy"), "noeviction", "allkeys-lru", "noeviction"),
    "PlainCache": Setting(shown.variable("LMS_PLAIN_CACHE_PORT"), None, "6379", "6379", ("yes", "yes")),
    "PlainCacheNodeType": Setting(shown.cache("CacheNodeType", "PlainCacheReplicationGroup"), None, "cache.r7g.large",
                                  "cache.t4g.micro"),
    "DatabaseSecretKeyArn": Setting(shown.foreign_keys, set(), {KEYS[0], KEYS[2]}, {KEYS[1]}, (KEYS[2], "")),
    "DatabaseHostKey": Setting(shown.variable("LMS_DATABASE_HOST", DATABASE), ":host::", ":h::", None, ("h", "")),
    "DatabasePortKey": Setting(shown.variable("LMS_DATABASE_PORT", DATABASE), ":port::", ":p::", None, ("p", "")),
    "DatabaseNameKey": Setting(shown.variable("LMS_DATABASE_NAME", DATABASE), ":dbname::", ":n::", None, ("n", "")),
    "DatabaseUserKey": Setting(shown.variable("LMS_DATABASE_USER", DATABASE), ":username::", ":u::", ":user::",
                               ("u", "user")),
    "DatabasePasswordKey": Setting(shown.variable("LMS_DATABASE_PASSWORD", DATABASE), ":password::", ":pw::", ":pass::",
                                   ("pw", "pass")),
    # watching
    "LogRetentionDays": Setting(shown.retention, {7}, {30}, {60}, ("30", "60")),
    "ErrorLinePattern": Setting(shown.error_pattern, "?ERROR ?CRITICAL ?FATAL ?Traceback", "?FATAL", None,
                                ("?FATAL", "")),
    "AlarmErrorLines": Setting(shown.threshold("ErrorLinesAlarm"), 50, 20, None, ("20", "20")),
    "AlarmErrorPercent": Setting(shown.threshold("ErrorsAlarm"), 5, 2, 9),
    "AlarmLatencySeconds": Setting(shown.threshold("LatencyAlarm"), 2, 3, 4),
    "AlarmUsedPercent": Setting(shown.threshold("CacheCpuAlarm"), 80, 70, 90),
    "AlarmLagSeconds": Setting(shown.threshold("CacheLagAlarm"), 5, 3, None, ("3", "3")),
    "AlarmEvictions": Setting(shown.threshold("CacheEvictionsAlarm"), None, 500, None, ("500", "500")),
    "AlarmSpotInterruptions": Setting(shown.threshold("SpotAlarm"), 5, 3, None, ("3", "3")),
    "AlarmFailedTasks": Setting(shown.threshold("FailedTasksAlarm"), 3, 5, 9),
    "AlarmNatGigabytes": Setting(shown.threshold("NatTrafficAlarm"), 50, 20, 30),
    "AlarmCertificateDays": Setting(shown.threshold("CertificateAlarm"), None, 40, 50),
    "AlarmBlockedRequests": Setting(shown.threshold("BlockedRequestsAlarm"), None, 300, 400),
}  # fmt: skip
GOES = ("CronDeadLetters", "PlainCacheReplicationGroup", "WebFirewallLogGroup")
"""What holds data and goes with a parameter: a person agrees."""
OTHERS = {
    "AWS::CloudWatch::Alarm",
    "AWS::EC2::FlowLog",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::ECS::TaskDefinition",
    "AWS::Logs::MetricFilter",
}
"""What is replaced, or comes again, by some of these parameters: nothing that has data, an address or connections."""
ELSEWHERE = {
    "test_a_database_of_our_own_comes_changes_and_goes_with_a_snapshot": (
        "AlarmDatabaseGigabytes DatabaseBackupDays DatabaseDeletionProtection DatabaseEngine DatabaseInsights "
        "DatabaseMaximumCapacity DatabaseMinimumCapacity DatabaseName DatabaseProxy DatabaseReader DatabaseSecretArn "
        "DatabaseSnapshotIdentifier DatabaseUser"
    ),
    "test_a_rotation_changes_the_password_and_deploys_every_service": "DatabaseRotation",
    "test_backups_come_change_and_go_and_leave_their_vault": (
        "BackupDailyDays BackupLock BackupMonthlyDays Backups RestoreTesting"
    ),
    "test_a_name_a_certificate_and_a_firewall_come_change_and_go": "AllowedAddresses HostedZoneId",
    "test_watching_comes_changes_and_goes": "AlarmEmail RunApplication",
    "test_cache_and_files_begin_from_copies_and_leave_what_was_there": (
        "CacheSnapshotName ExistingFileSystemId FilesDirectory"
    ),
    "test_background_work_comes_stops_starts_changes_and_goes": "BackgroundJobs UpgradeCommand",
    "test_a_new_name_replaces_what_carries_it_and_keeps_the_stores": "EnvironmentSuffix",
    "test_it_is_installed_upgraded_and_left_in_maintenance_by_a_failure": "RollingImage UpgradeImage",
    "test_the_platform_comes_into_a_network_and_leaves_it_as_it_was": (
        "BalancerScheme BalancerSubnetIds ClientCidr DataSubnetIds DataSubnetZones TaskSubnetIds VpcId"
    ),
    # Another range is another network, with all that stands in it: dev and prod have two.
    "test_the_network_has_the_range_that_was_asked_for": "VpcCidr",
}
"""Integration tests of their own: what comes and goes with data, with another stack, or in steps."""


def stage(number: int) -> list[str]:
    """All parameters at once, as --set takes them."""
    given = {name: setting.values[number] for name, setting in SETTINGS.items()}
    return [f"{name}={value}" for name, value in given.items() if value is not None]


def seen(platform: Platform) -> dict[str, Any]:
    platform.forget()
    return {name: setting.read(platform) for name, setting in SETTINGS.items()}


def test_every_parameter_is_applied_changed_and_taken_back(running: Platform, change: Callable[..., str]) -> None:
    assert seen(running) == {name: setting.before for name, setting in SETTINGS.items()}
    before = running.resources

    # No platform as a whole: no route leads to the networks that are named here as the database's.
    change(*stage(0), proofs=False)
    assert seen(running) == {name: setting.first for name, setting in SETTINGS.items()}
    assert others(before, running) <= OTHERS

    change(*stage(1), proofs=False)
    assert seen(running) == {name: setting.second for name, setting in SETTINGS.items()}

    change(allow=GOES)
    assert seen(running) == {name: setting.before for name, setting in SETTINGS.items()}
    assert others(before, running) - OTHERS == {"AWS::ElasticLoadBalancingV2::Listener", "AWS::Logs::Delivery"}
    assert running.resources.keys() == before.keys()


def others(before: Mapping[str, Mapping[str, Any]], platform: Platform) -> set[str]:
    """The types of what was there before and is another now, or gone."""
    now = platform.physical_ids()
    return {each["ResourceType"] for name, each in before.items() if each["PhysicalResourceId"] != now.get(name)}
