"""YAML templates in CloudFormation's dialect: short forms, keys and dates that stay text, no key twice.

PyYAML is imported here alone, and this module only when a template is YAML: it takes longer to import than
everything else that an environment needs.
"""

from __future__ import annotations

from typing import Any, cast

import yaml

from stackproof.documents import Keys, quoted
from stackproof.errors import Fault

_MERGE = "tag:yaml.org,2002:merge"
_DATE = "tag:yaml.org,2002:timestamp"
_DEEPEST = 200  # ten times as deep as any template
_TEXT = "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """Safe, and `AWSTemplateFormatVersion: 2010-09-09` is the text that CloudFormation sees."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - this is how PyYAML's loaders are configured
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _DATE]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """`!Sub text` → `{"Fn::Sub": text}`; `!GetAtt A.B` → `{"Fn::GetAtt": ["A", "B"]}`."""
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(cast("yaml.MappingNode", node), deep=True)
    return {_long_form(suffix): value}


def _long_form(suffix: str) -> str:
    return suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"


_Loader.add_multi_constructor("!", _short_form)


class _Quick(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # one of two bases
    """The same on libyaml's parser, in a quarter of the time; where PyYAML was built without it, nothing is lost."""

    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


_Quick.add_multi_constructor("!", _short_form)


def parse_yaml(text: str, where: str, faults: list[Fault]) -> Any:
    """The value of a YAML text, short forms spelled out; None when a fault was added or the text is empty."""
    try:
        loader, root = _composed(text)
        repeated = [] if root is None else _settle_keys(root)
        faults += [
            Fault(f"{where}:{key.start_mark.line + 1}", quoted(key.value), "is given more than once here; keep one")
            for key in repeated
        ]
        return None if root is None or repeated else loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{where}:{mark.line + 1}" if mark else where
        column = f", column {mark.column + 1}" if mark else ""
        faults.append(Fault(at, "", f"no valid YAML{column}: {error.problem or error.context}"))
    except yaml.YAMLError as error:  # a character that YAML does not allow
        faults.append(Fault(where, "", f"no valid YAML: {' '.join(str(error).split())}"))
    except (ValueError, RecursionError):  # an impossible number; brackets a thousand deep
        faults.append(Fault(where, "", "is YAML that no tool reads: nested too deeply, or with an impossible number"))
    return None


def yaml_lines(text: str) -> dict[Keys, list[int]]:
    """Where each key and element of a valid YAML template stands, by its path in the long form.

    Returns:
        `{("Resources", "Site", "Properties", "Name", "Fn::Sub"): [4], …}`, lines counted from one. What an alias
        repeats or a merge brings along has no line of its own: that of what is around it counts.
    """
    root = _composed(text)[1]
    lines: dict[Keys, list[int]] = {}
    waiting: list[tuple[Keys, yaml.Node]] = [] if root is None else [((), root)]
    visited: set[int] = set()
    while waiting:
        path, node = waiting.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if node.tag.startswith("!"):
            path = (*path, _long_form(node.tag[1:]))
            lines[path] = [node.start_mark.line + 1]
        children: list[tuple[str | int, yaml.Node, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            children = [(key.value, key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
        elif isinstance(node, yaml.SequenceNode):
            children = [(number, value, value) for number, value in enumerate(node.value)]
        lines |= {(*path, key): [begin.start_mark.line + 1] for key, begin, _ in children}
        waiting += [((*path, key), value) for key, _, value in reversed(children)]
    return lines


def _composed(text: str) -> tuple[Any, yaml.Node | None]:
    """A loader and what it read; PyYAML's own loader has the better words for what is wrong."""
    loader = _Quick(text) if _is_sound(text) else _Loader(text)
    return loader, loader.get_single_node()


def _is_sound(text: str) -> bool:
    """Whether the quick loader may read a text: one that is nested without end would end the whole process."""
    depth = 0
    try:
        for event in yaml.parse(text, _Quick):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
                return False
    except yaml.YAMLError:
        return False
    return True


def _settle_keys(root: yaml.Node) -> list[yaml.ScalarNode]:
    """Make every key the text that it is written as: a mapping by account keeps `012345678901`.

    Returns:
        The keys that stand a second time in one mapping; PyYAML would silently keep the last.
    """
    repeated = []
    waiting: list[yaml.Node] = [root]
    visited: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in visited:  # an alias, perhaps of something around it
            continue
        visited.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            waiting += [value for _, value in reversed(node.value)]
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                    key.tag = _TEXT
                    repeated += [key] if key.value in seen else []
                    seen.add(key.value)
    return repeated
