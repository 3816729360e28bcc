"""Ports in the environment: the one beside a store's address is the store's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import add, att, put, ref, resource
from tests.unit.stackproof.proofs.wiring_support import changed, complaints, findings

if TYPE_CHECKING:
    from stackproof.proofs.verdicts import Finding

DATABASE = resource("RDS::DBInstance", Engine="postgres")
ADDRESS = att("Database", "Endpoint.Address")


def told(variables: dict[str, object], store: dict[str, Any] = DATABASE) -> list[Finding]:
    """What is said to a container with these variables; `HOST` is the store's address."""
    given = [{"Name": name, "Value": ADDRESS if value == "HOST" else value} for name, value in variables.items()]
    environment = put("Task", "ContainerDefinitions.0.Environment", given)
    return [found for found in findings(changed(add(Database=store), environment)) if found.id == "wire-store-port"]


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("DB_HOST", "DB_PORT"),
        ("db_hostname", "db_port"),
        ("PGHOST", "PGPORT"),
        ("MYSQL_HOST", "MYSQL_PORT"),
        ("DATABASE_ENDPOINT", "DATABASE_PORT"),
        ("HOST_OF_DATA", "PORT_OF_DATA"),
    ],
)
def test_a_port_on_which_the_store_does_not_listen(host: str, port: str) -> None:
    (found,) = told({host: "HOST", port: "3306"})
    assert (found.verdict, found.logical_id) == (Verdict.BROKEN, "Task")
    assert found.path == "Properties.ContainerDefinitions.0.Environment.1.Value"
    assert found.message == (
        f"{port} is 3306, and Database, whose address {host} is, listens on 5432: nobody answers there."
    )
    assert found.fix == "Write 5432, or refer to the store's own port."
    (right,) = told({host: "HOST", port: "5432"})
    assert (right.verdict, right.message) == (Verdict.PROVED, "Database listens on 5432")


def test_the_store_s_own_port_counts() -> None:
    moved = resource("RDS::DBInstance", Engine="postgres", Port="5433")
    (found,) = told({"DB_HOST": "HOST", "DB_PORT": "5432"}, moved)
    assert "listens on 5433" in found.message
    (right,) = told({"DB_HOST": "HOST", "DB_PORT": 5433}, moved)
    assert right.verdict is Verdict.PROVED


def test_a_function_is_asked_too() -> None:
    variables = {"DB_HOST": ADDRESS, "DB_PORT": "3306"}
    odd = resource("Lambda::Function", Environment={"Variables": variables})
    found = complaints(changed(add(Database=DATABASE, Odd=odd)))
    (mine,) = [one for one in found if one.id == "wire-store-port"]
    assert (mine.logical_id, mine.path) == ("Odd", "Properties.Environment.Variables.DB_PORT")


def test_what_does_not_stand_beside_a_store_s_address_is_not_judged() -> None:
    assert told({"DB_HOST": "HOST", "CACHE_PORT": "6379"}) == []
    assert told({"DB_HOST": "HOST", "DB_PORT": ref("Given")}) == []
    assert told({"DB_HOST": "HOST", "DB_PORT": att("Database", "Endpoint.Port")}) == []
    assert told({"DB_HOST": "localhost", "DB_PORT": "3306"}) == []
    assert told({"DB_HOST": ref("Database"), "DB_PORT": "3306"}) == []
    assert told({"DB": "HOST"}) == []
    given = resource("RDS::DBInstance", Engine=ref("Given"))
    assert told({"DB_HOST": "HOST", "DB_PORT": "3306"}, given) == []
