"""Pictures of the review queue. After a change that is meant: look at the report, then pytest --snapshot-update."""

from pathlib import Path

import pytest

from tests.tui.recorded import load, recorded_app, settled
from tests.tui.reviews_double import FIRST, ReviewsDouble

SIZES = [(80, 24), (160, 48)]


@pytest.fixture
def double():
    return ReviewsDouble()


@pytest.fixture
def shot(snap_compare, double, tmp_path, monkeypatch):
    """Return a function that goes to the queue, presses keys, each after what came before has settled, and compares."""
    monkeypatch.chdir(tmp_path)
    key_file = Path("admin.key")  # its name is in some of the pictures
    key_file.write_text("key-1")

    def take(*press, language="en", size=(80, 24), then=None):
        app = recorded_app(load("one-cpu-node"), language=language, reviews=double.source(key_file))

        async def before(pilot):
            await pilot.pause()
            for key in ("7", *press):
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
    def test_queue(self, shot, language, size):
        assert shot(language=language, size=size)

    def test_all(self, shot, language, size):
        assert shot("f", language=language, size=size)

    def test_review(self, shot, language, size):
        assert shot("enter", language=language, size=size)

    def test_edit(self, shot, language, size):
        assert shot("enter", "e", language=language, size=size)

    def test_confirm(self, shot, language, size):
        assert shot("enter", "a", language=language, size=size)

    def test_refuse(self, shot, language, size):
        assert shot("enter", "x", "enter", language=language, size=size)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_decided(shot, language):
    assert shot("f", "down", "down", "enter", language=language)


def test_lost_after_a_list(shot, double):
    async def lose(pilot):
        double.down = True
        await pilot.press("r")

    assert shot(then=lose)


def test_key_that_may_not_read(shot, double):
    double.listing = (403, "permission_denied")
    assert shot()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_read_only(shot, double, language):
    double.deciding = (403, "permission_denied")
    assert shot("enter", "a", "y", language=language)


def test_overtaken(shot, double):
    async def overtake(pilot):
        double.settle(FIRST, "approve")
        await pilot.press("y")

    assert shot("enter", "a", then=overtake)


def test_edited(shot, double):
    double.settle(FIRST, "edit", edited="业绩比较基准不代表未来表现，也不构成对收益的承诺。")
    assert shot("f", "enter")


def test_help(shot):
    assert shot("enter", "question_mark")


@pytest.mark.parametrize(
    "press", [(), ("enter",), ("enter", "e"), ("enter", "x")], ids=["list", "one", "edit", "refuse"]
)
def test_small(shot, press):
    assert shot(*press, size=(40, 12))


def test_without_colour(shot, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert shot("f")
