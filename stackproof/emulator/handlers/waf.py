"""AWS WAF: address sets, the tie of a web ACL to a load balancer, and its log. No request is ever judged."""

from __future__ import annotations

import json
from typing import Any

from ministack import app
from ministack.core.responses import AccountRegionScopedDict, error_response_json, json_response, new_uuid
from ministack.services import alb, cloudwatch_logs, waf

from stackproof.emulator.handler import Created, Handler, Properties, Response, add, after, call
from stackproof.emulator.wire import in_api_shape

NAME = "wafv2"
_PREFIX = "aws-waf-logs-"
# ARN of the web ACL: LoggingConfiguration in the API's shape.
_logging = AccountRegionScopedDict()


class IPSet(Handler):
    """AWS::WAFv2::IPSet; Ref is `name|id|scope`, and a set that a web ACL refers to is not deleted."""

    type_name = "AWS::WAFv2::IPSet"
    tags = ("Tags", "list")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        name = properties.get("Name") or f"{logical_id}-{new_uuid()[:12]}"
        request = in_api_shape(NAME, "CreateIPSetRequest", {**properties, "Name": name})
        made = json.loads(call(waf._create_ip_set, request))["Summary"]
        return f"{name}|{made['Id']}|{properties['Scope']}", {"Arn": made["ARN"], "Id": made["Id"]}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        _, identifier, scope = physical_id.split("|")
        call(waf._update_ip_set, {"Id": identifier, "Scope": scope, "Addresses": new["Addresses"]})
        return physical_id, {"Arn": waf._ip_sets[identifier]["ARN"], "Id": identifier}

    def delete(self, physical_id: str, properties: Properties) -> None:
        _, identifier, scope = physical_id.split("|")
        arn = waf._ip_sets[identifier]["ARN"]
        if any(arn in json.dumps(acl["Rules"]) for acl in waf._web_acls.values()):
            raise ValueError(
                "AWS WAF couldn't perform the operation because your resource is being used by another one."
            )
        call(waf._delete_ip_set, {"Id": identifier, "Scope": scope})


class Association(Handler):
    """AWS::WAFv2::WebACLAssociation; every change replaces it."""

    type_name = "AWS::WAFv2::WebACLAssociation"

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        guarded = properties["ResourceArn"]
        if guarded not in alb._lbs:
            raise ValueError(f"AWS WAF couldn't find the resource {guarded}.")
        call(waf._associate_web_acl, properties)
        return f"{guarded}|{properties['WebACLArn']}", {}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        raise NotImplementedError  # pragma: no cover  # every property replaces it (replacement.py)

    def delete(self, physical_id: str, properties: Properties) -> None:
        guarded, _, acl = physical_id.partition("|")
        if waf._associations.get(guarded) == acl:
            call(waf._disassociate_web_acl, {"ResourceArn": guarded})


class Logging(Handler):
    """AWS::WAFv2::LoggingConfiguration; Ref is the ARN of its web ACL."""

    type_name = "AWS::WAFv2::LoggingConfiguration"

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        return self.update(properties["ResourceArn"], {}, properties, stack_name)

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        for destination in new["LogDestinationConfigs"]:
            group = destination.partition(":log-group:")[2]
            if not group.startswith(_PREFIX) or group not in cloudwatch_logs._log_groups:
                raise ValueError(f"The ARN isn't valid, field: LOG_DESTINATION, parameter: {destination}")
        _logging[physical_id] = in_api_shape(NAME, "LoggingConfiguration", new)
        return physical_id, {}

    def delete(self, physical_id: str, properties: Properties) -> None:
        _logging.pop(physical_id, None)


def _web_acl(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """The properties that ministack leaves out, and all of them with the API's spelling and types."""
    _, identifier, scope = physical_id.split("|")
    record = waf.web_acl_record(identifier, scope)
    shaped = in_api_shape(NAME, "WebACL", properties)
    for name in ("CustomResponseBodies", "DataProtectionConfig"):
        record.pop(name, None)
    record.update(shaped)


def _answer(operation: str, request: dict[str, Any]) -> Response | None:
    """What ministack does not know: how a web ACL logs, and that a balancer without one is no fault."""
    if operation == "GetWebACLForResource" and request["ResourceArn"] not in waf._associations:
        return json_response({})
    if operation != "GetLoggingConfiguration":
        return None
    found = _logging.get(request["ResourceArn"])
    answer: Response = (
        error_response_json("WAFNonexistentItemException", f"{request['ResourceArn']} has no logging configuration")
        if found is None
        else json_response({"LoggingConfiguration": found})
    )
    return answer


def install() -> None:
    """Add the types, and the answers."""
    after("AWS::WAFv2::WebACL", _web_acl)
    for handler in (IPSet(), Association(), Logging()):
        add(handler)
    known = app.SERVICE_HANDLERS[NAME]

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        answer: Response = _answer(operation, json.loads(body)) or await known(method, path, headers, body, query)
        return answer

    app.SERVICE_HANDLERS[NAME] = handle
