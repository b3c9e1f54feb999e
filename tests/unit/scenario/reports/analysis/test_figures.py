import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.reports.analysis import altman
from scenarios.reports.analysis.analysing import analyse, formulas_in_force
from scenarios.reports.analysis.computing import recomputed
from scenarios.reports.models import Conflict
from scenarios.reports.showing import shown

from .made import BALANCED, dossier, fact, item, items, of_company, payment, place

LAST = "2025-12-31"
FORMULAS = formulas_in_force(None)


def figures(found, language="en", **fields):
    return {one.id: one for one in analyse(dossier(found, language, **fields), None).figures}


def value(found, name, period=LAST, **fields):
    return figures(found, **fields)[f"{name}@{period}"].value


def formulas_of(one):
    return FORMULAS.with_z(manufacturer=altman.manufacturer(one, FORMULAS))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("current_ratio", 1.6), ("quick_ratio", 1.2), ("cash_ratio", 0.5), ("working_capital", 120.0),
        ("debt_to_assets", 280 / 600), ("debt_to_equity", 280 / 320), ("equity_multiplier", 600 / 320),
        ("interest_bearing_debt", 150.0), ("net_debt", 50.0), ("ebit", 89.0), ("ebitda", 114.0),
        ("interest_cover", 89 / 9), ("debt_to_ebitda", 150 / 114), ("gross_margin", 0.3), ("net_margin", 60 / 900),
        ("roe", 60 / 300), ("roa", 60 / 570), ("asset_turnover", 900 / 570), ("inventory_turnover", 630 / 75),
        ("inventory_days", 75 / 630 * 365), ("receivable_days", 110 / 900 * 365), ("payable_days", 65 / 630 * 365),
        ("cash_cycle", (75 / 630 + 110 / 900 - 65 / 630) * 365), ("ocf_to_net_profit", 1.25),
        ("free_cash_flow", 45.0), ("cash_received_to_revenue", 950 / 900), ("growth.revenue", 0.125),
        ("cagr.revenue", (900 / 700) ** 0.5 - 1), ("weight.cash", 1 / 6), ("weight.operating_cost", 0.7),
        ("expense_ratio", 0.1), ("tax_rate", 0.25), ("short_debt_share", 0.6),
        ("altman_z", 6.56 * 0.2 + 3.26 * 0.2 + 6.72 * 89 / 600 + 1.05 * 320 / 280),
    ],
)  # fmt: skip
def test_a_figure_is_what_its_definition_gives(name, expected):
    assert value(items(BALANCED), name) == pytest.approx(expected)


@pytest.mark.parametrize("number", range(20))
def test_every_figure_of_a_company_is_recomputed_from_its_inputs(number):
    one = of_company(number, facts=(fact("requested_amount", 3e7), fact("outstanding_loans", 9e7)))
    analysis = analyse(one, None)
    formulas = formulas_of(one)
    with_value = [
        figure for figure in analysis.figures if figure.value is not None and figure.name in formulas.prepared
    ]
    assert len(with_value) > 400
    for figure in with_value:
        assert figure.inputs
        assert recomputed(figure, formulas) == pytest.approx(figure.value, rel=1e-12), figure.id
        assert figure.shown == shown(figure.value, figure.unit, "zh_CN")


def test_every_input_is_an_item_a_fact_or_a_figure_of_the_analysis():
    one = of_company(3, facts=(fact("requested_amount", 3e7),))
    analysis = analyse(one, None)
    known = {figure.id: figure for figure in analysis.figures}
    printed = {found.place: found.value for found in one.items} | {place(5): 3e7}
    assert len(known) == len(analysis.figures)
    for figure in (one for one in analysis.figures if one.unit != "text"):
        for given_in in figure.inputs:
            if given_in.figure is not None:
                assert known[given_in.figure].value == given_in.value
            elif given_in.symbol not in ("days", "months", "years"):
                assert given_in.place in printed


@given(st.sampled_from(sorted(BALANCED)), st.integers(0, 19))
@settings(max_examples=25, deadline=None)
def test_nothing_is_computed_from_an_account_that_nobody_stated(left_out, number):
    one = of_company(number)
    one = one.model_copy(update={"items": tuple(found for found in one.items if found.account != left_out)})
    for figure in analyse(one, None).figures:
        assert left_out not in {given_in.symbol for given_in in figure.inputs}
        if figure.value is None and figure.unit != "text":
            assert figure.note
            assert figure.inputs == ()
            assert figure.shown == "无"


