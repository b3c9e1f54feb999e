"""Measure the terminal on 64 machines with 8 cards each, replayed: `python benchmarks/terminal.py [--keys N] [--json]`.

It runs as a person runs it: `python -m appliance.tui` on a pseudo-terminal of 160×48 cells, against a small HTTP server
that replays `tests/data/status/sixty-four-nodes.json` with counters that grow. Each figure stands beside its target.
"""

import argparse
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RECORDED = Path(__file__).parents[1] / "tests" / "data" / "status" / "sixty-four-nodes.json"
WHO = {"tenant": "bank", "role": "operator", "permissions": ["status.read", "models.manage", "cluster.manage"]}
READINGS = 60
KEYS = {
    "down": b"\x1b[B", "up": b"\x1b[A", "page_down": b"\x1b[6~", "page_up": b"\x1b[5~", "tab": b"\t", "fold": b" ",
    "alerts": b"a", "back": b"\x1b",
}  # fmt: skip
BACK = "back"
"""Not among the figures with a target: after Escape a program waits 100 ms for the rest of a longer key."""
QUIET_S = 0.03
IDLE_S = 30.0
ROWS, COLUMNS = 48, 160
TARGETS = {"first_screen_s": 0.5, "key_p95_ms": 50.0, "rss_mib": 150.0, "idle_share": 0.05}


def bodies() -> list[bytes]:
    """Return the readings, two seconds apart, as the gateway sends them."""
    status = json.loads(RECORDED.read_text(encoding="utf-8"))
    start, found = datetime.fromisoformat(status["taken_at"]), []
    for reading in range(READINGS):
        status["taken_at"] = (start + timedelta(seconds=2 * reading)).isoformat()
        status["uptime_s"] += 2
        for place, application in enumerate(status["applications"]):
            traffic = application["traffic"]
            if traffic:
                traffic["requests_total"] += 3 + place % 5
                traffic["completion_tokens_total"] += 700 + 13 * place
        for place, node in enumerate(status["nodes"]):
            if "cpu_utilisation" in node:
                node["cpu_utilisation"] = ((place * 7 + reading * 3) % 60) / 100
        found.append(json.dumps(status).encode())
    return found


