"""Steps as they are written down, read and held against the template: in a file, or in the template's own metadata.

[[step]]
title  = "Maintenance page on"
set    = { MaintenancePage = "yes" }    # parameters for this step, on top of the environment's; a value may be that of
                                        # another one: { parameter = "Image" }, or of the first of a list not blank
keep   = ["Image"]                      # parameters that stay as they are deployed, whatever the file says
when   = { Command = "" }               # only with one of these values
unless = { Command = "" }               # not with one of these values

[[step]]
title = "Nothing runs any more"
idle  = "ClusterName"                   # wait until no task runs in the cluster that this output names

[[step]]
title   = "Recovery point"
backup  = ["Database", "Files"]         # stores of the stack; those that it does not have are left out
vault   = "VaultName"                   # outputs with AWS Backup's vault and role; without a vault,
role    = "RoleArn"                     # a database cluster is left a snapshot
days    = 35                            # how long the vault keeps it; 35 unless given
restore = { Database = "SnapshotId" }   # the parameter that makes a store begin from it

[[step]]
title   = "Upgrade the database"
service = "Service"                     # run one task in the network of this ECS service of the stack, or,
cluster = "ClusterName"                 # also before there is a service: in the cluster and in the subnets that
subnets = "SubnetIds"                   # these outputs name,
groups  = ["TasksSecurityGroup"]        # and in these security groups of the stack
task    = "UpgradeTask"                 # with this task definition; the service's own unless given
command = ["lms", "upgrade"]            # instead of the image's
minutes = 30                            # how long it is waited for; 60 unless given, everywhere

[[step]]
title   = "Well"
healthy = ["Service"]                   # wait until all tasks run in one version, and all targets are healthy

[[step]]
title = "The new image, maintenance page off"     # nothing: the environment as its files say
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stackproof.cli import nearest
from stackproof.documents import quoted, read_toml
from stackproof.errors import BadInputError, Fault
from stackproof.parameters import parameters_of
from stackproof.steps import MINUTES, Backup, Healthy, Idle, Of, Step, Task, chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from stackproof.steps import Action, Value

    Load = Callable[[Mapping[str, str]], object]

_LONGEST = 7 * 24 * 60
# A vault's longest retention (API reference of AWS Backup, Lifecycle).
_MOST_DAYS = 36_500
SERVICE, DEFINITION, GROUP = "AWS::ECS::Service", "AWS::ECS::TaskDefinition", "AWS::EC2::SecurityGroup"
STORES = ("AWS::DynamoDB::Table", "AWS::EFS::FileSystem", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
"""Types of which a recovery point can be taken."""

_ALL = {"title", "when", "unless"}
_CHANGE = _ALL | {"set", "keep"}
_NETWORK = ("cluster", "subnets", "groups")
# The key that tells a kind of step → all of its keys.
_KINDS = {
    "backup": _ALL | {"backup", "vault", "role", "days", "restore", "minutes"},
    "idle": _ALL | {"idle", "minutes"},
    "healthy": _ALL | {"healthy", "minutes"},
    "task": _ALL | {"service", "task", "container", "command", "minutes", *_NETWORK},
}
_ANY = _CHANGE.union(*_KINDS.values())


def read_steps(path: Path, template: Mapping[str, Any], parameters: Mapping[str, str], load: Load) -> tuple[Step, ...]:
    """Read a file, hold it against the template, and choose what happens with these parameters.

    Args:
        path: the file.
        template: whose parameters, resources and outputs the steps name.
        parameters: of the environment, with defaults.
        load: checks the environment with the parameters of a step; BadInputError where they do not fit.

    Raises:
        BadInputError: with every fault of it.
    """
    where = str(path)
    faults: list[Fault] = []
    tables = read_toml(path, where, faults)
    if tables is None:
        raise BadInputError(faults)
    faults += [
        Fault(where, key, f"is unknown; a plan has [[step]] only{nearest(key, ['step'])}")
        for key in tables
        if key != "step"
    ]
    steps = parsed(tables.get("step"), where, "step", template, faults)
    found = chosen(steps, parameters)
    faults += load_faults(found, where, template, load)
    if steps and not found:
        faults.append(Fault(where, "step", "none is left: each is left out by its when or unless"))
    if faults:
        raise BadInputError(faults)
    return found


def load_faults(steps: Sequence[Step], where: str, template: Mapping[str, Any], load: Load) -> list[Fault]:
    """What is wrong with the environment in each of some steps; the same fault once."""
    known = parameters_of(template)
    faults: list[Fault] = []
    for step in steps:
        try:
            load({name: str(value) for name, value in step.settings.items() if name in known})
        except BadInputError as error:
            keys = [": ".join(filter(None, (step.title, each.key))) for each in error.faults]
            found = [replace(each, where=where, key=key) for each, key in zip(error.faults, keys, strict=True)]
            faults += [each for each in found if each not in faults]
    return faults


def parsed(listed: Any, where: str, key: str, template: Mapping[str, Any], faults: list[Fault]) -> tuple[Step, ...]:
    """Steps of a list of tables, held against the template.

    Args:
        listed: the value in the file.
        where: the file.
        key: of the list, for faults.
        template: whose parameters, resources and outputs the steps name.
        faults: what is found is added here.
    """
    if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
        faults.append(Fault(where, key, "is missing: write [[step]], once for each step"))
        return ()
    return tuple(
        _step(Reader(table, where, f"{key} {number}", template, faults)) for number, table in enumerate(listed, start=1)
    )


def _step(reader: Reader) -> Step:
    title = reader.text("title", required=True)
    when, unless = reader.values("when"), reader.values("unless")
    kinds = [name for name in ("backup", "idle", "healthy") if name in reader.table]
    kinds += ["task"] if reader.table.keys() & (_KINDS["task"] - _ALL - {"minutes"}) else []
    if not kinds:
        has_more = bool(reader.table.keys() & {"set", "keep"})
        reader.only(_CHANGE if has_more else _ANY, "a step")
        return Step(title, reader.values("set"), reader.parameters("keep"), None, when, unless)
    reader.only(_KINDS[kinds[0]], f"a step with {kinds[0]}" if kinds[0] != "task" else "a task")
    makers: dict[str, Callable[[Reader], Action]] = {"backup": _backup, "idle": _idle, "healthy": _healthy}
    return Step(title, action=makers.get(kinds[0], _task)(reader), when=when, unless=unless)


def _task(reader: Reader) -> Task:
    cluster, subnets, groups = reader.output("cluster"), reader.output("subnets"), reader.words("groups")
    for name in groups:
        reader.resource("groups", name, [GROUP])
    service = reader.resource("service", reader.text("service"), [SERVICE])
    definition = reader.resource("task", reader.text("task"), [DEFINITION])
    in_network = {name for name in _NETWORK if name in reader.table}
    if "service" not in reader.table and in_network != set(_NETWORK):
        reader.fault("service", f"is missing: name one, or {', '.join(_NETWORK)}")
    elif "service" in reader.table and in_network:
        reader.fault("service", f"says where the task runs already; leave out {', '.join(sorted(in_network))}")
    elif "service" not in reader.table and "task" not in reader.table:
        reader.fault("task", "is missing: without a service, name the task definition")
    return Task(
        service=service,
        definition=definition,
        container=reader.text("container"),
        command=reader.words("command"),
        minutes=reader.number("minutes", MINUTES, _LONGEST),
        cluster=cluster,
        subnets=subnets,
        groups=groups,
    )


def _backup(reader: Reader) -> Backup:
    stores = reader.words("backup", required=True)
    for name in stores:
        reader.resource("backup", name, STORES)
    restore = reader.texts("restore")
    for store, parameter in restore.items():
        if store not in stores:
            reader.fault(f"restore.{store}", f"is not backed up here{nearest(store, stores)}")
        reader.parameter(f"restore.{store}", parameter)
    vault, role = reader.output("vault"), reader.output("role")
    if bool(vault) != bool(role):
        reader.fault("role" if vault else "vault", "is missing: AWS Backup needs both vault and role")
    return Backup(
        stores=stores,
        vault=vault,
        role=role,
        days=reader.number("days", Backup.days, _MOST_DAYS),
        restore=restore,
        minutes=reader.number("minutes", MINUTES, _LONGEST),
    )


def _idle(reader: Reader) -> Idle:
    return Idle(reader.output("idle"), reader.number("minutes", MINUTES, _LONGEST))


def _healthy(reader: Reader) -> Healthy:
    services = reader.words("healthy", required=True)
    for name in services:
        reader.resource("healthy", name, [SERVICE])
    return Healthy(services, reader.number("minutes", MINUTES, _LONGEST))


@dataclass(frozen=True)
class Reader:
    """One table, and the faults that are found in it."""

    table: Mapping[str, Any]
    where: str
    key: str
    template: Mapping[str, Any]
    faults: list[Fault]

    def fault(self, name: str, message: str) -> None:
        """Note a fault of a key."""
        self.faults.append(Fault(self.where, ".".join(filter(None, (self.key, name))), message))

    def only(self, known: Collection[str], kind: str) -> None:
        """Note every key that is not known."""
        for name in self.table.keys() - known:
            self.fault(name, f"is no key of {kind}; there are {', '.join(sorted(known))}{nearest(name, known)}")

    def text(self, name: str, *, required: bool = False) -> str:
        """A text; blank where there is none."""
        value = self.table.get(name, "")
        if not isinstance(value, str):
            self.fault(name, f"{quoted(str(value))} is no text")
        elif (required or name in self.table) and not value.strip():
            self.fault(name, "is missing")
        else:
            return value.strip()
        return ""

    def words(self, name: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts."""
        value = self.table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.fault(name, 'is no list of texts, like ["one", "two"]')
            return ()
        if required and not value:
            self.fault(name, "is an empty list")
        return tuple(value)

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 on."""
        value = self.table.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            self.fault(name, f"{quoted(str(value))} is no whole number from 1 to {most}")
            return default
        return value

    def texts(self, name: str) -> dict[str, str]:
        """A table of texts."""
        return {key: value for key, value in self.values(name, known=False).items() if isinstance(value, str)}

    def values(self, name: str, *, known: bool = True) -> dict[str, Value]:
        """A table from parameters to values; with `known` unset, its keys are something else than parameters."""
        table = self.table.get(name, {})
        if not isinstance(table, dict):
            self.fault(name, 'is no table, like { Name = "value" }')
            return {}
        found: dict[str, Value] = {}
        for each, value in table.items():
            if known:
                self.parameter(f"{name}.{each}", each)
            if isinstance(value, str | bool | int):
                found[each] = value if isinstance(value, str) else str(value).lower()
            elif isinstance(value, dict) and value.keys() == {"parameter"}:
                found[each] = self._of(f"{name}.{each}", value["parameter"])
            else:
                self.fault(f"{name}.{each}", f"{quoted(str(value))} is no text; a list is one text, with commas")
        return found

    def _of(self, name: str, value: Any) -> Of:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
            self.fault(name, f"{quoted(str(value))} is neither the name of a parameter nor a list of names")
            return Of(())
        for each in names:
            self.parameter(name, each)
        return Of(tuple(names))

    def parameters(self, name: str) -> tuple[str, ...]:
        """A list of parameters of the template."""
        found = self.words(name)
        for each in found:
            self.parameter(name, each)
        return found

    def parameter(self, name: str, wanted: str) -> None:
        """Hold the name of a parameter against the template."""
        known = parameters_of(self.template)
        if wanted not in known:
            self.fault(name, f'the template has no parameter "{wanted}"{nearest(wanted, known)}')
        elif known[wanted].no_echo:
            self.fault(name, f"{wanted} is NoEcho, and a plan would write its value into a file")

    def output(self, name: str) -> str:
        """The name of an output of the template."""
        wanted, known = self.text(name), self.template.get("Outputs") or {}
        if wanted and wanted not in known:
            self.fault(name, f'the template has no output "{wanted}"{nearest(wanted, known)}')
        return wanted

    def resource(self, name: str, wanted: str, types: Collection[str]) -> str:
        """The logical id of a resource of one of some types."""
        resources = self.template.get("Resources") or {}
        known = [key for key, each in resources.items() if each.get("Type") in types]
        if wanted and wanted not in known:
            there = f"{' or '.join(types)} {quoted(wanted)}"
            self.fault(
                name, f"the template has no {there}; it has {', '.join(known) or 'none'}{nearest(wanted, known)}"
            )
        return wanted
