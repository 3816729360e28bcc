"""The rules for what ECS says of tasks and services that do not come up, and for the last words of their log."""

from __future__ import annotations

from stackproof.deployment.hint_rules import PERMISSIONS, QUOTAS
from stackproof.deployment.hints import Rule

TASK = "ECS task"
# How a call that gets no answer ends, in the words of Go's network library, of Docker and of ECS.
UNREACHABLE = (
    r"i/o timeout|context deadline exceeded|RequestCanceled|request canceled|connection timed out|Connection timed out"
    r"|network is unreachable|no such host|send request failed|connection issue between the task"
)

_IMAGE = ("TaskDefinition", "ContainerDefinitions", "Image")
_MEMORY = ("TaskDefinition", "Memory")
_ECR = r"(?P<registry>\d{12})\.dkr\.ecr\.(?P<region>[\w-]+)\.amazonaws\.com/(?P<repository>[^:@\s]+)"

# Before the refusals: the network keeps a task from asking at all.
NETWORK = (
    Rule(
        rf"(?:CannotPull|ecr registry auth|pull registry auth from Amazon ECR).*(?:{UNREACHABLE})",
        "The task cannot reach the registry of its image: its subnets need a way out (a NAT gateway, or a public "
        "address), or endpoints for ecr.api, ecr.dkr and s3, that its security group lets it use on port 443.",
        path=("AWS::EC2::VPCEndpoint", "Condition"),
    ),
    Rule(
        rf"secrets? from (?:asm|ssm).*(?:{UNREACHABLE})|fetching secret from the service|asm fetching secret",
        "The task cannot reach the service that keeps its secrets: its subnets need a way out, or an endpoint for "
        "secretsmanager (or ssm), that its security group lets it use on port 443.",
        path=("AWS::EC2::VPCEndpoint", "Condition"),
    ),
    Rule(
        rf"(?:log stream|logger args).*(?:{UNREACHABLE})",
        "The task cannot reach CloudWatch Logs: its subnets need a way out, or an endpoint for logs.",
        path=("AWS::EC2::VPCEndpoint", "Condition"),
    ),
)

IMAGES = (
    Rule(
        rf"{_ECR}(?::(?P<tag>[\w.-]+))?(?:@sha256:\w+)?: ?not found",
        "There is no such image in repository {repository} of {registry} in {region}: push it, or name one that is "
        "there.",
        ("aws ecr list-images --registry-id {registry} --repository-name {repository} --region {region}",),
        path=_IMAGE,
    ),
    Rule(
        r"CannotPull.*(?:manifest unknown|: ?not found|manifest for \S+ not found|repository does not exist)",
        "There is no such image: push it, or name one that is there.",
        path=_IMAGE,
    ),
    Rule(
        r"failed to normalize image reference|invalid reference format",
        "What is given for an image is not the name of one.",
        path=_IMAGE,
    ),
    Rule(
        r"toomanyrequests|pull rate limit",
        "Docker Hub lets nobody pull more images for now: put the image into ECR, or pull through ECR's cache.",
        path=_IMAGE,
    ),
    Rule(
        r"does not contain descriptor matching platform|no match for platform|exec format error",
        "The image is built for another processor than the task has: build it for that one, or run it on the other.",
        path=("TaskDefinition", "RuntimePlatform", "CpuArchitecture"),
    ),
    Rule(
        r"pull access denied|CannotPull.*403 Forbidden|no basic auth credentials",
        "The registry refuses the image: the execution role needs ecr:GetAuthorizationToken, ecr:BatchGetImage and "
        "ecr:GetDownloadUrlForLayer, and the repository of another account must allow it.",
        path=("TaskDefinition", "ExecutionRoleArn"),
    ),
)

