"""Separate hosts on one Linux machine: network namespaces joined by a bridge that is in a namespace of its own.

    with Lab(folder, ["head", "worker"]) as lab:
        lab["head"].run(["appliance", "up"])
        lab.cut("worker")          # nothing passes any more; `lose` drops a part, `heal` lets everything pass again
        lab["worker"].kill()       # every process of that host

Hosts have the addresses 10.77.0.1, 10.77.0.2, … and a folder each; file system and process ids are the machine's. They
reach one another and nothing else, and nothing on the machine outside the lab's own namespaces is changed. Their names
carry the id of this process: labs beside each other do not meet, and what a killed one left is cleared away.
"""

import contextlib
import ctypes
import itertools
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_PREFIX = "lab"
_NAMESPACES = Path("/run/netns")
_NETWORK = "10.77.0"
_BRIDGE, _LINK = "bridge0", "eth0"
_CLONE_NEWNET = 0x40000000
_MOST_HOSTS = 200
_ENDED_WITHIN_S = 10.0
_FOREIGN_PREFIXES = ("APPLIANCE_", "RAY_", "SERVE_", "VLLM_")
_NUMBERS = itertools.count()


class LabFailed(Exception):
    """A step of the lab failed; the message is what the tool said."""


def reason_to_skip() -> str | None:
    """Return why there can be no lab here, or None."""
    if os.geteuid() != 0:
        return "separate hosts need root"
    for command, package in (("ip", "iproute2"), ("nft", "nftables")):
        if shutil.which(command) is None:
            return f"separate hosts need {package}"
    probe = f"{_PREFIX}-{os.getpid()}-{next(_NUMBERS)}-probe"
    try:
        _ip("netns", "add", probe)
        _ip("netns", "exec", probe, "nft", "list", "ruleset")
    except LabFailed as error:
        return f"no network namespaces here: {error}"
    finally:
        with contextlib.suppress(LabFailed):
            _ip("netns", "delete", probe)
    return None


@dataclass
class Host:
    """One host: what is started here sees its network only."""

    name: str
    namespace: str
    address: str
    folder: Path
    """Its own; `home` is in it."""
    extra: dict[str, str] = field(default_factory=dict)
    """What its processes find in their environment besides."""

    @property
    def home(self) -> Path:
        """The appliance's home folder on this host."""
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its processes: the caller's, without what names another appliance or cluster."""
        base = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN_PREFIXES)}
        return {**base, "HOME": str(self.folder), "APPLIANCE_HOME": str(self.home), "LC_ALL": "C.UTF-8", **self.extra}

    def run(self, command: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
        """Run a command to its end; its output is captured. `options` are those of `subprocess.run`."""
        given = {"capture_output": True, "text": True, "check": False, "env": self.environment, **options}
        return subprocess.run(self._inside(command), **given)

    def start(self, command: Sequence[str | Path], **options: Any) -> "subprocess.Popen[bytes]":  # noqa: ANN401
        """Start a command and return at once. `options` are those of `subprocess.Popen`."""
        given = {"env": self.environment, "start_new_session": True, "stdin": subprocess.DEVNULL, **options}
        return subprocess.Popen(self._inside(command), **given)

    def _inside(self, command: Sequence[str | Path]) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *map(str, command)]

    def pids(self) -> list[int]:
        """Return the ids of its processes."""
        return [int(pid) for pid in _ip("netns", "pids", self.namespace).split()]

    def kill(self, sign: signal.Signals = signal.SIGKILL) -> int:
        """Send all its processes a signal, SIGKILL until none is left; return how many there were.

        Raises `LabFailed` where some do not end.
        """
        found: set[int] = set()
        deadline = time.monotonic() + _ENDED_WITHIN_S
        while pids := self.pids():
            found.update(pids)
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, sign)
            if sign != signal.SIGKILL:
                break
            if time.monotonic() > deadline:
                raise LabFailed(f"processes of {self.name} do not end: {pids}")
            time.sleep(0.05)
        return len(found)

    @contextlib.contextmanager
    def network(self) -> Iterator[None]:
        """Let the sockets that this thread makes in the block be this host's; threads that it starts there stay."""
        with Path(f"/proc/self/task/{threading.get_native_id()}/ns/net").open("rb") as before:
            with (_NAMESPACES / self.namespace).open("rb") as namespace:
                _enter(namespace.fileno())
            try:
                yield
            finally:
                _enter(before.fileno())


