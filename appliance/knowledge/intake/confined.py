"""Work on hostile or huge files in a process of its own: they meet its limits, not the appliance.

`run_confined` starts `python -m MODULE ARGUMENTS LIMITS`; that module's main block calls `answer_confined`.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import appliance
from appliance.core.errors import ApplianceError, InvalidRequest, RequestError, error_from_data
from appliance.core.messages import _
from appliance.core.units import human_bytes
from appliance.knowledge.readers.formats import scans_can_be_read
from appliance.knowledge.readers.limits import Limits

_REFUSED = 3
"""Exit code for an error of the tree, which is then written as JSON."""


def run_confined(module: str, arguments: Sequence[str], name: str, limits: Limits, *, param: str = "file") -> bytes:
    """Return what `module` answers about the file called `name`; `param` names the field at fault in its errors.

    Raises the error that it met, and `InvalidRequest` where it needs more than `limits` or dies.
    """
    command = [sys.executable, "-P", "-m", module, *arguments, json.dumps(asdict(limits))]
    root = str(Path(appliance.__file__).resolve().parent.parent)
    environment = {
        "PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)]),
        "PYTHONIOENCODING": "utf-8",
        "OPENBLAS_NUM_THREADS": "1",  # each thread would reserve address space out of the limit
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    wall_s = limits.wall_s + _more_s(limits)
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=wall_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _too_costly(name, limits) from error
    if done.returncode == _REFUSED:
        refused = error_from_data(json.loads(done.stdout))
        if isinstance(refused, RequestError):
            refused.param = param
        raise refused
    if done.returncode != 0:
        raise _too_costly(name, limits)
    return done.stdout


def answer_confined(arguments: Sequence[str], work: Callable[[Sequence[str], Limits], bytes]) -> None:
    """Do the work of this process within its limits, and end it with the answer or the error."""
    limits = Limits(**json.loads(arguments[-1]))
    _confine(limits)
    code = 0
    try:
        answer = work(arguments[:-1], limits)
    except ApplianceError as error:
        answer, code = json.dumps(error.to_data()).encode(), _REFUSED
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    os._exit(code)  # nothing is left to close, and taking large trees down takes time


def _more_s(limits: Limits) -> int:
    return limits.ocr_s if scans_can_be_read() else 0


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
    cpu_s = limits.cpu_s + _more_s(limits)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
