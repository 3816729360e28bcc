"""Templates as the model reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackproof.proofs.model.system import System, model
from stackproof.proofs.resolve.stack import Stack, resolve
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, resource

if TYPE_CHECKING:
    from stackproof.proofs.values import Value

PARAMETERS = {
    "Any": {"Type": "String"},
    "Account": {"Type": "String", "Default": ACCOUNT},
    "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
}


def stack_of(value: object = None, *, region: str | None = REGION, **resources: dict[str, Any]) -> tuple[Stack, Value]:
    """A stack of some resources, and a value worked out in it."""
    template = {"Parameters": PARAMETERS, "Resources": {**resources, "It": resource("X::Y", Value=value)}}
    stack = resolve(template, region=region, account=ACCOUNT, stack_name="it")
    return stack, stack.resources["It"].properties.get("Value")


def system_of(*, parameters: dict[str, object] | None = None, **resources: dict[str, Any]) -> System:
    """A system of some resources."""
    template = {"Parameters": PARAMETERS, "Resources": resources}
    return model(resolve(template, parameters, region=REGION, account=ACCOUNT, stack_name="it"))


SECRETS = {
    "Secret": resource("SecretsManager::Secret", Name="lms/db"),
    "Far": resource("SecretsManager::Secret", Name="far"),
    "Else": resource("SSM::Parameter", Name="/else", Value="x"),
    "Parameter": resource("SSM::Parameter", Name="/lms/host", Value="x"),
    "Database": resource("RDS::DBInstance"),
}
