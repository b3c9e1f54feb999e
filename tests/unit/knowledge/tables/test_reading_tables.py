from dataclasses import fields

import numpy
import pytest

from appliance.knowledge.intake.indexing import prepare
from appliance.knowledge.readers.collect import Collector
from appliance.knowledge.readers.limits import DEFAULT_LIMITS
from appliance.knowledge.readers.tables import add_table, strip_of
from appliance.knowledge.search.stored import StoredPassage
from appliance.knowledge.tables import Table, answer_from_table, table_of
from appliance.knowledge.tables.figures import Unit, figure_of, unit_in
from appliance.knowledge.tables.periods import Period, day_of, periods_in


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("$ (1,452.4)", -1452.4, "$"),
        ("(1,452.4)", -1452.4, None),
        ("-8.7", -8.7, None),
        ("—", 0.0, None),
        ("－", 0.0, None),
        ("(8)%", -8.0, "%"),
        ("38.1%", 38.1, "%"),
        ("1.2亿元", 1.2, "亿元"),
        ("三万元", 3.0, "万元"),
        ("１２，５００", 12500.0, None),
        ("1,234 (2)", 1234.0, None),
        ("￥5", 5.0, "¥"),
    ],
)
def test_cells_are_read_as_figures(text, value, unit):
    figure = figure_of(text)
    assert figure is not None
    assert figure.exact
    assert (figure.value, figure.unit.text) == (value, unit)


def test_words_and_several_figures_are_no_figure():
    assert figure_of("无限额") is None
    assert figure_of("金额的0.02%，最高50元") is None
    assert figure_of("n/a") is None
    within = figure_of("每笔5元")
    assert within is not None
    assert not within.exact
    assert within.value == 5


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("单位：万元 币种：人民币", Unit("万", "元")),
        ("（人民币亿元）", Unit("亿", "元")),
        ("(in millions)", Unit("million")),
        ("(Dollars in thousands, except percentages)", Unit("thousand")),
        ("CNY million. Audited. Change in per cent.", Unit("million", "CNY")),
        ("€m", Unit("million", "€")),
        ("$’000", Unit("thousand", "$")),
        ("Ratios in per cent", Unit("", "%")),
        ("年利率%", Unit("", "%")),
    ],
)
def test_captions_state_the_unit(text, unit):
    assert unit_in(text, caption=True) == unit


def test_the_nearest_unit_counts():
    table = Table.build(
        "单位：万元",
        ["项目", "2025年", "增速（%）"],
        [("净利润", "381", "11.1"), ("每股收益（元）", "0.95", "10.5"), ("员工人数（人）", "12,400", "2.1")],
    )
    units = [[cell.unit.text for cell in row.cells] for row in table.rows]
    assert units == [["万元", "%"], ["元", "%"], ["人", "%"]]


def test_periods_in_headers_and_questions():
    assert periods_in("Year ended September 30, 2019") == (Period(2019),)
    assert periods_in("FY19") == (Period(2019),)
    assert periods_in("2 0 1 8") == (Period(2018),)
    assert periods_in("2025年第三季度") == (Period(2025, 3),)
    assert periods_in("Q1 2026") == (Period(2026, 1),)
    assert periods_in("2021-2022") == (Period(2022, 0, 2021),)
    assert periods_in("more than 2,019 or $2019") == ()
    assert day_of("As of December 31, 2019") == day_of("2019年12月31日") == (12, 31)


def test_a_heading_inside_a_table_stands_above_the_rows_that_follow():
    table = Table.build(
        "", ["", "2019", "2018"], [("Assets:", "", ""), ("Cash", "5", "4"), ("Debt:", "", ""), ("Bonds", "3", "2")]
    )
    assert [(row.sections, row.header) for row in table.rows] == [(("Assets",), "Cash"), (("Debt",), "Bonds")]


def test_rows_of_units_and_periods_at_the_top_belong_to_the_header():
    rows = [("(in millions)", "2019", "2018"), ("", "€m", "€m"), ("Sales", "5", "4")]
    table = Table.build("", ["", "", ""], rows)
    assert [column.header for column in table.columns] == ["", "2019 / €m", "2018 / €m"]
    assert [row.index for row in table.rows] == [2]


def _stored(title, passage):
    """The passage as the index gives it back."""
    known = {field.name: getattr(passage, field.name) for field in fields(passage)}
    vectors = numpy.ones((len(passage.sentences), 2), numpy.float32)
    return StoredPassage(id="1", version=1, document="figures.xlsx", title=title, vectors=vectors, **known)


def test_a_document_s_rows_make_the_table_and_cells_keep_their_place():
    collector = Collector("figures.xlsx", DEFAULT_LIMITS)
    collector.add("单位：万元")
    grid = [("项目", "2025年", "2024年"), ("净利润", "381,000", "342,800"), ("营业收入", "1,108,000", "1,057,500")]
    add_table(collector, ((number, strip_of(row)) for number, row in enumerate(grid, start=1)))
    extracted = collector.finish()
    prepared = prepare(extracted, "figures.xlsx")
    passages = [_stored(prepared.title, passage) for passage in prepared.passages]
    rows = [(passage, one) for passage in passages for one in passage.sentences if one.table is not None]
    found = answer_from_table("2025年营业收入是多少？", table_of(rows))
    assert found is not None
    assert found.short == "1,108,000万元"
    ((row, cell),) = found.cells
    assert rows[row][1].cells[0].start <= cell.start
    assert extracted.text[cell.start : cell.end] == cell.text == "1,108,000"
    assert (cell.row, cell.column, cell.unit) == ("营业收入", "2025年", "万元")
