"""Database proxy, by parameter: it pools connections, and keeps them through a failover of our own database.

Tasks then know the proxy's name as the database's host; all else in the secret stays as it is. It listens on the
engine's usual port, whatever the cluster does. It holds a connection open at all times, so that a database behind it
never sleeps. It stands in the first two data subnets: its subnets cannot change without a new proxy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import And, Condition, Equals, FindInMap, GetAtt, If, Not, NoValue, Or, Ref, Sub
from troposphere.rds import AuthFormat, ConnectionPoolConfigurationInfoFormat, DBProxy, DBProxyTargetGroup

from templates.interface import YES_NO, condition, output, parameter, rule
from templates.own_database_parameters import GROUP
from templates.policies import add_policy, add_role, assume_role, decrypt_secret, read_secret
from templates.security_groups import Endpoint, connect, group_id, security_group

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Template

    from templates.network import Network
    from templates.own_database import OwnDatabase
    from templates.tags import Environment

TARGET_GROUP = "default"
"""There is no other."""
PORTS = {"postgresql": "5432", "mysql": "3306"}


@dataclass(frozen=True)
class Proxy:
    """What the rest of the template may know about the proxy.

    Attributes:
        exists: name of the condition under which it exists.
        name: its name.
        target_group: name of the one group of databases behind it.
        endpoint: security group and port that connect() opens.
        host: DNS name.
        ready: what a first task must wait for, to be referred to.
    """

    exists: str
    name: AWSHelperFn
    target_group: str
    endpoint: Endpoint
    host: AWSHelperFn
    ready: list[AWSHelperFn]


def add_database_proxy(t: Template, *, environment: Environment, network: Network, database: OwnDatabase) -> Proxy:
    """Add the proxy in front of our own database."""
    port = database.endpoint.port
    exists = _add_parameter(t, database)
    guard = security_group(
        t, "DatabaseProxySecurityGroup", description="Database proxy", vpc=network.vpc, condition=exists
    )
    rules = connect(t, guard, database.endpoint.server, port, "Proxy to the database", condition=exists)
    role = add_role(t, "DatabaseProxyRole", assume_role("rds", says_for_whom=False), exists=exists)
    policy = add_policy(
        t, "DatabaseProxyPolicy", role, read_secret(database.secret.arn), decrypt_secret(database.secret.key_arn)
    )
    proxy = t.add_resource(
        DBProxy(
            "DatabaseConnectionProxy",
            Condition=exists,
            # With the engine in it, since a proxy cannot change its own; the name must be given.
            DBProxyName=Sub(f"lms-${{{database.engine.title}}}-${{{environment.suffix.title}}}"),
            EngineFamily=FindInMap("DatabaseEngines", Ref(database.engine), "ProxyFamily"),
            Auth=[AuthFormat(AuthScheme="SECRETS", IAMAuth="DISABLED", SecretArn=database.secret.arn)],
            RequireTLS=True,
            RoleArn=GetAtt(role, "Arn"),
            VpcSubnetIds=network.data_subnets[:2],
            VpcSecurityGroupIds=[group_id(guard)],
            DependsOn=[policy],
        )
    )
    targets = t.add_resource(
        DBProxyTargetGroup(
            "DatabaseProxyTargets",
            Condition=exists,
            DBProxyName=Ref(proxy),
            TargetGroupName=TARGET_GROUP,
            DBClusterIdentifiers=[database.cluster],
            ConnectionPoolConfigurationInfo=ConnectionPoolConfigurationInfoFormat(
                # A tenth is left for whoever repairs something by hand.
                MaxConnectionsPercent=90,
                MaxIdleConnectionsPercent=50,
                ConnectionBorrowTimeout=30,
            ),
            # A cluster without an instance is no target.
            Metadata={"WaitsFor": database.ready},
        )
    )
    host = GetAtt(proxy, "Endpoint")
    output(t, "DatabaseProxyEndpoint", host, "Host name of the database proxy", condition=exists)
    ready: list[AWSHelperFn] = [If(exists, Ref(waited), NoValue) for waited in (targets, *rules)]
    return Proxy(exists, Ref(proxy), TARGET_GROUP, Endpoint(guard, port), host, ready)


def _add_parameter(t: Template, database: OwnDatabase) -> str:
    """Add the parameter with the rule that says what does not go with it, and return the condition."""
    asked = parameter(
        t,
        "DatabaseProxy",
        group=GROUP,
        label="Proxy for connections",
        description="yes: RDS Proxy between tasks and database, for applications that open many connections. It never "
        "lets the database sleep, and listens on 5432 or 3306 only. no: tasks connect to the database themselves.",
        default="no",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    usual = [
        And(Equals(Ref(database.engine), engine), Equals(Ref("DatabasePort"), port)) for engine, port in PORTS.items()
    ]
    ours = (
        "DatabaseSecretArn names an existing database: a proxy is made for this stack's own database only. Choose no, "
        "or leave the secret blank."
    )
    awake = "DatabaseMinimumCapacity is 0: a proxy never lets a database sleep. Give at least 0.5."
    listens = (
        "DatabasePort is not the engine's usual one, and a proxy listens on no other. Give 5432 for postgresql, 3306 "
        "for mysql."
    )
    rule(
        t,
        "DatabaseProxyFits",
        when=Equals(Ref(asked), "yes"),
        assertions=[
            (fits, f"DatabaseProxy is yes, but {sentence}")
            for fits, sentence in (
                (Equals(Ref("DatabaseSecretArn"), ""), ours),
                (Not(Equals(Ref("DatabaseMinimumCapacity"), "0")), awake),
                (Or(*usual), listens),
            )
        ],
    )
    return condition(t, "HasDatabaseProxy", And(Condition(database.exists), Equals(Ref(asked), "yes")))
