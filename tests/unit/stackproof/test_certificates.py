"""A certificate that a parameter gives to a listener: one of the environment's own region and account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.certificates import Home, elsewhere
from stackproof.environment_checks import check_environments
from stackproof.environments import load_environment
from stackproof.errors import BadInputError
from stackproof.parameters import Given, Values, check_values, parameters_of
from stackproof.relations import check_relations

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REGION, ACCOUNT = "sa-east-1", "111122223333"
HOME = Home(REGION, ACCOUNT)
ARN = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/01234567-89ab-cdef-0123-456789abcdef"
THERE = ARN.replace(REGION, "us-east-1")
THEIRS = ARN.replace(ACCOUNT, "999999999999")
IAM = "arn:aws:iam::999999999999:server-certificate/old"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"


def listening(certificate: Any, type_name: str = LISTENER) -> dict[str, Any]:
    return {
        "Parameters": {"Shown": {"Type": "String", "Default": ""}},
        "Resources": {"Secure": {"Type": type_name, "Properties": {"Certificates": [{"CertificateArn": certificate}]}}},
    }


def faults(template: dict[str, Any], arn: str, home: Home | None = HOME) -> list[str]:
    known = parameters_of(template)
    given = {"Shown": Given(arn, "params/dev.json:3", "Parameters.Shown")}
    values = Values(known, given, check_values(known, given)[0], "params/dev.json")
    return [str(fault) for fault in check_relations(template, values, home=home)]


@pytest.mark.parametrize(
    "certificate",
    [{"Ref": "Shown"}, {"Fn::If": ["Made", {"Ref": "Certificate"}, {"Ref": "Shown"}]}],
    ids=["alone", "as one side of a condition"],
)
def test_one_of_another_region_is_named_where_it_is_given(certificate: Any) -> None:
    (found,) = faults(listening(certificate), THERE)
    assert found.startswith('params/dev.json:3: Parameters.Shown: Shown "arn:aws:acm:us-east-1:')
    assert found.endswith(
        f" is a certificate of us-east-1, and a listener shows one of its own region, {REGION} (Secure); request or"
        f" import it in {REGION}"
    )


def test_one_of_another_account_is_named_as_well() -> None:
    (found,) = faults(listening({"Ref": "Shown"}, f"{LISTENER}Certificate"), THEIRS)
    assert (
        f"is a certificate of the account 999999999999, and a listener shows one of its own account, {ACCOUNT}" in found
    )


@pytest.mark.parametrize(
    ("template", "arn", "home"),
    [
        (listening({"Ref": "Shown"}), ARN, HOME),
        (listening({"Ref": "Shown"}), IAM, HOME),
        (listening({"Ref": "Shown"}), "", HOME),
        (listening({"Ref": "Shown"}), THERE, None),
        (listening(ARN), THERE, HOME),
        (listening({"Ref": "Shown"}, "AWS::CloudFront::Distribution"), THERE, HOME),
        ({**listening(ARN), "Resources": []}, THERE, HOME),
        ({**listening(ARN), "Resources": {"Secure": [], "Other": {"Type": LISTENER}}}, THERE, HOME),
    ],
)
def test_anything_else_is_let_through(template: dict[str, Any], arn: str, home: Home | None) -> None:
    assert faults(template, arn, home) == []


def test_only_the_certificate_of_a_listener_is_one() -> None:
    template = listening(ARN)
    template["Resources"]["Secure"]["Properties"]["LoadBalancerArn"] = {"Ref": "Shown"}
    assert faults(template, THERE) == []


@pytest.mark.parametrize(
    ("arn", "region", "account", "told"),
    [
        (ARN, REGION, ACCOUNT, ""),
        (THERE, None, ACCOUNT, ""),
        (THEIRS, REGION, None, ""),
        (THERE, REGION, None, "is a certificate of us-east-1, and a listener shows one of its own region, sa-east-1"),
        ("", REGION, ACCOUNT, ""),
        (IAM, REGION, ACCOUNT, ""),
    ],
)
def test_where_a_certificate_is(arn: str, region: str | None, account: str | None, told: str) -> None:
    found = elsewhere(arn, region, account)
    assert (found[0] if found else "") == told


@pytest.fixture
def repository(tmp_path: Path) -> Callable[[str], Path]:
    """A repository whose environment lives in sa-east-1, with a certificate."""

    def made(arn: str) -> Path:
        for folder in ("params", "dist"):
            (tmp_path / folder).mkdir()
        target = f'[prod]\naccount = "{ACCOUNT}"\nregion = "{REGION}"\ntemplate = "web"\n'
        (tmp_path / "params" / "targets.toml").write_text(target)
        (tmp_path / "params" / "prod.json").write_text(json.dumps({"Parameters": {"Shown": arn}}))
        (tmp_path / "dist" / "web.json").write_text(json.dumps(listening({"Ref": "Shown"})))
        return tmp_path

    return made


def test_the_build_and_every_command_know_where_an_environment_lives(repository: Callable[[str], Path]) -> None:
    root = repository(THERE)
    checks = check_environments(root, ["web"], {"web": listening({"Ref": "Shown"})})
    assert [fault.key for fault in checks.faults] == ["Parameters.Shown"]
    with pytest.raises(BadInputError, match="is a certificate of us-east-1"):
        load_environment(root, "prod")
    assert load_environment(root, "prod", region="us-east-1").parameters == {"Shown": THERE}
