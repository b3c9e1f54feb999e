import itertools
import math
from datetime import date, timedelta
from statistics import stdev

import pytest

from appliance.core.errors import ConfigError
from scenarios.reports.datasets.analysing import analyse
from scenarios.reports.datasets.funds import quarter_of
from scenarios.reports.models import Fact, Grid, Payment, Place, Reading, SourceFile

AS_OF = "2026-09-30"


def reading(kind, *rows, sheet="Sheet1", title=()):
    cells = [tuple(map(str, row)) for row in (*title, *rows)]
    width = max(map(len, cells))
    padded = tuple(row + ("",) * (width - len(row)) for row in cells)
    numbers = tuple(range(1, len(padded) + 1))
    grid = Grid(number=1, sheet=sheet, rows=padded, row_numbers=numbers, pages=(None,) * len(padded))
    file = SourceFile(id="f01", name=f"{kind}.xlsx", sha256="0" * 64, size=1, kind=kind, kind_confidence=1.0)
    return Reading(file=file, grids=(grid,))


def weekdays(first, last):
    day = date.fromisoformat(first)
    while day.isoformat() <= last:
        if day.weekday() < 5:
            yield day.isoformat()
        day += timedelta(days=1)


def navs():
    days = list(weekdays("2025-12-25", "2026-10-15"))
    return [(day, 1.0 + 0.001 * at + 0.02 * math.sin(at / 5.0), 1000.0 + at) for at, day in enumerate(days)]


def fund(rows=None, header=("日期", "单位净值", "业绩比较基准")):
    return reading("fund_values", header, *(rows or navs()), title=(("虚构基金净值",), ()))


def by_name(told):
    return {figure.name: figure for figure in told.analysis.figures}


def test_a_quarter_has_its_first_and_last_day():
    assert quarter_of("2026-09-30") == ("2026-07-01", "2026-09-30")
    assert quarter_of("2026-12-01") == ("2026-10-01", "2026-12-31")


def test_the_returns_of_a_quarter_are_those_from_the_last_value_before_it():
    rows = navs()
    figures = by_name(analyse([fund(rows)], AS_OF, "zh_CN", None))
    before = [row for row in rows if row[0] < "2026-07-01"][-1]
    end = next(row for row in rows if row[0] == "2026-09-30")
    year_end = [row for row in rows if row[0] < "2026-01-01"][-1]
    assert figures["fund_return"].value == pytest.approx(end[1] / before[1] - 1)
    assert figures["benchmark_return"].value == pytest.approx(end[2] / before[2] - 1)
    shown = [round(end[at] / before[at] - 1, 4) for at in (1, 2)]
    assert figures["excess_return"].value == pytest.approx(shown[0] - shown[1])
    assert figures["excess_return"].shown == f"{(shown[0] - shown[1]) * 100:.2f}个百分点"
    assert figures["fund_return_year"].value == pytest.approx(end[1] / year_end[1] - 1)
    values = [row[1] for row in rows if before[0] <= row[0] <= "2026-09-30"]
    returns = [later / earlier - 1 for earlier, later in itertools.pairwise(values)]
    assert figures["volatility"].value == pytest.approx(stdev(returns) * 250**0.5)
    peak, fall = values[0], 0.0
    for value in values:
        peak = max(peak, value)
        fall = max(fall, 1 - value / peak)
    assert figures["max_drawdown"].value == pytest.approx(fall)


def test_every_input_names_its_cell_and_what_is_printed_there():
    told = analyse([fund()], AS_OF, "en", None)
    figure = by_name(told)["fund_return"]
    assert {one.place.cell[0] for one in figure.inputs} == {"B"}
    assert all(one.place.quote == one.shown for one in figure.inputs)
    assert figure.id == "fund_return@2026-09-30"


def test_values_after_the_day_of_the_report_are_not_used():
    early = by_name(analyse([fund()], "2026-08-14", "en", None))
    assert early["nav_last"].inputs[0].place.quote == str(next(row for row in navs() if row[0] == "2026-08-14")[1])


def test_too_few_days_make_no_volatility_and_no_days_no_figures():
    rows = [row for row in navs() if "2026-06-25" < row[0] < "2026-07-08"]
    assert "volatility" not in by_name(analyse([fund(rows)], AS_OF, "en", None))
    assert by_name(analyse([fund([row for row in navs() if row[0] < "2026-06-01"])], AS_OF, "en", None)) == {}


