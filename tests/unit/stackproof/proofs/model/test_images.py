"""Images and secrets, however they are named."""

from __future__ import annotations

import pytest

from stackproof.proofs.model.images import Image, read_image
from stackproof.proofs.model.secrets import SecretReference, read_secret
from stackproof.proofs.values import Sym, Unknown, show
from tests.unit.stackproof.proofs.model_support import SECRETS, stack_of
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, att, ref, resource

REPOSITORY = {
    "Repository": resource("ECR::Repository", RepositoryName="team/lms"),
    "Generated": resource("ECR::Repository"),
}
OWN = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.mark.parametrize(
    ("given", "registry", "host", "repository", "tag", "digest"),
    [
        ("nginx", "public", "docker.io", "nginx", "", False),
        ("nginx:1.27", "public", "docker.io", "nginx", "1.27", False),
        ("library/nginx:1.27", "public", "docker.io", "library/nginx", "1.27", False),
        ("localhost/nginx", "public", "localhost", "nginx", "", False),
        ("ghcr.io/team/lms@sha256:00", "public", "ghcr.io", "team/lms", "", True),
        ("registry:5000/lms:2@sha256:00", "public", "registry:5000", "lms", "2", True),
        (f"{OWN}/team/lms:1", "ecr", OWN, "team/lms", "1", False),
        (f"{OWN}/team/lms@sha256:00", "ecr", OWN, "team/lms", "", True),
        ({"Fn::Sub": f"{OWN}/${{Generated}}:1"}, "ecr", OWN, "${Generated}", "1", False),
        ({"Fn::Sub": "${Repository.RepositoryUri}:1"}, "ecr", "${Repository.RepositoryUri}", "team/lms", "1", False),
        (att("Repository", "RepositoryUri"), "ecr", "${Repository.RepositoryUri}", "team/lms", "", False),
        (
            {"Fn::Sub": "${Any}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/team/lms:${Any}"},
            "ecr",
            f"${{Any}}.dkr.ecr.{REGION}.amazonaws.com",
            "team/lms",
            "${Any}",
            False,
        ),
        ({"Fn::Sub": f"{OWN}/${{Any}}"}, "ecr", OWN, "${Any}", "", None),
        (ref("Any"), "unknown", "", None, "", None),
        ({"Fn::Sub": "${Any}:1"}, "unknown", "", None, "", None),
        ({"Fn::Sub": "${Any}/lms:1"}, "unknown", "", None, "", None),
        ({"Fn::Sub": "{{resolve:ssm:image}}"}, "unknown", "", None, "", None),
        (None, "unknown", "", None, "", None),
    ],
)
def test_image(given: object, registry: str, host: str, repository: str | None, tag: str, digest: bool | None) -> None:
    stack, value = stack_of(given, region=REGION, **REPOSITORY)
    image = read_image(stack, value)
    assert (image.registry, image.host, image.tag, image.digest) == (registry, host, tag, digest)
    assert (None if image.repository is None else show(image.repository)) == repository
    owners = {"team/lms": "Repository", "${Generated}": "Generated"}
    assert image.resource == (owners.get(repository or "") if registry == "ecr" else None)


def test_an_ecr_image_knows_account_and_region() -> None:
    stack, value = stack_of({"Fn::Sub": "${Any}.dkr.ecr.${AWS::Region}.amazonaws.com/lms"}, region=None)
    image = read_image(stack, value)
    assert image.account == Sym("Any", kind="parameter")
    assert image.region == stack.region
    stack, value = stack_of(f"{OWN}/other")
    assert read_image(stack, value) == Image(value, "ecr", OWN, ACCOUNT, REGION, "other", None, "", digest=False)


WRITTEN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"


@pytest.mark.parametrize(
    ("given", "kind", "base", "suffix", "owner"),
    [
        (ref("Secret"), "secret", "${Secret}", (), "Secret"),
        ({"Fn::Sub": "${Secret}:host::"}, "secret", "${Secret}", ("host", "", ""), "Secret"),
        (
            att("Database", "MasterUserSecret.SecretArn"),
            "secret",
            "${Database.MasterUserSecret.SecretArn}",
            (),
            "Database",
        ),
        (f"{WRITTEN}other-AbCdEf", "secret", f"{WRITTEN}other-AbCdEf", (), None),
        (f"{WRITTEN}other-AbCdEf:host:stage:1", "secret", f"{WRITTEN}other-AbCdEf", ("host", "stage", "1"), None),
        (f"{WRITTEN}lms/db-AbCdEf:host::", "secret", f"{WRITTEN}lms/db-AbCdEf", ("host", "", ""), "Secret"),
        (
            {"Fn::Sub": "arn:aws:secretsmanager:${Any}:1:secret:x-AbCdEf:k::"},
            "secret",
            "arn:aws:secretsmanager:${Any}:1:secret:x-AbCdEf",
            ("k", "", ""),
            None,
        ),
        ({"Fn::Sub": "${Any}:host::"}, "secret", "${Any}", ("host", "", ""), None),
        ({"Fn::Sub": "${Any}/host"}, "unknown", "${Any}/host", (), None),
        (ref("Any"), "unknown", "${Any}", (), None),
        (ref("Parameter"), "parameter", "${Parameter}", (), "Parameter"),
        ("/lms/host", "parameter", "/lms/host", (), "Parameter"),
        ("other", "parameter", "other", (), None),
        ("/else/where", "parameter", "/else/where", (), None),
        (
            f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/lms/host",
            "parameter",
            f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/lms/host",
            (),
            "Parameter",
        ),
    ],
)
def test_secret(given: object, kind: str, base: str, suffix: tuple[str, ...], owner: str | None) -> None:
    stack, value = stack_of(given, region=REGION, **SECRETS)
    found = read_secret(stack, "NAME", value, "Path")
    assert (found.kind, show(found.base), found.suffix, found.resource) == (kind, base, suffix, owner)
    assert (found.name, found.value, found.path) == ("NAME", value, "Path")


@pytest.mark.parametrize("given", [None, ["x"], {"Fn::Transform": {"Name": "Mine"}}])
def test_no_secret(given: object) -> None:
    stack, value = stack_of(given)
    found: SecretReference = read_secret(stack, "", value, "")
    assert (found.kind, type(found.base)) == ("unknown", Unknown)
