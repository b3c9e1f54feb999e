"""While a node asks to join, it answers at its own address, so that the head sees that others will reach it there."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from socket import AF_INET, AF_INET6
from typing import Any

from appliance.core.clock import Clock, iso
from appliance.core.errors import PortInUse
from appliance.core.messages import _

_READ_TIMEOUT_S = 3.0


@contextmanager
def answering(address: str, port: int, nonce: str, clock: Clock) -> Iterator[None]:
    """Answer `GET /NONCE` at `address`:`port` with the nonce and this machine's clock; neither is a secret.

    Raises `PortInUse`.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = _READ_TIMEOUT_S

        def do_GET(self) -> None:
            if self.path != f"/{nonce}":
                self.send_error(404)
                return
            body = json.dumps({"nonce": nonce, "clock": iso(clock())}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as the base class has it
            """Nobody reads it."""

    class Server(HTTPServer):
        address_family = AF_INET if ip_address(address).version == 4 else AF_INET6

    try:
        server = Server((address, port), Handler)
    except OSError as error:
        raise PortInUse(
            _("Port {port} ({setting}) is in use by another process.", port=port, setting="cluster.port"),
            _("End that process, or set {setting} to another port in the site file.", setting="cluster.port"),
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
