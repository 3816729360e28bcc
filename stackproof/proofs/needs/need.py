"""What components need to be allowed, read from the template itself: the one shape, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from stackproof.proofs import arns
from stackproof.proofs.iam.evaluation import Caller
from stackproof.proofs.model.iam import LOG_GROUP, Access, Key, named
from stackproof.proofs.values import Scalar, Sym, Unknown, Value, join, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackproof.proofs.iam.conditions import Context
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Stack

Gate: TypeAlias = Literal["either", "key", "resource"]
"""How the two sides join. `either`: the role or the resource allows it (one account). `key`: the key's policy allows
it, or hands the decision to IAM and the role allows it. `resource`: the resource's policy alone (a service that acts by
itself has no role)."""

URL_SUFFIX: Final = Sym("AWS::URLSuffix", kind="pseudo", plain=True)


def something(what: str) -> Sym:
    """Text that only AWS knows: a generated name, the rest of an ARN."""
    return Sym(what, kind="parameter")


class Need(NamedTuple):
    """Actions on one resource that a component cannot do without, or may use. A tuple, since one is made of another.

    Attributes:
        owner: logical id of the component.
        path: the property from which the need follows.
        caller: who asks.
        role: logical id of the role that acts; None for a service that acts by itself, or a role of elsewhere.
        context: condition keys of the request, in lower case; an empty tuple is a key that is not there.
        gate: how role and resource join.
        actions: all of them are needed.
        resource: ARN, or `*` for actions that take none.
        purpose: fits behind "can" and "cannot": `pull the image of the container app`.
        otherwise: what becomes of it without; fits behind "so that".
        holder: logical id of the resource, or key, whose policy counts; None for what is not of this stack.
        required: False for actions that the component may use but works without.
        open: the resource has no policy, and lets everybody in who has none.
        doubt: why a "no" is no proof of a fault; empty when it is.
        key_of_elsewhere: the key of a secret that is not of this stack: a need only when it is a customer key.
        unnamed: the resource is made by AWS under an ARN that nobody knows before, so that a policy may be wide.
    """

    owner: str
    path: str
    caller: Caller
    role: str | None = None
    context: Context = MappingProxyType({})
    gate: Gate = "either"
    actions: tuple[str, ...] = ()
    resource: Scalar = "*"
    purpose: str = ""
    otherwise: str = ""
    holder: str | None = None
    required: bool = True
    open: bool = False
    doubt: str = ""
    key_of_elsewhere: bool = False
    unnamed: bool = False

    def to(self, purpose: str, actions: Iterable[str], resource: Scalar = "*", *, holder: str | None = None) -> Need:
        """The same component and caller, for these actions."""
        return self._replace(purpose=purpose, actions=tuple(actions), resource=resource, holder=holder)

    def knowing(self, **keys: tuple[Value, ...]) -> Need:
        """The same with more condition keys; `__` in a name stands for `:`."""
        return self._replace(context={**self.context, **{key.replace("__", ":"): keys[key] for key in keys}})


@dataclass(frozen=True)
class Missing:
    """A component that needs a role and names none, or a door that no policy can open."""

    owner: str
    path: str
    message: str
    fix: str
    rule: str = "iam-role"


@dataclass(frozen=True)
class Doubt:
    """What cannot be judged from the template, and why."""

    owner: str
    path: str
    message: str
    fix: str
    rule: str = "iam-allowed"


Wanted: TypeAlias = Need | Missing | Doubt


@dataclass(frozen=True)
class Scene:
    """What needs are read from."""

    system: System
    access: Access

    @property
    def stack(self) -> Stack:
        """The resolved stack."""
        return self.system.stack

    def arn(self, service: str, rest: Value, *more: Value) -> Scalar:
        """An ARN in this region and account: `arn("ecr", "repository/", name)`."""
        stack = self.stack
        return join("arn:", stack.partition, f":{service}:", stack.region, ":", stack.account, ":", rest, *more)

    def service(self, name: str, *, regional: bool = False) -> Caller:
        """AWS itself as the caller: `service("ecs-tasks")`, `service("logs", regional=True)`."""
        stack = self.stack
        endings: tuple[Value, ...] = ("amazonaws.com",)
        if stack.partition != "aws":
            endings = (*endings, "amazonaws.com.cn")
        if not isinstance(stack.partition, str):
            endings = (*endings, URL_SUFFIX)
        plain = tuple(join(f"{name}.", ending) for ending in endings)
        if not regional:
            return Caller("service", plain, stack.partition, stack.account)
        here = tuple(join(f"{name}.", stack.region, ".", ending) for ending in endings)
        return Caller("service", here, stack.partition, stack.account, maybe=plain)

    def as_service(self, owner: str, path: str, name: str, *, source: Value = None, account: bool = True) -> Need:
        """A need of a service that acts by itself for something in this account.

        Args:
            owner: logical id of the component.
            path: the property from which the need follows.
            name: `events`.
            source: the ARN that it says it comes for; None when that is not known.
            account: whether it says for which account it comes.
        """
        context: dict[str, tuple[Value, ...]] = {
            "aws:securetransport": ("true",),
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (f"{name}.amazonaws.com",),
        }
        if account:
            context |= {"aws:sourceaccount": (self.stack.account,), "aws:sourceowner": (self.stack.account,)}
        if source is not None:
            context["aws:sourcearn"] = (source,)
        return Need(owner, path, self.service(name), context=context, gate="resource")

    def as_role(self, owner: str, path: str, role: str) -> Need:
        """A need of a role of this stack, over TLS."""
        arn = self.access.roles[role].arn
        context: dict[str, tuple[Value, ...]] = {
            "aws:principalarn": (arn,),
            "aws:principalaccount": (self.stack.account,),
            "aws:principaltype": ("AssumedRole",),
            "aws:principalisawsservice": ("false",),
            "aws:requestedregion": (self.stack.region,),
            "aws:securetransport": ("true",),
            "aws:sourceaccount": (),
            "aws:sourcearn": (),
        }
        return Need(owner, path, Caller("role", (arn,), self.stack.partition, self.stack.account), role, context)

    def as_anybody(self, owner: str, path: str, kind: Literal["account", "anonymous"]) -> Need:
        """A need of somebody in the account, or of a client that does not say who it is."""
        return Need(owner, path, Caller(kind, (), self.stack.partition, self.stack.account))

    def log_streams(self, group: Value) -> tuple[Scalar, str | None]:
        """The ARN of a log group's streams, and the group's logical id when it is of this stack.

        Logs checks stream actions against the stream, so that a grant on the group's ARN alone is not enough.
        """
        found = named(self.stack, group, LOG_GROUP)
        whole = arns.arn(self.stack, found) if found is not None else group
        if not show(whole).startswith("arn:"):
            whole = self.arn("logs", "log-group:", arns.expand(self.stack, whole))
        stream = something("a log stream")
        return join(whole, ":log-stream:", stream), found.logical_id if found is not None else None

    def through(
        self, need: Need, key: Key, service: str, purpose: str, actions: Iterable[str] = ("kms:Decrypt",)
    ) -> Need:
        """A need of a customer key, by way of a service."""
        via = (join(f"{service}.", self.stack.region, ".amazonaws.com"),)
        wanted = need._replace(gate="key").to(purpose, actions, key.arn, holder=key.resource)
        return wanted.knowing(kms__viaservice=via, kms__calleraccount=(self.stack.account,))


def outside(owner: str, path: str, value: Value, purpose: str) -> Doubt:
    """A role that is none of this stack: what it may do is not told."""
    reason = value.reason if isinstance(value, Unknown) else f"the role {show(value)} stands outside of the template"
    return Doubt(
        owner,
        path,
        f"Whether {owner} can {purpose} cannot be told, since {reason}.",
        "Make the role in the same template, or accept this with a reason.",
    )
