"""Six years of statements of a made-up company, kept as books are: what leaves one account arrives at another.

All amounts are whole fen (cents), so that sums tie exactly.
"""

import random
from typing import Final

from .cash import DEBTS, Moves, fill_cash_flow
from .sums import add_sums, income_sums
from .traits import Traits

FIRST: Final = 2020
LAST: Final = 2025
Books = dict[str, int]
_UNIT: Final = 1_000_000
"""Fen in 万元."""


class Bookkeeper:
    """Keeps the books of one company from 2020 to 2025."""

    def __init__(self, traits: Traits, capital: float, seed: int) -> None:
        self.traits = traits
        self.capital = round(capital * _UNIT)
        self.random = random.Random(seed)  # noqa: S311 - made-up numbers, the same for the same seed

    def years(self) -> dict[int, Books]:
        """Return the accounts of every year, in fen, with all sums."""
        revenue = self.traits.revenue * _UNIT
        before = self._opening(revenue / (1 + self.traits.growth[0] * 0.5))
        result = {}
        for year in range(FIRST, LAST + 1):
            if year > FIRST:
                revenue *= 1 + self.traits.growth[year - FIRST - 1]
            before = self._year(year, revenue * self._near(0.01), before)
            result[year] = before
        return result

    def _near(self, width: float) -> float:
        return 1 + self.random.uniform(-width, width)

    def _part(self, whole: float, share: float, width: float = 0.12) -> int:
        return round(whole * share * self._near(width)) if share else 0

    def _between(self, ends: tuple[float, float], year: int) -> float:
        return ends[0] + (ends[1] - ends[0]) * (year - FIRST) / (LAST - FIRST)

    def _opening(self, revenue: float) -> Books:
        """Return the balance before the first year; its loans are what is left over."""
        traits, part = self.traits, self._part
        cost = revenue * (1 - traits.margin[0])
        books = self._working(FIRST, revenue, cost)
        books |= {
            "cash": part(revenue, traits.cash), "trading_financial_assets": part(revenue, traits.trading),
            "long_term_equity_investments": part(revenue, traits.subsidiaries),
            "investment_property": part(revenue, traits.property), "fixed_assets": part(revenue, traits.fixed),
            "construction_in_progress": part(revenue, traits.investing * 0.5),
            "right_of_use_assets": part(revenue, traits.leases),
            "intangible_assets": part(revenue, traits.fixed * 0.18),
            "goodwill": part(revenue, traits.goodwill), "long_term_prepaid_expenses": part(revenue, 0.006),
            "deferred_tax_assets": part(revenue, 0.008), "other_noncurrent_assets": part(revenue, 0.01),
            "deferred_income": part(revenue, 0.01), "deferred_tax_liabilities": part(revenue, 0.002),
            "paid_in_capital": self.capital,
        }  # fmt: skip
        books["lease_liabilities"] = round(books["right_of_use_assets"] * 0.9)
        total = add_sums(books)["total_assets"]
        equity = round(total * traits.equity)
        books["capital_reserve"] = max(0, round((equity - self.capital) * 0.25))
        books["minority_interests"] = max(0, round(equity * traits.minority * 0.9))
        rest = equity - self.capital - books["capital_reserve"] - books["minority_interests"]
        books["surplus_reserve"] = min(self.capital // 2, max(0, round(rest * 0.12)))
        books["retained_earnings"] = rest - books["surplus_reserve"]
        return self._close(books, equity)

    def _working(self, year: int, revenue: float, cost: float) -> Books:
        """Return what moves with the business: receivables, stock, payables."""
        traits, part = self.traits, self._part
        sold, bought = revenue * (1 + traits.vat) / 365, cost * (1 + traits.vat) / 365
        books = {
            "notes_receivable": part(revenue, traits.bills),
            "accounts_receivable": part(sold, self._between(traits.receivable_days, year), 0.04),
            "receivables_financing": part(revenue, traits.bills * 0.3),
            "prepayments": part(cost, 0.025),
            "other_receivables": part(revenue, 0.012 + traits.other_cash_need * (year - FIRST + 1)),
            "inventories": part(cost / 365, self._between(traits.inventory_days, year), 0.04),
            "contract_assets": part(revenue, traits.contract_assets),
            "other_current_assets": part(revenue, 0.008),
            "notes_payable": part(bought, traits.payable_days * 0.25),
            "accounts_payable": part(bought, traits.payable_days, 0.05),
            "contract_liabilities": part(revenue, traits.advances),
            "employee_benefits_payable": part(revenue, 0.018),
            "taxes_payable": part(revenue, 0.014),
            "other_payables": part(revenue, 0.02),
        }
        books["other_current_liabilities"] = round(books["contract_liabilities"] * traits.vat)
        return books

    def _close(self, books: Books, equity: int) -> Books:
        """Fill in the loans that make the balance tie; what nobody had to lend stays as cash."""
        for name in DEBTS:
            books[name] = 0
        owed = add_sums(books)
        debt = owed["total_assets"] - owed["total_liabilities"] - equity
        least = round(owed["total_assets"] * 0.004)
        if debt < least:
            books["cash"] += least - debt
            debt = least
        books["bonds_payable"] = round(debt * self.traits.bonds)
        long = round((debt - books["bonds_payable"]) * self.traits.long)
        books["noncurrent_liabilities_due_within_year"] = long // 5
        books["long_term_borrowings"] = long - long // 5
        books["short_term_borrowings"] = debt - books["bonds_payable"] - long
        return add_sums(books)

    def _year(self, year: int, revenue: float, before: Books) -> Books:
        moves = Moves()
        books = {"revenue": round(revenue), "operating_cost": round(revenue * (1 - self._margin(year)))}
        books |= self._working(year, books["revenue"], books["operating_cost"])
        self._plant(books, before, moves)
        self._income(books, before, moves)
        equity = self._equity(books, before, moves)
        self._close(books, equity)
        fill_cash_flow(books, before, moves, self.traits, self.random)
        return books

    def _margin(self, year: int) -> float:
        return self._between(self.traits.margin, year) * self._near(0.015)

    def _plant(self, books: Books, before: Books, moves: Moves) -> None:
        """Roll what lasts forward: bought, finished, worn, sold."""
        revenue, part = books["revenue"], self._part
        worn = part(before["fixed_assets"], 0.085, 0.03)
        worn_property = part(before["investment_property"], 0.03, 0.01)
        moves.disposed = part(before["fixed_assets"], 0.004, 0.5)
        invested = part(revenue, self.traits.investing, 0.25)
        finished = part(before["construction_in_progress"] + invested, 0.55)
        worn_lease = part(before["right_of_use_assets"], 0.25, 0.02)
        new_lease = part(revenue, self.traits.leases * 0.25, 0.4)
        moves.lease_paid = part(before["lease_liabilities"], 0.24, 0.02)
        worn_rights = part(before["intangible_assets"], 0.05, 0.02)
        worn_prepaid = part(before["long_term_prepaid_expenses"], 0.3, 0.02)
        moves.amortisation = worn_rights + worn_prepaid
        moves.equity_income = part(before["long_term_equity_investments"], 0.03, 0.5)
        direct = invested // 3
        books |= {
            "cash": part(revenue, self.traits.cash, 0.15),
            "trading_financial_assets": part(revenue, self.traits.trading, 0.3),
            "long_term_equity_investments": before["long_term_equity_investments"] + moves.equity_income // 2,
            "investment_property": before["investment_property"] - worn_property,
            "fixed_assets": before["fixed_assets"] + finished + direct - worn - moves.disposed,
            "construction_in_progress": before["construction_in_progress"] + invested - direct - finished,
            "right_of_use_assets": before["right_of_use_assets"] + new_lease - worn_lease,
            "lease_liabilities": before["lease_liabilities"] + new_lease - moves.lease_paid,
            "intangible_assets": before["intangible_assets"] + part(revenue, self.traits.investing * 0.1) - worn_rights,
            "goodwill": before["goodwill"],
            "long_term_prepaid_expenses": before["long_term_prepaid_expenses"] + part(revenue, 0.002) - worn_prepaid,
            "deferred_tax_assets": part(revenue, 0.008), "other_noncurrent_assets": part(revenue, 0.01),
            "deferred_income": part(revenue, 0.009), "deferred_tax_liabilities": part(revenue, 0.002),
        }  # fmt: skip
        moves.depreciation = worn + worn_property + worn_lease

    def _income(self, books: Books, before: Books, moves: Moves) -> None:
        revenue, part, traits = books["revenue"], self._part, self.traits
        interest = part(sum(before[name] for name in DEBTS), traits.rate, 0.04)
        earned = part(before["cash"], 0.011)
        books |= {
            "taxes_and_surcharges": part(revenue, 0.006), "selling_expenses": part(revenue, traits.selling, 0.05),
            "administrative_expenses": part(revenue, traits.administrative, 0.05),
            "research_expenses": part(revenue, traits.research, 0.05), "interest_expense": interest,
            "interest_income": earned, "finance_costs": interest - earned + part(revenue, 0.0012),
            "other_income": part(revenue, 0.004, 0.4),
            "investment_income": moves.equity_income + part(before["trading_financial_assets"], 0.025),
            "fair_value_gains": part(books["trading_financial_assets"], 0.008 * self.random.choice((-1, 1, 1))),
            "credit_impairment": -part(books["accounts_receivable"], 0.012, 0.4),
            "asset_impairment": -part(books["inventories"], 0.011, 0.5),
            "asset_disposal_gains": round(moves.disposed * self.random.uniform(-0.2, 0.3)),
            "non_operating_income": part(revenue, 0.0009, 0.5), "non_operating_expenses": part(revenue, 0.0011, 0.5),
        }  # fmt: skip
        profit = income_sums(books)["total_profit"]
        deferred = (books["deferred_tax_liabilities"] - before["deferred_tax_liabilities"]) - (
            books["deferred_tax_assets"] - before["deferred_tax_assets"]
        )
        books["income_tax"] = max(0, part(profit, 0.17, 0.1) if profit > 0 else 0) + deferred
        net = profit - books["income_tax"]
        books["net_profit_minority"] = part(net, traits.minority, 0.1)
        books["net_profit_parent"] = net - books["net_profit_minority"]
        income_sums(books)

    def _equity(self, books: Books, before: Books, moves: Moves) -> int:
        """Roll the equity forward and return its total."""
        profit = books["net_profit_parent"]
        kept = max(0, min(round(profit * 0.1), self.capital // 2 - before["surplus_reserve"]))
        earned = max(0, before.get("net_profit_parent", profit))
        paid = max(0, min(self._part(earned, self.traits.payout), before["retained_earnings"] // 2))
        others = max(0, books["net_profit_minority"]) // 4
        moves.dividends = paid + others
        books |= {
            "paid_in_capital": before["paid_in_capital"], "capital_reserve": before["capital_reserve"],
            "surplus_reserve": before["surplus_reserve"] + kept,
            "retained_earnings": before["retained_earnings"] + profit - kept - paid,
            "minority_interests": before["minority_interests"] + books["net_profit_minority"] - others,
        }  # fmt: skip
        return sum(
            books[name]
            for name in (
                "paid_in_capital", "capital_reserve", "surplus_reserve", "retained_earnings", "minority_interests"
            )
        )  # fmt: skip
