"""Rotation of secrets: a schedule connects a function with a secret, and RotateSecret calls it once for each step.

Schedules do not fire: a rotation begins when somebody asks for it, and goes on beside the call as in AWS. The step
testSecret, with which AWS tries a new schedule, is not called.
"""

from __future__ import annotations

import contextvars
import threading
import time
from typing import TYPE_CHECKING, Any

from ministack.core.responses import error_response_json, json_response, new_uuid
from ministack.services import lambda_svc, secretsmanager

from stackproof.emulator.handler import Created, Handler, Properties, add
from stackproof.emulator.wire import with_api_types

if TYPE_CHECKING:
    from stackproof.emulator.handler import Response

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
_get_secret_value = secretsmanager._get_secret_value


class RotationSchedule(Handler):
    """AWS::SecretsManager::RotationSchedule; Ref is the secret's ARN."""

    type_name = "AWS::SecretsManager::RotationSchedule"

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        _, secret = secretsmanager._resolve(properties["SecretId"])
        if secret is None:
            raise ValueError("Secrets Manager can't find the specified secret.")
        function = properties["RotationLambdaARN"]
        if not _may_call(function):
            raise ValueError(
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
                "access to the principal secretsmanager.amazonaws.com."
            )
        rules = with_api_types("secretsmanager", "RotationRulesType", properties.get("RotationRules", {}))
        secret.update(RotationEnabled=True, RotationLambdaARN=function, RotationRules=rules)
        return secret["ARN"], {"Id": secret["ARN"]}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        return self.create("", new, stack_name)

    def delete(self, physical_id: str, properties: Properties) -> None:
        _, secret = secretsmanager._resolve(physical_id)
        if secret is not None:
            secret.update(RotationEnabled=False, RotationLambdaARN=None, RotationRules=None)


def _may_call(arn: str) -> bool:
    """Whether the function lets Secrets Manager call it."""
    function, _, _ = lambda_svc._get_func_record_for_ref(arn)
    statements = function["policy"]["Statement"] if function else []
    return any(statement["Principal"] == {"Service": "secretsmanager.amazonaws.com"} for statement in statements)


def _rotate(request: dict[str, Any]) -> Response:
    """RotateSecret; a rotation that was interrupted is taken up again instead."""
    _, secret = secretsmanager._resolve(request.get("SecretId"))
    if secret is None:
        return error_response_json("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400)
    secret["RotationLambdaARN"] = request.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    if not secret["RotationLambdaARN"]:
        return error_response_json(
            "InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.", 400
        )
    for version, content in secret["Versions"].items():
        if PENDING in content["Stages"] and CURRENT not in content["Stages"]:
            _begin(secret, version)
            return error_response_json(
                "InvalidRequestException",
                "A previous rotation isn't complete. That rotation will be reattempted.",
                400,
            )
    token = request.get("ClientRequestToken") or new_uuid()
    for content in secret["Versions"].values():
        content["Stages"] = [label for label in content["Stages"] if label != PENDING]
    secret["Versions"][token] = {
        "SecretString": None,
        "SecretBinary": None,
        "CreatedDate": int(time.time()),
        "Stages": [PENDING],
    }
    _begin(secret, token)
    return json_response({"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token})


def _begin(secret: dict[str, Any], token: str) -> None:
    # The account and region of the request, which ministack keeps in the context, count for the thread as well.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_steps, secret, token), daemon=True).start()


def _steps(secret: dict[str, Any], token: str) -> None:
    """Call the function for each step, until one fails."""
    function, config, _ = lambda_svc._get_func_record_for_ref(secret["RotationLambdaARN"])
    if function is None:
        return
    record = lambda_svc._execution_record_for_config(function, config)
    for step in STEPS:
        event = {"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": token, "RotationToken": new_uuid()}
        if lambda_svc._execute_function_with_config_scope(record, event).get("error"):
            return
    secret["LastRotatedDate"] = int(time.time())


def _value(request: dict[str, Any]) -> Response:
    """GetSecretValue; a version that has no value yet is not found."""
    _, secret = secretsmanager._resolve(request.get("SecretId"))
    content = (secret or {}).get("Versions", {}).get(request.get("VersionId"))
    if content is not None and content["SecretString"] is None and content["SecretBinary"] is None:
        return error_response_json(
            "ResourceNotFoundException",
            f"Secrets Manager can't find the specified secret value for VersionId: {request['VersionId']}",
            400,
        )
    return _get_secret_value(request)


def install() -> None:
    """Add the type, and let RotateSecret do what it says."""
    add(RotationSchedule())
    secretsmanager._rotate_secret = _rotate
    secretsmanager._get_secret_value = _value
