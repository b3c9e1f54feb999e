"""Start and stop what `gateway_alone.py` compares: each with the same double of an engine behind it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from appliance.cluster import node
from appliance.cluster.certificates import ensure_authority, ensure_node_certificate
from appliance.cluster.environment import cluster_environment
from appliance.cluster.instance import Instance, end_processes, processes_of
from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.state.database import Database, sqlite_url
from appliance.state.keys import KeyRing, load_or_create_pepper, load_or_create_token

_HERE = Path(__file__).resolve().parent
_WAIT_S = 180
_DOUBLES = ("model-general", "InstantServer", "instant_engine")
_KEY = "sk-benchmark"


class NotStarted(Exception):
    """A server did not come up; the message says where its log is."""


@dataclass(frozen=True)
class Contestant:
    """A server that answers; `processes` finds what it consists of, without the double where that is apart."""

    name: str
    url: str
    key: str
    processes: Callable[[], list[psutil.Process]]

    def counted(self) -> dict[psutil.Process, bool]:
        """Return its processes, and whether each is the double: that one's work is not the gateway's."""
        return {process: any(word in _title(process) for word in _DOUBLES) for process in self.processes()}


def _title(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def await_answer(url: str, key: str, log: Path, alive: Callable[[], bool] = lambda: True) -> None:
    """Wait until a chat request is answered. Raises `NotStarted`."""
    body = json.dumps({"model": "general", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    deadline, last = time.monotonic() + _WAIT_S, ""
    while time.monotonic() < deadline and alive():
        request = urllib.request.Request(f"{url}/v1/chat/completions", body.encode(), headers)
        try:
            urllib.request.urlopen(request, timeout=20).close()
            return
        except urllib.error.HTTPError as error:
            last = f"HTTP {error.code}: {error.read()[:300]!r}"
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            last = str(error)
        time.sleep(0.5)
    raise NotStarted(f"{url} does not answer ({last}); its log is {log}")


@contextlib.contextmanager
def _process(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as words:
        started = subprocess.Popen(
            command, stdout=words, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )  # fmt: skip
    try:
        yield started
    finally:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(10)


def _tree(first: subprocess.Popen[bytes]) -> list[psutil.Process]:
    process = psutil.Process(first.pid)
    return [process, *process.children(recursive=True)]


@contextlib.contextmanager
def double_server(folder: Path, port: int, tokens: int) -> Iterator[Contestant]:
    """Run the double as an OpenAI server: what all others are compared with."""
    log = folder / "double.log"
    command = [
        sys.executable, "-m", "uvicorn", "instant_engine:app", "--app-dir", str(_HERE), "--port", str(port),
        "--log-level", "warning",
    ]  # fmt: skip
    with _process(command, log, {**os.environ, "INSTANT_TOKENS": str(tokens)}) as started:
        await_answer(f"http://127.0.0.1:{port}", _KEY, log, lambda: started.poll() is None)
        yield Contestant("direct", f"http://127.0.0.1:{port}", _KEY, lambda: _tree(started))


@contextlib.contextmanager
def litellm_server(folder: Path, port: int, double: Contestant, program: Path) -> Iterator[Contestant]:
    """Run the LiteLLM proxy, one worker, its key checked without a database, in front of the double."""
    log, config = folder / "litellm.log", folder / "litellm.yaml"
    model = {"model": "openai/general", "api_base": f"{double.url}/v1", "api_key": _KEY}
    settings = {
        "model_list": [{"model_name": "general", "litellm_params": model}],
        "litellm_settings": {"telemetry": False, "num_retries": 0, "request_timeout": 60},
        "general_settings": {"master_key": _KEY},
    }
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION"}
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DATABASE_URL")}
    with _process(command, log, environment | quiet) as started:
        await_answer(f"http://127.0.0.1:{port}", _KEY, log, lambda: started.poll() is None)
        yield Contestant("LiteLLM", f"http://127.0.0.1:{port}", _KEY, lambda: _tree(started))


@dataclass(frozen=True)
class Cluster:
    """Ray with the appliance's settings, started from a home folder of its own."""

    home: Home
    instance: Instance
    environment: dict[str, str]
    """That of its drivers."""
    key: str
    """A caller's key of the gateway that may be put on it."""

    def drive(self, arguments: list[str], log: Path, timeout_s: float = _WAIT_S) -> str:
        """Run a program of this folder as a driver; return its standard output. Raises `NotStarted` where it fails."""
        command = [sys.executable, str(_HERE / arguments[0]), *arguments[1:]]
        with log.open("ab") as words:
            try:
                done = subprocess.run(
                    command, env=self.environment, stdout=subprocess.PIPE, stderr=words, check=True, timeout=timeout_s
                )
            except subprocess.SubprocessError as error:
                raise NotStarted(f"{' '.join(arguments[:2])} failed; the log is {log}") from error
        return done.stdout.decode()


@contextlib.contextmanager
def ray_cluster(home: Home, site: Mapping[str, Any], extra: Mapping[str, str]) -> Iterator[Cluster]:
    """Run Ray's head with the site file `site` inside the block; `extra` joins the environment of its processes."""
    home.create()
    home.site_file.write_text(yaml.safe_dump(dict(site)), encoding="utf-8")
    key = make_key(home, "caller")
    settings = load_site(home.site_file)
    instance = Instance(
        f"benchmark-{home.root.name}-{os.getpid()}", f"127.0.0.1:{settings.cluster.port}",
        f"http://127.0.0.1:{settings.gateway.port}", str(node.temp_folder(home.root)), "", "",
    )  # fmt: skip
    authority = ensure_authority(home.secrets)
    ensure_node_certificate(home.secrets, authority, instance.instance_id, [settings.cluster.address])
    environment = cluster_environment(instance.instance_id, home, settings.cluster, os.environ)
    environment |= {"PYTHONPATH": os.pathsep.join(filter(None, [str(_HERE), os.environ.get("PYTHONPATH")]))} | extra
    try:
        node.start_head(home.root, settings.cluster, environment, home.logs / "ray.log")
        yield Cluster(home, instance, environment, key)
    finally:
        end_processes(instance)
        node.remove_temp_folder(home.root, home.logs)


@contextlib.contextmanager
def ray_server(kind: str, folder: Path, port: int, cluster_port: int, tokens: int) -> Iterator[Contestant]:
    """Run Ray with the appliance's gateway (`appliance`) or `ray.serve.llm`'s ingress (`ray`).

    Both get the appliance's settings of Ray; `ray` has Serve's proxy in front of its ingress.
    """
    workers = {"worker_port_min": cluster_port + 1000, "worker_port_max": cluster_port + 1199}
    site = {"gateway": {"port": port}, "cluster": {"port": cluster_port, **workers}}
    with ray_cluster(Home(folder / kind), site, {"INSTANT_TOKENS": str(tokens)}) as cluster:
        log = cluster.home.logs / "deploy.log"
        cluster.drive(["alone_apps.py", kind, str(cluster.home.root)], log)
        await_answer(cluster.instance.gateway_url, cluster.key, log)
        name = "appliance" if kind == "appliance" else "Ray Serve LLM"
        yield Contestant(name, cluster.instance.gateway_url, cluster.key, lambda: processes_of(cluster.instance))


def make_key(home: Home, role: str) -> str:
    """Make the secrets and the database where they are missing, and return a key of that role."""
    load_or_create_token(home.ray_token_file)
    database = Database.open(sqlite_url(home.database))
    try:
        database.migrate()
        return KeyRing(database, load_or_create_pepper(home.pepper_file)).create("benchmark", role=role)[1]
    finally:
        database.close()
