"""params/targets.toml: where each environment lives, and every mistake in it by table and key."""

from __future__ import annotations

import json
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

import pytest

from stackproof import targets
from stackproof.errors import BadInputError
from stackproof.targets import Target, load_targets, region_problem, stack_name_problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def written(root: Path, text: str) -> Path:
    (root / "params").mkdir()
    (root / "params" / "targets.toml").write_text(text)
    return root


def faults_of(root: Path, text: str) -> list[str]:
    with pytest.raises(BadInputError) as raised:
        load_targets(written(root, text))
    return str(raised.value).splitlines()


def test_a_target_is_what_its_table_says(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        """
        [dev]
        template = "lms-disposable"
        [prod-eu]
        region = "eu-west-1"
        account = "012345678901"
        profile = "lms prod"
        template = "lms"
        stack = "school"
        verify = true
        [production]
        protected = false
        """,
    )
    assert load_targets(root) == {
        "dev": Target("dev", template="lms-disposable", stack="lms-dev"),
        "prod-eu": Target(
            "prod-eu",
            region="eu-west-1",
            account="012345678901",
            profile="lms prod",
            template="lms",
            stack="school",
            protected=True,
            verify=True,
        ),
        "production": Target("production", protected=False),
    }


def test_without_the_file_there_are_no_targets(tmp_path: Path) -> None:
    assert load_targets(tmp_path) == {}


def test_every_mistake_is_named_by_table_and_key(tmp_path: Path) -> None:
    faults = faults_of(
        tmp_path,
        """
        region = "sa-east-1"
        [prod]
        regoin = "sa-east-1"
        region = "sa-est-1"
        account = 12345678901
        profile = " "
        template = "dist/lms.json"
        stack = "lms_prod"
        protected = "yes"
        verify = 1
        """,
    )
    assert faults == [
        "params/targets.toml: region: stands outside of a table; each environment has its own: [prod]",
        (
            "params/targets.toml: prod.regoin: is no key of a target; there are region, account, profile, template,"
            ' stack, protected, verify, did you mean "region"?'
        ),
        (
            'params/targets.toml: prod.region: "sa-est-1" is no AWS region that the installed botocore knows (a new one'
            ' needs a new botocore), did you mean "sa-east-1"?'
        ),
        'params/targets.toml: prod.account: an account is a text, or its leading zeros are lost; write "012345678901"',
        "params/targets.toml: prod.profile: is a text in quotes that is not blank",
        (
            'params/targets.toml: prod.template: "dist/lms.json" is no name of a template in dist/; write it without'
            " folder and .json"
        ),
        (
            'params/targets.toml: prod.stack: "lms_prod" is no stack name; it has letters, digits and hyphens,'
            " begins with a letter, and is at most 128 long"
        ),
        "params/targets.toml: prod.protected: is true or false, without quotes",
        "params/targets.toml: prod.verify: is true or false, without quotes",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('account = "12345"', 'dev.account: "12345" is no account; it has 12 digits, in quotes'),
        ("account = true", 'dev.account: "True" is no account; it has 12 digits, in quotes'),
        ("region = 1", "dev.region: a region is a text, such as sa-east-1"),
        ("stack = []", "dev.stack: a stack name is a text; it has letters,"),
        ("profile = 2026-01-01", "dev.profile: is a text in quotes that is not blank"),
    ],
)
def test_values_of_other_types(tmp_path: Path, line: str, message: str) -> None:
    (fault,) = faults_of(tmp_path, f"[dev]\n{line}\n")
    assert fault.startswith(f"params/targets.toml: {message}")


def test_what_is_no_toml_is_one_fault(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, "[dev]\nregion = sa-east-1\n")
    assert fault.startswith("params/targets.toml:2: no valid TOML, column 10")


@pytest.mark.parametrize("name", ["a", "lms-prod", "A1-", "a" * 128])
def test_names_that_a_stack_may_have(name: str) -> None:
    assert not stack_name_problem(name)


@pytest.mark.parametrize("name", ["", "1a", "-a", "a_b", "a b", "é", "a\n", "a" * 129])
def test_names_that_no_stack_has(name: str) -> None:
    assert "is no stack name" in stack_name_problem(name)


@pytest.mark.parametrize("region", ["sa-east-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"])
def test_regions_of_every_partition_are_known(region: str) -> None:
    assert not region_problem(region)


@pytest.mark.parametrize("region", ["aws-global", "sa-east-9", "SA-EAST-1", "", "saeast1"])
def test_what_is_no_region(region: str) -> None:
    assert "is no AWS region that the installed botocore knows" in region_problem(region)


@pytest.fixture
def no_list_of_regions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[None]:
    """A botocore that keeps its list of regions elsewhere, or in another form."""
    if request.param is not None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "partitions.json").write_text(json.dumps(request.param))
    spec = ModuleSpec("botocore", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: spec)
    targets._regions.cache_clear()
    yield
    targets._regions.cache_clear()


@pytest.mark.parametrize("no_list_of_regions", [None, {}, {"partitions": 1}], indirect=True)
@pytest.mark.usefixtures("no_list_of_regions")
def test_without_a_list_the_shape_of_a_region_is_checked() -> None:
    assert not region_problem("sa-east-9")
    assert region_problem("sa-east") == '"sa-east" is no AWS region; it looks like sa-east-1'
