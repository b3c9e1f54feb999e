"""Chat models without a replica: whether one sleeps, and how long a request waits for it to wake.

Serve keeps the request and starts a replica; what is here only says in time that it takes too long.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.config.site import ModelSettings
from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.serving.names import MODEL_DEPLOYMENT


def wake_timeouts(models: Mapping[str, ModelSettings]) -> dict[str, float]:
    """Return for each alias whose model may sleep how many seconds a request waits for it to wake."""
    return {
        alias: settings.scaling.wake_timeout_s
        for alias, settings in models.items()
        if settings.scaling is not None and settings.sleeps
    }


@dataclass(frozen=True)
class Waking:
    """How long a request waits for a model that may sleep."""

    application: str
    timeout_s: float

    async def check(self, target: str) -> None:
        """Raise `Unavailable` where no replica runs after all the time; one that runs may take as long as it takes."""
        if await has_no_replica(self.application):
            raise Unavailable(
                _("The model {target} was asleep; it is being started and is not ready yet.", target=target),
                _("Try again in a minute: it goes on starting."),
                code="model_waking",
            )


async def has_no_replica(application: str) -> bool:
    """Return whether no replica of a chat model runs; False where Serve does not tell."""
    return await asyncio.to_thread(_replicas_running, application) == 0


def _replicas_running(application: str) -> int | None:
    from ray import serve
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException

    try:
        found = serve.status().applications.get(application)
    except (RayError, RayServeException, TimeoutError):
        return None
    deployment = found.deployments.get(MODEL_DEPLOYMENT) if found is not None else None
    if deployment is None:
        return None
    return sum(
        int(count)
        for state, count in deployment.replica_states.items()
        if str(getattr(state, "value", state)) == "RUNNING"
    )