def test_without_statements_there_is_no_figure():
    assert analyse(dossier([]), None).figures == ()
    assert analyse(dossier([]), None).periods == ()


@given(st.integers(0, 19))
@settings(max_examples=20, deadline=None)
def test_dupont_parts_multiply_to_the_return_on_equity(number):
    found = {one.id: one.value for one in analyse(of_company(number), None).figures}
    for period in ("2023-12-31", "2024-12-31", LAST):
        parts = [found[f"dupont.{part}@{period}"] for part in ("margin", "turnover", "multiplier")]
        if found[f"roe@{period}"] is None:
            assert None in parts
        else:
            assert parts[0] * parts[1] * parts[2] == pytest.approx(found[f"roe@{period}"])


@given(st.integers(0, 19), st.sampled_from([0.001, 0.37, 3.0, 1000.0]))
@settings(max_examples=25, deadline=None)
def test_ratios_do_not_depend_on_the_unit_of_the_statements(number, factor):
    one = of_company(number)
    scaled = tuple(found.model_copy(update={"value": found.value * factor}) for found in one.items)
    before = {figure.id: figure for figure in analyse(one, None).figures}
    for figure in analyse(one.model_copy(update={"items": scaled}), None).figures:
        old = before[figure.id].value
        if old is None or figure.value is None:
            assert old is figure.value
        else:
            assert figure.value == pytest.approx(old * (factor if figure.unit == "CNY" else 1.0), rel=1e-9)


def test_negative_equity_gives_no_return_on_equity_and_says_why():
    found = figures(
        items(BALANCED | {"total_equity": (-50.0, -10.0, 20.0), "total_liabilities": (650.0, 550.0, 480.0)})
    )
    for name in ("roe", "debt_to_equity", "equity_multiplier", "dupont.multiplier"):
        figure = found[f"{name}@{LAST}"]
        assert figure.value is None
        assert "Total equity" in figure.note
        assert "negative" in figure.note
    assert found[f"debt_to_assets@{LAST}"].value == pytest.approx(650 / 600)


def test_a_mean_of_negative_and_positive_equity_is_no_denominator_either():
    found = figures(items(BALANCED | {"total_equity": (-50.0, 200.0, 20.0)}))
    assert found[f"roe@{LAST}"].value is None


def test_a_zero_denominator_gives_no_value_and_says_why():
    figure = figures(items(BALANCED | {"total_current_liabilities": (0.0, 1.0, 1.0)}), "zh_CN")[f"current_ratio@{LAST}"]
    assert figure.value is None
    assert figure.note == "未计算：流动负债合计为零，不能作为分母。"


def test_a_missing_account_is_named_in_the_note():
    figure = figures([one for one in items(BALANCED) if one.account != "capital_expenditure"], "zh_CN")[
        f"free_cash_flow@{LAST}"
    ]
    assert figure.value is None
    assert "购建固定资产" in figure.note


def test_a_figure_that_rests_on_another_says_why_that_one_has_no_value():
    found = figures([one for one in items(BALANCED) if one.account != "depreciation"])
    assert found[f"debt_to_ebitda@{LAST}"].note == found[f"ebitda@{LAST}"].note
    assert "epreciation" in found[f"ebitda@{LAST}"].note


def test_accounts_that_a_statement_does_not_show_count_as_nothing_and_are_named():
    found = figures(items(BALANCED))
    assert "Bonds payable" in found[f"interest_bearing_debt@{LAST}"].note
    none = {"short_term_borrowings", "long_term_borrowings"}
    without = figures([one for one in items(BALANCED) if one.account not in none])
    assert without[f"interest_bearing_debt@{LAST}"].value is None  # nothing at all is stated: no zero is made up


def test_no_account_counts_as_nothing_where_its_statement_is_missing():
    balances = [one for one in items(BALANCED) if one.statement == "balance"]
    figure = figures([*balances, *items({"operating_cash_flow": 5.0})])[f"expense_ratio@{LAST}"]
    assert figure.value is None


