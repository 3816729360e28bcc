"""Reachability: can each component reach what it needs, and does nobody reach what is not meant for him.

Needs come from the template itself: the registry of each image, secrets, log groups, file systems, stores that
variables and secrets name, networks that a group lets out to, health checks, listeners. Each is walked from every
subnet that its component may run in; a blocked walk names the component that blocks, and the way so far.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs.equality import equal
from stackproof.proofs.model.stores import FILES_PORT, mounted
from stackproof.proofs.network.balancers import admit_clients, listeners_of, prove_health, prove_public
from stackproof.proofs.network.exposure import prove_exposure
from stackproof.proofs.network.filters import Traffic
from stackproof.proofs.network.needs import Named, ServiceNeed, named_by_task, named_by_variables, service_needs
from stackproof.proofs.network.outcomes import Outcome, Side, along, beyond_template, blocked, called, untold, worst
from stackproof.proofs.network.paths import HTTPS, Paths
from stackproof.proofs.network.peers import prove_database, prove_networks, prove_peering
from stackproof.proofs.network.proof import Need, Proof
from stackproof.proofs.network.tiers import prove_tiers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackproof.proofs.model.compute import Service, TaskDefinition
    from stackproof.proofs.model.system import System
    from stackproof.proofs.verdicts import Finding


def prove(system: System, given: str = "") -> list[Finding]:
    """Prove reachability for a whole system.

    Args:
        system: what the template says.
        given: why the network outside of the template is sound; without a reason, what depends on it is unknown.
    """
    proof = Proof(system, Paths(system.network), given)
    for service in (*system.compute.services.values(), *system.compute.runs.values()):
        task = system.compute.tasks.get(service.task or "")
        if service.placement is not None and task is not None:
            _prove_service(proof, service, task)
    _prove_functions(proof)
    _prove_proxies(proof)
    prove_peering(proof)
    for balancer in system.balancers.balancers.values():
        if balancer.public:
            prove_public(proof, balancer)
        elif balancer.public is False:
            admit_clients(proof, balancer)
    return [*proof.findings, *prove_exposure(system, proof.paths), *prove_tiers(system, proof.paths)]


def not_analysed(system: System) -> dict[str, str]:
    """What runs and is not followed through the network, by logical id, with the reason."""
    found = {
        service.logical_id: "its tasks have no network interface of their own"
        if service.placement is None
        else "its task definition is none of this template"
        for service in (*system.compute.services.values(), *system.compute.runs.values())
        if service.placement is None or service.task is None
    }
    for kind in ("AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup", "AWS::ElasticLoadBalancing::LoadBalancer"):
        for resource in system.stack.of_type(kind):
            found[resource.logical_id] = f"{kind} is not modelled"
    return found


def _prove_service(proof: Proof, service: Service, task: TaskDefinition) -> None:
    """Everything that a service's tasks reach, and the balancer that reaches them."""
    placement = service.placement
    assert placement is not None  # noqa: S101  # the caller's condition, said again for the type checker
    sides = proof.paths.sides(placement, linux=True)
    if not sides:
        return
    if service.fargate:
        for need in service_needs(proof.system, service, task):
            _prove_service_need(proof, service, task, need, sides)
    _prove_files(proof, service, task, sides)
    for named in named_by_task(proof.system, task):
        _prove_named(proof, service.logical_id, named, sides)
    prove_networks(proof, service, sides)
    prove_database(proof, service, task, sides)
    prove_health(proof, service, sides)


def _prove_service_need(
    proof: Proof, service: Service, task: TaskDefinition, need: ServiceNeed, sides: Sequence[Side]
) -> None:
    placement = service.placement
    public = placement.public if placement is not None else None
    outcomes = [
        proof.paths.service(side, need.service, need.requests, public=public)
        if need.service
        else proof.paths.internet(side, HTTPS, public=public)
        for side in sides
    ]
    if not need.certain:
        outcomes = [_perhaps(outcome, task.logical_id, need.path) for outcome in outcomes]
    owner = task.logical_id if need.path else service.logical_id
    proof.answer(
        Need(need.rule, owner, need.path, service.logical_id, need.purpose, need.effect),
        outcomes,
    )


def _perhaps(outcome: Outcome, logical_id: str, path: str) -> Outcome:
    """A way that may not be needed: blocked, it is a doubt."""
    if outcome.holds is not False:
        return outcome
    reason = f"where the image comes from is known to AWS only, and {outcome.reason}"
    return untold(logical_id, path, reason)._replace(trail=outcome.trail)


