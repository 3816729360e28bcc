"""A template that says how it is created and upgraded, and a stack of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.deployer import STACK, Deployer
from tests.integration.stepped import NETWORK, definition, setting
from tests.integration.tasks import ending

if TYPE_CHECKING:
    from tests.integration.deployer import Done

YES_NO = {"Type": "String", "AllowedValues": ["yes", "no"]}
PARAMETERS = {
    "Image": {"Type": "String"},
    "UpgradeImage": {"Type": "String", "Default": ""},
    "Command": {"Type": "CommaDelimitedList", "Default": "lms,upgrade"},
    "SameSchema": {"Type": "String", "Default": ""},
    "Maintenance": {**YES_NO, "Default": "no"},
    "Run": {**YES_NO, "Default": "yes"},
    "Protected": {**YES_NO, "Default": "yes"},
    "Vault": {**YES_NO, "Default": "yes"},
    "Database": {**YES_NO, "Default": "yes"},
    "Snapshot": {"Type": "String", "Default": ""},
}
NETWORK_OF_TASK = {"cluster": "Cluster", "subnets": "Subnets", "groups": ["Group"]}
UPGRADE: dict[str, Any] = {
    "changes": ["Image", "UpgradeImage"],
    "unless": {"Command": "", "SameSchema": {"parameter": "Image"}},
    "steps": [
        {
            "title": "Stop",
            "set": {"Maintenance": "yes", "Run": "no", "UpgradeImage": {"parameter": ["UpgradeImage", "Image"]}},
            "keep": ["Image"],
        },
        {"title": "Idle", "idle": "Cluster", "minutes": 1},
        {
            "title": "Recovery point",
            "backup": ["Database", "Files"],
            "vault": "Vault",
            "role": "Role",
            "restore": {"Database": "Snapshot"},
        },
        {"title": "Upgrade", "task": "UpgradeTask", **NETWORK_OF_TASK},
        {"title": "Start", "set": {"Maintenance": "yes", "UpgradeImage": {"parameter": ["UpgradeImage", "Image"]}}},
        {"title": "Healthy", "healthy": ["Service"]},
        {"title": "Open"},
    ],
    "create": [
        {"title": "Make", "set": {"Run": "no", "Protected": "no"}, "unless": {"Command": ""}},
        {"title": "Make", "set": {"Protected": "no"}, "when": {"Command": ""}},
        {"title": "Install", "task": "UpgradeTask", **NETWORK_OF_TASK, "unless": {"Command": ""}},
        {"title": "Open"},
    ],
}
TITLES = [each["title"] for each in UPGRADE["steps"]]


def only_if(condition: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {**resource, "Condition": condition}


ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "backup.amazonaws.com"}}
            ],
        }
    },
}
DATABASE = {
    "Engine": "aurora-postgresql",
    "MasterUsername": "lms",
    "MasterUserPassword": "not-a-secret",
    "DeletionProtection": {"Fn::If": ["IsProtected", True, False]},
    "SnapshotIdentifier": {"Fn::If": ["Restores", {"Ref": "Snapshot"}, {"Ref": "AWS::NoValue"}]},
}
UPGRADE_TASK = definition("upgrade")
UPGRADE_TASK["Properties"]["ContainerDefinitions"][0] |= {
    "Image": {"Fn::If": ["HasUpgradeImage", {"Ref": "UpgradeImage"}, {"Ref": "Image"}]},
    "Command": {"Ref": "Command"},
}
RESOURCES = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Group": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "Tasks", "VpcId": {"Ref": "Vpc"}},
    },
    "Maintenance": setting("maintenance", {"Ref": "Maintenance"}),
    "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "lms"}},
    "App": definition("app"),
    "UpgradeTask": UPGRADE_TASK,
    "Service": only_if(
        "Runs",
        {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "Cluster": {"Ref": "Cluster"},
                "ServiceName": "lms",
                "TaskDefinition": {"Ref": "App"},
                "DesiredCount": 1,
                "LaunchType": "FARGATE",
                "NetworkConfiguration": NETWORK,
            },
        },
    ),
    "BackupVault": only_if("HasVault", {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "lms"}}),
    "BackupRole": only_if("HasVault", ROLE),
    "Database": only_if(
        "HasDatabase", {"Type": "AWS::RDS::DBCluster", "DeletionPolicy": "Delete", "Properties": DATABASE}
    ),
    "Files": {"Type": "AWS::EFS::FileSystem"},
}


def is_yes(name: str) -> dict[str, Any]:
    return {"Fn::Equals": [{"Ref": name}, "yes"]}


CONDITIONS = {
    "Runs": is_yes("Run"),
    "IsProtected": is_yes("Protected"),
    "HasVault": is_yes("Vault"),
    "HasDatabase": is_yes("Database"),
    "HasUpgradeImage": {"Fn::Not": [{"Fn::Equals": [{"Ref": "UpgradeImage"}, ""]}]},
    "Restores": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Snapshot"}, ""]}]},
}
OUTPUTS = {
    "Cluster": {"Value": {"Ref": "Cluster"}},
    "Subnets": {"Value": "subnet-1,subnet-2"},
    "Vault": {"Value": {"Ref": "BackupVault"}, "Condition": "HasVault"},
    "Role": {"Value": {"Fn::GetAtt": ["BackupRole", "Arn"]}, "Condition": "HasVault"},
}


def write(deployer: Deployer, image: str, *, upgrade: Any = None, more: Any = None, **given: str) -> None:
    deployer.write({}, given={"Image": image, **given})
    deployer.template(
        Metadata={"Stackproof::Upgrade": upgrade or UPGRADE},
        Parameters=PARAMETERS,
        Conditions=CONDITIONS,
        Resources={**RESOURCES, **(more or {})},
        Outputs=OUTPUTS,
    )


def now(deployer: Deployer) -> dict[str, str]:
    """The parameters that the stack runs with."""
    return {each["ParameterKey"]: each["ParameterValue"] for each in (deployer.stack() or {})["Parameters"]}


def state(deployer: Deployer) -> tuple[str, str, str]:
    found = now(deployer)
    return found["Image"], found["Maintenance"], found["Run"]


def physical(deployer: Deployer, logical_id: str) -> str:
    found = deployer.cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def titles(out: str) -> list[str]:
    """The titles of the steps that are shown."""
    return [line.split(": ")[1].split(" (")[0] for line in out.splitlines() if line.startswith("Step ")]


def apply(deployer: Deployer, code: int = 0, *words: str) -> Done:
    """`apply`, with a task that ends so."""
    with ending(deployer.aws, code, "it broke" if code else ""):
        return deployer("apply", "dev", "--yes", *words)
