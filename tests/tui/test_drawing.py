import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from appliance.core.messages import LANGUAGES
from appliance.core.status import AcceleratorStatus, NodeStatus
from appliance.tui import figures
from appliance.tui.drawing import bar, fit, history
from appliance.tui.widgets.node_lines import node_lines
from tests.tui.recorded import load


@given(
    st.text(alphabet=st.characters(categories=("L", "N", "P", "Zs"))),
    st.integers(0, 40),
    st.sampled_from(["left", "right"]),
)
def test_fit_always_takes_its_width(text, width, align):
    assert cell_len(fit(text, width, align)) == width


def test_fit_shows_that_something_was_cut():
    assert fit("audit-assistant", 8) == "audit-a…"
    assert fit("运行中运行中", 6) == "运行… "
    assert fit("运行", 6, "right") == "  运行"


@given(st.one_of(st.none(), st.floats(-1, 2)), st.integers(1, 60))
def test_bar_always_takes_its_width(share, width):
    assert bar(share, width).cell_length == width


def test_bar_without_colour():
    assert bar(0.5, 10).plain == "━━━━━─────"
    assert bar(0.25, 10).plain == "━━╸───────"
    assert bar(1, 4).plain == "━━━━"
    assert bar(0, 4).plain == "────"
    assert bar(0.001, 4).plain == "╸───", "a little is not nothing"
    assert bar(None, 4).plain == "╌╌╌╌", "unknown is not nothing"


def test_history_is_scaled_to_its_peak_and_ends_with_the_newest():
    lines = [line.plain for line in history([None, 0, 1, 2, 4], 6, 2)]
    assert lines == ["     █", "  ▁▄██"]


def test_history_keeps_to_its_room():
    lines = history([float(n) for n in range(500)], 30, 4)
    assert [line.cell_length for line in lines] == [30] * 4
    assert [line.plain for line in history([], 3, 1)] == ["   "]


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        (figures.percent, 0.426, "43 %"),
        (figures.percent, 0, "0 %"),
        (figures.percent, None, "–"),
        (figures.per_second, 0, "0.0"),
        (figures.per_second, 0.042, "0.04"),
        (figures.per_second, 7.55, "7.5"),
        (figures.per_second, 99.96, "100"),
        (figures.per_second, 12_345, "12.3k"),
        (figures.per_second, None, "–"),
        (figures.latency, 0.117, "117 ms"),
        (figures.latency, 0.9999, "1.0 s"),
        (figures.latency, None, "–"),
        (figures.temperature, None, "–"),
        (figures.power, 212.4, "212 W"),
        (figures.count, 9_999, "9999"),
        (figures.count, 999_949, "999.9k"),
        (figures.count, 4_500_000, "4.5M"),
    ],
)
def test_figures(function, value, text):
    assert function(value) == text


def test_amounts():
    gib = 2**30
    assert figures.used_of_total(12 * gib, 24 * gib) == "12.0/24.0 GiB"
    assert figures.used_of_total(96 * gib, 508 * gib) == "96/508 GiB"
    assert figures.used_of_total(None, 45 * gib) == "–/45.0 GiB"
    assert figures.used_of_total(None, None) == "–"
    assert figures.share(1, None) is None
    assert figures.share(0, 4) == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [36, 74, 114, 154])
@pytest.mark.parametrize("name", ["one-cpu-node", "three-gpu-nodes", "eight-gpus"])
def test_node_lines_fit_the_panel(name, width, language):
    for node in load(name).nodes:
        for line in node_lines(node, width, language, headings=True):
            assert cell_len(line.plain) <= max(width, 74), line.plain


def test_unknown_readings_are_never_zero():
    node = NodeStatus(
        node_id="n",
        address="10.0.0.1",
        head=False,
        state="alive",
        accelerators=(AcceleratorStatus(index=3, vendor="nvidia", name="NVIDIA L20"),),
    )
    text = "\n".join(line.plain for line in node_lines(node, 76, "en"))
    assert "0 %" not in text
    assert "0 °C" not in text
    assert text.count("–") == 7, "three meters, and four readings of the card"
