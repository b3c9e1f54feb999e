"""The ledger's socket: the real listener and channel, on a real socket and a real database."""

import asyncio
import json
import os
import socket
import stat
import struct

import pytest

from appliance.config.site import QuotaLimits
from appliance.core.errors import NotFound, QuotaExceeded, Unavailable
from appliance.serving import ledger_channel, ledger_frames
from appliance.serving.handles import Handles
from appliance.serving.ledger_app import LEDGER_APPLICATION
from appliance.serving.ledger_channel import CallFailed, LedgerChannel, NotCarried
from appliance.serving.ledger_listener import LedgerListener
from appliance.state.usage import read_totals
from tests.unit.serving.deployments import LedgerDeployment
from tests.unit.serving.test_ledger import Desk, asked, ended


class Office(Desk):
    """A home whose ledger listens on a socket."""

    def __init__(self, folder):
        super().__init__(folder)
        self.path = folder / "ledger.sock"
        self.listeners = []

    def listen(self, **limits):
        core = self.start(default=QuotaLimits(**limits))
        self.listeners.append(LedgerListener(core, self.path))
        return core

    async def close(self):
        for listener in self.listeners:
            await listener.close()
        for core in self.ledgers:
            await core.close()
        self.database.close()


@pytest.fixture
async def office(tmp_path):
    found = Office(tmp_path)
    yield found
    await found.close()


@pytest.fixture
async def channel(office):
    found = LedgerChannel(office.path)
    yield found
    found.close()


async def until(condition):
    for _turn in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")


def outcomes(office):
    """Return how each request stands in the log: name and kinds of its records."""
    found = {}
    for kind, name in office.kinds():
        found.setdefault(name, []).append(kind.removeprefix("request."))
    found.pop(None, None)
    return found


async def test_a_request_is_let_in_and_ended(office, channel):
    core = office.listen()
    opened = await channel.call("admit", asked(1, content="柜台"))
    assert await channel.call("interactive") == 1
    assert await channel.call("complete", ended(1, opened["seq"])) == {"seq": opened["seq"] + 1, "duplicate": False}
    again = await channel.call("complete", ended(1, opened["seq"]))
    assert again["duplicate"]
    told = await channel.call("record", "admin.x", {"actor": "lma-a", "tenant": "default"}, {"action": "POST /x"})
    assert office.kinds()[-1] == ("admin.x", None)
    assert told["seq"] == opened["seq"] + 2
    assert await core.interactive() == 0


async def test_only_this_user_can_reach_the_socket(office, channel):
    office.listen()
    await channel.call("interactive")
    assert stat.S_IMODE(office.path.stat().st_mode) == 0o600
    assert [path.name for path in office.path.parent.glob("ledger.sock*")] == ["ledger.sock"]


async def test_the_ledger_does_not_hear_another_users_process(office, monkeypatch):
    core = office.listen()
    monkeypatch.setattr(ledger_frames, "peer_uid", lambda _connected: os.geteuid() + 1)
    reader, writer = await asyncio.open_unix_connection(str(office.path))
    frame = json.dumps([[1, "admit", [asked(1)]]]).encode()
    writer.write(struct.pack(">I", len(frame)) + frame)
    async with asyncio.timeout(10):
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await reader.readexactly(1)
    writer.close()
    assert not core._tasks
    assert "req_1" not in outcomes(office)


async def test_nothing_is_said_to_another_users_process(tmp_path, monkeypatch):
    heard = []

    async def hear(reader, writer):
        heard.append(await reader.read())
        writer.close()

    async with await asyncio.start_unix_server(hear, str(tmp_path / "ledger.sock")):
        monkeypatch.setattr(ledger_frames, "peer_uid", lambda _connected: os.geteuid() + 1)
        with pytest.raises(NotCarried):
            await LedgerChannel(tmp_path / "ledger.sock").call("admit", asked(1))
        await until(lambda: heard)
    assert heard == [b""]


def test_the_peers_user_is_the_kernels_word():
    one, other = socket.socketpair()
    with one, other:
        assert ledger_frames.peer_uid(one) == os.geteuid()