STARTS = (
    Rule(
        r"can't find the specified secret|invalid ssm parameters|ParameterNotFound",
        "A secret that the task needs does not exist: make it, or correct its ARN.",
        path=("TaskDefinition", "ContainerDefinitions", "Secrets", "ValueFrom"),
    ),
    Rule(
        r"did not contain json key (?P<key>[\w.-]+)",
        "The secret has no key {key}: add it to the secret, or correct the name of the key.",
        path=("TaskDefinition", "ContainerDefinitions", "Secrets", "ValueFrom"),
    ),
    Rule(
        r"secrets? from asm.*invalid character .* looking for beginning of value",
        'The secret is not the JSON object that the task takes a key of: it must read {{"key": "value"}}.',
        path=("TaskDefinition", "ContainerDefinitions", "Secrets", "ValueFrom"),
    ),
    Rule(
        r"specified log group does not exist",
        "The log group of the task does not exist: make it before the service, in the template (DependsOn) or by hand.",
        path=("TaskDefinition", "ContainerDefinitions", "LogConfiguration", "Options", "awslogs-group"),
    ),
    Rule(
        r"EFS utils.*Failed to resolve \"(?P<file_system>fs-\w+)",
        "The name of file system {file_system} does not resolve: it needs a mount target in the task's zone, and the "
        "VPC needs DNS support and DNS host names.",
        ("aws efs describe-mount-targets --file-system-id {file_system}",),
    ),
    Rule(
        r"EFS utils.*(?:timed out|Connection reset by peer)|mount\.nfs4: Connection",
        "The file system does not answer: its mount targets' security group must take port 2049 from the tasks'.",
        path=("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups"),
    ),
    Rule(
        r"EFS utils.*reason given by server: No such file or directory",
        "The folder that is to be mounted does not exist on the file system: use an access point that makes it.",
        path=("TaskDefinition", "Volumes", "EFSVolumeConfiguration", "RootDirectory"),
    ),
    Rule(
        r"EFS utils.*access denied by server|mount\.nfs4: access denied",
        "The file system's policy does not let the task role mount it: elasticfilesystem:ClientMount, ClientWrite.",
        path=("TaskDefinition", "TaskRoleArn"),
    ),
    Rule(
        r"exec: \\?\"(?P<command>[^\"\\]+)\\?\":? .*(?:executable file not found|no such file)",
        "The image has no program {command}: correct the command, or the image.",
        path=("TaskDefinition", "ContainerDefinitions", "Command"),
    ),
)

RUNS = (
    Rule(
        r"OutOfMemory|OOM",
        "The container needs more memory than it has: give the task more.",
        path=_MEMORY,
    ),
    Rule(
        r"failed container health checks",
        "The container's own health check fails: what it runs is in the task definition, what it says in the log.",
        path=("TaskDefinition", "ContainerDefinitions", "HealthCheck"),
    ),
    Rule(
        r"Health checks failed with these codes: \[(?P<codes>[^\]]+)\]",
        "The load balancer's health check gets {codes}: the path must answer as the target group expects.",
        path=("LoadBalancers", "TargetGroupArn", "HealthCheckPath"),
    ),
    Rule(
        r"Request timed out",
        "The load balancer's health check gets no answer: the port, the security groups between both, or a slow start "
        "(health check grace period).",
        path=("LoadBalancers", "ContainerPort"),
    ),
    Rule(
        r"failed ELB health checks|reason Health checks failed",
        "The load balancer finds the task unhealthy: the health check's path and port must answer in time.",
        path=("LoadBalancers", "TargetGroupArn", "HealthCheckPath"),
    ),
    Rule(
        r"Capacity is unavailable at this time",
        "AWS has no room for the task now: add Fargate beside Fargate Spot, or zones; or try again later.",
        path=("CapacityProviderStrategy", "Weight"),
    ),
    Rule(
        r"unable to place a task because no container instance met all of its requirements",
        "No instance of the cluster has room for the task: add one, or ask for less.",
        path=("TaskDefinition", "Memory"),
    ),
)

# An application's own words may mean anything; these do not.
LOG = tuple(each for each in (*IMAGES, *PERMISSIONS) if "exec format error" in each.words or each in PERMISSIONS)

RULES = NETWORK + PERMISSIONS + QUOTAS + IMAGES + STARTS + RUNS
