"""Reading in a process of its own: hostile or huge files meet its limits, not the appliance.

Run as a module it is that process: name, path and limits on the command line, JSON on standard output.
"""

import importlib
import json
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import appliance
from appliance.core.errors import ApplianceError, InvalidRequest, RequestError, error_from_data
from appliance.core.messages import _
from appliance.core.units import human_bytes
from appliance.knowledge.content import Extracted
from appliance.knowledge.formats import check_first_bytes, format_of
from appliance.knowledge.limits import DEFAULT_LIMITS, Limits

_STDERR_SHOWN = 300


def extract(path: Path, name: str, limits: Limits = DEFAULT_LIMITS) -> Extracted:
    """Return the blocks of the file at `path`, read by the reader for `name`.

    Raises `InvalidRequest` or `Unsupported` with the reason for any file that cannot be read within `limits`.
    """
    command = [sys.executable, "-m", "appliance.knowledge.reading", name, str(path), json.dumps(asdict(limits))]
    environment = {
        "PYTHONPATH": str(Path(appliance.__file__).resolve().parent.parent),
        "PYTHONIOENCODING": "utf-8",
        "OPENBLAS_NUM_THREADS": "1",  # each thread would reserve address space out of the limit
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=limits.wall_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _too_costly(name, limits) from error
    if done.returncode != 0:
        raise _too_costly(name, limits)
    answer = json.loads(done.stdout)
    if "error" in answer:
        refused = error_from_data(answer["error"])
        if isinstance(refused, RequestError):
            refused.param = "file"
        raise refused
    return Extracted.from_json(answer)


def _too_costly(name: str, limits: Limits) -> InvalidRequest:
    return InvalidRequest(
        _(
            "Reading {name} needs more than {memory} of memory or {seconds} s, or breaks its reader.",
            name=name,
            memory=human_bytes(limits.memory_bytes),
            seconds=limits.cpu_s,
        ),
        _("Split the document or export it again."),
        param="file",
        code="document_too_costly",
    )


def _confine(limits: Limits) -> None:
    """Bound this process's memory, processor time and writing."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(name: str, path: Path, limits: Limits) -> dict[str, Any]:
    content = path.read_bytes()
    check_first_bytes(name, content)
    reader = importlib.import_module(f"appliance.knowledge.readers.{format_of(name).reader}")
    return cast("Extracted", reader.read(content, name, limits)).to_json()


def _main(arguments: list[str]) -> None:
    name, path, raw_limits = arguments
    limits = Limits(**json.loads(raw_limits))
    _confine(limits)
    try:
        answer = _read(name, Path(path), limits)
    except ApplianceError as error:
        answer = {"error": error.to_data()}
    json.dump(answer, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    _main(sys.argv[1:])
