"""How the code is cut: short files, no circle of imports, no arrow upward. What docs/architecture.md says, held."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400
FOLDERS = ("templates", "stackproof", "tests", "benchmarks", "examples")


def name_of(path: Path) -> str:
    """`stackproof.proofs.values`; a package by its own name."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def modules() -> dict[str, Path]:
    """What ships, by name."""
    return {name_of(path): path for folder in ("templates", "stackproof") for path in (ROOT / folder).rglob("*.py")}


@cache
def imports() -> dict[str, set[str]]:
    """What each module imports of ours; inside functions and for type checkers alone, too."""
    found: dict[str, set[str]] = {}
    for name, path in modules().items():
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        wanted = {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module:
                full = {f"{node.module}.{each.name}" for each in node.names}
                wanted |= full if full & modules().keys() else {node.module}
        found[name] = (wanted & modules().keys()) - {name}
    return found


def test_no_two_modules_import_each_other_by_any_way() -> None:
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' → '.join(reversed(error.args[1]))}")


@pytest.mark.parametrize(
    ("folder", "others"),
    [
        ("stackproof", ("templates",)),
        ("templates", ("stackproof",)),
        ("stackproof.proofs", ("stackproof.deployment", "stackproof.deploying", "stackproof.environments")),
        ("stackproof.deployment", ("stackproof.deploying", "stackproof.commands")),
        ("stackproof", ("stackproof.emulator",)),
    ],
)
def test_no_arrow_points_upward(folder: str, others: tuple[str, ...]) -> None:
    wrong = {
        f"{name} → {each}"
        for name, wanted in imports().items()
        for each in wanted
        if f"{name}.".startswith(f"{folder}.") and f"{each}.".startswith(tuple(f"{other}." for other in others))
        if not f"{name}.".startswith("stackproof.emulator.")
    }
    assert wrong == set()


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert long == {}
