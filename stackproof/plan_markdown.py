"""A plan as a comment on a pull request: folded, and no longer than such a comment may be."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stackproof.printing import Section

# GitHub takes 65,536 characters, GitLab a million; what stands around ours needs room, too.
MOST = 60_000
# A diff block colours a line by its first character; these signs it does not know.
_SIGNS = {"±": "-/+", "~": "!"}


def markdown(heading: str, sections: Iterable[Section], share: int = 1, *, caller: str = "") -> str:
    """A heading, the summary, and each section folded; grave ones are open.

    Args:
        heading: what the plan is about.
        sections: of the report; one without lines is the summary.
        share: between how many plans the room is shared out.
        caller: who made the plan; blank for one that was made without AWS.
    """
    found = list(sections)
    summary = [f"**{_text(each.title)}**" for each in found if not each.lines]
    head = "\n\n".join([f"### {_text(heading)}", *([f"as {_text(caller)}"] if caller else []), *summary])
    room = MOST // share - len(head)
    blocks = []
    for each in found:
        if each.lines:
            block = _block(each, room)
            room -= len(block)
            blocks.append(block)
    return "\n\n".join([head, *blocks]) + "\n"


def _block(section: Section, room: int) -> str:
    lines = [_signed(line.text) for line in section.lines]
    longest = max((len(ticks) for line in lines for ticks in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    opened = " open" if section.is_grave else ""
    start = f"<details{opened}><summary>{html.escape(section.title)}</summary>\n\n{fence}diff\n"
    end = f"\n{fence}\n</details>"
    # Every section has its title, whatever became of its lines.
    return start + "\n".join(_bounded(lines, max(room - len(start) - len(end), 0))) + end


def _bounded(lines: list[str], room: int) -> Iterator[str]:
    """As many lines as there is room for, and how many there are besides."""
    for index, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            yield f"… and {len(lines) - index} more lines: plan --json has them"
            return
        yield line


def _signed(line: str) -> str:
    """A line with its sign in front."""
    sign, rest = line[2:3], line[3:]
    return f"{_SIGNS.get(sign, sign)}{rest}" if sign.strip() else line


def _text(words: str) -> str:
    """Text that shows as it is, and mentions nobody."""
    return re.sub(r"([\\`*_{}\[\]<>#|@~])", r"\\\1", words)
