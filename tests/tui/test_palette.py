"""`:` finds what the screen in front can do, and nothing that its reader may not."""

import pytest
from textual.command import CommandList, CommandPalette

from appliance.core.messages import LANGUAGES
from appliance.tui import commands, governance_keys, models_keys
from appliance.tui.app import TerminalApp
from appliance.tui.palette import entries_of
from appliance.tui.screens.alerts import AlertsScreen
from tests.tui.models_double import RecordedModels, models_app
from tests.tui.recorded import AUDITOR, load, recorded_app, screen_text, settled


@pytest.fixture
def models(tmp_path):
    key_file = tmp_path / "admin.key"
    key_file.write_text("key-1")
    found = RecordedModels(key_file)
    yield found
    found.machine.go_on.set()


async def found_by(pilot, text):
    """Open the palette, type, and wait for what it finds."""
    await pilot.press("colon")
    assert isinstance(pilot.app.screen, CommandPalette)
    for char in text:
        await pilot.press("space" if char == " " else char)
    listed = pilot.app.screen.query_one(CommandList)
    for _wait in range(100):
        await pilot.pause(0.05)
        if listed.option_count:
            break
    await settled(pilot)
    return screen_text(pilot.app)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everything_with_a_key_on_the_screen_is_there(language):
    app = recorded_app(load("sixty-four-nodes"), language=language)
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        found = {entry.id: entry for entry in entries_of(app, app.screen)}
        wanted = {commands.ALERTS, commands.CHANGES, commands.FIND, commands.HELP, commands.THEME, commands.QUIT}
        assert {one.id for one in wanted | set(commands.MODES.values())} <= set(found)
        assert found["overview.alerts"].name == commands.ALERTS.label.render(language)
        assert found["overview.alerts"].about == commands.ALERTS.tip.render(language)
        ids = list(found)
        assert commands.LAST.id not in ids, "what one holds down to move is no thing to look for"
        order = [one for one in ids if one in ("overview.alerts", "list.find", "mode.overview", "app.help")]
        assert order == ["overview.alerts", "list.find", "mode.overview", "app.help"]


async def test_choosing_one_does_it():
    app = recorded_app(load("sixty-four-nodes"))
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        text = await found_by(pilot, "what is wrong now")
        assert "Alerts  a" in text, "it is found by what it is for, and its key is shown"
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, AlertsScreen)


async def test_a_key_of_a_list_is_done_where_the_list_is():
    app = recorded_app(load("sixty-four-nodes"))
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        app.screen.query_one("NodesPanel").focus()
        await settled(pilot)
        before = screen_text(app)
        await found_by(pilot, "node.fold_all")
        await pilot.press("enter")
        await settled(pilot)
        assert screen_text(app) != before


async def test_what_is_not_there_is_said_in_the_readers_language():
    app = recorded_app(load("one-cpu-node"), language="zh_CN")
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        text = await found_by(pilot, "zzzz")
        assert "No matches" not in text
        assert "Nothing that can be done" not in text


async def test_an_auditor_finds_nothing_that_changes_something(models):
    acting = {models_keys.ROLL_BACK.id, models_keys.PROMOTE.id, models_keys.AVAILABLE.id}
    for who, there in ((None, True), (AUDITOR, False)):
        app = models_app(models) if who is None else models_app(models, who=who)
        async with app.run_test(size=(100, 30)) as pilot:
            await settled(pilot)
            for _wait in range(100):
                if app.screen.known.seen is not None and app.screen.known.here is not None:
                    break
                await pilot.pause(0.05)
            await settled(pilot)
            found = {entry.id for entry in entries_of(app, app.screen)}
            assert bool(acting & found) is there
            assert commands.HELP.id in found
            assert governance_keys.REVOKE.id not in found, "only the screen in front counts"


async def test_the_palette_opens_once():
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("colon")
        await pilot.press("ctrl+p")
        await settled(pilot)
        assert sum(isinstance(screen, CommandPalette) for screen in app.screen_stack) == 1
        assert isinstance(app, TerminalApp)
