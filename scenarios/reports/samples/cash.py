"""The cash flow of a made-up year: it follows from the balances before and after, the profit and what was moved."""

import random
from dataclasses import dataclass
from typing import Final

from .sums import cash_flow_sums
from .traits import Traits

DEBTS: Final = (
    "short_term_borrowings", "noncurrent_liabilities_due_within_year", "long_term_borrowings", "bonds_payable",
)  # fmt: skip
Books = dict[str, int]


@dataclass
class Moves:
    """What happened in a year and is in no balance, in fen."""

    depreciation: int = 0
    amortisation: int = 0
    disposed: int = 0
    lease_paid: int = 0
    equity_income: int = 0
    dividends: int = 0


def fill_cash_flow(books: Books, before: Books, moves: Moves, traits: Traits, chance: random.Random) -> None:
    """Set the whole cash flow statement; the other operating payments are what is left and so tie it to the balance."""

    def grown(*names: str) -> int:
        return sum(books[name] - before[name] for name in names)

    books["depreciation"], books["amortisation"] = moves.depreciation, moves.amortisation
    books["fx_effect"] = round(books["cash"] * chance.uniform(-0.002, 0.002)) if traits.selling > 0.04 else 0
    _investing(books, before, moves, grown("long_term_equity_investments"))
    _financing(books, before, moves)
    vat_out = books["revenue"] * traits.vat
    wages = round(books["operating_cost"] * 0.11 + _overheads(books) * 0.48)
    goods = max(0, books["operating_cost"] * 0.89 - moves.depreciation * 0.8)
    vat_in = min(goods * traits.vat, vat_out * 0.9)
    books["cash_received_from_sales"] = round(
        books["revenue"] + vat_out + books["credit_impairment"]
        - grown("accounts_receivable", "notes_receivable", "receivables_financing", "contract_assets")
        + grown("contract_liabilities", "other_current_liabilities")
    )  # fmt: skip
    books["tax_refunds"] = round(books["revenue"] * 0.004) if traits.selling > 0.04 else 0
    books["other_operating_receipts"] = (
        books["other_income"]
        + books["interest_income"]
        + books["non_operating_income"]
        + max(0, grown("other_payables"))
    )
    books["cash_paid_for_goods"] = round(
        goods + vat_in - books["asset_impairment"] + grown("inventories", "prepayments")
        - grown("accounts_payable", "notes_payable")
    )  # fmt: skip
    books["cash_paid_to_employees"] = wages - grown("employee_benefits_payable")
    books["taxes_paid"] = round(
        max(0, books["income_tax"]) + books["taxes_and_surcharges"] + vat_out - vat_in + books["tax_refunds"]
        - grown("taxes_payable")
    )  # fmt: skip
    books["other_operating_payments"] = 0
    cash_flow_sums(books)
    rest = books["net_cash_change"] - (books["cash"] - before["cash"])
    if rest < 0:  # more came in than the usual ways explain
        books["other_operating_receipts"] -= rest
        rest = 0
    books["other_operating_payments"] = rest
    books["opening_cash"], books["closing_cash"] = before["cash"], books["cash"]
    cash_flow_sums(books)


def _overheads(books: Books) -> int:
    return books["selling_expenses"] + books["administrative_expenses"] + books["research_expenses"]


def _investing(books: Books, before: Books, moves: Moves, bought: int) -> None:
    lasting = (
        "investment_property", "fixed_assets", "construction_in_progress", "intangible_assets",
        "long_term_prepaid_expenses", "development_costs", "other_noncurrent_assets",
    )  # fmt: skip
    worn = moves.depreciation + moves.amortisation - (before["right_of_use_assets"] - _rest_of_lease(books, before))
    books["capital_expenditure"] = max(0, sum(books[n] - before[n] for n in lasting) + worn + moves.disposed)
    books["disposal_proceeds"] = max(0, moves.disposed + books["asset_disposal_gains"])
    books["investment_recovered"] = before["trading_financial_assets"]
    books["investments_paid"] = max(0, books["trading_financial_assets"] - books["fair_value_gains"]) + max(
        0, bought - moves.equity_income // 2
    )
    books["investment_income_received"] = max(0, books["investment_income"] - moves.equity_income // 2)


def _rest_of_lease(books: Books, before: Books) -> int:
    """Return what was left of the leased things before new ones came; new ones come with no cash."""
    return min(before["right_of_use_assets"], books["right_of_use_assets"])


def _financing(books: Books, before: Books, moves: Moves) -> None:
    owed = sum(before[name] for name in DEBTS)
    more = sum(books[name] for name in DEBTS) - owed
    repaid = max(round(before["short_term_borrowings"] * 0.95), -more)
    repaid += before["noncurrent_liabilities_due_within_year"] if repaid > -more else 0
    books["debt_repaid"] = repaid
    books["borrowings_received"] = more + repaid
    books["dividends_and_interest_paid"] = moves.dividends + books["interest_expense"]
    books["other_financing_payments"] = moves.lease_paid
    raised = ("paid_in_capital", "capital_reserve")
    books["equity_raised"] = max(0, sum(books[name] - before[name] for name in raised))
