"""Results of steps as files: made once for the same inputs, and whole or not there."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from appliance.core.files import write_durably

Kept = TypeVar("Kept", bound=BaseModel)


def key_of(*inputs: object) -> str:
    """Return what changes when one of the inputs does; they are plain values."""
    text = json.dumps(inputs, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def step_file(job: Path, step: str, key: str) -> Path:
    """Return where the result of a step is kept."""
    return job / "steps" / f"{step}-{key}.json"


def made_once(path: Path, model: type[Kept], make: Callable[[], Kept]) -> tuple[Kept, float]:
    """Return what the file holds, or make it and keep it; with the seconds that its making took, 0 where it was there.

    A file that cannot be read as `model` is made anew. Raises what `make` raises, and `DiskFull`.
    """
    found = read_kept(path, model)
    if found is not None:
        return found, 0.0
    began = time.perf_counter()
    made = make()
    keep(path, made)
    return made, time.perf_counter() - began


def keep(path: Path, value: BaseModel) -> None:
    """Write a value durably. Raises `DiskFull`, and `FileNotFoundError` for a job that was deleted meanwhile."""
    check_there(path.parent.parent)
    write_durably(path, value.model_dump_json().encode())


def check_there(job: Path) -> None:
    """Raise `FileNotFoundError` where a job's folder is gone: nothing of a deleted job comes back."""
    if not job.is_dir():
        raise FileNotFoundError(f"the job in {job.name} is deleted")


def read_kept(path: Path, model: type[Kept]) -> Kept | None:
    """Return what a file holds; None where there is none, or one of another version."""
    try:
        return model.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def plain(path: Path) -> dict[str, Any]:
    """Return a kept file as plain values. Raises `FileNotFoundError`."""
    values: dict[str, Any] = json.loads(path.read_bytes())
    return values
