"""uvicorn's WebSockets as this gateway uses them: with bounds, and with what the application must know of a connection.

They have no compression: it costs memory for each connection, and tells lengths of secrets.
"""

from typing import Any, Final

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from appliance.core.units import MIB
from appliance.serving.gateway.inner import NODE, node_of

ABORT: Final = "appliance.abort"
"""Key of a WebSocket's scope that holds a function which ends the connection at once, unsent bytes and all."""
MOST_FRAME_BYTES: Final = MIB
"""The largest message that is taken; a larger one ends its connection with 1009."""
OPTIONS: Final[dict[str, Any]] = {
    "ws_max_size": MOST_FRAME_BYTES,
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
    "ws_per_message_deflate": False,
}


class SocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket."""

    def handle_connect(self, event: Request) -> None:
        """Begin the connection's scope; the application runs from the next turn of the loop on."""
        super().handle_connect(event)
        scope: Scope | None = getattr(self, "scope", None)
        if scope is not None:
            scope[NODE] = node_of(self.transport)
            scope[ABORT] = self.transport.abort
