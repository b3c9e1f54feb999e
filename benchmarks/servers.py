"""Start and stop the two servers that are compared: vLLM's own, and the appliance by its command line."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import psutil
import yaml

_START_TIMEOUT_S = 600
_STOP_TIMEOUT_S = 30
_ROOT = Path(__file__).resolve().parent.parent
# What the appliance sets for its engine too.
_ENGINE_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_ALLOW_INSECURE_SERIALIZATION": "0",
    "TOKENIZERS_PARALLELISM": "false",
}


class ServerFailed(Exception):
    """A server did not start; the message says where its log is."""


@dataclass(frozen=True)
class Server:
    """A server that answers now."""

    url: str
    key: str | None
    processes: Callable[[], Iterable[psutil.Process]]
    """Finds the processes that it consists of now: workers come and go."""

    def memory(self) -> dict[str, int]:
        """Return bytes of all its processes: `pss_bytes` counts shared pages once, `rss_bytes` in each process."""
        pss = rss = count = 0
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                reading = process.memory_full_info()
                pss, rss, count = pss + reading.pss, rss + reading.rss, count + 1
        return {"pss_bytes": pss, "rss_bytes": rss, "processes": count}


@dataclass(frozen=True)
class EngineSettings:
    """What both servers give the engine: the site file's settings of the model `general`, or their defaults."""

    package: str = "base"
    max_model_len: int | None = None
    max_num_seqs: int = 64
    kv_cache_gib: int = 1
    gpu_memory_utilization: float = 0.9
    tensor_parallel_size: int = 1
    compile: bool = False
    tool_call_parser: str | None = "hermes"


def read_settings(home: Path) -> EngineSettings:
    """Read the engine settings that the appliance would use in `home`."""
    site = home / "site.yaml"
    model: dict[str, Any] = {}
    if site.is_file():
        model = ((yaml.safe_load(site.read_text(encoding="utf-8")) or {}).get("models") or {}).get("general") or {}
    names = {field.name for field in fields(EngineSettings)}
    engine = {name: value for name, value in (model.get("engine") or {}).items() if name in names}
    return EngineSettings(package=model.get("package", "base"), **engine)


def vllm_command(home: Path, settings: EngineSettings, port: int) -> list[str]:
    """Return the command line of vLLM's own server with the engine settings that the appliance uses."""
    folder = home / "models" / settings.package
    card = yaml.safe_load((folder / "card.yaml").read_text(encoding="utf-8"))
    length = min(settings.max_model_len or card["context_length"], card["context_length"])
    options = {
        "--model": folder,
        "--served-model-name": "general",
        "--host": "127.0.0.1",
        "--port": port,
        "--load-format": "safetensors",
        "--dtype": card["dtype"],
        "--max-model-len": length,
        "--max-num-seqs": settings.max_num_seqs,
        "--tensor-parallel-size": settings.tensor_parallel_size,
        "--chat-template": folder / card["chat_template"],
        "--generation-config": "auto",
        "--gpu-memory-utilization": settings.gpu_memory_utilization,
    }
    flags = ["--enable-prefix-caching", "--disable-log-stats", "--disable-uvicorn-access-log"]
    if not settings.compile:
        flags.append("--enforce-eager")
    if settings.tool_call_parser is not None:
        options["--tool-call-parser"] = settings.tool_call_parser
        flags.append("--enable-auto-tool-choice")
    module = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    return [*module, *(str(part) for pair in options.items() for part in pair), *flags]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_health(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerFailed(f"vLLM's server ended with exit code {process.returncode}; its log is {log}")
        # Refused until the engine is loaded, 503 while it warms up: both are URLError.
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"{url}/health", timeout=5).close()
            return
        time.sleep(0.5)
    raise ServerFailed(f"vLLM's server did not answer within {_START_TIMEOUT_S} s; its log is {log}")


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and everything that it started in its session."""
    for sign, wait_s in ((signal.SIGTERM, _STOP_TIMEOUT_S), (signal.SIGKILL, _STOP_TIMEOUT_S)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait_s)
    process.wait()


@contextlib.contextmanager
def vllm_server(home: Path, settings: EngineSettings) -> Iterator[Server]:
    """Run vLLM's own server inside the block; its log is beside the appliance's."""
    port, log = _free_port(), home / "logs" / "benchmark-vllm.log"
    environment = {**os.environ, **_ENGINE_ENVIRONMENT, "VLLM_CPU_KVCACHE_SPACE": f"{settings.kv_cache_gib}"}
    with log.open("wb") as words:
        process = subprocess.Popen(
            vllm_command(home, settings, port),
            stdout=words,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _await_health(url, process, log)
        first = psutil.Process(process.pid)
        yield Server(url, None, lambda: (first, *first.children(recursive=True)))
    finally:
        _stop_group(process)


def _appliance(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "appliance"), *arguments]
    environment: Mapping[str, str] = {**os.environ, "APPLIANCE_HOME": str(home)}
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=False)


def _processes_of_instance(home: Path) -> tuple[psutil.Process, ...]:
    """Return the processes that `appliance up` started: all are descendants of Ray's first one."""
    head = json.loads((home / "run" / "instance.json").read_text(encoding="utf-8"))["head_pid"]
    first = psutil.Process(head)
    return (first, *first.children(recursive=True))


@contextlib.contextmanager
def appliance_server(home: Path) -> Iterator[Server]:
    """Run the appliance from `home` inside the block. Raises `ServerFailed` when it runs from there already."""
    if (home / "run" / "instance.json").exists():
        raise ServerFailed(f"the appliance runs from {home} already; stop it with `appliance down`")
    try:
        outcome = _appliance(home, "up", "--json")
        if outcome.returncode != 0:
            raise ServerFailed(f"`appliance up` ended with exit code {outcome.returncode}; what it said is above")
        tour = json.loads(outcome.stdout)
        key = Path(tour["admin_key_file"]).read_text(encoding="utf-8").strip()
        yield Server(tour["address"].rstrip("/").removesuffix("/v1"), key, lambda: _processes_of_instance(home))
    finally:
        _appliance(home, "down")


def build_model(home: Path) -> None:
    """Build the base model's package in `home` if it is not there."""
    script = _ROOT / "images" / "models" / "build.py"
    environment = {**os.environ, "APPLIANCE_HOME": str(home)}
    subprocess.run([sys.executable, str(script)], stdout=sys.stderr, env=environment, check=True)
