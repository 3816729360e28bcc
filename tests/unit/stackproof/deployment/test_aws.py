"""Credentials, regions, and the words for what the SDK raises."""

from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from stackproof.deployment import aws
from stackproof.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No setting of the machine reaches a test; the file is where profiles may be written."""
    import os

    for name in [*os.environ]:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return config


# What each protocol answers when something is not allowed: query, json, rest-json, rest-xml, ec2.
ANSWERS = {
    "query": (
        "cloudformation",
        "describe_stacks",
        {},
        "text/xml",
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not for you</Message></Error></ErrorResponse>",
        "cloudformation:DescribeStacks",
    ),
    "json": (
        "logs",
        "describe_log_groups",
        {},
        "application/x-amz-json-1.1",
        '{"__type": "AccessDeniedException", "message": "not for you"}',
        "logs:DescribeLogGroups",
    ),
    "rest-json": (
        "efs",
        "describe_file_systems",
        {},
        "application/json",
        '{"Code": "AccessDeniedException", "message": "not for you"}',
        "elasticfilesystem:DescribeFileSystems",
    ),
    "rest-xml": (
        "s3",
        "list_objects_v2",
        {"Bucket": "artifacts"},
        "application/xml",
        "<Error><Code>AccessDenied</Code><Message>not for you</Message></Error>",
        "s3:ListObjectsV2",
    ),
    "ec2": (
        "ec2",
        "describe_vpcs",
        {},
        "text/xml",
        "<R><Errors><Error><Code>UnauthorizedOperation</Code><Message>not for you</Message></Error></Errors></R>",
        "ec2:DescribeVpcs",
    ),
}


@contextmanager
def answering(content_type: str, body: str) -> Iterator[str]:
    """An endpoint that refuses everything with this body."""

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(403)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815 - as http.server wants it

        def log_message(self, *_: object) -> None:
            """Nothing: a test's output is its own."""

    with http.server.HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("protocol", ANSWERS)
def test_a_refusal_in_each_of_five_protocols_names_the_action(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service, method, arguments, content_type, body, action = ANSWERS[protocol]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with answering(content_type, body) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        client = aws._client(boto3.Session(region_name="sa-east-1"), service)
        with pytest.raises(aws.AwsError) as refused, aws.explained():
            getattr(client, method)(**arguments)
        client.close()
    assert str(refused.value) == f"{action} is not allowed to these credentials: not for you"
    assert refused.value.exit_code == 1


def client_error(code: str, message: str = "said AWS") -> ClientError:
    answer = {"Error": {"Code": code, "Message": message, "Action": "cloudformation:DescribeStacks"}}
    return ClientError(answer, "DescribeStacks")  # type: ignore[arg-type]  # our own key beside botocore's


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (client_error("403"), "cloudformation:DescribeStacks is not allowed"),
        (client_error("AuthorizationError"), "cloudformation:DescribeStacks is not allowed"),
        (
            client_error("ExpiredToken"),
            "credentials have expired (cloudformation:DescribeStacks: said AWS)\nLog in",
        ),
        (client_error("ExpiredTokenException"), "the AWS credentials have expired"),
        (client_error("InvalidClientTokenId"), "AWS does not accept these credentials (cloudformation:Describe"),
        (client_error("SignatureDoesNotMatch"), "AWS does not accept these credentials"),
        (client_error("Throttling"), "was throttled by AWS 10 times: said AWS\nTry again"),
        (client_error("ValidationError"), "cloudformation:DescribeStacks failed: said AWS (ValidationError)"),
        (client_error("ValidationError", ""), "failed: ValidationError (ValidationError)"),
        (exceptions.NoCredentialsError(), "no AWS credentials: give --profile, or set AWS_PROFILE"),
        (exceptions.PartialCredentialsError(provider="env", cred_var="x"), "no AWS credentials"),
        (exceptions.UnauthorizedSSOTokenError(), "the AWS credentials cannot be renewed"),
        (exceptions.SSOTokenLoadError(error_msg="no token"), "no token\nLog in again"),
        (exceptions.TokenRetrievalError(provider="sso", error_msg="late"), "late\nLog in again"),
        (exceptions.CredentialRetrievalError(provider="process", error_msg="late"), "late\nLog in again"),
        (exceptions.LoginRefreshRequired(), "cannot be renewed"),
        (
            exceptions.EndpointConnectionError(endpoint_url="https://cloudformation.sa-east-1.amazonaws.com/"),
            'AWS cannot be reached: Could not connect to the endpoint URL: "https://cloudformation.sa-east-1.amazonaws',
        ),
        (exceptions.ReadTimeoutError(endpoint_url="https://sts.amazonaws.com/"), "Read timeout on endpoint URL"),
        (exceptions.ProxyConnectionError(proxy_url="http://proxy:3128"), 'proxy URL: "http://proxy:3128"\nCheck'),
        (exceptions.DataNotFoundError(data_path="x"), "the AWS SDK gave up: Unable to load data for: x"),
    ],
)
def test_what_the_sdk_raises_becomes_a_sentence(error: Exception, words: str) -> None:
    assert words in str(aws.explain(error))


