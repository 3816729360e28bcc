"""A small repository with templates of its own, and `python build.py` on it, for the tests of the build."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from troposphere import Parameter, Ref, Template
from troposphere.sns import Topic

from stackproof import building

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pytest


def sound(name: str = "Name") -> Template:
    """A template with one parameter that the linter has nothing against."""
    t = Template(Description="A topic")
    given = t.add_parameter(Parameter(name, Type="String", Description="What subscribers see"))
    t.add_resource(Topic("Topic", DisplayName=Ref(given)))
    return t


def unsound() -> Template:
    """A template with a parameter that nothing uses: W2001."""
    t = Template()
    t.add_parameter(Parameter("Unused", Type="String", Default="x"))
    t.add_resource(Topic("Topic"))
    return t


@dataclass(frozen=True)
class Outcome:
    """What a run of the command left."""

    code: int
    out: str
    err: str

    @property
    def linted(self) -> list[str]:
        """The templates that cfn-lint was asked about."""
        return [line.split()[1] for line in self.err.splitlines() if line.startswith("linting ")]

    @property
    def data(self) -> dict[str, Any]:
        """What --json printed, which has to be one object."""
        return json.loads(self.out)  # type: ignore[no-any-return]  # an object, as the tests find out


@dataclass
class Project:
    """A repository in a folder of its own; `templates` may be changed between two builds."""

    root: Path
    capsys: pytest.CaptureFixture[str]
    templates: dict[str, Callable[[], Template]] = field(default_factory=lambda: {"topic": sound})
    regions: Sequence[str] = ("us-east-1",)
    sources: Sequence[Path] = ()

    def build(self, *arguments: str) -> Outcome:
        """Run the command in this process."""
        try:
            code = building.main(
                self.templates, root=self.root, regions=self.regions, sources=self.sources, argv=arguments
            )
        except SystemExit as end:  # argparse
            code = int(end.code or 0)
        told = self.capsys.readouterr()
        return Outcome(code, told.out, told.err)

    def write(self, name: str, content: str | dict[str, Any]) -> Path:
        """Write a file below the root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
        return path

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def environment(self, name: str, template: str = "topic", region: str = "us-east-1", **parameters: object) -> None:
        """Add an environment, with its table in targets.toml."""
        self.write(f"params/{name}.json", {"Parameters": parameters})
        targets = self.root / "params" / "targets.toml"
        before = targets.read_text() if targets.exists() else ""
        targets.write_text(f'{before}[{name}]\ntemplate = "{template}"\nregion = "{region}"\n')
