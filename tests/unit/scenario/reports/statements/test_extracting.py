import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.reports.models import SURE
from scenarios.reports.statements.extracting import with_answers

from .made import BALANCE, balance, extracted, grid, reading, values

DAYS = ("2025年12月31日", "2024年12月31日")


def test_values_come_in_yuan_with_their_place():
    extraction = extracted(reading(grid(balance(), sheet="资产负债表")))
    item = next(item for item in extraction.items if item.account == "cash" and item.period == "2025-12-31")
    assert (item.value, item.printed, item.unit, item.months, item.confidence) == (
        1_000_000.0,
        "100.00",
        "万元",
        0,
        1.0,
    )
    assert (item.place.sheet, item.place.cell, item.place.file) == ("资产负债表", "B4", "f01")
    assert values(extraction)["total_assets", "2024-12-31"] == 4_000_000.0
    assert extraction.questions == ()
    assert all(check.holds for check in extraction.checks)
    assert {"balance_sheet", "assets_parts", "current_assets"} <= {check.name for check in extraction.checks}


def test_two_sides_merged_headers_notes_and_line_numbers():
    rows = [
        ["合并资产负债表"] * 8,
        ["资产", "行次", *["金额（人民币千元）"] * 2, "负债和所有者权益", "附注", *["金额（人民币千元）"] * 2],
        ["资产", "行次", *DAYS, "负债和所有者权益", "附注", *DAYS],
        ["流动资产：", "", "", "", "流动负债：", "", "", ""],
        ["货币资金", "1", "1,000", "900", "短期借款", "五、21", "(50)", "—"],
        ["存货", "2", "20", "", "负债合计", "", "400", "300"],
        ["资产总计", "3", "1,020", "900", "所有者权益合计", "", "620", "600"],
    ]  # fmt: skip
    extraction = extracted(reading(rows))
    found = values(extraction, "consolidated")
    assert found["cash", "2025-12-31"] == 1_000_000
    assert found["short_term_borrowings", "2025-12-31"] == -50_000
    assert found["short_term_borrowings", "2024-12-31"] == 0
    assert ("inventories", "2024-12-31") not in found
    assert found["total_equity", "2024-12-31"] == 600_000


def test_the_groups_and_the_parents_columns_stand_apart():
    rows = [
        ["合并及母公司资产负债表"],
        ["单位：元"],
        ["项目", "合并", "", "母公司", ""],
        ["", "期末余额", "年初余额", "期末余额", "年初余额"],
        *[[name, last, first, "1.00", "2.00"] for name, last, first in BALANCE],
    ]
    extraction = extracted(reading(rows, name="2025年报表.xlsx"))
    assert values(extraction, "consolidated")["cash", "2025-12-31"] == 100
    assert values(extraction, "parent")["cash", "2025-12-31"] == 1
    assert values(extraction, "parent")["cash", "2024-12-31"] == 2


def test_flows_of_nine_months_and_of_the_same_months_before():
    rows = [["利润表"], ["2025年1-9月", "单位：万元"], ["项目", "本期金额", "上年同期"], ["一、营业收入", "900", "800"],
            ["减：营业成本", "600", "500"], ["三、利润总额", "100", "90"], ["四、净利润", "80", "70"]]  # fmt: skip
    found = {(item.account, item.period, item.months) for item in extracted(reading(rows)).items}
    assert ("revenue", "2025-09-30", 9) in found
    assert ("revenue", "2024-09-30", 9) in found


def test_a_table_over_pages_goes_on_with_what_its_first_page_said():
    first = grid(balance(rows=BALANCE[:7]), 1, None, page=3)
    again = grid([["项目", "期末余额", "年初余额"], *BALANCE[7:10]], 2, None, ("资产负债表（续）",), page=4)
    bare = grid(BALANCE[10:], 3, None, page=5)
    extraction = extracted(reading(first, again, bare, name="a.pdf"))
    found = values(extraction)
    assert found["total_liabilities", "2024-12-31"] == 1_000_000
    assert found["total_equity", "2025-12-31"] == 3_800_000
    assert {item.place.page for item in extraction.items} == {3, 4, 5}


