"""What AWS services need that act by themselves: no role of ours, the resource's own policy must let them in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.equality import equal
from stackproof.proofs.model.iam import LOG_GROUP, key_of, named
from stackproof.proofs.model.placement import each
from stackproof.proofs.needs.need import Doubt, Missing, Need, Wanted, something
from stackproof.proofs.values import Sym, Unknown, Value, at, is_one_of, join, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.needs.need import Scene
    from stackproof.proofs.resolve.stack import Resource

TOPIC, QUEUE, FUNCTION, BUCKET = "AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::Lambda::Function", "AWS::S3::Bucket"
LOG_DESTINATION: Final = "AWS::Logs::DeliveryDestination"
BALANCER: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
ALARM_ACTIONS: Final = ("AlarmActions", "OKActions", "InsufficientDataActions")

ENCRYPT_LOGS: Final = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")
NOT_MADE: Final = "it is not made"
MOST_OF_A_RULE: Final = 64 - len("--123456789012")
"""Characters that CloudFormation has for a stack's name and a logical id in a rule's name, before it cuts them."""

GRANTED: Final = {
    "AWS::Backup::BackupVault": ("EncryptionKeyArn", "backup"),
    "AWS::EFS::FileSystem": ("KmsKeyId", "elasticfilesystem"),
    "AWS::ElastiCache::ReplicationGroup": ("KmsKeyId", "elasticache"),
    "AWS::ElastiCache::ServerlessCache": ("KmsKeyId", "elasticache"),
    "AWS::RDS::DBCluster": ("KmsKeyId", "rds"),
    "AWS::RDS::DBInstance": ("KmsKeyId", "rds"),
}
"""Stores that come to their key by a grant: whoever makes the store must be able to give it."""

LOG_ACCOUNTS: Final = frozenset({
    "009996457667", "027434742980", "033677994240", "037604701340", "048591011584", "054676820928", "076674570225",
    "098369216593", "114774131450", "127311923021", "156460612806", "190560391635", "383597477331", "507241528517",
    "582318560864", "589379963580", "600734575887", "635631232127", "638102146993", "652711504416", "718504428378",
    "754344448648", "783225319266", "797873946194", "897822967062", "985666609251",
})  # fmt: skip
"""Elastic Load Balancing's own accounts, one per older region, which write access logs there beside the service
principal. Source: "Enable access logs for your Application Load Balancer"."""


def service_needs(scene: Scene) -> Iterator[Wanted]:
    """The needs of every service that acts by itself."""
    stack = scene.stack
    for group in stack.of_type(LOG_GROUP):
        yield from _encrypted_logs(scene, group)
    for balancer in stack.of_type(BALANCER):
        yield from _balancer_logs(scene, balancer)
    for cache in stack.of_type("AWS::ElastiCache::ReplicationGroup"):
        yield from _cache_logs(scene, cache)
    for logging in stack.of_type("AWS::WAFv2::LoggingConfiguration"):
        yield from _firewall_logs(scene, logging)
    for delivery in stack.of_type("AWS::Logs::Delivery"):
        yield from _delivery(scene, delivery)
    yield from _messages(scene)
    yield from _keys(scene)


def _messages(scene: Scene) -> Iterator[Wanted]:
    """Everything that sends messages to a topic, a queue or a function without a role."""
    stack = scene.stack
    for alarm in stack.of_type("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        for name in ALARM_ACTIONS:
            for index, value in enumerate(each(alarm.properties.get(name))):
                yield from _Sender(scene, alarm, f"Properties.{name}.{index}", "cloudwatch").to(stack.target(value))
    for vault in stack.of_type("AWS::Backup::BackupVault"):
        topic = stack.target(at(vault.properties, "Notifications", "SNSTopicArn"))
        yield from _Sender(scene, vault, "Properties.Notifications.SNSTopicArn", "backup").to(topic)
    for rule in stack.of_type("AWS::Events::Rule"):
        for index, target in enumerate(each(rule.properties.get("Targets"))):
            if at(target, "RoleArn") is None:
                yield from _event_log(scene, rule, f"Properties.Targets.{index}.Arn", at(target, "Arn"))
                sender = _Sender(scene, rule, f"Properties.Targets.{index}.Arn", "events")
                yield from sender.to(stack.target(at(target, "Arn")))
            letters = named(stack, at(target, "DeadLetterConfig", "Arn"), QUEUE)
            path = f"Properties.Targets.{index}.DeadLetterConfig.Arn"
            yield from _Sender(scene, rule, path, "events").to(letters)
    for subscription in stack.of_type("AWS::SNS::Subscription"):
        yield from _subscription(scene, subscription)
    for bucket in stack.of_type(BUCKET):
        yield from _notifications(scene, bucket)


def _encrypted_logs(scene: Scene, group: Resource) -> Iterator[Need]:
    """Logs encrypts and decrypts by itself, for the group whose ARN it puts into the encryption context."""
    key = key_of(scene.stack, group.properties.get("KmsKeyId"))
    if key is None or key.resource is None:
        return
    base = scene.as_service(group.logical_id, "Properties.KmsKeyId", "logs", account=False)
    base = base._replace(caller=scene.service("logs", regional=True), otherwise=NOT_MADE)
    base = base.knowing(kms__viaservice=(), **{"kms:encryptioncontext:aws:logs:arn": (arns.arn(scene.stack, group),)})
    yield base.to("be encrypted", ENCRYPT_LOGS, key.arn, holder=key.resource)


def _balancer_logs(scene: Scene, balancer: Resource) -> Iterator[Wanted]:
    """Access and connection logs of a load balancer."""
    path = "Properties.LoadBalancerAttributes"
    listed = each(balancer.properties.get("LoadBalancerAttributes"))
    settings = {show(at(entry, "Key")): at(entry, "Value") for entry in listed}
    for kind in ("access_logs", "connection_logs"):
        bucket = scene.stack.target(settings.get(f"{kind}.s3.bucket"))
        if show(settings.get(f"{kind}.s3.enabled")).lower() != "true" or bucket is None:
            continue
        if balancer.properties.get("Type") != "network" and (key := _bucket_key(bucket)):
            yield Missing(
                balancer.logical_id,
                path,
                f"{balancer.logical_id} cannot deliver its {kind.replace('_', ' ')} to {bucket.logical_id}, which is "
                f"encrypted with {key}: an application balancer writes with S3's own keys (SSE-S3) alone, and is not "
                "made.",
                f"Set SSEAlgorithm of {bucket.logical_id} to AES256, or leave BucketEncryption out.",
                rule="iam-key",
            )
            continue
        prefix = settings.get(f"{kind}.s3.prefix")
        start: tuple[Value, ...] = (prefix, "/") if prefix is not None and prefix != "" else ()
        file = something("a log file")
        inside = join(arns.arn(scene.stack, bucket), "/", *start, "AWSLogs/", scene.stack.account, "/", file)
        if balancer.properties.get("Type") == "network":
            base = scene.as_service(balancer.logical_id, path, "delivery.logs")
        else:
            source = arns.arn(scene.stack, balancer)
            base = scene.as_service(balancer.logical_id, path, "logdelivery.elasticloadbalancing", source=source)
            base = base._replace(caller=replace(base.caller, accounts=LOG_ACCOUNTS))
        base = base._replace(otherwise="the balancer is not made").knowing(
            **{"s3:x-amz-acl": ("bucket-owner-full-control",)}
        )
        purpose = f"deliver its {kind.replace('_', ' ')} to {bucket.logical_id}"
        yield base.to(purpose, ("s3:PutObject",), inside, holder=bucket.logical_id)


def _bucket_key(bucket: Resource) -> str:
    """The KMS key that a bucket is encrypted with, as a person names it; empty for S3's own keys."""
    for rule in each(at(bucket.properties, "BucketEncryption", "ServerSideEncryptionConfiguration")):
        default = at(rule, "ServerSideEncryptionByDefault")
        if is_one_of(at(default, "SSEAlgorithm"), "aws:kms", "aws:kms:dsse"):
            key = at(default, "KMSMasterKeyID")
            return "a KMS key of AWS's" if key is None else f"the KMS key {show(key)}"
    return ""


