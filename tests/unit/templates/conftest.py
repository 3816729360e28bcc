"""The emitted templates, built once for all tests of this folder."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from templates import TEMPLATES
from tests.templates_support import Emitted
from tests.unit.templates.alarms_support import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

# By path: importing the linter takes longer than all of these tests.
SCHEMAS = Path(str(distribution("cfn-lint").locate_file("cfnlint"))) / "data" / "schemas"

DATABASE_ARN = "arn:aws:secretsmanager:sa-east-1:111122223333:secret:lms-database-AbCdEf"


@cache
def emitted(name: str) -> Emitted:
    """A template with its defaults and, where it can have one, an existing database."""
    template = Emitted(TEMPLATES[name]())
    if "DatabaseSecretArn" in template.parameters:
        return template.with_parameters(DatabaseSecretArn=DATABASE_ARN)
    return template


@pytest.fixture(scope="session")
def lms() -> Emitted:
    return emitted("lms")


@pytest.fixture(scope="session")
def disposable() -> Emitted:
    return emitted("lms-disposable")


@pytest.fixture(scope="session")
def in_vpc() -> Emitted:
    return emitted("lms-in-vpc")


@pytest.fixture(scope="session", params=sorted(TEMPLATES))
def every_template(request: pytest.FixtureRequest) -> Emitted:
    return emitted(request.param)


@pytest.fixture(scope="session")
def schemas() -> Path:
    """Where the linter keeps CloudFormation's schemas."""
    return SCHEMAS


@pytest.fixture(scope="session")
def registry_schema() -> Mapping[str, dict[str, Any]]:
    """CloudFormation's own schema of a resource type, as the linter ships it for sa-east-1."""
    return _Schemas()


class _Schemas(dict[str, dict[str, Any]]):
    def __missing__(self, resource_type: str) -> dict[str, Any]:
        files = json.loads((SCHEMAS / "providers" / "sa-east-1.json").read_text())
        self[resource_type] = json.loads((SCHEMAS / "resources" / f"{files[resource_type]}.json").read_text())
        return self[resource_type]


@pytest.fixture(scope="session")
def cache_node_types() -> dict[str, set[str]]:
    """Which cache nodes AWS sells in a region, as the linter knows them."""
    table = json.loads(
        (SCHEMAS / "extensions" / "aws_elasticache_cachecluster" / "cachenodetype_enum.json").read_text()
    )
    return {region: set(schema["enum"]) for region, schema in table.items() if "enum" in schema}


@pytest.fixture(scope="module")
def watched(lms: Emitted) -> Emitted:
    """A platform with everything that can be watched."""
    return lms.with_parameters(**EVERYTHING)
