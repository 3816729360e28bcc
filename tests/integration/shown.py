"""What AWS's services show of a running platform: functions that make readers, for tables of what shall be seen.

A reader asks a service, never the stack, and gives None for what is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.platform import Platform

    Reader = Callable[[Platform], Any]


def at(value: Any, path: str) -> Any:
    """`at({"a": [{"b": 1}]}, "a.0.b")` is 1; None where the path ends early."""
    for step in path.split("."):
        if value is None:
            return None
        value = (value[int(step)] if len(value) > int(step) else None) if step.isdigit() else value.get(step)
    return value


def keys(read: Reader) -> Reader:
    """The keys of what a reader gives."""
    return lambda platform: list(read(platform) or ())


def definition(path: str, name: str = "TaskDefinition") -> Reader:
    """Of a task definition."""

    def read(platform: Platform) -> Any:
        if not platform.has(name):
            return None
        found = platform.client("ecs").describe_task_definition(taskDefinition=platform.id(name))
        return at(found["taskDefinition"], path)

    return read


def container(path: str, name: str = "TaskDefinition") -> Reader:
    """Of the container in a task definition."""
    return definition(f"containerDefinitions.0.{path}", name)


def size(name: str = "TaskDefinition") -> Reader:
    """CPU units and MiB of a task, as their parameter has them."""

    def read(platform: Platform) -> str | None:
        found = definition("cpu", name)(platform), definition("memory", name)(platform)
        return None if None in found else "/".join(found)

    return read


def variable(name: str, after: str = "") -> Reader:
    """What the application's container is told: a text, or where ECS reads it, from `after` on."""

    def read(platform: Platform) -> Any:
        found = {each["name"]: each["value"] for each in container("environment")(platform)}
        found |= {each["name"]: each["valueFrom"] for each in container("secrets")(platform)}
        return found[name].partition(after)[2] if name in found and after else found.get(name)

    return read


def service(path: str, name: str = "Service") -> Reader:
    """Of an ECS service."""

    def read(platform: Platform) -> Any:
        if not platform.has(name):
            return None
        cluster, found = platform.id("Cluster"), [platform.id(name)]
        return at(platform.client("ecs").describe_services(cluster=cluster, services=found)["services"][0], path)

    return read


def provider(which: str, path: str, name: str = "Service") -> Reader:
    """Of one capacity provider in an ECS service's strategy."""

    def read(platform: Platform) -> Any:
        strategy = service("capacityProviderStrategy", name)(platform) or ()
        return next((at(each, path) for each in strategy if each["capacityProvider"] == which), None)

    return read


def scaling(path: str, name: str = "Service") -> Reader:
    """Of the bounds between which an ECS service scales."""

    def read(platform: Platform) -> Any:
        targets = _scaling(platform, "describe_scalable_targets", "ScalableTargets", name)
        return at(targets, f"0.{path}")

    return read


def scaling_target(measure: str, name: str = "Service") -> Reader:
    """The value that an ECS service's scaling keeps a measure at."""

    def read(platform: Platform) -> Any:
        for policy in _scaling(platform, "describe_scaling_policies", "ScalingPolicies", name):
            tracking = policy["TargetTrackingScalingPolicyConfiguration"]
            if tracking["PredefinedMetricSpecification"]["PredefinedMetricType"] == measure:
                return int(tracking["TargetValue"])
        return None

    return read


def _scaling(platform: Platform, call: str, key: str, name: str) -> list[dict[str, Any]]:
    full = service("serviceName", name)(platform)
    resource = f"service/{platform.id('Cluster')}/{full}"
    client = platform.client("application-autoscaling")
    found = getattr(client, call)(ServiceNamespace="ecs")[key]
    return [each for each in found if each["ResourceId"] == resource]


def threshold(name: str) -> Reader:
    """The threshold of an alarm."""

    def read(platform: Platform) -> Any:
        if not platform.has(name):
            return None
        [alarm] = platform.client("cloudwatch").describe_alarms(AlarmNames=[platform.id(name)])["MetricAlarms"]
        return int(alarm["Threshold"])

    return read


def error_pattern(platform: Platform) -> Any:
    """Which lines of the application's log count as errors."""
    found = platform.client("logs").describe_metric_filters(logGroupName=platform.id("ApplicationLogGroup"))
    return at(found["metricFilters"], "0.filterPattern")


