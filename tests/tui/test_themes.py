"""The themes: ours alone, in the reader's language, remembered, and no trouble where they cannot be."""

import json
import stat

import pytest
from textual.command import CommandList, CommandPalette
from textual.css.query import NoMatches

from appliance.cli.commands.lifecycle import Theme
from appliance.core.messages import LANGUAGES
from appliance.tui.themes import THEMES, ThemeMemory
from appliance.tui.wizard.app import SetupApp
from tests.tui.recorded import load, recorded_app, screen_text, settled
from tests.tui.setup_double import RecordedSetup


def app_with(memory, language="en"):
    app = recorded_app(load("one-cpu-node"), language=language)
    app._memory = memory
    return app


async def listed(pilot):
    for _wait in range(100):
        await pilot.pause(0.05)
        if isinstance(pilot.app.screen, CommandPalette):
            try:
                if pilot.app.screen.query_one(CommandList).option_count:
                    break
            except NoMatches:
                continue
    await settled(pilot)
    return screen_text(pilot.app)


async def written(pilot, memory, name):
    for _wait in range(200):
        await pilot.pause(0.05)
        if memory.read() == name:
            return
    raise AssertionError(f"{name} was not kept")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_list_has_our_three_and_no_other(language, tmp_path):
    app = app_with(ThemeMemory(tmp_path / "terminal.json"), language)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("f6")
        text = await listed(pilot)
        assert app.screen.query_one(CommandList).option_count == len(THEMES)
        for one in THEMES.values():
            assert one.name.render(language) in text
        for foreign in ("textual-", "gruvbox", "Search for themes", "appliance-"):
            assert foreign not in text


async def test_what_is_chosen_is_kept_for_the_next_start(tmp_path):
    memory = ThemeMemory(tmp_path / "config" / "terminal.json")
    assert memory.read() == "dark"
    app = app_with(memory)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("f6")
        await listed(pilot)
        await pilot.press("down", "enter")
        await written(pilot, memory, "light")
        assert app.colours == "light"
    assert stat.S_IMODE(memory.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(memory.file.parent.stat().st_mode) == 0o700
    assert json.loads(memory.file.read_text()) == {"theme": "light"}


@pytest.mark.parametrize("content", ["", "[]", '{"theme": 7}', '{"theme": "gruvbox"}', "\x00", '{"other": 1}'])
def test_a_file_that_says_nothing_usable_is_the_first_theme(tmp_path, content):
    file = tmp_path / "terminal.json"
    file.write_text(content)
    assert ThemeMemory(file).read() == "dark"


async def test_a_file_that_cannot_be_written_is_told_and_harms_nothing(tmp_path):
    (tmp_path / "taken").write_text("a file where the folder would be")
    memory = ThemeMemory(tmp_path / "taken" / "terminal.json")
    assert not memory.write("light")
    app = app_with(memory)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.take_theme("high-contrast")
        for _wait in range(100):
            await pilot.pause(0.05)
            if app._notifications:
                break
        assert "cannot be written" in next(iter(app._notifications)).message
        assert app.colours == "high-contrast"


async def test_the_first_start_has_a_key_for_it(tmp_path):
    memory = ThemeMemory(tmp_path / "terminal.json")
    app = SetupApp(RecordedSetup(tmp_path), "en", memory=memory)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app.colours == "dark"
        await pilot.press("f6")
        await written(pilot, memory, "light")
        assert app.colours == "light"
        await pilot.press("f1")
        await settled(pilot)
        assert "F6" in screen_text(app), "help names it"


def test_the_file_is_the_users_own():
    assert str(ThemeMemory.of_user({"HOME": "/home/a"}).file) == "/home/a/.config/llm-appliance/terminal.json"
    assert str(ThemeMemory.of_user({"XDG_CONFIG_HOME": "/c", "HOME": "/h"}).file) == "/c/llm-appliance/terminal.json"
    assert str(ThemeMemory.of_user({"XDG_CONFIG_HOME": "c", "HOME": "/h"}).file).startswith("/h/"), "relative: ignored"


def test_the_command_line_names_the_same_themes():
    assert [one.value for one in Theme] == list(THEMES)