def _prove_files(proof: Proof, service: Service, task: TaskDefinition, sides: Sequence[Side]) -> None:
    """Each file system has a mount target in every zone that a task may run in, and is reached there."""
    for volume in task.volumes:
        if volume.file_system is None:
            continue
        name = mounted(proof.system.stack, volume.file_system)
        need = Need(
            "net-files",
            task.logical_id,
            f"{volume.path}.EFSVolumeConfiguration.FilesystemId",
            service.logical_id,
            f"mount {name}",
            "tasks there do not start (ResourceInitializationError: failed to invoke EFS utils commands)",
        )
        if proof.system.stack.target(volume.file_system) is None and name not in proof.system.stores.mount_targets:
            gone = untold(task.logical_id, need.path, f"{name} and its mount targets are not in the template")
            proof.answer(need, [gone])
            continue
        proof.answer(need, [_mounts(proof, name, side) for side in sides])


def _mounts(proof: Proof, file_system: str, side: Side) -> Outcome:
    """From one subnet to the mount target in its zone, where the file system's name leads."""
    mounts = proof.system.stores.mount_targets.get(file_system, ())
    subnet = side.subnet
    if subnet is None:
        targets = [each for mount in mounts for each in proof.paths.sides(mount.placement)]
        ways = [proof.paths.connects(side, target, Traffic("tcp", FILES_PORT)) for target in targets]
        return worst(ways) if ways else beyond_template(side)
    vpc = proof.paths.vpc(subnet)
    if vpc is not None and vpc.names is False:
        return blocked(
            vpc.logical_id,
            "Properties.EnableDnsHostnames",
            f"EnableDnsHostnames of {vpc.logical_id} is off, and the name of {file_system} is not answered there",
            "Turn EnableDnsHostnames on.",
        )
    doubts = []
    for mount in mounts:
        for target in proof.paths.sides(mount.placement):
            same = None if target.subnet is None else equal(target.subnet.zone, subnet.zone)
            if same:
                return along(proof.paths.asks(side), proof.paths.connects(side, target, Traffic("tcp", FILES_PORT)))
            if same is None:
                doubts.append(mount.logical_id)
    if doubts:
        return untold(
            doubts[0],
            "Properties.SubnetId",
            f"whether {doubts[0]} stands in the zone of {subnet.logical_id} is not known",
        )
    if file_system not in proof.system.stores.file_systems:
        reason = f"{file_system} is not in the template, and may have a mount target in the zone of {subnet.logical_id}"
        return untold(side.owner, side.subnets_path, reason)
    return blocked(
        file_system,
        "",
        f"{file_system} has no mount target in the zone of {subnet.logical_id} ({called(subnet.zone)})",
        f"Add a mount target for {file_system} in that zone.",
    )


def _prove_named(proof: Proof, who: str, named: Named, sides: Sequence[Side]) -> None:
    """A component reaches a store, or an internal balancer, that it is told of."""
    system = proof.system
    need = Need(
        "net-store", named.owner, named.path, who, f"reach {named.target}", "its connections are not answered (timeout)"
    )
    store = system.stores.stores.get(named.target)
    if store is not None:
        placement, ports, guarded = store.placement, store.ports, True
        if not ports:
            doubt = untold(store.logical_id, store.port_path, f"the port of {store.logical_id} is not known")
            proof.answer(need, [doubt])
            return
    else:
        balancer = system.balancers.balancers[named.target]
        placement, guarded = balancer.placement, balancer.guarded
        ports = tuple(dict.fromkeys(one.port for one in listeners_of(system, balancer) if one.port is not None))
        ports = (named.port,) if named.port in ports else ports
    servers = proof.paths.sides(placement, guarded=guarded)
    proof.answer(
        need,
        [
            worst([proof.paths.connects(side, server, Traffic("tcp", port)) for server in servers])
            for side in sides
            for port in ports
            if servers
        ],
    )


def _prove_functions(proof: Proof) -> None:
    """Functions in a VPC reach the stores that their variables name."""
    for function in proof.system.compute.functions.values():
        if function.placement is None:
            continue
        sides = proof.paths.sides(function.placement)
        for named in named_by_variables(proof.system, function.logical_id, function.environment):
            if sides:
                _prove_named(proof, function.logical_id, named, sides)


def _prove_proxies(proof: Proof) -> None:
    """A database proxy reaches the databases behind it."""
    system = proof.system
    for found in system.stack.of_type("AWS::RDS::DBProxyTargetGroup"):
        proxy = system.stack.target(found.properties.get("DBProxyName"))
        store = system.stores.stores.get(proxy.logical_id) if proxy is not None else None
        for key in ("DBClusterIdentifiers", "DBInstanceIdentifiers"):
            given = found.properties.get(key)
            for value in given if isinstance(given, list) else ():
                target = system.stack.target(value)
                if store is not None and target is not None and target.logical_id in system.stores.stores:
                    named = Named(target.logical_id, found.logical_id, f"Properties.{key}")
                    _prove_named(proof, store.logical_id, named, proof.paths.sides(store.placement))
