"""Enhanced monitoring's role: it writes to one log group of its own."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, add, att, resource
from tests.unit.stackproof.proofs.permissions_support import allow, complaints, role, the

if TYPE_CHECKING:
    from tests.unit.stackproof.proofs.permissions_support import Template

GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:RDSOSMetrics"
WRITE = [
    allow(["logs:CreateLogGroup", "logs:PutRetentionPolicy"], GROUP),
    allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"], f"{GROUP}:*"),
]


def monitored(*statements: dict[str, Any], role_arn: object = None) -> Template:
    template: Template = {"Resources": {}}
    given = role_arn or att("Role", "Arn")
    add(Role=role("monitoring.rds", *copy.deepcopy(statements)))(template["Resources"])
    add(Database=resource("RDS::DBInstance", MonitoringInterval=60, MonitoringRoleArn=given))(template["Resources"])
    return template


def test_monitoring_writes_to_its_group() -> None:
    assert complaints(monitored(*WRITE)) == []
    found = the(monitored(WRITE[0]))
    assert (found.id, found.verdict, found.logical_id) == ("iam-allowed", Verdict.BROKEN, "Role")
    assert "Database cannot write what enhanced monitoring measures, so that nothing is measured" in found.message
    found = the(monitored(WRITE[1]))
    assert found.verdict is Verdict.UNKNOWN
    assert "only AWS knows whether the log group RDSOSMetrics is there already" in found.message
    found = the(monitored(*WRITE, allow("logs:DeleteLogGroup", GROUP)))
    assert (found.id, found.verdict) == ("iam-unused-action", Verdict.BROKEN)


def test_monitoring_by_the_policy_of_aws_holds_and_by_a_role_of_elsewhere_is_unknown() -> None:
    template = monitored()
    own = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    template["Resources"]["Role"] = role("monitoring.rds", ManagedPolicyArns=[own])
    assert complaints(template) == []
    found = [
        one
        for one in complaints(monitored(*WRITE, role_arn=f"arn:aws:iam::{ACCOUNT}:role/m"))
        if one.id != "iam-unused-role"
    ]
    assert [(one.logical_id, one.verdict) for one in found] == [("Database", Verdict.UNKNOWN)]
