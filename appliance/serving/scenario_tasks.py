"""`scenario.services.Tasks` as Ray tasks: functions of a pack in workers of their own, on the machine of its files."""

import asyncio
import os
import pickle
import resource
import traceback
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import structlog
from ray.exceptions import OutOfMemoryError, RayActorError, RayError, RayTaskError, WorkerCrashedError

from appliance.config.home import Home
from appliance.core.errors import ApplianceError, EngineFailed, Unavailable
from appliance.core.messages import _, current_language, speaking
from appliance.core.units import GIB, human_bytes
from appliance.scenario.pack import ScenarioPack
from appliance.scenario.places import find_pack
from appliance.scenario.tasks import as_they_end
from appliance.serving.names import HEAD_NODE

log: structlog.stdlib.BoundLogger = structlog.get_logger("scenario")

_SLOT: Final = 0.1  # of a processor, as Ray counts: the replicas and the engine hold the rest of a small machine
_RETRIES: Final = 2  # where the worker dies
_LONGEST_S: Final = 3600.0  # for a worker and for the work; nothing that somebody asked for takes longer
_BEHIND: Final = 10  # niceness: the live path goes first
_MEMORY_BYTES: Final = 4 * GIB
"""What one worker may have of private memory."""
_MARK: Final = "APPLIANCE_TASKS_OF"


@dataclass(frozen=True)
class _Outcome:
    """What became of a call: a pickled result, a pickled `ApplianceError`, or a traceback."""

    kind: Literal["done", "failed", "too_large", "broken"]
    made: bytes = b""
    reason: str = ""


class RayTasks:
    """`Tasks` of one replica. A pack's own files and a tenant's data are on the head, so its tasks run there.

    Workers are for this replica alone: one that is started anew, with another version of the pack maybe, gets others,
    and no worker that yields to everything else is ever made a replica.
    """

    def __init__(self, home: str, pack: str, most_at_once: int = 0) -> None:
        """Take the home folder and the pack's name; `most_at_once` is by default the number of processors."""
        self._home = home
        self._pack = pack
        self._most = most_at_once or len(os.sched_getaffinity(0))
        self._places = asyncio.Semaphore(self._most)
        self._mark = f"{pack}/{uuid.uuid4().hex}"

    async def run(self, function: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the function's result
        """Run a function in a worker. Raises as `Tasks.run`."""
        sent = await asyncio.to_thread(pickle.dumps, dict(arguments))
        async with self._places:  # first come, first served: a call waits behind no whole batch
            outcome = await self._outcome(function, sent)
        if outcome.kind in ("done", "failed"):
            made = await asyncio.to_thread(pickle.loads, outcome.made)
            if outcome.kind == "failed":
                raise made
            return made
        log.error("task failed", scenario=self._pack, function=function, reason=outcome.reason)
        raise self._too_large() if outcome.kind == "too_large" else self._broken(function)

    def map(
        self, function: str, items: Sequence[Mapping[str, Any]], *, most_at_once: int = 0
    ) -> AsyncGenerator[tuple[int, Any], None]:
        """Yield (index, result) as they end. Raises as `Tasks.map`."""
        return as_they_end(self.run, function, items, min(most_at_once or self._most, self._most))

    @cached_property
    def _task(self) -> Any:  # noqa: ANN401 - Ray's own type
        """`_work` as a Ray task; each one that is made is written to the control service."""
        import ray

        return ray.remote(
            num_cpus=_SLOT,
            resources={HEAD_NODE: 0.001},
            max_retries=_RETRIES,
            runtime_env={"env_vars": {_MARK: self._mark, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}},
        )(_work)

    async def _outcome(self, function: str, sent: bytes) -> _Outcome:
        import ray

        reference: Any = self._task.remote(self._home, self._pack, function, sent, current_language())
        try:
            async with asyncio.timeout(_LONGEST_S):
                outcome: _Outcome = await reference
        except RayError as error:
            raise self._lost(function, error) from error
        except TimeoutError as error:
            ray.cancel(reference, force=True)
            raise Unavailable(
                _("{function} of the scenario {name} takes too long.", function=function, name=self._pack),
                _("Ask for less at once."),
                code="task_timeout",
            ) from error
        except BaseException:  # whoever waits has gone
            ray.cancel(reference, force=True)
            raise
        return outcome

    def _lost(self, function: str, error: RayError) -> ApplianceError:
        """Return what is told where the worker gave no outcome."""
        log.error("task lost", scenario=self._pack, function=function, reason=str(error))
        if isinstance(error, OutOfMemoryError):
            return self._too_large()
        if isinstance(error, WorkerCrashedError | RayActorError):
            return EngineFailed(
                _("The process that ran {function} of the scenario {name} ended, also when it was tried again.",
                  function=function, name=self._pack),
                _("Send it again; if it fails again, tell the operator the request id."),
                code="task_lost",
            )  # fmt: skip
        if isinstance(error, RayTaskError):
            return self._broken(function)
        return Unavailable(
            _("No process could run {function} of the scenario {name}.", function=function, name=self._pack),
            _("Try again in a moment; `appliance status` shows its state."),
        )

    def _broken(self, function: str) -> EngineFailed:
        return EngineFailed(
            _("{function} of the scenario {name} failed.", function=function, name=self._pack),
            _("Tell the operator the request id; the scenario's log has the reason."),
            code="task_failed",
        )

    def _too_large(self) -> Unavailable:
        return Unavailable(
            _("The scenario {name} needs more than {memory} of memory for this.",
              name=self._pack, memory=human_bytes(_MEMORY_BYTES)),
            _("Ask for less at once."),
            code="task_too_large",
        )  # fmt: skip


def _work(home: str, pack: str, function: str, arguments: bytes, language: str) -> _Outcome:
    """Run a function of a pack in this worker; whatever it raises is an outcome, so that Ray tries nothing again."""
    try:
        with speaking(language):
            called = _ready(home, pack).function(function)
            return _Outcome("done", pickle.dumps(called(**pickle.loads(arguments))))  # noqa: S301 - our replica's
    except ApplianceError as error:
        return _Outcome("failed", pickle.dumps(error))
    except MemoryError:
        return _Outcome("too_large", reason=traceback.format_exc())
    except Exception:  # noqa: BLE001 - a plug-in's own code: whatever it raises ends its task alone
        return _Outcome("broken", reason=traceback.format_exc())


@lru_cache(maxsize=1)
def _ready(home: str, pack: str) -> ScenarioPack:
    """Settle this worker behind everything else, and load the pack. Raises `ConfigError`."""
    os.setpriority(os.PRIO_PROCESS, 0, max(_BEHIND, os.getpriority(os.PRIO_PROCESS, 0)))
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or hard > _MEMORY_BYTES:
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, hard))
    return find_pack(Home(Path(home)), pack)
