"""Start and stop this machine's Ray node."""

import contextlib
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import psutil

from appliance.config.site import ClusterSettings
from appliance.core.errors import ConfigError, StartFailed
from appliance.core.messages import _
from appliance.core.units import MIB

# Ray appends about 60 characters for its sockets; a UNIX socket path may have 107.
_LONGEST_TEMP_FOLDER = 45
_LAST_PORT = 65535
_START_TIMEOUT_S = 120.0
ENGINE_PLACE: Final = "engine_place"
"""A resource that each node has `PLACES` of: an engine takes one of each node, a cordoned node gives none."""
PLACES: Final = 1024
_START = (sys.executable, "-m", "ray.scripts.scripts", "start", "--disable-usage-stats")


@dataclass(frozen=True)
class RayPorts:
    """The fixed ports of one node, counted from the cluster's first."""

    gcs: int
    node_manager: int
    object_manager: int
    agent_grpc: int
    agent_http: int
    runtime_env_agent: int
    metrics: int
    dashboard: int
    client: int
    join: int
    """Where other nodes ask to join; on the head."""
    peer: int
    """Where nodes give each other files."""
    gateway: int
    """Where gateways of other nodes hand in requests; on the head."""

    @classmethod
    def from_settings(cls, settings: ClusterSettings) -> "RayPorts":
        """Return twelve consecutive ports from `cluster.port` on. Raises `ConfigError` where there are not as many."""
        last = settings.port + len(fields(cls)) - 1
        if last > _LAST_PORT:
            raise ConfigError(
                _("cluster.port {port} is too high: twelve ports from it on are needed.", port=settings.port),
                _("Set cluster.port in the site file to {limit} or less.", limit=_LAST_PORT - len(fields(cls)) + 1),
            )
        return cls(*range(settings.port, last + 1))

    def in_use_when_running(self, dashboard: bool) -> tuple[int, ...]:
        """Return the ports that must be free at start."""
        ports = (
            self.gcs, self.node_manager, self.object_manager, self.agent_grpc,
            self.agent_http, self.runtime_env_agent, self.metrics, self.client,
        )  # fmt: skip
        return (*ports, self.dashboard) if dashboard else ports


def temp_folder(home: Path) -> Path:
    """Return where Ray keeps sockets and session logs: in the home folder, or a short path where that is too long."""
    inside = home / "run" / "ray"
    if len(str(inside)) <= _LONGEST_TEMP_FOLDER:
        return inside
    return Path("/tmp") / f"appliance-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"  # noqa: S108


def _make_private(folder: Path) -> None:
    """Make `folder` with mode 0700; in a world-writable place it must not be somebody else's."""
    with contextlib.suppress(FileExistsError):  # a file or a dangling link of that name is refused below
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    details = folder.lstat()
    if details.st_uid != os.getuid() or not stat.S_ISDIR(details.st_mode):
        raise StartFailed(
            _("The folder {folder} belongs to another user.", folder=folder),
            _("Remove it, or choose a shorter home folder with --home."),
        )
    folder.chmod(0o700)


def logical_cpus(settings: ClusterSettings) -> int:
    """Return the CPU slots to tell Ray of: replicas mostly wait, so a small box offers more than it has."""
    return settings.logical_cpus or max(16, psutil.cpu_count(logical=True) or 1)


def head_command(settings: ClusterSettings, ports: RayPorts, folder: Path) -> list[str]:
    """Return the command that starts the first node's Ray, its session below `folder`."""
    return [
        *_START, "--head",
        f"--port={ports.gcs}",
        f"--include-dashboard={str(settings.dashboard).lower()}",
        "--no-monitor",  # nothing here asks a cloud for machines, and it has a port of its own
        "--dashboard-host=127.0.0.1",
        f"--dashboard-port={ports.dashboard}",
        f"--ray-client-server-port={ports.client}",
        *_node_options(settings, ports, folder),
    ]  # fmt: skip


def worker_command(settings: ClusterSettings, ports: RayPorts, folder: Path, head_address: str) -> list[str]:
    """Return the command that starts Ray on a node which joins the cluster at `head_address` (HOST:PORT)."""
    return [*_START, f"--address={head_address}", *_node_options(settings, ports, folder)]


def _node_options(settings: ClusterSettings, ports: RayPorts, folder: Path) -> list[str]:
    labels = ",".join(f"{name}={value}" for name, value in sorted(settings.labels.items()))
    return [
        f"--node-ip-address={settings.address}",
        f"--node-manager-port={ports.node_manager}",
        f"--object-manager-port={ports.object_manager}",
        f"--dashboard-agent-grpc-port={ports.agent_grpc}",
        f"--dashboard-agent-listen-port={ports.agent_http}",
        f"--runtime-env-agent-port={ports.runtime_env_agent}",
        f"--metrics-export-port={ports.metrics}",
        f"--min-worker-port={settings.worker_port_min}",
        f"--max-worker-port={settings.worker_port_max}",
        f"--num-cpus={logical_cpus(settings)}",
        f"--resources={json.dumps({ENGINE_PLACE: PLACES})}",
        f"--object-store-memory={settings.object_store_mib * MIB}",
        f"--temp-dir={folder}",
        "--include-log-monitor=false",
        "--log-style=record",
        *([f"--labels={labels}"] if labels else []),
    ]


def start_head(home: Path, settings: ClusterSettings, environment: Mapping[str, str], log_file: Path) -> None:
    """Start the first node's Ray and return when its control service answers; its processes go on by themselves.

    Raises `StartFailed`, which names the log and its last line.
    """
    folder = temp_folder(home)
    _start(head_command(settings, RayPorts.from_settings(settings), folder), folder, environment, log_file)


def start_worker(
    home: Path, settings: ClusterSettings, head_address: str, environment: Mapping[str, str], log_file: Path
) -> None:
    """Start Ray on a node that joins the cluster at `head_address` (HOST:PORT); otherwise as `start_head`."""
    folder = temp_folder(home)
    ports = RayPorts.from_settings(settings)
    _start(worker_command(settings, ports, folder, head_address), folder, environment, log_file)


def _start(command: list[str], folder: Path, environment: Mapping[str, str], log_file: Path) -> None:
    _make_private(folder)
    with log_file.open("ab") as log:
        already = log.tell()
        try:
            ended = subprocess.run(
                command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, cwd="/", timeout=_START_TIMEOUT_S, check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            ended = 1
    if ended != 0:
        raise StartFailed(
            _("Ray did not start: {reason}", reason=last_line(log_file, already)),
            _("Read {log}, then run `appliance doctor`.", log=log_file),
        )


def last_line(log_file: Path, from_byte: int = 0) -> str:
    """Return the last line of a log, from a byte on, that is not empty."""
    text = log_file.read_bytes()[from_byte:].decode(errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def remove_temp_folder(home: Path, logs: Path) -> None:
    """Remove Ray's session folder after a stop; its logs become `logs/ray-last`, in place of those before."""
    session = temp_folder(home) / "session_latest" / "logs"
    if session.is_dir():
        kept = logs / "ray-last"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(
            session.resolve(), kept, symlinks=True, ignore=shutil.ignore_patterns("old"), dirs_exist_ok=True
        )
    shutil.rmtree(temp_folder(home), ignore_errors=True)
