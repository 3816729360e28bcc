"""The running platform is what it was meant to be; each test asks the service itself, not the template.

`pytest tests/integration/test_platform.py` applies dev and prod to the embedded AWS first. With `--stack NAME` the same
tests read a stack that runs in the account that AWS's own variables point at, and change nothing there.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.shown import as_list, statements

if TYPE_CHECKING:
    from tests.integration.platform import Platform

ANYWHERE = "0.0.0.0/0"
NO_EGRESS = ("egress", "-1", None, "127.0.0.1/32")


def service(platform: Platform) -> dict[str, Any]:
    found = platform.client("ecs").describe_services(
        cluster=platform.id("Cluster"), services=[platform.id("Service")], include=["TAGS"]
    )
    return found["services"][0]  # type: ignore[no-any-return]


def task_definition(platform: Platform) -> dict[str, Any]:
    found = platform.client("ecs").describe_task_definition(taskDefinition=service(platform)["taskDefinition"])
    return found["taskDefinition"]  # type: ignore[no-any-return]


def database_secret(platform: Platform) -> str:
    """The secret of the existing database, or that of the stack's own."""
    return platform.parameters["DatabaseSecretArn"] or platform.id("DatabaseSecret")


def key_arn(platform: Platform, logical_id: str) -> str:
    return platform.client("kms").describe_key(KeyId=platform.id(logical_id))["KeyMetadata"]["Arn"]  # type: ignore[no-any-return]


# --- application


def test_the_service_runs_what_it_should(platform: Platform) -> None:
    found = service(platform)
    assert found["status"] == "ACTIVE"
    assert found["runningCount"] == found["desiredCount"] >= 1
    assert found["deployments"][0]["rolloutState"] == "COMPLETED"
    assert found["taskDefinition"] == platform.id("TaskDefinition")


def test_as_many_tasks_as_the_minimum(platform: Platform) -> None:
    assert service(platform)["runningCount"] >= int(platform.parameters["MinimumTasks"])


def test_every_task_is_healthy_behind_the_balancer(platform: Platform) -> None:
    platform.needs_aws("no health check is made on the embedded one")
    health = platform.client("elbv2").describe_target_health(TargetGroupArn=platform.id("TargetGroup"))
    states = [target["TargetHealth"]["State"] for target in health["TargetHealthDescriptions"]]
    assert states
    assert set(states) == {"healthy"}


def test_a_bad_deployment_rolls_itself_back(platform: Platform) -> None:
    assert service(platform)["deploymentConfiguration"]["deploymentCircuitBreaker"] == {
        "enable": True,
        "rollback": True,
    }


def test_both_capacity_providers_are_in_use(platform: Platform) -> None:
    cluster = platform.client("ecs").describe_clusters(clusters=[platform.id("Cluster")])["clusters"][0]
    assert set(cluster["capacityProviders"]) == {"FARGATE", "FARGATE_SPOT"}
    strategy = {each["capacityProvider"]: each for each in service(platform)["capacityProviderStrategy"]}
    wanted = platform.parameters
    assert strategy["FARGATE"]["base"] == int(wanted["OnDemandBase"])
    assert strategy["FARGATE"]["weight"] == int(wanted["OnDemandWeight"])
    assert strategy["FARGATE_SPOT"]["weight"] == int(wanted["SpotWeight"])
    assert strategy["FARGATE_SPOT"].get("base", 0) == 0


def test_tasks_have_no_public_address_and_stand_in_every_private_subnet(platform: Platform) -> None:
    network = service(platform)["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "DISABLED"
    assert set(network["subnets"]) == {platform.id(f"PrivateSubnet{zone}") for zone in platform.zones}
    assert network["securityGroups"] == [platform.id("TasksSecurityGroup")]


def test_the_container_mounts_the_files_through_the_access_point(platform: Platform) -> None:
    definition = task_definition(platform)
    volume = definition["volumes"][0]
    assert volume["efsVolumeConfiguration"] == {
        "fileSystemId": platform.id("FileSystem"),
        "transitEncryption": "ENABLED",
        "authorizationConfig": {"accessPointId": platform.id("FileAccessPoint"), "iam": "ENABLED"},
    }
    mounted = [point["sourceVolume"] for point in definition["containerDefinitions"][0]["mountPoints"]]
    assert mounted == [volume["name"]]


def test_the_container_finds_cache_and_database(platform: Platform) -> None:
    container = task_definition(platform)["containerDefinitions"][0]
    plain = {each["name"]: each["value"] for each in container["environment"]}
    assert plain["LMS_CACHE_HOST"] == platform.outputs["CacheEndpoint"]
    assert plain["LMS_CACHE_PORT"] == platform.outputs["CachePort"]
    secret = {each["name"]: each["valueFrom"] for each in container["secrets"]}
    assert secret["LMS_CACHE_PASSWORD"] == f"{platform.id('CacheSecret')}:password::"
    assert secret["LMS_DATABASE_PASSWORD"] == f"{database_secret(platform)}:password::"
    if platform.has("DatabaseConnectionProxy"):
        assert plain["LMS_DATABASE_HOST"] == platform.outputs["DatabaseProxyEndpoint"]
    else:
        assert secret["LMS_DATABASE_HOST"] == f"{database_secret(platform)}:host::"


def test_no_secret_stands_in_plain_environment(platform: Platform) -> None:
    container = task_definition(platform)["containerDefinitions"][0]
    secret = platform.client("secretsmanager").get_secret_value(SecretId=platform.id("CacheSecret"))
    password = json.loads(secret["SecretString"])["password"]
    assert len(password) >= 16
    assert password not in json.dumps(container)


def test_scaling_follows_three_measures_between_the_bounds(platform: Platform) -> None:
    resource = f"service/{platform.id('Cluster')}/{service(platform)['serviceName']}"
    client = platform.client("application-autoscaling")
    target = client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource])["ScalableTargets"][0]
    bounds = int(platform.parameters["MinimumTasks"]), int(platform.parameters["MaximumTasks"])
    assert (target["MinCapacity"], target["MaxCapacity"]) == bounds
    policies = client.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=resource)["ScalingPolicies"]
    measures = {
        policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]["PredefinedMetricType"]
        for policy in policies
    }
    assert measures == {
        "ECSServiceAverageCPUUtilization",
        "ECSServiceAverageMemoryUtilization",
        "ALBRequestCountPerTarget",
    }


