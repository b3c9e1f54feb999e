import hashlib

import pytest

from scenarios.reports.samples.companies import COUNT, company, truth
from scenarios.reports.samples.sums import ACCOUNTS

ALL = range(COUNT)


@pytest.mark.parametrize("number", ALL)
def test_every_balance_profit_and_cash_flow_ties_to_the_fen(number):
    one = company(number)
    for (scope, year), books in one.statements.items():
        near = pytest.approx
        assert books["total_assets"] == near(books["total_liabilities_and_equity"], abs=0.005)
        assert books["total_assets"] == near(
            books["total_current_assets"] + books["total_noncurrent_assets"], abs=0.005
        )
        assert books["net_profit"] == near(books["total_profit"] - books["income_tax"], abs=0.005)
        assert books["net_profit"] == near(books["net_profit_parent"] + books["net_profit_minority"], abs=0.005)
        assert books["closing_cash"] == near(books["opening_cash"] + books["net_cash_change"], abs=0.005)
        assert books["closing_cash"] == books["cash"]
        if year > 2020:
            assert books["opening_cash"] == one.statements[scope, year - 1]["cash"]


@pytest.mark.parametrize("number", ALL)
def test_no_account_that_cannot_be_negative_is(number):
    signed = (
        "impairment",
        "flow",
        "gains",
        "effect",
        "change",
        "profit",
        "tax",
        "finance",
        "equity",
        "retained",
        "min",
    )
    for books in company(number).statements.values():
        assert [name for name, value in books.items() if value < 0 and not any(part in name for part in signed)] == []


def test_the_companies_differ_in_health_and_the_unhealthy_are():
    kinds = {company(number).profile.health for number in ALL}
    assert {"healthy", "leveraged", "negative_equity", "loss_making", "fast_growing", "group", "restated"} <= kinds
    assert company(6).of(2025)["total_equity"] < 0
    assert company(4).of(2025)["net_profit"] < 0
    assert company(11).of(2025)["revenue"] > 1.5 * company(11).of(2023)["revenue"]
    assert company(3).scopes == ("consolidated", "parent")


def test_a_restated_year_differs_from_the_first_and_both_tie():
    one = company(7)
    first, now = one.first_given[2024], one.of(2024)
    assert first["inventories"] > now["inventories"]
    assert first["total_assets"] == pytest.approx(first["total_liabilities_and_equity"], abs=0.005)
    assert first["net_profit"] == pytest.approx(first["net_profit_parent"] + first["net_profit_minority"], abs=0.005)
    assert {row.account for row in truth(one) if row.restated} >= {"inventories", "net_profit", "total_assets"}


def test_the_same_number_gives_the_same_truth_to_the_byte():
    def told() -> str:
        company.cache_clear()
        return hashlib.sha256(repr([truth(company(number)) for number in (0, 3, 18)]).encode()).hexdigest()

    assert told() == told()


def test_the_truth_holds_every_account_of_three_years_and_each_scope():
    rows = truth(company(3))
    assert len(rows) == 2 * 3 * sum(len(accounts) for accounts in ACCOUNTS.values())
    assert {row.months for row in rows} == {0, 12}


def test_a_number_without_company_is_refused():
    with pytest.raises(IndexError):
        company(COUNT)
