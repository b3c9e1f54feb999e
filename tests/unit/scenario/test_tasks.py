"""Functions of a pack by address, and tasks in threads of one process."""

import asyncio
import sys
import threading
from contextlib import aclosing

import pytest

from appliance.core.errors import ConfigError, NotFound
from appliance.core.messages import speaking
from appliance.scenario.loading import load_pack
from appliance.scenario.pack import ScenarioContext
from appliance.scenario.services import Submission
from appliance.scenario.tasks import LocalTasks, as_they_end

DESCRIPTION = """
name: adder
version: 1.0.0
title: {en: Adder, zh_CN: 加法}
description: {en: Adds., zh_CN: 加。}
smoke: [{action: add, payload: {}}]
"""
WORK = """
from appliance.core.errors import NotFound
from appliance.core.messages import _, current_language

KEPT = []

def add(left, right):
    return left + right

def keep(items):
    items.append(1)
    return KEPT

def language():
    return current_language()

def miss():
    raise NotFound(_("There is no such thing here."), code="client_not_found")

def cannot_travel():
    return lambda: None
"""


@pytest.fixture
def pack(tmp_path):
    folder = tmp_path / "adder"
    (folder / "sums").mkdir(parents=True)
    (folder / "scenario.yaml").write_text(DESCRIPTION, encoding="utf-8")
    (folder / "app.py").write_text("def create(context):\n    return []\n", encoding="utf-8")
    (folder / "sums" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "sums" / "work.py").write_text(WORK, encoding="utf-8")
    (folder / "sums" / "needy.py").write_text("import nowhere_at_all\n", encoding="utf-8")
    loaded = load_pack(folder)
    yield loaded
    for name in [one for one in sys.modules if one.startswith(loaded.package)]:
        del sys.modules[name]


@pytest.fixture
def tasks(pack):
    return LocalTasks(pack.package)


def test_a_function_of_the_pack_is_found_by_its_address(pack):
    assert pack.function("sums.work:add")(1, 2) == 3


@pytest.mark.parametrize(
    "address", ["sums.work:nothing", "sums.work:KEPT", "sums.play:add", "sums.work", "os:system", "..os:system", ":add"]
)
def test_anything_else_is_a_fault_of_the_pack(pack, address):
    with pytest.raises(ConfigError, match="has no function"):
        pack.function(address)


def test_what_a_module_itself_misses_is_said(pack):
    with pytest.raises(ModuleNotFoundError, match="nowhere_at_all"):
        pack.function("sums.needy:add")


async def test_a_run_in_a_thread_gives_what_a_process_would(tasks):
    mine = []
    assert await tasks.run("sums.work:add", {"left": 1, "right": 2}) == 3
    first = await tasks.run("sums.work:keep", {"items": mine})
    assert mine == []  # a copy went there
    assert await tasks.run("sums.work:keep", {"items": mine}) is not first
    with pytest.raises(NotFound) as caught:
        await tasks.run("sums.work:miss", {})
    assert caught.value.code == "client_not_found"


@pytest.mark.parametrize(("function", "arguments"), [("cannot_travel", {}), ("keep", {"items": threading.Lock()})])
async def test_what_could_not_travel_fails(tasks, function, arguments):
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        await tasks.run(f"sums.work:{function}", arguments)


async def test_a_run_speaks_the_callers_language(tasks):
    with speaking("zh_CN"):
        assert await tasks.run("sums.work:language", {}) == "zh_CN"
    assert await tasks.run("sums.work:language", {}) == "en"


async def test_items_come_with_their_index(tasks):
    items = [{"left": number, "right": 1} for number in range(9)]
    assert sorted([pair async for pair in tasks.map("sums.work:add", items)]) == [(n, n + 1) for n in range(9)]


async def test_a_context_without_tasks_says_so():
    context = ScenarioContext(None, (), None, None, None)
    with pytest.raises(RuntimeError, match="no tasks"):
        await context.tasks.run("sums.work:add", {})
    with pytest.raises(RuntimeError, match="no tasks"):
        await anext(context.tasks.map("sums.work:add", [{}]))


async def test_a_context_without_reviewers_says_so():
    context = ScenarioContext(None, (), None, None, None)
    with pytest.raises(RuntimeError, match="no reviewers"):
        await context.reviews.submit(None, "r-1", Submission("?", "text", {}, "/v1/scenarios/sums", ("sign-off",)))
    with pytest.raises(RuntimeError, match="no reviewers"):
        await context.reviews.state(None, "rev_1")


class Gate:
    """Runs that end when told so."""

    def __init__(self):
        self.running = {}
        self.cancelled = []

    async def run(self, function, item):
        self.running[item["name"]] = asyncio.get_running_loop().create_future()
        try:
            return await self.running[item["name"]]
        except asyncio.CancelledError:
            self.cancelled.append(item["name"])
            raise

    async def until(self, *names):
        for _turn in range(100):
            if set(names) <= set(self.running):
                return
            await asyncio.sleep(0)
        raise AssertionError("it never came to that")


ITEMS = [{"name": name} for name in "abcd"]


async def test_what_ends_first_comes_first_and_lets_the_next_begin():
    gate = Gate()
    async with aclosing(as_they_end(gate.run, "f", ITEMS, 2)) as ended:
        first = asyncio.ensure_future(anext(ended))
        await gate.until("a", "b")
        assert set(gate.running) == {"a", "b"}
        gate.running["b"].set_result("B")
        assert await first == (1, "B")
        second = asyncio.ensure_future(anext(ended))
        await gate.until("c")
        assert set(gate.running) == {"a", "b", "c"}
        gate.running["c"].set_result("C")
        assert await second == (2, "C")
    assert gate.cancelled == ["a"]


async def test_the_first_failure_ends_all():
    gate = Gate()
    failing = asyncio.ensure_future(anext(as_they_end(gate.run, "f", ITEMS, 3)))
    await gate.until("a", "b", "c")
    gate.running["b"].set_exception(KeyError("b"))
    with pytest.raises(KeyError):
        await failing
    assert sorted(gate.cancelled) == ["a", "c"]
    assert "d" not in gate.running


async def test_whoever_goes_away_ends_all():
    gate = Gate()
    waiting = asyncio.ensure_future(anext(as_they_end(gate.run, "f", ITEMS, 2)))
    await gate.until("a", "b")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert sorted(gate.cancelled) == ["a", "b"]
