"""What roles need that AWS services take on: flow logs, functions, schedules, event rules, databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.model.iam import LOG_GROUP, key_of, named, role_of
from stackproof.proofs.model.placement import each
from stackproof.proofs.needs.need import Need, Wanted, outside, something
from stackproof.proofs.values import Value, at, join, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stackproof.proofs.needs.need import Scene
    from stackproof.proofs.resolve.stack import Resource, Stack

# Amazon SQS Developer Guide, "Key management": a producer has a data key made, and checks it.
SEND_ENCRYPTED: Final = ("kms:Decrypt", "kms:GenerateDataKey")
READ_QUEUE: Final = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")

LOOK: Final = tuple(
    f"elasticloadbalancing:Describe{name}" for name in ("Listeners", "Rules", "TargetGroups", "TargetHealth")
)
REGISTER: Final = ("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets")

TARGETS: Final = {
    "AWS::ECS::Cluster": "ecs:RunTask",
    "AWS::Events::EventBus": "events:PutEvents",
    "AWS::Kinesis::Stream": "kinesis:PutRecord",
    "AWS::KinesisFirehose::DeliveryStream": "firehose:PutRecord",
    "AWS::Lambda::Function": "lambda:InvokeFunction",
    "AWS::SNS::Topic": "sns:Publish",
    "AWS::SQS::Queue": "sqs:SendMessage",
    "AWS::StepFunctions::StateMachine": "states:StartExecution",
}
"""What a schedule or a rule does to its target, by the target's type."""

UNIVERSAL: Final = ":scheduler:::aws-sdk:"
"""A schedule's target that is any action of any service."""


def role_needs(scene: Scene) -> Iterator[Wanted]:
    """The needs of every role that a service takes on to do one known thing."""
    needs: dict[str, Callable[[Scene, Resource], Iterator[Wanted]]] = {
        "AWS::EC2::FlowLog": _flow_log,
        "AWS::Lambda::Function": _function,
        "AWS::Lambda::EventSourceMapping": _event_source,
        "AWS::Scheduler::Schedule": _schedule,
        "AWS::Events::Rule": _rule,
        "AWS::ECS::Service": _deployments,
        "AWS::Cognito::UserPool": _text_messages,
        "AWS::RDS::DBProxy": _proxy,
        "AWS::RDS::DBCluster": _monitoring,
        "AWS::RDS::DBInstance": _monitoring,
    }
    for kind, of_one in needs.items():
        for resource in scene.stack.of_type(kind):
            yield from of_one(scene, resource)


def _flow_log(scene: Scene, flow: Resource) -> Iterator[Wanted]:
    """Three actions must be there; AWS's own example has two more, which a group that exists does not need."""
    path, value = "Properties.DeliverLogsPermissionArn", flow.properties.get("DeliverLogsPermissionArn")
    role = role_of(scene.stack, value)
    if value is None:
        return
    if role is None:
        yield outside(flow.logical_id, path, value, "write flow logs")
        return
    base = scene.as_role(flow.logical_id, path, role)
    resource, holder = scene.log_streams(flow.properties.get("LogGroupName", flow.properties.get("LogDestination")))
    actions = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    yield base.to("write flow logs", actions, resource, holder=holder)
    extra = base._replace(required=False)
    yield extra.to("find its log group", ("logs:DescribeLogGroups",))
    yield extra.to("make its log group", ("logs:CreateLogGroup",), resource)


