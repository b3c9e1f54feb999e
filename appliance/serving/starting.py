"""Start and stop one version of a model on the cluster. Nothing here sends it requests: that is the directory's."""

import asyncio
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from appliance.core.errors import ApplianceError, StartFailed
from appliance.core.messages import _
from appliance.serving import deploy
from appliance.serving.names import MODEL_DEPLOYMENT

if TYPE_CHECKING:
    from ray.serve.deployment import Application

_CANARY_TIMEOUT_S: Final = 120.0
_POLL_S: Final = 0.25


def start_model(name: str, application: "Application", timeout_s: float) -> Iterator[deploy.AppState]:
    """Deploy a version and let it generate a token; yield its states. One that fails is removed again.

    Raises `StartFailed`.
    """
    deploy.submit([(name, application)])
    try:
        for state in deploy.watch([name], timeout_s):
            if state.state != "running":
                yield state
        _canary(name, max(_CANARY_TIMEOUT_S, timeout_s))
    except BaseException:
        stop_model_at_once(name)
        raise
    yield deploy.AppState(name, "running", "")


def stop_model(name: str, timeout_s: float) -> Iterator[deploy.AppState]:
    """Remove a version once the generations that it works on have ended, at most `timeout_s`; yield its states.

    Raises `StartFailed` for one that stays.
    """
    from ray import serve

    stop_model_at_once(name)
    yield deploy.AppState(name, "stopping", "")
    deadline = time.monotonic() + timeout_s
    while name in serve.status().applications:
        if time.monotonic() > deadline:
            raise StartFailed(
                _("The application {name} does not stop.", name=name), _("Run `appliance down`, then `appliance up`.")
            )
        time.sleep(_POLL_S)
    yield deploy.AppState(name, "stopped", "")


def stop_model_at_once(name: str) -> None:
    """Tell Serve to remove a version; does not wait."""
    from ray import serve

    serve.delete(name, _blocking=False)


def _canary(name: str, timeout_s: float) -> None:
    """Let the version generate one token: a process that runs is no proof that its model does.

    A version that may sleep starts its first replica for it.
    """
    from ray import serve
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException

    async def ask() -> None:  # handles work inside a loop only, as the environment of the cluster has it
        handle = serve.get_deployment_handle(MODEL_DEPLOYMENT, name)
        await asyncio.wait_for(handle.canary.remote(), timeout_s)

    try:
        asyncio.run(ask())
    except (RayError, RayServeException, TimeoutError, ApplianceError) as error:
        raise StartFailed(
            _("The version started, but generated nothing: {reason}", reason=_last_line(error)),
            _("The one before goes on serving; the logs are in the home folder under logs/."),
        ) from error


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
