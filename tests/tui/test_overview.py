"""The overview with many machines, its alerts, what changed, and the screens behind its rows."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.core.errors import NotFound, NotRunning, PermissionDenied
from appliance.core.messages import Message
from appliance.operations.changes import Change
from appliance.tui import changes_source
from appliance.tui.local import Local
from appliance.tui.screens.alerts import AlertsScreen
from appliance.tui.screens.application import ApplicationScreen
from appliance.tui.screens.changes import ChangesScreen
from appliance.tui.screens.node import NodeScreen
from appliance.tui.screens.overview import OverviewScreen
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.key_line import KeyLine
from appliance.tui.widgets.listing import Listing, RowList
from appliance.tui.widgets.nodes import NodesPanel
from tests.tui.recorded import AUDITOR, later, load, read_all, recorded_app, screen_text, settled

GONE = NotRunning(Message("No appliance answers."), Message("Start it."))


def large(*more, **options):
    return recorded_app(load("sixty-four-nodes"), *more, **options)


def panel(app):
    return app.screen.query_one(NodesPanel)


async def on_nodes(pilot):
    await settled(pilot)
    panel(pilot.app).focus()
    await settled(pilot)


async def test_many_nodes_are_folded_to_a_line_each_and_few_are_not():
    app = large()
    async with app.run_test(size=(160, 48)) as pilot:
        await settled(pilot)
        assert panel(app).virtual_size.height == 64
        assert "gpu-01" in screen_text(app)
    app = recorded_app(load("three-gpu-nodes"))
    async with app.run_test() as pilot:
        await settled(pilot)
        assert "L20" in screen_text(app)


async def test_the_keys_of_the_list_of_nodes():
    app = large()
    async with app.run_test(size=(80, 24)) as pilot:
        await on_nodes(pilot)
        nodes = panel(app)
        assert nodes.chosen.name == "gpu-01"
        await pilot.press("down", "down", "up")
        assert nodes.chosen.name == "gpu-02"
        await pilot.press("pagedown")
        page = nodes.scrollable_content_region.height
        assert nodes.chosen.name == f"gpu-{2 + page:02}"
        await pilot.press("pageup")
        assert nodes.chosen.name == "gpu-02"
        await pilot.press("end")
        await settled(pilot)
        assert nodes.chosen.name == "gpu-64"
        assert "gpu-64" in screen_text(app)
        await pilot.press("down", "home", "up")
        assert nodes.chosen.name == "gpu-01"


async def test_one_node_is_unfolded_and_stays_chosen_and_then_all():
    app = large(later(load("sixty-four-nodes"), 3))
    async with app.run_test(size=(160, 48)) as pilot:
        await on_nodes(pilot)
        await pilot.press("down", "space")
        await settled(pilot)
        assert "H20" in screen_text(app)
        assert panel(app).virtual_size.height == 64 + 2 + 8
        await app.read_once()
        await settled(pilot)
        assert panel(app).chosen.name == "gpu-02"
        assert panel(app).virtual_size.height == 64 + 2 + 8
        await pilot.press("space")
        await pilot.press("z")
        await settled(pilot)
        assert panel(app).virtual_size.height == 63 * 11 + 1, "the dead one has nothing to show"
        await pilot.press("z")
        assert panel(app).virtual_size.height == 64


async def test_nodes_are_found_by_name_address_state_and_card():
    app = large()
    async with app.run_test(size=(80, 24)) as pilot:
        await on_nodes(pilot)
        for typed, found in (("gpu-4", 10), ("10.20.1.11", 1), ("DRAIN", 1), ("h20", 63)):
            await pilot.press("slash", *typed.lower() if typed != "DRAIN" else typed)
            await settled(pilot)
            assert len(panel(app).shown) == found, typed
            await pilot.press("escape")
        assert len(panel(app).shown) == 64
        await pilot.press("slash", *"nowhere")
        await settled(pilot)
        assert "No row holds this." in screen_text(app)
        await pilot.press("enter", "enter", "space", "end", "pagedown")
        assert panel(app).chosen is None
        assert isinstance(app.screen, OverviewScreen)


async def test_a_filter_stays_while_one_goes_through_what_it_found():
    app = large(later(load("sixty-four-nodes"), 1))
    async with app.run_test(size=(80, 24)) as pilot:
        await on_nodes(pilot)
        await pilot.press("slash", *"dead", "enter")
        await app.read_once()
        await settled(pilot)
        assert [node.name for node in panel(app).shown] == ["gpu-42"]
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, NodeScreen)
        assert "gpu-42" in screen_text(app)


async def test_a_node_opened_shows_its_cards_and_what_to_do():
    app = large(later(load("sixty-four-nodes"), 1))
    async with app.run_test(size=(80, 24)) as pilot:
        await on_nodes(pilot)
        for _ in range(9):
            await pilot.press("down")
        await pilot.press("enter")
        await settled(pilot)
        text = screen_text(app)
        assert "Node gpu-10" in text
        assert "95 % of the disk" in text
        assert "remove packages and" in text
        assert "appliance node show gpu-10" in text
        await pilot.press("escape")
        assert isinstance(app.screen, OverviewScreen)


async def test_a_node_that_is_taken_out_while_it_is_shown():
    status = load("sixty-four-nodes")
    app = recorded_app(status, status.model_copy(update={"nodes": status.nodes[1:]}))
    async with app.run_test(size=(80, 24)) as pilot:
        await on_nodes(pilot)
        await pilot.press("enter")
        await app.read_once()
        await settled(pilot)
        assert "not there any more" in screen_text(app)


async def test_a_click_chooses_and_two_open():
    app = large()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.click(NodesPanel, offset=(10, 3))
        await settled(pilot)
        assert panel(app).chosen.name == "gpu-03"
        await pilot.click(NodesPanel, offset=(10, 3), times=2)
        await settled(pilot)
        assert isinstance(app.screen, NodeScreen)


async def test_what_waits_and_how_full_the_cache_is():
    app = recorded_app(load("three-gpu-nodes"))
    async with app.run_test(size=(160, 48)) as pilot:
        await settled(pilot)
        (row,) = [line for line in screen_text(app).splitlines() if "general" in line]
        assert "  3    64 %" in row
        rows = app.screen.query_one(RowList)
        while rows.highlighted_option.id != "model/general":
            await pilot.press("down")
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, ApplicationScreen)
        text = screen_text(app)
        assert "requests that wait for their turn" in text
        assert "64 %" in text


async def test_models_are_searched():
    app = large()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"counter-3", "enter")
        await settled(pilot)
        assert [option.id for option in app.screen.query_one(RowList).options] == [
            f"scenario/counter-3{digit}" for digit in range(10)
        ]
        assert len(panel(app).shown) == 64


async def test_alerts_say_what_to_do_and_lead_to_what_they_are_about():
    app = large()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "✖ 3  ▲ 3  Node gpu-42 does not answer." in screen_text(app)
        await pilot.press("a")
        await settled(pilot)
        assert isinstance(app.screen, AlertsScreen)
        assert "See whether the machine is on" in screen_text(app)
        await pilot.press("down")
        await settled(pilot)
        assert "appliance doctor" in str(app.screen.query_one(CommandLine).content)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, ApplicationScreen)
        assert "branch-20" in screen_text(app)
        await pilot.press("escape", "escape")
        assert isinstance(app.screen, OverviewScreen)


async def test_nothing_is_wrong():
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a")
        await settled(pilot)
        assert "Nothing is wrong." in screen_text(app)
        await pilot.press("enter", "escape")
        assert isinstance(app.screen, OverviewScreen)


async def test_what_the_terminal_saw_change():
    status = load("three-gpu-nodes")
    broken = [one.model_copy(update={"state": "failed"}) for one in status.applications]
    app = recorded_app(status, GONE, later(status, 3).model_copy(update={"applications": tuple(broken)}))
    async with app.run_test(size=(80, 24)) as pilot:
        await read_all(app)(pilot)
        await pilot.press("h")
        await settled(pilot)
        assert isinstance(app.screen, ChangesScreen)
        text = screen_text(app)
        assert "Model general could not be started." in text
        assert "only in the terminal on the head" in text
        await pilot.press("end")
        await settled(pilot)
        assert "The appliance does not answer." in screen_text(app)
        await pilot.press("home", "down", "enter")
        await settled(pilot)
        assert isinstance(app.screen, ApplicationScreen)


@pytest.fixture
def beside(tmp_path):
    return Local(Path(tmp_path))


async def test_what_administrators_did_stands_among_it(monkeypatch, beside):
    did = Change(datetime(2026, 11, 24, 5, 40, tzinfo=UTC), "plain", Message("PUT /v1/quotas: bank"), who="li.wei")

    async def recorded(local, language):
        assert (local, language) == (beside, "en")
        return (did,)

    monkeypatch.setattr(changes_source, "recorded", recorded)
    app = recorded_app(load("one-cpu-node"), local=beside)
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await pilot.press("h")
        await settled(pilot)
        text = screen_text(app)
        assert "PUT /v1/quotas: bank" in text
        assert "li.wei" in text
        assert "appliance audit search --kind 'admin.*' --since 1h" in text


async def test_an_audit_that_cannot_be_read_says_why(monkeypatch, beside):
    async def recorded(_local, _language):
        raise NotFound(Message("There is no audit log."), Message("It begins with the first start."))

    monkeypatch.setattr(changes_source, "recorded", recorded)
    app = recorded_app(load("one-cpu-node"), local=beside)
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await pilot.press("h")
        await settled(pilot)
        assert "There is no audit log. It begins with the first start." in screen_text(app)


async def test_who_may_not_read_the_audit_is_told_so(monkeypatch, beside):
    async def recorded(_local, _language):
        raise AssertionError("it must not be read")

    monkeypatch.setattr(changes_source, "recorded", recorded)
    who = AUDITOR.model_copy(update={"permissions": frozenset({"status.read"})})
    app = recorded_app(load("one-cpu-node"), local=beside, who=who)
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await pilot.press("h")
        await settled(pilot)
        assert "may not read what administrators did" in screen_text(app)


async def test_rows_that_are_the_same_are_not_drawn_again(monkeypatch):
    status = load("sixty-four-nodes")
    app = recorded_app(status, status)
    async with app.run_test(size=(160, 48)) as pilot:
        await settled(pilot)
        drawn = []
        rows = app.screen.query_one(Listing).query_one(RowList)
        monkeypatch.setattr(rows, "replace_option_prompt", lambda key, _line: drawn.append(key))
        laid = []
        monkeypatch.setattr(panel(app), "_lay_out", lambda: laid.append(1))
        await app.read_once()
        await app.read_once()
        await pilot.pause()
        before = len(drawn)
        await app.read_once()
        await pilot.pause()
        assert len(drawn) == before
        assert laid == []


@pytest.mark.parametrize("size", [(40, 12), (20, 5), (160, 48)])
async def test_many_nodes_at_any_size_and_back(size):
    app = large(later(load("sixty-four-nodes"), 1))
    async with app.run_test(size=(80, 24)) as pilot:
        await on_nodes(pilot)
        before = screen_text(app)
        await pilot.press("space")
        await pilot.resize_terminal(*size)
        await settled(pilot)
        await app.read_once()
        for key in ("end", "z", "z", "home", "space"):
            await pilot.press(key)
        await settled(pilot)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        await pilot.press("z")
        await settled(pilot)
        assert screen_text(app).splitlines()[2:12] == before.splitlines()[2:12]


async def test_the_line_of_keys_can_be_clicked_and_says_what_a_key_does():
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        column = screen_text(app).splitlines()[-1].index("Alerts")
        await pilot.hover(KeyLine, offset=(column, 0))
        assert app.screen.query_one(KeyLine).tooltip == "Show what is wrong now, and what to do about it."
        await pilot.click(KeyLine, offset=(column, 0))
        await settled(pilot)
        assert isinstance(app.screen, AlertsScreen)


async def test_where_the_line_is_short_help_stays():
    app = recorded_app(load("one-cpu-node"))
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot)
        line = screen_text(app).splitlines()[-1]
        assert "? Help" in line
        assert "q Quit" in line
        assert "Refresh" not in line


async def test_a_key_that_may_not_see_the_status_is_not_told_that_nothing_answers():
    refused = PermissionDenied(Message("The key may not see the status."), Message("The other screens have the rest."))
    app = recorded_app(refused)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        text = screen_text(app)
        assert "● connected" in text
        assert "The key may not see the status." in text
        assert "The other screens have the rest." in text
