"""The file params/intent.toml; what it may say and what is wrong with it is in `stackproof.proofs.intent.reading`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.documents import read_toml
from stackproof.errors import BadInputError, Fault
from stackproof.proofs.catalogue import RULES
from stackproof.proofs.intent.intent import DEFAULT, FILE, Intent
from stackproof.proofs.intent.reading import read_intent

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def load_intent(
    path: Path,
    environment: str | None,
    *,
    where: str = FILE,
    environments: Collection[str] | None = None,
    required: bool = False,
) -> Intent:
    """Read the intent of one environment.

    Args:
        path: the file.
        environment: its name; None: [default] alone.
        where: the file, as a person knows it.
        environments: every environment that there is, to find misspelt tables; None when that is not known.
        required: the file must be there (somebody named it); otherwise the defaults count without it.

    Raises:
        BadInputError: with every fault of the file.
    """
    if not required and not path.exists():
        return DEFAULT
    faults: list[Fault] = []
    tables = read_toml(path, where, faults)
    if tables is None:
        raise BadInputError(faults)
    return read_intent(tables, environment, rules=RULES, environments=environments, where=where)
