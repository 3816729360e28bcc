"""What a build proves: with whose parameters and intent, what fails it, and what it remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from troposphere import Equals, If, Parameter, Ref, Template
from troposphere.logs import LogGroup
from troposphere.s3 import Bucket

from tests.unit.stackproof.project import Project

if TYPE_CHECKING:
    from pathlib import Path


def open_bucket() -> Template:
    """A bucket that S3 refuses to create as soon as Open is yes; the linter sees nothing."""
    t = Template()
    given = t.add_parameter(Parameter("Open", Type="String", Default="no", AllowedValues=["yes", "no"]))
    t.add_condition("IsOpen", Equals(Ref(given), "yes"))
    t.add_resource(Bucket("Files", AccessControl=If("IsOpen", "PublicRead", Ref("AWS::NoValue"))))
    t.add_resource(LogGroup("Logs", RetentionInDays=3))
    return t


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    project = Project(tmp_path, capsys, {"topic": open_bucket})
    project.environment("dev", Open="yes")
    project.environment("prod", Open="no")
    return project


def test_a_broken_proof_fails_the_build_and_names_the_environment(project: Project) -> None:
    outcome = project.build("--no-lint")

    assert outcome.code == 1
    line = next(line for line in outcome.out.splitlines() if "store-public-refused" in line)
    written = project.read("dist/topic.json").decode().splitlines()
    number = next(number for number, each in enumerate(written, 1) if '"AccessControl"' in each)
    assert line.startswith(f"    dist/topic.json:{number}: store-public-refused broken: S3 refuses to create Files")
    assert line.endswith("(environment dev) at Resources.Files.Properties.AccessControl")


def test_no_proofs_means_no_proofs(project: Project) -> None:
    outcome = project.build("--no-lint", "--no-proofs")

    assert outcome.code == 0
    assert "  proofs: not run (--no-proofs)\n" in outcome.out


def test_what_was_not_proven_is_not_remembered_as_proven(project: Project) -> None:
    project.build("--no-lint", "--no-proofs")

    outcome = project.build("--no-lint")

    assert outcome.code == 1
    assert "store-public-refused" in outcome.out


def test_a_fault_that_two_environments_share_is_told_once(project: Project) -> None:
    project.environment("test", Open="yes")

    told = project.build("--no-lint", "--json").data["templates"][0]["proofs"]

    assert [(each["id"], each["environment"]) for each in told["findings"]] == [("store-public-refused", "dev, test")]


def test_the_verdict_is_remembered_with_its_findings(project: Project) -> None:
    first = project.build("--no-lint", "--json")
    second = project.build("--no-lint", "--json")

    before, after = (each.data["templates"][0]["proofs"] for each in (first, second))
    assert (before["stored"], after["stored"]) == (False, True)
    assert after == before | {"stored": True}
    assert (first.code, second.code) == (1, 1)


def test_a_build_without_proofs_wipes_out_no_verdict(project: Project) -> None:
    project.build("--no-lint")
    project.build("--no-lint", "--no-proofs", "--fresh")

    assert project.build("--no-lint", "--json").data["templates"][0]["proofs"]["stored"] is True


def test_a_verdict_on_other_parameters_does_not_count(project: Project) -> None:
    project.build("--no-lint")
    project.write("params/dev.json", {"Parameters": {"Open": "no"}})

    outcome = project.build("--no-lint")

    assert outcome.code == 0
    assert "  proofs: clean, " in outcome.out
    assert "stored" not in outcome.out


def test_each_environment_has_its_own_intent(project: Project) -> None:
    project.write("params/dev.json", {"Parameters": {"Open": "no"}})
    project.write("params/intent.toml", "[default]\nlog_days = 3\n\n[prod]\nlog_days = 30\n")

    found = project.build("--no-lint", "--json").data["templates"][0]["proofs"]["findings"]

    assert [(each["id"], each["environment"]) for each in found] == [("store-log-retention", "prod")]


def test_an_exception_is_an_answer(project: Project) -> None:
    project.write(
        "params/intent.toml",
        '[[dev.accept]]\nrule = "store-public-refused"\nresource = "Files"\nreason = "an old account with ACLs"\n',
    )

    assert project.build("--no-lint").code == 0


def test_a_fault_in_the_intent_is_bad_input(project: Project) -> None:
    project.write("params/intent.toml", "[default]\nlog_day = 3\n[pord]\nlog_days = 3\n")

    outcome = project.build("--no-lint")

    assert outcome.code == 2
    assert "  proofs: not run (faults in what was meant)\n" in outcome.out
    assert "params/intent.toml: default.log_day" in outcome.err
    assert 'params/intent.toml: pord: is no environment; there are default, dev, prod, did you mean "prod"?' in (
        outcome.err
    )


def test_a_template_of_no_environment_is_proven_with_its_defaults(project: Project) -> None:
    project.templates["other"] = open_bucket
    project.write("params/dev.json", {"Parameters": {"Open": "no"}})
    # What is meant for environments does not concern it.
    project.write("params/intent.toml", "[default]\nlog_days = 3\n")

    outcome = project.build("other", "--no-lint")

    assert outcome.code == 0
    assert "other: " in outcome.out
    assert "  proofs: clean, " in outcome.out


def test_what_is_stale_in_dist_is_not_proven(project: Project) -> None:
    project.write("dist/topic.json", "{}")

    outcome = project.build("--no-lint", "--check")

    assert outcome.code == 3
    assert "  proofs: not run (dist/topic.json is stale)\n" in outcome.out


def test_parameters_at_fault_prove_nothing(project: Project) -> None:
    project.write("params/dev.json", {"Parameters": {"Open": "perhaps"}})

    outcome = project.build("--no-lint")

    assert outcome.code == 2
    assert "  proofs: not run (faults in its parameters)\n" in outcome.out
