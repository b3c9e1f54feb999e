"""Pictures of the calls. After a change that is meant: look at the report, then pytest --snapshot-update."""

from pathlib import Path

import pytest

from tests.tui.calls_double import AFTER, ANGRY, WHOLE, CallsDouble
from tests.tui.recorded import load, recorded_app, settled

SIZES = [(80, 24), (160, 48)]


@pytest.fixture
def double():
    return CallsDouble()


@pytest.fixture
def shot(snap_compare, double, tmp_path, monkeypatch):
    """Return a function that goes to the calls, presses keys, each after what came before has settled, and compares."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "cwd", lambda: Path())  # the folder's name is in some of the pictures
    key_file = Path("admin.key")
    key_file.write_text("key-1")

    def take(*press, language="en", size=(80, 24), then=None):
        app = recorded_app(load("one-cpu-node"), language=language, calls=double.source(key_file))

        async def before(pilot):
            await pilot.pause()
            for key in ("8", *press):
                await pilot.press(key)
                await settled(pilot)
            if then is not None:
                await then(pilot)
                await settled(pilot)

        return snap_compare(app, terminal_size=size, run_before=before)

    return take


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "160x48"])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
class TestEachSizeAndLanguage:
    def test_calls(self, shot, language, size):
        assert shot(language=language, size=size)

    def test_call(self, shot, language, size):
        assert shot("enter", language=language, size=size)

    def test_ended_call(self, shot, double, language, size):
        double.whole = {**WHOLE, "after": AFTER, "call": {**ANGRY, "state": "ended", "score": 72.5}}
        assert shot("enter", language=language, size=size)

    def test_statistics(self, shot, language, size):
        assert shot("s", language=language, size=size)

    def test_exported(self, shot, language, size):
        assert shot("e", language=language, size=size)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_nobody_calls(shot, double, language):
    double.calls = []
    assert shot(language=language)


def test_key_that_may_not_see(shot, double):
    double.refusal = (403, "permission_denied", "no")
    assert shot()


def test_without_the_scenario(shot, double):
    double.refusal = (404, "scenario_not_found", "There is no scenario agent-assist.")
    assert shot()


def test_lost_after_a_list(shot, double):
    async def lose(pilot):
        double.down = True
        await pilot.press("r")

    assert shot(then=lose)


@pytest.mark.parametrize("press", [(), ("enter",), ("s",)], ids=["list", "one", "statistics"])
def test_small(shot, press):
    assert shot(*press, size=(40, 12))


def test_without_colour(shot, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert shot("enter")


def test_help(shot):
    assert shot("question_mark")