def test_finance_costs_stand_for_interest_expense_and_the_note_says_so():
    found = [one for one in items(BALANCED | {"finance_costs": (10.0, 9.0, 8.0)}) if one.account != "interest_expense"]
    figure = figures(found)[f"ebit@{LAST}"]
    assert figure.value == pytest.approx(90.0)
    assert "Finance costs" in figure.note


def test_consolidated_statements_come_before_the_parents_and_are_never_mixed_with_them():
    both = [
        *items(BALANCED, scope="consolidated"),
        *items({"revenue": (90.0, 80.0, 70.0), "dividends_and_interest_paid": (1.0,)}, scope="parent"),
    ]
    found = figures(both)
    assert found[f"net_margin@{LAST}"].value == pytest.approx(60 / 900)
    only_parent = [one for one in both if (one.scope, one.account) != ("consolidated", "revenue")]
    assert figures(only_parent)[f"net_margin@{LAST}"].value is None
    assert "consolidated" in figures(only_parent)[f"net_margin@{LAST}"].note


def test_titles_name_the_scope_where_years_differ_in_it():
    mixed = [
        one.model_copy(update={"scope": "consolidated" if one.period == LAST else "parent"}) for one in items(BALANCED)
    ]
    found = figures(mixed, "zh_CN")
    assert found[f"net_margin@{LAST}"].title == "销售净利率（合并口径）"
    assert found["net_margin@2024-12-31"].title == "销售净利率（母公司口径）"
    assert found[f"growth.revenue@{LAST}"].value is None
    assert found[f"roe@{LAST}"].value is None


def test_currencies_are_never_mixed():
    mixed = [one.model_copy(update={"currency": "USD"}) if one.period == LAST else one for one in items(BALANCED)]
    found = figures(mixed)
    assert found[f"growth.revenue@{LAST}"].value is None
    assert found[f"ebit@{LAST}"].unit == "USD"


def test_flows_of_an_interim_period_are_scaled_only_where_the_formula_says_so():
    interim = [item(one, "2026-09-30", value, **({"months": 9} if months else {})) for one, value, months in (
        ("revenue", 720.0, 9), ("net_profit", 45.0, 9), ("operating_cost", 500.0, 9), ("total_equity", 400.0, 0),
        ("total_assets", 660.0, 0), ("inventories", 100.0, 0),
    )]  # fmt: skip
    before = [item("revenue", "2025-09-30", 600.0, months=9)]
    found = figures([*items(BALANCED), *interim, *before])
    at = "2026-09-30"
    assert found[f"roe@{at}"].value == pytest.approx(45.0 * 12 / 9 / 360.0)
    assert "twelve months" in found[f"roe@{at}"].note
    assert found[f"net_margin@{at}"].value == pytest.approx(45 / 720)
    assert found[f"net_margin@{at}"].note is None
    assert found[f"growth.revenue@{at}"].value == pytest.approx(0.2)
    assert found[f"inventory_days@{at}"].value == pytest.approx(90.0 / 500.0 * 273)
    assert f"altman_z@{at}" not in found
    assert analyse(dossier([*items(BALANCED), *interim]), None).periods == ("2023-12-31", "2024-12-31", LAST)


def test_a_year_that_is_only_the_opening_balance_of_the_next_is_no_year_of_the_report():
    found = items(BALANCED)
    opening = [item("total_equity", "2022-12-31", 230.0), item("total_assets", "2022-12-31", 480.0)]
    analysis = analyse(dossier([*found, *opening]), None)
    assert analysis.periods == ("2023-12-31", "2024-12-31", LAST)
    assert analysis.figure("roe@2023-12-31").value == pytest.approx(45 / 240)


def test_a_stray_line_under_another_day_makes_no_year_of_the_report():
    stray = [item("interest_income", "2049-12-31", 1.0), item("cash", "2018-12-31", 1.0)]
    assert analyse(dossier([*items(BALANCED), *stray]), None).periods == ("2023-12-31", "2024-12-31", LAST)


def test_unsure_items_are_not_used():
    found = [
        *items({name: row for name, row in BALANCED.items() if name != "revenue"}),
        item("revenue", LAST, 900.0, confidence=0.5),
    ]
    assert figures(found)[f"net_margin@{LAST}"].value is None


