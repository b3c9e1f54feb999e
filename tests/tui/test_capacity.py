"""What an operator sees and does about capacity, key by key: what was asked, with what, and what is absent."""

import asyncio
from dataclasses import replace

import pytest

from appliance.core.errors import ApprovalNeeded, Conflict, NotRunning, StartFailed
from appliance.core.messages import _
from appliance.operations.gateways import START_IT
from appliance.operations.planning import PlanRequest
from appliance.operations.scaling import ScaleWish
from appliance.tui.acting import Task
from appliance.tui.capacity_source import NodeOrder
from appliance.tui.screens.capacity import CapacityScreen
from appliance.tui.screens.capacity_forecast import ForecastScreen
from appliance.tui.screens.capacity_forms import CapacityForm
from appliance.tui.screens.capacity_model import ModelScreen
from appliance.tui.screens.capacity_node import NodeScreen
from appliance.tui.screens.capacity_tokens import TokenDialog, TokensScreen
from appliance.tui.screens.capacity_what_if import WhatIfScreen
from appliance.tui.screens.task import ConfirmTask, RunTask
from tests.tui.capacity_double import CapacityDouble, capacity_app, status
from tests.tui.recorded import AUDITOR, load, screen_text, settled

GONE = NotRunning(_("No appliance runs here."), START_IT)
STAYS = StartFailed(_("{count} replicas are still on the node after {seconds} s.", count=2, seconds=5))


@pytest.fixture
def double():
    return CapacityDouble()


@pytest.fixture
def app(double):
    return capacity_app(double)


async def press(pilot, *keys):
    await settled(pilot)
    for key in keys:
        await pilot.press(key)
        await settled(pilot)
    return words(pilot.app)


def words(app):
    """The text on the screen, as if no line had ended."""
    return " ".join(screen_text(app).replace("│", " ").split())


def offered(app):
    return set(app.screen.active_bindings)


async def test_nodes_and_models_against_their_limits(app):
    async with app.run_test(size=(160, 48)) as pilot:
        text = await press(pilot)
        assert isinstance(app.screen, CapacityScreen)
        for shown in (
            "head ● ready 96/508 GiB 76.1/90.0 GiB 84 % 128 18 %", "w2 ✖ dead", "vendor=nvidia zone=a",
            "general ● running 2/2 2 27/128 160", "finance ◐ starting 0/1 0–2 0/0 63", "2 of 3 take new work",
            "Requests/day 43.1k ↗", "general: 160 users at once", "about 2027-0", "$ appliance node list",
        ):  # fmt: skip
            assert shown in text
        assert "$ appliance status" in await press(pilot, "tab")


async def test_a_node_that_joins_is_there_before_the_cluster_has_it(double):
    double.nodes.append(replace(double.nodes[1], id="node_x", name="w3", address="10.20.0.14", state="joining"))
    app = capacity_app(double)
    async with app.run_test(size=(160, 48)) as pilot:
        assert "w3 ◐ joining" in await press(pilot)


async def test_cordon_is_asked_back_done_and_shown(app, double):
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "down", "enter", "c")
        assert isinstance(app.screen, ConfirmTask)
        assert "Give w1 no new work?" in text
        assert "$ appliance node cordon w1" in text
        await press(pilot, "escape")
        assert double.done == []
        text = await press(pilot, "c", "y")
        assert double.done == [("carry_out", NodeOrder("cordon", "w1"))]
        assert isinstance(app.screen, NodeScreen)
        assert "✓ The node takes no new work" in text
        assert "■ cordoned" in text
        assert "u" in offered(app)
        assert "c" not in offered(app)


async def test_uncordon(app, double):
    double.nodes[1] = replace(double.nodes[1], state="cordoned")
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "down", "enter", "u", "y")
        assert double.done == [("carry_out", NodeOrder("uncordon", "w1"))]


async def test_drain_asks_for_a_time_and_shows_its_steps(app, double):
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "down", "enter", "d")
        assert isinstance(app.screen, CapacityForm)
        assert "x is not a whole number" in await press(pilot, "x", "ctrl+s")
        assert "at least one second" in await press(pilot, "backspace", "0", "ctrl+s")
        text = await press(pilot, "backspace", "9", "0", "enter")
        assert "$ appliance node drain w1 --timeout 90" in text
        text = await press(pilot, "y")
        assert double.done == [("carry_out", NodeOrder("drain", "w1", 90.0))]
        assert isinstance(app.screen, RunTask)
        assert "● Drain w1 done" in text
        assert "The node is empty" in await press(pilot, "escape")


