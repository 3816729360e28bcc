"""Sizes, times, caches and gateways: one fault each."""

from __future__ import annotations

import pytest

from tests.unit.stackproof.proofs.network_support import att, put, ref, without
from tests.unit.stackproof.proofs.wiring_support import Fault, only

WEB = "ContainerDefinitions.0"

FAULTS: dict[str, Fault] = {
    "memory": (
        [put("Task", "Memory", "3072")],
        "wire-fargate-size",
        "Task",
        "Properties.Memory",
        "Fargate has 512 to 2048 MiB for 256 CPU units, and not 3072. Take 2048 MiB, or another number of CPU units.",
    ),
    "cpu": (
        [put("Task", "Cpu", "300")],
        "wire-fargate-size",
        "Task",
        "Properties.Cpu",
        "Fargate has no tasks of 300 CPU units. Take one of 256, 512, 1024",
    ),
    "no size": (
        [put("Task", "Memory", None)],
        "wire-fargate-size",
        "Task",
        "Properties.Memory",
        "on Fargate it needs Memory",
    ),
    "disk": (
        [put("Task", "EphemeralStorage.SizeInGiB", 20)],
        "wire-fargate-size",
        "Task",
        "Properties.EphemeralStorage.SizeInGiB",
        "21 to 200 GiB, not 20",
    ),
    "stop timeout": (
        [put("Task", f"{WEB}.StopTimeout", 300)],
        "wire-stop-timeout",
        "Task",
        "Properties.ContainerDefinitions.0.StopTimeout",
        "on Fargate a container gets 120 s to stop at most, not 300",
    ),
    "limit below the reservation": (
        [put("Task", f"{WEB}.MemoryReservation", 768)],
        "wire-memory",
        "Task",
        "Properties.ContainerDefinitions.0.Memory",
        "the limit of web (512 MiB) is below its reservation (768 MiB)",
    ),
    "limit above the task": (
        [put("Task", f"{WEB}.Memory", 2048)],
        "wire-memory",
        "Task",
        "Properties.ContainerDefinitions.0.Memory",
        "web may use 2048 MiB of a task that has 1024 MiB",
    ),
    "together too much": (
        [put("Task", "ContainerDefinitions.1.Memory", 1000)],
        "wire-memory",
        "Task",
        "Properties.Memory",
        "its containers reserve 1256 MiB, and the task has 1024 MiB",
    ),
    "together too many CPU units": (
        [put("Task", "ContainerDefinitions.1.Cpu", 129)],
        "wire-memory",
        "Task",
        "Properties.Cpu",
        "its containers take 257 CPU units, and the task has 256",
    ),
    "too many containers": (
        [
            put("Task", "ContainerDefinitions", [{"Name": f"c{number}", "Image": "x"} for number in range(11)]),
            put("Task", "Volumes", None),
            put("Service", "LoadBalancers", []),
            put("Service", "ServiceRegistries", []),
            put("Service", "ServiceConnectConfiguration", None),
            without("Requests"),
        ],
        "wire-quota",
        "Task",
        "Properties.ContainerDefinitions",
        "11 containers in a task definition, where 10 is the limit",
    ),
    "too few addresses": (
        [put("Scaling", "MaxCapacity", 600)],
        "wire-addresses",
        "Scaling",
        "Properties.MaxCapacity",
        "Service stops growing at about 502 tasks, since its subnets have no more addresses for up to 600",
    ),
    "drain": (
        [put("Targets", "TargetGroupAttributes.0.Value", "120")],
        "wire-drain",
        "Targets",
        "Properties.TargetGroupAttributes.0.Value",
        "Targets may hold on to it for 120 s while it is gone after 120 s: requests to it fail",
    ),
    "drain by default": (
        [put("Targets", "TargetGroupAttributes", None)],
        "wire-drain",
        "Targets",
        "Properties.TargetGroupAttributes",
        "for 300 s, the default, while it is gone after 120 s",
    ),
    "grace": (
        [put("Service", "HealthCheckGracePeriodSeconds", 30)],
        "wire-grace",
        "Service",
        "Properties.HealthCheckGracePeriodSeconds",
        "The grace period of 30 s has no effect: Targets calls a task unhealthy after 3 checks in 45 s",
    ),
    "users without TLS": (
        [put("Cache", "TransitEncryptionEnabled", None)],
        "wire-cache-access",
        "Cache",
        "Properties.UserGroupIds",
        (
            "ElastiCache refuses the replication group: UserGroupIds needs encryption in transit. Set"
            " TransitEncryptionEnabled to true."
        ),
    ),
    "token without TLS": (
        [
            put("Cache", "TransitEncryptionEnabled", False),
            put("Cache", "UserGroupIds", None),
            put("Cache", "AuthToken", "{{resolve:secretsmanager:x}}"),
        ],
        "wire-cache-access",
        "Cache",
        "Properties.AuthToken",
        "AuthToken needs encryption in transit",
    ),
    "users and token": (
        [put("Cache", "AuthToken", {"Fn::Sub": "{{resolve:secretsmanager:${CacheUsers}}}"})],
        "wire-cache-access",
        "Cache",
        "Properties.AuthToken",
        "it has user groups and a token",
    ),
    "short token": (
        [put("Cache", "UserGroupIds", None), put("Cache", "AuthToken", "short")],
        "wire-cache-access",
        "Cache",
        "Properties.AuthToken",
        "a token has 16 to 128 letters",
    ),
    "zones without failover": (
        [put("Cache", "AutomaticFailoverEnabled", None)],
        "wire-cache-failover",
        "Cache",
        "Properties.MultiAZEnabled",
        "MultiAZEnabled needs automatic failover",
    ),
    "failover to nobody": (
        [put("Cache", "NumCacheClusters", 1), without("Full")],
        "wire-cache-failover",
        "Cache",
        "Properties.NumCacheClusters",
        "automatic failover needs a replica, and NumCacheClusters is 1",
    ),
    "zones without replicas": (
        [put("Cache", "NumCacheClusters", None), put("Cache", "ReplicasPerNodeGroup", 0)],
        "wire-cache-failover",
        "Cache",
        "Properties.ReplicasPerNodeGroup",
        "several zones need a replica",
    ),
    "shards without failover": (
        [
            put("Cache", "NumCacheClusters", None),
            put("Cache", "NumNodeGroups", 2),
            put("Cache", "AutomaticFailoverEnabled", False),
            put("Cache", "MultiAZEnabled", False),
        ],
        "wire-cache-failover",
        "Cache",
        "Properties.AutomaticFailoverEnabled",
        "2 shards need automatic failover",
    ),
    "engine of a group": (
        [put("Cache", "Engine", "memcached")],
        "wire-cache-engine",
        "Cache",
        "Properties.Engine",
        "its engine is memcached. Take valkey or redis.",
    ),
    "version of valkey": (
        [put("Cache", "EngineVersion", "7.1")],
        "wire-cache-engine",
        "Cache",
        "Properties.EngineVersion",
        "valkey has no version 7.1. Take one of 7.2, 8.0",
    ),
    "version of redis": (
        [put("Cache", "Engine", "redis"), put("Cache", "EngineVersion", "8.0")],
        "wire-cache-engine",
        "Cache",
        "Properties.EngineVersion",
        "redis ends with 7.1, and has no 8.0",
    ),
    "parameter group": (
        [put("CacheParameters", "CacheParameterGroupFamily", "redis7")],
        "wire-cache-engine",
        "Cache",
        "Properties.CacheParameterGroupName",
        "CacheParameters is of the family redis7, while the engine is valkey 8.1",
    ),
    "node": (
        [put("Cache", "CacheNodeType", "cache.c7gn.large")],
        "wire-cache-node",
        "Cache",
        "Properties.CacheNodeType",
        "sa-east-1 has no cache.c7gn.large. Take another, cache.",
    ),
    "node of no size": (
        [put("Cache", "CacheNodeType", "cache.x9z.nano")],
        "wire-cache-node",
        "Cache",
        "Properties.CacheNodeType",
        "sa-east-1 has no cache.x9z.nano. Take another, cache.",
    ),
    "serverless engine": (
        [put("Elastic", "Engine", "foo")],
        "wire-cache-engine",
        "Elastic",
        "Properties.Engine",
        "there is no engine foo. Take one of valkey, redis, memcached.",
    ),
    "no default user": (
        [
            put("CacheUsers", "Engine", "redis"),
            put("CacheUser", "UserName", "web"),
            put("CacheUser", "Engine", "redis"),
        ],
        "wire-cache-users",
        "CacheUsers",
        "Properties.UserIds",
        "none of its users has the name default",
    ),
    "user of valkey": (
        [put("CacheUsers", "Engine", "redis")],
        "wire-cache-users",
        "CacheUsers",
        "Properties.UserIds",
        "a group of redis takes no user of valkey",
    ),
    "two users of a name": (
        [put("CacheUsers", "UserIds", [ref("CacheUser"), "default"])],
        "wire-cache-users",
        "CacheUsers",
        "Properties.UserIds",
        "two of its users have the same name",
    ),
    "regional in a subnet": (
        [put("Nat", "AvailabilityMode", "regional")],
        "wire-nat",
        "Nat",
        "Properties.SubnetId",
        "a regional one belongs to a VPC, not to a subnet",
    ),
    "zonal without a subnet": (
        [put("Nat", "SubnetId", None)],
        "wire-nat",
        "Nat",
        "Properties.SubnetId",
        "it needs a subnet",
    ),
    "public without an address": (
        [put("Nat", "AllocationId", None)],
        "wire-nat",
        "Nat",
        "Properties.AllocationId",
        "a public one needs an address",
    ),
    "private with an address": (
        [put("Nat", "ConnectivityType", "private")],
        "wire-nat",
        "Nat",
        "Properties.AllocationId",
        "a private one takes no address",
    ),
    "web ACL for CloudFront": (
        [put("Acl", "Scope", "CLOUDFRONT"), without("AclOfBalancer")],
        "wire-web-acl",
        "Acl",
        "Properties.Scope",
        "one for CloudFront can be made in us-east-1 only, not in sa-east-1",
    ),
    "web ACL for CloudFront on a balancer": (
        [put("Acl", "Scope", "CLOUDFRONT")],
        "wire-web-acl",
        "AclOfBalancer",
        "Properties.WebACLArn",
        "WAF refuses the association: Acl is one for CloudFront, which ${Balancer} is not",
    ),
    "web ACL's log group": (
        [put("AclLogging", "LogDestinationConfigs.0", att("LogBucket", "Arn")), put("LogBucket", "BucketName", "logs")],
        "wire-web-acl",
        "AclLogging",
        "Properties.LogDestinationConfigs.0",
        "WAF refuses the destination logs: its name has to begin with aws-waf-logs-",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(fault: Fault) -> None:
    only(fault)
