"""Bootstrap: what an account needs once per region before the first platform, made by `deploy.py bootstrap ENV`.

A bucket for templates that are too large to be sent inline, and a registry for the application's images, both
encrypted with one key: whoever uploads or applies a template needs to be let use it (`deploy.py permissions` says so),
whoever pulls an image needs nothing, since ECR holds a grant.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from troposphere import GetAtt, Ref, Template
from troposphere.ecr import EncryptionConfiguration, ImageScanningConfiguration, LifecyclePolicy, Repository
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    NoncurrentVersionExpiration,
)

from templates.interface import output, parameter
from templates.keys import add_key
from templates.policies import document, key_policy
from templates.private_bucket import private_bucket, tls_only
from templates.retention import keep_data
from templates.tags import add_project, add_tags

if TYPE_CHECKING:
    from templates.keys import Key

DESCRIPTION = "Once per account and region: artifact bucket and image repository for the learning platform"
ENVIRONMENT = "shared"


def build() -> Template:
    """The template of the stack lms-bootstrap."""
    t = Template(Description=DESCRIPTION)
    t.set_version()
    project = add_project(t)
    key = add_key(t, "BootstrapKey", "Templates and images", key_policy())
    _add_artifact_bucket(t, key)
    _add_repository(t, key)
    add_tags(t, environment=ENVIRONMENT, project=project)
    keep_data(t)
    return t


def _add_artifact_bucket(t: Template, key: Key) -> None:
    bucket = private_bucket(
        t,
        "ArtifactBucket",
        key=key,
        LifecycleConfiguration=LifecycleConfiguration(
            Rules=[
                LifecycleRule(
                    Id="old-versions",
                    Status="Enabled",
                    NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=90),
                    AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
                )
            ]
        ),
    )
    t.add_resource(BucketPolicy("ArtifactBucketPolicy", Bucket=Ref(bucket), PolicyDocument=document(tls_only(bucket))))
    output(t, "ArtifactBucket", Ref(bucket), "Bucket for templates that are too large to be sent inline")


def _add_repository(t: Template, key: Key) -> None:
    name = parameter(
        t,
        "RepositoryName",
        group="Application",
        label="Image repository",
        description="Name of the ECR repository that holds the application's images.",
        default="lms",
        pattern=r"^[a-z0-9]+([._/-][a-z0-9]+)*$",
        constraint="Lower case letters and digits, with single . _ - / between them, such as lms or team/lms.",
        min_length=2,
        max_length=256,
    )
    # Only what no tag holds any more is ever removed: a running task may need any other image again at any time.
    untagged = {
        "rulePriority": 1,
        "description": "Images without a tag",
        "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
        "action": {"type": "expire"},
    }
    repository = t.add_resource(
        Repository(
            "ImageRepository",
            RepositoryName=Ref(name),
            EncryptionConfiguration=EncryptionConfiguration(EncryptionType="KMS", KmsKey=key.arn),
            ImageTagMutability="IMMUTABLE",
            ImageScanningConfiguration=ImageScanningConfiguration(ScanOnPush=True),
            LifecyclePolicy=LifecyclePolicy(LifecyclePolicyText=json.dumps({"rules": [untagged]})),
        )
    )
    output(t, "RepositoryUri", GetAtt(repository, "RepositoryUri"), "Where images are pushed to and pulled from")