# --- network


def route_table_of(platform: Platform, subnet: str) -> list[dict[str, Any]]:
    found = platform.client("ec2").describe_route_tables(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
    )["RouteTables"]
    assert len(found) == 1, f"{subnet} has {len(found)} route tables"
    return found[0]["Routes"]  # type: ignore[no-any-return]


def default_route(routes: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((route for route in routes if route.get("DestinationCidrBlock") == ANYWHERE), None)


def test_every_private_subnet_has_a_way_out_through_a_nat_gateway(platform: Platform) -> None:
    gateways = {gateway["NatGatewayId"]: gateway for gateway in nat_gateways(platform)}
    used = []
    for zone in platform.zones:
        route = default_route(route_table_of(platform, platform.id(f"PrivateSubnet{zone}")))
        assert route is not None, f"private subnet {zone} has no default route"
        assert gateways[route["NatGatewayId"]]["State"] == "available"
        used.append(route["NatGatewayId"])
    per_zone = platform.parameters["NatGateways"] == "per-zone"
    assert len(set(used)) == (len(platform.zones) if per_zone else 1)


def nat_gateways(platform: Platform) -> list[dict[str, Any]]:
    wanted = list(platform.ids("AWS::EC2::NatGateway").values())
    return platform.client("ec2").describe_nat_gateways(NatGatewayIds=wanted)["NatGateways"]  # type: ignore[no-any-return]


def test_nat_gateways_are_public_and_can_get_out_themselves(platform: Platform) -> None:
    for gateway in nat_gateways(platform):
        assert gateway["NatGatewayAddresses"][0]["AllocationId"].startswith("eipalloc-")
        route = default_route(route_table_of(platform, gateway["SubnetId"]))
        assert route is not None
        assert route["GatewayId"] == platform.id("InternetGateway")


def test_data_subnets_have_no_way_to_the_internet(platform: Platform) -> None:
    for zone in platform.zones:
        routes = route_table_of(platform, platform.id(f"DataSubnet{zone}"))
        assert default_route(routes) is None
        assert not [route for route in routes if route.get("NatGatewayId")]


def test_the_network_has_the_range_that_was_asked_for(platform: Platform) -> None:
    [vpc] = platform.client("ec2").describe_vpcs(VpcIds=[platform.id("Vpc")])["Vpcs"]
    assert vpc["CidrBlock"] == platform.parameters["VpcCidr"]


def test_subnets_spread_over_as_many_zones_as_asked_for(platform: Platform) -> None:
    for kind in ("Public", "Private", "Data"):
        ids = [platform.id(f"{kind}Subnet{zone}") for zone in platform.zones]
        subnets = platform.client("ec2").describe_subnets(SubnetIds=ids)["Subnets"]
        assert len({subnet["AvailabilityZone"] for subnet in subnets}) == len(platform.zones)
        assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)


def peer_of(rule: dict[str, Any]) -> str:
    found = rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId")
    return found or rule["ReferencedGroupInfo"]["GroupId"]  # type: ignore[no-any-return]


def rules_of(platform: Platform, group: str) -> set[tuple[str, str, int | None, str]]:
    """The rules of a group: (direction, protocol, port, peer); a peer that is a group of ours by its logical id."""
    found = platform.pages(
        "ec2",
        "describe_security_group_rules",
        "SecurityGroupRules",
        Filters=[{"Name": "group-id", "Values": [platform.id(group)]}],
    )
    names = {value: name for name, value in platform.ids("AWS::EC2::SecurityGroup").items()}
    rules = set()
    for rule in found:
        port = None if rule["IpProtocol"] == "-1" else rule["FromPort"]
        assert port is None or rule["ToPort"] == port, f"{group}: a range of ports: {rule}"
        peer = peer_of(rule)
        direction = "egress" if rule["IsEgress"] else "ingress"
        rules.add((direction, rule["IpProtocol"], port, names.get(peer, peer)))
    return rules


