"""Templates on their way to CloudFormation: inside the request while they fit, by way of the artifact bucket else."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from botocore.exceptions import ClientError

from stackproof.deployment import aws, stack
from stackproof.emitting import compact
from stackproof.errors import BadInputError, Fault, RefusedError
from stackproof.targets import BOOTSTRAP_STACK

if TYPE_CHECKING:
    from stackproof.deployment.aws import Aws
    from stackproof.environments import Environment

# CloudFormation's limits, in bytes (User Guide, "CloudFormation quotas").
INLINE_LIMIT = 51_200
LIMIT = 1_000_000
BUCKET_OUTPUT = "ArtifactBucket"


class Body(TypedDict, total=False):
    """The argument of CreateChangeSet that carries the template."""

    TemplateBody: str
    TemplateURL: str


class _Place(TypedDict):
    Bucket: str
    Key: str
    ExpectedBucketOwner: str


def text(environment: Environment) -> str:
    """The template as it is sent: JSON compact, so that more of it fits; YAML exactly as it was written."""
    if environment.template_text.lstrip().startswith("{"):
        return compact(environment.template)
    return environment.template_text


def body(account: Aws, environment: Environment, *, bootstrap_command: str) -> Body:
    """Put the template into the request, or into the artifact bucket when it is too large for one.

    Args:
        account: where to.
        environment: whose template.
        bootstrap_command: what a person types to make the bucket.

    Raises:
        BadInputError: larger than CloudFormation takes.
        RefusedError: it needs the bucket, and there is none.
    """
    content = text(environment).encode()
    shown = _shown(environment.template_path)
    if len(content) <= INLINE_LIMIT:
        return {"TemplateBody": content.decode()}
    if len(content) > LIMIT:
        size = f"{len(content):,} bytes; CloudFormation takes up to {LIMIT:,}: move a part into a stack of its own"
        raise BadInputError([Fault(shown, "", size)])
    home = stack.find(account.cloudformation, BOOTSTRAP_STACK)
    bucket = home.outputs.get(BUCKET_OUTPUT) if home else None
    if not bucket:
        missing = f"has no output {BUCKET_OUTPUT}" if home else "does not exist"
        raise RefusedError(
            f"{shown} is {len(content):,} bytes; over {INLINE_LIMIT:,} a template goes by way of "
            f"the artifact bucket, and stack {BOOTSTRAP_STACK} {missing} in {account.account} {account.region}.\n"
            f"Make it once for this account and region: {bootstrap_command}"
        )
    return {"TemplateURL": _upload(account, bucket, content)}


def _shown(path: Path) -> str:
    """A file as a person who stands here would name it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _upload(account: Aws, bucket: str, content: bytes) -> str:
    """Store the template under its content's hash, and return its address (path style, as every endpoint takes it)."""
    key = f"templates/{hashlib.sha256(content).hexdigest()}"
    # The owner is named so that no template goes to a bucket that somebody else made under this name.
    place: _Place = {"Bucket": bucket, "Key": key, "ExpectedBucketOwner": account.account}
    if not _is_there(account, place):
        account.s3.put_object(**place, Body=content)
    return f"{account.s3.meta.endpoint_url}/{bucket}/{key}"


def _is_there(account: Aws, place: _Place) -> bool:
    try:
        account.s3.head_object(**place)
    except ClientError as error:
        # Without the right to list the bucket, S3 answers 403 for an object that is not there.
        if aws.code(error) in {"404", "403"}:
            return False
        raise
    return True
