"""A template, and what a piece of one is worth in it."""

from __future__ import annotations

import copy
from typing import Any

from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.values import Unknown, Value

REGION = "sa-east-1"
TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Suffix": {"Type": "String", "Default": "dev"},
        "Zones": {"Type": "String", "Default": "2", "AllowedValues": ["2", "3"]},
        "Ports": {"Type": "CommaDelimitedList", "Default": "80, 443"},
        "Words": {"Type": "CommaDelimitedList", "Default": ""},
        "Size": {"Type": "Number", "Default": 2},
        "Password": {"Type": "String", "NoEcho": True, "Default": ""},
        "Ami": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/aws/ami"},
        "SharedSubnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
        "SharedVpc": {"Type": "AWS::EC2::VPC::Id"},
    },
    "Mappings": {"Sizes": {"small": {"cpu": "256", "zones": ["a", "b"]}}},
    "Conditions": {
        "Three": {"Fn::Equals": [{"Ref": "Zones"}, 3]},
        "Two": {"Fn::Not": [{"Condition": "Three"}]},
        "Both": {"Fn::And": [{"Condition": "Two"}, {"Fn::Equals": [{"Ref": "Suffix"}, "dev"]}]},
        "Either": {"Fn::Or": [{"Condition": "Three"}, {"Condition": "Both"}]},
        "HasPassword": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Password"}, ""]}]},
        "InBrazil": {"Fn::Equals": [{"Ref": "AWS::Region"}, "sa-east-1"]},
    },
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Third": {"Type": "AWS::EC2::Subnet", "Condition": "Three", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "Subject": {"Type": "AWS::ECS::Service", "Properties": {}},
    },
}


def value(node: object, parameters: dict[str, object] | None = None, **pseudo: Any) -> Value:
    """A piece of a template as a property of the template above."""
    template = copy.deepcopy(TEMPLATE)
    template["Resources"]["Subject"]["Properties"]["It"] = node
    return resolve(template, parameters, **pseudo).resources["Subject"].properties.get("It", "(left out)")


def reason(node: object) -> str:
    found = value(node)
    assert isinstance(found, Unknown), found
    return found.reason
