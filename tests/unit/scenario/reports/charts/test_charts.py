import base64
import io
import math
import re
import subprocess
import sys
from itertools import combinations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from appliance.scenario.charts import DRAWING
from scenarios.reports.charts.canvas import DPI
from scenarios.reports.charts.drawing import draw, painted
from scenarios.reports.charts.spec import ChartSpec, Data
from scenarios.reports.charts.steps import step
from scenarios.reports.charts.style import LOOKS, measure, tick

KINDS = ("bar", "line", "stacked", "waterfall", "share")
YEARS = ("2021年", "2022年", "2023年", "2024年", "2025年")


TITLES = ("营业收入", "净利润", "经营活动现金流量净额", "资产总计")


def points(number, labels, row):
    return tuple(
        (label, value, f"f{number}.{at}@2025-12-31") for at, (label, value) in enumerate(zip(labels, row, strict=False))
    )


def spec(kind, *rows, labels=YEARS, unit="CNY"):
    series = tuple((TITLES[number], points(number, labels, row)) for number, row in enumerate(rows))
    return ChartSpec(id=f"chart-{kind}", caption="主要经营数据", kind=kind, series=series, unit=unit)


SIMPLE = {kind: spec(kind, (8.1e8, -2e8, 9.3e8, 1e8, 11.2e8)) for kind in KINDS}


def pixels(picture):
    return Image.open(io.BytesIO(base64.b64decode(picture.png_base64)))


def corners(text, renderer):
    """The four corners of a text as it is turned (pixels)."""
    turned = text.get_rotation()
    box = text.get_window_extent(renderer)
    if turned % 90 == 0:
        wide, tall, angle = box.width, box.height, 0.0
    else:
        angle = math.radians(turned)
        sine, cosine = math.sin(angle), math.cos(angle)
        wide = (box.width * cosine - box.height * sine) / (cosine**2 - sine**2)
        tall = (box.height * cosine - box.width * sine) / (cosine**2 - sine**2)
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    along = (wide / 2 * math.cos(angle), wide / 2 * math.sin(angle))
    up = (-tall / 2 * math.sin(angle), tall / 2 * math.cos(angle))
    return [
        (x + a * along[0] + b * up[0], y + a * along[1] + b * up[1]) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]


