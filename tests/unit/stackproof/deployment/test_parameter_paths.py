"""The parameters behind a property."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.deployment.parameter_paths import behind


def template(**resources: Any) -> dict[str, Any]:
    return {
        "Parameters": {name: {"Type": "String"} for name in ("Image", "Tag", "Size", "Mode", "Other")},
        "Mappings": {"Sizes": {"small": {"Memory": "512"}}},
        "Conditions": {
            "IsFast": {"Fn::Equals": [{"Ref": "Mode"}, "fast"]},
            "IsBoth": {"Fn::And": [{"Condition": "IsFast"}, {"Fn::Equals": [{"Ref": "Other"}, "yes"]}]},
        },
        "Resources": resources,
    }


def resource(kind: str = "AWS::ECS::TaskDefinition", condition: str = "", **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties} | ({"Condition": condition} if condition else {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Image"}, ["Image"]),
        ({"Fn::Sub": "${Image}:${Tag}@${AWS::Region}"}, ["Image", "Tag"]),
        ({"Fn::If": ["IsBoth", {"Ref": "Image"}, {"Ref": "AWS::NoValue"}]}, ["Mode", "Other", "Image"]),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "Memory"]}, ["Size"]),
        ("nginx", []),
        ({"Fn::GetAtt": ["Repository", "Uri"]}, []),
    ],
)
def test_a_value_names_its_parameters(value: Any, expected: list[str]) -> None:
    found = behind(template(Task=resource(Image=value)), "Task", ("Image",))
    assert found == expected


def test_the_path_leads_through_lists_branches_and_references() -> None:
    containers = {"Fn::If": ["IsFast", [{"Name": "a", "Image": {"Ref": "Image"}}], [{"Image": {"Ref": "Other"}}]]}
    given = template(
        Service=resource("AWS::ECS::Service", TaskDefinition={"Ref": "Task"}, Role={"Fn::GetAtt": ["Role", "Arn"]}),
        Task=resource(ContainerDefinitions=containers),
        Role=resource("AWS::IAM::Role", RoleName={"Fn::Sub": "lms-${Tag}"}),
    )
    assert behind(given, "Service", ("TaskDefinition", "ContainerDefinitions", "Image")) == ["Image", "Other"]
    assert behind(given, "Service", ("Role", "*Name")) == ["Tag"]


def test_the_condition_of_one_resource_or_of_all_of_a_type() -> None:
    given = template(
        Api=resource("AWS::EC2::VPCEndpoint", "IsFast"),
        Logs=resource("AWS::EC2::VPCEndpoint", "IsBoth"),
        S3=resource("AWS::EC2::VPCEndpoint"),
        Odd=resource("AWS::EC2::VPCEndpoint", "IsNowhere"),
    )
    assert behind(given, "Api", ("Condition",)) == ["Mode"]
    assert behind(given, "Task", ("AWS::EC2::VPCEndpoint", "Condition")) == ["Mode", "Other"]
    assert behind(given, "S3", ("Condition",)) == []


@pytest.mark.parametrize("path", [("Nothing",), ("Image", "Deeper"), ("Loop", "Loop", "Image")])
def test_a_path_that_leads_nowhere_finds_nobody(path: tuple[str, ...]) -> None:
    given = template(Task=resource(Image="nginx", Loop={"Ref": "Task"}))
    assert behind(given, "Task", path) == []
    assert behind({}, "Task", path) == []
    assert behind(given, "Unknown", path) == []


def test_what_refers_to_itself_comes_to_an_end() -> None:
    given = template(Task=resource(Loop={"Ref": "Task"}))
    given["Conditions"]["IsFast"] = {"Condition": "IsFast"}
    given["Resources"]["Task"]["Condition"] = "IsFast"
    given["Resources"]["Other"] = resource(Loop={"Fn::If": ["IsFast", {"Ref": "Other"}, {"Ref": "Other"}]})
    assert behind(given, "Task", ("Condition",)) == []
    assert behind(given, "Other", ("Image",)) == []
