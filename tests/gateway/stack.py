"""Start the real appliance once for all tests that need it, by the command line, as its user would."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from appliance.hardware.discovery import discover
from appliance.hardware.processor import fast_in_16_bits

APPLIANCE = Path(sys.executable).parent / "appliance"
BUILT_HOME = "APPLIANCE_TEST_MODEL_HOME"
_UP_TIMEOUT_S = 900


def free_ports(count: int) -> int:
    """Return the first of `count` consecutive free ports."""
    for first in range(26000, 32000, count):
        sockets = []
        try:
            for port in range(first, first + count):
                probe = socket.socket()
                sockets.append(probe)
                probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for probe in sockets:
                probe.close()
    raise AssertionError("no free ports")


def run_cli(home: Path, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    """Run the command line against `home`."""
    environment = {**os.environ, "APPLIANCE_HOME": str(home), "LC_ALL": "C.UTF-8"}
    timeout = options.pop("timeout", 120)
    return subprocess.run(
        [APPLIANCE, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        **options,
    )


QUEUE = 32
"""Requests that may wait for the model: few, so that a test need not send hundreds."""

REVIEWED = "reviewed"
"""The tenant whose answers are held until somebody has released them; whoever needs it adds it."""


def write_site(home: Path, **sections) -> dict:
    """Write a site file whose ports are free now; return what it says."""
    ports = free_ports(13)
    site = {
        "gateway": {"port": ports + 12},
        "cluster": {"port": ports, "worker_port_min": 32500, "worker_port_max": 32699},
    }
    for name, section in sections.items():
        site[name] = {**site.get(name, {}), **section} if isinstance(section, dict) else section
    home.mkdir(parents=True, exist_ok=True)
    (home / "site.yaml").write_text(yaml.safe_dump(site), encoding="utf-8")
    return site


def fast_numbers() -> dict:
    """Return what a model's engine is to be told here so that tests take no longer than they must."""
    return {} if fast_in_16_bits(discover().processor) else {"dtype": "float32"}


def share_model(home: Path) -> None:
    """Give `home` the base model that `make stack` built before, where it did; else `up` builds it."""
    built = os.environ.get(BUILT_HOME)
    if built:
        shutil.copytree(Path(built) / "models", home / "models", copy_function=os.link, dirs_exist_ok=True)


@dataclass(frozen=True)
class Stack:
    """A running appliance."""

    home: Path
    url: str
    admin_key: str
    tour: dict

    @property
    def v1(self) -> str:
        """Base address for OpenAI clients."""
        return f"{self.url}/v1"

    def client(self, key: str | None = None, **headers: str) -> httpx.Client:
        """Return an HTTP client with the admin key, or another."""
        headers.setdefault("Authorization", f"Bearer {key or self.admin_key}")
        return httpx.Client(base_url=self.url, headers=headers, timeout=120, trust_env=False)

    def cli(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        """Run the command line against this appliance."""
        return run_cli(self.home, *arguments, **options)


def start_stack(home: Path) -> Stack:
    """Bring an appliance up from an empty home; raise with what it said when that fails."""
    general = {"package": "base", "engine": {"max_queued_requests": QUEUE, **fast_numbers()}}
    site = write_site(
        home,
        models={"general": general, "finance": {"package": "finance", "scaling": {}, "engine": fast_numbers()}},
        guardrails={"tenants": {REVIEWED: {"review": ["model:general"]}}},
    )
    share_model(home)
    started = run_cli(home, "up", "--json", timeout=_UP_TIMEOUT_S)
    assert started.returncode == 0, f"{started.stdout}\n{started.stderr}"
    tour = json.loads(started.stdout)
    return Stack(
        home=home,
        url=f"http://127.0.0.1:{site['gateway']['port']}",
        admin_key=(home / "admin.key").read_text().strip(),
        tour=tour,
    )


def wait_until(condition, timeout_s: float, step_s: float = 0.05):
    """Return the first true value of `condition()`, or fail after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(step_s)
    raise AssertionError(f"not within {timeout_s} s")
