"""The extension of ministack names every private name that it reaches for, and says so when one is missing."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import stackproof.emulator
from stackproof.emulator import seams

PACKAGE = Path(stackproof.emulator.__file__).parent


def names_in_use() -> dict[str, set[str]]:
    """The names of ministack that the package's source uses, by module."""
    used: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        modules = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ministack"):
                for imported in node.names:
                    if imported.name.islower() and not imported.name.startswith(("get_", "new_", "json_", "error_")):
                        modules[imported.asname or imported.name] = f"{node.module}.{imported.name}"
                    else:
                        used[str(node.module)].add(imported.name)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                used[modules[node.value.id]].add(node.attr)
    return used


def test_every_name_that_the_source_uses_is_checked_at_start_and_no_other() -> None:
    checked = {module: set(names.split()) for module, names in seams.NAMES.items()}
    assert checked == dict(names_in_use())