def _cache_logs(scene: Scene, cache: Resource) -> Iterator[Need]:
    """Log delivery to a group that has a policy; without one AWS puts its own into the account."""
    for index, entry in enumerate(each(cache.properties.get("LogDeliveryConfigurations"))):
        value = at(entry, "DestinationDetails", "CloudWatchLogsDetails", "LogGroup")
        yield from _delivered(scene, cache, f"Properties.LogDeliveryConfigurations.{index}", value)


def _firewall_logs(scene: Scene, logging: Resource) -> Iterator[Need]:
    """The same for a web ACL, which names its log group by ARN."""
    stack = scene.stack
    for index, value in enumerate(each(logging.properties.get("LogDestinationConfigs"))):
        arn = arns.expand(stack, value)
        group = next((one for one in stack.of_type(LOG_GROUP) if equal(arn, arns.arn(stack, one)) is True), None)
        if group is not None:
            name = Sym(group.logical_id, "Ref")
            yield from _delivered(scene, logging, f"Properties.LogDestinationConfigs.{index}", name)


def _delivery(scene: Scene, delivery: Resource) -> Iterator[Wanted]:
    """The same for logs that CloudWatch carries from a source to a destination."""
    path = "Properties.DeliveryDestinationArn"
    destination = named(scene.stack, delivery.properties.get("DeliveryDestinationArn"), LOG_DESTINATION)
    value = destination.properties.get("DestinationResourceArn") if destination is not None else None
    group = named(scene.stack, value, LOG_GROUP)
    if group is not None:
        known = scene.access.on(group.logical_id) or scene.access.shared
        # CreateDelivery is refused, unless whoever deploys may put a policy into the account.
        yield from () if known else [_closed(delivery, path, group, "delivery.logs")]
        yield from _delivered(scene, delivery, path, Sym(group.logical_id, "Ref"))


