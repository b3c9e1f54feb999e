"""A connection to a syslog server over UDP (RFC 5426) or TCP (RFC 6587, octet counting)."""

import select
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from appliance.state.audit.formats import cef, rfc5424
from appliance.state.audit.records import Record

MOST_MESSAGE_BYTES: Final = 8192
_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True)
class Destination:
    """A syslog server."""

    host: str
    port: int
    transport: Literal["udp", "tcp"] = "udp"
    as_cef: bool = False
    """Send CEF in place of the record's data."""


class SyslogConnection:
    """Sends records; connects at the first, and anew after a failure. Every method may raise `OSError`."""

    def __init__(self, destination: Destination, timeout_s: float = _TIMEOUT_S) -> None:
        self._destination = destination
        self._timeout_s = timeout_s
        self._host = socket.gethostname()
        self._socket: socket.socket | None = None

    def send(self, records: Sequence[Record]) -> None:
        """Hand the records to the network. UDP tells no loss, TCP only what the system knows by now."""
        try:
            connected = self._connected()
            for record in records:
                self._send_one(connected, record)
            self._check_open(connected)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is not None:
            self._check_open(self._socket)
            return self._socket
        kind = socket.SOCK_STREAM if self._destination.transport == "tcp" else socket.SOCK_DGRAM
        target = (self._destination.host, self._destination.port)
        family, _kind, protocol, _name, address = socket.getaddrinfo(*target, type=kind)[0]
        self._socket = socket.socket(family, kind, protocol)
        self._socket.settimeout(self._timeout_s)
        self._socket.connect(address)
        return self._socket

    def _send_one(self, connected: socket.socket, record: Record) -> None:
        text = rfc5424(record, self._host, cef(record) if self._destination.as_cef else None)
        message = text.encode("utf-8", "replace")
        if len(message) > MOST_MESSAGE_BYTES:
            message = message[:MOST_MESSAGE_BYTES].decode("utf-8", "ignore").encode()
        if self._destination.transport == "tcp":
            connected.sendall(b"%d %b" % (len(message), message))
        else:
            connected.send(message)

    def _check_open(self, connected: socket.socket) -> None:
        """Raise where a TCP server has closed: a first write into such a connection still succeeds."""
        if self._destination.transport != "tcp":
            return
        readable, _writable, _failed = select.select([connected], [], [], 0)
        if readable and not connected.recv(4096):
            raise ConnectionResetError("the server closed the connection")
