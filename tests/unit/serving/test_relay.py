"""The gateway of a worker node: what it passes on, what it says while the head is away, over real TLS."""

import asyncio
import hashlib
import json
import os
import socket
import subprocess
import sys
from contextlib import asynccontextmanager

import httpx
import psutil
import pytest

from appliance.serving.gateway import server
from appliance.serving.relay import head as relay_head
from appliance.serving.relay.head import unavailable
from tests.unit.serving.ports import free_port
from tests.unit.serving.relays import ADDRESS, Certificates, HeadApp, RawHead, head_with, relay_to, worker_home

CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def app():
    return HeadApp()


@pytest.fixture
async def relay(app, certificates):
    """Give a client of a relay whose head serves `app`."""
    async with head_with(app, certificates) as (_plain, inner), asking(inner, certificates) as client:
        yield client


def client_of(port):
    return httpx.AsyncClient(base_url=f"http://{ADDRESS}:{port}", timeout=30)


@asynccontextmanager
async def asking(inner, certificates, **settings):
    """Give a client of a relay to an inner port."""
    async with relay_to(inner, certificates.worker, **settings) as port, client_of(port) as client:
        yield client


@asynccontextmanager
async def relayed(head, certificates):
    """Give a client of a relay before a raw head."""
    async with head.listening(certificates) as inner, asking(inner, certificates) as client:
        yield client


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(relay_head, "PATIENCE_S", 0.3)


async def until(condition):
    for _turn in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")


async def test_a_request_arrives_as_it_was_sent(relay):
    answer = await relay.request("PATCH", "/x", content=b"abc", headers={"X-Own": "1", "Cookie": "a=1; b=2"})
    told = answer.json()
    assert (answer.status_code, told["method"]) == (207, "PATCH")
    assert (told["length"], told["digest"]) == (3, hashlib.sha256(b"abc").hexdigest())
    sent = dict(told["headers"])
    assert (sent["x-own"], sent["cookie"], sent["host"]) == ("1", "a=1; b=2", relay.base_url.netloc.decode())
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert len(answer.headers.get_list("date")) == len(answer.headers.get_list("x-request-id")) == 1
    assert answer.headers["x-request-id"] == sent["x-request-id"]


