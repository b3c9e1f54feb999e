"""Who asks the terminal's server for what he may not have: names, tokens, pages elsewhere, messages that are none."""

import asyncio
import json
import re
import socket
import sys

import aiohttp
import psutil
import pytest
from aiohttp import web
from pydantic import ValidationError

from appliance.core.errors import AuthenticationFailed, TooManyRequests
from appliance.operations.browser.said import MOST_BYTES, read_said, read_size
from appliance.operations.browser.sign_in import WRONG_A_MINUTE, SignIn
from appliance.operations.browser.site import COOKIE, MOST_TERMINALS, TerminalSite
from tests.tui.browser_served import Browser, runs, until

# A program with a driver's manners that starts at once: it sends back what it is sent.
ECHO = """
import os, sys
sys.stdout.buffer.write(b"__GANGLION__\\n")
while head := os.read(0, 5):
    body = os.read(0, int.from_bytes(head[1:], "big"))
    if b'"quit"' in body:
        break
    sys.stdout.buffer.write(b"D" + len(head + body).to_bytes(4, "big") + head + body)
    sys.stdout.flush()
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("__GANGLION__\\nD\\0\\0\\0\\4deaf", end="", flush=True)
time.sleep(600)
"""


def programs():
    """Return the programs that this process's sites run."""
    return [child for child in psutil.Process().children() if runs(child)]


class Site:
    """A site in this process, on a real port, with a program in place of the terminal."""

    def __init__(self, code) -> None:
        self.told = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        port = self.listening.getsockname()[1]
        self.host, self.origin = f"127.0.0.1:{port}", f"http://127.0.0.1:{port}"
        self.site = TerminalSite([sys.executable, "-c", code], {}, port, "en", lambda said: self.told.append(str(said)))
        self.address = self.site.new_address()
        self.token = self.address.partition("=")[2]

    async def __aenter__(self):
        self.runner = web.AppRunner(self.site.application(), access_log=None, shutdown_timeout=10)
        await self.runner.setup()
        await web.SockSite(self.runner, self.listening).start()
        self.client = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        return self

    async def __aexit__(self, *_error):
        await self.client.close()
        await self.runner.cleanup()

    async def get(self, path, **options):
        """Return status, headers and text."""
        async with self.client.get(self.origin + path, allow_redirects=False, **options) as answer:
            return answer.status, answer.headers, (await answer.read()).decode("utf-8", "replace")

    async def sign_in(self):
        status, headers, _text = await self.get(f"/?token={self.token}")
        assert status == 303
        return headers["Location"]

    async def open(self, base, query="width=80&height=24"):
        return Browser(await self.client.ws_connect(f"{self.origin}{base}ws?{query}", origin=self.origin))


@pytest.fixture
async def site():
    async with Site(ECHO) as site:
        yield site


async def test_the_token_is_worth_one_cookie_for_one_path(site):
    status, headers, _text = await site.get(f"/?token={site.token}")
    assert status == 303
    base = headers["Location"]
    assert re.fullmatch(r"/[\w-]{22}/", base)
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert f"Path={base}" in cookie
    assert site.token not in cookie
    assert len(cookie.partition("=")[2].partition(";")[0]) >= 43
    assert (await site.get(base))[0] == 200

    status, _headers, text = await site.get(f"/?token={site.token}")
    assert status == 403
    assert "was used before" in text
    assert "Ctrl-C" in text
    assert any("was used before" in line for line in site.told)
    assert not any(site.token in line for line in site.told)


async def test_without_the_cookie_there_is_only_how_to_get_one(site):
    base = await site.sign_in()
    (mine,) = site.client.cookie_jar
    site.client.cookie_jar.clear()
    for path in ("/", base, f"{base}ws", f"{base}static/textual.js", "/static/textual.js", "/ws", "/../etc/passwd"):
        for cookie in ("", "wrong", mine.value[:-1], mine.value + "a", "é\u2028"):
            status, _headers, text = await site.get(path, headers={"Cookie": f"{COOKIE}={cookie}"})
            assert status == 403, path
            assert "not signed in" in text
    # Whoever was led here by a page elsewhere is led on by ours, for the sake of the strict cookie.
    _status, _headers, text = await site.get(base, headers={"Sec-Fetch-Site": "cross-site"})
    assert f"url={base}" in text
    _status, _headers, text = await site.get("/elsewhere/", headers={"Sec-Fetch-Site": "cross-site"})
    assert "url=" not in text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.:{port}"]
)
async def test_another_name_is_refused_before_the_token_is_looked_at(site, host):
    port = site.host.partition(":")[2]
    status, _headers, text = await site.get(f"/?token={site.token}", headers={"Host": host.format(port=port)})
    assert status == 421
    assert "ssh -L" in text
    assert (await site.get(f"/?token={site.token}", headers={"Host": f"localhost:{port}"}))[0] == 303


