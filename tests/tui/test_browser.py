"""The terminal in a browser, as people start it: real server, real terminals, against recorded machines."""

import fcntl
import os
import pty
import re
import signal
import socket
import termios

import aiohttp
import pytest

from benchmarks.terminal import replaying
from tests.tui.browser_served import Browser, Served, runs, start_served, until


@pytest.fixture(scope="module")
def gateway():
    with replaying() as address:
        yield address


@pytest.fixture(scope="module")
def key_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("keys") / "key"
    file.write_text("sk-looks-around")
    return file


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def served(gateway, key_file):
    process = start_served(free_port(), "--url", gateway, "--key-file", str(key_file), home=key_file.parent)
    with Served(process).ending() as served:
        yield served


@pytest.fixture
async def client():
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        yield client


async def open_terminal(served, client, base, size="width=80&height=24"):
    origin = served.root.rstrip("/")
    return Browser(await client.ws_connect(f"{origin}{base}ws?{size}", origin=origin))


def lowest_row(browser):
    return max((int(row) for row in re.findall(r"\x1b\[(\d+);\d+H", browser.raw)), default=0)


async def test_the_terminal_is_seen_typed_to_resized_and_ends_with_its_browser(served, client):
    base = await served.sign_in(client)
    async with client.get(served.root.rstrip("/") + base) as page:
        assert page.status == 200
        text = await page.text()
    assert f'data-session-websocket-url="ws://{served.host}{base}ws"' in text
    assert not re.search(r"https?://(?!127\.0\.0\.1)", text)

    browser = await open_terminal(served, client, base)
    await browser.wait_until(lambda it: "gpu-01" in it.text)
    assert 0 < lowest_row(browser) <= 24
    (terminal,) = served.terminals()
    assert "sk-looks-around" not in " ".join(terminal.cmdline())
    await browser.say("stdin", "l")
    await browser.wait_until(lambda it: "总览" in it.text)
    await browser.say("resize", {"width": 120, "height": 44})
    await browser.wait_until(lambda it: lowest_row(it) > 40)
    await browser.say("ping", "7")
    await browser.wait_until(lambda it: ["pong", "7"] in it.said)
    await browser.socket.close()
    await until(lambda: not served.terminals())

    again = await open_terminal(served, client, base)
    await again.wait_until(lambda it: "gpu-01" in it.text)
    await again.say("stdin", "q")
    assert await again.reason() == "The terminal has ended."
    await until(lambda: not served.terminals())
    token = served.address.partition("=")[2]
    assert served.everything_printed().count(token) == 1


async def test_a_session_says_why_it_ended_and_the_server_takes_its_terminals_along(served, client):
    base = await served.sign_in(client)
    browsers = [await open_terminal(served, client, base) for _ in range(4)]
    fifth = await open_terminal(served, client, base)
    assert "4 terminals are open already" in await fifth.reason()
    for browser in browsers:
        await browser.wait_until(lambda it: it.raw)
    terminals = served.terminals()
    assert len(terminals) == 4
    served.process.send_signal(signal.SIGTERM)
    assert {await browser.reason() for browser in browsers} == {"`appliance tui --serve` was ended."}
    await until(lambda: served.process.poll() is not None)
    assert served.process.returncode == 0
    assert not any(runs(terminal) for terminal in terminals)
    assert "Traceback" not in served.everything_printed()


async def test_terminals_end_also_when_the_server_is_killed(served, client):
    browser = await open_terminal(served, client, await served.sign_in(client))
    await browser.wait_until(lambda it: it.raw)
    (terminal,) = served.terminals()
    served.process.kill()
    await until(lambda: not runs(terminal))


def own_terminal():
    """Make standard input the terminal of this session, as a shell's is."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


async def test_enter_prints_a_new_address_and_a_bare_home_begins_with_the_first_start(tmp_path, client):
    """Without --url each connection is `appliance tui` of its own, in the language of the server."""
    own, theirs = pty.openpty()
    process = start_served(
        free_port(),
        home=tmp_path / "home",
        language="zh_CN",
        stdin=theirs,
        start_new_session=True,
        preexec_fn=own_terminal,
    )
    with Served(process).ending() as served:
        first = served.address
        assert "请在一个浏览器中打开此地址" in served.printed
        await served.sign_in(client)
        os.write(own, b"\n")
        served.address = served.wait_for_line(r"(http://127\.0\.0\.1:\d+/\?token=\S+)")
        assert served.address != first
        base = await served.sign_in(client)
        browser = await open_terminal(served, client, base)
        await browser.wait_until(lambda it: "欢迎" in it.text)
        await browser.say("stdin", "\r")
        await browser.wait_until(lambda it: "本机是一体机的第一台机器" in it.text)
    os.close(own)
    os.close(theirs)


async def test_the_page_tells_what_kept_a_terminal_from_starting(tmp_path, client):
    with Served(start_served(free_port(), home=tmp_path)).ending() as served:
        (tmp_path / "admin.key").write_text("sk-admin")
        (tmp_path / "site.yaml").write_text("gatewey: {}\n")
        browser = await open_terminal(served, client, await served.sign_in(client))
        reason = await browser.reason()
    assert "gatewey" in reason
    assert "site.yaml" in reason
    assert "Traceback" not in reason


def test_a_port_that_is_taken_is_said_with_what_to_do(gateway, key_file):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start_served(port, "--url", gateway, "--key-file", str(key_file), home=key_file.parent)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert f"Port {port} is in use by another program." in out
    assert "--port" in out