def test_an_officers_answer_and_a_restated_value_come_first():
    officer = item("revenue", LAST, 1000.0, place=place(3).model_copy(update={"file": "officer"}))
    assert value([*items(BALANCED), officer], "net_margin") == pytest.approx(0.06)
    restated = item("revenue", LAST, 1200.0, restated=True)
    assert value([*items(BALANCED), restated], "net_margin") == pytest.approx(0.05)


def test_what_sources_contradict_each_other_on_is_not_used_until_it_is_decided():
    first = next(one for one in items(BALANCED) if (one.account, one.period) == ("revenue", LAST))
    other = item("revenue", LAST, 1200.0, place=place(900))
    conflict = Conflict(
        about=f"item:revenue@{LAST}", title="revenue", values=("1", "2"), places=(first.place, other.place)
    )
    found = [*items(BALANCED), other]
    open_one = figures(found, conflicts=(conflict,))[f"net_margin@{LAST}"]
    assert open_one.value is None
    assert "contradict" in open_one.note
    decided = conflict.model_copy(update={"used": 1})
    assert value(found, "net_margin", conflicts=(decided,)) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("scope", "form", "bound", "zone"),
    [("机械零部件的生产、销售", "Z′", 1.23, "灰色区"), ("软件开发；技术服务", "Z″", 1.1, "安全区")],
)
def test_the_form_of_z_follows_from_the_business_scope(scope, form, bound, zone):
    found = figures(items(BALANCED), "zh_CN", facts=(fact("business_scope", None, unit="", value=scope),))
    z = found[f"altman_z@{LAST}"]
    assert form in z.note
    assert found[f"altman_headroom@{LAST}"].value == pytest.approx(z.value - bound)
    assert found[f"altman_zone@{LAST}"].shown == zone
    assert found[f"altman_zone@{LAST}"].value is None


@pytest.mark.parametrize(("profit", "zone"), [(80.0, "safe zone"), (-80.0, "grey zone"), (-200.0, "distress zone")])
def test_zones_follow_the_bounds_of_the_form(profit, zone):
    assert figures(items(BALANCED | {"total_profit": (profit, 1.0, 1.0)}))[f"altman_zone@{LAST}"].shown == zone


def test_sources_are_held_against_each_other():
    facts = (
        fact("requested_amount", 160.0), fact("outstanding_loans", 180.0),
        fact("taxable_revenue", 810.0, group="tax.2025"),
        fact("taxable_revenue", 800.0, group="tax.2024"),
    )  # fmt: skip
    paid = (*(payment(f"2025-{month:02d}-15", 60.0) for month in range(1, 7)), payment("2025-03-01", -50.0))
    found = figures(items(BALANCED), facts=facts, payments=paid)
    assert found[f"requested_to_net_assets@{LAST}"].value == pytest.approx(0.5)
    assert found[f"loans_stated_gap@{LAST}"].value == pytest.approx(30.0)
    assert found[f"loans_stated_gap_share@{LAST}"].value == pytest.approx(0.2)
    assert found[f"taxable_revenue_gap@{LAST}"].value == pytest.approx(-0.1)
    assert found["taxable_revenue_gap@2024-12-31"].value == pytest.approx(0.0)
    assert found[f"bank_inflow_to_revenue@{LAST}"].value == pytest.approx(360.0 / 450.0)
    assert "requested_to_net_assets@2024-12-31" not in found


def test_a_fact_in_another_currency_is_not_divided_by_the_statements():
    figure = figures(items(BALANCED), facts=(fact("requested_amount", 160.0, unit="USD"),))[
        f"requested_to_net_assets@{LAST}"
    ]
    assert figure.value is None
    assert "currency" in figure.note


def test_growth_from_a_loss_has_no_share():
    figure = figures(items(BALANCED | {"net_profit": (60.0, -5.0, 4.0)}))[f"growth.net_profit@{LAST}"]
    assert figure.value is None
    assert "negative" in figure.note


def test_notes_have_no_numbers_of_their_own():
    for number in (4, 6, 17):
        for figure in analyse(of_company(number, "en"), None).figures:
            assert not any(character.isdigit() for character in figure.note or "")
