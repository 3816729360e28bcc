"""Log delivery: a source sends logs that its resource has, and each end is named as CloudWatch Logs wants it.

Sources: the CloudWatch Logs API reference, "PutDeliverySource" (which resource sends which type of log),
"PutDeliveryDestination" and "CreateDelivery".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.cli import nearest
from stackproof.proofs import shapes
from stackproof.proofs.model.placement import word
from stackproof.proofs.values import Sym, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import unclear

if TYPE_CHECKING:
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.wiring.common import Findings

SOURCE: Final = "AWS::Logs::DeliverySource"
DESTINATION: Final = "AWS::Logs::DeliveryDestination"
BALANCER: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_RULE: Final = "wire-log-delivery"
_BALANCERS: Final = {
    "application": ("ALB_ACCESS_LOGS", "ALB_CONNECTION_LOGS", "ALB_HEALTH_CHECK_LOGS"),
    "network": ("NLB_ACCESS_LOGS",),
    "gateway": (),
}
_SENT: Final[dict[str, tuple[str, ...]]] = {
    "AWS::Amplify::App": ("ACCESS_LOGS", "WAF_LOGS"),
    "AWS::Bedrock::Agent": ("APPLICATION_LOGS", "EVENT_LOGS"),
    "AWS::Bedrock::KnowledgeBase": ("APPLICATION_LOGS", "TRACES"),
    "AWS::CloudFront::Distribution": ("ACCESS_LOGS",),
    "AWS::S3::Bucket": ("S3_SERVER_ACCESS_LOGS",),
}
_OTHERS: Final = frozenset(kind for kinds in (*_BALANCERS.values(), *_SENT.values()) for kind in kinds)
_TAKES: Final = frozenset({"AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::KinesisFirehose::DeliveryStream"})


def deliveries(system: System) -> Findings:
    """Every source, destination and delivery of logs."""
    stack = system.stack
    for source in stack.of_type(SOURCE):
        faults = [*_by_arn(stack, source, "ResourceArn", frozenset()), *_kind(stack, source)]
        yield from faults
        if not faults:
            told = f"{show(source.properties.get('ResourceArn'))} sends {show(source.properties.get('LogType'))}"
            yield proved(_RULE, source.logical_id, "Properties.LogType", told)
    for destination in stack.of_type(DESTINATION):
        yield from _by_arn(stack, destination, "DestinationResourceArn", _TAKES)
    for delivery in stack.of_type("AWS::Logs::Delivery"):
        yield from _by_name(stack, delivery)
        yield from _by_arn(stack, delivery, "DeliveryDestinationArn", frozenset({DESTINATION}))


def _kind(stack: Stack, source: Resource) -> Findings:
    """The type of log is one that this kind of resource sends."""
    kind, target = source.properties.get("LogType"), stack.target(source.properties.get("ResourceArn"))
    if not isinstance(kind, str) or target is None:
        return
    known, what = _SENT.get(target.type), target.type
    if target.type == BALANCER:
        type_ = word(target.properties.get("Type"), "application")
        known, what = _BALANCERS.get(type_), f"{'an' if type_ == 'application' else 'a'} {type_} balancer"
    if known is None or kind in known:
        return
    place = (_RULE, source.logical_id, "Properties.LogType")
    offered = ", ".join(known)
    if not known:
        told = f"CloudWatch Logs refuses the source: {target.logical_id} is {what}, which sends no logs."
        yield broken(*place, told, "Take the source out.")
    elif kind in _OTHERS:
        told = f"CloudWatch Logs refuses the source: {target.logical_id} is {what}, which sends no {kind}."
        yield broken(*place, told, f"Write one of {offered}." if len(known) > 1 else f"Write {offered}.")
    else:
        guess = nearest(kind, known).removesuffix("?")
        reason = f"AWS documented {offered} when this table was made{guess}"
        yield unclear(*place, f"{target.logical_id} sends {kind}", reason)


def _by_name(stack: Stack, delivery: Resource) -> Findings:
    """A delivery takes its source by name."""
    value = delivery.properties.get("DeliverySourceName")
    target = stack.target(value)
    told = None
    if target is not None and target.type != SOURCE:
        told = f"{show(value)} is no delivery source, but {target.logical_id} ({target.type})"
    elif show(value).startswith("arn:") or (
        target is not None and isinstance(value, Sym) and shapes.meaning(target.type, value.attribute) != shapes.NAME
    ):
        told = f"{show(value)} is not the name of a delivery source"
    if told is not None:
        message = f"CloudWatch Logs refuses the delivery: {told}."
        yield broken(_RULE, delivery.logical_id, "Properties.DeliverySourceName", message, "Give Ref of the source.")


def _by_arn(stack: Stack, owner: Resource, key: str, types: frozenset[str]) -> Findings:
    """A property that takes an ARN has one, of one of these types where there are any."""
    value = owner.properties.get(key)
    target = stack.target(value)
    if target is None or not isinstance(value, Sym):
        return
    what = owner.type.rpartition("::")[2].removeprefix("Delivery").lower() or "delivery"
    place = (_RULE, owner.logical_id, f"Properties.{key}")
    meant = shapes.meaning(target.type, value.attribute)
    if types and target.type not in types:
        told = f"{show(value)} is {target.logical_id} ({target.type})"
        fix = f"Give the ARN of one of {', '.join(sorted(types))}."
        yield broken(*place, f"CloudWatch Logs refuses the {what}: {told}.", fix)
    elif meant in {shapes.NAME, shapes.ID, shapes.FULL_NAME, shapes.URL}:
        told = f"{show(value)} is the {meant} of {target.logical_id}, and not its ARN"
        fix = f"Give {target.logical_id}.Arn." if "Arn" in shapes.SHAPES[target.type].arns else "Give its ARN."
        yield broken(*place, f"CloudWatch Logs refuses the {what}: {told}.", fix)