async def test_a_drain_that_fails_says_why(app, double):
    double.fails = STAYS
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "down", "enter", "d", "ctrl+s", "y")
        assert "✖ Drain w1" in text
        assert "2 replicas are still on the node" in text
        assert "▼ draining" not in await press(pilot, "escape")


async def test_remove_asks_a_second_time_before_it_forces(app, double):
    double.fails_once = STAYS
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "down", "enter", "x")
        assert "Empty the node w1 and take it out" in text
        await press(pilot, "y")
        text = await press(pilot, "escape")
        assert isinstance(app.screen, ConfirmTask)
        assert "Take w1 out all the same?" in text
        assert "$ appliance node remove w1 --force" in text
        assert "is lost" in text
        await press(pilot, "y")
        orders = [what[1] for what in double.done]
        assert orders == [NodeOrder("remove", "w1"), NodeOrder("remove", "w1", force=True)]
        assert "no part of the appliance" in words(app)


async def test_remove_without_force_where_the_second_question_is_denied(app, double):
    double.fails_once = STAYS
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "down", "enter", "x", "y", "escape", "escape")
        assert len(double.done) == 1
        assert isinstance(app.screen, NodeScreen)


async def test_a_node_that_was_taken_out_is_told_to_be_gone_while_the_cluster_still_knows_it(double):
    reading = status()
    dead = next(node for node in reading.nodes if node.state == "dead")
    double.nodes = [node for node in double.nodes if node.address != dead.address]
    async with capacity_app(double, reading).run_test(size=(120, 40)) as pilot:
        await press(pilot, *["down"] * reading.nodes.index(dead))
        text = await press(pilot, "enter")
        assert "─ w2 ─" in text
        assert "This node is not there any more." in text
        assert "A machine alone" not in text


async def test_the_head_cannot_be_emptied_and_a_machine_alone_not_changed(app, double):
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "enter")
        assert offered(app) >= {"c"}
        assert not offered(app) & {"d", "x", "u"}
    double.nodes = []
    app = capacity_app(double, load("one-cpu-node"))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "enter")
        assert not offered(app) & {"c", "d", "x", "u"}
        assert "A machine alone has no name" in text


async def test_a_number_of_replicas_is_shown_before_and_after_and_written(app, double):
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "tab", "enter")
        assert isinstance(app.screen, ModelScreen)
        text = await press(pilot, "s", "backspace", "3", "ctrl+s")
        assert double.told[-1] == ("scaled_change", "general", ScaleWish(3))
        for shown in ("models.general.replicas: 2 → 3", "/srv/appliance/site.yaml?", "counts from the next start",
                      "$ appliance model scale general --replicas 3"):  # fmt: skip
            assert shown in text
        await press(pilot, "escape")
        assert double.done == []
        text = await press(pilot, "s", "backspace", "3", "ctrl+s", "y")
        assert [what[0] for what in double.done] == ["apply_scale"]
        assert "site.yaml is written" in text


async def test_limits_and_what_is_neither(app, double):
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "tab", "down", "enter", "s", "backspace", "4", "ctrl+s")
        assert "either a number of replicas, or" in text
        text = await press(pilot, "backspace", "tab", "1", "tab", "4")
        assert "--min 1 --max 4" in text
        await press(pilot, "enter")
        assert double.told[-1] == ("scaled_change", "finance", ScaleWish(None, 1, 4))


async def test_what_the_file_says_already_and_what_a_second_person_must_see(app, double):
    double.changes = ()
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "tab", "enter", "s", "ctrl+s")
        assert "The site file says that already" in text
        double.changes = CapacityDouble().changes
        double.fails = ApprovalNeeded(_("A second person must agree to this: {settings}.", settings="models"))
        assert "A second person must agree" in await press(pilot, "s", "ctrl+s")
        assert double.done == []


