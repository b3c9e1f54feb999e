"""Tasks: asked back for, done in a worker, told step by step."""

import asyncio
import threading

import pytest

from appliance.core.errors import Unavailable
from appliance.core.messages import _, current_language
from appliance.core.progress import Progress
from appliance.tui.acting import Task
from appliance.tui.local import follow, in_thread
from appliance.tui.screens.task import ConfirmTask, RunTask, perform
from tests.tui.recorded import AUDITOR, load, recorded_app, screen_text, settled

STEP = _("Check ports, disk and memory")


class Doing:
    """Counts what is done, and waits between its steps until it is let go on."""

    def __init__(self, *news, fails=False):
        self.news, self.fails = news, fails
        self.done, self.go_on = 0, asyncio.Event()

    async def __call__(self, tell):
        for one in self.news:
            tell(one)
        if self.news:
            await self.go_on.wait()
        if self.fails:
            raise Unavailable(
                _("The node w1 does not answer."), _("Try again in a moment; `appliance status` shows its state.")
            )
        self.done += 1
        return _("done")


def task(doing, **more):
    given = {"title": _("Drain"), "question": _("Start {name}", name="w1"), "command": "appliance node drain w1"} | more
    return Task(work=doing, **given)


async def started(pilot, about):
    found = []
    pilot.app.run_worker(perform_into(pilot.app, about, found))
    await settled(pilot)
    return found


async def perform_into(app, about, found):
    found.append(await perform(app, about))


async def test_nothing_is_done_before_yes_and_enter_is_no_yes():
    doing = Doing()
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test(size=(80, 24)) as pilot:
        found = await started(pilot, task(doing))
        assert isinstance(app.screen, ConfirmTask)
        assert "Start w1" in screen_text(app)
        assert "$ appliance node drain w1" in screen_text(app)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, ConfirmTask)
        await pilot.press("escape")
        await settled(pilot)
        assert (found, doing.done) == ([None], 0)


async def test_the_steps_are_shown_and_nobody_leaves_before_the_end():
    doing = Doing(Progress("a", STEP, "done"), Progress("b", _("Start {name}", name="x"), fraction=0.5))
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test(size=(80, 24)) as pilot:
        found = await started(pilot, task(doing, asks=False))
        shown = screen_text(app)
        assert "● Check ports, disk and memory  done" in shown
        assert "50%" in shown
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, RunTask)
        doing.go_on.set()
        await settled(pilot)
        assert "✓ done" in screen_text(app)
        await pilot.press("escape")
        await settled(pilot)
        assert [notice.kind for notice in found] == ["done"]


async def test_a_failure_says_what_to_do_and_the_step_that_ran_has_failed():
    doing = Doing(Progress("a", STEP), fails=True)
    app = recorded_app(load("one-cpu-node"), language="zh_CN")
    async with app.run_test(size=(80, 24)) as pilot:
        found = await started(pilot, task(doing, asks=False))
        doing.go_on.set()
        await settled(pilot)
        shown = screen_text(app)
        assert "失败" in shown
        assert "appliance status" in shown
        await pilot.press("enter")
        await settled(pilot)
        assert [notice.kind for notice in found] == ["failed"]


async def test_what_has_no_steps_goes_back_at_once():
    doing = Doing()
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test(size=(80, 24)) as pilot:
        found = await started(pilot, task(doing, asks=False))
        assert [notice.kind for notice in found] == ["done"]
        assert not isinstance(app.screen, RunTask)


async def test_the_readers_permissions_are_known_after_the_first_reading():
    app = recorded_app(load("one-cpu-node"), who=AUDITOR)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app.view.may("audit.read")
        assert not app.view.may("cluster.manage")


async def test_an_operation_is_followed_in_a_thread_and_in_the_readers_language():
    seen, threads = [], set()

    def operation():
        threads.add(threading.current_thread())
        yield Progress("a", STEP)
        yield current_language()
        yield Progress("a", STEP, "done")

    assert await follow(operation, lambda news: seen.append(news.state), "zh_CN") == ["zh_CN"]
    assert seen == ["running", "done"]
    assert threading.current_thread() not in threads
    assert await in_thread(current_language, "zh_CN") == "zh_CN"


async def test_an_operation_that_is_let_go_of_cleans_up():
    began, clean, go_on = threading.Event(), threading.Event(), threading.Event()

    def operation():
        try:
            yield Progress("a", STEP)
            began.set()
            go_on.wait(10)
            yield Progress("b", STEP)
        finally:
            clean.set()

    following = asyncio.create_task(follow(operation, lambda _news: None, "en"))
    await asyncio.to_thread(began.wait, 10)
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    go_on.set()
    assert await asyncio.to_thread(clean.wait, 10)
