"""What the engines of a running appliance hold in main memory, beside what the planner says, part by part.

    appliance up && python benchmarks/engine_memory.py [--home HOME] [--json FILE]

On processors alone. `runtime read` is what is held less weights (the package's files), cache (as set) and activations
(computed): the planner's one measured constant stands against it. Run it at several `kv_cache_gib` and models: where
the cache is held as set, `runtime read` stays the same.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from machine import describe

from appliance.cluster.instance import read_instance
from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.units import GIB
from appliance.hardware.discovery import discover
from appliance.operations.engine_speed import resident_of
from appliance.operations.memory import memory_of_models
from appliance.packages.card import read_card
from appliance.packages.places import model_folder
from appliance.serving.room import engine_memory


def measure(home: Home) -> list[dict[str, Any]]:
    """Return the parts of one replica of each chat model, in GiB. Raises RuntimeError where none runs here."""
    site, facts = load_site(home.site_file), discover()
    instance = read_instance(home.instance_file)
    if instance is None:
        raise RuntimeError("the appliance does not run")
    cards = {alias: read_card(model_folder(home, model.package)) for alias, model in site.models.items()}
    weights = {alias: card.weights_bytes for alias, card in cards.items()}
    runtime, rows = engine_memory(home, facts.processor), []
    for planned in memory_of_models(home, site, facts, weights, "cpu"):
        held = resident_of(instance, planned.alias)
        if held is None:
            raise RuntimeError(f"no replica of {planned.alias} runs on this machine")
        activations, total = planned.rest - runtime, planned.total // planned.replicas
        sizes = {
            "weights": planned.weights, "cache": planned.cache, "activations": activations, "runtime planned": runtime,
            "planned": total, "read": held, "runtime read": held - planned.weights - planned.cache - activations,
        }  # fmt: skip
        in_gib = {name: round(size / GIB, 3) for name, size in sizes.items()}
        rows.append({"alias": planned.alias, **in_gib, "off %": round(100 * (total - held) / held, 1)})
    return rows


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, default=os.environ.get("APPLIANCE_HOME") or "~/.local/share/appliance")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = measure(Home(options.home.expanduser().absolute()))
    for row in rows:
        sys.stdout.write("  ".join(f"{name} {value}" for name, value in row.items()) + "\n")
    if options.json:
        options.json.write_text(json.dumps({"machine": describe(), "models": rows}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