def overlap(first, second, slack=1.5):
    """Whether two turned boxes share more than `slack` pixels: no line separates them."""
    for one, other in ((first, second), (second, first)):
        for (x0, y0), (x1, y1) in zip(one, one[1:] + one[:1], strict=True):
            length = math.hypot(x1 - x0, y1 - y0) or 1.0
            across = [((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) / length for x, y in one]
            others = [((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) / length for x, y in other]
            if min(others) >= max(across) - slack or max(others) <= min(across) + slack:
                return False
    return True


def texts_of(canvas):
    axes = canvas.axes
    if not axes.axison:
        return canvas.figure.texts
    shown = [*axes.get_xticklabels(), *axes.get_yticklabels(), *axes.texts, axes.title]
    shown += [text for legend in canvas.figure.legends for text in legend.get_texts()]
    inner = axes.get_window_extent(canvas.renderer)
    within = []
    for text in shown:
        if not text.get_text() or not text.get_visible():
            continue
        box = text.get_window_extent(canvas.renderer)
        # Ticks beyond the ends of an axis are there but are not drawn.
        if text in axes.get_yticklabels() and not inner.y0 - 1 <= (box.y0 + box.y1) / 2 <= inner.y1 + 1:
            continue
        if (
            text in axes.get_xticklabels()
            and text.get_rotation() == 0
            and not inner.x0 - 1 <= (box.x0 + box.x1) / 2 <= inner.x1 + 1
        ):
            continue
        within.append(text)
    return within


def assert_readable(one, language):
    with DRAWING:
        canvas, _notes = painted(one, language)
        canvas.figure.draw(canvas.renderer)  # only then does a legend have its place
        placed = [(text.get_text(), corners(text, canvas.renderer)) for text in texts_of(canvas)]
    for (first, a), (second, b) in combinations(placed, 2):
        assert not overlap(a, b), (first, second)
    width, height = canvas.figure.bbox.width, canvas.figure.bbox.height
    for text, box in placed:
        assert all(-2 <= x <= width + 2 and -2 <= y <= height + 2 for x, y in box), text


_NAMES = st.sampled_from(
    [
        "2025-03",
        "2025年",
        "营业收入",
        "岚川丰岁股权投资合伙企业（有限合伙）",
        "Net cash from operating activities",
        "end of 2025",
        "其他",
    ]
)


@given(st.data())
# To shrink a failing chart takes minutes and shows no more than the first one.
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.reuse, Phase.generate]
)
def test_no_text_stands_on_another_or_outside(data):
    kind = data.draw(st.sampled_from(KINDS))
    count = data.draw(st.integers(2, 24))
    base = data.draw(_NAMES)
    labels = tuple(f"{base}{'ABCDEFGHIJKLMNOPQRSTUVWX'[at]}" for at in range(count))
    groups = 1 if kind == "waterfall" else data.draw(st.integers(1, 4))
    scale = 10 ** data.draw(st.integers(2, 10))
    number = st.integers(-900, 999).map(lambda one: one / 100 * scale)
    cell = number if kind == "waterfall" else st.one_of(number, number, number, st.none())
    rows = [tuple(data.draw(st.lists(cell, min_size=count, max_size=count))) for _ in range(groups)]
    assert_readable(spec(kind, *rows, labels=labels), data.draw(st.sampled_from(["en", "zh_CN"])))


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_the_same_to_the_byte_each_time(kind):
    assert draw(SIMPLE[kind], "zh_CN") == draw(SIMPLE[kind], "zh_CN")


@pytest.mark.parametrize("kind", KINDS)
def test_the_vector_holds_letters_as_paths_and_nothing_of_the_day(kind):
    svg = draw(SIMPLE[kind], "zh_CN").svg
    root = etree.fromstring(svg.encode())
    assert not root.findall(".//{*}text")
    assert root.findall(".//{*}path")
    assert not re.search(r"<!--|metadata|DOCTYPE|\d{4}-\d\d-\d\dT", svg)
    assert len(svg) < 120_000


