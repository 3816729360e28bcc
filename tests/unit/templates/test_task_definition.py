"""The task definition: size, image, files, logs, health, and a clean stop."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from templates.application_settings import Settings, parse
from templates.lms import build
from tests.templates_support import Emitted

if TYPE_CHECKING:
    from pathlib import Path


def container(template: Emitted) -> dict[str, Any]:
    [found] = template.resources["TaskDefinition"]["ContainerDefinitions"]
    assert isinstance(found, dict)
    return found


def memory_sizes(schema: dict[str, Any]) -> list[int] | range:
    if "enum" in schema:
        return list(schema["enum"])
    return range(schema["minimum"], schema["maximum"] + 1, schema["multipleOf"])


class TestSize:
    def test_every_pair_that_fargate_offers_and_no_other(self, lms: Emitted, schemas: Path) -> None:
        """The linter's own table of them; it does not apply it to a value that is split."""
        table = json.loads((schemas / "extensions" / "aws_ecs_taskdefinition" / "fargate_cpu_memory.json").read_text())
        offered = {
            f"{cpu}/{memory}"
            for size in (choice["properties"] for choice in table["then"]["anyOf"])
            for cpu in size["Cpu"]["then"]["enum"]
            for memory in memory_sizes(size["Memory"]["then"])
        }
        assert set(lms.body["Parameters"]["TaskSize"]["AllowedValues"]) == offered

    def test_a_size_is_cpu_and_memory(self, lms: Emitted) -> None:
        task = lms.with_parameters(TaskSize="2048/5120").resources["TaskDefinition"]
        assert (task["Cpu"], task["Memory"]) == ("2048", "5120")
        assert (task["RequiresCompatibilities"], task["NetworkMode"]) == (["FARGATE"], "awsvpc")

    @pytest.mark.parametrize("architecture", ["X86_64", "ARM64"])
    def test_architecture(self, lms: Emitted, architecture: str) -> None:
        task = lms.with_parameters(CpuArchitecture=architecture).resources["TaskDefinition"]
        assert task["RuntimePlatform"] == {"CpuArchitecture": architecture, "OperatingSystemFamily": "LINUX"}


class TestContainer:
    def test_image_and_port(self, lms: Emitted) -> None:
        found = container(lms.with_parameters(Image="example.org/lms:2.4", ContainerPort=8080))
        assert found["Image"] == "example.org/lms:2.4"
        assert found["PortMappings"] == [{"ContainerPort": "8080", "Protocol": "tcp"}]
        assert found["Essential"] is True

    def test_the_default_image_is_public_and_no_moving_target(self, lms: Emitted) -> None:
        image = lms.parameters["Image"]
        assert image.startswith("public.ecr.aws/")
        assert image.rpartition(":")[2] not in {"latest", image}

    @pytest.mark.parametrize(
        ("command", "words"),
        [("kolibri,start,--foreground", ["kolibri", "start", "--foreground"]), ("serve", ["serve"]), ("", None)],
    )
    def test_a_blank_command_leaves_the_images_own(self, lms: Emitted, command: str, words: list[str] | None) -> None:
        assert container(lms.with_parameters(Command=command)).get("Command") == words

    def test_stops_cleanly_within_the_time_given(self, lms: Emitted) -> None:
        found = container(lms.with_parameters(StopTimeout=90))
        assert found["StopTimeout"] == "90"
        assert found["LinuxParameters"] == {"InitProcessEnabled": True}

    def test_is_not_privileged(self, lms: Emitted) -> None:
        assert container(lms).get("Privileged") in {None, False}

    def test_asks_itself_whether_it_is_well(self, lms: Emitted) -> None:
        kind, command = container(lms.with_parameters(ContainerPort=8080, HealthCheckPath="/up"))["HealthCheck"][
            "Command"
        ]
        assert kind == "CMD-SHELL"
        assert "'http://127.0.0.1:8080/up'" in command

    def test_an_image_without_a_shell_leaves_the_check_to_the_balancer(self) -> None:
        template = Emitted(build('[variables]\nLMS_ENVIRONMENT = "x"'))
        assert "HealthCheck" not in container(template)


class TestLogs:
    def test_go_to_the_stacks_own_group(self, lms: Emitted) -> None:
        options = container(lms)["LogConfiguration"]["Options"]
        assert container(lms)["LogConfiguration"]["LogDriver"] == "awslogs"
        assert options["awslogs-group"] == "${ApplicationLogGroup}"
        assert lms.resources["ApplicationLogGroup"]["LogGroupName"] == "/lms/lms-dev/application"
        assert options["awslogs-region"] == "sa-east-1"

    def test_a_stuck_log_never_stops_the_application(self, lms: Emitted) -> None:
        options = container(lms)["LogConfiguration"]["Options"]
        assert (options["mode"], options["max-buffer-size"]) == ("non-blocking", "25m")


class TestFiles:
    def test_mounted_through_the_access_point_with_iam_and_tls(self, lms: Emitted) -> None:
        [volume] = lms.resources["TaskDefinition"]["Volumes"]
        assert volume["EFSVolumeConfiguration"] == {
            "FilesystemId": "${FileSystem}",
            "TransitEncryption": "ENABLED",
            "AuthorizationConfig": {"AccessPointId": "${FileAccessPoint}", "IAM": "ENABLED"},
        }
        assert container(lms)["MountPoints"] == [
            {"SourceVolume": volume["Name"], "ContainerPath": "/var/lib/lms", "ReadOnly": False}
        ]

    def test_where_the_application_wants_them(self) -> None:
        settings = 'files_path = "/data/moodle"\n[variables]\nDATA = { fact = "files.path" }'
        found = container(Emitted(build(settings)))
        assert found["MountPoints"][0]["ContainerPath"] == "/data/moodle"
        assert found["Environment"] == [{"Name": "DATA", "Value": "/data/moodle"}]


def test_the_repositorys_own_application_toml_is_what_the_template_holds(lms: Emitted) -> None:
    from templates import APPLICATION_TOML

    settings: Settings = parse(APPLICATION_TOML.read_text(encoding="utf-8"))
    every = container(lms.with_parameters(PlainCache="yes", ExtraSecretArn=lms.parameters["DatabaseSecretArn"]))
    assert {variable["Name"] for kind in ("Environment", "Secrets") for variable in every[kind]} == set(
        settings.variables
    )
