"""What the engines of a chat model carry now, asked of each replica for the status."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from appliance.serving.engine_load import WAITING
from appliance.serving.scaling import KV_USE

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

_PATIENCE_S: Final = 0.3  # a replica with all its places taken answers when one is free


@dataclass(frozen=True)
class ModelLoad:
    """The engines of one model together; None is what none of them tells."""

    waiting: int | None = None
    """Requests that wait for their turn in an engine."""
    kv_use: float | None = None
    """Part of the KV cache in use, 0 to 1, of the replica where it is fullest."""

    @classmethod
    def of(cls, replicas: Iterable[Mapping[str, float]]) -> "ModelLoad":
        """Return the load of a model from what its replicas told."""
        told = list(replicas)
        waiting = [int(load[WAITING]) for load in told if WAITING in load]
        caches = [float(load[KV_USE]) for load in told if KV_USE in load]
        return cls(sum(waiting) if waiting else None, max(caches, default=None))


class ModelLoads:
    """Asks the replicas; of each model one question is on its way at a time. For the event loop of a gateway."""

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Task[list[Any]]] = {}

    async def read(self, application: str, handle: "DeploymentHandle") -> ModelLoad:
        """Return the load of an application with replicas, after a third of a second at most.

        An answer that does not come in time is waited for again at the next reading, instead of asking once more.
        """
        from ray.exceptions import RayError
        from ray.serve.exceptions import RayServeException

        asked = self._asked.pop(application, None) or asyncio.ensure_future(_ask(handle))
        done, _late = await asyncio.wait({asked}, timeout=_PATIENCE_S)
        if not done:
            self._asked[application] = asked
            return ModelLoad()
        try:
            found = asked.result()
        except (RayError, RayServeException):
            return ModelLoad()  # its replicas are being replaced
        return ModelLoad.of(answer for answer in found if isinstance(answer, dict))


async def _ask(handle: "DeploymentHandle") -> list[Any]:
    # The gateway's handles use its own event loop (`RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP`), so no thread may wait.
    answers: list[Any] = await handle.broadcast("load_now").results_async(return_exceptions=True)
    return answers
