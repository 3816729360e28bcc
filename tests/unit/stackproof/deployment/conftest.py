"""An account whose clients a test stubs."""

from __future__ import annotations

import boto3
import pytest

from stackproof.deployment import aws


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> aws.Aws:
    """Nobody answers, unless a test stubs a client."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    return aws.Aws(boto3.Session(region_name="sa-east-1"), "111111111111", "arn:me", "sa-east-1")
