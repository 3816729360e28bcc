"""Database of our own, where no existing one is given: Aurora Serverless v2, PostgreSQL or MySQL.

Writer and reader stand in two zones and fail over to each other. Its credentials are generated, and attached to the
cluster, so that the secret has the same keys as that of an existing database: host, port, dbname, username, password.
The password rotates by parameter only (rotation.py): ECS hands secrets over when a task starts, and a rotated one stops
every new connection of the tasks that run until others have taken their place.

The cluster's name is generated, so that a restore can put a new one in its place. RDS names its log groups after the
cluster: they are made between the cluster and its first instance, which is the first that writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import punctuation
from typing import TYPE_CHECKING

from troposphere import And, Condition, Equals, FindInMap, GetAtt, If, Not, NoValue, Ref, Sub
from troposphere.logs import LogGroup
from troposphere.rds import (
    DBCluster,
    DBClusterParameterGroup,
    DBInstance,
    DBSubnetGroup,
    ServerlessV2ScalingConfiguration,
)
from troposphere.secretsmanager import GenerateSecretString, SecretTargetAttachment
from troposphere.secretsmanager import Secret as GeneratedSecret

from templates.interface import condition, output
from templates.keys import DATABASE_LOG_PREFIX, Key, Secret, add_key
from templates.logs import retention_days
from templates.own_database_parameters import add_own_database_parameters
from templates.policies import add_policy, add_role, allow, assume_role, key_policy
from templates.security_groups import Endpoint, group_id, security_group

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Parameter, Tags, Template

    from templates.network import Network
    from templates.own_database_parameters import OwnDatabaseParameters

HAS_SNAPSHOT = "RestoresDatabase"
HAS_READER = "HasDatabaseReader"
IS_MYSQL = "DatabaseIsMySql"
HAS_MYSQL = "HasOwnMySql"
INSIGHTS = "HasAdvancedDatabaseInsights"

ENGINES = {
    "postgresql": {
        "Engine": "aurora-postgresql",
        "Version": "17.7",
        "ParameterFamily": "aurora-postgresql17",
        "ProxyFamily": "POSTGRESQL",
        "Log": "postgresql",
    },
    "mysql": {
        "Engine": "aurora-mysql",
        "Version": "8.0.mysql_aurora.3.10.3",
        "ParameterFamily": "aurora-mysql8.0",
        "ProxyFamily": "MYSQL",
        "Log": "error",
    },
}
"""What each engine is called where. The versions pause at zero, and stand behind a proxy."""

SLOW_LOG = "slowquery"
MONITORING_SECONDS = 60
OS_METRICS = "RDSOSMetrics"
"""The log group of the account that enhanced monitoring writes to; its name is RDS's own."""


@dataclass(frozen=True)
class OwnDatabase:
    """What the rest of the template may know about the stack's own database.

    Attributes:
        exists: name of the condition under which it exists.
        cluster: the cluster's name.
        arn: its ARN.
        subnet_group: the name of its subnet group.
        engine: the parameter that chooses among ENGINES.
        minimum: the parameter with the least capacity.
        maximum: the parameter with the most.
        has_reader: name of the condition under which it has a reader.
        endpoint: security group and port of the cluster.
        host: DNS name of the writer; it follows a failover.
        secret: host, port, dbname, username and password, by the names that RDS gives the keys.
        key: encrypts data, backups and insights.
        ready: what a first task must wait for, to be referred to: the writer, and the secret with all its keys.
    """

    exists: str
    cluster: AWSHelperFn
    arn: AWSHelperFn
    subnet_group: AWSHelperFn
    engine: Parameter
    minimum: Parameter
    maximum: Parameter
    has_reader: str
    endpoint: Endpoint
    host: AWSHelperFn
    secret: Secret
    key: Key
    ready: list[AWSHelperFn]


