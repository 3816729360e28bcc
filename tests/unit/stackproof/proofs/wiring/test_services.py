"""Services and their task definitions: containers, ports, volumes, log groups: one fault each."""

from __future__ import annotations

import pytest

from tests.unit.stackproof.proofs.network_support import add, att, put, ref, resource
from tests.unit.stackproof.proofs.wiring_support import Fault, only

WEB = "ContainerDefinitions.0"
EFS = "Volumes.0.EFSVolumeConfiguration"
OPTIONS = f"{WEB}.LogConfiguration.Options"

FAULTS: dict[str, Fault] = {
    "container": (
        [put("Service", "LoadBalancers.0.ContainerName", "wbe")],
        "wire-container",
        "Service",
        "Properties.LoadBalancers.0.ContainerName",
        "Task has no container called wbe. Name one of its containers: web, proxy.",
    ),
    "container renamed": (
        [put("Task", "ContainerDefinitions.1.Name", "web")],
        "wire-container",
        "Task",
        "Properties.ContainerDefinitions.1.Name",
        "two containers are called web",
    ),
    "registry's container": (
        [put("Service", "ServiceRegistries.0.ContainerName", "none")],
        "wire-container",
        "Service",
        "Properties.ServiceRegistries.0.ContainerName",
        "no container called none",
    ),
    "no container at all": (
        [put("Task", "ContainerDefinitions", []), put("Task", "Volumes", None)],
        "wire-container",
        "Service",
        "Properties.LoadBalancers.0.ContainerName",
        "Name one of its containers: none at all.",
    ),
    "waits for nobody": (
        [put("Task", f"{WEB}.DependsOn.0.ContainerName", "prxy")],
        "wire-container",
        "Task",
        "Properties.ContainerDefinitions.0.DependsOn.0.ContainerName",
        "no other container called prxy",
    ),
    "volumes from itself": (
        [put("Task", "ContainerDefinitions.1.VolumesFrom.0.SourceContainer", "proxy")],
        "wire-container",
        "Task",
        "Properties.ContainerDefinitions.1.VolumesFrom.0.SourceContainer",
        "no other container called proxy",
    ),
    "port": (
        [put("Service", "LoadBalancers.0.ContainerPort", 80)],
        "wire-port",
        "Service",
        "Properties.LoadBalancers.0.ContainerPort",
        "the container web of Task has no port mapping for 80. Name a port of its PortMappings (8080)",
    ),
    "no mapping": (
        [put("Task", f"{WEB}.PortMappings", [])],
        "wire-port",
        "Service",
        "Properties.LoadBalancers.0.ContainerPort",
        "(there are none), or add a mapping for 8080",
    ),
    "name of a port": (
        [put("Service", "ServiceConnectConfiguration.Services.0.PortName", "htp")],
        "wire-port",
        "Service",
        "Properties.ServiceConnectConfiguration.Services.0.PortName",
        "no port mapping of Task is called htp. Give the mapping that Name, or name one of http.",
    ),
    "target type": (
        [put("Targets", "TargetType", "instance")],
        "wire-target-type",
        "Targets",
        "Properties.TargetType",
        (
            "ECS refuses to create the service Service: its tasks run in network mode awsvpc and register as targets of"
            " type ip, while the target group takes instance. Set TargetType to ip."
        ),
    ),
    "target type left out": (
        [put("Targets", "TargetType", None)],
        "wire-target-type",
        "Targets",
        "Properties.TargetType",
        "while the target group takes instance",
    ),
    "target type of bridged tasks": (
        [
            put("Service", "CapacityProviderStrategy", None),
            put("Service", "LaunchType", "EC2"),
            put("Service", "NetworkConfiguration", None),
            put("Task", "NetworkMode", None),
            put("Task", "RequiresCompatibilities", None),
        ],
        "wire-target-type",
        "Targets",
        "Properties.TargetType",
        "its tasks run in network mode bridge and register as targets of type instance",
    ),
    "network mode": (
        [put("Task", "NetworkMode", "bridge")],
        "wire-fargate",
        "Task",
        "Properties.NetworkMode",
        "tasks on Fargate run in network mode awsvpc, not bridge",
    ),
    "compatibility": (
        [put("Task", "RequiresCompatibilities", ["EC2"])],
        "wire-fargate",
        "Task",
        "Properties.RequiresCompatibilities",
        "it runs on Fargate, which the task definition is not registered for",
    ),
    "mount point": (
        [put("Task", f"{WEB}.MountPoints.0.SourceVolume", "filse")],
        "wire-mount",
        "Task",
        "Properties.ContainerDefinitions.0.MountPoints.0.SourceVolume",
        "no volume is called filse. Name one of its Volumes (files).",
    ),
    "no volumes": (
        [put("Task", "Volumes", None)],
        "wire-mount",
        "Task",
        "Properties.ContainerDefinitions.0.MountPoints.0.SourceVolume",
        "(there are none)",
    ),
    "nobody mounts it": (
        [put("Task", f"{WEB}.MountPoints", None)],
        "wire-mount",
        "Task",
        "Properties.Volumes.0.Name",
        "No container mounts the volume files",
    ),
    "two volumes of a name": (
        [put("Task", "Volumes", [{"Name": "files"}, {"Name": "files"}])],
        "wire-mount",
        "Task",
        "Properties.Volumes.1.Name",
        "two volumes are called files",
    ),
    "no encryption": (
        [put("Task", f"{EFS}.TransitEncryption", None)],
        "wire-efs-encryption",
        "Task",
        f"Properties.{EFS}.TransitEncryption",
        "a volume with an access point and IAM has to be encrypted in transit. Set TransitEncryption to ENABLED.",
    ),
    "no encryption with IAM": (
        [
            put("Task", f"{EFS}.TransitEncryption", "DISABLED"),
            put("Task", f"{EFS}.AuthorizationConfig", {"IAM": "ENABLED"}),
        ],
        "wire-efs-encryption",
        "Task",
        f"Properties.{EFS}.TransitEncryption",
        "a volume with IAM has to be encrypted",
    ),
    "root directory": (
        [put("Task", f"{EFS}.RootDirectory", "/x")],
        "wire-access-point",
        "Task",
        f"Properties.{EFS}.RootDirectory",
        "the root directory is the access point's, not /x",
    ),
    "somebody else's access point": (
        [add(More=resource("EFS::FileSystem")), put("Point", "FileSystemId", ref("More"))],
        "wire-access-point",
        "Task",
        f"Properties.{EFS}.AuthorizationConfig.AccessPointId",
        "Point is an access point of ${More}, while the volume is ${Files}",
    ),
    "log group's ARN": (
        [put("Task", f"{OPTIONS}.awslogs-group", att("Logs", "Arn"))],
        "wire-log-group",
        "Task",
        f"Properties.{OPTIONS}.awslogs-group",
        'is the ARN with ":*" of Logs (AWS::Logs::LogGroup), not a log group\'s name',
    ),
    "another thing's name": (
        [put("Task", f"{OPTIONS}.awslogs-group", ref("LogBucket"))],
        "wire-log-group",
        "Task",
        f"Properties.{OPTIONS}.awslogs-group",
        "is the name of LogBucket (AWS::S3::Bucket)",
    ),
    "log group of this stack": (
        [
            put("Logs", "LogGroupName", {"Fn::Sub": "/web/${AWS::StackName}/web"}),
            put("Task", f"{OPTIONS}.awslogs-group", {"Fn::Sub": "/web/${AWS::StackName}/wbe"}),
        ],
        "wire-log-group",
        "Task",
        f"Properties.{OPTIONS}.awslogs-group",
        (
            "the log group /web/platform/wbe carries this stack's name, and the stack makes no such group, did you mean"
            ' "/web/platform/web".'
        ),
    ),
    "log region": (
        [put("Task", f"{OPTIONS}.awslogs-region", "eu-west-1")],
        "wire-log-group",
        "Task",
        f"Properties.{OPTIONS}.awslogs-region",
        "Logs lies in sa-east-1, while the driver writes to eu-west-1",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(fault: Fault) -> None:
    only(fault)
