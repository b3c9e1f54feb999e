"""Call a deployment by handle and stream what it gives, from the first item to the end or the cancellation."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Protocol, Self

from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException
from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from appliance.core.errors import ApplianceError, EngineFailed, Unavailable
from appliance.core.messages import _
from appliance.serving.model_items import BEGUN, Item, Operation
from appliance.serving.names import MODEL_DEPLOYMENT
from appliance.serving.seats import Seats, queue_full
from appliance.serving.waking import Waking

_REPLAYS = 1  # a request without a token may be sent once more: nobody has seen anything of it
_MOST_MOVES: Final = 5  # from one version to the next; each takes an operator's command


class ApplicationGone(Exception):
    """There is no such application any more."""


class _Moved(Exception):
    """What a request waits for is to get nothing more."""


def from_serve(error: Exception, target: str) -> ApplianceError:
    """Turn what Serve or Ray raises at a call by handle into one of our errors."""
    if isinstance(error, RayTaskError) and isinstance(error.cause, ApplianceError):
        return error.cause
    if isinstance(error, BackPressureError):
        return queue_full(target)
    if isinstance(error, RayActorError | DeploymentUnavailableError | ApplicationGone | _Moved):
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
        replays, moves = self._replays, _MOST_MOVES
        while True:
            try:
                self._response = self._send()
                async with asyncio.timeout_at(self._deadline):
                    return await self._first_item(self._response)
            except TimeoutError as error:
                raise self._too_long() from error
            except _Moved as error:
                self._cancel()
                self._finished = False
                moves -= 1
                if not moves:
                    raise from_serve(error, self._target) from error
            except (RayActorError, DeploymentUnavailableError, ApplicationGone) as error:
                if not replays:
                    raise from_serve(error, self._target) from error
                replays -= 1
                await self._look_again()
            except (RayServeException, RayError) as error:
                raise from_serve(error, self._target) from error
            except StopAsyncIteration:
                break
        raise EngineFailed(_("{target} gave no answer.", target=self._target), _("Send the request again."))

    async def _first_item(self, response: DeploymentResponseGenerator) -> Any:  # noqa: ANN401
        """Return the first item. Raises `_Moved` where the request is to be sent elsewhere."""
        return await anext(response)

    async def _look_again(self) -> None:
        """Find out where a request belongs whose replica or application is gone."""

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
            self._over()
        except TimeoutError as error:
            raise self._too_long() from error
        except (RayServeException, RayError) as error:
            raise from_serve(error, self._target) from error

    def _over(self) -> None:
        """Give back what the call has taken; called once or more."""

    def _too_long(self) -> Unavailable:
        return Unavailable(
            _("{target} took longer than an answer may take.", target=self._target),
            _("Ask for less, or let the operator raise gateway.generation_timeout_s."),
            code="generation_timeout",
        )

    def close(self) -> None:
        """Cancel the deployment's work unless it is done."""
        self._cancel()
        self._over()

    def _cancel(self) -> None:
        if self._response is not None and not self._finished:
            self._response.cancel()
            self._finished = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what is left."""
        self.close()


@dataclass(frozen=True)
class Place:
    """Where a generation is sent; `ended` is set once nothing more is to be sent there."""

    handle: DeploymentHandle
    version: str
    """Package and version of the model; empty where nothing is written of it."""
    ended: asyncio.Event | None = None
    seats: Seats | None = None
    """What a request takes a place of; None: nobody counts them."""
    waking: Waking | None = None
    """How long a request waits where no replica runs; None: the model does not sleep."""


class Route(Protocol):
    """Where a request goes; asked anew for each attempt."""

    def place(self) -> Place:
        """Return the place now. Raises `ApplicationGone`, `Unavailable`, `NotFound`."""
        ...

    async def look_again(self) -> None:
        """Read what is served."""
        ...


class Generation(StreamedCall):
    """One generation of a chat model; its items are `model_items.Item`, without those that say it has begun.

    A request that has not begun moves when its version is taken out of service; one that has begun ends where it is.
    From `first` until its answer is whole or it is closed it has one of the model's places.
    """

    def __init__(
        self,
        route: Route,
        target: str,
        operation: Operation,
        body: dict[str, Any],
        request_id: str,
        timeout_s: float | None = None,
    ) -> None:
        super().__init__(self._sent, target, timeout_s, _REPLAYS)
        self._route = route
        self._arguments = (operation, body, request_id)
        self._ended: asyncio.Event | None = None
        self._seats: Seats | None = None
        self._waking: Waking | None = None
        self._began: float | None = None
        self.version = ""
        """Package and version of the model that the request was sent to last."""

    def _sent(self) -> DeploymentResponseGenerator:
        self._began = self._began or asyncio.get_running_loop().time()
        place = self._route.place()
        self._sit(place.seats)
        self._ended, self._waking, self.version = place.ended, place.waking, place.version
        return place.handle.generate.remote(*self._arguments)

    def _sit(self, seats: Seats | None) -> None:
        """Take a place, or keep that of the attempt before. Raises `TooManyRequests`."""
        if seats is self._seats:
            return
        if seats is not None:
            seats.take(self._target, moved=self._seats is not None)
        self._over()
        self._seats = seats

    def _over(self) -> None:
        if self._seats is not None:
            self._seats.leave()
            self._seats = None

    async def _look_again(self) -> None:
        await self._route.look_again()

    async def _first_item(self, response: DeploymentResponseGenerator) -> Item:
        item: Item = await self._unless_moved(response)
        if item == BEGUN:
            item = await anext(response)
        if isinstance(item, dict):  # a whole answer or a refusal: the model has done with it
            self._over()
        return item

    async def _unless_moved(self, response: DeploymentResponseGenerator) -> Item:
        """Return the next item, or raise `_Moved` when nothing more is to be sent to this version.

        Raises `Unavailable` where the model sleeps and does not wake in time.
        """
        if self._ended is None and self._waking is None:
            alone: Item = await anext(response)
            return alone
        item = asyncio.ensure_future(anext(response))
        ended = asyncio.ensure_future((self._ended or asyncio.Event()).wait())
        try:
            await self._wait(item, ended)
            if not item.done():
                raise _Moved
            found: Item = await item
            return found
        finally:
            ended.cancel()
            item.cancel()
            item.add_done_callback(_let_go)

    async def _wait(self, item: asyncio.Future[Item], ended: asyncio.Future[Any]) -> None:
        """Wait for either; look once, when the time to wake is over, whether there is anybody to wait for."""
        left = None
        if self._waking is not None and self._began is not None:
            left = max(0.0, self._began + self._waking.timeout_s - asyncio.get_running_loop().time())
        done, _waiting = await asyncio.wait((item, ended), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if not done and self._waking is not None:
            await self._waking.check(self._target)
            await asyncio.wait((item, ended), return_when=asyncio.FIRST_COMPLETED)


def _let_go(item: asyncio.Future[Any]) -> None:
    """Look at what became of a call that nobody waits for: Serve makes an error of its own of its cancellation."""
    if not item.cancelled():
        item.exception()


def model_handle(application: str) -> DeploymentHandle:
    """Return the streaming handle of a model's application. Raises `ApplicationGone` where there is none."""
    from ray import serve

    try:
        handle = serve.get_deployment_handle(MODEL_DEPLOYMENT, application)
    except KeyError as error:
        raise ApplicationGone(application) from error
    return handle.options(stream=True)
