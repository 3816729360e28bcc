"""What a production environment must not be: the rules that stop it before anything is touched.

CloudFormation's rules see parameters only and compare no numbers. What they cannot say (an image that is not pinned, a
minimum above the maximum), `python build.py` says of every parameter file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import And, Equals, Not, Ref

from templates.interface import rule

if TYPE_CHECKING:
    from troposphere import Template

    from templates.tags import Environment


def add_production_rules(t: Template, *, environment: Environment) -> None:
    """Refuse production without a certificate, with nobody to tell, one task or NAT gateway, Spot alone, short logs."""
    unsafe = {
        "ProductionHasCertificate": (
            And(Equals(Ref("CertificateArn"), ""), Equals(Ref("HostedZoneId"), "")),
            "CertificateArn and HostedZoneId are blank: passwords would travel in the clear. Give one of them.",
        ),
        "ProductionHasTwoTasks": (
            {"Fn::Contains": [["0", "1"], Ref("MinimumTasks")]},
            "MinimumTasks is below 2: the loss of one task or zone would be an outage. Give at least 2.",
        ),
        "ProductionHasOnDemandBase": (
            Equals(Ref("OnDemandBase"), "0"),
            "OnDemandBase is 0: Spot capacity can be taken back everywhere at once. Give at least 1.",
        ),
        "ProductionDatabaseFailsOver": (
            And(Equals(Ref("DatabaseSecretArn"), ""), Equals(Ref("DatabaseReader"), "no")),
            "DatabaseReader is no: the loss of the one database instance would be an outage. Choose yes.",
        ),
        "ProductionHasNatPerZone": (
            Equals(Ref("NatGateways"), "one"),
            "NatGateways is one: the loss of its zone would cut every task off. Choose per-zone.",
        ),
        "ProductionTellsSomebody": (
            Equals(Ref("AlarmEmail"), ""),
            "AlarmEmail is blank: nobody would be told of an outage. Give a mailbox; a chat may be told as well.",
        ),
        "ProductionKeepsLogs": (
            {"Fn::Contains": [["1", "3", "5", "7", "14"], Ref("LogRetentionDays")]},
            "LogRetentionDays is below 30: many an incident is noticed weeks later. Give at least 30.",
        ),
    }
    if "NatGateways" not in t.parameters:
        del unsafe["ProductionHasNatPerZone"]  # the network is not ours
    for name, (mistake, sentence) in unsafe.items():
        rule(
            t,
            name,
            when=Equals(Ref(environment.type), "production"),
            assertions=[(Not(mistake), f"EnvironmentType is production, but {sentence}")],
        )
