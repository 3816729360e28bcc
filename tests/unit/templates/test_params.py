"""The committed environments: each fits its template, and is what its name says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stackproof.configuration import check_configuration
from stackproof.environments import environment_names
from stackproof.targets import load_targets
from templates import TEMPLATES
from tests.templates_support import Emitted

ROOT = Path(__file__).parents[3]
ENVIRONMENTS = environment_names(ROOT)
IN_VPC = "company"
"""The one whose network is there already."""


def configuration(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "params" / f"{name}.json").read_text())
    return found


def template(name: str) -> Emitted:
    target = load_targets(ROOT)[name].template
    assert target is not None
    return Emitted(TEMPLATES[target](), **configuration(name)["Parameters"])


def test_the_environments() -> None:
    assert ENVIRONMENTS == ["company", "dev", "prod", "staging"]
    assert load_targets(ROOT).keys() == set(ENVIRONMENTS)


@pytest.mark.parametrize("name", ENVIRONMENTS)
class TestEnvironment:
    def test_fits_its_template(self, name: str) -> None:
        assert check_configuration(template(name).body, configuration(name), f"params/{name}.json") == []

    def test_fits_every_variant(self, name: str) -> None:
        variants = ("lms-in-vpc",) if name == IN_VPC else ("lms", "lms-disposable")
        for variant in variants:
            body = Emitted(TEMPLATES[variant]()).body
            assert check_configuration(body, configuration(name), f"params/{name}.json") == []

    def test_the_suffix_is_its_name(self, name: str) -> None:
        assert configuration(name)["Parameters"]["EnvironmentSuffix"] == name

    def test_every_arn_is_of_its_account_and_region(self, name: str) -> None:
        target = load_targets(ROOT)[name]
        arns = [value for value in configuration(name)["Parameters"].values() if value.startswith("arn:")]
        assert arns
        for arn in arns:
            assert arn.split(":")[3:5] == [target.region, target.account]

    def test_a_failed_first_create_can_be_rolled_back(self, name: str) -> None:
        """AWS deletes no protected balancer: what the file says of protection comes when all has been made."""
        *before, last = template(name).body["Metadata"]["Stackproof::Upgrade"]["create"]
        protections = [key for key in template(name).parameters if key.endswith("DeletionProtection")]
        made = [step["set"] for step in before if "set" in step]
        assert made
        assert "set" not in last
        assert [[step[key] for key in protections] for step in made] == [["no"] * len(protections)] * len(made)

    def test_an_application_of_ones_own_is_installed_and_upgraded_by_a_task(self, name: str) -> None:
        """The default image is a plain web server: it has nothing to install."""
        parameters = template(name).parameters
        assert ("UpgradeCommand" in configuration(name)["Parameters"]) == ("Image" in configuration(name)["Parameters"])
        assert ("UpgradeTask" in template(name).resources) == bool(parameters["UpgradeCommand"])

    def test_the_scaling_range_is_one(self, name: str) -> None:
        parameters = template(name).parameters
        assert int(parameters["OnDemandBase"]) <= int(parameters["MinimumTasks"]) <= int(parameters["MaximumTasks"])


def test_environments_do_not_overlap_where_they_may_be_connected() -> None:
    from ipaddress import ip_network
    from itertools import combinations

    ranges = [
        ip_network(template(name).parameters[key])
        for name in ENVIRONMENTS
        for key in ("VpcCidr", "DatabaseCidr")
        if key in template(name).parameters
    ]
    assert not [pair for pair in combinations(ranges, 2) if pair[0].overlaps(pair[1])]


def test_production_is_protected_in_sao_paulo_with_everything_that_production_wants() -> None:
    target = load_targets(ROOT)["prod"]
    assert (target.region, target.account, target.template, target.protected) == (
        "sa-east-1",
        "333333333333",
        "lms",
        True,
    )
    prod = template("prod")
    assert prod.parameters["EnvironmentType"] == "production"
    assert "@sha256:" in prod.parameters["Image"]
    assert len(prod.of_type("AWS::EC2::NatGateway")) == 3
    assert prod.of_type("AWS::EC2::VPCEndpoint").keys() > {"S3Endpoint"}
    assert all(group["MultiAZEnabled"] for group in prod.of_type("AWS::ElastiCache::ReplicationGroup").values())
    assert int(prod.parameters["OnDemandBase"]) >= 2


def test_productions_stack_policy_keeps_every_store_and_its_key() -> None:
    [allowed, denied] = configuration("prod")["StackPolicy"]["Statement"]
    assert allowed == {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    assert denied["Effect"] == "Deny"
    assert denied["Action"] == ["Update:Replace", "Update:Delete"]
    prod = template("prod")
    stores = {
        name
        for name, body in prod.body["Resources"].items()
        if body.get("DeletionPolicy", "Delete") != "Delete"
        and body["Type"] != "AWS::Logs::LogGroup"
        and "Plain" not in name
    }
    kept = {resource.removeprefix("LogicalResourceId/") for resource in denied["Resource"]}
    assert kept == stores | {"FileAccessPoint"}


def test_development_goes_without_a_trace() -> None:
    assert load_targets(ROOT)["dev"].template == "lms-disposable"
    policies = {body.get("DeletionPolicy", "Delete") for body in template("dev").body["Resources"].values()}
    assert policies == {"Delete"}
