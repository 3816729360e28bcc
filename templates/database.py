"""Database: an existing one, whose secret is given, or one of our own (own_database.py) where none is.

Host, port, name, user and password are keys of one JSON secret in both cases and reach the container by reference only.
RDS's own managed secret holds no more than user and password: then the other three keys are left blank, and
application.toml gives the application its host, port and name in another way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import And, Condition, Equals, If, Not, Or, Ref, Sub
from troposphere.ec2 import Route

from templates import arns
from templates.database_proxy import add_database_proxy
from templates.interface import condition, parameter, rule
from templates.own_database import add_own_database
from templates.parts import part
from templates.policies import OnlyIf, decrypt_secret, read_secret
from templates.security_groups import Cidr, Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awacs.aws import Statement
    from troposphere import AWSHelperFn, Parameter, Tags, Template

    from templates.database_proxy import Proxy
    from templates.keys import Key
    from templates.network import Network
    from templates.own_database import OwnDatabase
    from templates.tags import Environment

GROUP = "Existing database"
EXISTING = "HasExistingDatabase"
OWN = "HasOwnDatabase"


@dataclass(frozen=True)
class SecretKey:
    """One key of the database's secret: where a container finds it, and the condition under which it exists."""

    value_from: AWSHelperFn
    condition: str | None


@dataclass(frozen=True)
class Way:
    """One way from the tasks to the database, and the condition under which it is theirs."""

    endpoint: Endpoint
    condition: str


@dataclass(frozen=True)
class Database:
    """What the rest of the template may know about the database.

    Attributes:
        own: the stack's own database, which exists under `own.exists`.
        ways: where tasks connect to; exactly one of them exists in a stack.
        secret_keys: host, port, name, user, password.
        proxy: stands for the host, which then is no key of the secret, where it exists.
        permissions: what a role needs to read exactly this secret.
        ready: what a first task must wait for, to be referred to.
    """

    own: OwnDatabase
    ways: tuple[Way, ...]
    secret_keys: Mapping[str, SecretKey]
    proxy: Proxy
    permissions: tuple[Statement, ...]
    ready: list[AWSHelperFn]


@part("database")
def add_database(
    t: Template, *, environment: Environment, network: Network, log_key: Key, secret_key: Key, tags: Tags
) -> Database:
    """Add what is needed to reach an existing database, and a database of our own for where there is none.

    Args:
        t: the template.
        environment: names the proxy, which RDS cannot do.
        network: where the database stands, or what is connected with it.
        log_key: encrypts the logs of a database of our own.
        secret_key: encrypts its generated secret.
        tags: by which it is backed up.
    """
    secret = _add_secret_parameters(t)
    port, cidr = _add_address_parameters(t)
    names = _add_key_parameters(t)
    peering = _add_peering(t, network=network, cidr=cidr) if network.private_route_tables else None
    _add_whole_rule(t, *([] if peering is None else [peering]))
    own = add_own_database(t, network=network, exists=OWN, port=port, log_key=log_key, secret_key=secret_key, tags=tags)
    proxy = add_database_proxy(t, environment=environment, network=network, database=own)
    direct = condition(t, "HasOwnDatabaseWithoutProxy", And(Condition(OWN), Not(Condition(proxy.exists))))
    return Database(
        own=own,
        ways=(
            Way(Endpoint(Cidr("Database", Ref(cidr)), port), EXISTING),
            Way(own.endpoint, direct),
            Way(proxy.endpoint, proxy.exists),
        ),
        secret_keys={
            part.lower(): SecretKey(_value_from(secret, name, own, part), _exists(t, name, part, direct))
            for part, name in names.items()
        },
        proxy=proxy,
        permissions=(
            read_secret(If(OWN, own.secret.arn, Ref(secret))),
            OnlyIf("HasDatabaseSecretKey", decrypt_secret(Ref("DatabaseSecretKeyArn"))),
        ),
        ready=[*own.ready, *proxy.ready],
    )