def expected_rules(platform: Platform) -> dict[str, set[tuple[str, str, int | None, str]]]:
    """Who may talk to whom, in full."""
    wanted = platform.parameters
    container = int(wanted["ContainerPort"])
    ports = {443, *([80] if wanted["PlainHttp"] == "redirect" else [])} if secure(platform) else {80}
    doors = {("ingress", "tcp", port, ANYWHERE) for port in ports}
    plain_cache, endpoints = platform.yes("PlainCache"), platform.yes("InterfaceEndpoints")
    tasks = "TasksSecurityGroup"
    rules: dict[str, set[tuple[str, str, int | None, str]]] = {
        "BalancerSecurityGroup": {NO_EGRESS, ("egress", "tcp", container, tasks)} | doors,
        tasks: {
            NO_EGRESS,
            ("ingress", "tcp", container, "BalancerSecurityGroup"),
            ("egress", "tcp", 2049, "FilesSecurityGroup"),
            ("egress", "tcp", 6379, "CacheSecurityGroup"),
            ("egress", "tcp", 443, ANYWHERE),
        }
        | ({("egress", "tcp", 6379, "PlainCacheSecurityGroup")} if plain_cache else set())
        | ({("egress", "tcp", 443, "EndpointsSecurityGroup")} if endpoints else set()),
        "FilesSecurityGroup": {NO_EGRESS, ("ingress", "tcp", 2049, tasks)},
        "CacheSecurityGroup": {NO_EGRESS, ("ingress", "tcp", 6379, tasks)},
    }
    add_database_rules(platform, rules)
    if platform.has("RestoreTestSecurityGroup"):
        rules["RestoreTestSecurityGroup"] = {NO_EGRESS}
    if plain_cache:
        rules["PlainCacheSecurityGroup"] = {NO_EGRESS, ("ingress", "tcp", 6379, tasks)}
    if endpoints:
        rules["EndpointsSecurityGroup"] = {NO_EGRESS, ("ingress", "tcp", 443, tasks)}
    return rules


def add_database_rules(platform: Platform, rules: dict[str, set[tuple[str, str, int | None, str]]]) -> None:
    """The way to an existing database, to the stack's own, or through its proxy."""
    port, tasks = int(platform.parameters["DatabasePort"]), "TasksSecurityGroup"
    way = [tasks, "DatabaseProxySecurityGroup", "DatabaseClusterSecurityGroup"]
    if not platform.has("DatabaseProxySecurityGroup"):
        way.remove("DatabaseProxySecurityGroup")
    if not platform.has("DatabaseClusterSecurityGroup"):
        rules[tasks].add(("egress", "tcp", port, platform.parameters["DatabaseCidr"]))
        return
    for client, server in itertools.pairwise(way):
        rules.setdefault(client, {NO_EGRESS}).add(("egress", "tcp", port, server))
        rules.setdefault(server, {NO_EGRESS}).add(("ingress", "tcp", port, client))


def test_security_groups_let_through_exactly_what_is_meant(platform: Platform) -> None:
    found = {group: rules_of(platform, group) for group in platform.ids("AWS::EC2::SecurityGroup")}
    assert found == expected_rules(platform)


def test_rejected_traffic_is_logged(platform: Platform) -> None:
    found = platform.client("ec2").describe_flow_logs(
        Filters=[{"Name": "resource-id", "Values": [platform.id("Vpc")]}]
    )["FlowLogs"]
    assert [log["TrafficType"] for log in found] == [platform.parameters["FlowLogTraffic"]]
    assert found[0]["LogGroupName"] == platform.id("FlowLogGroup")
    assert found[0]["FlowLogStatus"] == "ACTIVE"


def test_aws_services_are_reached_privately_where_asked_for(platform: Platform) -> None:
    found = platform.client("ec2").describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [platform.id("Vpc")]}])[
        "VpcEndpoints"
    ]
    by_service = {each["ServiceName"].split(".", 3)[3]: each for each in found}
    tables = {platform.id(f"PrivateRouteTable{zone}") for zone in platform.zones}
    assert tables <= set(by_service.pop("s3")["RouteTableIds"])
    wanted = {"ecr.api", "ecr.dkr", "logs", "secretsmanager"} if platform.yes("InterfaceEndpoints") else set()
    assert set(by_service) - {"ssmmessages"} == wanted
    for endpoint in by_service.values():
        assert endpoint["PrivateDnsEnabled"]
        assert set(endpoint["SubnetIds"]) == {platform.id(f"PrivateSubnet{zone}") for zone in platform.zones}
        assert [group["GroupId"] for group in endpoint["Groups"]] == [platform.id("EndpointsSecurityGroup")]


# --- balancer


def secure(platform: Platform) -> bool:
    """Has it a certificate, given or made?"""
    return bool(platform.parameters["CertificateArn"] or platform.parameters["HostedZoneId"])


def test_the_balancer_speaks_https_or_says_where(platform: Platform) -> None:
    found = platform.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=platform.id("LoadBalancer"))
    listeners = {listener["Port"]: listener for listener in found}
    if not secure(platform):
        assert set(listeners) == {80}
        assert listeners[80]["DefaultActions"][0]["TargetGroupArn"] == platform.id("TargetGroup")
        return
    if platform.parameters["PlainHttp"] == "closed":
        assert set(listeners) == {443}
    else:
        assert set(listeners) == {80, 443}
        assert [action["Type"] for action in listeners[80]["DefaultActions"]] == ["redirect"]
        assert listeners[80]["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"
    assert listeners[443]["SslPolicy"] == platform.parameters["SslPolicy"]
    certificate = platform.id("Certificate") if platform.has("Certificate") else platform.parameters["CertificateArn"]
    assert listeners[443]["Certificates"][0]["CertificateArn"] == certificate
    assert listeners[443]["DefaultActions"][0]["TargetGroupArn"] == platform.id("TargetGroup")


def test_the_balancer_is_public_in_every_zone_and_drops_bad_headers(platform: Platform) -> None:
    client = platform.client("elbv2")
    arn = platform.id("LoadBalancer")
    balancer = client.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]
    assert balancer["Scheme"] == "internet-facing"
    assert balancer["VpcId"] == platform.id("Vpc")
    assert balancer["SecurityGroups"] == [platform.id("BalancerSecurityGroup")]
    assert len({zone["ZoneName"] for zone in balancer["AvailabilityZones"]}) == len(platform.zones)
    found = client.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    attributes = {each["Key"]: each["Value"] for each in found}
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    protected = platform.yes("BalancerDeletionProtection")
    assert attributes["deletion_protection.enabled"] == str(protected).lower()


