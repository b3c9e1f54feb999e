"""What a second node costs and gives: joining, and draining it under load, on two network namespaces of this machine.

    python benchmarks/cluster.py [--model-home HOME] [--json]

A head, a worker and a third host that asks (`lab.py`); one small model, a replica on each node, 32 streams at once.
Losing nodes is in `make faults` (6 and 8 to 10). Needs root, iproute2 and nftables. About 5 minutes.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from faults.hosts import Cluster, cluster, titles, told
from faults.outcomes import counted, failed
from faults.rig import MODEL
from lab import reason_to_skip
from machine import describe

STREAMS = 32
_APPLIANCE = Path(sys.executable).parent / "appliance"
_SERVING_S = 600.0
_DRAIN_S = 900.0


def serving_s(found: Cluster) -> float:
    """Wait until both replicas serve; return the seconds since joining ended."""
    began = time.monotonic()
    while time.monotonic() < began + _SERVING_S:
        status = found.head.run([_APPLIANCE, "status", "--json"])
        applications = json.loads(status.stdout)["applications"] if status.returncode == 0 else []
        if any(one["kind"] == "model" and one["replicas_running"] == 2 for one in applications):
            return time.monotonic() - began
        time.sleep(0.5)
    raise TimeoutError("the second replica never served")


def drained(found: Cluster) -> dict[str, object]:
    """Drain the worker while streams are open; return what callers saw."""
    listed = json.loads(told(found.head.run([_APPLIANCE, "node", "list", "--json"]), "`node list`"))
    name = next(node["name"] for node in listed["nodes"] if node["role"] == "worker")
    with found.rig.load("drain", clients=STREAMS, answer_tokens=96) as load:
        load.await_open(STREAMS, _SERVING_S)
        began, asked = time.monotonic(), len(load.outcomes)
        told(found.head.run([_APPLIANCE, "node", "drain", name], timeout=_DRAIN_S), "`node drain`")
        took = time.monotonic() - began
        left = titles(found.worker).count(MODEL)
        load.await_whole(STREAMS, _SERVING_S)
    wrong = failed(load.outcomes)
    return {
        "open_streams": STREAMS, "requests": len(load.outcomes) - asked, "failed": len(wrong), "kinds": counted(wrong),
        "drain_s": round(took, 1), "replicas_left": left,
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="cluster.py", description="Join a node, drain it under load.")
    built = Path(os.environ.get("APPLIANCE_HOME") or "~/.local/share/appliance").expanduser()
    parser.add_argument(
        "--model-home", type=Path, default=built, help="home with the base model (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    if reason := reason_to_skip():
        sys.exit(f"not run: {reason}")
    machine = describe()
    with (
        tempfile.TemporaryDirectory(prefix="cluster-") as folder,
        cluster(Path(folder), arguments.model_home, STREAMS, STREAMS) as found,
    ):
        serving = serving_s(found)
        result = {
            "head_start_s": round(found.start_s, 1), "join_s": round(found.join_s, 1),
            "then_serving_s": round(serving, 1), "drain": drained(found),
        }  # fmt: skip
    if arguments.json:
        print(json.dumps({"machine": machine, **result}, indent=2))
        return
    drain = result["drain"]
    print(f"head up, its model loaded: {result['head_start_s']} s")
    print(f"`node join`: {result['join_s']} s; its replica serves after {result['then_serving_s']} s more (model load)")
    print(f"drain with {STREAMS} open streams: {drain}")
    print(f"{machine['date']}, {machine['cpu_cores']} cores ({machine['cpu_model']}), load {machine['load_before']}")


if __name__ == "__main__":
    main()