async def test_a_plan_that_falls_short_says_why_and_is_made_again_where_nodes_or_limits_change(app, double):
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot)
        assert [what[0] for what in double.told] == ["plan"]
        await press(pilot, "r")
        asked = len(double.told)
        double.nodes[1] = replace(double.nodes[1], state="cordoned")
        short = _("It carries 1 user at the level asked, not {wanted}.", wanted=9)
        double.plan_changes = {"shortfall": short, "users": 0}
        app.screen.read_inventory()
        await settled(pilot)
        assert [what[0] for what in double.told[asked:]] == ["plan"]
        text = await press(pilot, "tab", "enter")
        assert "▲ It carries 1 user at the level asked, not 9." in text
        assert "not even one user" in text


async def test_only_chat_models_have_replicas_to_set(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "tab", "down", "down", "enter")
        assert "s" not in offered(app)


async def test_nothing_is_said_of_use_before_it_was_read(double):
    async def never(_language):
        await asyncio.Event().wait()

    double.inventory = never
    app = capacity_app(double)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot)
        assert "Reading …" in text
        assert "Nothing was used yet" not in text


async def test_forecast_of_each_model(app):
    async with app.run_test(size=(160, 48)) as pilot:
        text = await press(pilot, "f")
        assert isinstance(app.screen, ForecastScreen)
        for shown in ("33.9k ↗ +3.2 %", "114/160", "31/63 no clear trend", "Requests by day: general",
                      "15 % of it in the busiest hour", "$ appliance usage --since 8w"):  # fmt: skip
            assert shown in text
        assert "Requests by day: finance" in await press(pilot, "down")
        text = await press(pilot, "down")
        assert "Requests by day: everything" in text
        assert "no day" not in text


async def test_too_few_days_are_said_to_be_too_few(app, double):
    double.days = {name: days[-5:] for name, days in double.days.items()}
    async with app.run_test(size=(160, 48)) as pilot:
        assert "too few days: 5 of 21" in await press(pilot, "f")
        assert "5 whole days are too few" in words(app)


async def test_a_token_is_made_and_shown_once(app, double):
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "j")
        assert isinstance(app.screen, TokensScreen)
        text = await press(pilot, "n", "backspace", "backspace", "2", "d")
        assert "$ appliance node token create --valid 2d" in text
        text = await press(pilot, "enter")
        assert double.done == [("make_token", "2d")]
        assert isinstance(app.screen, TokenDialog)
        assert "appliance node join 10.20.0.11:6389 --token njt_" in text
        assert "shown this once, and lets one machine join" in text
        assert "until 11-24 06:50" in text
        await press(pilot, "c")
        assert app.clipboard.startswith("appliance node join 10.20.0.11:6389 --token njt_")
        text = await press(pilot, "escape")
        assert isinstance(app.screen, TokensScreen)
        assert "kF3v9QmZr2XwT7bLcN1yHdGs5AeUoPi8jRqWxVtM0aB" not in text


async def test_a_token_that_is_not_made_is_told(app, double):
    double.fails = GONE
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "j", "n", "ctrl+s")
        text = await press(pilot, "escape")
        assert isinstance(app.screen, TokensScreen)
        assert "No appliance runs here" in text


async def test_only_a_good_token_is_revoked(app, double):
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "j", "x")
        assert f"Revoke the token {double.kept[1].id}?" in text
        text = await press(pilot, "y")
        assert double.done == [("revoke_token", double.kept[1].id)]
        assert "✖ revoked" in text
        assert "x" not in offered(app)
        await press(pilot, "down")
        assert "x" not in offered(app), "it is used"


async def test_what_if_there_were_more_users(app, double):
    async with app.run_test(size=(160, 48)) as pilot:
        text = await press(pilot, "w")
        assert isinstance(app.screen, WhatIfScreen)
        assert "$ appliance plan --choose" in text
        text = await press(pilot, "2", "0", "0", "ctrl+s")
        assert double.told[-1] == ("plan", PlanRequest(users=200, choose=True))
        assert "✓ general: fits in memory: yes; service level: yes" in text
        assert "$ appliance plan --users 200 --choose" in text
        text = await press(pilot, "a")
        assert double.told[-1] == ("planned_change", PlanRequest(users=200, choose=True))
        assert "models.general.replicas: 2 → 3" in text
        assert "$ appliance plan --users 200 --apply" in text
        text = await press(pilot, "y")
        assert [what[0] for what in double.done] == ["apply_plan"]
        assert "site.yaml is written" in text