async def raw(relay, line):
    """Return what the head got of a request that is one line and a host."""
    reader, writer = await asyncio.open_connection(ADDRESS, relay.base_url.port)
    writer.write(line + b" HTTP/1.1\r\nHost: bank\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return json.loads(answer.split(b"\r\n\r\n")[1])


@pytest.mark.parametrize("path", ["/v1/a%2Fb/../c", "//other.example/x", "/%zz", "/a:b@c"])
async def test_path_and_query_are_not_touched(relay, path):
    told = await raw(relay, f"GET {path}?x=%41&y=%C3%A9&;=".encode())
    assert (told["path"], told["query"]) == (path, "x=%41&y=%C3%A9&;=")


async def test_the_head_hears_nothing_that_the_caller_did_not_send(relay):
    told = await raw(relay, b"GET /x")
    assert sorted(name for name, _value in told["headers"]) == ["host", "x-request-id"]


async def test_headers_of_one_hop_end_here(relay, app):
    hop = {
        "Connection": "keep-alive, X-Private", "X-Private": "1", "Keep-Alive": "timeout=9", "TE": "trailers",
        "Proxy-Authorization": "Basic x", "Upgrade": "websocket", "Trailer": "x",
    }  # fmt: skip
    told = (await relay.get("/x", headers=hop)).json()
    assert {name.lower() for name in hop} & {name for name, _value in told["headers"]} == set()
    app.pieces.put_nowait(None)
    answer = await relay.get("/x?stream")
    assert "x-own" not in answer.headers
    assert answer.headers["x-kept"] == "1"


async def test_the_head_learns_the_callers_address_and_believes_no_caller(relay):
    claimed = {"X-Appliance-Caller": "10.9.9.9", "X-Forwarded-For": "10.8.8.8"}
    told = (await relay.get("/x", headers=claimed)).json()
    assert (told["client"], told["scheme"]) == (ADDRESS, "http")
    assert "x-appliance-caller" not in dict(told["headers"])
    assert dict(told["headers"])["x-forwarded-for"] == "10.8.8.8"  # what it is worth, trusted_proxies say


async def test_an_answer_without_a_body_has_none(relay):
    answer = await relay.head("/x")
    assert (answer.status_code, answer.content) == (207, b"")
    assert int(answer.headers["content-length"]) > 0


async def test_options_of_everything_is_a_path_of_the_head(relay):
    assert (await raw(relay, b"OPTIONS *"))["path"] == "/*"


async def test_connections_to_the_head_are_kept(relay, certificates):
    head = RawHead("answers")
    async with relayed(head, certificates) as client:
        for _number in range(20):
            assert (await client.post(CHAT, json={})).status_code == 200
    assert head.connections <= 2  # one, and the one that looks whether the head lives


async def test_a_stream_comes_piece_by_piece(relay, app):
    async with relay.stream("POST", f"{CHAT}?stream", json={}) as answer:
        pieces = answer.aiter_raw()
        for number in range(3):
            text = f"data: {number}\n\n".encode()
            app.pieces.put_nowait(text)  # the next one only once this one is here
            assert await asyncio.wait_for(anext(pieces), 10) == text
        app.pieces.put_nowait(None)
        assert [piece async for piece in pieces] == []


async def test_a_stream_that_breaks_ends_with_an_error_and_no_half_event(relay, app):
    for piece in (b"data: 1\n\n", b'data: {"half', ZeroDivisionError("the head dies")):
        app.pieces.put_nowait(piece)
    answer = await relay.post(f"{CHAT}?stream", json={}, headers={"Accept-Language": "zh-CN"})
    first, last, rest = answer.text.split("\n\n")
    assert (first, rest) == ("data: 1", "")
    error = json.loads(last.removeprefix("data: "))["error"]
    assert (error["code"], error["type"]) == ("head_lost", "server_error")
    assert "DONE" not in answer.text


async def test_the_error_of_a_scenarios_stream_has_a_name(relay, app):
    app.pieces.put_nowait(ZeroDivisionError())
    answer = await relay.post("/v1/scenarios/knowledge-qa/ask?stream", json={})
    assert answer.text.startswith('event: error\ndata: {"error":')


async def test_a_head_that_is_killed_is_not_a_stream_that_ends(certificates):
    start = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
    head = RawHead(start + b"9\r\ndata: 1\n\n\r\n" + b"40\r\ndata: half of a chunk")
    async with relayed(head, certificates) as client:
        answer = await client.post(CHAT, json={})
    first, last, rest = answer.text.split("\n\n")
    assert (first, rest) == ("data: 1", "")
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "head_lost"
    assert len(head.requests) == 1  # an answer that has begun is not asked for again


async def test_any_other_answer_that_breaks_is_seen_to_be_broken(relay, app):
    app.content_type = b"application/octet-stream"
    for piece in (b"part", ZeroDivisionError()):
        app.pieces.put_nowait(piece)
    with pytest.raises(httpx.RemoteProtocolError):
        await relay.get("/v1/files/x/content?stream")


async def test_who_goes_away_ends_the_request_at_the_head(relay, app):
    async with relay.stream("POST", f"{CHAT}?stream", json={}):
        await until(lambda: app.scopes)
    await until(lambda: app.ended == ["cancelled"])


async def test_who_goes_away_before_the_answer_ends_the_request_at_the_head(relay, app):
    app.may_answer.clear()
    sending = asyncio.create_task(relay.post(CHAT, json={}))
    await until(lambda: app.scopes)
    await until(app.taken.is_set)
    sending.cancel()
    await until(lambda: app.ended == ["cancelled"])


def form(length):
    """A form with one file of `length` bytes, its pieces made as they are sent."""

    async def pieces():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _number in range(length // 65536):
            yield b"\0" * 65536
        yield b"\r\n--x--\r\n"

    return {"content": pieces(), "headers": {"Content-Type": "multipart/form-data; boundary=x"}}


async def test_an_upload_is_passed_on_while_it_comes_and_waits_for_the_head(certificates, app):
    """A head that does not read must hold the caller up, not fill the relay."""
    app.may_take.clear()
    limit = {"max_upload_bytes": 256 << 20}
    async with head_with(app, certificates) as (_plain, inner), asking(inner, certificates, **limit) as client:
        before = psutil.Process().memory_info().rss
        sending = asyncio.create_task(client.post("/v1/knowledge-bases/a/documents", **form(64 << 20)))
        await until(lambda: app.scopes)
        await asyncio.sleep(0.5)
        grown = psutil.Process().memory_info().rss - before
        assert not sending.done()
        assert grown < 24 << 20
        app.may_take.set()
        told = await sending
        # The head's own limit, 64 MiB with its form around, is the one that counts in the end.
        assert told.status_code == 413


async def test_a_whole_upload_arrives(relay):
    told = (await relay.post("/v1/knowledge-bases/a/documents", **form(8 << 20))).json()
    assert (
        told["length"]
        == (8 << 20) + len(b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n') + 9
    )


async def test_a_declared_length_is_passed_on(relay):
    told = (await relay.post("/v1/files", files={"file": ("a.jsonl", b"{}\n")})).json()
    assert dict(told["headers"])["content-length"] == str(told["length"])


async def test_an_upload_that_the_head_refuses_early_hears_why(relay):
    answer = await relay.post("/v1/knowledge-bases/refused", **form(1 << 20))
    assert (answer.status_code, answer.content) == (401, b"no")


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json"])
async def test_a_body_that_is_too_large_is_refused_here(certificates, app, kind):
    async with head_with(app, certificates) as (_plain, inner):
        settings = {"max_body_bytes": 2000, "max_upload_bytes": 2000}
        async with asking(inner, certificates, **settings) as client:

            async def pieces():
                for _number in range(30):
                    yield b" " * 1000

            told = await client.post(
                "/v1/knowledge-bases/a/documents", content=pieces(), headers={"Content-Type": kind}
            )
            assert (told.status_code, told.json()["error"]["code"]) == (413, "body_too_large")
            assert (await client.get("/x")).status_code == 207


@pytest.mark.parametrize(("method", "path"), [("POST", CHAT), ("POST", "/v1/embeddings"), ("GET", "/v1/models")])
async def test_what_changes_nothing_is_sent_again_once(certificates, method, path):
    head = RawHead("closes", "answers")
    async with relayed(head, certificates) as client:
        answer = await client.request(method, path, content=b"{}" if method == "POST" else None)
    assert answer.status_code == 200
    assert len(head.requests) == 2
    assert head.requests[0] == head.requests[1]
    assert head.requests[0][0] == f"{method} {path} HTTP/1.1"


async def test_it_is_not_sent_a_third_time(certificates):
    head = RawHead("closes")
    async with relayed(head, certificates) as client:
        answer = await client.post(CHAT, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "head_lost")
    assert len(head.requests) == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/keys"), ("DELETE", "/v1/keys/a"), ("PUT", "/v1/quotas/a"), ("POST", "/v1/scenarios/a/ask")],
)
async def test_what_may_have_changed_something_is_not_sent_again(certificates, method, path):
    head = RawHead("answers", "closes", "answers")
    async with relayed(head, certificates) as client:
        assert (await client.request(method, path)).status_code == 200  # the next one finds a connection that is kept
        answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "head_lost")
    assert "not known" in answer.json()["error"]["message"]
    assert answer.headers["retry-after"]
    assert len(head.requests) == 2


@pytest.mark.parametrize("request_of", [("POST", "/v1/keys"), ("POST", CHAT), ("DELETE", "/v1/keys/a")])
async def test_what_was_not_sent_at_all_waits_for_a_gateway_that_is_replaced(certificates, app, request_of):
    inner = free_port()
    async with asking(inner, certificates) as client:
        sending = asyncio.create_task(client.request(*request_of, content=b"{}"))
        await asyncio.sleep(0.6)
        assert not sending.done()
        async with head_with(app, certificates, port=inner):
            assert (await sending).status_code == 207
    assert len(app.scopes) == 1


async def test_an_upload_waits_too_while_nothing_of_it_was_taken(certificates, app):
    inner = free_port()
    async with asking(inner, certificates) as client:
        sending = asyncio.create_task(client.post("/v1/knowledge-bases/a/documents", **form(1 << 20)))
        await asyncio.sleep(0.6)
        async with head_with(app, certificates, port=inner):
            answer = await sending
    assert answer.json()["length"] > 1 << 20


@pytest.mark.usefixtures("impatient")
async def test_a_head_that_is_away_is_said_to_be_away(certificates):
    async with asking(free_port(), certificates) as client:
        told = {}
        for language in ("en", "zh-CN"):
            answer = await client.post("/v1/keys", json={}, headers={"Accept-Language": language})
            error = answer.json()["error"]
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert (error["code"], error["type"], error["param"]) == ("head_unavailable", "server_error", None)
            assert answer.headers["x-request-id"]
            told[language] = error["message"]
        assert told == {"en": unavailable().render("en"), "zh-CN": unavailable().render("zh_CN")}
        alive = await client.get("/healthz")
        assert (alive.status_code, alive.json()) == (200, {"status": "ok", "head": "away"})


async def test_who_asks_whether_it_is_ready_does_not_wait(certificates, app, monkeypatch):
    monkeypatch.setattr(relay_head, "PATIENCE_S", 3600)
    inner = free_port()
    async with asking(inner, certificates) as client:
        away = await client.get("/readyz")
        assert (away.status_code, away.json()["error"]["code"]) == (503, "head_unavailable")
        async with head_with(app, certificates, port=inner):
            while (await client.get("/healthz")).json()["head"] == "away":  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.05)
            assert (await client.get("/readyz")).json()["path"] == "/readyz"  # what the head says of it


