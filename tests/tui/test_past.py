"""The histories of single applications and nodes: what they hold, and that they stay small."""

import sys

import pytest

from appliance.tui.past import NODE, Past
from appliance.tui.rates import RateTracker
from appliance.tui.screens.application import ApplicationScreen
from appliance.tui.screens.node import NodeScreen
from tests.tui.recorded import later, load, recorded_app, screen_text, settled

STATUS = load("three-gpu-nodes")
MODEL = next(one for one in STATUS.applications if one.kind == "model")


def test_an_application_and_a_node_have_a_value_for_each_reading():
    tracker = RateTracker()
    for reading in range(4):
        tracker.observe(later(STATUS, reading))
    past = tracker.past
    requests = past.application(f"model/{MODEL.name}", "requests")
    assert requests[0] is None, "one reading is no rate"
    assert requests[3] == pytest.approx((2 + 4 + 7) / 6)
    assert len(past.application(f"model/{MODEL.name}", "ttft")) == 4
    node = next(one for one in STATUS.nodes if one.accelerators)
    assert past.node(node.address, "cpu")[-1] == pytest.approx(node.cpu_utilisation)
    cards = [card.utilisation for card in node.accelerators]
    assert past.node(node.address, "cards")[-1] == pytest.approx(sum(cards) / len(cards))
    assert past.node("10.9.9.9", "cpu") == ()


def test_a_missed_reading_is_a_gap_and_zero_is_not():
    past = Past()
    idle = STATUS.model_copy(
        update={"nodes": tuple(one.model_copy(update={"cpu_utilisation": 0.0}) for one in STATUS.nodes)}
    )
    past.take(idle, {})
    past.miss()
    past.take(idle.model_copy(update={"nodes": ()}), {})
    past.take(idle, {})
    assert past.node(STATUS.nodes[0].address, "cpu") == (0.0, None, None, 0.0)


def test_sixty_four_nodes_with_eight_cards_and_sixty_applications_stay_small():
    status = load("sixty-four-nodes")
    many = tuple(MODEL.model_copy(update={"name": f"model-{place}"}) for place in range(60))
    status = status.model_copy(update={"applications": many})
    past = Past(length=300)
    for _reading in range(310):
        past.take(status, {})
    kept = (*past._nodes.values(), *past._applications.values())
    assert len(kept) == 124
    assert len(past.node(status.nodes[0].address, NODE[0])) == 300
    assert sum(sys.getsizeof(series._values) for series in kept) < 1_000_000


def test_what_is_gone_for_long_is_forgotten():
    past = Past(length=5)
    past.take(STATUS, {})
    for _reading in range(5):
        past.take(STATUS.model_copy(update={"nodes": ()}), {})
    assert not past._nodes
    assert past._applications


async def read_often(app, pilot, times):
    await settled(pilot)
    for _reading in range(times):
        await app.read_once()


async def test_one_model_and_one_node_show_their_own_history():
    app = recorded_app(*(later(STATUS, reading) for reading in range(6)))
    async with app.run_test(size=(120, 36)) as pilot:
        await read_often(app, pilot, 5)
        await app.push_screen(ApplicationScreen(f"model/{MODEL.name}"))
        await settled(pilot)
        text = screen_text(app)
        for title in ("─ Req/s  ", "─ Tok/s  ", "─ TTFT  "):
            assert title in text
        assert "█" in text, "columns are drawn"
        app.pop_screen()
        node = next(one for one in STATUS.nodes if one.accelerators)
        await app.push_screen(NodeScreen(node.address))
        await settled(pilot)
        text = screen_text(app)
        for title in ("─ CPU  ", "─ Memory  ", "─ Cards  "):
            assert title in text
        plain = next((one for one in STATUS.nodes if not one.accelerators), None)
        if plain is not None:
            app.pop_screen()
            await app.push_screen(NodeScreen(plain.address))
            await settled(pilot)
            assert "─ Cards  " not in screen_text(app)


async def test_a_scenario_has_no_chart_of_tokens_or_a_queue():
    scenario = next(one for one in STATUS.applications if one.kind == "scenario")
    app = recorded_app(*(later(STATUS, reading) for reading in range(3)))
    async with app.run_test(size=(120, 36)) as pilot:
        await read_often(app, pilot, 2)
        await app.push_screen(ApplicationScreen(f"scenario/{scenario.name}"))
        await settled(pilot)
        text = screen_text(app)
        assert "─ Req/s  " in text
        assert "─ Tok/s  " not in text