def _closed(owner: Resource, path: str, group: Resource, service: str) -> Doubt:
    """No policy of this template lets a service into a log group."""
    message = (
        f"Whether {owner.logical_id} can write to {group.logical_id} cannot be told: no policy of this template "
        f"lets {service}.amazonaws.com in, and only the account may have one."
    )
    fix = f"Give {group.logical_id} a ResourcePolicyDocument, or add an AWS::Logs::ResourcePolicy."
    return Doubt(owner.logical_id, path, message, fix, rule="iam-service")


def _event_log(scene: Scene, rule: Resource, path: str, value: Value) -> Iterator[Wanted]:
    """Events in a log group of this stack; CloudFormation, unlike the console, adds no policy for them."""
    stack = scene.stack
    arn = arns.expand(stack, value)
    groups = stack.of_type(LOG_GROUP)
    found = [one for one in groups if stack.target(value) is one or equal(arn, arns.arn(stack, one)) is True]
    for group in found:
        streams, holder = scene.log_streams(Sym(group.logical_id, "Ref"))
        if not scene.access.on(holder) and not scene.access.shared:
            yield _closed(rule, path, group, "events")
            continue
        purpose = f"keep its events in {group.logical_id}"
        base = scene.as_service(rule.logical_id, path, "events")._replace(otherwise="every event is lost")
        # It makes a stream before it says for which rule.
        first = base.knowing(aws__sourceaccount=(), aws__sourcearn=())
        yield first.to(purpose, ("logs:CreateLogStream",), streams, holder=holder)
        then = base.knowing(aws__sourcearn=(_rule_arn(scene, rule),))
        yield then.to(purpose, ("logs:PutLogEvents",), streams, holder=holder)


def _rule_arn(scene: Scene, rule: Resource) -> Value:
    """A rule's ARN. The name that CloudFormation gives one begins with the stack's and its own, as far as 64 go."""
    stack = scene.stack
    given = rule.properties.keys() & {"Name", "EventBusName"}
    long = len(show(stack.stack_name)) + len(rule.logical_id) > MOST_OF_A_RULE
    if given or long:
        return arns.arn(stack, rule)
    return scene.arn("events", "rule/", stack.stack_name, f"-{rule.logical_id}-", something("the end of its name"))


def _delivered(scene: Scene, owner: Resource, path: str, value: Value) -> Iterator[Need]:
    """Log delivery to a group of this stack that has a policy."""
    resource, group = scene.log_streams(value)
    if not scene.access.on(group):
        return
    source = scene.arn("logs", something("the delivery"))
    base = scene.as_service(owner.logical_id, path, "delivery.logs", source=source)
    purpose = f"write its log to {group} by the policy that stands there"
    base = base._replace(otherwise="AWS wants to put one into the account, which whoever deploys may not do")
    yield base.to(purpose, ("logs:CreateLogStream", "logs:PutLogEvents"), resource, holder=group)


