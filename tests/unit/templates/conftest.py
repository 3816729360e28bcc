"""The emitted templates, built once for all tests of this folder."""

from __future__ import annotations

from functools import cache

import pytest

from templates import TEMPLATES
from tests.templates_support import Emitted

DATABASE_ARN = "arn:aws:secretsmanager:sa-east-1:111122223333:secret:lms-database-AbCdEf"


@cache
def emitted(name: str) -> Emitted:
    """A template with its defaults; the database's secret is the one value that has none."""
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


@pytest.fixture(scope="session", params=sorted(TEMPLATES))
def every_template(request: pytest.FixtureRequest) -> Emitted:
    return emitted(request.param)
