"""What the components of a template need from the network, taken from the template itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.equality import equal
from stackproof.proofs.iam.evaluation import Request
from stackproof.proofs.model.placement import each
from stackproof.proofs.model.stores import endpoint_of
from stackproof.proofs.values import Scalar, Text, Unknown, Value, join, references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stackproof.proofs.model.compute import Container, Service, TaskDefinition, Variable
    from stackproof.proofs.model.secrets import SecretReference
    from stackproof.proofs.model.system import System

ATTACHMENT = "AWS::SecretsManager::SecretTargetAttachment"
_SCHEMES: Final = {"https://": 443, "http://": 80}


@dataclass(frozen=True)
class ServiceNeed:
    """An AWS service that a task must reach before or while it runs.

    Attributes:
        service: as endpoints name it; empty for any host of the internet.
        requests: what an endpoint's policy must allow.
        rule: the rule id.
        path: the property of the task definition that states the need.
        purpose: what for, behind "cannot".
        effect: what happens in AWS without it.
        certain: False when only AWS knows whether it is this service that is needed.
    """

    service: str
    requests: tuple[Request, ...]
    rule: str
    path: str
    purpose: str
    effect: str
    certain: bool = True


def service_needs(system: System, service: Service, task: TaskDefinition) -> list[ServiceNeed]:
    """Everything that a Fargate task fetches from AWS services, or sends to them."""
    needs: list[ServiceNeed] = []
    for container in task.containers:
        needs += _image(system, container)
        needs += _logs(system, container)
        needs += _files(container)
    needs += _secrets(system, task)
    if service.exec:
        needs.append(
            ServiceNeed(
                "ssmmessages",
                (Request("ssmmessages:OpenDataChannel"),),
                "net-exec",
                "",
                "be entered with ECS Exec",
                "execute-command answers that the agent is not connected",
            )
        )
    return _merged(needs)


def _merged(needs: Iterable[ServiceNeed]) -> list[ServiceNeed]:
    """Needs of several containers for one service as one, with all their requests; images stay apart."""
    merged: dict[tuple[str, str, str], ServiceNeed] = {}
    for need in needs:
        key = (need.rule, need.service, need.path if need.rule == "net-image" else "")
        known = merged.get(key)
        merged[key] = need if known is None else replace(known, requests=known.requests + need.requests)
    return list(merged.values())


def _image(system: System, container: Container) -> Iterator[ServiceNeed]:
    stack, image = system.stack, container.image
    path = f"{container.path}.Image"
    purpose = f"pull the image of {_name(container)}"
    effect = "no task starts (CannotPullContainerError)"
    if image.registry != "ecr":
        yield ServiceNeed("", (), "net-image", path, purpose, effect, certain=image.registry != "unknown")
        return
    if equal(image.region, stack.region) is False:
        yield ServiceNeed("", (), "net-image", path, purpose + " from another region", effect)
        return
    repository = join(
        "arn:", stack.partition, ":ecr:", stack.region, ":", image.account, ":repository/", image.repository
    )
    layers = join("arn:", stack.partition, ":s3:::prod-", stack.region, "-starport-layer-bucket/*")
    asked = {
        "ecr.api": (Request("ecr:GetAuthorizationToken"),),
        "ecr.dkr": (Request("ecr:BatchGetImage", repository), Request("ecr:GetDownloadUrlForLayer", repository)),
        "s3": (Request("s3:GetObject", layers),),
    }
    for service, requests in asked.items():
        yield ServiceNeed(service, requests, "net-image", path, f"{purpose} ({service})", effect)


def _logs(system: System, container: Container) -> Iterator[ServiceNeed]:
    log, stack = container.log, system.stack
    if log is None or log.driver != "awslogs":
        return
    local = equal(log.options.get("awslogs-region", stack.region), stack.region) is not False
    group = stack.target(log.group)
    arn = arns.arn(stack, group) if group is not None else _log_group(system, log.group)
    stream = arn if isinstance(arn, Unknown) else join(arn, ":log-stream:*")
    yield ServiceNeed(
        "logs" if local else "",
        (Request("logs:CreateLogStream", stream), Request("logs:PutLogEvents", stream)) if local else (),
        "net-logs",
        f"{container.path}.LogConfiguration",
        f"write the logs of {_name(container)}",
        "no task starts, since its log stream cannot be made",
    )


def _log_group(system: System, name: Value) -> Scalar:
    stack = system.stack
    return join("arn:", stack.partition, ":logs:", stack.region, ":", stack.account, ":log-group:", name)


def _files(container: Container) -> Iterator[ServiceNeed]:
    for path, _, purpose in container.files():
        effect = "no task starts (ResourceInitializationError)"
        yield ServiceNeed("s3", (), "net-secret", path, f"{purpose} of {_name(container)}", effect)


def _secrets(system: System, task: TaskDefinition) -> Iterator[ServiceNeed]:
    """One need for each of the two services, with every secret or parameter as a request."""
    found: dict[str, list[SecretReference]] = {}
    for reference in secrets_of(task):
        kind = {"secret": "secretsmanager", "parameter": "ssm"}.get(reference.kind, "secretsmanager")
        found.setdefault(kind, []).append(reference)
    for service, used in found.items():
        action = "secretsmanager:GetSecretValue" if service == "secretsmanager" else "ssm:GetParameters"
        asked = dict.fromkeys(Request(action, _spelled(system, one)) for one in used if one.kind != "unknown")
        names = ", ".join(dict.fromkeys(one.name or "a secret" for one in used))
        yield ServiceNeed(
            service,
            tuple(asked),
            "net-secret",
            used[0].path,
            f"read its secrets ({names})",
            "no task starts (ResourceInitializationError: unable to pull secrets)",
        )


def _spelled(system: System, reference: SecretReference) -> Scalar:
    stack = system.stack
    base = reference.base
    if reference.kind == "parameter":
        if reference.resource is not None:
            return arns.arn(stack, stack.resources[reference.resource])
        if isinstance(base, str) and not base.startswith("arn:"):
            return join(
                "arn:", stack.partition, ":ssm:", stack.region, ":", stack.account, ":parameter/", base.lstrip("/")
            )
    return arns.expand(stack, base)


def secrets_of(task: TaskDefinition) -> Iterator[SecretReference]:
    """Every secret that reaches a task by reference: variables, log options, registry credentials."""
    for container in task.containers:
        yield from container.secrets
        yield from container.log.secrets if container.log is not None else ()
        if container.credentials is not None:
            yield container.credentials


def _name(container: Container) -> str:
    return f"container {container.name}" if isinstance(container.name, str) else "a container"


@dataclass(frozen=True)
class Named:
    """A store or a balancer that a component is told of, and where that stands.

    Attributes:
        port: the one that an address names, by its scheme; None when it names none.
    """

    target: str
    owner: str
    path: str
    port: int | None = None


def named_by_task(system: System, task: TaskDefinition) -> list[Named]:
    """The stores and internal balancers that a task's variables, commands and secrets name."""
    found: list[Named] = []
    for container in task.containers:
        found += named_by_variables(system, task.logical_id, container.environment)
        for key in ("Command", "EntryPoint"):
            given = container.definition.get(key)
            found += _named(system, task.logical_id, given, f"{container.path}.{key}")
    proxied = _behind_proxies(system, {one.target for one in found})
    for secret in secrets_of(task):
        # A name or a password says nothing of where they are used, if the address is known to be the proxy's.
        elsewhere = proxied if secret.suffix[:1] not in {(), ("",), ("host",)} else frozenset[str]()
        found += [
            Named(target, task.logical_id, secret.path) for target in _behind(system, secret) if target not in elsewhere
        ]
    return list({one.target: one for one in reversed(found)}.values())[::-1]


