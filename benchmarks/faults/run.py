"""Start the appliance, make the faults one after another, print the table."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
from kill import await_generating
from lab import LabFailed, reason_to_skip
from machine import describe
from servers import ServerFailed

from faults import callers, control, hosts, processes, updates
from faults.fault import Fault
from faults.outcomes import Measured, failed
from faults.rig import Rig, running, share_model, write_site
from faults.streams import NotInTime
from faults.table import Row, as_markdown, as_text

_ON_ONE: tuple[Fault, ...] = (*processes.FAULTS, *control.FAULTS, *updates.FAULTS, *callers.FAULTS)
_READY_S = 300.0
_MOST_REASONS = 5
_TROUBLE = (NotInTime, TimeoutError, LabFailed, ServerFailed, psutil.Error, subprocess.SubprocessError, OSError)
"""What a fault may end with when the appliance does not come back."""


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.faults", description="Make faults under load; print a table.")
    built = Path(os.environ.get("APPLIANCE_HOME") or "~/.local/share/appliance").expanduser()
    numbers = [fault.number for fault in (*_ON_ONE, *hosts.FAULTS)]
    parser.add_argument(
        "--only", type=_numbers, default=sorted(numbers), metavar="1,2,…",
        help=f"faults to make, in this order: {', '.join(map(str, sorted(numbers)))} (default: all)",
    )  # fmt: skip
    parser.add_argument("--home", type=Path, help="empty folder to run in (default: one that is removed afterwards)")
    parser.add_argument(
        "--running", action="store_true", help="use the appliance that runs from HOME/one already, and leave it running"
    )
    parser.add_argument(
        "--model-home", type=Path, default=built, help="home with the base model (default: %(default)s)"
    )
    parser.add_argument("--gateway-port", type=int, default=18080)
    parser.add_argument("--cluster-port", type=int, default=16380)
    parser.add_argument("--worker-port", type=int, default=34000, help="first of 1,000 (default: %(default)s)")
    parser.add_argument("--markdown", action="store_true", help="print the table for a document")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parsed = parser.parse_args(arguments)
    if parsed.running and parsed.home is None:
        parser.error("--running needs --home")
    return parsed


def _numbers(text: str) -> list[int]:
    known = {fault.number for fault in (*_ON_ONE, *hosts.FAULTS)}
    wanted = [int(part) for part in text.split(",")]
    if unknown := [number for number in wanted if number not in known]:
        raise argparse.ArgumentTypeError(f"no such fault: {unknown[0]}; there are {sorted(known)}")
    return wanted


def tell(text: str) -> None:
    """Show progress on stderr: stdout is for the result."""
    print(text, file=sys.stderr, flush=True)


def rows_of(arguments: argparse.Namespace, folder: Path) -> list[Row]:
    """Make all wanted faults; return the table's rows in the order of `--only`."""
    alone = {fault.number: fault for fault in _ON_ONE}
    made: dict[int, Row] = {}
    rest = [alone[number] for number in arguments.only if number in alone]
    accounts: list[Row] = []
    while rest:  # an appliance that does not come back is started anew for what is left
        rest = _series(arguments, folder, rest, made, accounts)
    far = sorted((fault for fault in hosts.FAULTS if fault.number in arguments.only), key=hosts.is_last)
    for fault, row in zip(far, _on_hosts(arguments, folder, far), strict=True):
        made[fault.number] = row
    return [made[number] for number in arguments.only if number in made] + accounts


