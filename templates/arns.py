"""ARNs that a person gives: what each looks like, as parameters check it, and how to say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Arn:
    """One kind of ARN.

    Attributes:
        pattern: a regular expression for the whole of it.
        sentence: what it is, with an example, for a ConstraintDescription; without the full stop.
    """

    pattern: str
    sentence: str

    @property
    def or_blank(self) -> str:
        """The pattern of a value that may also be blank."""
        return f"^$|^{self.pattern}$"


# With the six characters at its end: a policy on the ARN without them would match nothing.
SECRET: Final = Arn(
    r"arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}",
    "The secret's full ARN with the six characters at its end, such as "
    "arn:aws:secretsmanager:sa-east-1:111122223333:secret:lms/example-AbCdEf",
)
KEY: Final = Arn(
    r"arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+",
    "The ARN of a KMS key (not of an alias), such as "
    "arn:aws:kms:sa-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef",
)
CERTIFICATE: Final = Arn(
    r"arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]+",
    "The ARN of an ACM certificate, such as "
    "arn:aws:acm:sa-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef",
)
MAIL_IDENTITY: Final = Arn(
    r"arn:[a-z-]+:ses:[a-z0-9-]+:[0-9]{12}:identity/[A-Za-z0-9@._+-]+",
    "The ARN of an identity in SES, such as arn:aws:ses:sa-east-1:111122223333:identity/example.org",
)
