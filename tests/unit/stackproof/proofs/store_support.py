"""Small templates around one resource, and what the queries complain about in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stackproof.proofs.intent.intent import DEFAULT, Intent
from stackproof.proofs.model.system import model
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stackproof.proofs.model.system import System

    Resources = dict[str, dict[str, Any]]

REGION, ACCOUNT = "sa-east-1", "111111111111"


def make(kind: str, *policies: str | None, **properties: Any) -> dict[str, Any]:
    """A resource; `AWS::` is added to its type, the policies are DeletionPolicy and UpdateReplacePolicy."""
    found = {"Type": f"AWS::{kind}", "Properties": properties}
    stated = zip(("DeletionPolicy", "UpdateReplacePolicy"), policies, strict=False)
    return found | {attribute: policy for attribute, policy in stated if policy is not None}


def ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def att(name: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


def system(
    resources: Resources,
    parameters: Mapping[str, Any] | None = None,
    *,
    stack_name: str | None = "lms-dev",
    **sections: Any,
) -> System:
    template = {"Resources": resources, **sections}
    return model(resolve(template, parameters, region=REGION, account=ACCOUNT, stack_name=stack_name))


def complaints(
    prove: Callable[[System, Intent], list[Finding]],
    resources: Resources,
    intent: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    **sections: Any,
) -> dict[str, str]:
    """What is not proved: `{"broken store-encrypted Files.Properties.Encrypted": message and fix}`."""
    found = prove(system(resources, parameters, **sections), replace(DEFAULT, **(intent or {})))
    return {
        f"{each.verdict} {each.id} {'.'.join(filter(None, (each.logical_id, each.path)))}": each.sentences
        for each in found
        if each.verdict is not Verdict.PROVED
    }


def expect(found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """The complaints are these and no others, and their sentences hold these words."""
    assert set(found) == set(wanted), found
    for key, words in wanted.items():
        assert words in found[key], found[key]
