"""Names and tags: what every resource of an environment is called, put on once at the end.

They stand in the template itself, not in the stack's tags: an upload in the console has no parameter file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import Parameter, Ref, Sub, Tags

from templates.interface import parameter

if TYPE_CHECKING:
    from troposphere import AWSObject, Template

TAG_PROPERTIES = ("Tags", "FileSystemTags", "AccessPointTags", "BackupVaultTags", "BackupPlanTags", "HostedZoneTags")
"""What the types of CloudFormation call their list of tags."""


@dataclass(frozen=True)
class Environment:
    """The parameters that every name and tag is made of."""

    suffix: Parameter
    type: Parameter
    project: Parameter


def add_environment(t: Template) -> Environment:
    """Add the parameters that say which environment this is."""
    return Environment(
        suffix=parameter(
            t,
            "EnvironmentSuffix",
            group="Environment",
            label="Environment",
            description="Short name of the environment, at the end of every name: dev, staging, prod. "
            "Two stacks in one account and region need different ones.",
            default="dev",
            pattern="^[a-z0-9]+(-[a-z0-9]+)*$",
            max_length=12,
            constraint="1 to 12 lower case letters, digits and single inner hyphens, such as dev or exam-2027.",
        ),
        type=parameter(
            t,
            "EnvironmentType",
            group="Environment",
            label="What it is for",
            description="production turns on the rules that stop unsafe values: no certificate, one task, Spot alone, "
            "one NAT gateway, logs kept for less than 30 days.",
            default="development",
            allowed_values=["development", "staging", "production"],
            constraint="development, staging or production.",
        ),
        project=add_project(t),
    )


def add_project(t: Template) -> Parameter:
    """Add the parameter that says which project pays for everything."""
    return parameter(
        t,
        "ProjectTag",
        group="Environment",
        label="Project tag",
        description="Value of the tag project on everything, for cost reports.",
        default="edutechbr-lms",
        pattern=r"^[A-Za-z0-9_.:/=+@-]{1,128}$",
        constraint="1 to 128 letters, digits and the characters _ . : / = + - @, without spaces.",
    )


def add_tags(t: Template, *, environment: Parameter | str, project: Parameter | str) -> None:
    """Tag everything that can carry tags: environment, project, managed-by, and a Name with the environment in it.

    Call it once, when the template is complete. A resource that has tags of its own keeps them beside these.

    Args:
        t: the complete template.
        environment: the parameter EnvironmentSuffix, or a text where a template has none.
        project: the parameter ProjectTag, or a text.
    """
    ending = f"${{{environment.title}}}" if isinstance(environment, Parameter) else environment
    for logical_id, resource in t.resources.items():
        name = f"lms-{words(logical_id)}-{ending}"
        common = {
            "environment": _value(environment),
            "project": _value(project),
            "managed-by": "cloudformation",
            "Name": Sub(name) if "${" in name else name,
        }
        _tag(resource, common)


def words(logical_id: str) -> str:
    """A logical id as lower case words: `PublicSubnet1` → `public-subnet-1`, `HTTPSListener` → `https-listener`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z])(?=[0-9]+$)", "-", logical_id).lower()


def _tag(resource: AWSObject, common: dict[str, str | Ref | Sub]) -> None:
    name = next((name for name in TAG_PROPERTIES if name in resource.props), None)
    if name is None:
        return
    own = resource.properties.get(name)
    if resource.props[name][0] is dict:
        setattr(resource, name, {**common, **(own or {})})
    else:
        setattr(resource, name, Tags(**common) if own is None else Tags(**common) + own)
    if "PropagateTags" in resource.props:
        # Tasks and their network interfaces carry the service's tags, or nobody could tell what they cost.
        resource.PropagateTags = "SERVICE"


def _value(given: Parameter | str) -> Ref | str:
    return Ref(given) if isinstance(given, Parameter) else given
