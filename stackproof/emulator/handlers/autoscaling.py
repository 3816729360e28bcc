"""Application Auto Scaling, which ministack lacks: two resource types and the calls that read them.

Nothing is measured, so nothing scales. A target that is registered brings its service within its bounds, though.
"""

from __future__ import annotations

import json
from typing import Any

from ministack import app
from ministack.core import router
from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
)
from ministack.services import ecs

from stackproof.emulator.handler import Created, Handler, Properties, Response, add, call
from stackproof.emulator.wire import in_api_shape

NAME = "application-autoscaling"
_IDENTITY = ("ResourceId", "ScalableDimension", "ServiceNamespace")
# By physical id, in the API's shape.
_targets = AccountRegionScopedDict()
_policies = AccountRegionScopedDict()


class ScalableTarget(Handler):
    """AWS::ApplicationAutoScaling::ScalableTarget; Ref is `resource|dimension|namespace`."""

    type_name = "AWS::ApplicationAutoScaling::ScalableTarget"

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        physical_id = "|".join(properties[name] for name in _IDENTITY)
        _targets[physical_id] = {
            "RoleARN": _service_linked_role(),
            **in_api_shape(NAME, "ScalableTarget", properties),
            "ScalableTargetARN": _arn("scalable-target", new_uuid().replace("-", "")[:22]),
            "CreationTime": 0,
        }
        _bring_within_bounds(_targets[physical_id])
        return physical_id, {"Id": physical_id}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        return self.create("", new, stack_name)

    def delete(self, physical_id: str, properties: Properties) -> None:
        _targets.pop(physical_id, None)


class ScalingPolicy(Handler):
    """AWS::ApplicationAutoScaling::ScalingPolicy; Ref is the policy's ARN."""

    type_name = "AWS::ApplicationAutoScaling::ScalingPolicy"

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        return self._put(_arn("scalingPolicy", new_uuid()), properties)

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        return self._put(physical_id, new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        _policies.pop(physical_id, None)

    @staticmethod
    def _put(arn: str, properties: Properties) -> Created:
        target = properties.get("ScalingTargetId") or "|".join(properties[name] for name in _IDENTITY)
        if target not in _targets:
            raise ValueError(f"No scalable target registered for {target}")
        _policies[arn] = {
            **in_api_shape(NAME, "ScalingPolicy", properties),
            **{name: _targets[target][name] for name in _IDENTITY},
            "PolicyARN": arn,
            "Alarms": [],
            "CreationTime": 0,
        }
        return arn, {"Arn": arn}


def _bring_within_bounds(target: dict[str, Any]) -> None:
    """RegisterScalableTarget changes the capacity of an active service to a value inside of the range."""
    cluster, name = target["ResourceId"].split("/")[-2:]
    service = ecs._services.get(f"{cluster}/{name}")
    if target["ServiceNamespace"] != "ecs" or service is None or service["status"] != "ACTIVE":
        return
    wanted = min(max(service["desiredCount"], target["MinCapacity"]), target["MaxCapacity"])
    if wanted != service["desiredCount"]:
        call(ecs._update_service, {"cluster": cluster, "service": name, "desiredCount": wanted})


def _arn(kind: str, name: str) -> str:
    return f"arn:aws:application-autoscaling:{get_region()}:{get_account_id()}:{kind}/{name}"


def _service_linked_role() -> str:
    role = (
        "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
    )
    return f"arn:aws:iam::{get_account_id()}:role/{role}"


# Operation: its store, the member of the answer, and the parameters that narrow it (one value, or a list of them).
_READS = {
    "DescribeScalableTargets": (_targets, "ScalableTargets", {"ResourceIds": "ResourceId"}),
    "DescribeScalingPolicies": (
        _policies,
        "ScalingPolicies",
        {"PolicyNames": "PolicyName", "ResourceId": "ResourceId"},
    ),
}


async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
    """Answer a request to the service."""
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation not in _READS:
        return error_response_json("UnknownOperationException", f"{operation} is not in the embedded AWS")
    store, member, narrowing = _READS[operation]
    request = json.loads(body)
    wanted = {"ServiceNamespace": [request["ServiceNamespace"]]}
    for parameter, field in {**narrowing, "ScalableDimension": "ScalableDimension"}.items():
        if values := request.get(parameter):
            wanted[field] = values if isinstance(values, list) else [values]
    found = [record for record in store.values() if all(record[field] in values for field, values in wanted.items())]
    return json_response({member: found})


def install() -> None:
    """Add the service and its types."""
    app.SERVICE_HANDLERS[NAME] = handle
    router.SERVICE_PATTERNS[NAME] = {"target_prefixes": ["AnyScaleFrontendService"], "credential_scope": NAME}
    add(ScalableTarget())
    add(ScalingPolicy())
