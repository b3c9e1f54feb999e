"""Pictures of the capacity screens. After a change that is meant: look at the report, then pytest --snapshot-update."""

import pytest

from appliance.tui.screens.capacity_tokens import TokenDialog
from appliance.tui.screens.task import ConfirmTask, RunTask
from tests.tui.capacity_double import CapacityDouble, capacity_app
from tests.tui.recorded import AUDITOR, settled

SIZES = [(80, 24), (160, 48)]


@pytest.fixture
def double():
    return CapacityDouble()


@pytest.fixture
def shot(snap_compare, double):
    """Return a function that goes to the screen, presses keys, each when the last has settled, and compares."""

    def take(*press, language="en", size=(80, 24), source=double, until=None, **more):
        app = capacity_app(source, language=language, **more)

        async def before(pilot):
            await settled(pilot)
            for key in press:
                await pilot.press(key)
                await settled(pilot)
            while until is not None and not isinstance(app.screen, until):
                await pilot.pause(0.02)
            await settled(pilot)

        return snap_compare(app, terminal_size=size, run_before=before)

    return take


TO_W1 = ("down", "enter")
TO_GENERAL = ("tab", "enter")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "160x48"])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
class TestEachSizeAndLanguage:
    def test_capacity(self, shot, language, size):
        assert shot(language=language, size=size)

    def test_node(self, shot, language, size):
        assert shot(*TO_W1, language=language, size=size)

    def test_drain_form(self, shot, language, size):
        assert shot(*TO_W1, "d", language=language, size=size)

    def test_drained(self, shot, language, size):
        assert shot(*TO_W1, "d", "ctrl+s", "y", until=RunTask, language=language, size=size)

    def test_model(self, shot, language, size):
        assert shot(*TO_GENERAL, language=language, size=size)

    def test_scale_form(self, shot, language, size):
        assert shot(*TO_GENERAL, "s", language=language, size=size)

    def test_scale_asked(self, shot, language, size):
        assert shot(*TO_GENERAL, "s", "backspace", "3", "ctrl+s", until=ConfirmTask, language=language, size=size)

    def test_forecast(self, shot, language, size):
        assert shot("f", language=language, size=size)

    def test_tokens(self, shot, language, size):
        assert shot("j", language=language, size=size)

    def test_token_made(self, shot, language, size):
        assert shot("j", "n", "ctrl+s", until=TokenDialog, language=language, size=size)

    def test_what_if(self, shot, language, size):
        assert shot("w", language=language, size=size)

    def test_what_if_planned(self, shot, language, size):
        assert shot("w", "2", "0", "0", "ctrl+s", language=language, size=size)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_what_if_it_is_not_enough(shot, language):
    assert shot("w", "4", "0", "0", "ctrl+s", language=language)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_apply_asked(shot, language):
    assert shot("w", "2", "0", "0", "ctrl+s", "a", until=ConfirmTask, language=language)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_elsewhere(shot, language):
    assert shot(language=language, source=None)


def test_read_only(shot):
    assert shot(who=AUDITOR)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_too_few_days(shot, double, language):
    double.days = {name: days[-5:] for name, days in double.days.items()}
    assert shot("f", language=language)


@pytest.mark.parametrize(
    "press", [(), TO_W1, ("f",), ("j", "n", "ctrl+s"), ("w", "9", "ctrl+s"), (*TO_GENERAL, "s")],
    ids=["all", "node", "forecast", "token", "what-if", "scale"],
)  # fmt: skip
def test_small(shot, press):
    assert shot(*press, until=TokenDialog if "n" in press else None, size=(40, 12))


def test_without_colour(shot, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert shot()


def test_help(shot):
    assert shot("question_mark")
