"""The registry schemas that cfn-lint ships, read without importing it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from stackproof.proofs import schemas
from stackproof.proofs.schemas import Schema, available, formats, schema, without_positions


def known(resource_type: str) -> Schema:
    found = schema(resource_type)
    assert found is not None
    return found


def test_reading_a_schema_imports_neither_cfn_lint_nor_anything_large() -> None:
    code = (
        "import sys; from stackproof.proofs.diff import diff; from stackproof.proofs.references import references;"
        " from stackproof.proofs.schemas import schema; schema('AWS::EC2::VPC');"
        " print(sorted({'cfnlint', 'boto3', 'botocore', 'yaml', 'troposphere', 'networkx'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_type_says_what_replaces_it() -> None:
    service = known("AWS::ECS::Service")
    assert ("ServiceName",) in service.create_only
    assert ("TaskDefinition",) not in service.create_only
    assert ("NodeGroupConfiguration",) in known("AWS::ElastiCache::ReplicationGroup").conditional_create_only
    # At the nested path, not its parent; and without positions in lists.
    assert ("IcebergDestinationConfiguration", "DestinationTableList", "DestinationTableName") in known(
        "AWS::MSK::Channel"
    ).create_only


def test_a_type_says_what_tells_it_apart() -> None:
    assert known("AWS::ElastiCache::ReplicationGroup").identifier == (("ReplicationGroupId",),)
    assert ("Arn",) in known("AWS::KMS::Key").read_only
    assert {("KeyId",)} <= known("AWS::KMS::Key").identifiers


@pytest.mark.parametrize(
    ("resource_type", "path", "is_map"),
    [
        ("AWS::EC2::VPC", ("Tags",), False),
        ("AWS::SSM::Parameter", ("Tags",), True),
        ("AWS::EFS::FileSystem", ("FileSystemTags",), False),
        ("AWS::IAM::Policy", None, False),
        ("AWS::EC2::Route", None, False),
    ],
)
def test_a_type_says_where_its_tags_are(resource_type: str, path: tuple[str, ...] | None, is_map: bool) -> None:
    assert known(resource_type).tags == path
    assert known(resource_type).tags_are_a_map is is_map


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"taggable": True, "properties": {"Tags": {}}}, ("Tags",)),
        ({"taggable": True, "properties": {}}, None),
        ({"properties": {"Tags": {}}}, None),
        ({"tagging": {"taggable": True, "tagProperty": "/properties/Labels"}}, ("Labels",)),
        ({"tagging": {"taggable": True}}, ("Tags",)),
        ({"tagging": {"taggable": False}}, None),
    ],
)
def test_tags_of_older_schemas(data: dict[str, object], path: tuple[str, ...] | None) -> None:
    assert Schema(data).tags == path


def test_properties_are_found_at_any_depth() -> None:
    service = known("AWS::ECS::Service")
    for path in [("LoadBalancers", 0, "ContainerPort"), ("LoadBalancers", "ContainerPort")]:
        found = service.property(path)
        assert found is not None
        assert found["type"] == "integer"
    assert service.property(("LoadBalancers", 0, "Nothing")) is None
    assert service.property(("Nothing", "Below")) is None
    assert service.property(("Cluster", 0)) is None
    assert "ContainerPort" in service.names(("LoadBalancers", 0))
    assert service.names(("Nothing",)) == frozenset()
    options = known("AWS::ECS::TaskDefinition").property(
        ("ContainerDefinitions", 0, "LogConfiguration", "Options", "x")
    )
    assert options is not None
    assert options["type"] == "string"


def test_a_circle_of_definitions_ends() -> None:
    circle = Schema(
        {"properties": {"A": {"$ref": "#/definitions/B"}}, "definitions": {"B": {"$ref": "#/definitions/B"}}}
    )
    assert circle.property(("A",)) == {"$ref": "#/definitions/B"}
    assert circle.property(("A", "C")) is None


@pytest.mark.parametrize(
    ("resource_type", "attribute", "answer"),
    [
        ("AWS::KMS::Key", "Arn", True),
        ("AWS::KMS::Key", "ARN", False),
        ("AWS::ElastiCache::ReplicationGroup", "PrimaryEndPoint.Address", True),
        ("AWS::ElastiCache::ReplicationGroup", "PrimaryEndPoint.Host", False),
        ("AWS::EC2::Subnet", "AvailabilityZone", True),
        ("AWS::CloudFormation::Stack", "Outputs.VpcId", True),
        ("AWS::CloudFormation::Stack", "Whatever", False),
        ("AWS::CloudFormation::CustomResource", "Whatever", True),
        ("AWS::Serverless::Function", "Whatever", True),
    ],
)
def test_attributes_that_getatt_gives(resource_type: str, attribute: str, answer: bool) -> None:
    assert known(resource_type).has_attribute(attribute) is answer


def test_types_and_regions() -> None:
    assert schema("AWS::ECS::Service", "sa-east-1") is not None
    assert schema("AWS::AppRunner::Service", "sa-east-1") is not None
    assert schema("Nobody::Makes::This") is None
    assert available("AWS::ECS::Service", "sa-east-1") is True
    assert available("AWS::AppRunner::Service", "sa-east-1") is False
    assert available("AWS::ECS::Service", "${AWS::Region}") is None


def test_tables_beside_the_schemas() -> None:
    assert "AWS::EFS::FileSystem" in schemas.stateful()
    assert schemas.actions()["ecr"]["Actions"]["getauthorizationtoken"] == {}


def test_formats_are_found_in_alternatives() -> None:
    node = known("AWS::Logs::LogGroup").property(("KmsKeyId",))
    assert node is not None
    assert list(formats(node)) == ["AWS::KMS::Key.Arn", "AWS::KMS::Key.Id", "AWS::KMS::Alias.AliasName"]
    assert list(formats({"format": "json", "oneOf": [{"format": "uri"}, "text", {"format": 5}]})) == ["json", "uri"]


def test_positions_are_left_out() -> None:
    assert without_positions(("A", 0, "B", 12)) == ("A", "B")


def test_without_cfn_lint_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = (schemas._data, schemas._read, schemas.schema)
    for cache in caches:
        cache.cache_clear()
    try:
        with monkeypatch.context() as patch:
            patch.setattr("importlib.util.find_spec", lambda _: None)
            assert schema("AWS::EC2::VPC") is None
            assert schemas.stateful() == frozenset()
            assert schemas.actions() == {}
    finally:
        for cache in caches:
            cache.cache_clear()
    assert schema("AWS::EC2::VPC") is not None


def test_a_damaged_file_is_read_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    schemas.schema.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(schemas, "_read", lambda *parts: {"X": "y"} if "providers" in parts else None)
        assert schema("X") is None
    schemas.schema.cache_clear()
