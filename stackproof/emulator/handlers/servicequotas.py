"""Service Quotas, which ministack lacks: the quotas that a new account has, read only; nothing here enforces them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ministack import app
from ministack.core import router
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response

if TYPE_CHECKING:
    from stackproof.emulator.handler import Response

NAME = "servicequotas"
# By service and quota code: name and value. "Service endpoints and quotas", AWS General Reference.
_QUOTAS = {
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5.0),
    ("elasticloadbalancing", "L-53DA6B97"): ("Application Load Balancers per Region", 50.0),
    ("fargate", "L-3032A538"): ("Fargate On-Demand vCPU resource count", 6.0),
    ("fargate", "L-36FBB829"): ("Fargate Spot vCPU resource count", 6.0),
    ("vpc", "L-0EA8095F"): ("Inbound or outbound rules per security group", 60.0),
    ("vpc", "L-F678F1CE"): ("VPCs per Region", 5.0),
}


async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
    """Answer a request to the service."""
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation != "GetServiceQuota":
        return error_response_json("UnknownOperationException", f"{operation} is not in the embedded AWS")
    request = json.loads(body)
    service, code = request["ServiceCode"], request["QuotaCode"]
    if (service, code) not in _QUOTAS:
        return error_response_json("NoSuchResourceException", f"there is no quota {code} of {service} here")
    name, value = _QUOTAS[service, code]
    found = {
        "ServiceCode": service,
        "QuotaArn": f"arn:aws:servicequotas:{get_region()}:{get_account_id()}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Adjustable": True,
        "GlobalQuota": False,
    }
    return json_response({"Quota": found})


def install() -> None:
    """Add the service."""
    app.SERVICE_HANDLERS[NAME] = handle
    router.SERVICE_PATTERNS[NAME] = {"target_prefixes": ["ServiceQuotasV20190624"], "credential_scope": NAME}
