"""`plan ENV --against REV`: params/ and dist/ of another git revision against the working tree's, without AWS."""

from __future__ import annotations

import io
import subprocess
import tarfile
from argparse import Namespace
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stackproof import plan_report
from stackproof.comparing import between
from stackproof.errors import BadInputError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stackproof.environments import Environment

    Load = Callable[[Namespace, Path, str | None], Environment]

WANTED = ("params", "dist")


def plan(options: Namespace, root: Path, environments: Sequence[tuple[str | None, Environment]], load: Load) -> int:
    """Show what has changed since a revision, for each environment; 3 with `--check` when something has.

    Args:
        options: of the command.
        root: the folder with params/ and dist/.
        environments: as they are in the working tree, by name.
        load: reads an environment out of a folder, by the options.

    Raises:
        BadInputError: no such revision, or an environment that was not sound in it.
    """
    revision = options.against
    found = []
    with _tree(root, revision, _inside(options, root)) as then:
        for name, environment in environments:
            try:
                old = load(_moved(options, root, then), then, name)
            except BadInputError as error:
                raise BadInputError(
                    [replace(each, where=f"{revision}:{each.where.removeprefix(f'{then}/')}") for each in error.faults]
                ) from error
            found.append(between(old, environment))
    for each in found:
        title = f"{each.stack}: {revision} → working tree"
        plan_report.show(each, options, title, share=len(found))
    return 3 if options.check and any(each.is_waiting for each in found) else 0


@contextmanager
def _tree(root: Path, revision: str, paths: Sequence[str]) -> Iterator[Path]:
    """The files of a revision in a folder that is gone afterwards."""
    if revision.startswith("-"):
        raise BadInputError([Fault("--against", "", f'"{revision}" is no git revision')])
    _git(root, revision, "rev-parse", "--quiet", "--verify", f"{revision}^{{tree}}")
    content = _git(root, revision, "archive", "--format=tar", revision, "--", *paths)
    with TemporaryDirectory(prefix="stackproof-") as folder, tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(folder, filter="data")
        yield Path(folder).resolve()


def _git(root: Path, revision: str, *arguments: str) -> bytes:
    try:
        # Whatever git the person types is the one that is meant.
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)  # noqa: S607
    except FileNotFoundError as error:
        raise BadInputError([Fault("--against", "", "git is not installed here")]) from error
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())
        message = f'"{revision}" cannot be compared with: {said or "git knows no such revision"}'
        raise BadInputError([Fault("--against", "", message)])
    return done.stdout


def _inside(options: Namespace, root: Path) -> list[str]:
    """What is wanted of the revision: params/, dist/, and files of the repository that options name."""
    named = [path.absolute() for path in (options.template, options.params) if path is not None]
    return [*WANTED, *(str(path.relative_to(root)) for path in named if path.is_relative_to(root))]


def _moved(options: Namespace, root: Path, then: Path) -> Namespace:
    """The same options with the files of the revision."""

    def moved(path: Path | None) -> Path | None:
        if path is None or not path.absolute().is_relative_to(root):
            return path
        return then / path.absolute().relative_to(root)

    return Namespace(**{**vars(options), "template": moved(options.template), "params": moved(options.params)})
