"""A response of server-sent events that ends the work behind it with itself."""

from collections.abc import AsyncIterator, Iterable

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from appliance.core.errors import ApplianceError
from appliance.core.messages import current_language
from appliance.serving.gateway.errors import error_body
from appliance.serving.gateway.events import event
from appliance.serving.gateway.exchange import Exchange, unforeseen
from appliance.serving.generation import StreamedCall

_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def whole_stream(events: Iterable[str]) -> Response:
    """Return events that are all there already."""
    return Response("".join(events), media_type="text/event-stream", headers=_HEADERS)


class EventStream(StreamingResponse):
    """A stream of `events` that `call` gives.

    An error becomes the last event, named `error_name` if that is given. However it ends, and also when the caller
    goes away before the first event is asked for, the call and the exchange end with it.
    """

    def __init__(
        self, events: AsyncIterator[str], call: StreamedCall, exchange: Exchange, error_name: str | None = None
    ) -> None:
        told = _with_errors(events, call, exchange, error_name)
        super().__init__(told, media_type="text/event-stream", headers=_HEADERS)
        self._call = call
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._call.close()
            self._exchange.close()
            await self._exchange.settle_failed()


async def _with_errors(
    events: AsyncIterator[str], call: StreamedCall, exchange: Exchange, error_name: str | None
) -> AsyncIterator[str]:
    language = current_language()
    try:
        async for text in events:
            yield text
    except ApplianceError as error:
        exchange.fail(error)
        yield event(error_body(error, language), error_name)
    except Exception as error:
        # The status line is sent, so the application's own last resort can say nothing to the caller any more.
        yield event(error_body(unforeseen(error, exchange.request_id, exchange.route), language), error_name)
        raise
    finally:
        call.close()
        exchange.close()
