"""What Ref and GetAtt stand for, by type; the table agrees with the registry."""

from __future__ import annotations

import re

import pytest

from stackproof.proofs import shapes
from stackproof.proofs.schemas import schema


def test_a_fixed_name_may_have_slashes_and_a_made_one_has_none() -> None:
    assert shapes.symbol("Log", "AWS::Logs::LogGroup", "Ref").plain
    assert not shapes.symbol("Log", "AWS::Logs::LogGroup", "Ref", fixed={"LogGroupName": 1}).plain
    assert not shapes.symbol("Topic", "AWS::SNS::Topic", "TopicArn").plain
    assert shapes.symbol("Gateway", "AWS::EC2::InternetGateway", "Ref").plain
    assert not shapes.symbol("Thing", "Custom::Thing", "Ref").plain
    assert shapes.symbol("Zone", "AWS::Route53::HostedZone", "NameServers").many


@pytest.mark.parametrize(
    ("resource_type", "attribute", "meaning"),
    [
        ("AWS::KMS::Key", "Ref", shapes.ID),
        ("AWS::KMS::Key", "Arn", shapes.ARN),
        ("AWS::SecretsManager::Secret", "Ref", shapes.ARN),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "Ref", shapes.ARN),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupFullName", shapes.FULL_NAME),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "DNSName", shapes.OTHER),
        ("AWS::ECS::Service", "Ref", shapes.ARN),
        ("AWS::ECS::Service", "Name", shapes.NAME),
        ("AWS::Logs::LogGroup", "Arn", shapes.STARRED),
        ("AWS::Logs::LogGroup", "Ref", shapes.NAME),
        ("AWS::SQS::Queue", "Ref", shapes.URL),
        ("AWS::EC2::RouteTable", "Ref", shapes.ID),
        ("Custom::Thing", "Ref", shapes.OTHER),
    ],
)
def test_meanings_by_type(resource_type: str, attribute: str, meaning: str) -> None:
    assert shapes.meaning(resource_type, attribute) == meaning


@pytest.mark.parametrize("resource_type", sorted(shapes.SHAPES))
def test_the_table_agrees_with_the_registry(resource_type: str) -> None:
    """Every attribute exists, the property that fixes a name too, and samples match the patterns of the registry."""
    shape, found = shapes.SHAPES[resource_type], schema(resource_type)
    assert found is not None
    attributes = [*shape.arns, *shape.names, *filter(None, [shape.full])]
    for attribute in attributes:
        assert attribute == "Ref" or found.has_attribute(attribute), attribute
        sample = shapes.sample(resource_type, attribute)
        assert sample is not None
        assert (sample.startswith("arn:aws:")) is (attribute in shape.arns)
        node = found.property((attribute,)) if attribute != "Ref" else None
        pattern = node.get("pattern") if node is not None else None
        assert pattern is None or re.search(pattern, sample), (attribute, pattern, sample)
    assert not shape.name or found.property((shape.name,)) is not None


def test_samples_are_only_made_where_the_form_is_known() -> None:
    assert shapes.sample("AWS::SQS::Queue", "Ref") is None
    assert shapes.sample("Custom::Thing", "Arn") is None
    assert shapes.sample("AWS::Logs::LogGroup", "Arn") == "arn:aws:logs:us-east-1:123456789012:log-group:sample-name:*"
    full = shapes.sample("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerFullName")
    assert full == "app/sample-name/0123456789abcdef"


def test_properties_that_an_attribute_gives_back_exist() -> None:
    for (resource_type, attribute), name in shapes.ECHOES.items():
        found = schema(resource_type)
        assert found is not None
        assert found.has_attribute(attribute)
        assert found.property((name,)) is not None
