"""Pseudo parameters: what CloudFormation knows of the place that a stack is made in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs.values import Sym, join

if TYPE_CHECKING:
    from stackproof.proofs.values import Value


def pseudo_parameters(region: str | None, account: str | None, stack_name: str | None) -> dict[str, Value]:
    """The pseudo parameters: literal where given."""

    def given(name: str, value: str | None) -> Value:
        return Sym(name, kind="pseudo", plain=True) if value is None else value

    partition, suffix = partition_of(region) if region is not None else (None, None)
    here, owner, name = (
        given("AWS::Region", region),
        given("AWS::AccountId", account),
        given("AWS::StackName", stack_name),
    )
    partition_value = given("AWS::Partition", partition)
    unique = Sym("AWS::StackId", "unique part", kind="pseudo", plain=True)
    return {
        "AWS::Partition": partition_value,
        "AWS::Region": here,
        "AWS::AccountId": owner,
        "AWS::StackName": name,
        "AWS::URLSuffix": given("AWS::URLSuffix", suffix),
        "AWS::StackId": join(
            "arn:", partition_value, ":cloudformation:", here, ":", owner, ":stack/", name, "/", unique
        ),
        "AWS::NotificationARNs": Sym("AWS::NotificationARNs", kind="pseudo", many=True),
    }


def partition_of(region: str) -> tuple[str, str]:
    """The partition and the domain of a region."""
    known = {
        "cn-": ("aws-cn", "amazonaws.com.cn"),
        "us-gov-": ("aws-us-gov", "amazonaws.com"),
        "us-iso-": ("aws-iso", "c2s.ic.gov"),
        "us-isob-": ("aws-iso-b", "sc2s.sgov.gov"),
        "eu-isoe-": ("aws-iso-e", "cloud.adc-e.uk"),
        "us-isof-": ("aws-iso-f", "csp.hci.ic.gov"),
        "eusc-": ("aws-eusc", "amazonaws.eu"),
    }
    return next((found for prefix, found in known.items() if region.startswith(prefix)), ("aws", "amazonaws.com"))