async def test_requests_that_are_none_get_an_answer_and_no_trace(site, capfd):
    base = await site.sign_in()
    for request in (
        f"GET /?token={site.token} HTTP/1.1\r\n\r\n",
        f"GET /?token={site.token} HTTP/1.0\r\n\r\n",
        f"GET /?token={site.token} HTTP/1.1\r\nHost: {site.host}\r\nHost: {site.host}\r\n\r\n",
        f"GET /?token={site.token} HTTP/9.9\r\nHost: {site.host}\r\n\r\n",
        f"GET /?token=%ff%00%ed%a0%80 HTTP/1.1\r\nHost: {site.host}\r\n\r\n",
        f"GET {base}static/../../../../etc/passwd HTTP/1.1\r\nHost: {site.host}\r\n\r\n",
        f"POST / HTTP/1.1\r\nHost: {site.host}\r\nContent-Length: 9999999\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(site.host.partition(":")[2]))
        writer.write(request.encode("latin-1"))
        answer = await reader.readline()
        assert re.match(rb"HTTP/1\.[01] 4\d\d ", answer), (request, answer)
        writer.close()
    shown = "".join(capfd.readouterr())
    assert "Traceback" not in shown
    assert site.token not in shown


async def test_every_answer_has_the_headers_that_keep_others_out(site):
    base = await site.sign_in()
    for path in ("/", base, f"{base}static/page.css", f"{base}static/textual.js", f"{base}nothing", "/?token=x"):
        _status, headers, _text = await site.get(path)
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert f"connect-src 'self' ws://{site.host};" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"


async def test_files_are_a_list_of_six_and_the_page_takes_no_parameters(site):
    base = await site.sign_in()
    _status, _headers, page = await site.get(base)
    names = re.findall(rf'"{base}static/([^"]+)"', page)
    _status, _headers, styles = await site.get(f"{base}static/page.css")
    names += re.findall(r'url\("([^"]+)"\)', styles)
    assert len(names) == 6
    for name in names:
        status, headers, _text = await site.get(f"{base}static/{name}", headers={"Accept-Encoding": "identity"})
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, headers["Content-Type"])
    for name in ("", "../site.py", "..%2fsite.py", "%2e%2e/page.css", "nothing.js"):
        assert (await site.get(f"{base}static/{name}"))[0] == 404
    status, headers, _text = await site.get(f"{base}?ping=http://evil.example/")
    assert (status, headers["Location"]) == (303, base)
    assert not re.search(r"\bsrc=[\"']?http|url\([\"']?http|@import|fonts\.g", page + styles)


async def test_a_foreign_page_cannot_connect(site):
    base = await site.sign_in()
    for origin in (
        None,
        "null",
        "http://evil.example",
        "http://127.0.0.1:1",
        f"https://{site.host}",
        site.origin + "/",
    ):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await site.client.ws_connect(f"{site.origin}{base}ws?width=80&height=24", origin=origin)
        assert refused.value.status == 403
    status, _headers, _text = await site.get(f"{base}ws", headers={"Origin": site.origin})
    assert status == 404


SIZE = '["resize",{"width":%s,"height":24}]'
NOT_MESSAGES = [
    "", "{", "[]", "null", "{}", '"stdin"', "[1]", '["stdin"]', '["stdin",1]', '["stdin",null]', '["stdin","a","b"]',
    '["stdin","\\ud800"]', '["nothing","a"]', '["quit"]', '["resize"]', '["resize",{}]', '["resize",[80,24]]',
    *(SIZE % width for width in ("0", "-1", "1000000000", '"80"', "80.5", "true", "NaN", "null", "9" * 5000)),
    '["resize",{"width":80,"height":24,"x":1}]', '["ping",1]', '["ping","' + "7" * 65 + '"]', '["blur",1]',
    "[" * 100_000, '{"a":' * 50_000,
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_MESSAGES, ids=lambda text: text[:40])
def test_what_is_no_message_is_refused(text):
    with pytest.raises(ValidationError):
        read_said(text)


@pytest.mark.parametrize("width", [None, "", "0", "x", "1e9", "1000000000", "9" * 5000])
def test_a_size_that_is_none_is_refused(width):
    with pytest.raises(ValidationError):
        read_size({"height": "24"} | ({} if width is None else {"width": width}))