def test_the_web_firewall_judges_every_request_and_writes_down_what_it_stops(platform: Platform) -> None:
    if not platform.has("WebAcl"):
        pytest.skip("this stack has no web firewall")
    client = platform.client("wafv2")
    acl = client.get_web_acl_for_resource(ResourceArn=platform.id("LoadBalancer"))["WebACL"]
    assert acl["Name"] == platform.id("WebAcl").split("|")[0]
    groups = [rule for rule in acl["Rules"] if "ManagedRuleGroupStatement" in rule["Statement"]]
    counted = {
        override["Name"]
        for rule in groups
        for override in rule["Statement"]["ManagedRuleGroupStatement"].get("RuleActionOverrides", [])
        if override["ActionToUse"] == {"Count": {}}
    }
    assert counted >= {"SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericRFI_BODY", "SQLi_BODY"}
    blocks = {rule["Name"] for rule in groups if "None" in rule["OverrideAction"]}
    assert bool(blocks) is (platform.parameters["WebFirewall"] == "block")
    logging = client.get_logging_configuration(ResourceArn=acl["ARN"])["LoggingConfiguration"]
    (destination,) = logging["LogDestinationConfigs"]
    assert destination.endswith(f":log-group:{platform.id('WebFirewallLogGroup')}")
    assert {"SingleHeader": {"Name": "cookie"}} in logging["RedactedFields"]


def test_targets_leave_before_spot_takes_them(platform: Platform) -> None:
    client = platform.client("elbv2")
    arn = platform.id("TargetGroup")
    found = client.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    attributes = {each["Key"]: each["Value"] for each in found}
    assert int(attributes["deregistration_delay.timeout_seconds"]) < 120
    group = client.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    assert group["TargetType"] == "ip"
    assert group["HealthCheckPath"] == platform.parameters["HealthCheckPath"]


def test_access_logs_are_carried_into_an_encrypted_log_group(platform: Platform) -> None:
    logs = platform.client("logs")
    source = logs.get_delivery_source(name=platform.id("AccessLogSource"))["deliverySource"]
    assert source["resourceArns"] == [platform.id("LoadBalancer")]
    delivery = logs.get_delivery(id=platform.id("AccessLogDelivery"))["delivery"]
    destination = logs.get_delivery_destination(name=platform.id("AccessLogDestination"))["deliveryDestination"]
    assert delivery["deliverySourceName"] == source["name"]
    assert delivery["deliveryDestinationArn"] == destination["arn"]
    group = platform.id("AccessLogGroup")
    assert destination["deliveryDestinationConfiguration"]["destinationResourceArn"].endswith(f":log-group:{group}")
    [found] = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found["kmsKeyId"].endswith(platform.id("LogsKey"))


# --- stores


def caches(platform: Platform) -> list[tuple[str, dict[str, Any]]]:
    return [
        (
            name,
            platform.client("elasticache").describe_replication_groups(ReplicationGroupId=physical)[
                "ReplicationGroups"
            ][0],
        )
        for name, physical in platform.ids("AWS::ElastiCache::ReplicationGroup").items()
    ]


def test_caches_are_encrypted_and_fail_over(platform: Platform) -> None:
    found = caches(platform)
    assert len(found) == 1 + platform.yes("PlainCache")
    replicas = int(platform.parameters["CacheReplicas"])
    for name, group in found:
        assert group["Status"] == "available", name
        assert group["AtRestEncryptionEnabled"] is True, name
        assert group["TransitEncryptionEnabled"] is True, name
        assert group["KmsKeyId"] == key_arn(platform, "CacheKey"), name
        assert len(group["MemberClusters"]) == 1 + replicas, name
        assert group["AutomaticFailover"] == ("enabled" if replicas else "disabled"), name
        assert group["MultiAZ"] == ("enabled" if replicas else "disabled"), name


def test_caches_stand_in_their_own_subnets_behind_their_own_group(platform: Platform) -> None:
    client = platform.client("elasticache")
    group = client.describe_cache_subnet_groups(CacheSubnetGroupName=platform.id("CacheSubnetGroup"))
    subnets = {subnet["SubnetIdentifier"] for subnet in group["CacheSubnetGroups"][0]["Subnets"]}
    assert subnets == {platform.id(f"DataSubnet{zone}") for zone in platform.zones}
    for name, replication_group in caches(platform):
        member = client.describe_cache_clusters(CacheClusterId=replication_group["MemberClusters"][0])["CacheClusters"][
            0
        ]
        assert member["CacheSubnetGroupName"] == platform.id("CacheSubnetGroup"), name
        expected = platform.id(name.replace("ReplicationGroup", "SecurityGroup"))
        assert [each["SecurityGroupId"] for each in member["SecurityGroups"]] == [expected], name
        assert replication_group["AutoMinorVersionUpgrade"] is True, name


def test_the_session_cache_never_evicts(platform: Platform) -> None:
    found = platform.pages(
        "elasticache",
        "describe_cache_parameters",
        "Parameters",
        CacheParameterGroupName=platform.id("CacheParameterGroup"),
    )
    assert {each["ParameterName"]: each.get("ParameterValue") for each in found}["maxmemory-policy"] == "noeviction"