def retention(platform: Platform) -> set[int]:
    """How many days the log groups keep their lines."""
    groups = {*platform.ids("AWS::Logs::LogGroup").values()}
    found = platform.pages("logs", "describe_log_groups", "logGroups")
    return {group["retentionInDays"] for group in found if group["logGroupName"] in groups}


def balancer(key: str) -> Reader:
    """An attribute of the load balancer."""

    def read(platform: Platform) -> Any:
        arn = platform.id("LoadBalancer")
        found = platform.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        return next(each["Value"] for each in found if each["Key"] == key)

    return read


def target_group(path: str) -> Reader:
    """Of the balancer's target group."""

    def read(platform: Platform) -> Any:
        arns = [platform.id("TargetGroup")]
        return at(platform.client("elbv2").describe_target_groups(TargetGroupArns=arns)["TargetGroups"][0], path)

    return read


def listener(port: int, path: str) -> Reader:
    """Of the balancer's listener on a port."""

    def read(platform: Platform) -> Any:
        return at(_listener(platform, port), path)

    return read


def _listener(platform: Platform, port: int) -> dict[str, Any] | None:
    found = platform.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=platform.id("LoadBalancer"))
    return next((each for each in found if each["Port"] == port), None)


def hsts(platform: Platform) -> Any:
    """How long browsers shall ask by HTTPS alone."""
    secure = _listener(platform, 443)
    if secure is None:
        return None
    found = platform.client("elbv2").describe_listener_attributes(ListenerArn=secure["ListenerArn"])["Attributes"]
    key = "routing.http.response.strict_transport_security.header_value"
    return next((each["Value"] for each in found if each["Key"] == key), None)


def maintenance(platform: Platform) -> list[str]:
    """What the balancer answers before it asks the application."""
    asked = _listener(platform, 443) or _listener(platform, 80)
    assert asked is not None
    rules = platform.client("elbv2").describe_rules(ListenerArn=asked["ListenerArn"])["Rules"]
    return [rule["Actions"][0]["FixedResponseConfig"]["StatusCode"] for rule in rules if not rule["IsDefault"]]


def access_logs(platform: Platform) -> Any:
    """Which of the balancer's logs are carried away."""
    if not platform.has("AccessLogDelivery"):
        return None
    logs = platform.client("logs")
    delivery = logs.get_delivery(id=platform.id("AccessLogDelivery"))["delivery"]
    return logs.get_delivery_source(name=delivery["deliverySourceName"])["deliverySource"]["logType"]


def firewall(rule: str, path: str) -> Reader:
    """Of one rule of the balancer's web ACL."""

    def read(platform: Platform) -> Any:
        found = platform.client("wafv2").get_web_acl_for_resource(ResourceArn=platform.id("LoadBalancer"))
        rules = at(found, "WebACL.Rules") or ()
        return next((at(each, path) for each in rules if each["Name"] == rule), None)

    return read


def session_limit(platform: Platform) -> tuple[str, int] | None:
    """By which cookie requests are counted, and how many pass."""
    found = firewall("SessionLimit", "Statement.RateBasedStatement")(platform)
    if found is None:
        return None
    [name] = [key["Cookie"]["Name"] for key in found["CustomKeys"] if "Cookie" in key]
    return name, found["Limit"]


def cache(path: str, name: str = "CacheReplicationGroup") -> Reader:
    """Of a cache."""

    def read(platform: Platform) -> Any:
        if not platform.has(name):
            return None
        found = platform.client("elasticache").describe_replication_groups(ReplicationGroupId=platform.id(name))
        return at(found["ReplicationGroups"][0], path)

    return read


def cache_members(platform: Platform) -> int:
    """How many nodes the sessions' cache has."""
    return len(cache("MemberClusters")(platform))


def cache_parameter(key: str) -> Reader:
    """A parameter of the sessions' cache."""

    def read(platform: Platform) -> Any:
        group = platform.id("CacheParameterGroup")
        found = platform.pages("elasticache", "describe_cache_parameters", "Parameters", CacheParameterGroupName=group)
        return next(each.get("ParameterValue") for each in found if each["ParameterName"] == key)

    return read


def endpoints(platform: Platform) -> set[str]:
    """The services of AWS that are reached without the internet."""
    found = platform.client("ec2").describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [platform.id("Vpc")]}])
    return {each["ServiceName"].split(".", 3)[3] for each in found["VpcEndpoints"] if each["State"] != "deleted"}


