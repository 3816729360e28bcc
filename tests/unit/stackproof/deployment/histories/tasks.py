"""A service whose tasks do not come up: what CloudFormation says of it is always the same, the cause lies in ECS."""

from __future__ import annotations

from tests.unit.stackproof.deployment.histories.recorded import DENIED, Refused
from tests.unit.stackproof.deployment.histories.services import (
    BREAKER,
    EVENTS,
    GROUP,
    SERVICE,
    TASK,
    container,
    ecs,
    failed,
    in_subnets,
    network,
    service,
    task,
)

_STARTED = f"has started 1 tasks: (task {TASK})."
_PULL = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 802388215838.dkr.ecr.eu-west-1.amazonaws.com/example-service:v2: 802388215838.dkr.ecr.eu-west-1.amazonaws.com/example-service:v2: not found"
_REGISTRY = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): RequestError: send request failed caused by: Post https://api.ecr...."
_SSM = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: context deadli..."
_NOT_JSON = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): invalid character '\\'' looking for beginning of value"
_UNHEALTHY = f"(port 8000) is unhealthy in (target-group {GROUP}) due to (reason Health checks failed)."

HISTORIES = (
    failed(
        "a registry that cannot be reached: no way out",
        "https://github.com/aws-samples/aws-fargate-pipeline-lambda-autoscaling/issues/3",
        answers=ecs(
            service(_STARTED, "is unable to consistently start tasks successfully.", **in_subnets()),
            task(_REGISTRY),
            task(_REGISTRY, minute=6),
        )
        | network([{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole"}], "s3"),
        says=("The task cannot reach the registry", "Parameter Endpoints decides it."),
        shows=(
            "2 times: ResourceInitializationError",
            "unable to consistently start tasks",
            "subnet-1: the default route leads to nat-1, which does not exist any more",
            "subnet-2: no default route",
            "endpoints: s3; without a way out these are missing: ecr.api, ecr.dkr, logs, secretsmanager",
        ),
    ),
    failed(
        "a registry that cannot be reached: no public address",
        "https://github.com/nikovirtala/cdk-github-actions-runner/pull/3",
        answers=ecs(service(**in_subnets()), task(_REGISTRY))
        | network([{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]),
        says=("cannot reach the registry",),
        shows=("leads to igw-1, but the tasks have no public address", "vpc-1: endpoints: none"),
    ),
    failed(
        "a registry that cannot be reached: the routes may not be read",
        "https://repost.aws/knowledge-center/ecs-fargate-pull-container-error",
        answers=ecs(service(**in_subnets()), task(_REGISTRY))
        | {"ec2.DescribeSubnets": Refused("UnauthorizedOperation", "You are not authorized")},
        says=("cannot reach the registry",),
        shows=("ResourceInitializationError",),
        unseen=("the subnets of the tasks: ec2:DescribeSubnets is not allowed",),
    ),
    failed(
        "a registry that cannot be reached, though the way is there",
        "https://github.com/aws/aws-app-mesh-examples/issues/413",
        answers=ecs(service(**in_subnets("ENABLED")), task(_REGISTRY))
        | network(
            [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}],
            "ecr.api",
            "ecr.dkr",
            "s3",
            "logs",
            "secretsmanager",
        ),
        says=("its security group lets it use on port 443",),
        shows=("subnet-1: the default route leads to igw-1", "endpoints: ecr.api, ecr.dkr, logs, s3, secretsmanager"),
        hides=("are missing", "no public address"),
    ),
    failed(
        "secrets that cannot be reached",
        "https://github.com/aws-samples/serverless-jenkins-on-aws-fargate/issues/7",
        answers=ecs(service(), task(_SSM)),
        says=("an endpoint for secretsmanager (or ssm)",),
        shows=("unable to retrieve secrets from ssm",),
    ),
    failed(
        "a secret that is no JSON",
        "https://github.com/rileydakota/valheim-ecs-fargate-cdk/issues/9",
        answers=ecs(service(), task(_NOT_JSON)),
        says=('it must read {"key": "value"}',),
        shows=("looking for beginning of value",),
    ),
    failed(
        "a log group that is not there",
        "https://github.com/cn-terraform/terraform-aws-ecs-fargate-task-definition/issues/1",
        answers=ecs(
            service(),
            task(
                "Task failed to start",
                container(
                    "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. status code: 400, request id: 7463029c"
                ),
            ),
        ),
        says=("The log group of the task does not exist",),
        shows=("container app: CannotStartContainerError",),
    ),
    failed(
        "a log group that the task may not make",
        "https://github.com/terraform-aws-modules/terraform-aws-ecs/pull/313",
        answers=ecs(
            service(),
            task(
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log group: AccessDeniedException: User: arn:aws:sts::111111111111:assumed-role/exec/1 is not authorized to perform: logs:CreateLogGroup on resource: arn:aws:logs:eu-central-1:111111111111:log-group:lms:log-stream: because no identity-based policy allows the logs:CreateLogGroup action : exit status 1"
            ),
        ),
        says=(
            "logs:CreateLogGroup on arn:aws:logs:eu-central-1:111111111111:log-group:lms:log-stream, for arn:aws:sts::111111111111:assumed-role/exec/1",
        ),
        shows=("failed to validate logger args",),
    ),
    failed(
        "an image that does not exist",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html",
        answers=ecs(service(), task(_PULL, container())),
        says=(
            "no such image in repository example-service of 802388215838 in eu-west-1",
            "Parameter Image decides it.",
        ),
        runs=("aws ecr list-images --registry-id 802388215838 --repository-name example-service --region eu-west-1",),
        shows=("CannotPullContainerError",),
    ),
    failed(
        "an image that is none",
        "https://github.com/aws/copilot-cli/issues/2584",
        answers=ecs(service(), task('InternalError: failed to normalize image reference "Dockerfile"')),
        says=("is not the name of one", "Parameter Image"),
        shows=("failed to normalize image reference",),
    ),
    failed(
        "an image for another processor",
        "https://github.com/aws-samples/amazon-bedrock-serverless-prompt-chaining/issues/213",
        answers=ecs(
            service(),
            task("Essential container in task exited", container(code=1), code="EssentialContainerExited"),
            lines=("exec /usr/local/bin/streamlit: exec format error",),
        ),
        says=("built for another processor", "Parameter Cpu decides it."),
        shows=(
            "once: Essential container in task exited (EssentialContainerExited); container app: exit code 1, an error",
            f"the application's own log, /lms/lms-dev/app web/app/{TASK}, masked where they look secret",
            "exec format error",
        ),
    ),
    failed(
        "a program that is not in the image",
        "https://github.com/aws/amazon-ecs-cli/issues/1136",
        answers=ecs(
            service(),
            task(
                "Task failed to start",
                container(
                    'CannotStartContainerError: Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "python": executable file not found in $PATH: unknown'
                ),
            ),
        ),
        says=("The image has no program python", "Parameter Command decides it."),
        shows=("executable file not found",),
    ),
    failed(
        "too little memory",
        "https://github.com/aws/amazon-ecs-agent/issues/1187",
        answers=ecs(
            service(),
            task(
                "Essential container in task exited",
                container("OutOfMemoryError: Container killed due to memory usage", 137),
                code="EssentialContainerExited",
            ),
            lines=(),
        ),
        says=("needs more memory", "Parameter Size decides it."),
        shows=("exit code 137, it was killed: out of memory, or it did not stop in time: OutOfMemoryError",),
    ),
    failed(
        "an application that ends, with secrets in its log",
        "https://github.com/aws/copilot-cli/issues/5296",
        answers=ecs(
            service(),
            task("Essential container in task exited", container(code=3), code="EssentialContainerExited"),
            lines=(
                "DATABASE_URL=postgres://lms:hunter2@db/lms",
                'raise ImproperlyConfigured("SECRET_KEY must not be empty")',
                "x" * 400,
            ),
        ),
        says=("The application ended by itself, with exit code 3",),
        runs=("aws logs tail /lms/lms-dev/app --since 2026-03-14T03:00:00",),
        shows=("ImproperlyConfigured", "DATABASE_URL=", "x" * 300 + "…"),
        hides=("hunter2", "x" * 301),
    ),
    failed(
        "an unhealthy target",
        "https://github.com/hackforla/CivicTechJobs/issues/436",
        answers=ecs(
            service(
                _STARTED,
                f"registered 1 targets in (target-group {GROUP})",
                _UNHEALTHY,
                "has stopped 1 running tasks: (task ca675154981d4ebd81b7a97747141a2e).",
                _UNHEALTHY,
                loadBalancers=[
                    {"targetGroupArn": GROUP, "containerName": "app", "containerPort": 8000},
                    {"loadBalancerName": "classic"},
                ],
                deployments=[
                    {
                        "id": "ecs-svc/1",
                        "rolloutState": "FAILED",
                        "rolloutStateReason": "ECS deployment circuit breaker: tasks failed to start.",
                    }
                ],
            ),
            task(
                f"Task failed ELB health checks in (target-group {GROUP})",
                container(code=143),
                code="ServiceSchedulerInitiated",
            ),
            task(
                "Scaling activity initiated by (deployment ecs-svc/1)",
                container(code=143),
                code="ServiceSchedulerInitiated",
                minute=19,
            ),
            lines=("listening on 8000",),
        )
        | {
            "elbv2.DescribeTargetHealth": {
                "TargetHealthDescriptions": [
                    {
                        "Target": {"Id": "10.0.1.7"},
                        "TargetHealth": {
                            "State": "unhealthy",
                            "Reason": "Target.ResponseCodeMismatch",
                            "Description": "Health checks failed with these codes: [500]",
                        },
                    },
                    {"Target": {"Id": "10.0.1.8"}, "TargetHealth": {"State": "healthy"}},
                ]
            }
        },
        says=("the health check's path and port", "Parameter HealthPath decides it."),
        shows=(
            "deployment ecs-svc/1: ECS deployment circuit breaker: tasks failed to start.",
            "due to (reason Health checks failed)",
            "once: unhealthy Target.ResponseCodeMismatch Health checks failed with these codes: [500]",
            "listening on 8000",
        ),
        hides=("Scaling activity", "registered 1 targets", "has stopped 1 running tasks"),
    ),
    failed(
        "a health check with a code",
        "https://github.com/aws/copilot-cli/issues/3772",
        answers=ecs(
            service(
                f"(port 5005) is unhealthy in (target-group {GROUP}) due to (reason Health checks failed with these codes: [502])."
            ),
            task("Task failed", code="ServiceSchedulerInitiated"),
        ),
        says=("health check gets 502",),
        shows=("[502]",),
    ),
    failed(
        "a file system whose name does not resolve",
        "https://github.com/cn-terraform/terraform-aws-jenkins/issues/23",
        answers=ecs(
            service(),
            task(
                'ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve "fs-0867a83d8ed398433.efs.'
            ),
        ),
        says=("name of file system fs-0867a83d8ed398433 does not resolve",),
        runs=("aws efs describe-mount-targets --file-system-id fs-0867a83d8ed398433",),
        shows=("EFS utils",),
    ),
    failed(
        "a folder that the file system does not have",
        "https://github.com/acp-io/terraform-grafana/issues/4",
        answers=ecs(
            service(),
            task(
                "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: mounting fs-1.efs.sa-east-1.amazonaws.com:/grafana failed, reason given by server: No such file or directory' : unsuccessful EFS utils command execution; code: 32"
            ),
        ),
        says=("use an access point that makes it",),
        shows=("No such file or directory",),
    ),
    failed(
        "a file system that does not answer",
        "https://github.com/docker-archive/compose-cli/issues/1490",
        answers=ecs(
            service(),
            task(
                "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: mount.nfs4: Connection reset by peer : unsuccessful EFS utils command execution; code: 32"
            ),
        ),
        says=("port 2049",),
        shows=("Connection reset by peer",),
    ),
    failed(
        "no room for the task",
        "https://github.com/sil-org/ecs-deploy/issues/277",
        answers=ecs(
            service(
                "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone."
            )
        ),
        says=("AWS has no room for the task now",),
        shows=("Capacity is unavailable",),
        unseen=("why tasks of lms-app stopped: ECS has none of that time; it forgets them in an hour",),
    ),
    failed(
        "a service of days ago, of which only events and the log are left",
        "https://github.com/hackoregon/civic-devops/issues/175",
        events=EVENTS.replace(BREAKER, f"Service {SERVICE} did not stabilize."),
        answers=ecs(service(_STARTED), lines=("Traceback (most recent call last):", "KeyError: 'DB_HOST'")),
        reason="did not stabilize",
        shows=("KeyError: 'DB_HOST'", "/lms/lms-dev/app"),
        unseen=("it forgets them in an hour",),
    ),
    failed(
        "a service that ECS does not know any more",
        "https://github.com/aws/copilot-cli/issues/5586",
        answers={"ecs.DescribeServices": {"services": [], "failures": [{"arn": SERVICE, "reason": "MISSING"}]}},
        unseen=("service lms-app: ECS does not know it any more",),
    ),
    failed(
        "a service that may not be looked at",
        "https://github.com/aws-cloudformation/rain/issues/458",
        answers={"ecs.DescribeServices": DENIED},
        unseen=("service lms-app (its events, tasks, targets and log): ecs:DescribeServices is not allowed",),
    ),
    failed(
        "a service whose tasks, targets, definition and log may not be looked at",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html",
        answers=ecs(service(_STARTED, loadBalancers=[{"targetGroupArn": GROUP}]))
        | {
            "ecs.ListTasks": DENIED,
            "elbv2.DescribeTargetHealth": DENIED,
            "ecs.DescribeTaskDefinition": DENIED,
        },
        unseen=(
            "why tasks of lms-app stopped: ecs:ListTasks is not allowed",
            "the health of targets in lms-app: elasticloadbalancing:DescribeTargetHealth is not allowed",
            "where the log of task definition lms-app:7 is: ecs:DescribeTaskDefinition is not allowed",
        ),
    ),
    failed(
        "a service in a nested stack, killed without a word",
        "https://github.com/aws/containers-roadmap/issues/1206",
        answers=ecs(
            service(), task("Essential container in task exited", container(code=137), code="EssentialContainerExited")
        )
        | {"logs.GetLogEvents": Refused("ThrottlingException", "Rate exceeded")},
        shows=("exit code 137",),
        unseen=("logs:GetLogEvents was throttled",),
    ),
)
