"""Container images: which registry one comes from, and whether it is pinned."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stackproof.proofs import arns
from stackproof.proofs.equality import equal
from stackproof.proofs.values import Sym, Text, Value, join

if TYPE_CHECKING:
    from stackproof.proofs.resolve.stack import Stack

Registry: TypeAlias = Literal["ecr", "public", "unknown"]
"""`ecr`: a private registry of Amazon ECR; `public`: any other, reached over the internet (public.ecr.aws too);
`unknown`: the image is known to AWS only."""

_ECR: Final = re.compile(r"^(.*?)\.dkr[.-]ecr(-fips)?\.(.*?)\.(amazonaws\.|on\.aws|\$\{AWS::URLSuffix\})")
_DOCKER: Final = "docker.io"


@dataclass(frozen=True)
class Image:
    """One image.

    Attributes:
        value: as the template has it.
        host: the registry's host name, symbols written out; `docker.io` when the image names none.
        account: the account of an ECR registry.
        region: the region of an ECR registry.
        repository: the repository's name without tag and digest; Unknown when it cannot be told.
        resource: logical id of the repository, when it is of this template.
        tag: the tag; empty without one.
        digest: whether it is pinned by digest; None when it is not known.
    """

    value: Value
    registry: Registry
    host: str = ""
    account: Value = None
    region: Value = None
    repository: Value = None
    resource: str | None = None
    tag: str = ""
    digest: bool | None = None


def read_image(stack: Stack, value: Value) -> Image:
    """Take an image's name apart; text with symbols in it, too."""
    parts = value.parts if isinstance(value, Text) else (value,)
    first = parts[0]
    if not all(isinstance(part, str | Sym) for part in parts):
        return Image(value, "unknown")
    repository = stack.target(first)
    if repository is not None and repository.type == "AWS::ECR::Repository":
        tail = join(*parts[1:]) if len(parts) > 1 else ""
        return _of_repository(stack, value, repository.logical_id, tail)
    if isinstance(first, Sym) and len(parts) == 1:
        return Image(value, "unknown")
    return _spelled(stack, value, parts)


def _spelled(stack: Stack, value: Value, parts: tuple[Value, ...]) -> Image:
    """An image whose host is written out, at least in part."""
    slash = next((index for index, part in enumerate(parts) if isinstance(part, str) and "/" in part), None)
    if slash is None:
        # Without a slash there is no host: an official image of Docker Hub, unless a symbol hides the slash.
        return _public(value, _DOCKER, join(*parts)) if len(parts) == 1 else Image(value, "unknown")
    before, _, after = str(parts[slash]).partition("/")
    head, rest = [*parts[:slash], before], join(after, *parts[slash + 1 :])
    host = "".join(map(str, head))
    if not (slash or "." in host or ":" in host or host == "localhost"):
        return _public(value, _DOCKER, join(*parts))
    found = _ECR.match(host)
    if found is None:
        return Image(value, "unknown") if slash and "." not in before else _public(value, host, rest)
    symbols = {str(part): part for part in head if not isinstance(part, str)}
    name, tag, digest = _reference(rest)
    return Image(
        value,
        "ecr",
        host,
        account=symbols.get(found[1], found[1]),
        region=symbols.get(found[3], found[3]),
        repository=name,
        resource=_repository(stack, name),
        tag=tag,
        digest=digest,
    )


def _of_repository(stack: Stack, value: Value, owner: str, tail: Value) -> Image:
    """An image that begins with a repository's RepositoryUri."""
    _, tag, digest = _reference(tail)
    return Image(
        value,
        "ecr",
        f"${{{owner}.RepositoryUri}}",
        account=stack.account,
        region=stack.region,
        repository=arns.name(stack.resources[owner]),
        resource=owner,
        tag=tag,
        digest=digest,
    )


def _public(value: Value, host: str, rest: Value) -> Image:
    name, tag, digest = _reference(rest)
    return Image(value, "public", host, repository=name, tag=tag, digest=digest)


def _reference(rest: Value) -> tuple[Value, str, bool | None]:
    """Name, tag and whether a digest follows, of what stands behind the host."""
    parts: tuple[Value, ...] = rest.parts if isinstance(rest, Text) else (rest,)
    name: list[Value] = []
    for index, part in enumerate(parts):
        cut = re.search(r"[@:]", part) if isinstance(part, str) else None
        if cut is None:
            name.append(part)
            continue
        behind = "".join(map(str, (str(part)[cut.end() :], *parts[index + 1 :])))
        name.append(str(part)[: cut.start()])
        digest = cut[0] == "@" or "@sha256:" in behind
        return join(*name), "" if cut[0] == "@" else behind.partition("@")[0], digest
    hidden = any(isinstance(part, Sym) and not part.plain for part in parts)
    return join(*name), "", None if hidden else False


def _repository(stack: Stack, name: Value) -> str | None:
    """The repository of this template that has this name."""
    direct = stack.target(name)
    if direct is not None:
        return direct.logical_id
    for found in stack.of_type("AWS::ECR::Repository"):
        if equal(arns.name(found), name) is True:
            return found.logical_id
    return None
