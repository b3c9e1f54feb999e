"""Faults of statements on request: made of a sound company, and each still looks like one."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from .companies import Company
from .sums import add_sums, income_sums

Books = Mapping[str, float]


def negative_equity(company: Company) -> Company:
    """Return the company with losses of many years: equity below zero, loans in its place; all still ties."""

    def sink(books: Books) -> dict[str, int]:
        fen = _fen(books)
        loss = fen["total_equity"] + round(fen["total_assets"] * 0.12)
        fen["retained_earnings"] -= loss
        fen["short_term_borrowings"] += loss
        return add_sums(fen)

    return _changed(company, sink, company.years[0] - 3)


def contradicting(company: Company) -> Company:
    """Return the company as its own unaudited statements of the last year show it: more sales, more receivables."""

    def inflate(books: Books) -> dict[str, int]:
        fen = _fen(books)
        more = round(fen["revenue"] * 0.031)
        fen["revenue"] += more
        fen["accounts_receivable"] += more
        fen["retained_earnings"] += more
        income_sums(add_sums(fen))
        fen["net_profit_parent"] = fen["net_profit"] - fen["net_profit_minority"]
        return fen

    return _changed(company, inflate, company.years[-1])


def _changed(company: Company, change: Callable[[Books], dict[str, int]], first: int) -> Company:
    statements = {
        (scope, year): {name: fen / 100 for name, fen in change(books).items()} if year >= first else books
        for (scope, year), books in company.statements.items()
    }
    return replace(company, statements=statements)


def _fen(books: Books) -> dict[str, int]:
    return {name: round(value * 100) for name, value in books.items()}
