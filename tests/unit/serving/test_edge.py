"""The proxies' middleware in front of a tiny ASGI application."""

import json

import pytest

from appliance.serving.edge_settings import CALLBACK_VARIABLE, edge_environment
from appliance.serving.gateway.edge import Edge, proxy_middlewares


class Inner:
    """An application that reads the whole body, as Serve's proxy does, and answers with its length."""

    def __init__(self, *, answer_first=False):
        self.scope = None
        self.body = b""
        self.disconnected = False
        self.answer_first = answer_first

    async def __call__(self, scope, receive, send):
        self.scope = scope
        if scope["type"] != "http":
            await send({"type": "passed"})
            return
        if self.answer_first:
            await send(
                {"type": "http.response.start", "status": 401, "headers": [(b"content-type", b"application/json")]}
            )
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected = True
                break
            self.body += message["body"]
            if not message.get("more_body"):
                break
        if not self.answer_first:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(len(self.body)).encode()})


async def send_through(inner, pieces, path="/v1/x", scheme="http", **headers):
    messages = [
        piece
        if isinstance(piece, dict)
        else {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1}
        for index, piece in enumerate(pieces)
    ]
    sent = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    edge = Edge(inner, max_body_bytes=10, max_upload_bytes=100, max_file_bytes=1000, language="en")
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    await edge({"type": scheme, "method": "POST", "path": path, "headers": raw}, receive, send)
    return sent


def refused(sent):
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 413
    error = json.loads(sent[1]["body"])["error"]
    assert error["code"] == "body_too_large"
    return error["message"]


async def test_a_body_within_the_limit_passes():
    inner = Inner()
    sent = await send_through(inner, [b"12345", b"67890"], content_length="10")
    assert sent[0]["status"] == 200
    assert inner.body == b"1234567890"


async def test_a_declared_length_over_the_limit_is_refused_unread():
    inner = Inner()
    assert "10 B" in refused(await send_through(inner, [b"x" * 11], content_length="11"))
    assert inner.scope is None


@pytest.mark.parametrize(
    "headers", [{}, {"content_length": "5"}, {"content_length": "²"}], ids=["none", "a lie", "no number"]
)
async def test_a_body_that_grows_over_the_limit_is_cut_off(headers):
    inner = Inner()
    refused(await send_through(inner, [b"x" * 6, b"x" * 5, b"never read"], **headers))
    assert inner.disconnected
    assert inner.body == b"x" * 6


async def test_an_answer_that_has_begun_is_not_followed_by_a_second():
    inner = Inner(answer_first=True)
    sent = await send_through(inner, [b"x" * 6, b"x" * 6])
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 401


@pytest.mark.parametrize(
    ("path", "kind", "passes"),
    [
        ("/v1/knowledge-bases/a/documents", "multipart/form-data; boundary=x", True),
        ("/v1/knowledge-bases/a/documents", "Multipart/Form-Data; boundary=x", True),
        ("/v1/knowledge-bases/a/documents", "application/json", False),
        ("/v1/chat/completions", "multipart/form-data; boundary=x", False),
    ],
)
async def test_only_an_upload_may_be_as_large_as_a_document(path, kind, passes):
    sent = await send_through(Inner(), [b"x" * 50], path=path, content_type=kind)
    assert (sent[0]["status"] == 200) is passes


async def test_a_disconnect_passes():
    inner = Inner()
    await send_through(inner, [b"12", {"type": "http.disconnect"}])
    assert inner.disconnected


async def test_headers_that_serve_would_obey_are_dropped():
    inner = Inner()
    await send_through(
        inner, [b""], x_request_id="one", serve_multiplexed_model_id="x", x_session_id="y",
        x_request_timeout_seconds="1", x_request_disconnect_disabled="?1", x_serve_anything="z",
        authorization="Bearer k",
    )  # fmt: skip
    assert inner.scope["headers"] == [(b"x-request-id", b"one"), (b"authorization", b"Bearer k")]