def _add_secret_parameters(t: Template) -> Parameter:
    secret = parameter(
        t,
        "DatabaseSecretArn",
        group=GROUP,
        label="Secret with the database's credentials",
        description="Full ARN of a Secrets Manager secret in this region: a JSON object with host, port, dbname, "
        "username and password of a database that exists. Blank: this stack makes a database of its own.",
        default="",
        pattern=arns.SECRET.or_blank,
        constraint=f"{arns.SECRET.sentence}, or blank.",
    )
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
    condition(t, EXISTING, Not(Equals(Ref(secret), "")))
    condition(t, OWN, Equals(Ref(secret), ""))
    condition(t, "HasDatabaseSecretKey", And(Condition(EXISTING), Not(Equals(Ref(key), ""))))
    return secret


def _add_key_parameters(t: Template) -> dict[str, Parameter]:
    """Add a parameter for each key of an existing database's secret; by part, with the part as in logical ids."""
    return {
        part: _add_key_parameter(t, part, label, default, optional=part in {"Host", "Port", "Name"})
        for part, label, default in (
            ("Host", "host name", "host"),
            ("Port", "port", "port"),
            ("Name", "database name", "dbname"),
            ("User", "user", "username"),
            ("Password", "password", "password"),
        )
    }


def _add_key_parameter(t: Template, part: str, label: str, default: str, *, optional: bool) -> Parameter:
    blank = f" Blank: the secret has no {label}, and the application gets none from it." if optional else ""
    return parameter(
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


def _value_from(secret: Parameter, name: Parameter, own: OwnDatabase, part: str) -> If:
    """Where ECS finds one key of whichever secret there is: `ARN:key::`."""
    ours = Sub(f"${{Arn}}:{own.secret.keys[part.lower()]}::", Arn=own.secret.arn)
    return If(OWN, ours, Sub(f"${{{secret.title}}}:${{{name.title}}}::"))


def _exists(t: Template, name: Parameter, part: str, direct: str) -> str | None:
    """The condition under which a secret has this key; a proxy takes the place of our own database's host."""
    if part in {"User", "Password"}:
        return None
    ours = Condition(direct) if part == "Host" else Condition(OWN)
    theirs = And(Condition(EXISTING), Not(Equals(Ref(name), "")))
    return condition(t, f"HasDatabase{part}Key", Or(ours, theirs))


def _add_address_parameters(t: Template) -> tuple[Parameter, Parameter]:
    cidr = parameter(
        t,
        "DatabaseCidr",
        group=GROUP,
        label="Network of the database",
        description="IPv4 range in which an existing database's addresses lie; the tasks may reach its port there and "
        "nowhere else. The default is the range of an account's default VPC. Over a peering connection it must not "
        "overlap this platform's own range.",
        default="172.31.0.0/16",
        pattern=r"^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])/(1[6-9]|2[0-9]|3[0-2])$",
        constraint="An IPv4 range from /16 to /32, such as 172.31.0.0/16 or 10.20.4.17/32.",
    )
    port = parameter(
        t,
        "DatabasePort",
        group=GROUP,
        label="Database port",
        description="TCP port of the database, existing or this stack's own: 5432 for PostgreSQL, 3306 for MySQL and "
        "MariaDB. It is the only one that the tasks may reach there.",
        type="Number",
        default=5432,
        min_value=1150,
        max_value=65535,
        constraint="A TCP port that databases of RDS may have, 1150 to 65535.",
    )
    return port, cidr


def _add_peering(t: Template, *, network: Network, cidr: Parameter) -> Parameter:
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
    peered = condition(t, "HasDatabasePeering", And(Condition(EXISTING), Not(Equals(Ref(peering), ""))))
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
    return peering


def _add_whole_rule(t: Template, *more: Parameter) -> None:
    """Refuse half of an existing database: a secret lost by mistake would bring up a new, empty database."""
    sentence = (
        "{} is given, but DatabaseSecretArn is blank: the stack would make a new, empty database of its own. Give the "
        "secret's ARN, or leave both blank."
    )
    names = ["DatabaseSecretKeyArn", *(each.title for each in more)]
    rule(
        t,
        "ExistingDatabaseIsWhole",
        when=Equals(Ref("DatabaseSecretArn"), ""),
        assertions=[(Equals(Ref(name), ""), sentence.format(name)) for name in names],
    )
