"""Databases that take no connection without TLS: by their parameter group, their proxy, their endpoint.

Sources: the RDS user guide on `rds.force_ssl` (on by default from PostgreSQL 15) and `require_secure_transport` (off by
default in MySQL and MariaDB 10), the guides of Redshift (`require_ssl`), DocumentDB (`tls`, on by default) and
OpenSearch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.values import Unknown, Value, at, flag, items, number, show
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.resolve.stack import Resource, Stack

RULE: Final = "store-transit-database"
GROUPS: Final = {
    "AWS::RDS::DBInstance": "DBParameterGroupName",
    "AWS::RDS::DBCluster": "DBClusterParameterGroupName",
    "AWS::DocDB::DBCluster": "DBClusterParameterGroupName",
    "AWS::Redshift::Cluster": "ClusterParameterGroupName",
}
"""The property that names the parameter group."""
SWITCHES: Final = (
    ("aurora-postgresql", "rds.force_ssl"),
    ("aurora", "require_secure_transport"),
    ("postgres", "rds.force_ssl"),
    ("sqlserver", "rds.force_ssl"),
    ("mysql", "require_secure_transport"),
    ("mariadb", "require_secure_transport"),
)
"""How an engine's name begins, and the parameter that makes it insist on TLS."""
ENDPOINTS: Final = (
    ("AWS::RDS::DBProxy", ("RequireTLS",)),
    ("AWS::OpenSearchService::Domain", ("DomainEndpointOptions", "EnforceHTTPS")),
    ("AWS::Elasticsearch::Domain", ("DomainEndpointOptions", "EnforceHTTPS")),
)
"""Types with a switch of their own; it is off by default."""


def forces_tls(stack: Stack) -> Iterator[Finding]:
    """Whether each database, proxy and search domain insists on TLS."""
    for resource in stack.of_type(*GROUPS):
        if "DBClusterIdentifier" not in resource.properties or resource.type != "AWS::RDS::DBInstance":
            yield _database(stack, resource)
    for kind, path in ENDPOINTS:
        for resource in stack.of_type(kind):
            yield _answer(resource, ".".join(("Properties", *path)), at(resource.properties, *path), default=False)


def _database(stack: Stack, resource: Resource) -> Finding:
    """One database, by its parameter group."""
    name, default = _parameter(resource)
    if not name:
        engine = show(resource.properties.get("Engine"))
        message = f"How {resource.logical_id} is made to insist on TLS is not modelled for the engine {engine}."
        return unknown(RULE, resource.logical_id, "Properties.Engine", message, "Check it, and accept this.")
    switch = GROUPS[resource.type]
    named = resource.properties.get(switch)
    group = stack.target(named)
    if group is None and named is not None and not str(named).startswith("default."):
        message = f"Whether {resource.logical_id} insists on TLS stands in {show(named)}, outside of this template."
        fix = f"Make the parameter group in this template, with {name}."
        return unknown(RULE, resource.logical_id, f"Properties.{switch}", message, fix)
    if group is None:
        return _answer(resource, f"Properties.{switch}", None, default=default, parameter=name)
    return _answer(group, "Properties.Parameters", _set_in(group, name), default=default, parameter=name)


def _parameter(resource: Resource) -> tuple[str, bool | None]:
    """The parameter that makes a database insist on TLS, and what it is by default."""
    if resource.type == "AWS::DocDB::DBCluster":
        return "tls", True
    if resource.type == "AWS::Redshift::Cluster":
        return "require_ssl", False
    engine = resource.properties.get("Engine")
    name = next((name for prefix, name in SWITCHES if isinstance(engine, str) and engine.startswith(prefix)), "")
    if engine == "postgres":
        version = resource.properties.get("EngineVersion")
        major = number(version.partition(".")[0]) if isinstance(version, str) else number(version)
        return name, None if major is None else major >= 15
    return name, None if engine == "aurora-postgresql" else False


def _set_in(group: Resource, name: str) -> Value:
    """A parameter's value in a group: an object, or a list of names and values (Redshift)."""
    found = group.properties.get("Parameters")
    if isinstance(found, dict):
        return found.get(name)
    listed = items(found)
    if isinstance(listed, Unknown):
        return listed
    return next((at(entry, "ParameterValue") for entry in listed if at(entry, "ParameterName") == name), None)


def _answer(resource: Resource, path: str, given: Value, *, default: bool | None, parameter: str = "") -> Finding:
    """The answer, from a switch's value."""
    setting = parameter or path.rpartition(".")[2]
    on = default if given is None else _on(given)
    fix = f"Set {setting} to {'1' if parameter else 'true'}."
    if on is None:
        reason = f"{show(given)} is known to AWS only" if given is not None else "the default depends on the version"
        message = f"Whether {resource.logical_id} insists on TLS cannot be told: {reason}."
        return unknown(RULE, resource.logical_id, path, message, fix)
    if on:
        return proved(RULE, resource.logical_id, path, "connections without TLS are refused")
    message = (
        f"{resource.logical_id} takes connections without TLS: a client that does not ask for it sends its password and"
        f" data in clear text ({setting} is off)."
    )
    return broken(RULE, resource.logical_id, path, message, fix)


def _on(given: Value) -> bool | None:
    """A parameter's value as a switch."""
    words = {"1": True, "on": True, "enabled": True, "0": False, "off": False, "disabled": False}
    if flag(given) is not None:
        return flag(given)
    return words.get(str(given).lower()) if isinstance(given, str | int) else None
