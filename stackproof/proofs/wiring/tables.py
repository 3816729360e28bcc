"""What AWS sells, from the tables that cfn-lint ships: sizes of Fargate tasks, versions and nodes of caches."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from stackproof.proofs.schemas import table

_CACHES: Final = "aws_elasticache_cachecluster"


@lru_cache(maxsize=1)
def fargate_sizes() -> dict[int, frozenset[int]]:
    """MiB of memory for each number of CPU units; empty where cfn-lint's table is not installed."""
    found: dict[int, frozenset[int]] = {}
    for pair in (table("aws_ecs_taskdefinition", "fargate_cpu_memory") or {"then": {"anyOf": ()}})["then"]["anyOf"]:
        cpu, memory = (pair["properties"][key]["then"] for key in ("Cpu", "Memory"))
        choices = memory.get("enum") or range(memory["minimum"], memory["maximum"] + 1, memory["multipleOf"])
        found[int(cpu["enum"][0])] = frozenset(choices)
    return found


@lru_cache(maxsize=4)
def cache_versions(engine: str) -> tuple[str, ...]:
    """The versions of an engine (`valkey`, `redis`); empty where cfn-lint's table is not installed."""
    for entry in (table(_CACHES, "engine_version") or {"allOf": ()})["allOf"]:
        if entry["if"]["properties"]["Engine"].get("const") == engine:
            return tuple(entry["then"]["properties"]["EngineVersion"]["enum"])
    return ()


def cache_nodes(region: str) -> tuple[str, ...]:
    """The node types of a region; empty for a region that cfn-lint's table does not know."""
    return tuple((table(_CACHES, "cachenodetype_enum") or {}).get(region, {}).get("enum", ()))
