"""Addresses in the environment: beside the host of a store stands the port that it listens on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import whole
from stackproof.proofs.model.stores import endpoint_of
from stackproof.proofs.values import Sym
from stackproof.proofs.verdicts import broken, proved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.compute import Variable
    from stackproof.proofs.model.system import System
    from stackproof.proofs.wiring.common import Findings

_HOST: Final = re.compile(r"(?i)(^|_|^pg|^mysql_?)(host|hostname|address|endpoint|server)(?=_|$)")


def store_ports(system: System) -> Findings:
    """Every container and function that is told a store's address and a port, in two variables."""
    stores = system.stores.stores
    for owner, variables in _environments(system):
        by_name = {variable.name: variable for variable in variables}
        for variable in variables:
            host = variable.value
            if not isinstance(host, Sym) or host.owner not in stores or not endpoint_of(host):
                continue
            store = stores[host.owner]
            port = by_name.get(_beside(variable.name))
            number = whole(port.value) if port is not None and port is not variable else None
            if port is None or number is None or not store.ports:
                continue
            place = ("wire-store-port", owner, port.path)
            if number not in store.ports:
                listens = " and ".join(map(str, store.ports))
                message = (
                    f"{port.name} is {number}, and {store.logical_id}, whose address {variable.name} is, listens on"
                    f" {listens}: nobody answers there."
                )
                yield broken(*place, message, f"Write {listens}, or refer to the store's own port.")
            else:
                yield proved(*place, f"{store.logical_id} listens on {number}")


def _beside(name: str) -> str:
    """The name that the port's variable has beside a host's: DB_HOST, DB_PORT; DB_HOSTNAME, DB_PORT."""
    return _HOST.sub(lambda found: found[1] + ("PORT" if found[2].isupper() else "port"), name, count=1)


def _environments(system: System) -> Iterator[tuple[str, tuple[Variable, ...]]]:
    for task in system.compute.tasks.values():
        for container in task.containers:
            yield task.logical_id, container.environment
    for function in system.compute.functions.values():
        yield function.logical_id, function.environment
