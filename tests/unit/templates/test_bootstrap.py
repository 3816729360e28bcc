"""What an account needs once: a bucket for templates and a repository for images."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from templates import TEMPLATES
from tests.templates_support import Emitted, statements

if TYPE_CHECKING:
    from tests.templates_support import Resource


@pytest.fixture(scope="module")
def template() -> Emitted:
    return Emitted(TEMPLATES["bootstrap"]())


@pytest.fixture(scope="module")
def bucket(template: Emitted) -> Resource:
    return template.resources["ArtifactBucket"]


@pytest.fixture(scope="module")
def repository(template: Emitted) -> Resource:
    return template.resources["ImageRepository"]


def test_asks_for_nothing(template: Emitted) -> None:
    assert all("Default" in parameter for parameter in template.body["Parameters"].values())


class TestBucket:
    def test_versioned_encrypted_and_private(self, bucket: Resource) -> None:
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": "${BootstrapKey.Arn}",
        }
        assert rule["BucketKeyEnabled"] is True
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4

    def test_old_versions_go_in_time(self, bucket: Resource) -> None:
        [rule] = bucket["LifecycleConfiguration"]["Rules"]
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
        assert "ExpirationInDays" not in rule

    def test_is_the_output_that_deploy_looks_for(self, template: Emitted) -> None:
        assert template.outputs["ArtifactBucket"] == "${ArtifactBucket}"


def test_every_bucket_is_reached_over_tls_only(every_template: Emitted) -> None:
    policies = {policy["Bucket"]: policy for policy in every_template.of_type("AWS::S3::BucketPolicy").values()}
    for name in every_template.of_type("AWS::S3::Bucket"):
        denied = [s for s in statements(policies[f"${{{name}}}"]) if s["Effect"] == "Deny"]
        assert denied == [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": ["s3:*"],
                "Resource": [f"${{{name}.Arn}}", f"${{{name}.Arn}}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ]


class TestRepository:
    def test_encrypted_with_the_same_key(self, repository: Resource, template: Emitted) -> None:
        assert repository["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KmsKey": "${BootstrapKey.Arn}"}
        assert template.resources["BootstrapKey"]["EnableKeyRotation"] is True

    def test_a_tag_never_moves_and_every_image_is_scanned(self, repository: Resource) -> None:
        assert repository["ImageTagMutability"] == "IMMUTABLE"
        assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}

    def test_only_images_without_a_tag_are_ever_removed(self, repository: Resource) -> None:
        """A running task may need any tagged image again at any time."""
        [rule] = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
        assert rule["selection"]["tagStatus"] == "untagged"
        assert rule["action"] == {"type": "expire"}

    def test_name(self, template: Emitted) -> None:
        assert template.with_parameters(RepositoryName="team/lms").resources["ImageRepository"]["RepositoryName"] == (
            "team/lms"
        )

    @pytest.mark.parametrize(("name", "fits"), [("lms", True), ("team/lms-2", True), ("LMS", False), ("lms/", False)])
    def test_names_that_ecr_takes(self, template: Emitted, name: str, fits: bool) -> None:
        pattern = template.body["Parameters"]["RepositoryName"]["AllowedPattern"]
        assert bool(re.fullmatch(pattern, name)) is fits

    def test_uri_is_an_output(self, template: Emitted) -> None:
        assert template.outputs["RepositoryUri"] == "${ImageRepository.RepositoryUri}"
