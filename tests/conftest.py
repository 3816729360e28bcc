"""Fixtures that every test may use: the embedded AWS as a process (one per worker), a fresh account per test."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.embedded import embedded_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3

REGION = "sa-east-1"


@dataclass(frozen=True)
class EmbeddedAws:
    """An empty AWS account.

    Attributes:
        url: of the embedded AWS.
        account: 12 digits; also the access key id.
        environment: for subprocesses: the whole environment, with this account's access.
    """

    url: str
    account: str
    environment: dict[str, str] = field(repr=False)

    def session(self, region: str = REGION) -> boto3.Session:
        """A session whose clients need `endpoint_url=self.url`, unless `environment` is this process's own."""
        import boto3

        return boto3.Session(aws_access_key_id=self.account, aws_secret_access_key="embedded", region_name=region)  # noqa: S106  # any text does

    def client(self, service: str, region: str = REGION) -> Any:  # one of 400 classes
        """A client of this account; it fails at once instead of trying again."""
        return _client(self.url, self.account, service, region)


@cache
def _client(url: str, account: str, service: str, region: str) -> Any:
    from botocore.config import Config

    return _models().client(  # type: ignore[call-overload]  # any service
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="embedded",  # noqa: S106  # any text does
        config=Config(retries={"total_max_attempts": 1}),
    )


@cache
def _models() -> boto3.Session:
    """One session for all clients: reading a service's model takes longer than most tests."""
    import boto3

    return boto3.Session()


@pytest.fixture(scope="session", autouse=True)
def _models_are_parsed_once() -> Iterator[None]:
    """Every command makes a session of its own, which would parse the SDK's models anew: half of a command's time."""
    from botocore.loaders import JSONFileLoader

    loader = JSONFileLoader()
    parsed = cache(loader.load_file)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(JSONFileLoader, "load_file", lambda _, path: parsed(path))
        yield


@pytest.fixture(scope="session")
def embedded_aws_url() -> Iterator[str]:
    """The URL of the embedded AWS, a process of its own for this worker."""
    with embedded_aws() as url:
        yield url


_numbers = itertools.count(1)


@pytest.fixture
def aws(embedded_aws_url: str) -> EmbeddedAws:
    """A fresh account of the embedded AWS, of which each worker has its own."""
    account = f"{next(_numbers):012}"
    access = {
        "AWS_ENDPOINT_URL": embedded_aws_url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "embedded",
        "AWS_REGION": REGION,
        # A person's own profile or proxy must not reach into a test.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return EmbeddedAws(embedded_aws_url, account, inherited | access)