def test_the_tasks_can_reach_the_cache_that_they_are_told_of(platform: Platform) -> None:
    for name, group in caches(platform):
        endpoint = group["NodeGroups"][0]["PrimaryEndpoint"]
        variable = "LMS_PLAIN_CACHE" if name.startswith("Plain") else "LMS_CACHE"
        container = task_definition(platform)["containerDefinitions"][0]
        told = {each["name"]: each["value"] for each in container["environment"]}
        assert (told[f"{variable}_HOST"], told[f"{variable}_PORT"]) == (endpoint["Address"], str(endpoint["Port"]))
        guard = name.replace("ReplicationGroup", "SecurityGroup")
        assert ("egress", "tcp", endpoint["Port"], guard) in rules_of(platform, "TasksSecurityGroup")
        assert ("ingress", "tcp", endpoint["Port"], "TasksSecurityGroup") in rules_of(platform, guard)


def database(platform: Platform) -> dict[str, Any]:
    """The stack's own database cluster."""
    if not platform.has("DatabaseCluster"):
        pytest.skip("this stack uses a database that exists")
    found = platform.client("rds").describe_db_clusters(DBClusterIdentifier=platform.id("DatabaseCluster"))
    return found["DBClusters"][0]  # type: ignore[no-any-return]


def test_the_database_is_encrypted_and_recoverable(platform: Platform) -> None:
    cluster, wanted = database(platform), platform.parameters
    assert cluster["Status"] == "available"
    assert cluster["Engine"] == {"postgresql": "aurora-postgresql", "mysql": "aurora-mysql"}[wanted["DatabaseEngine"]]
    assert cluster["StorageEncrypted"] is True
    assert cluster["KmsKeyId"] == key_arn(platform, "DatabaseKey")
    assert cluster["BackupRetentionPeriod"] == int(wanted["DatabaseBackupDays"])
    assert cluster["DeletionProtection"] is platform.yes("DatabaseDeletionProtection")
    assert cluster["ServerlessV2ScalingConfiguration"]["MinCapacity"] == float(wanted["DatabaseMinimumCapacity"])
    assert cluster["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == float(wanted["DatabaseMaximumCapacity"])
    assert cluster["DatabaseInsightsMode"] == wanted["DatabaseInsights"]


def test_the_database_fails_over_to_another_zone(platform: Platform) -> None:
    members = {member["DBInstanceIdentifier"]: member for member in database(platform)["DBClusterMembers"]}
    assert sum(member["IsClusterWriter"] for member in members.values()) == 1
    instances = [
        platform.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0] for name in members
    ]
    assert len(instances) == 1 + platform.yes("DatabaseReader")
    assert len({instance["AvailabilityZone"] for instance in instances}) == len(instances)
    for instance in instances:
        assert instance["PubliclyAccessible"] is False
        assert instance["MonitoringInterval"] == 60
        assert instance["PerformanceInsightsEnabled"] is True


def test_the_database_takes_no_connection_without_tls(platform: Platform) -> None:
    group = database(platform)["DBClusterParameterGroup"]
    assert group == platform.id("DatabaseParameterGroup")
    found = platform.pages("rds", "describe_db_cluster_parameters", "Parameters", DBClusterParameterGroupName=group)
    values = {each["ParameterName"]: each.get("ParameterValue") for each in found}
    assert values.get("rds.force_ssl") == "1" or values.get("require_secure_transport") == "ON"


def test_the_databases_secret_says_where_it_is(platform: Platform) -> None:
    cluster = database(platform)
    secret = platform.client("secretsmanager").get_secret_value(SecretId=platform.id("DatabaseSecret"))
    found = json.loads(secret["SecretString"])
    assert (found["host"], int(found["port"])) == (cluster["Endpoint"], cluster["Port"])
    assert (found["username"], found["dbname"]) == (cluster["MasterUsername"], cluster["DatabaseName"])


def test_every_log_that_the_database_exports_is_kept_as_long_as_asked_for(platform: Platform) -> None:
    cluster = database(platform)
    prefix = f"/aws/rds/cluster/{cluster['DBClusterIdentifier']}/"
    assert cluster["EnabledCloudwatchLogsExports"]
    for log in cluster["EnabledCloudwatchLogsExports"]:
        assert f"{prefix}{log}" in platform.ids("AWS::Logs::LogGroup").values()


def test_the_proxy_stands_before_the_database(platform: Platform) -> None:
    if not platform.has("DatabaseConnectionProxy"):
        pytest.skip("this stack has no database proxy")
    client, name = platform.client("rds"), platform.id("DatabaseConnectionProxy")
    proxy = client.describe_db_proxies(DBProxyName=name)["DBProxies"][0]
    assert proxy["RequireTLS"] is True
    assert [auth["SecretArn"] for auth in proxy["Auth"]] == [platform.id("DatabaseSecret")]
    targets = client.describe_db_proxy_targets(DBProxyName=name)["Targets"]
    assert platform.id("DatabaseCluster") in {target.get("TrackedClusterId") for target in targets}


def file_system(platform: Platform) -> dict[str, Any]:
    found = platform.client("efs").describe_file_systems(FileSystemId=platform.outputs["FileSystemId"])
    return found["FileSystems"][0]  # type: ignore[no-any-return]


def test_files_are_encrypted_and_elastic(platform: Platform) -> None:
    client, files = platform.client("efs"), platform.id("FileSystem")
    system = client.describe_file_systems(FileSystemId=files)["FileSystems"][0]
    assert system["LifeCycleState"] == "available"
    assert system["Encrypted"] is True
    assert system["KmsKeyId"] == key_arn(platform, "FilesKey")
    assert system["ThroughputMode"] == "elastic"
    policies = client.describe_lifecycle_configuration(FileSystemId=files)["LifecyclePolicies"]
    assert any("TransitionToIA" in policy for policy in policies)