def add_own_database(
    t: Template, *, network: Network, exists: str, port: Parameter, log_key: Key, secret_key: Key, tags: Tags
) -> OwnDatabase:
    """Add the cluster with its instances, under the condition `exists`.

    Args:
        t: the template.
        network: where it stands.
        exists: name of the condition under which there is a database of our own.
        port: where it listens.
        log_key: encrypts its logs.
        secret_key: encrypts its generated secret.
        tags: by which it is backed up.
    """
    asked = add_own_database_parameters(t)
    t.add_mapping("DatabaseEngines", ENGINES)
    condition(t, HAS_SNAPSHOT, Not(Equals(Ref(asked.snapshot), "")))
    condition(t, HAS_READER, And(Condition(exists), Equals(Ref(asked.reader), "yes")))
    condition(t, IS_MYSQL, Equals(Ref(asked.engine), "mysql"))
    condition(t, HAS_MYSQL, And(Condition(exists), Condition(IS_MYSQL)))
    condition(t, INSIGHTS, Equals(Ref(asked.insights), "advanced"))

    key = add_key(t, "DatabaseKey", "Database: data, backups and insights", key_policy(), condition=exists)
    guard = security_group(
        t, "DatabaseClusterSecurityGroup", description="Database cluster", vpc=network.vpc, condition=exists
    )
    secret = _add_secret(t, asked, exists, secret_key)
    role, policy = _add_monitoring_role(t, exists)
    cluster = _add_cluster(
        t,
        asked,
        exists,
        network=network,
        port=port,
        key=key,
        guard=group_id(guard),
        role=role,
        policy=policy,
        tags=tags,
    )
    logs = _add_logs(t, asked, cluster, exists, log_key)
    first, second, _ = network.data_zones
    writer = _add_instance(t, asked, cluster, "Writer", zone=first, role=role, key=key, logs=logs, exists=exists)
    _add_instance(t, asked, cluster, "Reader", zone=second, role=role, key=key, logs=logs, exists=HAS_READER)
    attachment = t.add_resource(
        SecretTargetAttachment(
            "DatabaseSecretAttachment",
            Condition=exists,
            SecretId=secret.arn,
            TargetType=DBCluster.resource_type,
            TargetId=Ref(cluster),
        )
    )
    host = GetAtt(cluster, "Endpoint.Address")
    output(t, "DatabaseEndpoint", host, "Host name of the database's writer", condition=exists)
    output(t, "DatabaseSecretArn", secret.arn, "Secret with the database's credentials", condition=exists)
    return OwnDatabase(
        exists=exists,
        cluster=Ref(cluster),
        arn=GetAtt(cluster, "DBClusterArn"),
        subnet_group=Ref("DatabaseSubnetGroup"),
        engine=asked.engine,
        minimum=asked.minimum,
        maximum=asked.maximum,
        has_reader=HAS_READER,
        endpoint=Endpoint(guard, port),
        host=host,
        secret=secret,
        key=key,
        ready=[If(exists, Ref(waited), NoValue) for waited in (writer, attachment)],
    )


def _of_engine(asked: OwnDatabaseParameters, what: str) -> FindInMap:
    return FindInMap("DatabaseEngines", Ref(asked.engine), what)


def _add_secret(t: Template, asked: OwnDatabaseParameters, exists: str, key: Key) -> Secret:
    made = t.add_resource(
        GeneratedSecret(
            "DatabaseSecret",
            Condition=exists,
            Description="Credentials of the database; its address is added when the cluster exists",
            KmsKeyId=key.arn,
            GenerateSecretString=GenerateSecretString(
                # The name stands here as well: RDS does not always know that of a restored cluster.
                SecretStringTemplate=Sub(
                    f'{{"username": "${{{asked.user.title}}}", "dbname": "${{{asked.name.title}}}"}}'
                ),
                GenerateStringKey="password",
                # MySQL takes 41 characters at most. Letters and digits alone fit into a URL as they are.
                PasswordLength=40,
                ExcludeCharacters=punctuation,
                ExcludePunctuation=True,
            ),
        )
    )
    keys = {"host": "host", "port": "port", "name": "dbname", "user": "username", "password": "password"}
    return Secret(arn=Ref(made), keys=keys, key_arn=key.arn)


def _add_monitoring_role(t: Template, exists: str) -> tuple[AWSHelperFn, str]:
    """Add the role of enhanced monitoring: AWS's managed policy for it reaches groups of every name that starts so."""
    group = f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{OS_METRICS}"
    role = add_role(t, "DatabaseMonitoringRole", assume_role("monitoring.rds"), exists=exists)
    policy = add_policy(
        t,
        "DatabaseMonitoringPolicy",
        role,
        allow(["logs:CreateLogGroup", "logs:PutRetentionPolicy"], Sub(group)),
        allow(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"],
            Sub(f"{group}:log-stream:*"),
        ),
    )
    return GetAtt(role, "Arn"), policy


