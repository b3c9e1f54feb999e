import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from appliance.core.errors import AuthenticationFailed, NotRunning, PermissionDenied, Unavailable
from appliance.tui.connection import HttpConnection
from appliance.tui.source import HttpStatusSource
from tests.tui.recorded import STATUSES

STATUS = (STATUSES / "one-cpu-node.json").read_bytes()


class Gateway(BaseHTTPRequestHandler):
    """Answers what the test set, and keeps what it was asked."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Authorization"]))
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments) -> None:
        pass


@pytest.fixture
def gateway():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    server.answer, server.asked = (200, STATUS), []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
async def source(gateway, tmp_path):
    key_file = tmp_path / "admin.key"
    key_file.write_text("key-1\n")
    source = HttpStatusSource(HttpConnection(f"http://127.0.0.1:{gateway.server_port}/", key_file))
    yield source
    await source.close()


async def test_status_is_read_with_the_key(source, gateway):
    status = await source.read()
    assert status.applications[0].name == "general"
    assert gateway.asked == [("/v1/appliance/status", "Bearer key-1")]


async def test_key_that_was_replaced_is_used(source, gateway, tmp_path):
    await source.read()
    (tmp_path / "admin.key").write_text("key-2")
    await source.read()
    assert gateway.asked[-1][1] == "Bearer key-2"


@pytest.mark.parametrize(
    ("status", "error", "hint"),
    [
        (401, AuthenticationFailed, "appliance key create"),
        (403, PermissionDenied, "The other screens"),
        (404, Unavailable, "appliance --version"),
        (500, Unavailable, "appliance doctor"),
        (503, Unavailable, "appliance doctor"),
    ],
)
async def test_refusals_say_what_to_do(source, gateway, status, error, hint):
    gateway.answer = (status, b"{}")
    with pytest.raises(error) as caught:
        await source.read()
    assert hint in caught.value.hint.render("en")
    assert "key-1" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b"[]", json.dumps(json.loads(STATUS) | {"taken_at": "yesterday"}).encode()]
)
async def test_something_else_at_the_address(source, gateway, body):
    gateway.answer = (200, body)
    with pytest.raises(Unavailable, match="not an appliance of this version"):
        await source.read()


async def test_nothing_at_the_address_and_then_the_appliance(source, gateway, tmp_path):
    port = gateway.server_port
    other = HttpStatusSource(HttpConnection("http://127.0.0.1:1", tmp_path / "admin.key"))
    with pytest.raises(NotRunning, match="appliance up"):
        await other.read()
    await other.close()
    assert source.address == f"http://127.0.0.1:{port}"


async def test_key_file_that_is_missing_or_damaged(source, tmp_path):
    (tmp_path / "admin.key").write_bytes(b"a\nb")
    with pytest.raises(AuthenticationFailed, match="one key"):
        await source.read()
    (tmp_path / "admin.key").unlink()
    with pytest.raises(AuthenticationFailed, match="--key-file"):
        await source.read()
