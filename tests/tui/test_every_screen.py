"""What holds on every screen with a number: help names every key, and an appliance that goes away is told."""

import json
from functools import partial

import httpx
import pytest
from textual.binding import Binding
from textual.widgets import Static

from appliance.core.messages import LANGUAGES
from appliance.tui import commands, connection
from appliance.tui.app import TerminalApp
from appliance.tui.screens.help import HelpScreen
from appliance.tui.source import Sources
from tests.tui.recorded import ADMIN, STATUSES, for_ever, screen_text, settled

ANSWERS = {
    "/v1/appliance/status": json.loads((STATUSES / "three-gpu-nodes.json").read_text()),
    "/v1/auth/me": ADMIN.model_dump(mode="json"),
}
"""What the appliance has; of everything else it has none."""
NOTHING = {"data": [], "total": 0, "levels": {}, "has_more": False, "object": "list"}


class Appliance:
    """Answers until it is gone."""

    def __init__(self):
        self.gone = False

    def answer(self, request):
        if self.gone:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json=ANSWERS.get(request.url.path, NOTHING))


@pytest.fixture
def appliance(monkeypatch):
    found = Appliance()
    kind = partial(connection.HttpConnection, transport=httpx.MockTransport(found.answer))
    monkeypatch.setattr(connection, "HttpConnection", kind)
    return found


def terminal(language="en"):
    return TerminalApp(Sources.over_http("http://127.0.0.1:8080", "a-key", language), language, pause=for_ever)


def own_bindings(node):
    """Every key that our own code gives a widget or a screen."""
    for kind in type(node).__mro__:
        if kind.__module__.startswith("appliance.") and "BINDINGS" in kind.__dict__:
            yield from (binding for binding in kind.__dict__["BINDINGS"] if isinstance(binding, Binding))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", list(TerminalApp.MODES))
async def test_help_names_every_key(appliance, mode, language):
    app = terminal(language)
    async with app.run_test(size=(160, 48)) as pilot:
        await settled(pilot)
        await app.switch_mode(mode)
        await settled(pilot)
        active = [entry.binding for entry in app.screen.active_bindings.values()]
        for node in (app, app.screen, *app.screen.query("*")):
            for binding in own_bindings(node):
                assert binding.id in commands.COMMANDS, f"{type(node).__name__}: {binding.key}"
        app.action_help()
        await settled(pilot)
        assert isinstance(app.screen, HelpScreen)
        told = str(app.screen.query_one("#help Static", Static).content)
        ours = [binding for binding in active if binding.id in commands.COMMANDS]
        assert len(ours) >= 10
        for binding in ours:
            command = commands.COMMANDS[binding.id]
            assert command.label.render(language) in told
            assert command.tip.render(language) in told
        for command in commands.MODES.values():
            assert command.tip.render(language) in told


@pytest.mark.parametrize("mode", list(TerminalApp.MODES))
async def test_an_appliance_that_goes_away_is_told_with_when_it_was_seen(appliance, mode):
    app = terminal()
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await app.switch_mode(mode)
        await settled(pilot)
        assert "● connected" in screen_text(app)
        appliance.gone = True
        await app.action_refresh_now()
        await settled(pilot)
        text = screen_text(app)
        assert "No appliance answers at http://127.0.0.1:8080." in text
        assert "Start it with `appliance up`;" in text
        assert "Last seen" in text
        assert "● connected" not in text
        appliance.gone = False
        await app.action_refresh_now()
        await settled(pilot)
        assert "No appliance answers" not in screen_text(app)


@pytest.mark.parametrize("mode", list(TerminalApp.MODES))
async def test_an_appliance_that_was_never_there(appliance, mode):
    appliance.gone = True
    app = terminal()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await app.switch_mode(mode)
        await settled(pilot)
        text = screen_text(app)
        assert "No appliance answers" in text
        assert "Last seen" not in text
