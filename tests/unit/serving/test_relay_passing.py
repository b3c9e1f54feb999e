"""What a relay passes on and may send twice, piece by piece."""

import pytest

from appliance.serving.relay.passing import (
    WholeEvents,
    answered_headers,
    asked_headers,
    declared_length,
    error_event_name,
    is_upload,
    may_repeat,
    target_of,
)


def scope(method="POST", path="/v1/chat/completions", query=b"", client=("10.0.0.9", 5), **headers):
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {
        "method": method, "path": path, "raw_path": path.encode(), "query_string": query, "client": client,
        "headers": raw,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [("/a%20b", b"", "/a%20b"), ("/a", b"x=1?&/", "/a?x=1?&/"), ("*", b"", "/*"), ("/a", b"\xc3 \x7f", "/a?%C3%20%7F")],
)
def test_the_target_is_what_was_on_the_wire_in_ascii(path, query, target):
    assert target_of(scope(path=path, query=query)) == target


def test_headers_keep_their_order_and_number():
    asked = asked_headers(scope(accept="a", x_y="1") | {"headers": [(b"x", b"1"), (b"y", b"2"), (b"x", b"3")]})
    assert list(asked.items()) == [("x", "1"), ("y", "2"), ("x", "3"), ("x-appliance-caller", "10.0.0.9")]


def test_what_a_connection_header_names_ends_here_but_not_what_is_told_of_the_caller():
    asked = asked_headers(scope(connection="close, X-Appliance-Caller", x_appliance_caller="10.9.9.9", te="x"))
    assert list(asked.items()) == [("x-appliance-caller", "10.0.0.9")]


def test_a_caller_without_an_address_and_bytes_that_are_no_text_do_not_stop_a_request():
    asked = asked_headers(scope(client=None, x="\xff"))
    assert dict(asked) == {"x": "\ufffd", "x-appliance-caller": ""}


def test_an_answers_headers():
    raw = [(b"Date", b"x"), (b"Set-Cookie", b"a"), (b"Set-Cookie", b"b"), (b"Transfer-Encoding", b"chunked")]
    assert answered_headers([*raw, (b"X-Request-ID", b"r")]) == [(b"set-cookie", b"a"), (b"set-cookie", b"b")]


@pytest.mark.parametrize(
    ("method", "path", "may"),
    [
        ("GET", "/v1/keys", True), ("HEAD", "/", True), ("OPTIONS", "/", True),
        ("POST", "/v1/chat/completions", True), ("POST", "/v1/completions", True), ("POST", "/v1/embeddings", True),
        ("POST", "/v1/chat/completions/", False), ("POST", "/v1/keys", False), ("PUT", "/v1/embeddings", False),
        ("DELETE", "/v1/keys/a", False), ("PATCH", "/v1/users/a", False),
    ],
)  # fmt: skip
def test_what_may_be_sent_again(method, path, may):
    assert may_repeat(scope(method, path)) is may


def test_a_form_is_an_upload():
    assert is_upload(scope(content_type="Multipart/Form-Data; boundary=x", content_length="7"))
    assert not is_upload(scope(content_type="application/json"))
    assert not is_upload(scope())
    assert declared_length(scope(content_length="7")) == "7"
    assert declared_length(scope()) is None


def test_only_events_of_scenarios_have_names():
    assert error_event_name(scope(path="/v1/scenarios/a/ask")) == "error"
    assert error_event_name(scope()) is None


@pytest.mark.parametrize("gap", [b"\n\n", b"\r\n\r\n"])
def test_events_are_passed_on_whole(gap):
    events = WholeEvents()
    assert events.take(b"data: 1" + gap + b"data: 2") == b"data: 1" + gap
    assert events.take(gap[:1]) == b""
    assert events.take(gap[1:]) == b"data: 2" + gap
    assert events.rest() == b""
    assert events.take(b"data: 3\n") == b""
    assert events.rest() == b"data: 3\n"
