import base64
import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
from PIL import Image

from appliance.core.errors import InvalidRequest
from appliance.scenario.charts import font_file
from scenarios.advisor import charts
from scenarios.advisor.charts.style import axis_title, tick, tick_format
from scenarios.advisor.models import Chart

DAYS = numpy.arange(numpy.datetime64("2020-01-01"), numpy.datetime64("2026-01-01"))
WAVES = 1.0 + 0.3 * numpy.sin(numpy.arange(len(DAYS)) / 200.0)

DRAWN = {
    "line": lambda language: charts.line(
        "growth", "净值 growth", DAYS, {"本基金": WAVES - 1.0, "Benchmark": 1.0 - WAVES},
        unit="share", axis="收益", language=language,
    ),
    "drawdown": lambda language: charts.drawdown("fall", "回撤", DAYS, WAVES, axis="距高点", language=language),
    "bars": lambda language: charts.bars(
        "stress", "压力情景", ["利率上行", "股市下跌"], {"now": [-120000.0, 3000.0], "before": [-5.0, numpy.nan]},
        unit="CNY", axis="变动", language=language,
    ),
    "stacked": lambda language: charts.stacked(
        "style", "风格", ["2024", "2025"], {"大盘": [0.4, 0.7], "小盘": [0.6, 0.3]},
        unit="share", axis="权重", language=language,
    ),
    "donut": lambda language: charts.donut("weights", "配置", {"现金": 3.0, "债券": 1.0}, language=language),
    "heat": lambda language: charts.heat(
        "months", "月度", ["2024", "2025"], ["1", "2"], numpy.array([[0.1, -0.2], [numpy.nan, 0.0]]),
        unit="share", language=language,
    ),
}  # fmt: skip


def picture(chart: Chart) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(chart.png_base64)))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("kind", DRAWN)
def test_each_chart_is_a_picture_and_a_specification(kind, language) -> None:
    chart = DRAWN[kind](language)
    image = picture(chart)
    assert (image.format, image.width) == ("PNG", 800)
    assert len(image.convert("RGB").getcolors(1 << 24)) > 20
    vega = chart.vega_lite
    assert vega["$schema"] == "https://vega.github.io/schema/vega-lite/v5.json"
    assert vega["title"]["text"] == chart.title
    assert ("mark" in vega) != ("layer" in vega)
    rows = vega["data"]["values"]
    assert rows
    json.dumps(vega, allow_nan=False)
    parts = [vega["encoding"], *(layer["encoding"] for layer in vega.get("layer", ()))]
    fields = {one["field"] for part in parts for one in part.values() if isinstance(one, dict)}
    assert fields <= set(rows[0])
    for part in parts:
        for channel, one in part.items():
            if isinstance(one, dict):
                assert one["type"] in ("quantitative", "temporal", "nominal"), channel


def test_chinese_is_drawn_with_the_font_that_comes_along() -> None:
    assert font_file().name == "NotoSansSC-Regular.ttf"
    shapes = set()
    for title in ("净", "值", "回"):
        shapes.add(charts.donut("a", title, {"x": 1.0}, language="zh_CN").png_base64)
    assert len(shapes) == 3  # a font without Chinese draws one box for all


def test_of_many_days_the_extremes_stay() -> None:
    values = WAVES.copy()
    values[777] = 5.0
    values[999] = 0.001
    rows = charts.line("a", "a", DAYS, {"a": values}, unit="ratio", axis="", language="en").vega_lite["data"]["values"]
    assert len(rows) <= 402
    assert {row["day"]: row["value"] for row in rows}[str(DAYS[777])] == 5.0
    assert min(row["value"] for row in rows) == 0.001
    assert (rows[0]["day"], rows[-1]["day"]) == (str(DAYS[0]), str(DAYS[-1]))


def test_the_drawdown_of_the_specification_is_that_of_the_values() -> None:
    rows = DRAWN["drawdown"]("en").vega_lite["data"]["values"]
    whole = WAVES / numpy.maximum.accumulate(WAVES) - 1.0
    assert min(row["value"] for row in rows) == pytest.approx(whole.min())


def test_threads_draw_the_same_pictures_as_one() -> None:
    alone = {kind: draw("zh_CN").png_base64 for kind, draw in DRAWN.items()}
    with ThreadPoolExecutor(4) as pool:
        together = {kind: pool.submit(draw, "zh_CN") for kind, draw in list(DRAWN.items()) * 2}
        assert {kind: one.result().png_base64 for kind, one in together.items()} == alone