def gateways(platform: Platform) -> int:
    """How many NAT gateways there are."""
    found = platform.client("ec2").describe_nat_gateways()["NatGateways"]
    return sum(each["State"] == "available" for each in found)


def zones(platform: Platform) -> int:
    """In how many zones the application's subnets are."""
    used = service("networkConfiguration.awsvpcConfiguration.subnets")(platform)
    found = platform.client("ec2").describe_subnets(SubnetIds=used)["Subnets"]
    return len({subnet["AvailabilityZone"] for subnet in found})


def flow_log(platform: Platform) -> Any:
    """Which traffic is logged."""
    found = platform.client("ec2").describe_flow_logs(
        Filters=[{"Name": "resource-id", "Values": [platform.id("Vpc")]}]
    )["FlowLogs"]
    return [each["TrafficType"] for each in found]


def ways_out(platform: Platform) -> set[tuple[int, str]]:
    """Where the tasks may go by address: (port, range)."""
    rules = platform.client("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [platform.id("TasksSecurityGroup")]}]
    )["SecurityGroupRules"]
    return {
        (rule["FromPort"], rule["CidrIpv4"])
        for rule in rules
        if rule["IsEgress"] and rule.get("CidrIpv4") and rule["IpProtocol"] == "tcp"
    }


def peering(platform: Platform) -> set[str]:
    """The peering connections that routes lead to."""
    tables = platform.client("ec2").describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [platform.id("Vpc")]}])[
        "RouteTables"
    ]
    found = {route.get("VpcPeeringConnectionId") for table in tables for route in table["Routes"]}
    return found - {None}


def foreign_keys(platform: Platform) -> set[str]:
    """The keys of others that secrets are decrypted with when a task starts."""
    allowed = _allowed(platform, "ExecutionRole", "kms:Decrypt")
    found = {resource for each in allowed for resource in as_list(each["Resource"])}
    return found - {platform.client("kms").describe_key(KeyId=platform.id("SecretsKey"))["KeyMetadata"]["Arn"]}


def mail(platform: Platform) -> list[tuple[str, str]]:
    """From which identities the tasks may send mail, and from which address."""
    allowed = _allowed(platform, "TaskRole", "ses:SendEmail")
    return [(*as_list(each["Resource"]), each["Condition"]["StringLike"]["ses:FromAddress"]) for each in allowed]


def statements(platform: Platform, role: str) -> list[dict[str, Any]]:
    """Everything that a role's policies allow."""
    client, name = platform.client("iam"), platform.id(role)
    assert platform.pages("iam", "list_role_policies", "PolicyNames", RoleName=name) == []
    attached = platform.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    found: list[dict[str, Any]] = []
    for arn in (each["PolicyArn"] for each in attached):
        version = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found += client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]["Statement"]
    return found


def as_list(value: str | list[str]) -> list[str]:
    """What a policy says as one text or several."""
    return [value] if isinstance(value, str) else value


def _allowed(platform: Platform, role: str, action: str) -> list[dict[str, Any]]:
    return [each for each in statements(platform, role) if action in as_list(each["Action"])]


def boundary(platform: Platform) -> Any:
    """The boundary of every role's permissions."""
    client, roles = platform.client("iam"), platform.ids("AWS::IAM::Role").values()
    found = [client.get_role(RoleName=role)["Role"].get("PermissionsBoundary") for role in roles]
    return {at(each, "PermissionsBoundaryArn") for each in found}


def project(platform: Platform) -> Any:
    """The project's tag on the application's service, as its tasks carry it."""
    cluster, found = platform.id("Cluster"), [platform.id("Service")]
    answer = platform.client("ecs").describe_services(cluster=cluster, services=found, include=["TAGS"])
    return {each["key"]: each["value"] for each in answer["services"][0]["tags"]}["project"]


def periodic(platform: Platform) -> tuple[int | None, str | None]:
    """How the periodic command runs: the tasks of its service, or its schedule."""
    tasks: int | None = service("desiredCount", "CronService")(platform)
    if not platform.has("CronScheduleGroup"):
        return tasks, None
    client, group = platform.client("scheduler"), platform.id("CronScheduleGroup")
    [found] = client.list_schedules(GroupName=group)["Schedules"]
    return tasks, client.get_schedule(GroupName=group, Name=found["Name"])["ScheduleExpression"]
