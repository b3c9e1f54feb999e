"""What stands before the gateway's application, around a tiny ASGI application."""

import asyncio
import json

import pytest

from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.serving.gateway import edge
from appliance.serving.gateway.edge import BodyLimits, Edge

LIMITS = BodyLimits(json=10, upload=100, file=1000)


class Inner:
    """An application that reads the whole body and answers with its length."""

    def __init__(self, *, answer_first=False, fails=None, swallows=False):
        self.scope = None
        self.body = b""
        self.answer_first = answer_first
        self.fails = fails
        self.swallows = swallows

    async def __call__(self, scope, receive, send):
        self.scope = scope
        if scope["type"] != "http":
            await send({"type": "passed"})
            return
        if self.answer_first:
            await send(
                {"type": "http.response.start", "status": 401, "headers": [(b"content-type", b"application/json")]}
            )
        try:
            more = True
            while more:
                message = await receive()
                self.body += message["body"]
                more = message.get("more_body")
        except Exception:
            if not self.swallows:
                raise
        if self.fails:
            raise self.fails
        if not self.answer_first:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(len(self.body)).encode()})


async def send_through(inner, pieces, path="/v1/x", scheme="http", **headers):
    messages = [
        {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1}
        for index, piece in enumerate(pieces)
    ]
    sent = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": scheme, "method": "POST", "path": path, "headers": raw}
    await Edge(inner, LIMITS, "en")(scope, receive, send)
    return sent


def error_in(sent):
    """Return status, code, message and headers of an answer that Edge gave itself, whole and only once."""
    assert [message["type"] for message in sent] == ["http.response.start"] + ["http.response.body"] * 2
    assert [message.get("more_body", False) for message in sent[1:]] == [True, False]
    headers = dict(sent[0]["headers"])
    assert headers[b"content-length"] == str(len(sent[1]["body"])).encode()
    assert headers[b"connection"] == b"close"
    error = json.loads(sent[1]["body"])["error"]
    return sent[0]["status"], error["code"], error["message"], headers


def refused(sent):
    status, code, message, _headers = error_in(sent)
    assert (status, code) == (413, "body_too_large")
    return message


async def test_a_body_within_the_limit_passes():
    inner = Inner()
    sent = await send_through(inner, [b"12345", b"67890"], content_length="10")
    assert sent[0]["status"] == 200
    assert inner.body == b"1234567890"


async def test_a_declared_length_over_the_limit_never_reaches_the_application():
    inner = Inner()
    assert "10 B" in refused(await send_through(inner, [b"x" * 11], content_length="11"))
    assert inner.scope is None


@pytest.mark.parametrize("swallows", [False, True])
@pytest.mark.parametrize(
    "headers", [{}, {"content_length": "5"}, {"content_length": "²"}], ids=["none", "a lie", "no number"]
)
async def test_a_body_that_grows_over_the_limit_is_cut_off(headers, swallows):
    inner = Inner(swallows=swallows)
    refused(await send_through(inner, [b"x" * 6, b"x" * 5, b"read out"], **headers))
    assert inner.body == b"x" * 6


async def test_an_answer_that_has_begun_is_not_followed_by_a_second():
    sent = await send_through(Inner(answer_first=True), [b"x" * 6, b"x" * 6])
    assert [message["type"] for message in sent] == ["http.response.start"]  # the server closes the connection
    assert sent[0]["status"] == 401


async def test_a_caller_that_sends_for_ever_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(edge, "_LINGER_S", 0.01)
    sent = []

    async def receive():
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"", "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-length", b"11")]}
    await Edge(Inner(), LIMITS, "en")(scope, receive, send)
    refused(sent)


FORM = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("path", "kind", "passes"),
    [
        ("/v1/knowledge-bases/a/documents", FORM, True),
        ("/v1/knowledge-bases/a/documents", "Multipart/Form-Data; boundary=x", True),
        ("/v1/knowledge-bases/a/documents", "application/json", False),
        ("/v1/chat/completions", FORM, False),
    ],
)
async def test_only_an_upload_may_be_as_large_as_a_document(path, kind, passes):
    sent = await send_through(Inner(), [b"x" * 50], path=path, content_type=kind)
    assert (sent[0]["status"] == 200) is passes


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


@pytest.mark.parametrize("value", ["branch-7.42:a_B", "x" * 64])
async def test_a_harmless_request_id_is_kept_and_given_back(value):
    inner = Inner()
    sent = await send_through(inner, [b""], x_request_id=value, authorization="Bearer k")
    assert inner.scope["headers"] == [(b"x-request-id", value.encode()), (b"authorization", b"Bearer k")]
    assert sent[0]["headers"] == [(b"x-request-id", value.encode())]


@pytest.mark.parametrize("value", ["x" * 65, "", "a b", "é", "a\r\nb"])
async def test_any_other_request_id_is_replaced(value):
    inner = Inner()
    sent = await send_through(inner, [b""], x_request_id=value, authorization="Bearer k")
    (kept, (name, made)) = inner.scope["headers"]
    assert kept == (b"authorization", b"Bearer k")
    assert name == b"x-request-id"
    assert made.startswith(b"req_")
    assert sent[0]["headers"] == [(b"x-request-id", made)]


async def test_two_request_ids_are_none():
    inner = Inner()

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        pass

    headers = [(b"x-request-id", b"one"), (b"x-request-id", b"two")]
    await Edge(inner, LIMITS, "en")({"type": "http", "path": "/", "headers": headers}, receive, send)
    ((_name, made),) = inner.scope["headers"]
    assert made.startswith(b"req_")


async def test_a_refusal_carries_the_request_id():
    *_more, headers = error_in(await send_through(Inner(), [b""], content_length="11", x_request_id="branch-7"))
    assert headers[b"x-request-id"] == b"branch-7"


async def test_one_of_our_errors_is_answered_here():
    error = Unavailable(_("No."), code="gateway_unavailable")
    status, code, message, headers = error_in(await send_through(Inner(fails=error), [b""]))
    assert (status, code, message, headers[b"retry-after"]) == (503, "gateway_unavailable", "No.", b"5")


async def test_a_failure_is_answered_with_the_request_id_and_no_reason():
    sent = await send_through(Inner(fails=ValueError("a secret")), [b""], x_request_id="branch-7")
    status, code, message, _headers = error_in(sent)
    assert (status, code) == (500, "internal_error")
    assert "branch-7" in message
    assert "secret" not in message


async def test_a_failure_behind_the_beginning_of_an_answer_only_ends_it():
    sent = await send_through(Inner(answer_first=True, fails=ValueError("inside")), [b""])
    assert [message["type"] for message in sent] == ["http.response.start"]


async def test_a_lifespan_is_untouched():
    inner = Inner()
    sent = await send_through(inner, [], scheme="lifespan", x_session_id="kept")
    assert sent == [{"type": "passed"}]
    assert inner.scope["headers"] == [(b"x-session-id", b"kept")]


async def test_the_refusal_speaks_the_callers_language_or_the_sites():
    english = refused(await send_through(Inner(), [b""], content_length="11"))
    chinese = refused(await send_through(Inner(), [b""], content_length="11", accept_language="zh-CN"))
    assert "10 B" in english
    assert "10 B" in chinese
    assert english != chinese