class _Sender:
    """A resource in whose name a service sends messages to topics, queues and functions."""

    ACTIONS: Final = {TOPIC: "sns:Publish", QUEUE: "sqs:SendMessage", FUNCTION: "lambda:InvokeFunction"}

    def __init__(self, scene: Scene, owner: Resource, path: str, service: str, source: Resource | None = None) -> None:
        self.scene, self.service = scene, service
        arn = arns.arn(scene.stack, source or owner)
        known = None if isinstance(arn, Unknown) else arn
        base = scene.as_service(owner.logical_id, path, service, source=known)
        self.base = base._replace(otherwise="every message is lost")

    def to(self, target: Resource | None) -> Iterator[Wanted]:
        """Its needs to reach a target of this stack; none for any other."""
        if target is None or target.type not in self.ACTIONS:
            return
        purpose = f"reach {target.logical_id}"
        arn = arns.arn(self.scene.stack, target)
        # A topic without a policy lets in what comes for its own account; EventBridge and S3 do not say so.
        if target.type != TOPIC or self.scene.access.on(target.logical_id) or self.service in {"events", "s3"}:
            yield self.base.to(purpose, (self.ACTIONS[target.type],), arn, holder=target.logical_id)
        if target.type != FUNCTION:
            yield from self._key(target, purpose)

    def _key(self, target: Resource, purpose: str) -> Iterator[Wanted]:
        """The key of an encrypted topic or queue; one of AWS's own cannot be opened for a service."""
        key = key_of(self.scene.stack, target.properties.get("KmsMasterKeyId"))
        if key is None:
            return
        if key.alias:
            base = self.base
            yield Missing(
                base.owner,
                base.path,
                f"{base.owner} cannot {purpose}, which is encrypted with {key.alias}: no policy of that key can let "
                f"{self.service}.amazonaws.com in, and {base.otherwise}.",
                f"Encrypt {target.logical_id} with a customer key whose policy lets the service in.",
                rule="iam-key",
            )
        elif key.resource is not None:
            base = self.base
            if self.service == "events":
                # EventBridge does not say for whom it comes when it uses a key.
                base = base.knowing(aws__sourceaccount=(), aws__sourcearn=())
            need = base.to(purpose, ("kms:Decrypt", "kms:GenerateDataKey"), key.arn, holder=key.resource)
            via = (join(f"{target.type.split('::')[1].lower()}.", self.scene.stack.region, ".amazonaws.com"),)
            yield need.knowing(kms__viaservice=via)


def _subscription(scene: Scene, subscription: Resource) -> Iterator[Wanted]:
    """A topic's messages to a queue or a function."""
    topic = named(scene.stack, subscription.properties.get("TopicArn"), TOPIC)
    target = scene.stack.target(subscription.properties.get("Endpoint"))
    if topic is not None and target is not None and target.type in {QUEUE, FUNCTION}:
        yield from _Sender(scene, subscription, "Properties.Endpoint", "sns", source=topic).to(target)


def _notifications(scene: Scene, bucket: Resource) -> Iterator[Wanted]:
    """A bucket's events to topics, queues and functions."""
    kinds = {"TopicConfigurations": "Topic", "QueueConfigurations": "Queue", "LambdaConfigurations": "Function"}
    for name, key in kinds.items():
        for index, entry in enumerate(each(at(bucket.properties, "NotificationConfiguration", name))):
            path = f"Properties.NotificationConfiguration.{name}.{index}.{key}"
            yield from _Sender(scene, bucket, path, "s3").to(scene.stack.target(at(entry, key)))


def _keys(scene: Scene) -> Iterator[Need]:
    """Every key can be managed by somebody, and a store's maker can give the store a grant for it."""
    stack = scene.stack
    for key in stack.of_type("AWS::KMS::Key"):
        base = scene.as_anybody(key.logical_id, "Properties.KeyPolicy", "account")
        base = base._replace(gate="resource", otherwise="AWS refuses a key that nobody may manage")
        yield base.to("be managed", ("kms:PutKeyPolicy",), arns.arn(stack, key), holder=key.logical_id)
    for store in stack.of_type(*GRANTED):
        name, service = GRANTED[store.type]
        found = key_of(stack, store.properties.get(name))
        if found is None or found.resource is None:
            continue
        base = scene.as_anybody(store.logical_id, f"Properties.{name}", "account")
        base = base._replace(gate="resource", otherwise=NOT_MADE).knowing(
            kms__viaservice=(join(f"{service}.", stack.region, ".amazonaws.com"),),
            kms__calleraccount=(stack.account,),
            kms__grantisforawsresource=("true",),
            aws__principalaccount=(stack.account,),
        )
        yield base.to("be given a grant for its key", ("kms:CreateGrant",), found.arn, holder=found.resource)
