"""Metrics that alarms and dashboards read: their dimensions name things that exist and belong together.

A metric that nobody sends stays without data for ever, and nobody notices. The dimensions of each metric are from the
services' own lists of CloudWatch metrics; a metric that is not in the table is judged by what its dimensions name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from stackproof.cli import nearest
from stackproof.proofs import arns, shapes
from stackproof.proofs.model.placement import each, whole
from stackproof.proofs.values import Sym, Text, Unknown, Value, at, join, show
from stackproof.proofs.verdicts import Finding, broken, proved
from stackproof.proofs.wiring.balancers import balancer_of, forwarders
from stackproof.proofs.wiring.common import called, find, same, unclear
from stackproof.proofs.wiring.metric_names import FAMILIES, KNOWN
from stackproof.proofs.wiring.scaling import in_cluster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.wiring.common import Findings

Answer: TypeAlias = "tuple[Resource | None, Finding | None]"
"""What a dimension names, or what is wrong with it; neither where it is not judged."""
_SILENT: Final = "the metric stays without data"

_NODE: Final = re.compile(r"(.*?)(?:-\d{4})?-\d{3}")
"""A node's name: the replication group's, the shard's number where it has shards, the node's."""
_V2: Final = "AWS::ElasticLoadBalancingV2::"


@dataclass(frozen=True)
class Dimension:
    """What a dimension names: the type, and whether by name, id or full name."""

    type: str
    meaning: str
    attribute: str = "Ref"


DIMENSIONS: Final[Mapping[tuple[str, str], Dimension]] = {
    ("AWS/ECS", "ClusterName"): Dimension("AWS::ECS::Cluster", shapes.NAME),
    ("AWS/ECS", "ServiceName"): Dimension("AWS::ECS::Service", shapes.NAME, "Name"),
    ("ECS/ContainerInsights", "ClusterName"): Dimension("AWS::ECS::Cluster", shapes.NAME),
    ("ECS/ContainerInsights", "ServiceName"): Dimension("AWS::ECS::Service", shapes.NAME, "Name"),
    ("AWS/ApplicationELB", "LoadBalancer"): Dimension(_V2 + "LoadBalancer", shapes.FULL_NAME, "LoadBalancerFullName"),
    ("AWS/ApplicationELB", "TargetGroup"): Dimension(_V2 + "TargetGroup", shapes.FULL_NAME, "TargetGroupFullName"),
    ("AWS/NetworkELB", "LoadBalancer"): Dimension(_V2 + "LoadBalancer", shapes.FULL_NAME, "LoadBalancerFullName"),
    ("AWS/NetworkELB", "TargetGroup"): Dimension(_V2 + "TargetGroup", shapes.FULL_NAME, "TargetGroupFullName"),
    ("AWS/EFS", "FileSystemId"): Dimension("AWS::EFS::FileSystem", shapes.ID),
    ("AWS/NATGateway", "NatGatewayId"): Dimension("AWS::EC2::NatGateway", shapes.ID),
    ("AWS/RDS", "DBInstanceIdentifier"): Dimension("AWS::RDS::DBInstance", shapes.NAME),
    ("AWS/RDS", "DBClusterIdentifier"): Dimension("AWS::RDS::DBCluster", shapes.NAME),
    ("AWS/RDS", "ProxyName"): Dimension("AWS::RDS::DBProxy", shapes.NAME),
    ("AWS/CertificateManager", "CertificateArn"): Dimension("AWS::CertificateManager::Certificate", shapes.ARN),
    ("AWS/Events", "RuleName"): Dimension("AWS::Events::Rule", shapes.NAME),
    ("AWS/Lambda", "FunctionName"): Dimension("AWS::Lambda::Function", shapes.NAME),
    ("AWS/SQS", "QueueName"): Dimension("AWS::SQS::Queue", shapes.NAME, "QueueName"),
    ("AWS/SNS", "TopicName"): Dimension("AWS::SNS::Topic", shapes.NAME, "TopicName"),
    ("AWS/DynamoDB", "TableName"): Dimension("AWS::DynamoDB::Table", shapes.NAME),
    ("AWS/Logs", "LogGroupName"): Dimension("AWS::Logs::LogGroup", shapes.NAME),
    ("AWS/Backup", "BackupVaultName"): Dimension("AWS::Backup::BackupVault", shapes.NAME),
    ("AWS/EC2", "InstanceId"): Dimension("AWS::EC2::Instance", shapes.ID),
    ("AWS/States", "StateMachineArn"): Dimension("AWS::StepFunctions::StateMachine", shapes.ARN),
}
WORDS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("AWS/RDS", "Role"): ("READER", "WRITER"),
    ("AWS/RDS", "TargetGroup"): ("default",),
    ("AWS/RDS", "TargetRole"): ("READ_ONLY", "READ_WRITE"),
}
"""Dimensions that take one of a few words. A database proxy has one target group, which is called default."""

_BALANCED: Final = frozenset(
    {
        "ActiveConnectionCount",
        "ClientTLSNegotiationErrorCount",
        "HTTPCode_ELB_3XX_Count",
        "HTTPCode_ELB_4XX_Count",
        "HTTPCode_ELB_5XX_Count",
        "HTTPCode_Target_2XX_Count",
        "HTTPCode_Target_3XX_Count",
        "HTTPCode_Target_4XX_Count",
        "HTTPCode_Target_5XX_Count",
        "NewConnectionCount",
        "ProcessedBytes",
        "RejectedConnectionCount",
        "RequestCount",
        "TargetConnectionErrorCount",
        "TargetResponseTime",
    }
)
NEEDS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "AWS/ApplicationELB": {
        **dict.fromkeys(_BALANCED, ("LoadBalancer",)),
        "HealthyHostCount": ("LoadBalancer", "TargetGroup"),
        "UnHealthyHostCount": ("LoadBalancer", "TargetGroup"),
    },
    "AWS/NetworkELB": {
        "HealthyHostCount": ("LoadBalancer", "TargetGroup"),
        "UnHealthyHostCount": ("LoadBalancer", "TargetGroup"),
    },
    "AWS/ECS": {"CPUUtilization": ("ClusterName",), "MemoryUtilization": ("ClusterName",)},
    "AWS/EFS": dict.fromkeys(
        ("BurstCreditBalance", "ClientConnections", "PercentIOLimit", "PermittedThroughput", "StorageBytes"),
        ("FileSystemId",),
    ),
    "AWS/NATGateway": dict.fromkeys(
        ("ErrorPortAllocation", "PacketsDropCount", "ActiveConnectionCount"), ("NatGatewayId",)
    ),
    "AWS/Events": dict.fromkeys(("FailedInvocations", "Invocations", "TriggeredRules"), ("RuleName",)),
    "AWS/RDS": {
        "AvailabilityPercentage": ("ProxyName", "TargetGroup", "TargetRole"),
        **dict.fromkeys(
            (
                "ClientConnections",
                "DatabaseConnectionsBorrowLatency",
                "DatabaseConnectionsCurrentlyBorrowed",
                "DatabaseConnectionsCurrentlySessionPinned",
                "MaxDatabaseConnectionsAllowed",
            ),
            ("ProxyName",),
        ),
    },
    "AWS/SQS": dict.fromkeys(("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"), ("QueueName",)),
}
"""Dimensions without which CloudWatch has no such metric."""


@dataclass(frozen=True)
class Metric:
    """One metric that an alarm or a dashboard reads; `dimensions` by name: the value and where it stands."""

    owner: str
    path: str
    namespace: str
    name: Value
    dimensions: Mapping[str, tuple[Value, str]]


class Judge:
    """Judges the metrics of one system under one rule id."""

    def __init__(self, system: System, rule: str) -> None:
        self.system = system
        self.rule = rule
        self.stack: Stack = system.stack
        self.doors = forwarders(system)

    def metric(self, metric: Metric) -> Findings:
        """The dimensions that the metric needs are there, name existing things, and belong together."""
        answers = {name: self._dimension(metric, name) for name in metric.dimensions}
        things = {name: thing for name, (thing, _) in answers.items() if thing is not None}
        wrong = [fault for _, fault in answers.values() if fault is not None]
        faults = [
            *self._missing(metric),
            *self._spelt(metric),
            *wrong,
            *(() if wrong else self._together(metric, things)),
        ]
        yield from faults
        if things and not faults:
            names = ", ".join(found.logical_id for found in things.values())
            yield proved(self.rule, metric.owner, metric.path, f"{show(metric.name)} of {names}")

    def _broken(self, metric: Metric, path: str, told: str, fix: str) -> Finding:
        return broken(self.rule, metric.owner, path, f"{told}: {_SILENT}.", fix)

    def _missing(self, metric: Metric) -> Findings:
        """Dimensions without which CloudWatch has no such metric."""
        needs = NEEDS.get(metric.namespace, {}).get(metric.name, ()) if isinstance(metric.name, str) else ()
        missing = [name for name in needs if name not in metric.dimensions]
        if missing:
            told = f"{metric.namespace} has no metric {show(metric.name)} without {' and '.join(missing)}"
            yield self._broken(metric, metric.path, told, f"Add {' and '.join(missing)} to its dimensions.")

    def _spelt(self, metric: Metric) -> Findings:
        """A name that is on no list of the namespace's metrics."""
        known = KNOWN.get(metric.namespace)
        if known is None or not isinstance(metric.name, str) or metric.name in known:
            return
        if not metric.name.startswith(FAMILIES.get(metric.namespace, ())):
            question = f"{metric.namespace} has a metric {metric.name}"
            reason = f"none is listed{nearest(metric.name, known).removesuffix('?')}"
            fix = "Correct the name, or declare with a reason that AWS has it by now."
            yield unclear(self.rule, metric.owner, f"{metric.path}.MetricName", question, reason, fix=fix)

    def _dimension(self, metric: Metric, name: str) -> Answer:
        """The thing that a dimension names."""
        value, path = metric.dimensions[name]
        if (metric.namespace, name) == ("AWS/ElastiCache", "CacheClusterId"):
            return self._node(metric, value, path)
        if (metric.namespace, name) == ("AWS/WAFV2", "WebACL"):
            return self._web_acl(metric, value, path)
        wanted = DIMENSIONS.get((metric.namespace, name))
        if wanted is None:
            return None, self._word(metric, name)
        target = self.stack.target(value)
        if target is None or not isinstance(value, Sym):
            return self._text(metric, name, wanted)
        meant = shapes.meaning(target.type, value.attribute)
        if meant == shapes.OTHER or (target.type, meant) == (wanted.type, wanted.meaning):
            return target if target.type == wanted.type else None, None
        told = (
            f"{name} is the {wanted.meaning} of {wanted.type}, while {show(value)} is the {meant} of"
            f" {target.logical_id} ({target.type})"
        )
        return None, self._broken(metric, path, told, _spelled(wanted))

    def _word(self, metric: Metric, name: str) -> Finding | None:
        """A dimension that takes one of a few words."""
        value, path = metric.dimensions[name]
        words = WORDS.get((metric.namespace, name))
        if words is None or not isinstance(value, str) or value in words:
            return None
        question, reason = f"{metric.namespace} has a metric with {name} {value}", f"listed: {', '.join(words)}"
        return unclear(self.rule, metric.owner, path, question, reason, fix=f"Write {' or '.join(words)}.")

    def _text(self, metric: Metric, name: str, wanted: Dimension) -> Answer:
        """A dimension given as text: the name of a thing of the template, or of one that nobody can see."""
        value, path = metric.dimensions[name]
        answers = [(found, self._named(value, found, wanted)) for found in self.stack.of_type(wanted.type)]
        match = next((found for found, answer in answers if answer is True), None)
        text = show(value)
        if match is not None or not isinstance(value, str | Text | Unknown):
            return match, None
        if (wrong := _kind(text, name, wanted)) and not isinstance(value, Unknown):
            told = f"{name} is the {wanted.meaning} of {wanted.type}, while {text} is {wrong}"
            return None, self._broken(metric, path, told, _spelled(wanted))
        inside = metric.dimensions.get("ClusterName", (None, ""))[0]
        own = find(self.stack, inside, "AWS::ECS::Cluster")
        if name == "ServiceName" and own is not None and all(answer is False for _, answer in answers):
            told = f"The cluster {own.logical_id} of this template has no service called {text}"
            return None, self._broken(metric, path, told, _spelled(wanted))
        if not answers:
            return None, None
        return None, self._nobody(metric, name, f"the template has no {wanted.type} of this name")

    def _named(self, value: Value, resource: Resource, wanted: Dimension) -> bool | None:
        """Is a text the name of a resource, as the dimension wants it?"""
        if wanted.meaning in {shapes.ARN, shapes.FULL_NAME}:
            return same(self.stack, value, Sym(resource.logical_id, wanted.attribute))
        return called(self.stack, value, resource)

    def _web_acl(self, metric: Metric, value: Value, path: str) -> Answer:
        """A web ACL by the name that its VisibilityConfig gives to its metrics; a regional one beside its region."""
        acls = list(self.stack.of_type("AWS::WAFv2::WebACL"))
        names = {acl.logical_id: at(acl.properties, "VisibilityConfig", "MetricName") for acl in acls}
        target = self.stack.target(value)
        if target is not None and target.logical_id in names:
            told = f"WebACL is the MetricName of its VisibilityConfig, while {show(value)} is another name of it"
            fix = f"Write {show(names[target.logical_id])}."
            return None, self._broken(metric, path, told, fix)
        acl = next((acl for acl in acls if same(self.stack, value, names[acl.logical_id]) is True), None)
        if acl is None and acls and isinstance(value, str | Text | Unknown):
            return None, self._nobody(metric, "WebACL", "no VisibilityConfig of a web ACL here says this MetricName")
        wanted = () if acl is None else ("Rule",) if acl.properties.get("Scope") == "CLOUDFRONT" else ("Rule", "Region")
        missing = " and ".join(name for name in wanted if name not in metric.dimensions)
        if missing:
            told = f"AWS/WAFV2 has no metric {show(metric.name)} of a web ACL without {missing}"
            return None, self._broken(metric, metric.path, told, f"Add {missing} to its dimensions.")
        return (None, wrong) if acl is not None and (wrong := self._counted(metric, acl)) else (acl, None)

    def _counted(self, metric: Metric, acl: Resource) -> Finding | None:
        """The region of a web ACL, and a rule of it (by its own MetricName) or all of them together."""
        region, path = metric.dimensions.get("Region", (None, ""))
        if region is not None and same(self.stack, region, self.stack.region) is False:
            told = f"{acl.logical_id} counts in {show(self.stack.region)}, and not in {show(region)}"
            return self._broken(metric, path, told, "Write the region of the web ACL.")
        rules = {at(rule, "VisibilityConfig", "MetricName") for rule in each(acl.properties.get("Rules"))}
        rule = metric.dimensions["Rule"][0]
        if (
            not isinstance(rule, str)
            or rule == "ALL"
            or any(same(self.stack, rule, known) is not False for known in rules)
        ):
            return None
        return self._nobody(
            metric, "Rule", f"no rule of {acl.logical_id} says this MetricName, and all together are ALL"
        )

    def _nobody(self, metric: Metric, name: str, reason: str) -> Finding:
        """Unknown: nothing in the template is called like this."""
        value, path = metric.dimensions[name]
        return unclear(self.rule, metric.owner, path, f"{name} {show(value)} exists", reason)

    def _node(self, metric: Metric, value: Value, path: str) -> Answer:
        """A node of a replication group: the group's id with `-001` and so on behind it, to as many as it has."""
        head, *tail = value.parts if isinstance(value, Text) else (value,)
        group = self.stack.target(head)
        if group is None and isinstance(value, str | Text | Unknown):
            return self._named_node(metric, value)
        if group is None or group.type != "AWS::ElastiCache::ReplicationGroup":
            return None, None
        # Without a number of nodes the group has shards, whose nodes are called otherwise.
        nodes = whole(group.properties.get("NumCacheClusters"))
        if not tail or (nodes is not None and tail not in [[f"-{number:03d}"] for number in range(1, nodes + 1)]):
            told = f"{group.logical_id} has no node called {show(value)}"
            return None, self._broken(
                metric, path, told, f"Name one of its {nodes or ''} nodes, the first ends in -001."
            )
        return group, None

    def _named_node(self, metric: Metric, value: Value) -> Answer:
        """A node given as text, of a group or cluster that the template gives a name to."""
        caches = list(self.stack.of_type("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster"))
        parts = value.parts if isinstance(value, Text) else (value,)
        numbered = _NODE.fullmatch(parts[-1]) if isinstance(parts[-1], str) else None
        group = join(*parts[:-1], numbered[1]) if numbered else None
        for cache in caches:
            wanted = value if cache.type == "AWS::ElastiCache::CacheCluster" else group
            if wanted is not None and same(self.stack, wanted, arns.name(cache)) is not False:
                return cache, None
        reason = "no cache of the template has a node of this name"
        return None, self._nobody(metric, "CacheClusterId", reason) if caches else None

    def _together(self, metric: Metric, things: Mapping[str, Resource]) -> Findings:
        """A service and its cluster, a target group and its balancer."""
        service = things.get("ServiceName")
        if service is not None and "ClusterName" in metric.dimensions:
            cluster, path = metric.dimensions["ClusterName"]
            if in_cluster(self.stack, cluster, service.logical_id) is False:
                told = f"{service.logical_id} does not run in the cluster {show(cluster)}"
                yield self._broken(metric, path, told, "Name the service's own cluster.")
        balancer, group = things.get("LoadBalancer"), things.get("TargetGroup")
        if balancer is not None and group is not None:
            behind = {balancer_of(self.system, door) for door in self.doors.get(group.logical_id, [])}
            if behind and None not in behind and balancer.logical_id not in behind:
                told = f"{balancer.logical_id} does not forward to {group.logical_id}"
                fix = f"Name {' or '.join(sorted(map(str, behind)))}, which does."
                yield self._broken(metric, metric.dimensions["LoadBalancer"][1], told, fix)


def _kind(text: str, name: str, wanted: Dimension) -> str:
    """What a text is that cannot be what a dimension wants; empty where it may be."""
    if wanted.meaning == shapes.ARN:
        return "" if text.startswith(("arn:", "$")) else "none"
    if text.startswith("arn:"):
        return "an ARN"
    return (
        "a part of its ARN with loadbalancer/ in front"
        if text.startswith("loadbalancer/") and name == "LoadBalancer"
        else ""
    )


def _spelled(wanted: Dimension) -> str:
    how = "Ref" if wanted.attribute == "Ref" else f"GetAtt {wanted.attribute}"
    return f"Give the {wanted.meaning} of {wanted.type}, by {how}."
