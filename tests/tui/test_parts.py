"""Lines of parts, and how little is drawn when the focus moves or a screen is opened again."""

import pytest
from rich.cells import cell_len
from textual._compositor import Compositor
from textual.style import Style
from textual.visual import Visual
from textual.widgets import Static

from appliance.tui.widgets.nodes import NodesPanel
from appliance.tui.widgets.parts import PartsLine
from tests.tui.recorded import load, recorded_app, settled

_LINE = PartsLine(("节点", "bold"), (" ", ""), ("gpu-01", "$text-error"), ("", "bold"))


def strip(widget, line, width):
    (drawn,) = Visual.to_strips(widget, line, width, 1, Style.parse("white on black"))
    return drawn


@pytest.mark.parametrize("width", [1, 3, 8, 11, 40])
async def test_a_line_is_cut_at_the_width_and_never_wrapped(width):
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        drawn = strip(app.screen.query_one(Static), _LINE, width)
        assert drawn.cell_length == cell_len(drawn.text) == min(width, 11)
        assert _LINE.plain.startswith(drawn.text.rstrip())


async def test_each_part_has_its_style_over_that_of_the_line():
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        title, air, name = strip(app.screen.query_one(Static), _LINE, 40)
        assert (title.text, air.text, name.text) == ("节点", " ", "gpu-01")
        assert title.style.bold
        assert not name.style.bold
        assert name.style.color != air.style.color
        assert {part.style.bgcolor for part in (title, air, name)} == {air.style.bgcolor}


def test_lines_of_the_same_parts_are_equal():
    assert PartsLine(("a", "bold")) == PartsLine(("a", "bold")) != PartsLine(("a", ""))
    assert PartsLine(("a", "bold"), ("b", "")).content.plain == "ab"


async def test_the_focus_moves_without_the_screen_being_drawn_again(monkeypatch):
    app = recorded_app(load("sixty-four-nodes"))
    async with app.run_test(size=(160, 48)) as pilot:
        await settled(pilot)
        await pilot.press("tab")  # what the toolkit styles at the first move only
        await settled(pilot)
        whole = []
        full = Compositor.render_full_update
        monkeypatch.setattr(
            Compositor, "render_full_update", lambda self, **named: whole.append(1) or full(self, **named)
        )
        panel, before = app.screen.query_one(NodesPanel), app.focused
        for _ in range(3):
            await pilot.press("tab")
            await settled(pilot)
            assert app.focused is not before
            before = app.focused
        assert panel.can_focus
        assert whole == []


async def test_a_screen_that_is_opened_again_is_the_same_one_and_shows_what_came_since():
    calm, loud = load("one-cpu-node"), load("sixty-four-nodes")
    app = recorded_app(calm, loud)
    async with app.run_test(size=(160, 48)) as pilot:
        await settled(pilot)
        await pilot.press("a")
        await settled(pilot)
        first = app.screen
        await pilot.press("escape")
        await app.read_once()
        await settled(pilot)
        await pilot.press("a")
        await settled(pilot)
        assert app.screen is first
        assert first.query_one("#alert-rows").border_subtitle == str(len(app.view.alerts)) != ""
