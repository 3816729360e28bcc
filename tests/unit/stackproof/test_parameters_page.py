"""The page on parameters: what a person reads about each, over all templates, and when it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.parameters_page import parameters_page
from tests.unit.stackproof.project import Project, sound

if TYPE_CHECKING:
    from pathlib import Path

PAGE = "docs/parameters.md"


def template(groups: dict[str, list[str]] | None = None, **parameters: dict[str, Any]) -> dict[str, Any]:
    interface = {
        "ParameterGroups": [
            {"Label": {"default": label}, "Parameters": names} for label, names in (groups or {}).items()
        ],
        "ParameterLabels": {name: {"default": f"The {name.lower()}"} for name in parameters if name != "Bare"},
    }
    return {
        "Metadata": {"AWS::CloudFormation::Interface": interface},
        "Parameters": {name: {"Type": "String"} | body for name, body in parameters.items()},
    }


def entry(page: str, name: str) -> list[str]:
    """The lines below a parameter's heading."""
    return page.partition(f"### {name}\n\n")[2].partition("\n#")[0].strip().splitlines()


def test_what_is_said_about_a_parameter() -> None:
    size = {"Description": "How much there is.", "Default": "small", "ConstraintDescription": "small or large."}
    one = template({"Sizes": ["Size"]}, Size=size)

    page = parameters_page({"one": one}, {"dev": ("one", {}), "prod": ("one", {"Size": "large"})})

    assert page.startswith(
        "# Parameters\n\nMade by `python build.py` from one, with the values of dev, prod; do not edit it by hand.\n"
    )
    assert "\n## Sizes\n\n### Size\n" in page
    assert entry(page, "Size") == [
        "The size. How much there is.",
        "",
        "- Takes: small or large.",
        "- Default: `small`",
        "- Set by: prod `large`",
    ]


@pytest.mark.parametrize(
    ("body", "takes", "default"),
    [
        ({"AllowedValues": ["a", "b"], "Default": "a"}, "one of a, b.", "`a`"),
        ({"Type": "Number", "MinValue": 1, "Default": 2}, "a Number from 1.", "`2`"),
        ({"AllowedPattern": "^a+$", "Default": ""}, "a String that matches ^a+$.", "blank"),
        ({"Default": "with ` in it"}, "a String.", "`` with ` in it ``"),
        ({"NoEcho": True, "Default": "hush"}, "a String.", "hidden"),
        ({"Type": "List<AWS::EC2::Subnet::Id>"}, "a List<AWS::EC2::Subnet::Id>.", "none, a value must be given"),
    ],
)  # fmt: skip
def test_what_a_parameter_takes_without_a_sentence_of_its_author(
    body: dict[str, Any], takes: str, default: str
) -> None:
    page = parameters_page({"one": template(Bare=body)}, {})

    # In no group of the console, and without label and description.
    assert "with the values of no environment" in page
    assert "\n## Others\n\n### Bare\n" in page
    assert entry(page, "Bare") == [f"- Takes: {takes}", f"- Default: {default}"]


def test_values_are_shown_as_they_are_written_and_hidden_ones_not_at_all() -> None:
    one = template(Zones={"Type": "CommaDelimitedList"}, Word={"NoEcho": "true"}, Blank={})
    given = {"Zones": ["a", "b"], "Word": "hush", "Blank": ""}

    page = parameters_page({"one": one}, {"dev": ("one", given)})

    assert "- Set by: dev `a,b`" in entry(page, "Zones")
    assert "- Set by: dev hidden" in entry(page, "Word")
    assert "- Set by: dev blank" in entry(page, "Blank")
    assert "hush" not in page


