"""At 40×12 every screen says where one is, whether it is live, what is wrong, what it has, and which keys there are."""

import asyncio

import pytest

from appliance.core.messages import LANGUAGES, _
from appliance.tui import commands
from appliance.tui.app import TerminalApp
from tests.tui.recorded import AUDITOR, screen_text, settled
from tests.tui.whole import SHOWN, whole_app

SMALL = (40, 12)
DIALOGS = {
    "knowledge-delete": ("knowledge", "enter", "d"),
    "knowledge-upload": ("knowledge", "enter", "u"),
    "knowledge-rebuild": ("knowledge", "enter", "b"),
    "node-cordon": ("capacity", "enter", "c"),
    "node-drain": ("capacity", "down", "enter", "d"),
    "token-form": ("capacity", "j", "n"),
    "token": ("capacity", "j", "n", "ctrl+s"),
    "token-revoke": ("capacity", "j", "x"),
    "model-rollback": ("models", "tab", "down", "b"),
    "model-promote": ("models", "p"),
    "model-split": ("models", "enter", "a"),
    "model-drop": ("models", "enter", "x"),
    "key-form": ("governance", "down", "enter", "n"),
    "key-revoke": ("governance", "down", "enter", "x"),
    "key-rotate": ("governance", "down", "enter", "o"),
    "audit-ready": ("governance", "end", "enter", "f"),
    "review-approve": ("reviews", "enter", "a"),
    "review-edit": ("reviews", "enter", "e"),
    "review-refuse": ("reviews", "enter", "x"),
}


@pytest.fixture
def whole(tmp_path):
    """Return a function that makes the app; what its threads wait for comes at the end."""
    kept = []

    def make(**more):
        app, models = whole_app(tmp_path, **more)
        kept.append(models)
        return app

    yield make
    for models in kept:
        models.machine.go_on.set()


async def until(pilot, *words):
    """Wait until the screen holds all of the words, and has settled; return it."""
    for _turn in range(200):
        text = screen_text(pilot.app)
        if all(word in text for word in words):
            break
        await pilot.pause(0.05)
    await settled(pilot)
    return screen_text(pilot.app)


async def pressed(pilot, keys):
    """Press keys, each once the one before has shown what it does."""
    for key in keys:
        before = screen_text(pilot.app)
        await pilot.press(key)
        for _turn in range(40):
            await pilot.pause(0.05)
            if screen_text(pilot.app) != before:
                break
        await settled(pilot)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", list(TerminalApp.MODES))
async def test_what_counts_is_seen_and_comes_back(whole, mode, language):
    app = whole(language=language)
    connected = f"● {_('connected').render(language)}"
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await app.switch_mode(mode)
        before = await until(pilot, connected, SHOWN[mode])
        await pilot.resize_terminal(*SMALL)
        lines = (await until(pilot, connected, SHOWN[mode])).splitlines()
        top, rest = lines[0], "\n".join(lines[1:])
        assert commands.MODES[mode].label.render(language) in top
        assert connected in top
        assert "✖ 3" in top
        assert "▲ 3" in top
        assert SHOWN[mode] in rest
        assert commands.QUIT.label.render(language) in lines[-1]
        assert commands.HELP.label.render(language) in lines[-1]
        await pilot.resize_terminal(80, 24)
        assert await until(pilot, before) == before


@pytest.mark.parametrize("language", LANGUAGES)
async def test_models_with_a_notice_show_a_row_of_each_list(whole, language):
    app = whole(language=language, who=AUDITOR)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await app.switch_mode("models")
        text = await until(pilot, "general", "appliance", "▲")
        rows = text.splitlines()
        assert any(row.startswith("│") and "general" in row for row in rows)
        assert any(row.startswith("│") and "appliance" in row for row in rows)
        assert any(row.startswith(" ▲ ") for row in rows), "the notice stays"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DIALOGS)
async def test_a_dialog_shows_its_keys(whole, name, language):
    mode, *keys = DIALOGS[name]
    app = whole(status="three-gpu-nodes", language=language)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await app.switch_mode(mode)
        await until(pilot, "●")
        await asyncio.sleep(0.2)
        await pressed(pilot, keys)
        assert app.screen.is_modal, f"{type(app.screen).__name__} is no dialog"
        own = [
            entry.binding
            for entry in app.screen.active_bindings.values()
            if entry.binding.show and entry.enabled and entry.binding.id in commands.COMMANDS
        ]
        assert own
        text = screen_text(app)
        for binding in own:
            assert f"{app.get_key_display(binding)} {binding.description}" in text, text