def test_an_error_whose_service_nobody_noted_is_named_by_its_operation() -> None:
    error = ClientError({"Error": {"Code": "Oops", "Message": "said AWS"}}, "DescribeStacks")
    assert str(aws.explain(error)) == "DescribeStacks failed: said AWS (Oops)"


def test_an_overridden_endpoint_that_nobody_listens_on_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9/")
    said = str(aws.explain(exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:9/")))
    assert said.startswith("http://127.0.0.1:9 cannot be reached: ")
    assert said.endswith("is the embedded AWS running?")


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (client_error("Throttling"), True),
        (client_error("SlowDown"), True),
        (exceptions.ConnectTimeoutError(endpoint_url="https://x"), True),
        (exceptions.ReadTimeoutError(endpoint_url="https://x"), True),
        (client_error("ExpiredToken"), False),
        (client_error("ValidationError"), False),
        (exceptions.NoCredentialsError(), False),
    ],
)
def test_what_may_pass_is_told_from_what_will_not(error: Exception, passing: bool) -> None:
    assert aws.is_passing(error) is passing


def faults(**settings: object) -> str:
    with pytest.raises(BadInputError) as refused:
        aws.connect(**({"region": "sa-east-1", "profile": None} | settings))  # type: ignore[arg-type]  # per test
    return str(refused.value)


@pytest.mark.parametrize("url", ["localhost:4566", "ftp://127.0.0.1", "http://"])
def test_an_endpoint_that_is_no_url_is_bad_input(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    assert faults() == f'AWS_ENDPOINT_URL: "{url}" is no URL like http://127.0.0.1:4566'


def test_without_a_region_nothing_can_be_asked() -> None:
    assert faults(region=None) == "region: is not known: give --region or set AWS_REGION"


def test_a_profile_that_does_not_exist_is_bad_input_with_the_nearest_one(own_settings: Path) -> None:
    assert "does not exist on this machine (there is none); give --profile" in faults(profile="lms-dev")
    own_settings.write_text("[profile lms-prod]\nregion = sa-east-1\n[profile lms-dev]\nregion = sa-east-1\n")
    said = faults(profile="lms-deb")
    assert 'profile "lms-deb": does not exist on this machine (known are ' in said
    assert 'did you mean "lms-dev"?' in said


def test_a_profile_that_was_asked_for_must_exist_whatever_else_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    assert 'profile "mine": does not exist' in faults(profile="mine", asked_for_profile=True)


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"])
def test_a_profile_of_the_targets_is_no_fault_where_the_environment_has_credentials(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "x")
    # It goes on to look for the region, which is what this test does not give.
    assert faults(profile="lms-dev", region=None).startswith("region:")


@pytest.mark.parametrize(
    ("url", "local"),
    [("http://127.0.0.1:4566", True), ("http://localhost:4566", True), ("https://aws.example.org", False), ("", False)],
)
def test_an_aws_on_this_machine_is_known_by_its_endpoint(
    url: str, local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    account = aws.Aws(boto3.Session(region_name="sa-east-1"), "111111111111", "arn:me", "sa-east-1")
    assert account.is_local is local