@pytest.mark.parametrize("value", ["branch-7.42:a_B", "x" * 64])
async def test_a_harmless_request_id_is_kept(value):
    inner = Inner()
    await send_through(inner, [b""], x_request_id=value)
    assert inner.scope["headers"] == [(b"x-request-id", value.encode())]


@pytest.mark.parametrize("value", ["x" * 65, "", "a b", "é", "a\r\nb"])
async def test_any_other_request_id_is_replaced(value):
    inner = Inner()
    await send_through(inner, [b""], x_request_id=value)
    ((name, made),) = inner.scope["headers"]
    assert name == b"x-request-id"
    assert made.startswith(b"req_")


async def test_a_refusal_carries_the_request_id():
    sent = await send_through(Inner(), [b""], content_length="11", x_request_id="branch-7")
    assert (b"x-request-id", b"branch-7") in sent[0]["headers"]


async def test_anything_but_http_is_untouched():
    inner = Inner()
    sent = await send_through(inner, [], scheme="websocket", x_session_id="kept")
    assert sent == [{"type": "passed"}]
    assert inner.scope["headers"] == [(b"x-session-id", b"kept")]


async def test_the_refusal_speaks_the_callers_language_or_the_sites():
    english = refused(await send_through(Inner(), [b""], content_length="11"))
    chinese = refused(await send_through(Inner(), [b""], content_length="11", accept_language="zh-CN"))
    assert "10 B" in english
    assert "10 B" in chinese


def test_the_proxies_get_their_settings_by_the_environment(monkeypatch):
    environment = edge_environment(10, 20, 30, "zh_CN")
    module, function = environment[CALLBACK_VARIABLE].split(":")
    assert (module, function) == (proxy_middlewares.__module__, proxy_middlewares.__name__)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (middleware,) = proxy_middlewares()
    assert middleware.cls is Edge
    assert middleware.kwargs == {
        "max_body_bytes": 10,
        "max_upload_bytes": 20,
        "max_file_bytes": 30,
        "language": "zh_CN",
    }


class Serve:
    """Answers as Serve's proxy does for itself."""

    def __init__(self, status, kind):
        self.status, self.kind = status, kind

    async def __call__(self, scope, receive, send):
        headers = [(b"content-type", self.kind)] if self.kind else []
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"Path not found. Ping /-/routes", "more_body": False})


@pytest.mark.parametrize("status", [404, 500, 503])
@pytest.mark.parametrize("kind", [b"text/plain", b"text/plain; charset=utf-8", None])
async def test_what_serve_says_in_plain_text_becomes_our_error(status, kind):
    start, body = await send_through(Serve(status, kind), [b"x"])
    assert start["status"] == 503
    assert (b"retry-after", b"5") in start["headers"]
    assert json.loads(body["body"])["error"]["code"] == "gateway_unavailable"


async def test_the_gateways_own_errors_and_plain_metrics_pass():
    for status, kind in ((404, b"application/json"), (200, b"text/plain")):
        start, body = await send_through(Serve(status, kind), [b"x"])
        assert start["status"] == status
        assert body["body"].startswith(b"Path")


async def test_serves_own_routes_are_not_there():
    inner = Inner()
    start, body = await send_through(inner, [b""], path="/-/routes")
    assert inner.scope is None
    assert start["status"] == 404
    assert json.loads(body["body"])["error"]["code"] == "route_not_found"


FORM = "multipart/form-data; boundary=x"


async def test_a_file_for_a_batch_has_a_limit_of_its_own():
    inner = Inner()
    sent = await send_through(inner, [b"x" * 900], path="/v1/files", content_type=FORM)
    assert (sent[0]["status"], len(inner.body)) == (200, 900)
    around = 16 * 1024  # what a form has beside its file
    assert "17.0 KiB" in refused(
        await send_through(Inner(), [b"x" * (1001 + around)], path="/v1/files", content_type=FORM)
    )


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/v1/files", "application/json"), ("/v1/files/file_x", FORM), ("/v1/batches", FORM), ("/v2/v1/files", FORM)],
)
async def test_only_the_upload_of_a_file_has_it(path, kind):
    refused(await send_through(Inner(), [b"x" * 11], path=path, content_type=kind))
