"""Call a model's deployment by handle: one generation, from its first item to its end or its cancellation."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException
from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from appliance.core.errors import ApplianceError, EngineFailed, TooManyRequests, Unavailable
from appliance.core.messages import _
from appliance.serving.model_items import Item, Operation
from appliance.serving.names import MODEL_DEPLOYMENT, model_application

_REPLAYS = 1  # a request without a token may be sent once more: nobody has seen anything of it


def from_serve(error: Exception, target: str) -> ApplianceError:
    """Turn what Serve or Ray raises at a call by handle into one of our errors."""
    if isinstance(error, RayTaskError) and isinstance(error.cause, ApplianceError):
        return error.cause
    if isinstance(error, BackPressureError):
        return TooManyRequests(
            _("{target} has as many requests waiting as it may have.", target=target),
            _("Try again in a moment."),
            code="queue_full",
        )
    if isinstance(error, RayActorError | DeploymentUnavailableError):
        return EngineFailed(
            _("The replica of {target} that worked on this request is gone.", target=target),
            _("Send the request again; a new replica is being started."),
        )
    return Unavailable(
        _("{target} cannot serve requests now.", target=target),
        _("Try again in a moment; `appliance status` shows its state."),
    )


class Generation:
    """One running generation. Use it as an async context manager: leaving it early cancels the engine's work."""

    def __init__(
        self,
        handle: DeploymentHandle,
        target: str,
        operation: Operation,
        body: dict[str, Any],
        request_id: str,
        timeout_s: float | None = None,
    ) -> None:
        self._handle = handle
        self._target = target
        self._arguments = (operation, body, request_id)
        self._response: DeploymentResponseGenerator | None = None
        self._finished = False
        self._deadline = None if timeout_s is None else asyncio.get_running_loop().time() + timeout_s

    async def __aenter__(self) -> Self:
        """Return itself; nothing is sent before `first`."""
        return self

    async def first(self) -> Item:
        """Send the request and return its first item; a replica that dies before it is replaced once by another.

        Raises `TooManyRequests`, `EngineFailed` or `Unavailable`, also when `timeout_s` is over.
        """
        for attempt in range(_REPLAYS + 1):
            try:
                self._response = self._handle.generate.remote(*self._arguments)
                async with asyncio.timeout_at(self._deadline):
                    return await anext(self._response)
            except TimeoutError as error:
                raise self._too_long() from error
            except (RayActorError, DeploymentUnavailableError) as error:
                if attempt == _REPLAYS:
                    raise from_serve(error, self._target) from error
            except (RayServeException, RayError) as error:
                raise from_serve(error, self._target) from error
            except StopAsyncIteration:
                break
        raise EngineFailed(_("The model {target} gave no answer.", target=self._target), _("Send the request again."))

    async def rest(self) -> AsyncIterator[Item]:
        """Yield the items after the first. Raises as `first` does; nothing is replayed any more."""
        assert self._response is not None, "first() comes before rest()"
        try:
            while True:
                async with asyncio.timeout_at(self._deadline):  # around each item: not across a yield
                    item = await anext(self._response)
                yield item
        except StopAsyncIteration:
            self._finished = True
        except TimeoutError as error:
            raise self._too_long() from error
        except (RayServeException, RayError) as error:
            raise from_serve(error, self._target) from error

    def _too_long(self) -> Unavailable:
        return Unavailable(
            _("The model {target} took longer than a generation may take.", target=self._target),
            _("Ask for fewer tokens, or let the operator raise gateway.generation_timeout_s."),
            code="generation_timeout",
        )

    def close(self) -> None:
        """Cancel the engine's work unless it is done."""
        if self._response is not None and not self._finished:
            self._response.cancel()
            self._finished = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what is left."""
        self.close()


def model_handle(alias: str) -> DeploymentHandle:
    """Return the streaming handle of the chat model behind `alias`."""
    from ray import serve

    handle = serve.get_deployment_handle(MODEL_DEPLOYMENT, model_application(alias))
    return handle.options(stream=True)