@contextmanager
def replaying() -> Iterator[str]:
    """Give the address of a server that answers with one reading after the other."""
    readings, asked = bodies(), [0]

    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps(WHO).encode()
            if self.path.startswith("/v1/appliance/status"):
                body = readings[min(asked[0], READINGS - 1)]
                asked[0] += 1
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_arguments: object) -> None:
            """Say nothing: a terminal that ends closes its connection."""

    server = Server(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Terminal:
    """A terminal program with the appliance's terminal in it."""

    def __init__(self, url: str, key_file: Path) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        command = [sys.executable, "-m", "appliance.tui", "--url", url, "--key-file", str(key_file)]
        environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        self.seen = b""

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def read(self, timeout_s: float) -> float | None:
        """Take in what is drawn; return when it came, None where nothing did in time."""
        ready, _write, _error = select.select([self._master], [], [], timeout_s)
        if not ready:
            return None
        self.seen += os.read(self._master, 1 << 20)
        return time.perf_counter()

    def until(self, text: bytes, timeout_s: float = 30.0) -> float:
        """Return the seconds from the start until `text` was drawn."""
        end = time.perf_counter() + timeout_s
        while text not in self.seen:
            at = self.read(0.5)
            if time.perf_counter() > end:
                raise SystemExit(f"{text!r} was not drawn in {timeout_s} s: {self.seen[-500:]!r}")
        return (at or time.perf_counter()) - self.started if self.seen else 0.0

    def settle(self, quiet_s: float = 0.5) -> None:
        """Wait until nothing is drawn any more."""
        while self.read(quiet_s) is not None:
            pass

    def press(self, key: bytes) -> tuple[float, float] | None:
        """Return the milliseconds from a key to the first and to the last byte of what it drew; None: nothing."""
        while self.read(QUIET_S) is not None:
            pass
        sent = time.perf_counter()
        os.write(self._master, key)
        first = self.read(1.0)
        if first is None:
            return None
        last = first
        while (more := self.read(QUIET_S)) is not None and more - sent < 1.0:
            last = more
        return 1000 * (first - sent), 1000 * (last - sent)

    def close(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._master)


def drain(terminal: Terminal, seconds: float) -> None:
    """Read what is drawn for some seconds, as a terminal program does."""
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        terminal.read(min(left, 0.5))


def rss_mib(pid: int) -> float:
    """Return the memory of a process that is its own or shared, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("no VmRSS")


def processor_s(pid: int) -> float:
    """Return the seconds of a processor that a process took: what waiting for one would add on a busy machine."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def in_process() -> dict[str, float]:
    """Return the seconds of imports, and from there to the first screen, in a process without a terminal program."""
    code = (
        "import asyncio, time; start = time.perf_counter()\n"
        "from pathlib import Path\n"
        "from appliance.tui.app import TerminalApp\n"
        "from appliance.tui.source import Sources\n"
        "imported = time.perf_counter()\n"
        "async def main():\n"
        "    app = TerminalApp(Sources.over_http('http://127.0.0.1:9', Path('none'), 'en'))\n"
        "    async with app.run_test(size=(160, 48)) as pilot:\n"
        "        await pilot.pause()\n"
        "        print(imported - start, time.perf_counter() - imported)\n"
        "asyncio.run(main())\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return {"import_s": float(told[0]), "mount_s": float(told[1])}


def starts(url: str, key_file: Path, times: int) -> dict[str, float]:
    """Return the seconds to the first screen and to the first reading, the median of several starts."""
    screens, processor, readings = [], [], []
    for _start in range(times):
        terminal = Terminal(url, key_file)
        try:
            screens.append(terminal.until(b"Nodes"))
            processor.append(processor_s(terminal.pid))
            readings.append(terminal.until(b"gpu-01"))
        finally:
            terminal.close()
    named = {"first_screen_s": screens, "first_screen_processor_s": processor, "first_reading_s": readings}
    return {name: statistics.median(values) for name, values in named.items()}


def keys(terminal: Terminal, count: int) -> dict[str, float]:
    """Return the milliseconds from a key to the first and to the last byte of what it drew, and of a processor."""
    firsts: list[float] = []
    lasts: dict[str, list[float]] = {name: [] for name in KEYS}
    silent, before = 0, processor_s(terminal.pid)
    for number in range(count):
        name = list(KEYS)[number % len(KEYS)]
        drawn = terminal.press(KEYS[name])
        if drawn is None:
            silent += 1
            continue
        lasts[name].append(drawn[1])
        if name != BACK:
            firsts.append(drawn[0])
    all_of_them = [value for name, values in lasts.items() if name != BACK for value in values]
    return {
        "key_processor_ms": 1000 * (processor_s(terminal.pid) - before) / count,
        "key_first_byte_median_ms": statistics.median(firsts),
        "key_median_ms": statistics.median(all_of_them),
        "key_p95_ms": statistics.quantiles(all_of_them, n=20)[-1],
        **{f"{name}_median_ms": statistics.median(values) for name, values in lasts.items() if values},
        "keys_that_drew_nothing": silent,
    }


def measure(key_count: int, start_count: int) -> dict[str, float]:
    """Return every figure."""
    found: dict[str, float] = {"load_before": os.getloadavg()[0], **in_process()}
    with replaying() as url, tempfile.TemporaryDirectory() as folder:
        key_file = Path(folder) / "key"
        key_file.write_text("replayed")
        found |= starts(url, key_file, start_count)
        terminal = Terminal(url, key_file)
        try:
            terminal.until(b"gpu-01")
            drain(terminal, 3)
            before = processor_s(terminal.pid)
            drain(terminal, IDLE_S)
            found |= {"idle_share": (processor_s(terminal.pid) - before) / IDLE_S, "rss_mib": rss_mib(terminal.pid)}
            found |= keys(terminal, key_count)
            found["rss_after_keys_mib"] = rss_mib(terminal.pid)
        finally:
            terminal.close()
    return found | {"load_after": os.getloadavg()[0]}


def main() -> None:
    """Measure, and print each figure with its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=160)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.keys, options.starts)
    if options.json:
        print(json.dumps({name: round(value, 4) for name, value in found.items()}, indent=2))
        return
    told: Callable[[str, float], str] = lambda name, value: (  # noqa: E731
        "" if name not in TARGETS else f"  target {TARGETS[name]:g}: " + ("met" if value <= TARGETS[name] else "MISSED")
    )
    for name, value in found.items():
        print(f"{name:26} {value:10.3f}{told(name, value)}")


if __name__ == "__main__":
    main()
