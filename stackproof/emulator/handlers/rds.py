"""RDS: what a cluster says of itself, restoring a snapshot, one writer, deletion protection, and database proxies.

A new password takes a second, in which the cluster is not available.
"""

from __future__ import annotations

import time
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import new_uuid
from ministack.services import rds
from ministack.services.cloudformation import provisioners

from stackproof.emulator.handler import Created, Handler, Properties, add, after, call
from stackproof.emulator.wire import as_query, with_api_types

_CLUSTER = "AWS::RDS::DBCluster"
_INSTANCE = "AWS::RDS::DBInstance"
_SHOWN = (
    "DatabaseInsightsMode",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "PerformanceInsightsEnabled",
    "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod",
)
"""What is told of clusters and instances alike, by the API's names."""
_render_cluster, _render_instance = rds._cluster_xml, rds._instance_xml
_change_password = rds._apply_cluster_master_password_change
_RESETTING = "resetting-master-credentials"
_RESET_SECONDS = 1


def _cluster(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """Keep what the template says and ministack leaves out."""
    cluster = rds._clusters[physical_id]
    typed = with_api_types("rds", "CreateDBClusterMessage", properties)
    cluster.update(
        KmsKeyId=typed.get("KmsKeyId", ""),
        TagList=list(typed.get("Tags", [])),
        DBClusterParameterGroup=typed.get("DBClusterParameterGroupName", ""),
        DatabaseName=typed.get("DatabaseName", ""),
        Exports=typed.get("EnableCloudwatchLogsExports", []),
        Told=_told(typed),
    )
    # DeletionPolicy copies these into the final snapshot.
    rds._tags[cluster["DBClusterArn"]] = cluster["TagList"]


def _told(properties: Properties) -> dict[str, Any]:
    by_name = {name.lower(): value for name, value in properties.items()}
    # CreateDBCluster and CreateDBInstance say EnablePerformanceInsights where their answers do not.
    by_name.setdefault("performanceinsightsenabled", by_name.get("enableperformanceinsights"))
    return {name: by_name[name.lower()] for name in _SHOWN if by_name.get(name.lower()) is not None}


def _reset_password(cluster: dict[str, Any], password: str) -> None:
    """A new password, which AWS sets after it has answered."""
    _change_password(cluster, password)
    cluster.update(Status=_RESETTING, ResetAt=time.monotonic() + _RESET_SECONDS)


def _with_more(cluster: dict[str, Any]) -> str:
    if cluster["Status"] == _RESETTING and time.monotonic() > cluster["ResetAt"]:
        cluster["Status"] = "available"
    exports = "".join(f"<member>{escape(name)}</member>" for name in cluster.get("Exports", []))
    more = f"<EnabledCloudwatchLogsExports>{exports}</EnabledCloudwatchLogsExports>"
    return str(_render_cluster(cluster)) + more + _elements(cluster.get("Told", {}))


def _with_settings(instance: dict[str, Any]) -> str:
    rendered = str(_render_instance(instance))
    told = {name: value for name, value in instance.get("Told", {}).items() if f"<{name}>" not in rendered}
    return rendered + _elements(told)


def _elements(values: dict[str, Any]) -> str:
    """Values as XML elements, in the types' own spelling."""
    return "".join(
        f"<{name}>{str(value).lower() if isinstance(value, bool) else escape(str(value))}</{name}>"
        for name, value in values.items()
    )


def _restored(properties: Properties) -> Properties:
    """A cluster that begins from a snapshot has the snapshot's user."""
    if not properties.get("SnapshotIdentifier"):
        return properties
    return {**properties, "MasterUsername": _snapshot(properties["SnapshotIdentifier"])["MasterUsername"]}


def _snapshot(identifier: str) -> dict[str, Any]:
    """A cluster snapshot, by its name or its ARN."""
    found: list[dict[str, Any]] = [
        snapshot
        for snapshot in rds._db_cluster_snapshots.values()
        if identifier in {snapshot["DBClusterSnapshotIdentifier"], snapshot["DBClusterSnapshotArn"]}
    ]
    if not found:
        raise ValueError(f"DBClusterSnapshot not found: {identifier}")
    return found[0]


def _instance(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """An instance of a cluster is as the cluster is; the first one writes."""
    instance = rds._instances[physical_id]
    typed = with_api_types("rds", "CreateDBInstanceMessage", properties)
    told = _told(typed)
    instance.update(told, Told=told)
    cluster = rds._clusters.get(properties.get("DBClusterIdentifier"))
    if cluster is None:
        return
    instance.update(StorageEncrypted=cluster["StorageEncrypted"], KmsKeyId=cluster.get("KmsKeyId", ""))
    instance["Endpoint"]["Port"] = cluster["Port"]
    attributes["Endpoint.Port"] = str(cluster["Port"])
    for number, member in enumerate(cluster["DBClusterMembers"]):
        member["IsClusterWriter"] = number == 0


class Proxy(Handler):
    """AWS::RDS::DBProxy; Ref is its name."""

    type_name = "AWS::RDS::DBProxy"
    tags = ("Tags", "list")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        call(rds._create_db_proxy, as_query(properties))
        return self._created(properties["DBProxyName"])

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        changed = {**new, "SecurityGroups": new.get("VpcSecurityGroupIds", [])}
        call(rds._modify_db_proxy, as_query(changed))
        return self._created(physical_id)

    def delete(self, physical_id: str, properties: Properties) -> None:
        rds._delete_db_proxy({"DBProxyName": physical_id})

    @staticmethod
    def _created(name: str) -> Created:
        proxy = rds._db_proxies[name]
        return name, {"DBProxyArn": proxy["DBProxyArn"], "Endpoint": proxy["Endpoint"], "VpcId": proxy["VpcId"]}


class ProxyTargetGroup(Handler):
    """AWS::RDS::DBProxyTargetGroup: the one group that a proxy has, with the databases behind it."""

    type_name = "AWS::RDS::DBProxyTargetGroup"

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        self._set_pool(properties)
        call(rds._register_db_proxy_targets, as_query(properties))
        return self._created(properties)

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        self._set_pool(new)
        rds._deregister_db_proxy_targets(as_query(old))
        call(rds._register_db_proxy_targets, as_query(new))
        return self._created(new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        rds._deregister_db_proxy_targets(as_query(properties))

    @staticmethod
    def _set_pool(properties: Properties) -> None:
        pool = {"ConnectionPoolConfig": properties.get("ConnectionPoolConfigurationInfo", {})}
        names = {name: properties[name] for name in ("DBProxyName", "TargetGroupName")}
        call(rds._modify_db_proxy_target_group, as_query({**names, **pool}))

    @staticmethod
    def _created(properties: Properties) -> Created:
        arn = rds._db_proxies[properties["DBProxyName"]]["TargetGroup"]["TargetGroupArn"]
        return arn, {"TargetGroupArn": arn}


def install() -> None:
    """Complete the types, and add those of proxies."""
    after(_CLUSTER, _cluster)
    after(_INSTANCE, _instance)
    table = provisioners._RESOURCE_HANDLERS[_CLUSTER]
    create, delete = table["create"], table["delete"]

    def create_cluster(logical_id: str, properties: Properties, stack_name: str) -> Created:
        if not provisioners._NAME_SEED.get():
            # A name that is generated is never the same again: the last cluster's log groups may still be there.
            provisioners._NAME_SEED.set(new_uuid()[:8])
        created: Created = create(logical_id, _restored(properties), stack_name)
        return created

    def delete_cluster(physical_id: str, properties: Properties) -> None:
        if (rds._clusters.get(physical_id) or {}).get("DeletionProtection"):
            raise ValueError("Cannot delete protected Cluster, please disable deletion protection and try again.")
        delete(physical_id, properties)

    table.update(create=create_cluster, delete=delete_cluster)
    provisioners._STACK_TAG_PROPERTY[_CLUSTER] = ("Tags", "list")
    rds._cluster_xml, rds._instance_xml = _with_more, _with_settings
    rds._apply_cluster_master_password_change = _reset_password
    add(Proxy())
    add(ProxyTargetGroup())
