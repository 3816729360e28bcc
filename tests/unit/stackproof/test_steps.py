"""Which steps happen with which parameters."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.errors import BadInputError
from stackproof.steps import KINDS, Idle, Of, Step, Task, chosen, kind_of, text
from stackproof.upgrades import Upgrade, read_upgrade

ENVIRONMENT = {"Image": "2", "Own": "", "Run": "yes"}


def titles(*steps: Step) -> list[str]:
    return [each.title for each in chosen(steps, ENVIRONMENT)]


def test_a_value_is_a_text_or_the_first_parameter_that_is_not_blank() -> None:
    assert text("as it stands", ENVIRONMENT) == "as it stands"
    assert text(Of(("Own", "Image")), ENVIRONMENT) == "2"
    assert text(Of(("Image", "Run")), ENVIRONMENT) == "2"
    assert not text(Of(("Own", "Nowhere")), ENVIRONMENT)
    (step,) = chosen([Step("One", {"Own": Of(("Image",)), "Run": "no"})], ENVIRONMENT)
    assert step.settings == {"Own": "2", "Run": "no"}


def test_a_step_happens_when_one_value_holds_and_unless_one_does() -> None:
    other = {"Run": "no", "Image": "1"}
    assert titles(Step("a", when={"Run": "yes", "Image": "1"}), Step("b", {"Run": "no"}, when=other)) == ["a"]
    assert titles(Step("a", unless={"Run": "yes", "Image": "1"}), Step("b", unless=other)) == ["b"]
    assert titles(Step("a", unless={"Own": Of(("Nowhere",))})) == []


def test_a_change_that_the_next_one_makes_anyway_is_left_out() -> None:
    wait = Step("wait", action=Idle("Cluster"))
    same, other, kept = Step("same", {"Run": "yes"}), Step("other", {"Run": "no"}), Step("kept", keep=("Image",))
    last = Step("last")
    assert titles(same, last) == ["last"]
    assert titles(other, last) == ["other", "last"]
    assert titles(kept, last) == ["kept", "last"]
    assert titles(same, wait, last) == ["same", "wait", "last"]
    assert titles(other, same, last) == ["other", "last"]


def test_each_kind_has_a_name() -> None:
    assert [kind_of(kind.__new__(kind)) for kind in KINDS.values()] == list(KINDS)


class TestUpgrades:
    """When a template's own steps are taken."""

    steps = (Step("one", {"Run": "no"}, keep=("Image",)), Step("last"))
    create = (Step("make", {"Run": "no"}), Step("last"))

    def taken(self, deployed: dict[str, str] | None, **more: Any) -> list[str]:
        upgrade = Upgrade(("Image", "Later"), {"Own": "x"}, self.steps, self.create)
        return [each.title for each in upgrade.taken(ENVIRONMENT | more, deployed)]

    def test_a_new_stack_takes_its_own(self) -> None:
        assert self.taken(None) == ["make", "last"]
        assert self.taken(None, Own="x") == ["make", "last"]
        assert self.taken(None, Run="no") == []

    def test_a_running_one_takes_them_where_a_parameter_changes(self) -> None:
        assert self.taken({"Image": "1"}) == ["one", "last"]
        assert self.taken({"Image": "2"}) == []
        assert self.taken({}) == []  # it has no such parameter yet: there is nothing to keep
        assert self.taken({"Image": "2", "Later": "x"}) == ["one", "last"]

    def test_unless_it_does_not(self) -> None:
        assert self.taken({"Image": "1"}, Own="x") == []

    def test_a_template_that_declares_nothing_takes_none(self) -> None:
        upgrade = read_upgrade({"Metadata": {"Other": 1}, "Resources": {}}, "t.json")
        assert (upgrade.taken(ENVIRONMENT, None), upgrade.taken(ENVIRONMENT, {"Image": "1"})) == ((), ())
        assert read_upgrade({}, "t.json") == Upgrade()

    def test_a_parameter_that_only_aws_can_look_up_cannot_tell(self) -> None:
        upgrade = {"changes": ["Image"], "steps": [{"title": "One"}]}
        parameters = {"Image": {"Type": "AWS::SSM::Parameter::Value<String>"}}
        with pytest.raises(BadInputError, match=r"Upgrade\.changes: Image is looked up in Parameter Store"):
            read_upgrade({"Metadata": {"Stackproof::Upgrade": upgrade}, "Parameters": parameters}, "t.json")

    def test_one_step_that_does_something_else_than_the_files_is_a_step(self) -> None:
        upgrade = Upgrade(("Image",), {}, (Step("one", {"Run": "no"}),), (Step("t", action=Task("S")),))
        assert len(upgrade.taken(ENVIRONMENT, {"Image": "1"})) == 1
        assert len(upgrade.taken(ENVIRONMENT, None)) == 1
