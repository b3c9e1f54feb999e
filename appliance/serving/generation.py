"""Call a deployment by handle and stream what it gives, from the first item to the end or the cancellation."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException
from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from appliance.core.errors import ApplianceError, EngineFailed, TooManyRequests, Unavailable
from appliance.core.messages import _
from appliance.serving.model_items import Operation
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


class StreamedCall:
    """One running call. Use it as an async context manager: leaving it early cancels the deployment's work.

    `send` makes the call. A call whose replica dies before its first item is sent again `replays` times.
    """

    def __init__(
        self,
        send: Callable[[], DeploymentResponseGenerator],
        target: str,
        timeout_s: float | None = None,
        replays: int = 0,
    ) -> None:
        self._send = send
        self._target = target
        self._replays = replays
        self._response: DeploymentResponseGenerator | None = None
        self._finished = False
        self._deadline = None if timeout_s is None else asyncio.get_running_loop().time() + timeout_s

    async def __aenter__(self) -> Self:
        """Return itself; nothing is sent before `first`."""
        return self

    async def first(self) -> Any:  # noqa: ANN401 - what the deployment gives
        """Send the request and return its first item.

        Raises `TooManyRequests`, `EngineFailed` or `Unavailable`, also when `timeout_s` is over.
        """
        for attempt in range(self._replays + 1):
            try:
                self._response = self._send()
                async with asyncio.timeout_at(self._deadline):
                    return await anext(self._response)
            except TimeoutError as error:
                raise self._too_long() from error
            except (RayActorError, DeploymentUnavailableError) as error:
                if attempt == self._replays:
                    raise from_serve(error, self._target) from error
            except (RayServeException, RayError) as error:
                raise from_serve(error, self._target) from error
            except StopAsyncIteration:
                break
        raise EngineFailed(_("{target} gave no answer.", target=self._target), _("Send the request again."))

    async def rest(self) -> AsyncIterator[Any]:
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
            _("{target} took longer than an answer may take.", target=self._target),
            _("Ask for less, or let the operator raise gateway.generation_timeout_s."),
            code="generation_timeout",
        )

    def close(self) -> None:
        """Cancel the deployment's work unless it is done."""
        if self._response is not None and not self._finished:
            self._response.cancel()
            self._finished = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what is left."""
        self.close()


class Generation(StreamedCall):
    """One generation of a chat model; its items are `model_items.Item`."""

    def __init__(
        self,
        handle: DeploymentHandle,
        target: str,
        operation: Operation,
        body: dict[str, Any],
        request_id: str,
        timeout_s: float | None = None,
    ) -> None:
        super().__init__(lambda: handle.generate.remote(operation, body, request_id), target, timeout_s, _REPLAYS)


def model_handle(alias: str) -> DeploymentHandle:
    """Return the streaming handle of the chat model behind `alias`."""
    from ray import serve

    handle = serve.get_deployment_handle(MODEL_DEPLOYMENT, model_application(alias))
    return handle.options(stream=True)
