"""Values of each kind."""

from __future__ import annotations

from stackproof.proofs.values import (
    Sym,
    Unknown,
)

KEY = Sym("Key", "Arn")
SUBNET = Sym("Subnet", plain=True)
OTHER_SUBNET = Sym("OtherSubnet", plain=True)
SUFFIX = Sym("Suffix", kind="parameter")
ZONES = Sym("AWS::Region", "any", kind="zone", many=True)
FIRST_ZONE = Sym("AWS::Region", "0", kind="zone", plain=True)
SECOND_ZONE = Sym("AWS::Region", "1", kind="zone", plain=True)
UNKNOWN = Unknown("a macro rewrites it")