async def test_a_node_that_is_drained_sends_balancers_elsewhere_and_goes_on_answering(certificates, app):
    drained = []
    async with (
        head_with(app, certificates) as (_plain, inner),
        asking(inner, certificates, leaving=lambda: bool(drained)) as client,
    ):
        assert (await client.get("/readyz")).status_code == 207  # the head's own word
        drained.append(True)
        told = await client.get("/readyz", headers={"Accept-Language": "zh-CN"})
        assert (told.status_code, told.json()["error"]["code"]) == (503, "node_draining")
        assert "排空" in told.json()["error"]["message"]
        assert (await client.get("/v1/models")).status_code == 207


@pytest.mark.usefixtures("impatient")
async def test_the_first_request_after_its_return_passes_at_once(certificates, app, monkeypatch):
    inner = free_port()
    async with asking(inner, certificates) as client:
        assert (await client.get("/v1/models")).status_code == 503
        monkeypatch.setattr(relay_head, "_LOOK_AGAIN_S", 3600)
        await asyncio.sleep(0.5)  # the one that looks sleeps now
        async with head_with(app, certificates, port=inner):
            assert (await client.get("/v1/models")).status_code == 207


async def test_a_head_with_another_authority_gets_nothing(certificates, app, tmp_path, impatient):
    stranger = Certificates(tmp_path)
    async with head_with(app, stranger) as (_plain, inner), asking(inner, certificates) as client:
        assert (await client.get("/v1/models")).status_code == 503
    assert app.scopes == []


