"""Pictures of the scenarios. After a change that is meant: look at the report, then pytest --snapshot-update."""

import asyncio
from pathlib import Path

import pytest

from appliance.operations.scenario_errors import ScenarioError
from appliance.tui.scenarios_source import HttpScenariosSource
from tests.tui.recorded import AUDITOR, settled
from tests.tui.scenarios_double import DECLINED, ROOT, ScenariosDouble
from tests.tui.screens_of_knowledge import app_with

SIZES = [(80, 24), (160, 48)]
KNOWLEDGE = ("down", "down", "down")
ERRORS = (
    ScenarioError("2026-11-24T05:58:40.120Z", "content_filter", "req_7q9m2fv8d4h6s0a1c3e5"),
    ScenarioError("2026-11-24T02:11:09.000Z", "unavailable", "req_7q9m2fv8d4h6s0a1c3e4"),
)


@pytest.fixture
def double():
    return ScenariosDouble()


@pytest.fixture
def shot(snap_compare, double, tmp_path, monkeypatch):
    """Return a function that presses keys, each after what came before has settled, and compares."""
    monkeypatch.chdir(tmp_path)
    Path("admin.key").write_text("key-1")

    async def at_once(_seconds):
        await asyncio.sleep(0)

    def take(*press, language="en", size=(80, 24), text="", then=(), **more):
        app = app_with(scenarios=double.source(Path("admin.key")), language=language, **more)

        async def before(pilot):
            await settled(pilot)
            for key in press:
                await pilot.press(key)
                await settled(pilot)
            if text:
                app.screen.query_one("#try-line").value = text
            trial = getattr(app.screen, "trial", None)
            if hasattr(trial, "_pause"):
                trial._pause = at_once
            for key in then:
                await pilot.press(key)
                await settled(pilot)

        return snap_compare(app, terminal_size=size, run_before=before)

    return take


@pytest.fixture
def with_errors(monkeypatch):
    """Have the audit log hold two errors, as it does on the appliance itself."""
    plain = HttpScenariosSource.facts

    async def facts(self, name, local, language):
        found = await plain(self, name, local, language)
        return type(found)(found.actions, found.examples, ERRORS)

    monkeypatch.setattr(HttpScenariosSource, "facts", facts)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "160x48"])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
class TestEachSizeAndLanguage:
    def test_scenarios(self, shot, language, size):
        assert shot(language=language, size=size)

    def test_one(self, shot, with_errors, language, size):
        assert shot(*KNOWLEDGE, "enter", language=language, size=size)

    def test_examples(self, shot, language, size):
        assert shot("t", language=language, size=size)

    def test_answer(self, shot, language, size):
        question = "按揭贷款的宽限期最长多久？"
        assert shot(*KNOWLEDGE, "t", text=question, then=("enter",), language=language, size=size)

    def test_replayed_call(self, shot, language, size):
        assert shot("down", "t", "enter", language=language, size=size)

    def test_report(self, shot, language, size):
        assert shot(*KNOWLEDGE, "down", "t", then=("enter",), language=language, size=size)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_question_that_the_documents_do_not_answer(shot, double, language):
    double.answers["POST", f"{ROOT}/knowledge-qa/ask"] = DECLINED
    assert shot(*KNOWLEDGE, "t", text="Who will win?", then=("enter",), language=language)


def test_a_report_that_is_being_made(shot, double):
    double.answers["GET", f"{ROOT}/reports/jobs/job_7q9m2fv8d4h6s0a1c3e5"] = None
    assert shot(*KNOWLEDGE, "down", "t", then=("enter",))


def test_a_refusal_of_the_rules(shot):
    assert shot("t", text="Can C0006 buy 20,000 of P008?", then=("enter",))


def test_an_auditor(shot):
    assert shot(who=AUDITOR)


def test_from_another_machine(shot):
    assert shot(*KNOWLEDGE, "enter")


def test_nobody_there(shot, double):
    double.down = True
    assert shot()


@pytest.mark.parametrize(
    "press", [(), (*KNOWLEDGE, "enter"), ("t",), ("down", "t", "enter")], ids=["list", "one", "examples", "answer"]
)
def test_small(shot, press):
    assert shot(*press, size=(40, 12))


def test_without_colour(shot, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert shot("down", "t", "enter")
