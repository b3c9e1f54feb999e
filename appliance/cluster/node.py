"""Start and stop this machine's Ray node."""

import contextlib
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from appliance.config.site import ClusterSettings
from appliance.core.errors import ConfigError, StartFailed
from appliance.core.messages import _
from appliance.core.units import MIB

# Ray appends about 60 characters for its sockets; a UNIX socket path may have 107.
_LONGEST_TEMP_FOLDER = 45
_LAST_PORT = 65535
_START_TIMEOUT_S = 120.0


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

    @classmethod
    def from_settings(cls, settings: ClusterSettings) -> "RayPorts":
        """Return nine consecutive ports from `cluster.port` on. Raises `ConfigError` where there are not as many."""
        if settings.port > _LAST_PORT - 8:
            raise ConfigError(
                _("cluster.port {port} is too high: nine ports from it on are needed.", port=settings.port),
                _("Set cluster.port in the site file to {limit} or less.", limit=_LAST_PORT - 8),
            )
        return cls(*range(settings.port, settings.port + 9))

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


def _command(settings: ClusterSettings, ports: RayPorts, folder: Path) -> list[str]:
    return [
        sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--disable-usage-stats",
        "--node-ip-address=127.0.0.1",
        f"--port={ports.gcs}",
        f"--node-manager-port={ports.node_manager}",
        f"--object-manager-port={ports.object_manager}",
        f"--dashboard-agent-grpc-port={ports.agent_grpc}",
        f"--dashboard-agent-listen-port={ports.agent_http}",
        f"--runtime-env-agent-port={ports.runtime_env_agent}",
        f"--metrics-export-port={ports.metrics}",
        f"--include-dashboard={str(settings.dashboard).lower()}",
        "--dashboard-host=127.0.0.1",
        f"--dashboard-port={ports.dashboard}",
        f"--ray-client-server-port={ports.client}",
        f"--min-worker-port={settings.worker_port_min}",
        f"--max-worker-port={settings.worker_port_max}",
        f"--num-cpus={logical_cpus(settings)}",
        f"--object-store-memory={settings.object_store_mib * MIB}",
        f"--temp-dir={folder}",
        "--include-log-monitor=false",
        "--log-style=record",
    ]  # fmt: skip


def start_head(
    home: Path, settings: ClusterSettings, environment: Mapping[str, str], log_file: Path
) -> subprocess.Popen[bytes]:
    """Start the first node in a session of its own and wait until its control service answers.

    Raises `StartFailed`, which names the log and its last line.
    """
    folder = temp_folder(home)
    _make_private(folder)
    ports = RayPorts.from_settings(settings)
    with log_file.open("ab") as log:
        already = log.tell()
        process = subprocess.Popen(
            _command(settings, ports, folder),
            env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
        )  # fmt: skip
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if b"--block" in log_file.read_bytes()[already:]:
            return process
        time.sleep(0.2)
    raise StartFailed(
        _("Ray did not start: {reason}", reason=last_line(log_file)),
        _("Read {log}, then run `appliance doctor`.", log=log_file),
    )


def last_line(log_file: Path) -> str:
    """Return the last line of a log that is not empty."""
    lines = [line for line in log_file.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
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