def _add_cluster(
    t: Template,
    asked: OwnDatabaseParameters,
    exists: str,
    *,
    network: Network,
    port: Parameter,
    key: Key,
    guard: AWSHelperFn,
    role: AWSHelperFn,
    policy: str,
    tags: Tags,
) -> DBCluster:
    subnets = t.add_resource(
        DBSubnetGroup(
            "DatabaseSubnetGroup",
            Condition=exists,
            DBSubnetGroupDescription="Data subnets",
            SubnetIds=network.data_subnets,
        )
    )
    parameters = t.add_resource(
        DBClusterParameterGroup(
            "DatabaseParameterGroup",
            Condition=exists,
            Description="No connection without TLS",
            Family=_of_engine(asked, "ParameterFamily"),
            Parameters=If(
                IS_MYSQL,
                {"require_secure_transport": "ON", "slow_query_log": "1"},
                {"rds.force_ssl": "1", "log_min_duration_statement": "1000"},
            ),
        )
    )
    return t.add_resource(
        DBCluster(
            "DatabaseCluster",
            Condition=exists,
            Engine=_of_engine(asked, "Engine"),
            EngineVersion=_of_engine(asked, "Version"),
            DatabaseName=Ref(asked.name),
            # A snapshot brings its own user along.
            MasterUsername=Ref(asked.user),
            MasterUserPassword=Sub("{{resolve:secretsmanager:${DatabaseSecret}:SecretString:password}}"),
            SnapshotIdentifier=If(HAS_SNAPSHOT, Ref(asked.snapshot), NoValue),
            Port=Ref(port),
            DBSubnetGroupName=Ref(subnets),
            VpcSecurityGroupIds=[guard],
            DBClusterParameterGroupName=Ref(parameters),
            ServerlessV2ScalingConfiguration=ServerlessV2ScalingConfiguration(
                MinCapacity=Ref(asked.minimum), MaxCapacity=Ref(asked.maximum)
            ),
            StorageEncrypted=True,
            KmsKeyId=key.arn,
            # Nobody gets in by it until the database itself is told of such a user.
            EnableIAMDatabaseAuthentication=True,
            BackupRetentionPeriod=Ref(asked.backup_days),
            CopyTagsToSnapshot=True,
            Tags=tags,
            DeletionProtection=If(condition(t, "ProtectsDatabase", Equals(Ref(asked.protection), "yes")), True, False),
            EnableCloudwatchLogsExports=[_of_engine(asked, "Log"), If(IS_MYSQL, SLOW_LOG, NoValue)],
            DatabaseInsightsMode=Ref(asked.insights),
            PerformanceInsightsEnabled=True,
            PerformanceInsightsKmsKeyId=key.arn,
            PerformanceInsightsRetentionPeriod=_insights_days(),
            MonitoringInterval=MONITORING_SECONDS,
            MonitoringRoleArn=role,
            DependsOn=policy,
        )
    )


def _insights_days() -> If:
    """Advanced insights keep fifteen months, and take nothing else; seven days are free."""
    return If(INSIGHTS, 465, 7)


def _add_logs(
    t: Template, asked: OwnDatabaseParameters, cluster: DBCluster, exists: str, key: Key
) -> list[AWSHelperFn]:
    """Add a log group for each log that RDS exports; without them it would make its own, which keep lines for ever."""
    kinds = (
        ("DatabaseLogGroup", exists, _of_engine(asked, "Log")),
        ("DatabaseSlowLogGroup", HAS_MYSQL, SLOW_LOG),
    )
    for logical_id, condition_name, kind in kinds:
        t.add_resource(
            LogGroup(
                logical_id,
                Condition=condition_name,
                LogGroupName=Sub(f"{DATABASE_LOG_PREFIX}/${{{cluster.title}}}/${{Log}}", Log=kind),
                KmsKeyId=key.arn,
                RetentionInDays=retention_days(t),
            )
        )
    return [If(condition_name, Ref(logical_id), NoValue) for logical_id, condition_name, _ in kinds]


def _add_instance(
    t: Template,
    asked: OwnDatabaseParameters,
    cluster: DBCluster,
    part: str,
    *,
    zone: AWSHelperFn,
    role: AWSHelperFn,
    key: Key,
    logs: list[AWSHelperFn],
    exists: str,
) -> DBInstance:
    """Add an instance in a zone; insights and monitoring must be the same as the cluster's."""
    return t.add_resource(
        DBInstance(
            f"Database{part}Instance",
            Condition=exists,
            DBClusterIdentifier=Ref(cluster),
            DBInstanceClass="db.serverless",
            Engine=_of_engine(asked, "Engine"),
            AvailabilityZone=zone,
            # Tier 0 and 1 keep the writer's capacity, so that a failover lands on an instance of the same size.
            PromotionTier=0 if part == "Writer" else 1,
            PubliclyAccessible=False,
            AutoMinorVersionUpgrade=True,
            EnablePerformanceInsights=True,
            PerformanceInsightsKMSKeyId=key.arn,
            PerformanceInsightsRetentionPeriod=_insights_days(),
            MonitoringInterval=MONITORING_SECONDS,
            MonitoringRoleArn=role,
            Metadata={"WaitsFor": logs},
        )
    )
