"""Reading documents as Ray tasks: on any machine of the cluster, each in a confined process of its own."""

import tempfile
from pathlib import Path
from typing import Any

from ray.exceptions import GetTimeoutError, OutOfMemoryError, RayError, RayTaskError, WorkerCrashedError

from appliance.core.errors import ApplianceError, InvalidRequest, Unavailable
from appliance.core.messages import _
from appliance.knowledge.intake.indexing import Prepared, prepare_file
from appliance.knowledge.readers.limits import Limits

_SLOT = 0.1  # of a processor, as Ray counts: the replicas and the engine hold the rest of a small machine
_QUEUE_S = 600.0  # how long a task may wait for a worker on top of the time that reading may take


def _prepare(content: bytes, name: str, limits: Limits) -> Prepared:
    """Prepare a document whose bytes came with the task: the machine that runs it may not have the file."""
    with tempfile.NamedTemporaryFile(prefix="document-") as file:
        file.write(content)
        file.flush()
        return prepare_file(Path(file.name), name, limits)


def prepare_by_task(path: Path, name: str, limits: Limits) -> Prepared:
    """Prepare a document on some machine of the cluster; an `indexing.Preparer` for a thread of a replica.

    Raises `InvalidRequest` for a document that cannot be read or ends its worker, `Unavailable` where no machine has
    room for the task.
    """
    import ray

    task = ray.remote(num_cpus=_SLOT, max_retries=0, scheduling_strategy="SPREAD")(_prepare)
    reference: Any = task.remote(path.read_bytes(), name, limits)
    try:
        prepared: Prepared = ray.get(reference, timeout=limits.wall_s + _QUEUE_S)
    except GetTimeoutError as error:
        ray.cancel(reference, force=True)
        raise Unavailable(
            _("No machine of the cluster had room to read {name}.", name=name),
            _("It is tried again; `appliance status` shows the machines."),
        ) from error
    except RayTaskError as error:
        if isinstance(error.cause, ApplianceError):
            raise error.cause from error
        raise _broke_reader(name) from error
    except (WorkerCrashedError, OutOfMemoryError) as error:
        raise _broke_reader(name) from error
    except RayError as error:
        raise Unavailable(
            _("The machine that was reading {name} is gone.", name=name), _("It is tried again on another.")
        ) from error
    return prepared


def _broke_reader(name: str) -> InvalidRequest:
    return InvalidRequest(
        _("Reading {name} ended the process that read it.", name=name),
        _("Split the document or export it again."),
        param="file",
        code="document_too_costly",
    )
