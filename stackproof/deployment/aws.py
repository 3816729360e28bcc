"""The one place that makes sessions and clients, and that turns what the SDK raises into sentences."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stackproof.cli import nearest
from stackproof.errors import BadInputError, Fault, StackproofError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

# One refusal in five protocols: query and rest-xml, json and rest-json, ec2, SNS's own; S3 answers a HEAD by number.
ACCESS_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "Client.UnauthorizedOperation",
    "AuthorizationError",
    "NotAuthorized",
    "403",
}
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
NOT_ACCEPTED = {
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
THROTTLED = {
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
}
# A deployer must outlast throttling; botocore gives up after three attempts.
_ATTEMPTS = 10
# Whatever holds credentials beside a profile (boto3's credential chain).
_CREDENTIAL_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_NO_ANSWER = (exceptions.ConnectionError, exceptions.HTTPClientError)
_CANNOT_RENEW = (
    exceptions.CredentialRetrievalError,
    exceptions.LoginError,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)
_LOG_IN = "Log in again (aws sso login, or however you got them), then try again."
# Where policies have another word than the SDK (Service Authorization Reference).
_IAM_SERVICES = {"monitoring": "cloudwatch"}
_IAM_ACTIONS = {"HeadObject": "GetObject"}
_LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}


class AwsError(StackproofError):
    """AWS refused or could not be reached; the message names the action or the endpoint."""


@dataclass(frozen=True)
class Aws:
    """Who is asking, and where: one account and region.

    Attributes:
        session: its credentials.
        account: 12 digits, as STS answers.
        caller: ARN of the user or role.
        region: for example `sa-east-1`.
    """

    session: boto3.Session
    account: str
    caller: str
    region: str

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """CloudFormation in this region."""
        client: CloudFormationClient = _client(self.session, "cloudformation")
        return client

    @cached_property
    def s3(self) -> S3Client:
        """S3 in this region."""
        client: S3Client = _client(self.session, "s3")
        return client

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """CloudWatch Logs in this region."""
        client: CloudWatchLogsClient = _client(self.session, "logs")
        return client

    @cached_property
    def ecs(self) -> ECSClient:
        """ECS in this region."""
        client: ECSClient = _client(self.session, "ecs")
        return client

    @cached_property
    def cloudwatch(self) -> Any:  # its stubs are not installed
        """CloudWatch's metrics and alarms in this region."""
        return _client(self.session, "cloudwatch")

    @cached_property
    def quotas(self) -> Any:  # its stubs are not installed
        """Service Quotas in this region."""
        return _client(self.session, "service-quotas")

    @cached_property
    def ec2(self) -> EC2Client:
        """EC2, and what is in its networks, in this region."""
        client: EC2Client = _client(self.session, "ec2")
        return client

    @cached_property
    def balancing(self) -> ElasticLoadBalancingv2Client:
        """Load balancers in this region."""
        client: ElasticLoadBalancingv2Client = _client(self.session, "elbv2")
        return client

    @cached_property
    def sts(self) -> STSClient:
        """Who is who."""
        client: STSClient = _client(self.session, "sts")
        return client

    @cached_property
    def functions(self) -> Any:  # its stubs are not installed
        """Lambda in this region."""
        return _client(self.session, "lambda")

    @cached_property
    def backup(self) -> Any:  # its stubs are not installed
        """AWS Backup in this region."""
        return _client(self.session, "backup")

    @cached_property
    def rds(self) -> Any:  # its stubs are not installed
        """RDS in this region."""
        return _client(self.session, "rds")

    @property
    def is_local(self) -> bool:
        """Whether AWS_ENDPOINT_URL points at this machine, where everything answers at once."""
        return urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname in _LOCAL_HOSTS