def _series(
    arguments: argparse.Namespace, folder: Path, faults: list[Fault], made: dict[int, Row], accounts: list[Row]
) -> list[Fault]:
    """Make faults until the appliance does not come back from one; return those that are left."""
    ports = {"gateway": arguments.gateway_port, "cluster": arguments.cluster_port, "worker": arguments.worker_port}
    home = folder / "one"
    if not arguments.running:
        write_site(home, ports)
        share_model(home, arguments.model_home)
        tell("starting the appliance")
    left: list[Fault] = []
    with running(home, already=arguments.running) as rig:
        for place, fault in enumerate(faults, start=1):
            made[fault.number], back = make(rig, fault)
            if not back:
                left = faults[place:]
                break
    tell("comparing what callers were told with audit and usage")
    found = rig.accounts()  # one that has stopped has written what was on its way, or never will
    accounts.append(_row("–", "accounts of all before", "acknowledged ⊆ stored, each once; audit verifies", found))
    return left


def make(rig: Rig, fault: Fault) -> tuple[Row, bool]:
    """Make one fault; return its row and whether the appliance serves again."""
    tell(f"fault {fault.number}: {fault.title}")
    try:
        await_generating_again(rig)
        before = len(rig.asked)
        found = fault.make(rig)
        reasons = [(one.kind, one.status, one.told) for one in failed(rig.asked[before:])]
        row = _row(str(fault.number), fault.title, fault.required, found)
        tell(f"  {row.verdict}: {found.text}")
        for (kind, status, told), count in Counter(reasons).most_common(_MOST_REASONS):
            tell(f"    {count} × {kind}, status {status}: {told}")
        await_generating_again(rig)
    except _TROUBLE as error:
        traceback.print_exc()
        text = f"did not come back: {type(error).__name__}: {error}"
        tell(f"  MISSED: {text}")
        return Row(str(fault.number), fault.title, fault.required, text, "MISSED"), False
    return row, True


def _row(number: str, fault: str, required: str, found: Measured) -> Row:
    return Row(number, fault, required, found.text, "met" if found.met else "MISSED")


def await_generating_again(rig: Rig) -> None:
    """Wait until every model generates. Raises `TimeoutError`."""
    with rig.network():
        asyncio.run(await_generating(rig.url, rig.key, _READY_S))


def _on_hosts(arguments: argparse.Namespace, folder: Path, faults: Sequence[Any]) -> Iterator[Row]:
    """Yield the rows of the faults that need two hosts."""
    reason = reason_to_skip() if faults else None
    if reason is None and faults and not hosts.can_join():
        reason = "this build has no `appliance node join`"
    with ExitStack() as stack:
        cluster: hosts.Cluster | None = None
        for fault in faults:
            if reason is not None:
                yield Row(str(fault.number), fault.title, fault.required, reason, "not run")
                continue
            tell(f"fault {fault.number}: {fault.title}")
            try:
                if cluster is None:
                    place = folder / f"hosts-{fault.number}"
                    cluster = stack.enter_context(hosts.cluster(place, arguments.model_home))
                row = _row(str(fault.number), fault.title, fault.required, fault.make(cluster))
            except _TROUBLE as error:
                traceback.print_exc()
                stack.close()  # one that does not come back is started anew for those that are left
                cluster = None
                row = Row(str(fault.number), fault.title, fault.required, f"did not come back: {error}", "MISSED")
            tell(f"  {row.verdict}: {row.measured}")
            yield row


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        yield wanted.expanduser().resolve()
        return
    with tempfile.TemporaryDirectory(prefix="faults-") as made:
        yield Path(made)


def main() -> None:
    """Make the faults and print."""
    arguments = parse_arguments()
    machine = describe()
    with _folder(arguments.home) as folder:
        rows = rows_of(arguments, folder)
    if arguments.json:
        print(json.dumps({"machine": machine, "rows": [vars(row) for row in rows]}, indent=2, ensure_ascii=False))
    else:
        print(as_markdown(rows) if arguments.markdown else as_text(rows))
        print(
            f"\n{machine['date']}, {machine['cpu_cores']} cores ({machine['cpu_model']}), load before the start ",
            end="",
        )
        print(f"{machine['load_before']}: beside other work times are longer than the appliance's own.")
    sys.exit(1 if any(row.verdict == "MISSED" for row in rows) else 0)
