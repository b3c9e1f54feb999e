"""The planner on recorded facts of one machine, taken many times: seconds of processor time by number of nodes."""

import cProfile
import pstats
import time
from pathlib import Path
from typing import Any

from scale_timing import read_facts

from appliance.catalogue.devices import Node
from appliance.catalogue.loading import load_catalogue
from appliance.catalogue.planner import make_plan
from appliance.catalogue.wish import ModelWish, ServiceLevel, Wish

_MODELS = {"general": "deepseek-v3:fp8", "finance": "qwen3-32b", "embedder": "multilingual-e5-small"}
_TOO_MANY_A_NODE = 60


def wish(users: int | None) -> Wish:
    """Return what is planned: a large model, a middle one and the embedder, for so many users."""
    models = []
    for alias, asked in _MODELS.items():
        model, _colon, precision = asked.partition(":")
        models.append(ModelWish.model_validate({"alias": alias, "model": model, "precision": precision or None}))
    return Wish(models=tuple(models), level=ServiceLevel(users=users))


def plan_rows(machine: Path, counts: list[int]) -> list[dict[str, Any]]:
    """Return one row a number of nodes and question: for as many users as there can be, for many, for too many."""
    facts, catalogue = read_facts(machine), load_catalogue()
    rows = []
    for count in counts:
        nodes = [Node(f"node-{number}", facts) for number in range(count)]
        for question, users in (("any", None), ("many", count), ("too many", count * _TOO_MANY_A_NODE)):
            started = time.process_time()
            plan = make_plan(wish(users), nodes, catalogue)
            rows.append(
                {
                    "nodes": count, "cards": count * len(facts.accelerators), "users": users, "question": question,
                    "cpu_s": round(time.process_time() - started, 3), "complete": plan.complete,
                    "replicas": {placed.alias: len(placed.replicas) for placed in plan.placements},
                }
            )  # fmt: skip
    return rows


def plan_profile(machine: Path, count: int, users: int | None, most: int = 8) -> list[tuple[str, float]]:
    """Return the functions that a plan spends its time in, with their seconds."""
    nodes = [Node(f"node-{number}", read_facts(machine)) for number in range(count)]
    profile = cProfile.Profile()
    profile.runcall(make_plan, wish(users), nodes, load_catalogue())
    found = pstats.Stats(profile).get_stats_profile().func_profiles
    ranked = sorted(found.items(), key=lambda pair: -pair[1].tottime)[:most]
    return [(f"{name} ({Path(entry.file_name).name})", round(entry.tottime, 3)) for name, entry in ranked]
