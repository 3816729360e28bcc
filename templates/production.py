"""What a production environment must not be: the rules that stop it before anything is touched.

CloudFormation's rules see parameters only and compare no numbers. What they cannot say (an image that is not pinned, a
minimum above the maximum), `python build.py` says of every parameter file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Equals, Not, Ref

from templates.interface import rule

if TYPE_CHECKING:
    from troposphere import Template

    from templates.tags import Environment


def add_production_rules(t: Template, *, environment: Environment) -> None:
    """Refuse production without a certificate, with one task, or with one NAT gateway."""
    unsafe = {
        "ProductionHasCertificate": (
            Equals(Ref("CertificateArn"), ""),
            "CertificateArn is blank: passwords would travel in the clear. Give the ARN of an ACM certificate.",
        ),
        "ProductionHasTwoTasks": (
            {"Fn::Contains": [["0", "1"], Ref("MinimumTasks")]},
            "MinimumTasks is below 2: the loss of one task or zone would be an outage. Give at least 2.",
        ),
        "ProductionHasNatPerZone": (
            Equals(Ref("NatGateways"), "one"),
            "NatGateways is one: the loss of its zone would cut every task off. Choose per-zone.",
        ),
    }
    for name, (mistake, sentence) in unsafe.items():
        rule(
            t,
            name,
            when=Equals(Ref(environment.type), "production"),
            assertions=[(Not(mistake), f"EnvironmentType is production, but {sentence}")],
        )