async def test_bad_messages_close_their_connection_with_a_reason_and_no_other(site, capfd):
    base = await site.sign_in()
    bystander = await site.open(base)
    for text in ('["resize",{"width":0,"height":24}]', "[" * 100_000, '["stdin",7]'):
        browser = await site.open(base)
        await browser.socket.send_str(text)
        assert "no message of a terminal" in await browser.reason()
        await until(lambda: len(programs()) == 1)
    browser = await site.open(base)
    await browser.socket.send_bytes(b"\xff")
    assert "no message of a terminal" in await browser.reason()
    browser = await site.open(base, "width=1000000000&height=24")
    assert "no message of a terminal" in await browser.reason()
    browser = await site.open(base)
    await browser.say("stdin", "x" * MOST_BYTES)
    assert await browser.reason() is None
    assert browser.socket.close_code == 1009
    await bystander.say("stdin", "still here")
    await bystander.wait_until(lambda it: "still here" in it.text)
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_what_is_typed_reaches_the_program_as_it_is(site):
    base = await site.sign_in()
    browser = await site.open(base)
    for typed in ("汉字", "M\x00\x00\x00\x02{}", "$(touch /tmp/x); `id`"):
        await browser.say("stdin", typed)
        packet = "D" + len(typed.encode()).to_bytes(4, "big").decode() + typed
        await browser.wait_until(lambda it, packet=packet: packet in it.raw)
    await browser.say("resize", {"width": 120, "height": 50})
    await browser.wait_until(lambda it: json.dumps({"type": "resize", "width": 120, "height": 50}) in it.raw)


async def test_there_are_only_so_many_and_one_that_ends_makes_room(site):
    base = await site.sign_in()
    browsers = [await site.open(base) for _ in range(MOST_TERMINALS)]
    assert f"{MOST_TERMINALS} terminals are open already" in await (await site.open(base)).reason()
    await browsers[0].socket.close()
    for _attempt in range(100):  # its program ends first
        browser = await site.open(base)
        await browser.say("ping", "1")
        if await browser.read() and browser.said == [["pong", "1"]]:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("no room was made")


async def test_a_program_that_hears_nothing_is_killed():
    async with Site(DEAF) as site:
        browser = await site.open(await site.sign_in())
        await browser.wait_until(lambda it: "deaf" in it.raw)
        assert len(programs()) == 1
        await browser.socket.close()
        await until(lambda: not programs())


async def test_a_program_that_opens_addresses_opens_those_of_the_web_only():
    told = [
        {"type": "open_url", "url": url} for url in ("javascript:alert(1)", "file:///etc/passwd", "https://a.example/")
    ]
    told.append({"type": "deliver_file_start", "key": "k", "path": "/etc/passwd"})
    packets = b"".join(
        b"M" + len(body).to_bytes(4, "big") + body for body in (json.dumps(one).encode() for one in told)
    )
    async with Site(f"import sys; sys.stdout.buffer.write(b'__GANGLION__\\n' + {packets!r})") as site:
        browser = await site.open(await site.sign_in())
        assert await browser.reason() == "The terminal has ended."
        assert browser.said[:-1] == [["open_url", {"url": "https://a.example/", "new_tab": True}]]


def test_wrong_tokens_are_counted_and_never_keep_the_right_one_out():
    now = [0.0]
    sign_in = SignIn(lambda: now[0])
    first = sign_in.new_token()
    token = sign_in.new_token()
    assert len({first, token}) == 2
    for wrong in [first, "", token[:-1], "é", "\ud800"] * (WRONG_A_MINUTE // 5):
        with pytest.raises(AuthenticationFailed):
            sign_in.exchange(wrong)
    with pytest.raises(TooManyRequests):
        sign_in.exchange("wrong")
    now[0] = 61.0
    for _attempt in range(WRONG_A_MINUTE):
        with pytest.raises(AuthenticationFailed):
            sign_in.exchange("wrong")
    cookie = sign_in.exchange(token)
    assert sign_in.knows(cookie)
    assert not sign_in.knows("")
    with pytest.raises(AuthenticationFailed, match="used before"):
        sign_in.exchange(token)


async def test_a_process_may_run_one_program_after_the_other():
    """The first start is one, the terminal that follows it another; it is told how large the window is by now."""
    one, other = (b"__GANGLION__\n" + b"D" + len(word).to_bytes(4, "big") + word for word in (b"first", b"second"))
    ended = b'M\0\0\0\x0f{"type":"exit"}'
    code = f"import os, sys\nsys.stdout.buffer.write({one + ended + other!r})\nsys.stdout.flush()\nos.read(0, 1)\n"
    async with Site(f"{code}told = os.read(0, 99)\nos.write(1, b'D\\0\\0\\0\\x04' + told[-4:])") as site:
        browser = await site.open(await site.sign_in(), "width=90&height=33")
        assert await browser.reason() == "The terminal has ended."
        assert browser.raw == "firstsecond 33}"
