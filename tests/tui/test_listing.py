"""Rows that are searched, on any screen that has a list."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Input

from appliance.core.messages import _
from appliance.tui import app as app_module
from appliance.tui.app import TerminalApp
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.widgets.listing import Column, Listing, RowList
from tests.tui.recorded import load, recorded_app, screen_text, settled


@dataclass(frozen=True)
class Thing:
    name: str
    kind: str


THINGS = {f"t{number}": Thing(name, kind) for number, (name, kind) in enumerate(
    [("青岚支行", "branch"), ("Head office", "office"), ("云杉支行", "branch"), ("[b]odd[/b]", "other")]
)}  # fmt: skip
COLUMNS = (
    Column[Thing](_("Name"), 20, lambda thing, _language: thing.name),
    Column[Thing](_("Kind"), 60, lambda thing, _language: thing.kind, rank=1),
)


class Things(ModeScreen[None]):
    """A screen with one list."""

    MODE = "overview"
    AUTO_FOCUS = "RowList"

    def body(self) -> ComposeResult:
        yield Listing[Thing](id="things")

    def show(self, view):
        super().show(view)
        self.query_one(Listing).show(THINGS, COLUMNS, _("No call is going on."), view.language)


class App(TerminalApp):
    CSS_PATH = Path(app_module.__file__).with_name("appliance.tcss")
    MODES: ClassVar = {**TerminalApp.MODES, "overview": Things}


def rows(app):
    return [option.id for option in app.screen.query_one(RowList).options]


def listing_app():
    return recorded_app(load("one-cpu-node"), kind=App)


async def test_a_part_of_any_column_finds_rows_also_where_the_column_is_not_shown():
    app = listing_app()
    async with app.run_test(size=(60, 24)) as pilot:
        await settled(pilot)
        assert "branch" not in screen_text(app)
        await pilot.press("slash", *"BRAN")
        await settled(pilot)
        assert rows(app) == ["t0", "t2"]
        await pilot.press("enter", "down")
        await settled(pilot)
        assert app.screen.query_one(Listing).chosen == "t2"
        assert isinstance(app.focused, RowList)


async def test_escape_shows_every_row_again_and_keeps_the_screen():
    app = listing_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"云杉")
        await settled(pilot)
        assert rows(app) == ["t2"]
        await pilot.press("escape")
        await settled(pilot)
        assert len(rows(app)) == 4
        assert not app.screen.query_one(".find", Input).display


async def test_what_no_row_holds_is_said_and_keys_are_text_while_one_types():
    app = listing_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"q2")
        await settled(pilot)
        assert app.is_running
        assert "No row holds this." in screen_text(app)
        await pilot.press("escape", "slash", "left_square_bracket", "b")
        await settled(pilot)
        assert rows(app) == ["t3"]
        assert "[b]odd[/b]" in screen_text(app)