def _function(scene: Scene, function: Resource) -> Iterator[Wanted]:
    """A function writes its log, and has network interfaces inside a VPC; what its code calls is not known."""
    path, value = "Properties.Role", function.properties.get("Role")
    role = role_of(scene.stack, value)
    if role is None:
        yield outside(function.logical_id, path, value, "write its log")
        return
    base = scene.as_role(function.logical_id, path, role)
    given = at(function.properties, "LoggingConfig", "LogGroup")
    group: Value = given if given is not None else join("/aws/lambda/", arns.name(function))
    resource, holder = scene.log_streams(group)
    logs = base._replace(otherwise="it leaves no log")
    yield logs.to("write its log", ("logs:CreateLogStream", "logs:PutLogEvents"), resource, holder=holder)
    made = named(scene.stack, group, LOG_GROUP) is not None
    yield logs.to("make its log group", ("logs:CreateLogGroup",), resource)._replace(required=not made)
    if function.properties.get("VpcConfig") is not None:
        purpose = "have network interfaces in its VPC"
        network = base._replace(otherwise="it is not made")
        anywhere = something("a network interface")
        yield network.to(purpose, ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"), anywhere)
        yield network.to(purpose, ("ec2:DescribeNetworkInterfaces",))


def _event_source(scene: Scene, source: Resource) -> Iterator[Wanted]:
    """A queue that a function reads: the function's role must be able to read it."""
    path = "Properties.EventSourceArn"
    function = named(scene.stack, source.properties.get("FunctionName"), "AWS::Lambda::Function")
    queue = named(scene.stack, source.properties.get("EventSourceArn"), "AWS::SQS::Queue")
    role = role_of(scene.stack, function.properties.get("Role")) if function is not None else None
    if role is None or queue is None:
        return
    base = scene.as_role(source.logical_id, path, role)._replace(otherwise="it is not made")
    purpose = f"read the queue {queue.logical_id}"
    yield base.to(purpose, READ_QUEUE, arns.arn(scene.stack, queue), holder=queue.logical_id)
    key = key_of(scene.stack, queue.properties.get("KmsMasterKeyId"))
    if key is not None and not key.alias:
        yield scene.through(base, key, "sqs", f"decrypt what it reads from {queue.logical_id}")


def _schedule(scene: Scene, schedule: Resource) -> Iterator[Wanted]:
    yield from _target(scene, schedule, "Properties.Target", schedule.properties.get("Target"))


def _rule(scene: Scene, rule: Resource) -> Iterator[Wanted]:
    for index, target in enumerate(each(rule.properties.get("Targets"))):
        if at(target, "RoleArn") is not None:
            yield from _target(scene, rule, f"Properties.Targets.{index}", target)


def followed(stack: Stack, schedule: Resource) -> bool:
    """Are all needs of a schedule's role derived? Not for a target elsewhere, an action by name, a key of its own."""
    target = schedule.properties.get("Target")
    reached = stack.target(at(target, "Arn"))
    if reached is None or schedule.properties.get("KmsKeyArn") is not None:
        return False
    if reached.type == "AWS::ECS::Cluster":
        return stack.target(at(target, "EcsParameters", "TaskDefinitionArn")) is not None
    return reached.type in TARGETS


def _target(scene: Scene, owner: Resource, path: str, target: Value) -> Iterator[Wanted]:
    """A target of a schedule or a rule: the action that reaches it, the roles that it passes on, its dead letters."""
    stack = scene.stack
    value = at(target, "RoleArn")
    role = role_of(stack, value)
    if role is None:
        yield outside(owner.logical_id, f"{path}.RoleArn", value, "reach its target")
        return
    base = scene.as_role(owner.logical_id, f"{path}.RoleArn", role)
    resource = stack.target(at(target, "Arn"))
    text = show(at(target, "Arn"))
    if UNIVERSAL in text:
        service, _, call = text.partition(UNIVERSAL)[2].partition(":")
        action = f"{service}:{call[:1].upper()}{call[1:]}"
        anything = something(f"what {action} is done to")
        yield base._replace(doubt="its resource is not known").to(f"call {action}", (action,), anything)
    elif resource is not None and resource.type == "AWS::ECS::Cluster":
        yield from _run(scene, base, target)
    elif resource is not None and resource.type in TARGETS:
        arn = arns.arn(stack, resource)
        yield base.to(f"reach {resource.logical_id}", (TARGETS[resource.type],), arn, holder=resource.logical_id)
    letters = named(stack, at(target, "DeadLetterConfig", "Arn"), "AWS::SQS::Queue")
    if letters is not None and owner.type == "AWS::Scheduler::Schedule":
        purpose = "keep what could not be delivered"
        yield base.to(purpose, ("sqs:SendMessage",), arns.arn(stack, letters), holder=letters.logical_id)
        key = key_of(stack, letters.properties.get("KmsMasterKeyId"))
        if key is not None and not key.alias:
            yield scene.through(base, key, "sqs", f"encrypt what it keeps in {letters.logical_id}", SEND_ENCRYPTED)


def _run(scene: Scene, base: Need, target: Value) -> Iterator[Need]:
    """A task that is started, with the roles that are handed to it."""
    task = scene.stack.target(at(target, "EcsParameters", "TaskDefinitionArn"))
    if task is None:
        return
    run = base.to(f"run {task.logical_id}", ("ecs:RunTask",), arns.arn(scene.stack, task))
    yield run.knowing(ecs__cluster=(arns.expand(scene.stack, at(target, "Arn")),))
    if any(at(target, "EcsParameters", key) is not None for key in ("PropagateTags", "Tags")):
        # Asked for where an account has ECS authorise tags (Amazon ECS Developer Guide, "Tagging authorization").
        started = scene.arn("ecs", "task/", something("a task"))
        yield base._replace(required=False).to("tag its tasks", ("ecs:TagResource",), started)
    for name in ("ExecutionRoleArn", "TaskRoleArn"):
        passed = role_of(scene.stack, task.properties.get(name))
        if passed is not None:
            arn = scene.access.roles[passed].arn
            need = base.to(f"pass {passed} on to {task.logical_id}", ("iam:PassRole",), arn)
            yield need.knowing(iam__passedtoservice=("ecs-tasks.amazonaws.com",))


def _deployments(scene: Scene, service: Resource) -> Iterator[Wanted]:
    """ECS calls the functions that a deployment waits for, and shifts traffic from one target group to the other."""
    yield from _shifts(scene, service)
    for index, hook in enumerate(each(at(service.properties, "DeploymentConfiguration", "LifecycleHooks"))):
        function = named(scene.stack, at(hook, "HookTargetArn"), "AWS::Lambda::Function")
        role = role_of(scene.stack, at(hook, "RoleArn"))
        if function is not None and role is not None:
            path = f"Properties.DeploymentConfiguration.LifecycleHooks.{index}.RoleArn"
            base = scene.as_role(service.logical_id, path, role)._replace(otherwise="every deployment fails at it")
            call, arn = ("lambda:InvokeFunction",), arns.arn(scene.stack, function)
            yield base.to(f"call the hook {function.logical_id}", call, arn, holder=function.logical_id)


def _shifts(scene: Scene, service: Resource) -> Iterator[Wanted]:
    """Changes of the balancer, by the infrastructure role (Amazon ECS Developer Guide, "infrastructure IAM role")."""
    for index, entry in enumerate(each(service.properties.get("LoadBalancers"))):
        settings = at(entry, "AdvancedConfiguration")
        role = role_of(scene.stack, at(settings, "RoleArn"))
        if role is None:
            continue
        path = f"Properties.LoadBalancers.{index}.AdvancedConfiguration.RoleArn"
        base = scene.as_role(service.logical_id, path, role)._replace(otherwise="every deployment fails at it")
        yield base.to("look at its target groups", LOOK)
        for value in (at(entry, "TargetGroupArn"), at(settings, "AlternateTargetGroupArn")):
            if value is None:
                continue
            group = scene.stack.target(value)
            holder = group.logical_id if group is not None else None
            purpose = f"register its tasks in {holder or show(value)}"
            yield base.to(purpose, REGISTER, arns.expand(scene.stack, value), holder=holder)
        for key in ("ProductionListenerRule", "TestListenerRule"):
            rule = scene.stack.target(at(settings, key))
            if rule is not None:
                action = "ModifyListener" if rule.type.endswith("::Listener") else "ModifyRule"
                arn = arns.expand(scene.stack, at(settings, key))
                yield base.to(f"shift traffic at {rule.logical_id}", (f"elasticloadbalancing:{action}",), arn)


def _text_messages(scene: Scene, pool: Resource) -> Iterator[Wanted]:
    """Text messages to telephones, which no ARN names (Cognito's guide, "SMS message settings")."""
    path, value = "Properties.SmsConfiguration.SnsCallerArn", at(pool.properties, "SmsConfiguration", "SnsCallerArn")
    role = role_of(scene.stack, value)
    if role is not None:
        base = scene.as_role(pool.logical_id, path, role)._replace(otherwise="nobody gets a code")
        yield base.to("send text messages", ("sns:Publish",))
    elif value is not None:
        yield outside(pool.logical_id, path, value, "send text messages")


def _proxy(scene: Scene, proxy: Resource) -> Iterator[Wanted]:
    """A database proxy reads its secrets by itself."""
    value = proxy.properties.get("RoleArn")
    role = role_of(scene.stack, value)
    if role is None:
        yield outside(proxy.logical_id, "Properties.RoleArn", value, "read its secrets")
        return
    for index, entry in enumerate(each(proxy.properties.get("Auth"))):
        base = scene.as_role(proxy.logical_id, f"Properties.Auth.{index}.SecretArn", role)
        arn = at(entry, "SecretArn")
        secret = named(scene.stack, arn, "AWS::SecretsManager::Secret")
        holder = secret.logical_id if secret is not None else None
        read = ("secretsmanager:GetSecretValue",)
        yield base.to("read its secret", read, arns.expand(scene.stack, arn), holder=holder)
        key = key_of(scene.stack, secret.properties.get("KmsKeyId")) if secret is not None else None
        if key is not None and not key.alias:
            yield scene.through(base, key, "secretsmanager", "decrypt its secret")
        seldom = ("secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy")
        yield base._replace(required=False).to("know its secret", seldom, arns.expand(scene.stack, arn))


def _monitoring(scene: Scene, database: Resource) -> Iterator[Wanted]:
    """Enhanced monitoring writes to a log group of its own, which it makes when it is not there."""
    path, value = "Properties.MonitoringRoleArn", database.properties.get("MonitoringRoleArn")
    role = role_of(scene.stack, value)
    if value is None:
        return
    if role is None:
        yield outside(database.logical_id, path, value, "write what enhanced monitoring measures")
        return
    base = scene.as_role(database.logical_id, path, role)._replace(otherwise="nothing is measured")
    group = scene.arn("logs", "log-group:RDSOSMetrics")
    stream, _ = scene.log_streams(group)
    purpose = "write what enhanced monitoring measures"
    yield base.to(purpose, ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"), stream)
    made = base._replace(doubt="only AWS knows whether the log group RDSOSMetrics is there already")
    yield made.to("make the log group of enhanced monitoring", ("logs:CreateLogGroup",), group)
    spare = base._replace(required=False)
    yield spare.to(purpose, ("logs:PutRetentionPolicy",), group)
    yield spare.to(purpose, ("logs:GetLogEvents",), stream)
