"""Functions of a pack in the workers of a real Ray of one machine: results, failures, a killed worker, cancellation."""

import asyncio
import os
import signal
import time
from contextlib import aclosing
from pathlib import Path

import pytest
import ray

from appliance.config.home import Home
from appliance.core.errors import ConfigError, EngineFailed, NotFound, Unavailable
from appliance.core.messages import speaking
from appliance.scenario.places import find_pack
from appliance.scenario.tasks import as_they_end
from appliance.serving.scenario_tasks import RayTasks

DESCRIPTION = """
name: adder
version: 1.0.0
title: {en: Adder, zh_CN: 加法}
description: {en: Adds., zh_CN: 加。}
smoke: [{action: add, payload: {}}]
"""
PROGRAM = "def create(context):\n    return []\n"
WORK = '''
import os
import time
from pathlib import Path

from appliance.core.errors import NotFound
from appliance.core.messages import _, current_language

from .parts import Sum


def add(left, right):
    return Sum(left + right)


def again(total):
    return Sum(total.value + 1)


def facts():
    return {
        "process": os.getpid(), "niceness": os.getpriority(os.PRIO_PROCESS, 0), "language": current_language(),
        "threads": os.environ["OMP_NUM_THREADS"],
    }


def at_most(folder, name):
    """Return how many of these run now."""
    mark = Path(folder) / name
    mark.touch()
    time.sleep(0.2)
    seen = len(list(Path(folder).iterdir()))
    mark.unlink()
    return seen


def wait(folder, name):
    """Tell the process's number, and go on when told so."""
    number = len(list(Path(folder).glob(f"{name}-*")))
    (Path(folder) / f"{name}-{number}").write_text(str(os.getpid()))
    while not (Path(folder) / "go").exists():
        time.sleep(0.02)
    return [name, number]


def miss(client):
    raise NotFound(_("There is no such thing here."), param=client, code="client_not_found")


def fail(secret):
    raise KeyError(secret)


def cannot_travel():
    return lambda: None


def die():
    os._exit(1)


def grow():
    return len(bytearray(6 * 1024**3))


NUMBER = 1
'''
PARTS = "from dataclasses import dataclass\n\n\n@dataclass\nclass Sum:\n    value: int\n"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A Ray of this machine's own, with room for two."""
    folder = tmp_path_factory.mktemp("ray")
    ray.init(
        num_cpus=2, include_dashboard=False, _temp_dir=str(folder), object_store_memory=80 * 1024**2,
        logging_level="ERROR", log_to_driver=False, configure_logging=False,
    )  # fmt: skip
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("home")
    folder = root / "scenarios" / "adder"
    (folder / "sums").mkdir(parents=True)
    for name, text in (("scenario.yaml", DESCRIPTION), ("app.py", PROGRAM)):
        (folder / name).write_text(text, encoding="utf-8")
    for name, text in (("__init__.py", ""), ("work.py", WORK), ("parts.py", PARTS)):
        (folder / "sums" / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def tasks(cluster, home):
    find_pack(Home(home), "adder")  # as the replica has it: results may be of the pack's own classes
    return RayTasks(str(home), "adder", 2)


def poll(condition):
    while not condition():
        time.sleep(0.02)


async def there(path):
    """Return the process that has written its number there."""
    await asyncio.to_thread(poll, lambda: path.exists() and path.read_text())
    return int(path.read_text())


def has_ended(process):
    try:
        return "State:\tZ" in Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


async def test_a_function_runs_in_another_process_behind_the_others(tasks):
    with speaking("zh_CN"):
        facts = await tasks.run("sums.work:facts", {})
    assert facts["process"] != os.getpid()
    assert facts["niceness"] >= 10
    assert (facts["language"], facts["threads"]) == ("zh_CN", "1")


async def test_classes_of_the_pack_travel_both_ways(tasks):
    total = await tasks.run("sums.work:add", {"left": 1, "right": 2})
    assert (type(total).__name__, total.value) == ("Sum", 3)
    assert (await tasks.run("sums.work:again", {"total": total})).value == 4


async def test_items_come_with_their_index(tasks):
    items = [{"left": number, "right": 1} for number in range(20)]
    found = {index: total.value async for index, total in tasks.map("sums.work:add", items)}
    assert found == {number: number + 1 for number in range(20)}
    assert [item async for item in tasks.map("sums.work:add", [])] == []


@pytest.mark.parametrize(("most", "seen"), [(0, 2), (1, 1), (100, 2)])
async def test_no_more_run_at_once_than_may(tasks, tmp_path, most, seen):
    items = [{"folder": str(tmp_path), "name": str(number)} for number in range(5)]
    counts = [count async for _index, count in tasks.map("sums.work:at_most", items, most_at_once=most)]
    assert len(counts) == 5
    assert max(counts) <= seen


async def test_what_ends_first_comes_first(tasks, tmp_path):
    items = [{"folder": str(tmp_path), "name": "slow"}, {"folder": str(tmp_path / "none"), "name": "x"}]
    async with aclosing(tasks.map("sums.work:wait", items[:1])) as ended:
        first = asyncio.ensure_future(anext(ended))
        await there(tmp_path / "slow-0")
        assert (await tasks.run("sums.work:add", {"left": 1, "right": 1})).value == 2
        assert not first.done()
        (tmp_path / "go").touch()
        assert await first == (0, ["slow", 0])


async def test_an_error_of_the_appliance_comes_as_it_is(tasks):
    with pytest.raises(NotFound) as caught:
        await tasks.run("sums.work:miss", {"client": "c1"})
    assert (caught.value.param, caught.value.code) == ("c1", "client_not_found")
    assert "没有" in caught.value.render("zh_CN")


@pytest.mark.parametrize(("function", "arguments"), [("fail", {"secret": "0042"}), ("cannot_travel", {}), ("add", {})])
async def test_any_other_failure_says_only_which_function_it_was(tasks, function, arguments):
    with pytest.raises(EngineFailed) as caught:
        await tasks.run(f"sums.work:{function}", arguments)
    assert caught.value.code == "task_failed"
    assert function in str(caught.value)
    assert "0042" not in str(caught.value)


@pytest.mark.parametrize(
    "function", ["work:add", "sums.work:nothing", "sums.work:NUMBER", "sums.work", "os:system", ".sums.work:add", ""]
)
async def test_an_address_outside_the_pack_or_of_nothing(tasks, function):
    with pytest.raises(ConfigError):
        await tasks.run(function, {})


async def test_the_first_failure_ends_a_map_and_all_that_runs(tasks, tmp_path):
    async def mixed(function, item):
        return await tasks.run(f"sums.work:{item['function']}", item["arguments"])

    waiting = {"function": "wait", "arguments": {"folder": str(tmp_path), "name": "w"}}
    missing = {"function": "miss", "arguments": {"client": "c2"}}
    with pytest.raises(NotFound):
        async for _ended in as_they_end(mixed, "", [waiting, missing, waiting], 2):
            pass
    (tmp_path / "go").touch()
    assert (await tasks.run("sums.work:add", {"left": 1, "right": 1})).value == 2  # the place is free again


async def test_a_killed_worker_loses_nothing(tasks, tmp_path):
    running = asyncio.ensure_future(tasks.run("sums.work:wait", {"folder": str(tmp_path), "name": "job"}))
    os.kill(await there(tmp_path / "job-0"), signal.SIGKILL)
    second = await there(tmp_path / "job-1")
    (tmp_path / "go").touch()
    assert await running == ["job", 1]
    assert str(second) != (tmp_path / "job-0").read_text()


async def test_a_function_that_always_ends_its_process_is_an_error_not_a_wait(tasks):
    with pytest.raises(EngineFailed) as caught:
        await tasks.run("sums.work:die", {})
    assert caught.value.code == "task_lost"


@pytest.mark.parametrize("way", ["run", "map"])
async def test_whoever_goes_away_takes_the_work_along(tasks, tmp_path, way):
    arguments = {"folder": str(tmp_path), "name": "left"}
    if way == "run":
        running = asyncio.ensure_future(tasks.run("sums.work:wait", arguments))
    else:
        running = asyncio.ensure_future(anext(tasks.map("sums.work:wait", [arguments])))
    process = await there(tmp_path / "left-0")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.to_thread(poll, lambda: has_ended(process))
    assert not (tmp_path / "left-1").exists()  # and nobody tries it again


async def test_a_worker_has_so_much_memory_and_no_more(tasks):
    with pytest.raises(Unavailable) as caught:
        await tasks.run("sums.work:grow", {})
    assert caught.value.code == "task_too_large"
    assert (await tasks.run("sums.work:add", {"left": 1, "right": 1})).value == 2


async def test_another_replica_has_workers_of_its_own(tasks, home):
    mine = await tasks.run("sums.work:facts", {})
    other = await RayTasks(str(home), "adder", 2).run("sums.work:facts", {})
    assert mine["process"] != other["process"]