async def test_the_kernel_ends_connections_to_a_machine_that_is_gone(certificates):
    """Only looked at here: what the settings do is seen where a network is cut."""
    with socket.socket() as one:
        server.notice_loss(one)
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == server.LOSS_S * 1000
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1


async def test_the_process_serves_until_it_is_told_to_end(certificates, app, tmp_path):
    port = free_port()
    async with head_with(app, certificates, port=free_port()) as (_plain, inner):
        home = worker_home(tmp_path / "home", certificates, inner, port)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "appliance.serving.relay", str(home), stderr=asyncio.subprocess.PIPE
        )
        try:
            async with client_of(port) as client:
                answer = await patiently(client, process)
                assert answer.json()["client"] == ADDRESS
                async with client.stream("POST", f"{CHAT}?stream", json={}) as stream:
                    app.pieces.put_nowait(b"data: 1\n\n")
                    process.terminate()
                    await asyncio.sleep(0.3)
                    for piece in (b"data: [DONE]\n\n", None):
                        app.pieces.put_nowait(piece)
                    assert (await stream.aread()).endswith(b"data: [DONE]\n\n")  # what runs may end
            assert await asyncio.wait_for(process.wait(), 20) == 0
        finally:
            if process.returncode is None:
                process.kill()


async def patiently(client, process):
    for _turn in range(400):
        assert process.returncode is None, (await process.stderr.read()).decode()
        try:
            return await client.get("/x")
        except httpx.ConnectError:
            await asyncio.sleep(0.05)
    raise AssertionError("it never listened")


def test_a_home_that_has_not_joined_is_told_so(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "appliance.serving.relay", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "node.json" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_relay_loads_no_ray(tmp_path):
    code = "import sys, appliance.serving.relay.running as _; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env={**os.environ}
    )
    assert {"ray", "vllm", "torch", "numpy", "sqlalchemy", "fastapi"} & set(shown.stdout.split()) == set()
