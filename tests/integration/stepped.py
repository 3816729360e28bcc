"""A stack that is changed in steps: what is written for it, and what it runs with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.deployer import Deployer

PARAMETERS = {
    "Maintenance": {"Type": "String", "Default": "no", "AllowedValues": ["yes", "no"]},
    "Image": {"Type": "String"},
    "Password": {"Type": "String", "NoEcho": True, "Default": "first-password"},
}


def setting(name: str, value: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": f"/lms/{name}", "Type": "String", "Value": value}}


def definition(family: str) -> dict[str, Any]:
    log = {"awslogs-group": "/lms/app", "awslogs-region": "sa-east-1", "awslogs-stream-prefix": "app"}
    container = {
        "Name": "app",
        "Image": {"Ref": "Image"},
        "LogConfiguration": {"LogDriver": "awslogs", "Options": log},
    }
    properties = {
        "Family": family,
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "Cpu": "256",
        "Memory": "512",
        "ContainerDefinitions": [container],
    }
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}


NETWORK = {"AwsvpcConfiguration": {"Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "DISABLED"}}
SERVICE = {
    "Cluster": {"Ref": "Cluster"},
    "ServiceName": "lms",
    "TaskDefinition": {"Ref": "App"},
    "DesiredCount": 1,
    "LaunchType": "FARGATE",
    "NetworkConfiguration": NETWORK,
}
RESOURCES = {
    "Maintenance": setting("maintenance", {"Ref": "Maintenance"}),
    "Image": setting("image", {"Ref": "Image"}),
    "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "lms"}},
    "App": definition("app"),
    "UpgradeTask": definition("upgrade"),
    "Service": {"Type": "AWS::ECS::Service", "Properties": SERVICE},
}
STEPS = """
[[step]]
title = "Maintenance page on"
set = { Maintenance = "yes" }
keep = ["Image"]

[[step]]
title = "Upgrade the database"
service = "Service"
task = "UpgradeTask"
command = ["lms", "upgrade"]

[[step]]
title = "The new image"
"""
APPLY = ("apply", "dev", "--plan", "plan.json", "--yes")


def value(deployer: Deployer, name: str) -> str:
    return str(deployer.aws.client("ssm").get_parameter(Name=f"/lms/{name}")["Parameter"]["Value"])


def values(deployer: Deployer) -> tuple[str, str]:
    return value(deployer, "maintenance"), value(deployer, "image")


def write(deployer: Deployer, image: str, **more: Any) -> None:
    deployer.write({**RESOURCES, **more}, parameters=PARAMETERS, given={"Image": image})


def steps(deployer: Deployer, text: str = STEPS) -> Path:
    path = deployer.folder / "steps.toml"
    path.write_text(text)
    return path


def stages(deployer: Deployer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((deployer.folder / "plan.json").read_text())["stages"]
    return found


def log(deployer: Deployer, arn: str, *lines: str) -> None:
    logs = deployer.aws.client("logs")
    place = {"logGroupName": "/lms/app", "logStreamName": f"app/app/{arn.rpartition('/')[2]}"}
    if not logs.describe_log_groups(logGroupNamePrefix="/lms/app")["logGroups"]:
        logs.create_log_group(logGroupName="/lms/app")
    logs.create_log_stream(**place)
    events = [{"timestamp": 1_800_000_000_000 + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(**place, logEvents=events)
