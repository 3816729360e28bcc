"""Database: one that exists already. The platform is told which secret opens it, and where it lives.

Host, port, name, user and password are keys of one JSON secret and reach the container by reference only. RDS's own
managed secret holds no more than user and password: then the other three keys are left blank, and application.toml
gives the application its host, port and name in another way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import And, Condition, Equals, Not, Ref, Sub
from troposphere.ec2 import Route

from templates import arns
from templates.interface import condition, parameter, rule
from templates.parts import part
from templates.policies import OnlyIf, decrypt_secret, read_secret
from templates.security_groups import Cidr, Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awacs.aws import Statement
    from troposphere import AWSHelperFn, Parameter, Template

    from templates.network import Network

GROUP = "Database"


@dataclass(frozen=True)
class SecretKey:
    """One key of the database's secret: where a container finds it, and the condition under which it exists."""

    value_from: AWSHelperFn
    condition: str | None


@dataclass(frozen=True)
class Database:
    """What the rest of the template may know about the database.

    Attributes:
        endpoint: the network where it lives, and its TCP port.
        secret_keys: host, port, name, user, password.
        permissions: what a role needs to read exactly this secret.
    """

    endpoint: Endpoint
    secret_keys: Mapping[str, SecretKey]
    permissions: tuple[Statement, ...]


@part("database")
def add_database(t: Template, *, network: Network) -> Database:
    """Add what is needed to reach an existing database: parameters, and routes over a peering connection."""
    secret = _add_secret_parameters(t)
    cidr, port = _add_address_parameters(t)
    _add_peering(t, network=network, cidr=cidr)
    keys = {
        part: _secret_key(t, secret, part=part, label=label, default=default, optional=optional)
        for part, label, default, optional in (
            ("Host", "host name", "host", True),
            ("Port", "port", "port", True),
            ("Name", "database name", "dbname", True),
            ("User", "user", "username", False),
            ("Password", "password", "password", False),
        )
    }
    return Database(
        endpoint=Endpoint(Cidr("Database", Ref(cidr)), port),
        secret_keys={part.lower(): key for part, key in keys.items()},
        permissions=(
            read_secret(Ref(secret)),
            OnlyIf("HasDatabaseSecretKey", decrypt_secret(Ref("DatabaseSecretKeyArn"))),
        ),
    )


def _add_secret_parameters(t: Template) -> Parameter:
    secret = parameter(
        t,
        "DatabaseSecretArn",
        group=GROUP,
        label="Secret with the database's credentials",
        description="Full ARN of a Secrets Manager secret in this region: a JSON object with host, port, dbname, "
        "username and password. Required.",
        # A blank one passes here, so that the rule below can say more than a pattern can.
        pattern=arns.SECRET.or_blank,
        constraint=f"{arns.SECRET.sentence}.",
    )
    blank = (
        "DatabaseSecretArn is blank, and this platform makes no database of its own yet. Put host, port, dbname, "
        "username and password of an existing database into a secret, and give its ARN."
    )
    rule(t, "DatabaseIsGiven", assertions=[(Not(Equals(Ref(secret), "")), blank)])
    key = parameter(
        t,
        "DatabaseSecretKeyArn",
        group=GROUP,
        label="Key of that secret",
        description="ARN of the customer KMS key that encrypts the secret; the tasks' execution role may then decrypt "
        "with it. Blank: the secret is under AWS's own key (aws/secretsmanager).",
        default="",
        pattern=arns.KEY.or_blank,
        constraint=f"{arns.KEY.sentence}, or blank.",
    )
    condition(t, "HasDatabaseSecretKey", Not(Equals(Ref(key), "")))
    return secret


def _secret_key(t: Template, secret: Parameter, *, part: str, label: str, default: str, optional: bool) -> SecretKey:
    blank = f" Blank: the secret has no {label}, and the application gets none from it." if optional else ""
    name = parameter(
        t,
        f"Database{part}Key",
        group=GROUP,
        label=f"Name of the {label} in the secret",
        description=f"JSON key of the secret that holds the {label}; the default is what RDS writes.{blank}",
        default=default,
        pattern=r"^[A-Za-z0-9/_+=.@-]{0,128}$" if optional else r"^[A-Za-z0-9/_+=.@-]{1,128}$",
        constraint="Letters, digits and / _ + = . @ -, at most 128; no colon."
        + (" Blank if the secret has none." if optional else ""),
    )
    exists = condition(t, f"HasDatabase{part}Key", Not(Equals(Ref(name), ""))) if optional else None
    return SecretKey(Sub(f"${{{secret.title}}}:${{{name.title}}}::"), exists)


def _add_address_parameters(t: Template) -> tuple[Parameter, Parameter]:
    cidr = parameter(
        t,
        "DatabaseCidr",
        group=GROUP,
        label="Network of the database",
        description="IPv4 range in which the database's addresses lie; the tasks may reach its port there and nowhere "
        "else. The default is the range of an account's default VPC. It must not overlap this platform's own range.",
        default="172.31.0.0/16",
        pattern=r"^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])/(1[6-9]|2[0-9]|3[0-2])$",
        constraint="An IPv4 range from /16 to /32, such as 172.31.0.0/16 or 10.20.4.17/32.",
    )
    port = parameter(
        t,
        "DatabasePort",
        group=GROUP,
        label="Database port",
        description="TCP port of the database: 5432 for PostgreSQL, 3306 for MySQL and MariaDB. It is the only one "
        "that the tasks may reach there.",
        type="Number",
        default=5432,
        min_value=1,
        max_value=65535,
        constraint="A TCP port, 1 to 65535.",
    )
    return cidr, port


def _add_peering(t: Template, *, network: Network, cidr: Parameter) -> None:
    """Routes to the database's network in every private table; the way back is the other network's owner's."""
    peering = parameter(
        t,
        "DatabasePeeringConnectionId",
        group=GROUP,
        label="Peering connection to the database",
        description="Id of an accepted VPC peering connection between this platform's VPC and the database's. It can "
        "be made only after the first create, so give it with an update; the other side needs a route back and "
        "a security group rule. Blank: no route of this template leads to the database.",
        default="",
        pattern=r"^$|^pcx-[0-9a-f]{8,17}$",
        constraint="The id of a peering connection, such as pcx-0123456789abcdef0, or blank.",
    )
    peered = condition(t, "HasDatabasePeering", Not(Equals(Ref(peering), "")))
    in_third_zone = condition(t, "HasDatabasePeeringInThirdZone", And(Condition(peered), Condition(network.third_zone)))
    for number, table in enumerate(network.private_route_tables, start=1):
        t.add_resource(
            Route(
                f"DatabaseRoute{number}",
                Condition=in_third_zone if number == 3 else peered,
                RouteTableId=table,
                DestinationCidrBlock=Ref(cidr),
                VpcPeeringConnectionId=Ref(peering),
            )
        )