async def test_a_refusal_comes_over_whole(office, channel):
    office.listen(requests_per_minute=1)
    opened = await channel.call("admit", asked(1))
    with pytest.raises(QuotaExceeded) as refusal:
        await channel.call("admit", asked(2))
    assert refusal.value.details["quota"] == "requests_per_minute"
    assert refusal.value.retry_after_s > 1
    assert refusal.value.render("zh_CN") != refusal.value.render("en")
    with pytest.raises(NotFound) as refusal:
        await channel.call("complete", ended(2, opened["seq"] + 9))
    assert refusal.value.code == "request_not_admitted"


async def test_a_failure_nobody_foresaw_is_no_answer(office, channel):
    office.listen()
    with pytest.raises(CallFailed):
        await channel.call("record", "request.opened", {"actor": "a"}, {})
    assert await channel.call("interactive") == 0


async def test_what_json_cannot_carry_is_not_carried(office, channel):
    office.listen()
    with pytest.raises(NotCarried):
        await channel.call("record", "admin.x", {"actor": "a"}, {"when": object()})


async def test_more_than_a_frame_may_hold_is_not_carried(office, channel, monkeypatch):
    office.listen()
    monkeypatch.setattr(ledger_channel, "MAX_ITEM", 1000)
    with pytest.raises(NotCarried):
        await channel.call("admit", asked(1, content="x" * 1000))
    assert await channel.call("interactive") == 0


async def test_large_contents_pass_beside_small_ones(office, channel):
    office.listen()
    contents = ["字" * 700_000, "a", "\udc80 half", "\n" * 1_500_000]
    opened = await asyncio.gather(
        *(channel.call("admit", asked(number, content=content)) for number, content in enumerate(contents)),
        return_exceptions=True,
    )
    assert len({one["seq"] for one in opened if isinstance(one, dict)}) >= 3
    assert await channel.call("interactive") == sum(isinstance(one, dict) for one in opened)


async def test_calls_of_one_turn_share_a_frame(office, channel):
    core = office.listen()
    await channel.call("interactive")
    frames = []
    write = channel._connection._write
    channel._connection._write = lambda items: frames.append(len(items)) or write(items)
    opened = await asyncio.gather(*(channel.call("admit", asked(number)) for number in range(50)))
    assert frames[0] == 50
    assert await core.interactive() == 50
    assert len({one["seq"] for one in opened}) == 50


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"\xff\xff\xff\xff",
        struct.pack(">I", 3) + b"[1]",
        struct.pack(">I", 2) + b"{}" + struct.pack(">I", 1) + b"7",
        struct.pack(">I", 4) + b"\xff\xfe\x00\x00",
        struct.pack(">I", 20) + b'[[1,"close",[]]]    ',
        struct.pack(">I", 16) + b'[[1,"_admit",1]]',
    ],
    ids=["too long", "no item", "no list", "no text", "not offered", "private"],
)
async def test_bytes_that_are_no_call_end_the_connection_and_nothing_else(office, channel, bytes_sent):
    office.listen()
    await channel.call("interactive")
    reader, writer = await asyncio.open_unix_connection(str(office.path))
    writer.write(bytes_sent)
    async with asyncio.timeout(10):
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await reader.readexactly(1)
    writer.close()
    assert await channel.call("interactive") == 0


async def test_a_path_of_any_length_will_do(tmp_path):
    folder = tmp_path / ("深" * 60) / ("x" * 200)
    folder.mkdir(parents=True)
    office = Office(folder)
    office.listen()
    channel = LedgerChannel(office.path)
    assert await channel.call("interactive") == 0
    channel.close()
    await office.close()


