"""The control plane at size: real gateways, ledger, Ray and Serve; engines and machines that are modelled.

    python benchmarks/scale.py streams                    1 to 5,000 streams through one gateway replica
    python benchmarks/scale.py streams --gateways 2 --streams 100,300
    python benchmarks/scale.py streams --slower 8 --streams 1000,2000,5000 --profile /tmp/profile
    python benchmarks/scale.py replicas                   1 to 48 replicas behind one gateway
    python benchmarks/scale.py nodes                      real raylets on this machine, as many as memory lets
    python benchmarks/scale.py plans                      the planner on recorded facts, to 200 nodes

No model computes: a modelled engine (`modelled_engine.py`) waits as long as the planner says that one would take.
All runs share this machine with the load and the modelled engines: compare figures within one run.
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from alone_servers import NotStarted
from machine import describe
from scale_cluster import Appliance, Places, Window, appliance, engines, room_left
from scale_plans import plan_profile, plan_rows
from scale_timing import Modelled, NotPlanned, modelled

from appliance.catalogue.wish import ServiceLevel

_FACTS = Path(__file__).resolve().parent.parent / "tests" / "data" / "machines" / "facts"
_IDLE_S = 20.0
_RAMP_S = 0.3  # between one stream's start and the next one's, where there are few
_LONGEST_RAMP_S = 30.0
_DEFAULTS = {
    "streams": "1,10,100,500,1000,2000,5000",
    "replicas": "1,4,16,32,48",
    "nodes": "1,10,25,50,100",
    "plans": "1,10,50,100,200",
}
Rows = list[dict[str, Any]]


def streams(arguments: argparse.Namespace, places: Places, model: Modelled) -> Rows:
    """Hold more and more streams."""
    rows, most = [], max(arguments.counts)
    first = engines(model, 1, slower=arguments.slower, gateways=arguments.gateways)
    with appliance(places, most, first) as running:
        for count in arguments.counts:
            running.drive("scale_apps.py", "change", engines(model, count, slower=arguments.slower))
            rows.append(_level(running, count, arguments) | {"gateways": arguments.gateways})
    return rows


def replicas(arguments: argparse.Namespace, places: Places, model: Modelled) -> Rows:
    """Serve the same streams with more and more replicas, each a process with one modelled engine."""
    rows = []
    with appliance(places, arguments.load, engines(model, 1, slower=arguments.slower)) as running:
        for count in arguments.counts:
            if not room_left():
                print(f"no memory for {count} replicas", file=sys.stderr)
                break
            asked = engines(model, arguments.load, slower=arguments.slower, processes=count)
            running.drive("scale_apps.py", "change", asked)
            row = _level(running, arguments.load, arguments)
            rows.append({"replicas": count, **row, "idle": running.busy(_IDLE_S), "controller": running.read()})
    return rows


def nodes(arguments: argparse.Namespace, places: Places, model: Modelled) -> Rows:
    """Add nodes, and see what an idle cluster costs."""
    rows, there = [], 1
    with appliance(places, 64, engines(model, 1, slower=1.0)) as running:
        for count in arguments.counts:
            if not room_left():
                print(f"no memory for {count} nodes", file=sys.stderr)
                break
            joined = json.loads(running.drive("scale_nodes.py", str(there), str(count), str(arguments.cards)))
            there = max(there, count)
            busy, usage = running.busy(_IDLE_S), running.usage()
            row = {"nodes": count, "join_s": joined[-3:], "status_ms": running.status_ms(), "idle_cores": busy}
            memory = {kind: round(one.pss_mib) for kind, one in usage.items()}
            rows.append(row | {"pss_mib": memory, "controller": running.read()})
            _tell(rows[-1])
    return rows


def plans(arguments: argparse.Namespace, _places: Places, _model: Modelled) -> Rows:
    """Plan more and more nodes."""
    rows = plan_rows(arguments.machine, arguments.counts)
    most = arguments.counts[-1]
    return [*rows, {"nodes": most, "profile": plan_profile(arguments.machine, most, 60 * most)}]


def _window(arguments: argparse.Namespace, count: int) -> Window:
    answer_s = arguments.slower * arguments.answer_s
    return Window(min(_LONGEST_RAMP_S, answer_s, count * _RAMP_S), min(15.0, answer_s / 2), arguments.window)


def _level(running: Appliance, count: int, arguments: argparse.Namespace) -> dict[str, Any]:
    window = _window(arguments, count)
    row = running.level(count, arguments.tokens, window, running.processes(), arguments.profile)
    _tell(row)
    return row


def _tell(row: dict[str, Any]) -> None:
    print(json.dumps(row), file=sys.stderr, flush=True)


def print_table(rows: Rows) -> None:
    """Print rows as a table of their plain cells; what has parts is printed below it."""
    plain = [name for name in rows[0] if not isinstance(rows[0][name], dict | list)]
    cells = [plain, *([str(row.get(name, "")) for name in plain] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(plain))]
    for line in cells:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    for row in rows:
        for name, value in row.items():
            if isinstance(value, dict | list):
                print(f"{row.get(plain[0], '')} {name}: {value}")


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure the control plane with modelled engines.")
    parser.add_argument("what", choices=sorted(_DEFAULTS), help="what grows")
    parser.add_argument("--counts", "--streams", help="how many, in a row (default depends on what grows)")
    parser.add_argument("--gateways", type=int, default=1, help="gateway replicas (default: %(default)s)")
    parser.add_argument("--load", type=int, default=100, help="streams where replicas grow (default: %(default)s)")
    parser.add_argument("--slower", type=float, default=1.0, help="times that engines take longer than modelled")
    parser.add_argument("--window", type=float, default=40.0, help="seconds that count (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=300, help="tokens of an answer (default: %(default)s)")
    parser.add_argument("--prompt-tokens", type=int, default=1500, help="modelled prompt (default: %(default)s)")
    parser.add_argument("--cards", type=int, default=8, help="cards of a node (default: %(default)s)")
    parser.add_argument("--machine", type=Path, default=_FACTS / "8xH20.json", help="recorded machine")
    parser.add_argument("--model", default="qwen3-32b", help="model of the catalogue (default: %(default)s)")
    parser.add_argument("--home", type=Path, help="home folder for the run (default: one that is removed)")
    parser.add_argument("--port", type=int, default=8390, help="the gateway's (default: %(default)s)")
    parser.add_argument("--cluster-port", type=int, default=26580, help="first of twelve (default: %(default)s)")
    parser.add_argument("--profile", type=Path, help="folder for a profile of the gateway by py-spy")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    found = parser.parse_args(arguments)
    found.counts = [int(part) for part in (found.counts or _DEFAULTS[found.what]).split(",")]
    return found


def main() -> None:
    """Measure and print."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit("stopped"))  # what runs is stopped on the way out
    arguments = parse_arguments()
    folder = arguments.home or Path(tempfile.mkdtemp(prefix="scale-"))
    places = Places(folder, arguments.port, arguments.cluster_port, (29000, 29999))
    try:
        level = ServiceLevel(prompt_tokens=arguments.prompt_tokens, answer_tokens=arguments.tokens)
        model = modelled(arguments.machine, arguments.model, level)
        arguments.answer_s = arguments.tokens * model.timing.steps_s[-1]
        measure = {"streams": streams, "replicas": replicas, "nodes": nodes, "plans": plans}[arguments.what]
        rows = measure(arguments, places, model)
    except (NotStarted, NotPlanned) as error:
        sys.exit(f"benchmark: {error}")  # the logs stay
    if arguments.home is None:
        shutil.rmtree(folder, ignore_errors=True)
    said = {"engine": f"modelled: {model.words}, {model.users} users a replica, {arguments.slower:g} × as slow"}
    if arguments.json:
        print(json.dumps({"machine": describe(), **said, "rows": rows}, indent=2))
    else:
        print(said["engine"])
        print_table(rows)


if __name__ == "__main__":
    main()
