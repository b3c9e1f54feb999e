import os
import subprocess
import sys

import pytest
from textual.widgets import Static

from appliance.core.errors import NotRunning
from appliance.core.messages import Message
from appliance.tui.screens.help import HelpScreen
from appliance.tui.widgets.fault_banner import FaultBanner
from appliance.tui.widgets.listing import RowList
from appliance.tui.widgets.nodes import NodesPanel
from appliance.tui.words import STATES
from tests.tui.recorded import later, load, read_all, recorded_app, screen_text

GONE = NotRunning(Message("No appliance answers."), Message("Start it."))


async def test_appliance_that_goes_away_and_returns():
    status = load("one-cpu-node")
    app = recorded_app(status, GONE, later(status, 5), later(status, 6))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert not app.screen.query_one(FaultBanner).display
        await app.read_once()
        await pilot.pause()
        text = screen_text(app)
        assert "No appliance answers." in text
        assert "Start it." in text
        assert "Last seen 06:02:11." in text
        assert "not connected" in text
        assert "general" in text, "the last readings stay on the screen"
        await app.read_once()
        await app.read_once()
        await pilot.pause()
        assert not app.screen.query_one(FaultBanner).display
        assert "● connected" in screen_text(app)


async def test_appliance_that_was_never_there():
    app = recorded_app(GONE)
    async with app.run_test() as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert "No appliance answers." in text
        assert "Last seen" not in text


async def test_language_changes_at_once_everywhere():
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.screen.query_one(NodesPanel).border_title == "Nodes"
        await pilot.press("l")
        await pilot.pause()
        assert app.language == "zh_CN"
        assert app.screen.query_one(NodesPanel).border_title == Message("Nodes").render("zh_CN")
        keys = {entry.binding.id: entry for entry in app.screen.active_bindings.values()}
        assert keys["app.quit"].binding.description == Message("Quit").render("zh_CN")
        await pilot.press("l")
        await pilot.pause()
        assert app.screen.query_one(NodesPanel).border_title == "Nodes"


async def test_chosen_row_stays_chosen_and_tells_its_message():
    status = load("three-gpu-nodes")
    app = recorded_app(status, later(status, 1))
    async with app.run_test() as pilot:
        await pilot.pause()
        rows = app.screen.query_one(RowList)
        while rows.highlighted_option.id != "scenario/aml-monitoring":
            await pilot.press("down")
        assert "out of memory" in str(app.screen.query_one("#application-message", Static).content)
        await app.read_once()
        await pilot.pause()
        assert rows.highlighted_option.id == "scenario/aml-monitoring"


async def test_model_and_scenario_of_one_name():
    status = load("one-cpu-node")
    twin = status.applications[2].model_copy(update={"name": "general"})
    app = recorded_app(status.model_copy(update={"applications": (*status.applications, twin)}))
    async with app.run_test() as pilot:
        await pilot.pause()
        ids = [option.id for option in app.screen.query_one(RowList).options]
        assert ids == [
            "model/general",
            "embedding/embedder",
            "scenario/general",
            "scenario/knowledge-qa",
            "gateway/gateway",
        ]


async def test_help_is_made_from_the_bindings():
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        text = str(app.screen.query_one("#help Static", Static).content)
        for words in ("Leave the terminal", "Switch between English and Chinese", "Tab", "↓"):
            assert words in text
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)


async def test_quit():
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test() as pilot:
        await pilot.press("q")
    assert app.return_code == 0


async def test_refresh_reads_now():
    status = load("one-cpu-node")
    app = recorded_app(status, later(status, 3))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("r")
        await pilot.pause()
        assert app.view.status.uptime_s == status.uptime_s + 6


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 48), (20, 5)])
async def test_any_size_draws(size):
    status = load("three-gpu-nodes")
    app = recorded_app(*[later(status, n) for n in range(3)])
    async with app.run_test() as pilot:
        await read_all(app)(pilot)
        await pilot.resize_terminal(*size)
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "10.20.0.13" in screen_text(app)


def test_states_can_be_told_apart_without_colour():
    marks = {(mark.shape, mark.word.render("en")) for mark in STATES.values()}
    assert len(marks) == len(STATES)


def test_wrong_arguments_end_with_a_sentence():
    for arguments in (["--key-file", "x", "--url", "appliance.bank"], ["--key-file", "x", "--language", "fr"], []):
        result = subprocess.run(
            [sys.executable, "-m", "appliance.tui", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"TERM": "dumb"},
        )
        assert result.returncode == 2
        assert "Traceback" not in result.stderr


async def test_a_node_is_told_with_its_name_and_what_the_head_has_decided_of_it():
    status = load("one-cpu-node")
    known = {"name": "gpu-2", "standing": "draining"}
    app = recorded_app(status.model_copy(update={"nodes": (status.nodes[0].model_copy(update=known),)}))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "gpu-2" in screen_text(app)
        assert "alive · head · draining" in screen_text(app)
        await pilot.press("l")
        await pilot.pause()
        assert "排空中" in screen_text(app)
