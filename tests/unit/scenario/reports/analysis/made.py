"""Dossiers for tests: of values by account and year, or of a company of the samples."""

from scenarios.reports.analysis.accounts import accounts
from scenarios.reports.models import Dossier, Fact, Item, Payment, Place
from scenarios.reports.samples.companies import company, truth

ACCOUNTS = accounts()


def place(line=1):
    return Place(file="f01", name="报表.xlsx", sheet="资产负债表", cell=f"C{line}", quote="1")


def item(account, period, value, **fields):
    statement = ACCOUNTS[account].statement
    given = {
        "account": account, "statement": statement, "period": period, "months": 0 if statement == "balance" else 12,
        "value": value, "printed": f"{value:,.2f}", "unit": "元", "label": account, "confidence": 1.0,
        "place": place(sum(map(ord, account + period)) % 997 + 1),
    }  # fmt: skip
    return Item(**given | fields)


def items(values, **fields):
    """Items of {account: (value of 2025, of 2024, …)}."""
    return [
        item(account, f"{2025 - back}-12-31", value, **fields)
        for account, row in values.items()
        for back, value in enumerate(row if isinstance(row, tuple) else (row,))
        if value is not None
    ]


def fact(name, number, unit="CNY", value="", **fields):
    shown = value or f"{number:,.0f}"
    return Fact(
        name=name, title=name, value=value or str(number), number=number, unit=unit, shown=shown, confidence=1.0,
        **{"place": place(5), **fields},
    )  # fmt: skip


def payment(day, amount):
    return Payment(day=day, amount=amount, place=place(7))


def dossier(found, language="en", **fields):
    return Dossier(
        language=language, subject="Yunxi Example Co.", as_of="2026-03-01", files=(), items=tuple(found), **fields
    )


def of_company(number, language="zh_CN", years=(2022, 2023, 2024, 2025), **fields):
    of = company(number)
    found = [
        item(one.account, one.period, one.value, months=one.months, scope=one.scope, restated=one.restated)
        for one in truth(of, years)
        if one.value
    ]
    return dossier(found, language, **fields)


BALANCED = {
    "cash": (100.0, 90.0, 80.0), "inventories": (80.0, 70.0, 60.0), "accounts_receivable": (120.0, 100.0, 90.0),
    "total_current_assets": (320.0, 280.0, 250.0), "fixed_assets": (200.0, 190.0, 180.0),
    "total_assets": (600.0, 540.0, 500.0), "short_term_borrowings": (90.0, 80.0, 60.0),
    "accounts_payable": (70.0, 60.0, 55.0), "total_current_liabilities": (200.0, 180.0, 160.0),
    "long_term_borrowings": (60.0, 60.0, 70.0), "total_liabilities": (280.0, 260.0, 250.0),
    "retained_earnings": (120.0, 90.0, 70.0), "total_equity": (320.0, 280.0, 250.0),
    "revenue": (900.0, 800.0, 700.0), "operating_cost": (630.0, 560.0, 480.0),
    "administrative_expenses": (90.0, 80.0, 70.0), "interest_expense": (9.0, 8.0, 7.0),
    "total_profit": (80.0, 70.0, 60.0), "income_tax": (20.0, 17.0, 15.0), "net_profit": (60.0, 53.0, 45.0),
    "operating_cash_flow": (75.0, 40.0, 50.0), "capital_expenditure": (30.0, 25.0, 20.0),
    "cash_received_from_sales": (950.0, 820.0, 730.0), "depreciation": (25.0, 24.0, 23.0),
}  # fmt: skip