class Lab:
    """Hosts by name, from `with` to its end; then nothing of them is left, whatever happened in between."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        if not 0 < len(names) <= _MOST_HOSTS or len(set(names)) != len(names):
            raise LabFailed(f"a lab has 1 to {_MOST_HOSTS} hosts with names of their own")
        self._mark = f"{_PREFIX}-{os.getpid()}-{next(_NUMBERS)}"
        self._switch = f"{self._mark}-switch"
        self.hosts = {
            name: Host(name, f"{self._mark}-{name}", f"{_NETWORK}.{number}", folder / name)
            for number, name in enumerate(names, start=1)
        }
        self._ports = {name: f"port{number}" for number, name in enumerate(names, start=1)}
        self._rules: list[str] = []

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def __enter__(self) -> Self:
        _sweep()
        try:
            _ip("netns", "add", self._switch)
            _ip("-n", self._switch, "link", "add", _BRIDGE, "type", "bridge")
            _ip("-n", self._switch, "link", "set", _BRIDGE, "up")
            for host in self.hosts.values():
                self._add(host)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _add(self, host: Host) -> None:
        host.folder.mkdir(parents=True, exist_ok=True)
        port = self._ports[host.name]
        _ip("netns", "add", host.namespace)
        _ip("-n", self._switch, "link", "add", port, "type", "veth", "peer", "name", _LINK, "netns", host.namespace)
        _ip("-n", self._switch, "link", "set", port, "master", _BRIDGE, "up")
        _ip("-n", host.namespace, "address", "add", f"{host.address}/24", "dev", _LINK)
        for link in ("lo", _LINK):
            _ip("-n", host.namespace, "link", "set", link, "up")

    def _remove(self) -> None:
        problems = []
        for host in self.hosts.values():
            try:
                if (_NAMESPACES / host.namespace).exists():
                    host.kill()
            except LabFailed as error:
                problems.append(str(error))
        for namespace in (*(host.namespace for host in self.hosts.values()), self._switch):
            try:
                if (_NAMESPACES / namespace).exists():
                    _ip("netns", "delete", namespace)
            except LabFailed as error:
                problems.append(str(error))
        if problems:
            raise LabFailed("; ".join(problems))

    def cut(self, name: str, other: str | None = None) -> None:
        """Drop everything between a host and all others, or one other, both ways, until `heal`."""
        port = self._ports[name]
        if other is None:
            self._drop(f'iifname "{port}" drop', f'oifname "{port}" drop')
        else:
            far = self._ports[other]
            self._drop(f'iifname "{port}" oifname "{far}" drop', f'iifname "{far}" oifname "{port}" drop')

    def lose(self, name: str, percent: int) -> None:
        """Drop a random 1 to 99 percent of what a host sends and gets, until `heal`."""
        if not 0 < percent < 100:
            raise LabFailed("a part is 1 to 99 percent; to drop everything there is `cut`")
        port, part = self._ports[name], f"numgen random mod 100 < {percent} drop"
        self._drop(f'iifname "{port}" {part}', f'oifname "{port}" {part}')

    def heal(self) -> None:
        """Let everything pass again."""
        self._rules = []
        self._apply()

    def _drop(self, *rules: str) -> None:
        self._rules += rules
        self._apply()

    def _apply(self) -> None:
        """Put the rules in place, in one step."""
        chain = ["type filter hook forward priority 0; policy accept;", *self._rules]
        table = ["table bridge lab {", "chain between {", *chain, "}", "}"]
        text = "\n".join(["table bridge lab", "delete table bridge lab", *table, ""])
        _tool(["ip", "netns", "exec", self._switch, "nft", "-f", "-"], text)


def _sweep() -> None:
    """Remove the namespaces of labs whose process is gone."""
    for entry in _NAMESPACES.glob(f"{_PREFIX}-*"):
        found = re.fullmatch(rf"{_PREFIX}-(\d+)-.+", entry.name)
        if found and not Path(f"/proc/{found[1]}").exists():
            with contextlib.suppress(LabFailed):  # another lab may be clearing the same one away
                Host(entry.name, entry.name, "", Path()).kill()
                _ip("netns", "delete", entry.name)


def _enter(namespace: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(namespace, _CLONE_NEWNET) != 0:
        raise LabFailed(f"cannot enter the network of a host: {os.strerror(ctypes.get_errno())}")


def _ip(*arguments: str) -> str:
    return _tool(["ip", *arguments])


def _tool(command: Sequence[str], text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabFailed(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