def connect(*, region: str | None, profile: str | None, asked_for_profile: bool = False) -> Aws:
    """Find credentials and ask AWS whose they are.

    Args:
        region: blank takes AWS_REGION, AWS_DEFAULT_REGION or the profile's.
        profile: one that does not exist here is no fault where the environment variables hold credentials.
        asked_for_profile: it was given on the command line, so it must exist.

    Raises:
        BadInputError: no region, an unknown profile, an AWS_ENDPOINT_URL that is no URL.
        botocore's exceptions: see `explained`.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if endpoint and (urlsplit(endpoint).scheme not in {"http", "https"} or not urlsplit(endpoint).hostname):
        raise BadInputError([Fault("AWS_ENDPOINT_URL", "", f'"{endpoint}" is no URL like http://127.0.0.1:4566')])
    known = boto3.Session().available_profiles if profile else []
    if profile and profile not in known:
        if asked_for_profile or not any(os.environ.get(name) for name in _CREDENTIAL_VARIABLES):
            raise BadInputError([_unknown_profile(profile, known)])
        profile = None
    # boto3 reads AWS_DEFAULT_REGION only.
    session = boto3.Session(profile_name=profile, region_name=region or os.environ.get("AWS_REGION") or None)
    if not session.region_name:
        raise BadInputError([Fault("region", "", "is not known: give --region or set AWS_REGION")])
    # Few attempts: the first call is the one that finds out that nobody answers.
    caller = _client(session, "sts", attempts=3).get_caller_identity()
    return Aws(session, caller["Account"], caller["Arn"], session.region_name)


def _unknown_profile(profile: str, known: list[str]) -> Fault:
    there = f"known are {', '.join(known)}" if known else "there is none"
    return Fault(
        f'profile "{profile}"',
        "",
        f"does not exist on this machine ({there}){nearest(profile, known)}; "
        "give --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )


def _client(session: boto3.Session, service: str, attempts: int = _ATTEMPTS) -> Any:  # one of 400 classes
    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": attempts},
        connect_timeout=10,
        user_agent_extra="stackproof",
        # Virtual-host names of buckets resolve on AWS only.
        s3={"addressing_style": "path" if os.environ.get("AWS_ENDPOINT_URL") else "auto"},
    )
    client: Any = session.client(service, config=config)  # type: ignore[call-overload]  # the stubs know literals only
    client.meta.events.register("after-call", _note_service)
    return client


def _note_service(parsed: dict[str, Any], model: Any, **_: object) -> None:  # botocore's OperationModel
    """Write the action as IAM spells it into an error answer: botocore's exceptions name no service."""
    if "Error" in parsed:
        parsed["Error"]["Action"] = iam_action(model.service_model.signing_name, model.name)


def iam_action(service: str, operation: str) -> str:
    """An operation of the SDK as policies name it: `monitoring`, `DescribeAlarms` → `cloudwatch:DescribeAlarms`."""
    return f"{_IAM_SERVICES.get(service, service)}:{_IAM_ACTIONS.get(operation, operation)}"


def code(error: Exception) -> str:
    """The error code of an answer (`ValidationError`), or an empty string where nothing was answered."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def message(error: ClientError) -> str:
    """The sentence of an answer."""
    return str(error.response["Error"].get("Message", "")) or code(error)


def is_passing(error: Exception) -> bool:
    """Whether the same call may well succeed a little later: throttled, or the line was lost."""
    return code(error) in THROTTLED or isinstance(error, _NO_ANSWER)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the SDK raises inside into AwsError: the action and what AWS said, or the endpoint."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise explain(error) from error


@contextmanager
def answered() -> Iterator[None]:
    """Turn what AWS answers inside into AwsError: a refusal. A call that got no answer may have been heard."""
    try:
        yield
    except ClientError as error:
        raise explain(error) from error


def explain(error: Exception) -> AwsError:
    """The sentences for one of botocore's exceptions."""
    if isinstance(error, ClientError):
        return AwsError(_answer(error))
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return AwsError(
            "no AWS credentials: give --profile, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if isinstance(error, _CANNOT_RENEW):
        return AwsError(f"the AWS credentials cannot be renewed: {error}\n{_LOG_IN}")
    if isinstance(error, _NO_ANSWER):
        return AwsError(_unreachable(error))
    return AwsError(f"the AWS SDK gave up: {error}")


def _unreachable(error: Exception) -> str:
    # Every one of these names its endpoint, or its proxy, in its own sentence.
    override = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
    if override and override in str(error):
        return f"{override} cannot be reached: {error}\nAWS_ENDPOINT_URL sends it there: is the embedded AWS running?"
    return f"AWS cannot be reached: {error}\nCheck the network, a proxy (HTTPS_PROXY) and the region's name."


def _answer(error: ClientError) -> str:
    action = error.response["Error"].get("Action", error.operation_name)
    said = message(error)
    if code(error) in ACCESS_DENIED:
        return f"{action} is not allowed to these credentials: {said}"
    if code(error) in EXPIRED:
        return f"the AWS credentials have expired ({action}: {said})\n{_LOG_IN}"
    if code(error) in NOT_ACCEPTED:
        return f"AWS does not accept these credentials ({action}: {said})"
    if code(error) in THROTTLED:
        return f"{action} was throttled by AWS {_ATTEMPTS} times: {said}\nTry again in a minute."
    return f"{action} failed: {said} ({code(error)})"