async def test_a_caller_that_is_cancelled_leaves_no_request(office, channel):
    core = office.listen()
    await channel.call("interactive")
    waiting = asyncio.create_task(channel.call("admit", asked(1)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await until(lambda: outcomes(office).get("req_1") in (None, ["opened", "aborted"]))
    await channel.call("interactive")
    await until(lambda: not core._open)


async def test_a_caller_that_is_cancelled_as_the_answer_comes_leaves_no_request(office, channel):
    core = office.listen()
    await channel.call("interactive")
    connection = channel._connection
    waiting = asyncio.create_task(channel.call("admit", asked(1)))
    take = connection.take

    def at_the_same_moment(item):
        take(item)
        waiting.cancel()

    connection.take = at_the_same_moment
    with pytest.raises(asyncio.CancelledError):
        await waiting
    connection.take = take
    await until(lambda: outcomes(office)["req_1"] == ["opened", "aborted"])
    assert not core._open


async def test_an_admission_whose_answer_is_lost_is_aborted(office):
    """A caller that dies with the answer in its buffer: it asks, never reads, and is gone."""
    core = office.listen()
    with socket.socket(socket.AF_UNIX) as dying:
        dying.connect(str(office.path))
        frame = json.dumps([[1, "admit", [asked(1)]]]).encode()
        dying.sendall(struct.pack(">I", len(frame)) + frame)
        await until(lambda: core._open)
    await until(lambda: outcomes(office)["req_1"] == ["opened", "aborted"])
    assert not core._open


async def test_what_was_heard_of_outlives_the_connection(office, channel):
    core = office.listen()
    opened = await channel.call("admit", asked(1))
    await asyncio.sleep(0)
    channel.close()
    other = LedgerChannel(office.path)
    assert await other.call("interactive") == 1
    await other.call("complete", ended(1, opened["seq"]))
    other.close()
    assert outcomes(office)["req_1"] == ["opened", "completed"]
    assert not core._open


async def test_where_nobody_listens_nothing_is_carried(tmp_path, monkeypatch):
    tries = []
    connect = ledger_channel._connect
    monkeypatch.setattr(ledger_channel, "_connect", lambda path: tries.append(path) or connect(path))
    channel = LedgerChannel(tmp_path / "missing" / "ledger.sock")
    for _call in range(3):
        with pytest.raises(NotCarried):
            await channel.call("interactive")
    assert len(tries) == 1  # and not once more in the same second
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "ledger.sock"))
    with pytest.raises(NotCarried):
        await LedgerChannel(tmp_path / "ledger.sock").call("interactive")


async def test_a_ledger_that_takes_over_listens_in_the_place_of_the_one_before(office, channel):
    office.listen()
    opened = await channel.call("admit", asked(1))
    await office.listeners.pop().close()
    await until(lambda: not channel._connection.is_open)
    office.listen()
    await channel.call("complete", ended(1, opened["seq"]))
    assert outcomes(office)["req_1"] == ["opened", "completed"]


class Handle(LedgerDeployment):
    """The way by handle, which counts what goes there."""

    def __init__(self, core):
        super().__init__(core)
        self.calls = []

    def __getattr__(self, method):
        self.calls.append(method)
        return super().__getattr__(method)


@pytest.fixture
def handles(office, channel):
    found = Handles()
    found.channel = channel
    found._others[LEDGER_APPLICATION] = Handle(office.listen())
    return found


async def test_only_what_the_socket_carries_goes_there(handles):
    opened = await handles.ledger("admit", asked(1))
    await handles.ledger("complete", ended(1, opened["seq"]))
    assert [row["requests"] for row in await handles.ledger("usage", {})] == [1]
    assert handles._others[LEDGER_APPLICATION].calls == ["usage"]


async def test_without_a_socket_calls_go_by_handle(handles, office):
    office.path.unlink()
    opened = await handles.ledger("admit", asked(1))
    await handles.ledger("complete", ended(1, opened["seq"]))
    assert handles._others[LEDGER_APPLICATION].calls == ["admit", "complete"]


async def test_a_lost_reply_is_asked_for_again_only_where_that_does_no_harm(handles, office, channel):
    opened = await handles.ledger("admit", asked(1))

    def lost(items):
        write(items)
        asyncio.get_running_loop().call_soon(channel.close)

    write = channel._connection._write
    channel._connection._write = lost
    await handles.ledger("complete", ended(1, opened["seq"]))
    assert handles._others[LEDGER_APPLICATION].calls == ["complete"]
    assert read_totals(office.database)[0].requests == 1
    await channel.call("interactive")
    write = channel._connection._write
    channel._connection._write = lost
    with pytest.raises(Unavailable):
        await handles.ledger("admit", asked(2))
    assert handles._others[LEDGER_APPLICATION].calls == ["complete"]
    await until(lambda: outcomes(office).get("req_2") in (None, ["opened", "aborted"]))