def test_files_are_mounted_in_every_zone(platform: Platform) -> None:
    client = platform.client("efs")
    found = client.describe_mount_targets(FileSystemId=platform.id("FileSystem"))["MountTargets"]
    ours = {platform.id(f"DataSubnet{zone}") for zone in platform.zones}
    assert {target["SubnetId"] for target in found} == ours
    for target in found:
        groups = client.describe_mount_target_security_groups(MountTargetId=target["MountTargetId"])["SecurityGroups"]
        assert groups == [platform.id("FilesSecurityGroup")]


def test_files_open_only_by_tls_and_an_access_point(platform: Platform) -> None:
    client, files = platform.client("efs"), platform.id("FileSystem")
    points = client.describe_access_points(FileSystemId=files)["AccessPoints"]
    assert [point["AccessPointId"] for point in points] == [platform.id("FileAccessPoint")]
    assert points[0]["RootDirectory"]["Path"] != "/"
    assert points[0]["PosixUser"]["Uid"] > 0
    policy = json.loads(client.describe_file_system_policy(FileSystemId=files)["Policy"])
    denied = [json.dumps(each["Condition"]) for each in policy["Statement"] if each["Effect"] == "Deny"]
    assert any("aws:SecureTransport" in each for each in denied)
    assert any("elasticfilesystem:AccessPointArn" in each for each in denied)


