"""The face that the template shows in the console: parameters in groups, conditions, rules and outputs.

Everything that a person reads or fills in goes through these functions, so that no parameter is without a group, a
label and a description, and no output without its export name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Export, Output, Parameter, Sub

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, Template

INTERFACE = "AWS::CloudFormation::Interface"

GROUPS = (
    "Environment",
    "Existing database",
    "Database of this stack",
    "Application",
    "Scaling",
    "Background work",
    "Installation and upgrade",
    "Mail",
    "Address and balancer",
    "Web firewall",
    "Files",
    "Cache",
    "Backup",
    "Watching",
    "Network",
    "Logs",
    "Permissions",
)
"""The order in which the console shows the groups: what has to be filled in stands first."""

FIRST = (
    "Image",
    "Command",
    "ContainerPort",
    "HealthCheckPath",
    "TaskSize",
    "CpuArchitecture",
    "HealthGraceSeconds",
    "StopTimeout",
    "ExtraSecretArn",
    "ExtraSecretKeyArn",
    "MinimumTasks",
    "MaximumTasks",
    "TargetCpuPercent",
    "TargetMemoryPercent",
    "RequestsPerTarget",
    "DomainName",
    "HostedZoneId",
    "CertificateArn",
    "WebFirewall",
    "CacheNodeType",
    "LogRetentionDays",
    "AlarmEmail",
)
"""Within a group these stand first, in this order; the others follow as they were added. What a person decides first
is not always what the template makes first."""

YES_NO = ["yes", "no"]


def parameter(
    t: Template,
    logical_id: str,
    *,
    group: str,
    label: str,
    description: str,
    type: str = "String",  # noqa: A002  # CloudFormation's own word for it
    default: str | int | None = None,
    allowed_values: Sequence[str | int] | None = None,
    pattern: str | None = None,
    constraint: str | None = None,
    min_value: int | None = None,
    max_value: int | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
) -> Parameter:
    """Add a parameter, and show it in the console under its group.

    Args:
        t: the template.
        logical_id: the parameter's name in params/*.json.
        group: one of GROUPS.
        label: what the console writes beside the field.
        description: what the value does, and what leaving it blank does.
        type: String, Number, CommaDelimitedList or one of the types that AWS looks up.
        default: the value of a first try; without one, the console insists on a value.
        allowed_values: a list to choose from.
        pattern: a regular expression for the whole value.
        constraint: the sentence that a person gets for a value that is not allowed.
        min_value: least value of a Number.
        max_value: greatest value of a Number.
        min_length: least length of a String, in characters.
        max_length: greatest length of a String, in characters.

    Raises:
        ValueError: the group is not one of GROUPS, or the parameter exists already.
    """
    if group not in GROUPS:
        raise ValueError(f'parameter {logical_id}: "{group}" is not one of the groups {", ".join(GROUPS)}')
    limits = {
        "Default": default,
        "AllowedValues": None if allowed_values is None else list(allowed_values),
        "AllowedPattern": pattern,
        "ConstraintDescription": constraint,
        "MinValue": min_value,
        "MaxValue": max_value,
        "MinLength": min_length,
        "MaxLength": max_length,
    }
    given = {name: value for name, value in limits.items() if value is not None}
    made = t.add_parameter(Parameter(logical_id, Type=type, Description=description, **given))
    t.add_parameter_to_group(made, group)
    t.set_parameter_label(made, label)
    groups = t.metadata[INTERFACE]["ParameterGroups"]
    groups.sort(key=lambda shown: GROUPS.index(shown["Label"]["default"]))
    for shown in groups:
        shown["Parameters"].sort(key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    return made


def condition(t: Template, name: str, expression: AWSHelperFn) -> str:
    """Add a condition and return its name, for `Condition=` and `If(...)`."""
    if name in t.conditions:
        raise ValueError(f"there is a condition {name} already")
    return t.add_condition(name, expression)


def rule(
    t: Template,
    name: str,
    *,
    assertions: Sequence[tuple[dict[str, Any] | AWSHelperFn, str]],
    when: dict[str, Any] | AWSHelperFn | None = None,
) -> None:
    """Add a rule: CloudFormation checks it against the parameters before it touches a resource.

    Args:
        t: the template.
        name: the rule's logical id.
        assertions: what must hold, each with the sentence that a person reads when it does not.
        when: the rule counts only where this holds; always without it.

    Rules know And, Or, Not, Equals, Contains, EachMemberEquals, EachMemberIn, RefAll, ValueOf and ValueOfAll, nothing
    else: no If, Sub, Select, Split or Condition. troposphere has no classes for some of these: plain dictionaries.
    """
    body: dict[str, Any] = {
        "Assertions": [{"Assert": assertion, "AssertDescription": sentence} for assertion, sentence in assertions]
    }
    if when is not None:
        body["RuleCondition"] = when
    t.add_rule(name, body)


def output(
    t: Template,
    name: str,
    value: str | AWSHelperFn,
    description: str,
    *,
    condition: str | None = None,
) -> None:
    """Add an output, exported as `<stack name>-<name>`; give it the condition of what it shows.

    An export with an empty value fails the stack, and an output whose resource is left out cannot be resolved: both are
    what `condition` is for.
    """
    made = Output(name, Value=value, Description=description, Export=Export(Sub(f"${{AWS::StackName}}-{name}")))
    if condition is not None:
        made.Condition = condition
    t.add_output(made)