def test_statements_below_each_other_on_one_sheet_have_their_own_columns():
    income = [["利润表"], ["2025年度", "单位：元"], ["项目", "本期金额", "上期金额"], ["营业收入", "10.00", "9.00"],
              ["净利润", "2.00", "1.00"], ["利润总额", "3.00", "2.00"]]  # fmt: skip
    extraction = extracted(reading([*balance(), ["法定代表人："], *income]))
    assert values(extraction)["cash", "2024-12-31"] == 800_000
    assert values(extraction)["revenue", "2024-12-31"] == 9


def test_other_tables_and_other_files_are_left_alone():
    equity = [["所有者权益变动表"], ["项目", "期末余额"], *[row[:2] for row in BALANCE]]
    notes = [["项目", "期末余额", "年初余额"], ["库存现金", "1.00", "2.00"], ["合计", "3.00", "4.00"]]
    assert extracted(reading(equity, notes)).items == ()
    assert extracted(reading(balance(), kind="tax_return")).items == ()
    assert extracted(reading(balance(), fault="broken")).items == ()
    assert extracted(reading(balance(), name="企业所得税年度纳税申报表.pdf")).blocks == ()


def test_english_statements_that_print_costs_in_brackets():
    rows = [["Consolidated income statement"], ["For the year ended 31 December 2025"], ["", "Note", "2025", "2024"],
            ["", "", "RMB'000", "RMB'000"], ["Revenue", "4", "1,000", "900"], ["Cost of sales", "", "(600)", "(500)"],
            ["Administrative expenses", "", "(100)", "(90)"], ["Income tax expense", "9", "(50)", "(40)"],
            ["Net profit", "", "250", "270"], ["Profit before tax", "", "300", "310"]]  # fmt: skip
    found = values(extracted(reading(rows)), "consolidated")
    assert found["operating_cost", "2025-12-31"] == 600_000
    assert found["income_tax", "2024-12-31"] == 40_000
    assert found["net_profit", "2025-12-31"] == 250_000


def test_an_impairment_that_is_taken_off_is_a_loss_and_a_negative_one_stays_one():
    old = [["利润表"], ["2025年度", "单位：元"], ["项目", "本期金额"], ["营业收入", "10"], ["减：资产减值损失", "3"],
           ["营业利润", "7"], ["净利润", "5"]]  # fmt: skip
    new = [*old[:4], ["资产减值损失（损失以“-”号填列）", "-3"], *old[5:]]
    assert values(extracted(reading(old)))["asset_impairment", "2025-12-31"] == -3
    assert values(extracted(reading(new)))["asset_impairment", "2025-12-31"] == -3


def test_total_revenue_stands_in_where_there_is_no_other():
    rows = [["利润表"], ["2025年度", "单位：元"], ["项目", "本期金额"], ["一、营业总收入", "10"],
            ["二、营业总成本", "3"], ["三、营业利润", "7"], ["四、净利润", "5"]]  # fmt: skip
    item = next(item for item in extracted(reading(rows)).items if item.account == "revenue")
    assert item.value == 10
    assert SURE <= item.confidence < 1


def test_negative_equity_is_read_as_it_is():
    rows = [["资产总计", "100", "90"], ["负债合计", "300", "80"], ["未分配利润", "（400）", "－10"],
            ["所有者权益合计", "(200)", "10"], ["负债和所有者权益总计", "100", "90"]]  # fmt: skip
    extraction = extracted(reading(balance(rows=rows)))
    assert values(extraction)["total_equity", "2025-12-31"] == -2_000_000
    assert values(extraction)["retained_earnings", "2025-12-31"] == -4_000_000
    assert next(check for check in extraction.checks if check.name == "balance_sheet").holds