def test_a_value_that_is_no_number_or_not_above_zero_is_left_out_and_named():
    rows = [list(row) for row in navs()]
    at = next(number for number, row in enumerate(rows) if row[0] == "2026-08-03")
    rows[at][1] = "停牌"
    rows[at + 1][1] = -1.0
    told = analyse([fund(rows)], AS_OF, "zh_CN", None)
    assert [place.quote for place in told.unread] == ["停牌"]
    figures = by_name(told)
    assert 0 < figures["max_drawdown"].value < 0.2
    assert figures["worst_day"].value > -0.1


def test_the_largest_holdings_and_industries_are_summed():
    rows = [(f"虚构{n}", f"{n / 2:.2f}", "制造" if n % 2 else "金融") for n in range(1, 13)]
    told = by_name(
        analyse([reading("fund_holdings", ("证券名称", "占净值比例(%)", "行业"), *rows)], AS_OF, "zh_CN", None)
    )
    assert told["holding_weight.1"].value == pytest.approx(0.06)
    assert told["top_weight"].value == pytest.approx(sum(n / 2 for n in range(3, 13)) / 100)
    assert told["industry_weight.1"].value == pytest.approx(sum(n / 2 for n in range(2, 13, 2)) / 100)
    assert told["industry_weight.1"].title.startswith("金融")
    assert told["holding_count"].value == 12


HOLDINGS = ("证券名称", "占净值比例", "行业")


def held(day, *rows):
    return reading("fund_holdings", HOLDINGS, *rows, title=(("虚构基金",), (f"报告期末：{day}", "", "单位：元")))


def test_of_two_quarter_ends_the_later_counts_and_the_earlier_is_what_was_before():
    before = held("2026-06-30", ("甲", "6.00%", "制造"), ("乙", "5.00%", "金融"))
    last = held("2026-09-30", ("乙", "5.50%", "金融"), ("丙", "4.00%", "制造"))
    told = by_name(analyse([last, before], AS_OF, "zh_CN", None))
    assert told["holding_count"].value == 2
    assert told["holding_weight.1"].title == "乙"
    assert told["holding_weight_before.1"].shown == "5.00%"
    assert "holding_weight_before.2" not in told
    assert told["top_weight"].shown == "9.50%"
    assert told["top_weight_before"].shown == "11.00%"
    assert (told["industry_rise"].title, told["industry_rise"].shown) == ("金融", "0.50个百分点")
    assert (told["industry_fall"].title, told["industry_fall"].shown) == ("制造", "-2.00个百分点")


def test_holdings_of_after_the_day_of_the_report_are_not_used():
    told = by_name(analyse([held("2026-12-31", ("甲", "6.00%", "制造"))], AS_OF, "zh_CN", None))
    assert told == {}


def test_the_name_of_a_file_may_say_the_day_of_holdings():
    one = reading("fund_holdings", HOLDINGS, ("甲", "6.00%", "制造"))
    late = one.model_copy(update={"file": one.file.model_copy(update={"name": "持仓-2026-12-31.xlsx"})})
    assert by_name(analyse([late], AS_OF, "zh_CN", None)) == {}
    assert by_name(analyse([late], "2026-12-31", "zh_CN", None))["holding_count"].value == 1


def test_rates_change_in_points_and_indices_in_per_cent():
    header = ("名称", "类别", "最新", "前值", "上年末")
    rows = [
        ("甲指数", "指数", "3,050.20", "3,000.00", "2,900.00"),
        ("乙指数", "指数", "990", "1000", "1100"),
        ("十年期国债", "利率", "1.72", "1.75", "1.66"),
        ("美元兑人民币", "汇率", "7.1234", "7.1100", ""),
        ("坏行", "指数", "", "5", "4"),
    ]
    told = analyse([reading("market_values", header, *rows)], "2026-11-20", "zh_CN", None)
    figures = by_name(told)
    assert figures["index_change.1"].shown == "1.67%"
    assert figures["index_change_year.1"].shown == "5.18%"
    assert figures["index_value.1"].shown == "3,050.20"
    assert figures["price_value.1"].shown == "7.1234"
    assert figures["rate_value.1"].shown == "1.72%"
    assert figures["rate_points.1"].shown == "-3个基点"
    assert figures["rate_points_year.1"].shown == "6个基点"
    assert "price_change_year.1" not in figures
    assert (figures["rising_count"].value, figures["falling_count"].value) == (1, 1)
    assert [figures[name].title for name in ("index_best", "index_worst")] == ["甲指数", "乙指数"]
    assert len(told.unread) == 1


