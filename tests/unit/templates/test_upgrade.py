"""Install and upgrade: a task definition that nothing starts, and what a person needs to start it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.templates_support import Emitted

OWN = "111122223333.dkr.ecr.sa-east-1.amazonaws.com"


def container(template: Emitted, definition: str = "UpgradeTask") -> dict[str, Any]:
    [found] = template.resources[definition]["ContainerDefinitions"]
    assert isinstance(found, dict)
    return found


def upgrading(template: Emitted, **parameters: str) -> Emitted:
    return template.with_parameters(UpgradeCommand="lms,upgrade,--all", **parameters)


def test_a_blank_command_leaves_it_out(lms: Emitted) -> None:
    with_it = upgrading(lms)
    assert with_it.resources.keys() - lms.resources.keys() == {"UpgradeTask"}
    assert with_it.outputs.keys() - lms.outputs.keys() == {"UpgradeTaskDefinition"}


def test_the_same_application_with_a_command_of_its_own(lms: Emitted) -> None:
    every = upgrading(lms, PlainCache="yes", ExtraSecretArn=lms.parameters["DatabaseSecretArn"], TaskSize="2048/4096")
    mine, theirs = container(every), container(every, "TaskDefinition")
    assert mine["Command"] == ["lms", "upgrade", "--all"]
    for name in ("Image", "Environment", "MountPoints", "LinuxParameters"):
        assert mine[name] == theirs[name], name
    (more,) = [each for each in mine["Secrets"] if each not in theirs["Secrets"]]
    assert more["Name"] == "LMS_ADMIN_PASSWORD"
    assert [each for each in mine["Secrets"] if each is not more] == theirs["Secrets"]
    definition, other = every.resources["UpgradeTask"], every.resources["TaskDefinition"]
    for name in ("Cpu", "Memory", "Volumes", "TaskRoleArn", "ExecutionRoleArn", "RuntimePlatform"):
        assert definition[name] == other[name], name
    assert definition.get("Family") is None, "a family of its own, made from the logical id"


def test_the_new_image_upgrades_while_the_old_one_serves(lms: Emitted) -> None:
    template = upgrading(lms, Image=f"{OWN}/lms:1", UpgradeImage=f"{OWN}/lms:2")
    assert container(template)["Image"] == f"{OWN}/lms:2"
    assert container(template, "TaskDefinition")["Image"] == f"{OWN}/lms:1"


def test_takes_no_requests_and_all_the_time_there_is(lms: Emitted) -> None:
    found = container(upgrading(lms))
    assert not {"PortMappings", "HealthCheck"} & found.keys()
    assert found["StopTimeout"] == 120
    options = found["LogConfiguration"]["Options"]
    assert (options["awslogs-group"], options["awslogs-stream-prefix"]) == ("${ApplicationLogGroup}", "upgrade")


def test_no_service_and_no_schedule_starts_it(lms: Emitted) -> None:
    template = upgrading(lms, WorkerCommand="lms,worker")
    assert "${UpgradeTask}" not in str(
        [found.properties for name, found in template.resources.items() if name != "UpgradeTask"]
    )


def test_what_a_person_needs_to_run_it(lms: Emitted) -> None:
    """Also before there is a service: a first installation runs it against an empty database."""
    first = upgrading(lms, RunApplication="no", ZoneCount="3")
    assert "Service" not in first.resources
    wanted = ("UpgradeTaskDefinition", "ClusterName", "TaskSubnets")
    assert [first.outputs[name] for name in wanted] == [
        "${UpgradeTask}",
        "${Cluster}",
        "${PrivateSubnet1},${PrivateSubnet2},${PrivateSubnet3}",
    ]
    assert "TasksSecurityGroup" in first.resources
    assert lms.outputs["TaskSubnets"] == "${PrivateSubnet1},${PrivateSubnet2}"