def test_what_matplotlib_reads_as_a_formula_is_drawn_as_text() -> None:
    title = "a $x^2$ and 5% of $10"
    chart = charts.bars("a", title, ["$y$"], {"$z": [1.0], "b$": [2.0]}, unit="ratio", axis="", language="en")
    assert chart.vega_lite["title"]["text"] == title
    assert picture(chart).width == 800


def test_single_values_and_gaps_are_drawn() -> None:
    gap = numpy.array([numpy.nan, 0.2, numpy.nan])
    chart = charts.line("a", "a", DAYS[:3], {"a": gap}, unit="share", axis="", language="en")
    assert chart.vega_lite["data"]["values"] == [{"day": "2020-01-02", "line": "a", "value": 0.2}]
    empty = charts.heat("a", "a", ["x"], ["y"], numpy.array([[numpy.nan]]), unit="share", language="en")
    assert empty.vega_lite["data"]["values"] == []


@pytest.mark.parametrize("parts", [{}, {"a": 0.0}, {"a": 1.0, "b": -0.1}])
def test_parts_of_nothing_are_refused(parts) -> None:
    with pytest.raises(InvalidRequest):
        charts.donut("a", "a", parts, language="en")


def test_too_many_lines_or_lines_of_other_lengths_are_refused() -> None:
    for lines in ({}, {str(at): WAVES for at in range(9)}, {"a": WAVES[:-1]}):
        with pytest.raises(InvalidRequest):
            charts.line("a", "a", DAYS, lines, unit="share", axis="", language="en")


@pytest.mark.parametrize("draw", [charts.bars, charts.stacked])
@pytest.mark.parametrize(("labels", "groups"), [([], {"a": []}), (["x"], {}), (["x", "y"], {"a": [1.0]})])
def test_bars_of_nothing_are_refused(draw, labels, groups) -> None:
    with pytest.raises(InvalidRequest):
        draw("a", "a", labels, groups, unit="share", axis="", language="en")


def test_more_bars_and_parts_than_colours_are_drawn() -> None:
    groups = {str(number): [0.1] for number in range(10)}
    for draw in (charts.bars, charts.stacked):
        chart = draw("a", "a", ["x"], groups, unit="share", axis="", language="en")
        assert len(chart.vega_lite["data"]["values"]) == 10


def test_what_is_written_as_nothing_is_drawn_as_nothing() -> None:
    """The label of a bar a little to the left of the axis would stand on the name."""
    drawn = [
        charts.bars("a", "a", ["x", "y"], {"a": [value, 0.4]}, unit="share", axis="", language="en").png_base64
        for value in (-1e-5, 0.0)
    ]
    assert drawn[0] == drawn[1]


def test_the_legend_of_many_bars_stands_as_near_as_that_of_few() -> None:
    gaps = []
    for count in (3, 30):
        names = [str(number) for number in range(count)]
        chart = charts.bars("a", "a", names, {"p": [0.1] * count, "q": [0.2] * count}, unit="share", axis="",
                            language="en")  # fmt: skip
        ink = numpy.asarray(picture(chart).convert("L")).min(axis=1) < 200
        below = numpy.flatnonzero(ink[::-1])
        gaps.append(int(numpy.diff(below)[:40].max()))  # between the legend at the bottom and the axis above it
    assert abs(gaps[0] - gaps[1]) < 25


def test_axes_name_their_unit() -> None:
    assert axis_title("Return", "share", "en") == "Return (%)"
    assert axis_title("变动", "CNY", "zh_CN") == "变动（元）"
    assert axis_title("Change", "USD", "en") == "Change (USD)"
    assert axis_title("Sharpe ratio", "ratio", "en") == "Sharpe ratio"
    assert (tick(-0.0001, "share"), tick(0.3, "share"), tick(-1234.4, "CNY"), tick(2.5, "ratio")) == (
        "0%", "30%", "-1,234", "2.50",
    )  # fmt: skip
    assert tick_format("share") == ".1~%"


def test_the_pack_imports_without_matplotlib() -> None:
    code = (
        "import sys, scenarios.advisor.funds, scenarios.advisor.charts, scenarios.advisor.figures; "
        "print(sorted({'matplotlib', 'pandas', 'scipy', 'skfolio', 'quantstats', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
