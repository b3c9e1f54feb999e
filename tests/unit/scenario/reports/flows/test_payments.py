import pytest

from scenarios.reports.flows import payments as module
from scenarios.reports.flows.payments import read_payments
from tests.unit.scenario.reports.fields.folders import NAME, paper
from tests.unit.scenario.reports.flows.statements import HEADER, running, statement

MOVES = [
    ("2025-01-02", 5000.0, "甲有限公司", "货款"),
    ("2025-01-03", -1200.5, "乙有限公司", "采购"),
    ("2025-01-06", 800.0, "甲有限公司", "货款"),
    ("2025-01-07", -300.0, "丙有限公司", "运费"),
]
AMOUNTS = [5000.0, -1200.5, 800.0, -300.0]


def read(*readings, language="zh_CN"):
    return read_payments(readings, language)


def amounts(*readings):
    return [one.amount for one in read(*readings).payments]


def test_debit_is_paid_and_credit_received_with_account_time_and_row():
    found = read(statement(running(MOVES)))
    assert [one.amount for one in found.payments] == AMOUNTS
    first = found.payments[0]
    assert (first.day, first.time, first.counterparty) == ("2025-01-02", "10:00", "甲有限公司")
    assert (first.account, first.balance, first.place.line) == ("622200001111", 6000.0, 3)
    assert "5,000.00" in first.place.quote
    assert found.gaps == ()


def test_a_statement_from_new_to_old_is_put_in_order():
    assert amounts(statement(list(reversed(running(MOVES))))) == AMOUNTS


def test_several_payments_of_one_day_are_ordered_by_their_balances():
    day = [("2025-01-02", amount, "甲", "货款") for amount in AMOUNTS]
    assert amounts(statement(list(reversed(running(day))))) == AMOUNTS


def test_a_ledger_of_the_customers_own_has_its_signs_turned():
    rows = [[*row[:3], row[4], row[3], *row[5:]] for row in running(MOVES)]
    assert amounts(statement(rows)) == AMOUNTS


def test_income_and_expense_columns_are_read():
    header = ["日期", "用途", "支出", "收入", "余额", "交易对手"]
    rows = [[row[0], *row[2:]] for row in running(MOVES)]
    assert amounts(statement(rows, header=header)) == AMOUNTS


@pytest.mark.parametrize("marks", [("借", "贷"), ("支出", "收入"), ("D", "C"), ("转出", "转入")])
def test_an_amount_with_a_mark_is_read(marks):
    rows = [
        [row[0], f"{abs(move[1]):,.2f}", marks[0] if move[1] < 0 else marks[1], row[5], row[6]]
        for row, move in zip(running(MOVES), MOVES, strict=True)
    ]
    assert amounts(statement(rows, header=["交易日期", "交易金额", "借贷标志", "余额", "对方户名"])) == AMOUNTS


def test_a_signed_amount_is_read():
    rows = [[move[0], f"{move[1]:,.2f}", row[5]] for row, move in zip(running(MOVES), MOVES, strict=True)]
    assert amounts(statement(rows, header=["Date", "Amount", "Balance"])) == AMOUNTS


def test_an_amount_without_any_sign_has_that_of_its_balance():
    rows = [[move[0], f"{abs(move[1]):,.2f}", row[5]] for row, move in zip(running(MOVES), MOVES, strict=True)]
    assert amounts(statement(rows, header=["交易日期", "金额", "余额"]))[1:] == AMOUNTS[1:]


def test_an_amount_in_ten_thousands_is_in_yuan():
    assert amounts(statement([["2025-01-02", "", "", "", "1.5", "", "甲"]], above=[["单位：万元"]])) == [15000.0]


def test_a_table_that_goes_on_on_the_next_page_without_header_is_read_on():
    rows = running(MOVES)
    reading = paper("流水.pdf", ["银行流水"], [[HEADER, *rows[:2]], rows[2:]])
    assert [one.amount for one in read(reading).payments] == AMOUNTS


def test_totals_repeated_headers_and_notes_are_no_payments():
    rows = running(MOVES)
    rows = [rows[0], ["合计", "", "", "0.00", "5,000.00", "", ""], HEADER, *rows[1:], ["以下空白"]]
    found = read(statement(rows))
    assert len(found.payments) == 4
    assert found.gaps == ()


def test_rows_with_wrong_days_or_formulas_are_left_out_and_said():
    rows = [
        *running(MOVES),
        ["2025-13-45", "", "货款", "", "100.00", "", "甲"],
        ["2025-01-08", "", "", "=cmd", "", "", "甲"],
    ]
    found = read(statement(rows))
    assert len(found.payments) == 4
    (gap,) = found.gaps
    assert gap.about == "file:f01"
    assert "2行" in gap.reason
    assert "2025-13-45" in gap.reason


def test_a_cell_of_ten_thousand_characters_is_cut():
    found = read(statement([["2025-01-02", "", "长" * 10_000, "", "100.00", "", "名" * 10_000]]))
    (one,) = found.payments
    assert len(one.counterparty) == 120
    assert len(one.purpose) <= 200
    assert len(one.place.quote) <= 600


def test_a_statement_that_is_supplied_twice_counts_once_and_it_is_said():
    rows = running(MOVES)
    found = read(statement(rows), statement(rows, name="流水-副本.csv", file_id="f02"))
    assert len(found.payments) == 4
    assert [gap.about for gap in found.gaps] == ["file:f02"]


def test_a_statement_without_a_table_is_a_gap():
    found = read(paper("银行流水.pdf", ["银行流水", f"户名：{NAME}"]))
    assert found.payments == ()
    assert [gap.about for gap in found.gaps] == ["file:f01"]


def test_a_month_without_payments_in_a_busy_statement_is_named():
    moves = [(f"2025-{month:02d}-{day:02d}", 10.0, "甲", "货款") for month in (1, 2, 4) for day in range(1, 20)]
    found = read(statement(running(moves)))
    assert [gap.about for gap in found.gaps] == ["kind:bank_statement@2025-03"]


def test_a_hundred_thousand_rows_are_read_whole():
    moves = [(f"2025-{1 + at // 8400 % 12:02d}-{1 + at // 300 % 28:02d}", 10.0, "甲", "货款") for at in range(100_000)]
    assert len(read(statement(running(moves))).payments) == 100_000


def test_what_is_beyond_the_most_payments_is_said(monkeypatch):
    monkeypatch.setattr(module, "MOST_PAYMENTS", 3)
    found = read(statement(running(MOVES)))
    assert len(found.payments) == 3
    assert any("3笔" in gap.reason for gap in found.gaps)


def test_tables_that_are_no_statements_give_no_payments():
    assert read(paper("资料.xlsx", grids=[[["项目", "金额"], ["材料", "100"]]])).payments == ()


def test_a_page_without_header_whose_amounts_are_one_column_is_read_by_its_balances():
    rows = running(MOVES)
    narrow = [[*row[:3], row[3] or row[4], *row[5:]] for row in rows[2:]]
    found = read(paper("流水.pdf", ["银行流水"], [[HEADER, *rows[:2]], narrow]))
    assert [one.amount for one in found.payments] == AMOUNTS


def test_header_words_that_ran_into_each_other_are_told_apart():
    header = ["交易日期", "交易时间", "摘要 借方发生额", "借方发生额 贷方发生额", "贷方发生额", "余额", "对方户名"]
    assert amounts(statement(running(MOVES), header=header)) == AMOUNTS
