"""Tags and names: everything that can carry them does, in its own shape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from troposphere import Tags, Template, ssm
from troposphere.ec2 import VPC, Route
from troposphere.ecs import Service

from templates.tags import add_environment, add_tags, words
from tests.templates_support import Emitted, tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERYTHING = {"PlainCache": "yes", "InterfaceEndpoints": "yes", "ZoneCount": "3", "NatGateways": "per-zone"}


class TestWholeTemplates:
    def test_whatever_its_schema_calls_taggable_is_tagged(
        self, every_template: Emitted, registry_schema: Mapping[str, dict[str, Any]]
    ) -> None:
        wanted = {name: value for name, value in EVERYTHING.items() if name in every_template.parameters}
        for name, resource in every_template.with_parameters(**wanted).resources.items():
            tagging = registry_schema[resource.type].get("tagging", {})
            if tagging.get("taggable"):
                property_name = tagging["tagProperty"].removeprefix("/properties/")
                assert property_name in resource.properties, f"{name} carries no {property_name}"
                assert {"environment", "project", "managed-by", "Name"} <= tags_of(resource).keys(), name

    def test_values(self, lms: Emitted) -> None:
        template = lms.with_parameters(EnvironmentSuffix="exam-2027", ProjectTag="school")
        assert tags_of(template.resources["DataSubnet1"]) == {
            "environment": "exam-2027",
            "project": "school",
            "managed-by": "cloudformation",
            "Name": "lms-data-subnet-1-exam-2027",
        }

    def test_names_tell_resources_apart(self, lms: Emitted) -> None:
        names = [tags["Name"] for r in lms.resources.values() if (tags := tags_of(r))]
        assert len(names) == len(set(names)) > 30


class TestAddTags:
    def test_each_type_has_its_shape(self) -> None:
        t = Template()
        t.add_resource(VPC("Vpc"))
        t.add_resource(ssm.Parameter("Setting", Type="String", Value="x"))
        t.add_resource(Route("Way", RouteTableId="rtb-1", DestinationCidrBlock="0.0.0.0/0", GatewayId="igw-1"))
        add_tags(t, environment="shared", project="school")
        resources = Emitted(t).resources
        assert resources["Vpc"]["Tags"][0] == {"Key": "Name", "Value": "lms-vpc-shared"}
        assert resources["Setting"]["Tags"]["Name"] == "lms-setting-shared"
        assert "Tags" not in resources["Way"].properties

    def test_own_tags_stay(self) -> None:
        t = Template()
        t.add_resource(VPC("Vpc", Tags=Tags(purpose="exam")))
        t.add_resource(ssm.Parameter("Setting", Type="String", Value="x", Tags={"purpose": "exam"}))
        add_tags(t, environment="shared", project="school")
        for resource in Emitted(t).resources.values():
            assert tags_of(resource).items() >= {"purpose": "exam", "project": "school"}.items()

    def test_a_services_tasks_carry_its_tags(self) -> None:
        t = Template()
        t.add_resource(Service("Service", TaskDefinition="x"))
        add_tags(t, environment="shared", project="school")
        assert Emitted(t).resources["Service"]["PropagateTags"] == "SERVICE"

    def test_parameters_travel_as_references(self) -> None:
        t = Template()
        environment = add_environment(t)
        t.add_resource(VPC("Vpc"))
        add_tags(t, environment=environment.suffix, project=environment.project)
        moved = Emitted(t, EnvironmentSuffix="staging", ProjectTag="school").resources["Vpc"]
        assert tags_of(moved)["Name"] == "lms-vpc-staging"
        assert (tags_of(moved)["environment"], tags_of(moved)["project"]) == ("staging", "school")


@pytest.mark.parametrize(
    ("logical_id", "text"),
    [
        ("Vpc", "vpc"),
        ("PublicSubnet1", "public-subnet-1"),
        ("S3Endpoint", "s3-endpoint"),
        ("HTTPSListener", "https-listener"),
    ],
)
def test_words(logical_id: str, text: str) -> None:
    assert words(logical_id) == text


@pytest.mark.parametrize("suffix", ["dev", "prod2", "exam-2027", "a", "0", "twelve-chars"])
def test_suffixes_that_are_allowed(lms: Emitted, suffix: str) -> None:
    parameter = lms.body["Parameters"]["EnvironmentSuffix"]
    assert re.fullmatch(parameter["AllowedPattern"], suffix)
    assert len(suffix) <= parameter["MaxLength"]


@pytest.mark.parametrize("suffix", ["", "Dev", "-dev", "dev-", "a--b", "a_b", "dev 1", "dev\n"])
def test_suffixes_that_would_make_names_that_aws_refuses(lms: Emitted, suffix: str) -> None:
    assert not re.fullmatch(lms.body["Parameters"]["EnvironmentSuffix"]["AllowedPattern"], suffix)