def test_templates_share_an_entry_and_their_differences_are_named() -> None:
    text = {"Description": "What it does", "Default": "yes"}
    a = template({"First": ["Log"], "Second": ["Size"]}, Log=text, Size={"Default": "1"})
    b = template({"Second": ["Zone"], "First": ["Log"]}, Log=text | {"Default": "no"}, Zone={"Default": "x"})
    c = template({"First": ["Log"]}, Log=text | {"Description": "Something else"})

    page = parameters_page({"a": a, "b": b, "c": c}, {"dev": ("b", {"Log": "no", "Size": "not its own"})})

    assert [line for line in page.splitlines() if line.startswith("#")] == [
        "# Parameters", "## First", "### Log", "## Second", "### Size", "### Zone",
    ]  # fmt: skip
    assert entry(page, "Log") == [
        "The log. What it does. (a, b)",
        "",
        "- Takes: a String.",
        "",
        "The log. Something else. (c)",
        "",
        "- Takes: a String.",
        "",
        "- Default: `yes` (a, c)",
        "- Default: `no` (b)",
        "- Set by: dev `no`",
    ]
    assert entry(page, "Size")[-1] == "- In: a"
    assert "Set by" not in "".join(entry(page, "Size"))


def test_a_parameter_that_most_templates_have_names_those_that_do_not() -> None:
    one = template(Size={"Default": "1"})

    page = parameters_page({"a": one, "b": one, "c": template()}, {})

    assert entry(page, "Size")[-1] == "- In: all but c"


@pytest.mark.parametrize("metadata", [None, [], {"AWS::CloudFormation::Interface": {"ParameterGroups": [1]}}])
def test_an_interface_that_says_something_else_groups_nothing(metadata: object) -> None:
    page = parameters_page({"a": template(Size={}) | {"Metadata": metadata}}, {})

    assert "## Others\n\n### Size\n" in page


# The build


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    return Project(tmp_path, capsys)


def test_the_build_writes_the_page_with_every_environment_s_values(project: Project) -> None:
    project.environment("dev", Name="A topic of dev")

    first, second = project.build("--no-lint"), project.build("--no-lint")

    assert (first.code, second.code) == (0, 0)
    assert "\ndocs/parameters.md written\n" in first.out
    assert PAGE not in second.out
    assert "- Set by: dev `A topic of dev`" in project.read(PAGE).decode()
    project.write("params/dev.json", {"Parameters": {"Name": "Another"}})
    assert project.build("--no-lint", "--json").data["pages"] == {PAGE: "written"}
    assert "- Set by: dev `Another`" in project.read(PAGE).decode()


@pytest.mark.parametrize(("change", "state"), [("edit", "stale"), ("remove", "missing")])
def test_check_names_a_page_that_is_not_as_it_should_be(project: Project, change: str, state: str) -> None:
    project.environment("dev", Name="A topic of dev")
    project.build("--no-lint")
    if change == "edit":
        project.write(PAGE, "something else")
    else:
        (project.root / PAGE).unlink()

    outcomes = [project.build("--check", "--no-lint") for _ in range(2)]

    assert [outcome.code for outcome in outcomes] == [3, 3]
    assert f"{PAGE}: {state}, run python build.py" in outcomes[0].out
    assert project.build("--no-lint").code == 0
    assert project.build("--check", "--no-lint").code == 0


def test_building_one_template_leaves_the_others_on_the_page(project: Project) -> None:
    project.templates = {"a": sound, "b": lambda: sound("Other"), "c": lambda: sound("Third")}
    project.build("a", "b", "--no-lint")

    project.build("a", "--no-lint", "--fresh")

    headings = [line for line in project.read(PAGE).decode().splitlines() if line.startswith("###")]
    assert headings == ["### Name", "### Other"]


def test_what_cannot_be_read_is_not_on_the_page(project: Project) -> None:
    project.environment("dev", Name="A topic of dev")
    project.environment("odd", template="unknown", Name="x")
    project.write("params/stray.json", {"Parameters": {"Name": "x"}})
    project.write("params/list.json", "[]")
    project.environment("texts", Name="x")
    project.write("params/texts.json", {"Parameters": "text"})

    outcome = project.build("--no-lint")

    assert outcome.code == 2
    assert "with the values of dev; do not" in project.read(PAGE).decode()


def test_the_page_keeps_what_it_knows_while_an_environments_file_cannot_be_read(project: Project) -> None:
    project.environment("dev", Name="a")
    project.environment("prod", Name="b")
    project.build("--no-lint")
    before = project.read(PAGE)
    assert b"dev `a`; prod `b`" in before

    project.write("params/dev.json", "{,")
    outcome = project.build()

    assert outcome.code == 2
    assert outcome.linted == []
    assert "  lint: not run (faults in its parameters)\n" in outcome.out
    assert project.read(PAGE) == before
