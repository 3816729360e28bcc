"""Certificates of listeners: one of Certificate Manager serves in its own region and account alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.certificates import TYPES, elsewhere, from_acm
from stackproof.proofs import arns
from stackproof.proofs.model.placement import each
from stackproof.proofs.values import at, show
from stackproof.proofs.verdicts import broken, proved

if TYPE_CHECKING:
    from stackproof.proofs.model.system import System
    from stackproof.proofs.wiring.common import Findings


def certificates(system: System) -> Findings:
    """Every certificate of every listener that is given as text."""
    stack = system.stack
    for owner in stack.of_type(*TYPES):
        for index, entry in enumerate(each(owner.properties.get("Certificates"))):
            arn = show(arns.expand(stack, at(entry, "CertificateArn")))
            place = ("wire-certificate", owner.logical_id, f"Properties.Certificates.{index}.CertificateArn")
            if not from_acm(arn) or "${" in arn:
                continue
            region = stack.region if isinstance(stack.region, str) else None
            account = stack.account if isinstance(stack.account, str) else None
            problem = elsewhere(arn, region, account)
            if problem:
                told, fix = problem
                yield broken(*place, f"Elastic Load Balancing refuses the listener: {arn} {told}.", f"{fix}.")
            elif region and account:
                yield proved(*place, f"a certificate of {region} and {account}")
