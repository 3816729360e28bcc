"""The steps that the platform declares: the deployer reads them without a fault, and takes them when it should."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.emitting import emit
from stackproof.parameters import with_defaults
from stackproof.steps import Backup, Healthy, Idle, Task
from stackproof.upgrades import Upgrade, read_upgrade
from templates import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.templates_support import Emitted

COMMAND = {"UpgradeCommand": "lms,upgrade"}
BEFORE = "public.ecr.aws/docker/library/lms:1"
IMAGE = "public.ecr.aws/docker/library/lms:2"


@pytest.fixture(scope="module", params=["lms", "lms-disposable", "lms-in-vpc"])
def template(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each template of the platform, as it is emitted."""
    found: dict[str, Any] = json.loads(emit(TEMPLATES[request.param]()))
    return found


def taken(template: Mapping[str, Any], deployed: Mapping[str, str] | None, given: Mapping[str, str]) -> list[str]:
    """The titles of the steps with these parameters; `deployed` on top of the same ones."""
    values = with_defaults(template, given)
    now = None if deployed is None else {**values, **deployed}
    return [each.title for each in declared(template).taken(values, now)]


def declared(template: Mapping[str, Any]) -> Upgrade:
    return read_upgrade(template, "dist/lms.json")


def test_a_new_image_takes_every_step_and_nothing_else_does(template: dict[str, Any]) -> None:
    before = {"Image": BEFORE}
    assert taken(template, before, {"Image": IMAGE, **COMMAND}) == [
        "Maintenance page on, application and background jobs off",
        "Nothing runs any more",
        "Recovery point",
        "Upgrade",
        "The new image, behind the maintenance page",
        "Healthy",
        "Background jobs on, maintenance page off",
    ]
    assert taken(template, before, {"Image": IMAGE}) == [], "without an upgrade command it is a rolling update"
    assert taken(template, before, {"Image": IMAGE, "RollingImage": IMAGE, **COMMAND}) == []
    assert taken(template, {"TaskSize": "256/512"}, {"Image": IMAGE, **COMMAND}) == []
    half_way = {"Image": IMAGE, "UpgradeImage": IMAGE}
    assert len(taken(template, half_way, {"Image": IMAGE, **COMMAND})) == 7, (
        "an upgrade that stopped is gone through again"
    )


def test_a_new_stack_is_installed_before_it_serves_and_protected_last(template: dict[str, Any]) -> None:
    protected = {"BalancerDeletionProtection": "yes"}
    make, install, last = ["Everything but the application, unprotected", "Install", "As the files say"]
    assert taken(template, None, COMMAND) == [make, install, last]
    assert taken(template, None, {**protected, **COMMAND}) == [make, install, last]
    assert taken(template, None, protected) == ["Everything, unprotected", last]
    assert taken(template, None, {}) == [], "nothing to install, nothing protected: one change"


def test_nothing_can_go_back_to_the_old_image(template: dict[str, Any]) -> None:
    stop, _, point, task, start, healthy, last = declared(template).steps
    assert stop.keep == ("Image",)
    assert {name: stop.settings[name] for name in ("RunApplication", "MaintenancePage", "BackgroundJobs")} == {
        "RunApplication": "no",
        "MaintenancePage": "yes",
        "BackgroundJobs": "no",
    }
    assert (start.settings["MaintenancePage"], start.keep) == ("yes", ())
    assert "RunApplication" not in start.settings
    assert (last.settings, last.keep) == ({}, ())
    kinds = [type(each.action) for each in declared(template).steps]
    assert kinds == [type(None), Idle, Backup, Task, type(None), Healthy, type(None)]
    assert isinstance(point.action, Backup)
    assert (point.action.stores, point.action.restore) == (
        ("DatabaseCluster", "FileSystem"),
        {"DatabaseCluster": "DatabaseSnapshotIdentifier"},
    )
    assert isinstance(task.action, Task)
    assert (task.action.definition, task.action.groups) == ("UpgradeTask", ("TasksSecurityGroup",))
    assert healthy.action == Healthy(("Service",))


def test_what_was_said_of_an_earlier_release_is_refused(lms: Emitted) -> None:
    body = lms.body["Rules"]["RollingImageIsTheImage"]["Assertions"][0]
    assert body["Assert"] == {
        "Fn::Or": [
            {"Fn::Equals": [{"Ref": "RollingImage"}, ""]},
            {"Fn::Equals": [{"Ref": "RollingImage"}, {"Ref": "Image"}]},
        ]
    }
    assert body["AssertDescription"].startswith("RollingImage names another image than Image")
