"""Fixtures of the embedded AWS's own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.stackproof.emulator.stacks import Stacks

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws


@pytest.fixture
def stacks(aws: EmbeddedAws) -> Stacks:
    return Stacks(aws)