def test_a_day_on_which_all_rose_has_no_index_that_fell_most():
    header = ("name", "class", "last", "previous")
    rows = [("A", "index", "10", "9"), ("B", "index", "12", "11")]
    figures = by_name(analyse([reading("market_values", header, *rows)], "2026-11-20", "en", None))
    assert figures["index_best"].title == "A"
    assert "index_worst" not in figures


def test_only_the_newest_day_counts():
    header = ("date", "name", "class", "last", "previous")
    rows = [("2026-11-19", "A", "index", "10", "9"), ("2026-11-20", "A", "index", "11", "10")]
    figures = by_name(analyse([reading("market_values", header, *rows)], "2026-11-20", "en", None))
    assert figures["index_value.1"].value == 11
    assert "index_value.2" not in figures


def test_the_bank_adds_words_for_a_column(tmp_path):
    (tmp_path / "datasets.yaml").write_text("fund_values: {nav: [每份价值]}", encoding="utf-8")
    told = [fund(header=("日期", "每份价值", "基准"))]
    assert by_name(analyse(told, AS_OF, "zh_CN", None)) == {}
    assert "fund_return" in by_name(analyse(told, AS_OF, "zh_CN", tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("funds: {nav: [a]}", "no such table"),
        ("fund_values: {price: [a]}", "list of words"),
        ("fund_values: {nav: a}", "list of words"),
    ],
)
def test_a_fault_of_the_banks_file_is_named(tmp_path, text, said):
    (tmp_path / "datasets.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        analyse([fund()], AS_OF, "en", tmp_path)


def paid(day, amount, counterparty="虚构客户", currency="CNY"):
    place = Place(file="f09", name="流水.csv", line=int(day[-2:]), quote=f"{day} {amount}")
    return Payment(day=day, amount=amount, counterparty=counterparty, currency=currency, place=place)


def stated(name, number, unit="CNY"):
    place = Place(file="f08", name="申请.docx", quote=str(number))
    return Fact(name=name, title=name, value=str(number), number=number, unit=unit, shown=str(number), confidence=1.0,
                place=place)  # fmt: skip


PAID = (
    paid("2026-07-05", 90_000.0),
    paid("2026-07-20", 500_000.0, "虚构银行某支行"),
    paid("2026-08-08", -40_000.0),
    paid("2026-09-10", 60_000.0),
    paid("2026-09-11", 7_000.0, currency="USD"),
    paid("2026-11-01", 80_000.0),
)


def test_receipts_a_month_leave_out_lenders_other_currencies_and_what_came_later():
    facts = [stated("expected_turnover", 20_000.0)]
    figures = by_name(analyse([], AS_OF, "zh_CN", None, facts, PAID))
    assert figures["monthly_average_inflow"].value == pytest.approx(50_000)
    assert figures["turnover_to_expected"].value == pytest.approx(2.5)
    assert figures["monthly_average_inflow"].unit == "CNY"


def test_the_repayment_asked_for_is_set_against_the_receipts():
    facts = [stated("requested_amount", 360_000.0), stated("requested_term_months", 36.0, "count")]
    figures = by_name(analyse([], AS_OF, "en", None, facts, PAID))
    assert figures["monthly_instalment"].value == pytest.approx(10_000)
    assert figures["instalment_to_inflow"].shown == "20.00%"
    assert "turnover_to_expected" not in figures
    assert "monthly_instalment" not in by_name(analyse([], AS_OF, "en", None, facts[:1], PAID))


def test_without_receipts_there_are_no_such_figures():
    assert by_name(analyse([], AS_OF, "en", None, [stated("expected_turnover", 5.0)], PAID[2:3])) == {}


def test_days_are_written_as_texts_write_them():
    figures = by_name(analyse([fund()], AS_OF, "zh_CN", None))
    best = figures["best_day"].inputs[1].place
    row = next(row for row in navs() if str(row[1]) == best.quote)
    day = date.fromisoformat(row[0])
    assert figures["best_day_on"].shown == f"{day.year}年{day.month}月{day.day}日"
    assert figures["best_day_on"].unit == "text"


def test_cells_that_cannot_be_read_are_a_gap_of_their_file():
    rows = [list(row) for row in navs()]
    at = next(number for number, row in enumerate(rows) if row[0] == "2026-08-03")
    rows[at][1] = rows[at + 1][1] = "停牌"
    gaps = analyse([fund(rows)], AS_OF, "zh_CN", None).gaps
    assert [(one.about, one.title) for one in gaps] == [("file:f01", "fund_values.xlsx")]
    assert "有2个单元格" in gaps[0].reason
