"""Queues: dead letters go to a queue of the right kind, a FIFO queue is called one, and readers have their time.

Sources: Amazon SQS Developer Guide, "Dead-letter queues" (FIFO to FIFO, standard to standard) and "FIFO queues" (names
end in `.fifo`); the guides of EventBridge, EventBridge Scheduler and Lambda, which take standard queues alone; Lambda
Developer Guide, "Using Lambda with Amazon SQS".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.iam import named
from stackproof.proofs.model.placement import each, switch, whole
from stackproof.proofs.values import Value, at
from stackproof.proofs.verdicts import broken, proved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.wiring.common import Findings

_QUEUE: Final = "AWS::SQS::Queue"
_FIFO: Final = ".fifo"


def queues(system: System) -> Findings:
    """Every queue's name, and everybody's dead letters."""
    for queue in system.stack.of_type(_QUEUE):
        yield from _named(queue)
    yield from _read(system.stack)
    for owner, path, value, wanted, who in _letters(system.stack):
        letters = system.stack.target(value)
        kind = _fifo(letters) if letters is not None and letters.type == _QUEUE else None
        if letters is None or kind is None or wanted is None:
            continue
        place = ("wire-queue", owner, path)
        if kind is not wanted:
            has, takes = ("a FIFO queue", "a standard queue") if kind else ("a standard queue", "a FIFO queue")
            message = f"{who} keeps dead letters in {takes} alone, and {letters.logical_id} is {has}: AWS refuses it."
            yield broken(*place, message, f"Name {takes}, or change FifoQueue of {letters.logical_id}.")
        else:
            yield proved(*place, f"{letters.logical_id} takes its dead letters")


def _read(stack: Stack) -> Findings:
    """A function that reads a queue: its messages are hidden as long as it runs, and large batches are waited for."""
    for mapping in stack.of_type("AWS::Lambda::EventSourceMapping"):
        queue = stack.target(mapping.properties.get("EventSourceArn"))
        function = named(stack, mapping.properties.get("FunctionName"), "AWS::Lambda::Function")
        if queue is None or queue.type != _QUEUE:
            continue
        if function is not None:
            hidden = whole(queue.properties.get("VisibilityTimeout", 30))
            runs = whole(function.properties.get("Timeout", 3))
            if hidden is not None and runs is not None and hidden < runs:
                message = (
                    f"Lambda refuses {mapping.logical_id}: {queue.logical_id} shows a message again after {hidden} s,"
                    f" while {function.logical_id} may still work on it for {runs} s."
                )
                place = ("wire-queue", queue.logical_id, "Properties.VisibilityTimeout")
                yield broken(*place, message, f"Set VisibilityTimeout to {6 * runs}, six times the function's Timeout.")
        size = whole(mapping.properties.get("BatchSize", 10))
        window = whole(mapping.properties.get("MaximumBatchingWindowInSeconds", 0))
        if size is not None and size > 10 and window == 0:
            place = ("wire-queue", mapping.logical_id, "Properties.BatchSize")
            message = f"Lambda refuses {mapping.logical_id}: a batch of {size} messages needs a time to gather them in."
            yield broken(
                *place, message, "Set MaximumBatchingWindowInSeconds to 1 or more, or take 10 messages at most."
            )


def _fifo(queue: Resource) -> bool | None:
    return switch(queue.properties.get("FifoQueue"), default=False)


def _named(queue: Resource) -> Findings:
    name, kind = queue.properties.get("QueueName"), _fifo(queue)
    last = getattr(name, "parts", (name,))[-1]
    if not isinstance(last, str) or kind is None:
        return
    place = ("wire-queue", queue.logical_id, "Properties.QueueName")
    if kind and not last.endswith(_FIFO):
        yield broken(*place, "SQS refuses the queue: the name of a FIFO queue ends in .fifo.", "Let it end so.")
    elif last.endswith(_FIFO) and not kind:
        message = "SQS refuses the queue: a name that ends in .fifo is a FIFO queue's."
        yield broken(*place, message, "Set FifoQueue to true, or give it another name.")
    else:
        yield proved(*place, "a FIFO queue by name and kind" if kind else "a standard queue by name and kind")


def _letters(stack: Stack) -> Iterator[tuple[str, str, Value, bool | None, str]]:
    """Who has dead letters: logical id, property, the queue's ARN, whether it must be a FIFO queue, who in words."""
    for queue in stack.of_type(_QUEUE):
        value = at(queue.properties, "RedrivePolicy", "deadLetterTargetArn")
        who = "A FIFO queue" if _fifo(queue) else "A standard queue"
        yield queue.logical_id, "Properties.RedrivePolicy.deadLetterTargetArn", value, _fifo(queue), who
    for function in stack.of_type("AWS::Lambda::Function"):
        path = ("DeadLetterConfig", "TargetArn")
        yield function.logical_id, f"Properties.{'.'.join(path)}", at(function.properties, *path), False, "Lambda"
    for schedule in stack.of_type("AWS::Scheduler::Schedule"):
        value = at(schedule.properties, "Target", "DeadLetterConfig", "Arn")
        yield schedule.logical_id, "Properties.Target.DeadLetterConfig.Arn", value, False, "EventBridge Scheduler"
    for rule in stack.of_type("AWS::Events::Rule"):
        for index, target in enumerate(each(rule.properties.get("Targets"))):
            path_of = f"Properties.Targets.{index}.DeadLetterConfig.Arn"
            yield rule.logical_id, path_of, at(target, "DeadLetterConfig", "Arn"), False, "EventBridge"
