"""Pictures of the overview with many machines, of what is behind it, and of it without colour and in high contrast."""

import pytest

from appliance.tui.themes import CONTRAST
from tests.tui.recorded import later, load, read_all, recorded_app
from tests.tui.test_snapshots import series

SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=["80x24", "160x48"])
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh_CN"])


def shot(snap_compare, readings, language="en", size=(80, 24), press=(), theme=None, nodes=False):
    app = recorded_app(*readings, language=language)
    read = read_all(app)

    async def before(pilot):
        await read(pilot)
        if theme is not None:
            app.theme = theme
        if nodes:
            app.screen.query_one("NodesPanel").focus()
        for key in press:
            await pilot.press(key)
            await pilot.pause()
        await pilot.pause()

    return snap_compare(app, terminal_size=size, run_before=before)


def changing(name):
    """Readings between which a node goes, a model fails, and the other nodes are drained."""
    first = load(name)
    nodes = list(first.nodes)
    nodes[1] = nodes[1].model_copy(update={"standing": "draining", "name": "gpu-2"})
    second = later(first, 2).model_copy(update={"nodes": tuple(nodes)})
    broken = [one.model_copy(update={"state": "unhealthy", "message": "The engine does not answer."})
              if one.kind == "embedding" else one for one in later(first, 9).applications]  # fmt: skip
    third = later(second, 7).model_copy(update={"applications": tuple(broken)})
    return [first, second, third, later(third, 60)]


@SIZES
@LANGUAGES
def test_many_nodes(snap_compare, language, size):
    assert shot(snap_compare, series("sixty-four-nodes", 12), language, size)


@LANGUAGES
def test_many_nodes_one_unfolded(snap_compare, language):
    assert shot(snap_compare, series("sixty-four-nodes", 3), language, press=["end", "up", "space"], nodes=True)


def test_nodes_that_were_searched(snap_compare):
    assert shot(snap_compare, series("sixty-four-nodes", 3), press=["slash", *"gpu-4"], nodes=True)


@LANGUAGES
def test_many_nodes_on_a_tiny_terminal(snap_compare, language):
    assert shot(snap_compare, series("sixty-four-nodes", 3), language, size=(40, 12))


@SIZES
@LANGUAGES
def test_alerts(snap_compare, language, size):
    assert shot(snap_compare, series("sixty-four-nodes", 3), language, size, press=["a"])


@SIZES
@LANGUAGES
def test_last_hour(snap_compare, language, size):
    assert shot(snap_compare, changing("three-gpu-nodes"), language, size, press=["h"])


@LANGUAGES
def test_overview_with_changes(snap_compare, language):
    assert shot(snap_compare, changing("three-gpu-nodes"), language, (160, 48))


@SIZES
@LANGUAGES
def test_node(snap_compare, language, size):
    assert shot(snap_compare, series("three-gpu-nodes", 6), language, size, press=["enter"], nodes=True)


@SIZES
@LANGUAGES
def test_model(snap_compare, language, size):
    assert shot(snap_compare, series("three-gpu-nodes", 6), language, size, press=["down", "enter"])


@SIZES
def test_without_colour(snap_compare, monkeypatch, size):
    monkeypatch.setenv("NO_COLOR", "1")
    assert shot(snap_compare, changing("three-gpu-nodes"), size=size)


@SIZES
def test_high_contrast(snap_compare, size):
    assert shot(snap_compare, changing("three-gpu-nodes"), size=size, theme=CONTRAST.name)


def test_high_contrast_with_a_chosen_node(snap_compare):
    assert shot(snap_compare, series("sixty-four-nodes", 3), theme=CONTRAST.name, press=["down"], nodes=True)