def test_a_statement_that_is_missing_is_a_gap():
    extraction = extracted(reading(balance()))
    assert {gap.about for gap in extraction.gaps} == {"kind:income_statement", "kind:cash_flow_statement"}
    assert extracted().gaps == ()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_values_that_were_not_saved_are_a_gap_of_their_file(language):
    rows = balance()
    rows[3][1] = rows[9][1] = rows[9][2] = ""
    extraction = extracted(reading(grid(rows, unsaved=("B4", "B10", "C10")), name="预算.xlsx"), language=language)
    assert any(gap.about == "file:f01" and "预算.xlsx" in gap.reason and "3" in gap.reason for gap in extraction.gaps)
    assert ("cash", "2025-12-31") not in values(extraction)


def test_answers_are_kept_beside_each_other():
    rows = balance(unit="", day="")
    extraction = extracted(reading(rows, name="b.xlsx"))
    assert extraction.items == ()
    by_about = {question.about: question.id for question in extraction.questions}
    assert set(by_about) == {"unit:f01", "period:f01"}
    answers = {by_about["unit:f01"]: "千元", by_about["period:f01"]: "2024年12月31日"}
    after = with_answers(extraction, answers, "en")
    assert values(after)["cash", "2024-12-31"] == 100_000
    assert values(after)["cash", "2023-12-31"] == 80_000
    assert after.questions == ()
    assert with_answers(extraction, dict.fromkeys(answers, "I do not know"), "en").items == ()


def test_a_name_over_several_rows_is_one_wherever_its_amounts_stand():
    head = [["现金流量表"], ["2025年度", "单位：元"], ["项目", "本期金额"], ["一、经营活动产生的现金流量：", ""]]
    below = [["购买商品、接受劳务", ""], ["支付的现金", "7"], ["经营活动产生的现金流量净额", "5"]]
    above = [["购买商品、接受劳务", "7"], ["支付的现金", ""], ["经营活动产生的现金流量净额", "5"]]
    middle = [["购买商品、接受劳务", ""], ["", "7"], ["支付的现金", ""], ["经营活动产生的现金流量净额", "5"]]
    for rows in (below, above):
        found = values(extracted(reading([*head, *rows])))
        assert found == {("cash_paid_for_goods", "2025-12-31"): 7, ("operating_cash_flow", "2025-12-31"): 5}
    assert values(extracted(reading([*head, *middle])))["cash_paid_for_goods", "2025-12-31"] == 7


def test_amounts_that_look_like_years_are_amounts():
    rows = [["利润表"], ["单位：千元"], ["项目", "2025", "2024"], ["营业收入", "2018", "2049"],
            ["利润总额", "30", "20"], ["净利润", "20", "10"]]  # fmt: skip
    found = values(extracted(reading(rows)))
    assert found["revenue", "2025-12-31"] == 2_018_000
    assert found["net_profit", "2024-12-31"] == 10_000


CELLS = st.sampled_from([
    "", "资产负债表", "合并利润表（续）", "现金流量表补充资料", "项目", "附注", "期末余额", "年初余额", "2025年度",
    "2025", "上年同期", "单位：万元", "RMB'000", "货币资金", "资产总计", "减：营业成本", "其中：", "净利润", "1,234.50",
    "(7)", "—", "5?0", "#REF!", "加：期初现金及现金等价物余额", "母公司", "合并", "调整后", "2025年13月1日",
    "二〇二五年", "））", "一、",
    "期末余额 2025年12月31日",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=14), st.lists(CELLS, max_size=3))
def test_no_table_breaks_the_extraction_and_every_value_is_printed_somewhere(rows, above):
    extraction = extracted(reading(grid(rows, above=tuple(above), page=1), grid(rows, 2, page=2), name="a.pdf"))
    printed = {cell for row in rows for cell in row}
    assert {item.printed for item in extraction.items} <= printed
    assert all(item.confidence >= SURE for item in extraction.items)
    answers = {question.id: "2024年12月31日" for question in extraction.questions}
    with_answers(extraction, answers, "zh_CN")