def test_pixels_are_two_for_each_of_the_screens():
    found = pixels(draw(SIMPLE["bar"], "en"))
    assert found.width == pytest.approx(6.3 * DPI * 2, abs=1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_without_values_is_a_note(kind):
    picture = draw(spec(kind, (None, None)), "zh_CN")
    assert picture.note == "没有可绘制的数据。"
    assert pixels(picture).height < pixels(draw(SIMPLE["bar"], "zh_CN")).height
    assert draw(spec(kind), "en").note == "There are no values to draw."


def test_missing_values_and_series_are_named():
    picture = draw(spec("bar", (1.0, None, 3.0), (None, None, None), labels=YEARS[:3]), "zh_CN")
    assert picture.note == "没有数值、未绘出：净利润、营业收入 2022年。"


def test_figures_of_all_points_are_named_once():
    assert draw(spec("bar", (1.0, 2.0), labels=YEARS[:2]), "en").figures == ("f0.0@2025-12-31", "f0.1@2025-12-31")


def test_the_text_for_who_cannot_see_it_has_no_numbers():
    for kind in KINDS:
        for language in ("en", "zh_CN"):
            alt = draw(SIMPLE[kind], language).alt
            assert "主要经营数据" in alt
            assert not any(character.isdigit() for character in alt)


@pytest.mark.parametrize(
    ("value", "unit", "language", "title", "written"),
    [
        (1.234e9, "CNY", "zh_CN", "亿元", "12.34"), (5.5e4, "CNY", "zh_CN", "万元", "5.50"),
        (800.0, "CNY", "zh_CN", "元", "800.0"),
        (1.234e9, "CNY", "en", "CNY billion", "1.23"), (5.5e4, "USD", "en", "USD thousand", "55.00"),
        (-3.2e7, "USD", "zh_CN", "万美元", "-3,200"), (0.123, "share", "en", "", "12.3%"),
        (45.0, "days", "zh_CN", "天", "45"),
        (1.85, "ratio", "en", "", "1.85"), (-0.00001, "ratio", "en", "", "0.00"),
    ],
)  # fmt: skip
def test_units_are_chosen_by_the_size_of_the_values(value, unit, language, title, written):
    one = measure([value], unit, language)
    assert (one.title, one.written(value)) == (title, written)


def test_ticks_have_no_zeros_that_say_nothing():
    one = measure([0.3], "share", "en")
    assert [tick(value, one) for value in (0.0, 0.1, 0.125, -0.05)] == ["0%", "10%", "12.5%", "-5%"]


def test_what_differs_in_labels_is_joined_in_order():
    series = (
        ("a", points(0, ("2024", "2025"), (1.0, 2.0))),
        ("b", points(1, ("2023", "2024", "2025"), (1.0, 1.0, 3.0))),
    )
    one = ChartSpec(id="x", caption="c", kind="line", unit="share", series=series)
    assert Data(one).labels == ["2023", "2024", "2025"]
    assert Data(one).rows[0] == [None, 1.0, 2.0]


def bars_of(one):
    with DRAWING:
        canvas, notes = painted(one, "en")
    return [(round(bar.get_y(), 6), round(bar.get_height(), 6)) for bar in canvas.axes.patches], notes


def test_steps_of_a_waterfall_lead_from_the_first_total_to_the_last():
    bars, notes = bars_of(
        spec("waterfall", (10.0, -6.0, 2.0, 6.0), labels=("revenue", "cost", "other income", "profit"))
    )
    assert bars == [(0.0, 10.0), (10.0, -6.0), (4.0, 2.0), (0.0, 6.0)]
    assert notes == []


def test_what_steps_lack_to_the_total_is_drawn_and_said():
    bars, notes = bars_of(spec("waterfall", (10.0, -6.0, 5.0), labels=("revenue", "cost", "profit")))
    assert bars == [(0.0, 10.0), (10.0, -6.0), (4.0, 1.0), (0.0, 5.0)]
    assert "do not add up" in notes[0]


def test_accounts_as_series_make_one_bar_each():
    series = (
        ("Revenue", (("2025", 10.0, None),)),
        ("Cost", (("2025", step("operating_cost", 6.0), None),)),
        ("Profit", (("2025", 4.0, None),)),
    )
    bars, notes = bars_of(ChartSpec(id="x", caption="c", kind="waterfall", series=series, unit="CNY"))
    assert bars == [(0.0, 10.0), (10.0, -6.0), (0.0, 4.0)]
    assert notes == []


def test_parts_below_zero_are_stacked_downwards():
    bars, _notes = bars_of(spec("stacked", (2.0, 3.0), (-1.0, 1.0), (4.0, -2.0), labels=("a", "b")))
    assert bars == [(0.0, 2.0), (0.0, 3.0), (0.0, -1.0), (3.0, 1.0), (2.0, 4.0), (0.0, -2.0)]


def test_series_differ_in_grey_or_in_hatch():
    def grey(colour):
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    for one, other in combinations(LOOKS, 2):
        assert one.hatch != other.hatch or abs(grey(one.colour) - grey(other.colour)) > 40


def test_dollar_signs_and_markup_are_letters():
    picture = draw(spec("bar", (1.0, 2.0), labels=("$a_b$", "<svg> & {x}")), "en")
    etree.fromstring(picture.svg.encode())


def test_describing_the_pack_loads_no_matplotlib():
    code = (
        "import sys, scenarios.reports.analysis.analysing, scenarios.reports.charts, appliance.scenario.charts; "
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