async def test_what_cannot_be_applied_has_no_key_for_it(app, double):
    async with app.run_test(size=(160, 48)) as pilot:
        await press(pilot, "w", "tab", "1", "ctrl+s")
        assert double.told[-1] == ("plan", PlanRequest(more_nodes=1, choose=True))
        assert "a" not in offered(app)
        assert "More nodes come with a join token" in words(app)
        assert "--more-nodes 1" in words(app)
    app = capacity_app(double)
    async with app.run_test(size=(160, 48)) as pilot:
        text = await press(pilot, "w", "9", "9", "9", "9", "9", "ctrl+s")
        assert "✖ general" in text
        assert "a" not in offered(app)


async def test_another_model_and_a_kind_of_node_are_chosen_from_lists(app, double):
    async with app.run_test(size=(160, 48)) as pilot:
        await press(
            pilot, "w", "tab", "2", "tab", "enter", "down", "down", "enter", "tab", "enter", "down", "enter", "ctrl+s"
        )
        request = double.told[-1][1]
        assert (request.more_nodes, request.like) == (2, "w1")
        ((model,),) = (request.more_models,)
        name, _equals, again = model.partition("=")
        assert name == again
        assert f"--more-nodes 2 --like w1 --with-model {model}" in words(app)


async def test_a_plan_that_cannot_be_had_is_told(app, double):
    async with app.run_test(size=(160, 48)) as pilot:
        assert "x1 is not a whole number" in await press(pilot, "w", "x", "1", "ctrl+s")
        double.down = Conflict(_("The plan is not applied: {aliases}: does not fit.", aliases="general"))
        assert "The plan is not applied" in await press(pilot, "backspace", "backspace", "1", "ctrl+s")


async def test_an_auditor_only_looks(double):
    app = capacity_app(double, who=AUDITOR)
    async with app.run_test(size=(160, 48)) as pilot:
        text = await press(pilot)
        assert "Read-only" in text
        assert offered(app) & {"w", "j", "f"} == {"f"}, "usage may be read"
        await press(pilot, "down", "enter")
        assert not offered(app) & {"c", "d", "x", "u"}
        await press(pilot, "escape", "tab", "enter")
        assert "s" not in offered(app)


async def test_elsewhere_a_line_says_why_keys_are_missing():
    app = capacity_app(None)
    async with app.run_test(size=(160, 48)) as pilot:
        text = await press(pilot)
        assert "only in the terminal on the head" in text
        assert "head ● ready" not in text, "what the head has decided of a node comes from its database"
        assert "● alive" in text
        assert not offered(app) & {"w", "j", "f"}
        await press(pilot, "enter")
        assert isinstance(app.screen, NodeScreen)
        assert not offered(app) & {"c", "d", "x", "u"}


async def test_what_cannot_be_read_beside_the_status_is_told(double):
    double.down = GONE
    app = capacity_app(double, status(), GONE)
    async with app.run_test(size=(160, 48)) as pilot:
        text = await press(pilot)
        assert "No appliance runs here" in text
        assert "● alive" in text
        await app.read_once()
        await settled(pilot)
        assert app.screen.has_class("-stale")
        assert "Last seen" in words(app)
        double.down = None
        assert "head ● ready" in await press(pilot, "r")


async def test_small_and_back(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for keys in ((), ("enter",), ("escape", "f"), ("escape", "w"), ("escape", "j", "n")):
            await press(pilot, *keys)
            await pilot.resize_terminal(40, 12)
            await settled(pilot)
            assert screen_text(app).strip()
            await pilot.resize_terminal(80, 24)
            await settled(pilot)


async def test_texts_of_others_cannot_draw(app, double):
    double.nodes[0] = replace(double.nodes[0], name="he\x1b[2Jad")
    async with app.run_test(size=(160, 48)) as pilot:
        text = await press(pilot)
        assert "\x1b" not in text
        assert "he⟨U+001B⟩[2Jad" in text
        await press(pilot, "enter", "c")
        assert "\x1b" not in screen_text(app)


def test_orders_name_their_command():
    assert NodeOrder("drain", "w1", 90.0).command == "appliance node drain w1 --timeout 90"
    assert NodeOrder("remove", "w1", force=True).command == "appliance node remove w1 --force"
    assert Task.__dataclass_fields__["asks"].default is True
