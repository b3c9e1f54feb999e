"""The log sent to a real socket; a server that is away costs the writer nothing and the log no record."""

import re
import socket
import threading
import time

import pytest

from appliance.state.audit.forwarding import Forwarder
from appliance.state.audit.syslog import Destination


class TcpServer:
    """Takes messages by octet counting (RFC 6587)."""

    def __init__(self, port=0):
        self.socket = socket.create_server(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.messages = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _address = self.socket.accept()
        with connection, connection.makefile("rb") as file:
            while length := b"".join(iter(lambda: file.read(1), b" ")) if file.peek(1) else b"":
                self.messages.append(file.read(int(length)).decode())

    def close(self):
        self.socket.close()


def until(condition):
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def sequence(message):
    return int(re.search(r'seq="(\d+)"', message)[1])


@pytest.mark.parametrize("as_cef", [False, True])
def test_records_arrive_over_udp(local_desk, tmp_path, as_cef):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        local_desk.fill(3)
        target = Destination("127.0.0.1", server.getsockname()[1], "udp", as_cef)
        forwarder = Forwarder(local_desk.database, target, tmp_path / "position")
        assert forwarder.send_batch() is False
        messages = [server.recv(65536).decode() for _number in range(3)]
        forwarder.stop()
    assert [sequence(message) for message in messages] == [1, 2, 3]
    assert all(("CEF:0|" in message) is as_cef for message in messages)
    assert forwarder.lag().waiting == 0


def test_a_server_that_comes_late_gets_everything_and_after_a_restart_only_what_is_new(local_desk, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    target = Destination("127.0.0.1", port, "tcp")
    forwarder = Forwarder(local_desk.database, target, tmp_path / "position")
    local_desk.fill(4)
    assert forwarder.send_batch() is False
    lag = forwarder.lag()
    assert (lag.sent, lag.waiting) == (0, 4)
    assert lag.seconds > 0
    assert "refused" in lag.error

    server = TcpServer(port)
    forwarder.start(interval_s=0.01)
    until(lambda: len(server.messages) == 4)
    until(lambda: forwarder.lag().waiting == 0)
    local_desk.fill(2)
    until(lambda: forwarder.lag().sent == 6)
    forwarder.stop()
    assert [sequence(message) for message in server.messages] == [1, 2, 3, 4, 5, 6]
    server.close()

    local_desk.fill(1)
    second = TcpServer()
    again = Forwarder(local_desk.database, Destination("127.0.0.1", second.port, "tcp"), tmp_path / "position")
    again.send_batch()
    again.stop()
    until(lambda: second.messages)
    assert [sequence(message) for message in second.messages] == [7]
    second.close()


def test_a_server_that_takes_nothing_holds_up_no_append(local_desk, tmp_path):
    """The server accepts and never reads: the sender's buffer fills up, the log goes on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        forwarder = Forwarder(
            local_desk.database, Destination("127.0.0.1", server.getsockname()[1], "tcp"), tmp_path / "position"
        )
        forwarder._connection._timeout_s = 0.3
        local_desk.fill(20_000)
        forwarder.start(interval_s=0.01)
        until(lambda: forwarder.lag().error is not None)
        assert local_desk.log.append([]) == []
        local_desk.fill(1)
        forwarder.stop()
    assert forwarder.lag().waiting > 0
    assert local_desk.report().records == 20_001
