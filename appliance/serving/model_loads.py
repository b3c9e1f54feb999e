"""What the engines of chat models carry now, asked of each replica for the status and the metrics."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from appliance.serving.engine_load import RUNNING, WAITING
from appliance.serving.generation import ApplicationGone
from appliance.serving.scaling import KV_USE

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

_PATIENCE_S: Final = 0.3  # the status does not wait for an engine that hangs
_KEPT_S: Final = 1.0  # a replica is asked once a second, however many read the status and the metrics


@dataclass(frozen=True)
class ModelLoad:
    """The engines of one model together; None is what is not known."""

    running: int | None = None
    """Requests that the engines work on."""
    waiting: int | None = None
    """Requests that wait for their turn: in an engine, or in this process for a place at one."""
    kv_use: float | None = None
    """Part of the KV cache in use, 0 to 1, of the replica where it is fullest."""

    @classmethod
    def of(cls, replicas: Iterable[Mapping[str, float]], held: int) -> "ModelLoad":
        """Return the load of a model from what its replicas told; `held` requests have no place at one yet."""
        told = list(replicas)
        if not told:
            return cls(waiting=held or None)
        running, waiting = (sum(int(load[name]) for load in told) for name in (RUNNING, WAITING))
        return cls(running, waiting + held, max(float(load[KV_USE]) for load in told))


class ModelLoads:
    """Asks the replicas, and keeps what they told for a second; `now` is the clock in seconds.

    For the event loop of a gateway. Of each model one question is on its way at a time.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._asked: dict[str, asyncio.Task[ModelLoad]] = {}
        self._kept: dict[str, tuple[float, ModelLoad]] = {}

    async def read(
        self, applications: Iterable[str], handle: Callable[[str], "DeploymentHandle"]
    ) -> dict[str, ModelLoad]:
        """Return the load of each application, of all together after a third of a second at most.

        An answer that does not come in time is waited for again at the next reading, instead of asking once more.
        """
        names = list(dict.fromkeys(applications))
        found = await asyncio.gather(*(self._one(name, handle) for name in names))
        return dict(zip(names, found, strict=True))

    async def _one(self, application: str, handle: Callable[[str], "DeploymentHandle"]) -> ModelLoad:
        taken, load = self._kept.get(application, (None, ModelLoad()))
        if taken is not None and self._now() - taken < _KEPT_S:
            return load
        asked = self._asked.get(application)
        if asked is None:
            asked = self._asked[application] = asyncio.ensure_future(self._ask(application, handle))
        await asyncio.wait({asked}, timeout=_PATIENCE_S)
        return asked.result() if asked.done() else ModelLoad()

    async def _ask(self, application: str, handle: Callable[[str], "DeploymentHandle"]) -> ModelLoad:
        from ray.exceptions import RayError
        from ray.serve.exceptions import RayServeException

        try:
            load = await _told(handle(application))
        except (ApplicationGone, RayError, RayServeException):
            load = ModelLoad()  # its replicas are being replaced
        finally:
            del self._asked[application]
        self._kept[application] = (self._now(), load)
        return load


async def _told(handle: "DeploymentHandle") -> ModelLoad:
    """Return what the replicas of a handle tell.

    They are asked past Serve's limit on what a replica works on: behind it the question would wait for a place, and
    what an engine carries would not be known just when it is full. That takes the router, which the gateway's handles
    have in this process (`RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP`), and which also counts what it holds back.
    """
    router: Any = handle._router._asyncio_router
    await router._request_router_initialized.wait()
    replicas = [replica._actor_handle for replica in router.request_router.curr_replicas.values()]
    answers = await asyncio.gather(*(one.record_routing_stats.remote() for one in replicas), return_exceptions=True)
    held: int = router._metrics_manager.num_queued_requests
    # A replica that keeps no statistics answers with nothing.
    return ModelLoad.of((answer for answer in answers if isinstance(answer, dict) and answer), held)