def test_what_is_tagged_is_backed_up_into_a_locked_vault(platform: Platform) -> None:
    if not platform.has("BackupVault"):
        pytest.skip("this stack has no backup plan")
    client, wanted = platform.client("backup"), platform.parameters
    vault = client.describe_backup_vault(BackupVaultName=platform.id("BackupVault"))
    assert vault["EncryptionKeyArn"] == key_arn(platform, "BackupKey")
    assert vault["Locked"] is (wanted["BackupLock"] != "none")
    plan = platform.id("BackupPlan")
    rules = {rule["RuleName"]: rule for rule in client.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"]}
    kept = {name: int(rule["Lifecycle"]["DeleteAfterDays"]) for name, rule in rules.items()}
    assert kept == {"daily": int(wanted["BackupDailyDays"]), "monthly": int(wanted["BackupMonthlyDays"])}
    assert {rule["TargetBackupVaultName"] for rule in rules.values()} == {platform.id("BackupVault")}
    (listed,) = client.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    found = client.get_backup_selection(BackupPlanId=plan, SelectionId=listed["SelectionId"])["BackupSelection"]
    (tag,) = found["ListOfTags"]
    assert tag["ConditionValue"] == f"lms-{wanted['EnvironmentSuffix']}"
    tags = [tag_map(file_system(platform)["Tags"])] if platform.has("FileSystem") else []
    tags += [tag_map(database(platform)["TagList"])] if platform.has("DatabaseCluster") else []
    assert tags
    assert {each[tag["ConditionKey"]] for each in tags} == {tag["ConditionValue"]}


def test_the_files_are_backed_up_once(platform: Platform) -> None:
    found = platform.client("efs").describe_backup_policy(FileSystemId=platform.outputs["FileSystemId"])
    assert found["BackupPolicy"]["Status"] == ("DISABLED" if platform.has("BackupPlan") else "ENABLED")


def test_backups_are_restored_for_a_test(platform: Platform) -> None:
    if not platform.has("RestoreTestingPlan"):
        pytest.skip("this stack tests no restores")
    client, name = platform.client("backup"), platform.id("RestoreTestingPlan")
    vault = client.describe_backup_vault(BackupVaultName=platform.id("BackupVault"))["BackupVaultArn"]
    plan = client.get_restore_testing_plan(RestoreTestingPlanName=name)["RestoreTestingPlan"]
    assert plan["RecoveryPointSelection"]["IncludeVaults"] == [vault]
    found = client.list_restore_testing_selections(RestoreTestingPlanName=name)["RestoreTestingSelections"]
    assert {each["ProtectedResourceType"] for each in found} >= {"EFS"}


def test_the_periodic_command_is_scheduled_and_its_failures_kept(platform: Platform) -> None:
    if not platform.has("CronSchedule"):
        pytest.skip("this stack has no schedule")
    group = platform.id("CronScheduleGroup")
    (listed,) = platform.pages("scheduler", "list_schedules", "Schedules", GroupName=group)
    found = platform.client("scheduler").get_schedule(GroupName=group, Name=listed["Name"])
    assert found["State"] == ("ENABLED" if platform.yes("BackgroundJobs") else "DISABLED")
    assert found["ScheduleExpression"] == f"rate({platform.parameters['CronMinutes']} minutes)"
    assert found["Target"]["EcsParameters"]["TaskDefinitionArn"] == platform.id("CronTask")
    answer = platform.client("sqs").get_queue_attributes(
        QueueUrl=platform.outputs["CronDeadLettersUrl"], AttributeNames=["QueueArn", "KmsMasterKeyId"]
    )
    assert answer["Attributes"]["KmsMasterKeyId"] == key_arn(platform, "AlarmKey")
    assert found["Target"]["DeadLetterConfig"]["Arn"] == answer["Attributes"]["QueueArn"]


def test_what_installs_and_upgrades_is_the_application_with_another_command(platform: Platform) -> None:
    if not platform.has("UpgradeTask"):
        pytest.skip("this stack has no upgrade command")
    client = platform.client("ecs")
    found = client.describe_task_definition(taskDefinition=platform.outputs["UpgradeTaskDefinition"])["taskDefinition"]
    (container,), (serving,) = found["containerDefinitions"], task_definition(platform)["containerDefinitions"]
    assert container["command"] == platform.parameters["UpgradeCommand"].split(",")
    assert container["image"] == (platform.parameters["UpgradeImage"] or serving["image"])
    assert found["executionRoleArn"] == task_definition(platform)["executionRoleArn"]
    assert "portMappings" not in container or container["portMappings"] == []
    if platform.endpoint:  # AWS forgets a task an hour after its end
        tasks = client.list_tasks(cluster=platform.outputs["ClusterName"], desiredStatus="STOPPED")["taskArns"]
        ended = client.describe_tasks(cluster=platform.outputs["ClusterName"], tasks=tasks)["tasks"]
        assert [each["containers"][0]["exitCode"] for each in ended] == [0], "it was installed once"


def test_secrets_are_encrypted_with_their_own_key(platform: Platform) -> None:
    found = platform.client("secretsmanager").describe_secret(SecretId=platform.id("CacheSecret"))
    assert found["KmsKeyId"] in {key_arn(platform, "SecretsKey"), platform.id("SecretsKey")}


def test_keys_rotate_and_are_enabled(platform: Platform) -> None:
    client = platform.client("kms")
    keys = platform.ids("AWS::KMS::Key")
    own = {"DatabaseKey": "DatabaseCluster", "BackupKey": "BackupVault"}
    expected = {"FilesKey", "CacheKey", "LogsKey", "SecretsKey", "AlarmKey"} | {
        key for key, of in own.items() if platform.has(of)
    }
    assert set(keys) == expected
    for name, key in keys.items():
        assert client.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True, name
        assert client.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled", name


def test_logs_are_encrypted_and_kept_as_long_as_asked_for(platform: Platform) -> None:
    groups = platform.ids("AWS::Logs::LogGroup")
    assert len(groups) >= 4
    found = platform.pages("logs", "describe_log_groups", "logGroups")
    by_name = {group["logGroupName"]: group for group in found}
    for name in groups.values():
        assert by_name[name]["retentionInDays"] == int(platform.parameters["LogRetentionDays"]), name
        assert by_name[name]["kmsKeyId"] == key_arn(platform, "LogsKey"), name
    written = task_definition(platform)["containerDefinitions"][0]["logConfiguration"]["options"]["awslogs-group"]
    assert written == platform.id("ApplicationLogGroup") == platform.outputs["LogGroupName"]


# --- watching

SILENT = {"ToldAlarm", "ToldOfTasksAlarm"}
"""Others wait for them."""


def test_every_alarm_is_there_and_those_that_page_know_the_topic(platform: Platform) -> None:
    metric, composite = (set(platform.ids(f"AWS::CloudWatch::{kind}").values()) for kind in ("Alarm", "CompositeAlarm"))
    found = {
        kind: platform.pages(
            "cloudwatch", "describe_alarms", f"{kind}s", AlarmTypes=[kind], AlarmNamePrefix=platform.stack
        )
        for kind in ("MetricAlarm", "CompositeAlarm")
    }
    assert {alarm["AlarmName"] for alarm in found["MetricAlarm"]} == metric
    assert {alarm["AlarmName"] for alarm in found["CompositeAlarm"]} == composite
    names = platform.ids("AWS::CloudWatch::CompositeAlarm")
    for alarm in found["CompositeAlarm"]:
        silent = alarm["AlarmName"] in {names.get(name) for name in SILENT}
        assert alarm["AlarmActions"] == ([] if silent else [platform.outputs["AlarmTopicArn"]])
        children = set(re.findall(r'ALARM\("([^"]+)"\)', alarm["AlarmRule"]))
        assert children
        assert children <= metric | composite


def test_what_students_notice_keeps_the_stores_from_paging_too(platform: Platform) -> None:
    answer = platform.client("cloudwatch").describe_alarms(
        AlarmNames=[platform.id("CacheAlarm")], AlarmTypes=["CompositeAlarm"]
    )
    (cache,) = answer["CompositeAlarms"]
    assert cache["ActionsSuppressor"].endswith(f":alarm:{platform.id('StudentsAlarm')}")


def test_failed_deployments_and_spot_go_where_they_are_read(platform: Platform) -> None:
    def target(rule: str) -> str:
        (found,) = platform.client("events").list_targets_by_rule(Rule=platform.id(rule))["Targets"]
        return found["Arn"]  # type: ignore[no-any-return]

    assert target("DeploymentFailed") == platform.outputs["AlarmTopicArn"]
    assert target("SpotInterruptions").endswith(f":log-group:{platform.id('EventLogGroup')}")


def test_the_dashboard_is_made_of_what_is_there(platform: Platform) -> None:
    name = platform.outputs["DashboardUrl"].rpartition("/")[2]
    body = json.loads(platform.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    alarms, *others = body["widgets"]
    composites = platform.ids("AWS::CloudWatch::CompositeAlarm")
    shown = {arn.partition(":alarm:")[2] for arn in alarms["properties"]["alarms"]}
    assert shown == {alarm for name, alarm in composites.items() if name not in SILENT}
    rows = [row for each in others for row in each["properties"].get("metrics", [])]
    assert ["AWS/EFS", "PercentIOLimit", "FileSystemId", platform.outputs["FileSystemId"]] in [row[:4] for row in rows]


def test_messages_of_alarms_are_encrypted_with_their_own_key(platform: Platform) -> None:
    topic = platform.client("sns").get_topic_attributes(TopicArn=platform.outputs["AlarmTopicArn"])["Attributes"]
    assert topic["KmsMasterKeyId"] == key_arn(platform, "AlarmKey")
    senders = [each["Principal"] for each in json.loads(topic["Policy"])["Statement"] if each["Effect"] == "Allow"]
    assert senders == [{"Service": "cloudwatch.amazonaws.com"}, {"Service": "events.amazonaws.com"}]


def test_a_deployment_is_taken_back_by_alarms_that_exist(platform: Platform) -> None:
    asked = service(platform)["deploymentConfiguration"]["alarms"]
    assert (asked["enable"], asked["rollback"]) == (True, True)
    assert set(asked["alarmNames"]) <= set(platform.ids("AWS::CloudWatch::Alarm").values())
    assert asked["alarmNames"]


# --- permissions


def test_the_task_may_mount_exactly_its_access_point(platform: Platform) -> None:
    mounts = [each for each in statements(platform, "TaskRole") if "elasticfilesystem" in json.dumps(each["Action"])]
    assert len(mounts) == 1
    assert platform.id("FileAccessPoint") in json.dumps(mounts[0]["Condition"])
    assert "*" not in as_list(mounts[0]["Resource"])


def test_the_task_starts_with_exactly_its_secrets(platform: Platform) -> None:
    reads = [each for each in statements(platform, "ExecutionRole") if "GetSecretValue" in json.dumps(each["Action"])]
    resources = {resource for each in reads for resource in as_list(each["Resource"])}
    wanted = {platform.id("CacheSecret"), database_secret(platform)}
    if platform.parameters["ExtraSecretArn"]:
        wanted.add(platform.parameters["ExtraSecretArn"])
    assert resources == wanted


@pytest.mark.parametrize("role", ["TaskRole", "ExecutionRole"])
def test_no_role_has_a_wildcard_action(platform: Platform, role: str) -> None:
    actions = [action for each in statements(platform, role) for action in as_list(each["Action"])]
    assert actions
    assert not [action for action in actions if "*" in action]


# --- outputs and tags


def test_outputs_are_exported_under_the_stack_name(platform: Platform) -> None:
    exports = {each["Name"]: each["Value"] for each in platform.pages("cloudformation", "list_exports", "Exports")}
    outputs = platform.outputs
    assert {"VpcId", "ClusterName", "ServiceName", "Url", "CacheEndpoint", "FileSystemId", "LogGroupName"} <= set(
        outputs
    )
    for name, value in outputs.items():
        assert exports[f"{platform.stack}-{name}"] == value


def tag_map(tags: list[dict[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {tag[key]: tag[value] for tag in tags}


def tags_of(platform: Platform) -> dict[str, dict[str, str]]:
    """Tags by logical id, each asked of its own service."""
    found: dict[str, dict[str, str]] = {}
    ec2 = [
        name
        for name, each in platform.resources.items()
        if each["ResourceType"]
        in {
            "AWS::EC2::VPC",
            "AWS::EC2::Subnet",
            "AWS::EC2::SecurityGroup",
            "AWS::EC2::RouteTable",
            "AWS::EC2::NatGateway",
        }
    ]
    tags = platform.pages(
        "ec2", "describe_tags", "Tags", Filters=[{"Name": "resource-id", "Values": [platform.id(name) for name in ec2]}]
    )
    for name in ec2:
        found[name] = tag_map([tag for tag in tags if tag["ResourceId"] == platform.id(name)])
    arns = [platform.id("LoadBalancer"), platform.id("TargetGroup")]
    for answer, name in zip(
        platform.client("elbv2").describe_tags(ResourceArns=arns)["TagDescriptions"],
        ["LoadBalancer", "TargetGroup"],
        strict=True,
    ):
        found[name] = tag_map(answer["Tags"])
    efs = platform.client("efs").describe_file_systems(FileSystemId=platform.id("FileSystem"))["FileSystems"][0]
    found["FileSystem"] = tag_map(efs["Tags"])
    group = caches(platform)[0][1]
    cache = platform.client("elasticache").list_tags_for_resource(ResourceName=group["ARN"])
    found["CacheReplicationGroup"] = tag_map(cache["TagList"])
    found["Service"] = tag_map(service(platform)["tags"], "key", "value")
    for name in platform.ids("AWS::KMS::Key"):
        keys = platform.client("kms").list_resource_tags(KeyId=platform.id(name))["Tags"]
        found[name] = tag_map(keys, "TagKey", "TagValue")
    for name, physical in platform.ids("AWS::Logs::LogGroup").items():
        answer = platform.client("logs").list_tags_log_group(logGroupName=physical)
        found[name] = answer["tags"]
    for name, physical in platform.ids("AWS::IAM::Role").items():
        found[name] = tag_map(platform.client("iam").list_role_tags(RoleName=physical)["Tags"])
    secret = platform.client("secretsmanager").describe_secret(SecretId=platform.id("CacheSecret"))
    found["CacheSecret"] = tag_map(secret["Tags"])
    return found


def test_everything_carries_the_tags(platform: Platform) -> None:
    suffix = platform.parameters["EnvironmentSuffix"]
    for name, tags in tags_of(platform).items():
        assert tags.get("environment") == suffix, f"{name}: {tags}"
        assert tags.get("project") == platform.parameters["ProjectTag"], name
        assert tags.get("managed-by") == "cloudformation", name
        assert tags.get("Name", "").startswith("lms-"), name
        assert tags["Name"].endswith(f"-{suffix}"), name
