import re
from datetime import date

import pytest

from scenarios.reports.flows.analysing import analyse
from scenarios.reports.flows.payments import read_payments
from scenarios.reports.reading.files import read_file
from scenarios.reports.samples.others import write_aml
from scenarios.reports.sorting.kinds import sort_file
from tests.unit.scenario.reports.flows.statements import payment

TODAY = date(2026, 6, 1)
OURS = "星河精密有限公司"


def run(payments, related=(), language="zh_CN", own=None):
    return analyse(payments, OURS, language, own, related, TODAY)


def rules(analysis):
    return {finding.rule: finding for finding in analysis.findings}


def value(analysis, name):
    return next(one.value for one in analysis.figures if one.id.split("@")[0] == name)


def everyday(count=60, amount=1234.56):
    """Two payments a week that break no rule by themselves."""
    return [
        payment(date.fromordinal(date(2025, 1, 6).toordinal() + 7 * (at // 2) + at % 2).isoformat(),
                amount + at if at % 2 else -amount - at, f"客户{at % 20}有限公司", row=at)
        for at in range(count)
    ]  # fmt: skip


def test_an_ordinary_statement_gives_figures_and_no_findings():
    analysis = run(everyday())
    assert analysis.findings == ()
    assert value(analysis, "payment_count") == 60
    months = [one for one in analysis.figures if one.name == "monthly_inflow"]
    assert sum(one.value for one in months) == pytest.approx(value(analysis, "inflow_total"))
    assert value(analysis, "inflow_total") == pytest.approx(sum(one.amount for one in everyday() if one.amount > 0))


def test_figures_are_at_the_last_day_and_ids_are_unique():
    analysis = run(everyday())
    last = max(one.day for one in everyday())
    assert all(one.id.endswith(f"@{last}") and one.period == last for one in analysis.figures)
    assert len({one.id for one in analysis.figures}) == len(analysis.figures)


def test_the_inputs_of_a_sum_give_its_value():
    analysis = run(everyday(count=200))
    for figure in analysis.figures:
        if figure.name in ("monthly_inflow", "counterparty_inflow", "inflow_total"):
            assert sum(one.value for one in figure.inputs) == pytest.approx(figure.value)


def test_counterparties_are_ranked_whatever_their_spelling():
    rows = [payment("2025-01-02", 300.0, "甲有限公司"), payment("2025-01-03", 400.0, "甲 有限公司"),
            payment("2025-01-04", 500.0, "乙有限公司")]  # fmt: skip
    analysis = run(rows)
    assert value(analysis, "counterparty_inflow.1") == 700.0
    assert value(analysis, "counterparty_share.1") == pytest.approx(700 / 1200)
    assert value(analysis, "top5_inflow_share") == 1.0


def test_money_that_goes_out_and_comes_back_is_found():
    rows = [
        *everyday(),
        payment("2025-03-28", 5e6, "瑞丰贸易有限公司"),
        payment("2025-03-31", -4.98e6, "瑞丰贸易有限公司"),
    ]
    analysis = run(rows)
    finding = rules(analysis)["round_trips"]
    assert "瑞丰贸易有限公司" in finding.text
    assert value(analysis, "round_trip_total") == 5e6
    assert len(finding.places) == 2


def test_money_that_comes_back_too_late_or_is_another_amount_is_no_round_trip():
    late = [payment("2025-03-01", -5e6, "瑞丰"), payment("2025-03-20", 5e6, "瑞丰")]
    other = [payment("2025-03-01", -5e6, "瑞丰"), payment("2025-03-04", 4e6, "瑞丰")]
    strangers = [payment("2025-03-01", -5e6, "瑞丰"), payment("2025-03-04", 5e6, "祥云")]
    for rows in (late, other, strangers):
        assert "round_trips" not in rules(run([*everyday(), *rows]))


def test_a_round_trip_through_related_parties_is_found():
    rows = [*everyday(), payment("2025-03-01", -5e6, "控股甲有限公司"), payment("2025-03-04", 5e6, "控股乙有限公司")]
    assert "round_trips" in rules(run(rows, related=["控股甲有限公司", "控股乙有限公司"]))


def test_a_loan_that_is_repaid_and_drawn_again_is_no_round_trip():
    rows = [*everyday(), payment("2025-03-18", 5e6, "虚构银行支行"), payment("2025-03-21", -5e6, "虚构银行支行")]
    found = rules(run(rows))
    assert "loans_rolled_over" in found
    assert "round_trips" not in found


def test_loans_are_no_business_receipts():
    analysis = run([*everyday(), payment("2025-03-18", 5e6, "虚构银行支行")])
    assert value(analysis, "loan_inflow_total") == 5e6
    assert value(analysis, "business_inflow_total") == value(run(everyday()), "inflow_total")
    assert value(analysis, "one_payer.share") == value(run(everyday()), "one_payer.share")


def test_payments_with_related_parties_are_summed():
    rows = [*everyday(), payment("2025-02-12", -4e6, "星河控股集团有限公司"), payment("2025-05-12", 1e6, "王建国")]
    analysis = run(rows, related=["星河控股集团有限公司", "王建国", ""])
    assert value(analysis, "related_party_total") == 5e6
    assert "related_parties" in rules(analysis)


def test_transfers_between_own_accounts_are_in_no_sum():
    rows = [*everyday(), payment("2025-02-12", 9e6, OURS)]
    analysis = run(rows)
    assert value(analysis, "inflow_total") == value(run(everyday()), "inflow_total")
    assert value(analysis, "own_transfer_total") == 9e6


def test_cash_withdrawals_are_found():
    rows = [*everyday(), payment("2025-01-24", -480000.0, "", "现金支取")]
    analysis = run(rows)
    assert value(analysis, "cash_withdrawal_total") == 480000.0
    assert {"cash_withdrawals", "large_cash"} <= set(rules(analysis))


def test_cash_that_is_paid_in_is_summed_and_cash_that_is_taken_out_is_none_of_it():
    deposits = [payment(f"2025-03-{day:02d}", 49000.0 + day, "", "现金存入", row=900 + day) for day in (3, 4, 5)]
    analysis = run([*everyday(), *deposits, payment("2025-03-06", -70000.0, "", "取现", row=990)])
    assert value(analysis, "cash_deposits.count") == 3
    assert value(analysis, "cash_deposits.total") == 147012.0
    assert value(analysis, "cash_deposits.largest_deposit") == 49005.0
    assert value(analysis, "cash_withdrawal_total") == 70000.0
    assert "14.70万元" in rules(analysis)["cash_deposits"].text
    assert "cash_deposits" not in rules(run(everyday()))


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_patterns_of_the_sample_case_are_found(tmp_path, language):
    planted = write_aml(tmp_path, language)
    path = next(tmp_path.glob("*.csv"))
    reading = read_file(path, "f01", path.name, language)
    reading = reading.model_copy(update={"file": sort_file(reading, None)})
    payments = read_payments([reading], language).payments
    found = rules(analyse(payments, planted.subject, language, today=date(2026, 11, 1)))
    assert {"pass_through", "cash_deposits", "structuring"} <= set(found)
    assert len(found["cash_deposits"].places) == planted.facts["cash_deposits"]


def test_a_break_of_the_balance_names_its_row():
    rows = [payment("2025-01-02", 100.0, balance=1100.0, row=7), payment("2025-01-03", 100.0, balance=1200.0, row=8),
            payment("2025-01-04", 50.0, balance=1300.0, row=9)]  # fmt: skip
    finding = rules(run(rows))["balance_breaks"]
    assert [place.line for place in finding.places] == [9]
    assert "50.00元" in finding.text


def test_a_row_that_stands_twice_is_found():
    rows = [payment("2025-01-02", 100.0, balance=1100.0), payment("2025-01-02", 100.0, balance=1100.0, row=2)]
    assert "repeated_payments" in rules(run(rows))


def test_two_equal_payments_with_their_own_balances_are_no_repetition():
    rows = [payment("2025-01-02", 100.0, balance=1100.0), payment("2025-01-02", 100.0, balance=1200.0, row=2)]
    assert "repeated_payments" not in rules(run(rows))


def test_days_in_the_future_are_found_and_in_no_sum():
    analysis = run([*everyday(), payment("2026-06-02", 7e6)])
    assert "future_days" in rules(analysis)
    assert value(analysis, "inflow_total") == value(run(everyday()), "inflow_total")


def test_amounts_just_below_the_limit_are_found_only_when_they_come_close_together():
    close = [payment(f"2025-03-{day:02d}", -49500.0, "李某", row=day) for day in (3, 4, 5)]
    apart = [payment(f"2025-0{month}-03", -49500.0, "李某", row=month) for month in (3, 4, 5)]
    at_limit = [payment(f"2025-03-{day:02d}", -50000.0, "李某", row=day) for day in (3, 4, 5)]
    assert value(run([*everyday(), *close]), "structuring.total") == 148500.0
    assert "structuring" in rules(run([*everyday(), *close]))
    assert "structuring" not in rules(run([*everyday(), *apart]))
    assert "structuring" not in rules(run([*everyday(), *at_limit]))


def test_money_parked_over_the_end_of_a_quarter_is_found():
    rows = [*everyday(), payment("2025-06-28", 8e6, "祥云有限公司"), payment("2025-07-03", -8e6, "瑞丰有限公司")]
    assert "period_ends" in rules(run(rows))


def test_an_account_that_sleeps_and_then_moves_much_is_found():
    rows = [payment("2025-01-02", 100.0), payment("2025-06-02", 3e6), payment("2025-06-04", -3e6, "乙")]
    found = rules(run(rows))
    assert {"dormant_then_burst", "days_without_payments"} <= set(found)


def test_night_is_measured_only_where_times_are_given():
    assert value(run(everyday()), "night_count") is None
    night = payment("2025-05-16", -2e6, "顾某", time="02:37")
    analysis = run([*everyday(), night])
    assert value(analysis, "night_count") == 1
    assert "night_payments" in rules(analysis)


def test_money_that_only_passes_through_is_found():
    rows = []
    for at in range(5):
        rows.append(payment(f"2025-03-{3 + 7 * at // 2:02d}", 900000.0 + at, "甲", balance=901000.0 + at, row=2 * at))
        rows.append(
            payment(f"2025-03-{4 + 7 * at // 2:02d}", -900000.0 - at, f"乙{at}", balance=1000.0, row=2 * at + 1)
        )
    assert "pass_through" in rules(run(rows))
    kept = [one.model_copy(update={"balance": one.balance + 5e6}) for one in rows]
    assert "pass_through" not in rules(run(kept))


def test_a_negative_balance_is_found():
    analysis = run([payment("2025-01-02", -100.0, balance=-50.0), payment("2025-01-03", 100.0, balance=50.0)])
    assert value(analysis, "overdrawn.worst") == -50.0


def test_another_currency_is_in_no_sum():
    analysis = run([*everyday(), payment("2025-02-03", 9e9, currency="USD")])
    assert value(analysis, "inflow_total") == value(run(everyday()), "inflow_total")


def test_falling_receipts_are_found():
    rows = [payment(f"2025-{month:02d}-05", 1e5 if month < 4 else 1e4, f"客户{month}") for month in range(1, 7)]
    analysis = run(rows)
    assert value(analysis, "falling_inflow.change") == pytest.approx(-0.9)
    assert "falling_inflow" in rules(analysis)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_number_of_a_finding_is_that_of_a_figure_or_place(language):
    rows = [
        *everyday(),
        payment("2025-06-28", 8e6, "祥云有限公司"),
        payment("2025-07-03", -8e6, "祥云有限公司"),
        payment("2025-01-24", -480000.0, "", "现金支取", time="02:00"),
        *(payment(f"2025-03-{day:02d}", -49500.0, "李某", row=day) for day in (3, 4, 5)),
    ]
    analysis = run(rows, language=language, related=["李某"])
    assert len(analysis.findings) >= 5
    shown = {figure.id: figure.shown for figure in analysis.figures}
    for finding in analysis.findings:
        known = " ".join([*(shown[name] for name in finding.figures), *(place.quote for place in finding.places)])
        for number in re.findall(r"\d[\d,.]*\d|\d", finding.text):
            assert number in known, (finding.rule, number)


def test_no_payments_give_nothing():
    assert run([]).figures == ()
    assert run([payment("2027-01-01", 5.0)]).figures == ()


def test_many_payments_of_one_amount_are_analysed():
    rows = [
        payment(
            f"2025-{1 + at // 8400 % 12:02d}-{1 + at // 300 % 28:02d}",
            49500.0 if at % 2 else -49500.0,
            f"客户{at % 50}",
            row=at,
        )
        for at in range(30_000)
    ]
    assert value(run(rows), "payment_count") == 30_000