def named_by_variables(system: System, owner: str, variables: Iterable[Variable]) -> list[Named]:
    """The stores and internal balancers that environment variables name."""
    return [one for variable in variables for one in _named(system, owner, variable.value, variable.path)]


def _named(system: System, owner: str, value: Value, path: str) -> list[Named]:
    return [
        Named(target, owner, path, _port(system, value, target)) for target in dict.fromkeys(_targets(system, value))
    ]


def _port(system: System, value: Value, target: str) -> int | None:
    """The port of `https://<name of the target>`."""
    parts = value.parts if isinstance(value, Text) else ()
    before = [
        scheme
        for scheme, part in pairwise(parts)
        if isinstance(scheme, str)
        and not isinstance(part, str)
        and (found := system.stack.target(part)) is not None
        and found.logical_id == target
    ]
    return next((port for scheme, port in _SCHEMES.items() for text in before if text.endswith(scheme)), None)


def _targets(system: System, value: Value) -> Iterator[str]:
    """What a value leads to: a store by its endpoint, an internal balancer by its name, a parameter by its value."""
    for _, symbol in references(value):
        target = system.stack.target(symbol)
        if target is None:
            continue
        if target.type == "AWS::SSM::Parameter" and symbol.attribute == "Value":
            yield from _targets(system, target.properties.get("Value"))
        if not endpoint_of(symbol):
            continue
        balancer = system.balancers.balancers.get(target.logical_id)
        if target.logical_id in system.stores.stores or (balancer is not None and balancer.public is False):
            yield target.logical_id


def _behind(system: System, secret: SecretReference) -> Iterator[str]:
    """The stores that a secret opens: the one it is attached to, the ones its text names, the one that manages it."""
    stack, name = system.stack, secret.resource
    if name is None or name not in stack.resources:
        return
    if name in system.stores.stores:
        yield name
        return
    resource = stack.resources[name]
    for key in ("SecretString", "Value"):
        yield from _targets(system, resource.properties.get(key))
    yield from _targets(system, _template_of(resource.properties.get("GenerateSecretString")))
    for attachment in stack.of_type(ATTACHMENT):
        held = stack.target(attachment.properties.get("SecretId"))
        store = stack.target(attachment.properties.get("TargetId"))
        if held is resource and store is not None and store.logical_id in system.stores.stores:
            yield store.logical_id


def _behind_proxies(system: System, named: set[str]) -> frozenset[str]:
    """The databases behind the proxies among what is named."""
    found: set[str] = set()
    for targets in system.stack.of_type("AWS::RDS::DBProxyTargetGroup"):
        proxy = system.stack.target(targets.properties.get("DBProxyName"))
        if proxy is not None and proxy.logical_id in named:
            for key in ("DBClusterIdentifiers", "DBInstanceIdentifiers"):
                stores = [system.stack.target(value) for value in each(targets.properties.get(key))]
                found |= {store.logical_id for store in stores if store is not None}
    return frozenset(found)


def _template_of(value: Value) -> Value:
    return value.get("SecretStringTemplate") if isinstance(value, dict) else None
