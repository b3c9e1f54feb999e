"""The gateway's HTTP server, its places and its cancelling, over real sockets."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import httpx
import pytest

from appliance.config.site import GatewaySettings, SiteConfig
from appliance.core.errors import StartFailed
from appliance.serving.deploy import gateway_app
from appliance.serving.gateway.app import build_app
from appliance.serving.gateway.cancelling import Cancelling
from appliance.serving.gateway.edge import BodyLimits, Edge
from appliance.serving.gateway.places import Places
from appliance.serving.gateway.server import HttpServer, bound, ensure_free, server_of
from appliance.serving.names import HEAD_NODE
from appliance.state.audit.search import Filters, search
from tests.unit.serving.deployments import USAGE_ITEM, WHOLE, chunk
from tests.unit.serving.ports import free_port

LIMITS = BodyLimits(1000, 2000, 3000)


class Work:
    """An application that notes what becomes of each request, and answers when it may."""

    def __init__(self):
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.begun = []
        self.ended = []
        self.bodies = []
        self.scopes = []
        self.after_answer = 0.0

    async def __call__(self, scope, receive, send):
        path = scope["path"]
        self.begun.append(path)
        self.scopes.append(scope)
        try:
            if path != "/unread":
                body, more = b"", True
                while more:
                    message = await receive()
                    body, more = body + message["body"], message["more_body"]
                self.bodies.append(body)
            if path == "/fails":
                raise ZeroDivisionError
            await self.may_answer.wait()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            if path == "/stream":
                for _number in range(3):
                    await send({"type": "http.response.body", "body": b"piece", "more_body": True})
                    await asyncio.sleep(0.01)
                await asyncio.sleep(3600 if scope["query_string"] == b"endless" else 0)
            await send({"type": "http.response.body", "body": path.encode()})
            await asyncio.sleep(self.after_answer)
        except asyncio.CancelledError:
            self.ended.append((path, "cancelled"))
            raise
        else:
            self.ended.append((path, "done"))


@pytest.fixture
def work():
    return Work()


@asynccontextmanager
async def serving(app, within_s=5.0):
    server = HttpServer(app, "127.0.0.1", 0)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(within_s)


def whole(work, running=100, waiting=100):
    return Edge(Places(Cancelling(work), running, waiting), LIMITS, "en")


def url(server):
    return f"http://127.0.0.1:{server.ports[0]}"


@pytest.fixture
async def server(work):
    async with serving(whole(work)) as found:
        yield found


@pytest.fixture
async def http(server):
    async with httpx.AsyncClient(base_url=url(server), timeout=20) as client:
        yield client


async def until(condition):
    for _turn in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")


async def connected(server, request):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
    writer.write(request)
    await writer.drain()
    return reader, writer


POST = b"POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
GET = b"GET /whole HTTP/1.1\r\nHost: a\r\n\r\n"
EMPTY = b"POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
CHUNKED = b"POST /whole HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
UNREAD = GET.replace(b"whole", b"unread")


async def test_it_answers_and_keeps_the_connection(http, work):
    for number in range(3):
        answer = await http.post("/whole", content=b"x" * number)
        assert (answer.status_code, answer.text) == (200, "/whole")
        assert answer.headers["x-request-id"].startswith("req_")
        assert "server" not in answer.headers
    assert len({scope["client"] for scope in work.scopes}) == 1
    assert work.ended == [("/whole", "done")] * 3


async def test_the_callers_request_id_comes_back(http, work):
    answer = await http.get("/whole", headers={"X-Request-ID": "branch-7"})
    assert answer.headers.get_list("x-request-id") == ["branch-7"]
    assert (b"x-request-id", b"branch-7") in work.scopes[0]["headers"]


async def test_where_a_request_comes_from_is_what_the_kernel_says(http, work):
    await http.get("/whole", headers={"X-Forwarded-For": "10.9.9.9", "X-Forwarded-Proto": "https"})
    assert work.scopes[0]["client"][0] == "127.0.0.1"
    assert work.scopes[0]["scheme"] == "http"


@pytest.mark.parametrize("request_bytes", [POST, GET, EMPTY, CHUNKED, UNREAD])
async def test_a_caller_that_goes_away_ends_the_work(server, work, request_bytes):
    work.may_answer.clear()
    _reader, writer = await connected(server, request_bytes)
    await until(lambda: work.begun)
    writer.close()
    await until(lambda: [how for _path, how in work.ended] == ["cancelled"])


async def test_a_caller_that_goes_away_within_its_body_ends_the_work(server, work):
    _reader, writer = await connected(server, POST.replace(b"Length: 2", b"Length: 90"))
    await until(lambda: work.begun)
    writer.close()
    await until(lambda: work.ended == [("/whole", "cancelled")])


async def test_a_caller_that_goes_away_within_a_stream_ends_it(server, work):
    reader, writer = await connected(server, b"GET /stream?endless HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b"piece")
    writer.close()
    await until(lambda: work.ended == [("/stream", "cancelled")])


async def test_a_caller_that_goes_away_ends_nobody_elses_work(server, http, work):
    work.may_answer.clear()
    _reader, writer = await connected(server, POST)
    other = asyncio.create_task(http.post("/other"))
    await until(lambda: len(work.begun) == 2)
    writer.close()
    await until(lambda: work.ended)
    work.may_answer.set()
    assert (await other).text == "/other"
    assert sorted(work.ended) == [("/other", "done"), ("/whole", "cancelled")]


async def test_work_behind_the_answer_is_not_cancelled(server, work):
    work.after_answer = 0.2
    reader, writer = await connected(server, POST)
    await reader.readuntil(b"/whole")
    writer.close()
    await until(lambda: work.ended == [("/whole", "done")])


async def test_a_listener_of_the_application_hears_of_the_loss_too():
    heard = []

    async def listens(scope, receive, send):
        await receive()
        listener = asyncio.create_task(receive())
        try:
            await asyncio.sleep(3600)
        finally:
            heard.append(await listener)

    async with serving(Cancelling(listens)) as server:
        _reader, writer = await connected(server, POST)
        await asyncio.sleep(0.05)
        writer.close()
        await until(lambda: heard == [{"type": "http.disconnect"}])


async def test_a_cancellation_that_is_not_the_callers_goes_on():
    async def cancelled(scope, receive, send):
        asyncio.current_task().cancel()
        await asyncio.sleep(1)

    async def receive():
        await asyncio.sleep(3600)

    task = asyncio.create_task(Cancelling(cancelled)({"type": "http", "headers": []}, receive, None))
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_body_over_the_limit_is_refused(http, work):
    declared = await http.post("/whole", content=b"x" * 1001)
    assert declared.status_code == 413
    assert work.begun == []

    async def pieces():
        for _number in range(20):
            yield b"x" * 100

    grown = await http.post("/whole", content=pieces(), headers={"X-Request-ID": "one"})
    assert (grown.status_code, grown.json()["error"]["code"]) == (413, "body_too_large")
    assert grown.headers.get_list("x-request-id") == ["one"]
    assert work.bodies == []


async def test_a_failure_nobody_foresaw_is_answered_in_one_shape(http):
    answer = await http.post("/fails", headers={"X-Request-ID": "one"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "one" in answer.json()["error"]["message"]


async def test_what_is_no_http_is_refused(server):
    reader, _writer = await connected(server, b"\x16\x03\x01\x02\x00\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 400")


async def test_more_than_have_a_place_wait_in_their_order_and_others_are_refused(work):
    work.may_answer.clear()
    places = Places(Cancelling(work), 2, 2)
    async with (
        serving(Edge(places, LIMITS, "en")) as server,
        httpx.AsyncClient(base_url=url(server), timeout=20) as client,
    ):
        running = []
        for number, (begun, waiting) in enumerate([(1, 0), (2, 0), (2, 1), (2, 2)]):
            running.append(asyncio.create_task(client.get(f"/{number}")))
            await until(lambda want=(begun, waiting): (len(work.begun), len(places._waiting)) == want)
        refused = await client.get("/4", headers={"Accept-Language": "zh-CN"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.json()["error"]["code"] == "gateway_unavailable"
        assert work.begun == ["/0", "/1"]
        work.may_answer.set()
        assert [one.status_code for one in await asyncio.gather(*running)] == [200] * 4
        assert work.begun == ["/0", "/1", "/2", "/3"]
        assert (await client.get("/5")).status_code == 200


async def test_a_place_is_not_lost_with_who_waited_for_it():
    entered = asyncio.Event()
    done = []

    async def app(scope, receive, send):
        await entered.wait()
        done.append(scope["n"])

    places = Places(app, 1, 5)
    tasks = [asyncio.create_task(places({"n": number}, None, None)) for number in range(5)]
    await asyncio.sleep(0)
    tasks[1].cancel()  # while it waits
    await asyncio.sleep(0)
    entered.set()
    await asyncio.sleep(0)
    tasks[2].cancel()  # as it gets the place
    await asyncio.gather(*tasks, return_exceptions=True)
    assert done == [0, 3, 4]
    await places({"n": 5}, None, None)
    assert (places._free, done[-1]) == (1, 5)


async def test_a_replica_that_stops_ends_what_runs_first(work):
    work.may_answer.clear()
    server = HttpServer(whole(work), "127.0.0.1", 0)
    await server.start()
    (port,) = server.ports
    async with httpx.AsyncClient(base_url=url(server), timeout=20) as client:
        running = asyncio.create_task(client.get("/whole"))
        await until(lambda: work.begun)
        stopping = asyncio.create_task(server.stop(60))
        await until(lambda: not reachable(port))
        assert not stopping.done()
        work.may_answer.set()
        assert (await running).text == "/whole"
        await stopping
    server.check()


async def test_a_replica_that_stops_does_not_wait_for_ever(work):
    work.may_answer.clear()
    server = HttpServer(whole(work), "127.0.0.1", 0)
    await server.start()
    _reader, _writer = await connected(server, POST)
    await until(lambda: work.begun)
    await server.stop(0.05)
    assert work.ended == [("/whole", "cancelled")]


async def test_nothing_listens_before_the_start(work):
    server = HttpServer(work, "127.0.0.1", 0)
    (port,) = server.ports
    assert not reachable(port)
    await server.start()
    assert reachable(port)
    await server.stop(1)
    assert not reachable(port)
    never_started = HttpServer(work, "127.0.0.1", 0)
    await never_started.stop(1)
    assert never_started._sockets[0].fileno() == -1


def reachable(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


async def test_replicas_of_one_machine_share_the_port():
    works = [Work(), Work()]
    async with serving(works[0]) as first:
        second = HttpServer(works[1], "127.0.0.1", first.ports[0])
        await second.start()
        for _number in range(200):
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"{url(first)}/x")).status_code == 200
            if all(work.begun for work in works):
                break
        await second.stop(1)
        assert all(work.begun for work in works)
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{url(first)}/x")).status_code == 200


async def test_a_port_that_somebody_has_is_said_to_be_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartFailed, match=rf"cannot listen on 127.0.0.1:{port}: Address already in use"):
            HttpServer(None, "127.0.0.1", port)
        with pytest.raises(StartFailed):
            ensure_free("127.0.0.1", port)
    ensure_free("127.0.0.1", port)
    with pytest.raises(StartFailed, match=r"gateway\.host"):
        HttpServer(None, "no.such.host.invalid", port)


async def test_replicas_of_this_appliance_do_not_make_a_port_free():
    (shared,) = bound("127.0.0.1", 0, shared=True)
    with shared:
        shared.listen()
        with pytest.raises(StartFailed):
            ensure_free("127.0.0.1", shared.getsockname()[1])


async def test_a_server_that_ends_by_itself_is_found(work):
    server = HttpServer(work, "127.0.0.1", 0)
    await server.start()
    server.check()
    server._serving.cancel()
    await asyncio.wait([server._serving])
    with pytest.raises(RuntimeError, match="HTTP server ended"):
        server.check()


def test_serve_is_told_what_it_decides_for_the_replica(tmp_path):
    site = SiteConfig(gateway=GatewaySettings(max_ongoing_requests=77, generation_timeout_s=99))
    deployment = gateway_app(tmp_path, site, {"models": []})._bound_deployment
    found = deployment._deployment_config
    assert deployment.max_ongoing_requests == 77  # also the threads that the application may have at once
    assert (found.graceful_shutdown_timeout_s, found.health_check_period_s) == (99, 1)
    assert found.user_config == {"models": []}
    assert HEAD_NODE in deployment.ray_actor_options["resources"]


CHAT = {"model": "general", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
async def gateway(context, keys):
    """Give a client of the real application behind the real server."""
    site = SiteConfig(gateway=GatewaySettings(port=free_port(), max_body_bytes=10_000))
    server = server_of(build_app(context), site)
    await server.start()
    async with (
        httpx.AsyncClient(
            base_url=url(server), headers={"Authorization": f"Bearer {keys['caller']}"}, timeout=30
        ) as client,
    ):
        yield client
    await server.stop(1)


async def test_the_application_chats_and_streams(gateway, model):
    model.scripts = [[WHOLE], [chunk("a"), chunk("b"), USAGE_ITEM]]
    whole_answer = await gateway.post("/v1/chat/completions", json=CHAT)
    assert whole_answer.json()["choices"][0]["message"]["content"] == "Hi"
    assert whole_answer.headers["x-request-id"].startswith("req_")
    stream = await gateway.post("/v1/chat/completions", json={**CHAT, "stream": True})
    assert stream.text.endswith("data: [DONE]\n\n")
    assert stream.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize("streaming", [False, True])
async def test_who_hangs_up_has_the_generation_cancelled_and_metered(gateway, model, ring, streaming):
    waits = asyncio.Event()
    model.scripts = [[chunk("a"), waits] if streaming else [waits]]
    async with (
        gateway.stream("POST", "/v1/chat/completions", json={**CHAT, "stream": True})
        if streaming
        else held(gateway) as answer
    ):
        if streaming:
            assert answer.status_code == 200
        await until(lambda: model.streams)
    await until(lambda: model.streams[0].cancelled)

    def last():
        return search(ring._database, Filters()).records[0]

    await until(lambda: last().kind == "request.completed")
    assert (last().outcome, json.loads(last().data)["status"]) == ("cancelled", 499)


@asynccontextmanager
async def held(client):
    """A request for a whole answer that hangs up at the end of the block."""
    asking = asyncio.create_task(client.post("/v1/chat/completions", json=CHAT))
    yield None
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_the_application_refuses_what_is_too_large_in_its_own_shape(gateway):
    async def pieces():
        for _number in range(30):
            yield b" " * 1000

    for content in (b" " * 10_001, pieces()):
        answer = await gateway.post("/v1/chat/completions", content=content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")
