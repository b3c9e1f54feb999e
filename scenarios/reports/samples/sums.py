"""The accounts of the three statements in their printed order, and the sums among them."""

from typing import Final

CURRENT_ASSETS: Final = (
    "cash", "trading_financial_assets", "notes_receivable", "accounts_receivable", "receivables_financing",
    "prepayments", "other_receivables", "inventories", "contract_assets", "noncurrent_assets_due_within_year",
    "other_current_assets",
)  # fmt: skip
NONCURRENT_ASSETS: Final = (
    "long_term_receivables", "long_term_equity_investments", "investment_property", "fixed_assets",
    "construction_in_progress", "right_of_use_assets", "intangible_assets", "development_costs", "goodwill",
    "long_term_prepaid_expenses", "deferred_tax_assets", "other_noncurrent_assets",
)  # fmt: skip
CURRENT_LIABILITIES: Final = (
    "short_term_borrowings", "trading_financial_liabilities", "notes_payable", "accounts_payable", "advances_received",
    "contract_liabilities", "employee_benefits_payable", "taxes_payable", "other_payables",
    "noncurrent_liabilities_due_within_year", "other_current_liabilities",
)  # fmt: skip
NONCURRENT_LIABILITIES: Final = (
    "long_term_borrowings", "bonds_payable", "lease_liabilities", "long_term_payables", "provisions", "deferred_income",
    "deferred_tax_liabilities", "other_noncurrent_liabilities",
)  # fmt: skip
PARENT_EQUITY: Final = (
    "paid_in_capital", "other_equity_instruments", "capital_reserve", "treasury_shares", "other_comprehensive_income",
    "special_reserve", "surplus_reserve", "retained_earnings",
)  # fmt: skip
BALANCE: Final = (
    *CURRENT_ASSETS, "total_current_assets", *NONCURRENT_ASSETS, "total_noncurrent_assets", "total_assets",
    *CURRENT_LIABILITIES, "total_current_liabilities", *NONCURRENT_LIABILITIES, "total_noncurrent_liabilities",
    "total_liabilities", *PARENT_EQUITY, "equity_parent", "minority_interests", "total_equity",
    "total_liabilities_and_equity",
)  # fmt: skip
EXPENSES: Final = (
    "operating_cost", "taxes_and_surcharges", "selling_expenses", "administrative_expenses", "research_expenses",
    "finance_costs",
)  # fmt: skip
GAINS: Final = (
    "other_income", "investment_income", "fair_value_gains", "credit_impairment", "asset_impairment",
    "asset_disposal_gains",
)  # fmt: skip
INCOME: Final = (
    "revenue", *EXPENSES, "interest_expense", "interest_income", *GAINS, "operating_profit", "non_operating_income",
    "non_operating_expenses", "total_profit", "income_tax", "net_profit", "net_profit_parent", "net_profit_minority",
)  # fmt: skip
OPERATING_IN: Final = ("cash_received_from_sales", "tax_refunds", "other_operating_receipts")
OPERATING_OUT: Final = ("cash_paid_for_goods", "cash_paid_to_employees", "taxes_paid", "other_operating_payments")
INVESTING_IN: Final = (
    "investment_recovered", "investment_income_received", "disposal_proceeds", "other_investing_receipts",
)  # fmt: skip
INVESTING_OUT: Final = ("capital_expenditure", "investments_paid", "other_investing_payments")
FINANCING_IN: Final = ("equity_raised", "borrowings_received", "other_financing_receipts")
FINANCING_OUT: Final = ("debt_repaid", "dividends_and_interest_paid", "other_financing_payments")
CASH_FLOW: Final = (
    *OPERATING_IN, "operating_inflows", *OPERATING_OUT, "operating_outflows", "operating_cash_flow",
    *INVESTING_IN, "investing_inflows", *INVESTING_OUT, "investing_outflows", "investing_cash_flow",
    *FINANCING_IN, "financing_inflows", *FINANCING_OUT, "financing_outflows", "financing_cash_flow",
    "fx_effect", "net_cash_change", "opening_cash", "closing_cash",
)  # fmt: skip
SUPPLEMENT: Final = ("depreciation", "amortisation")
ACCOUNTS: Final = {"balance": BALANCE, "income": INCOME, "cash_flow": (*CASH_FLOW, *SUPPLEMENT)}


def total(books: dict[str, int], names: tuple[str, ...]) -> int:
    """Return the sum of accounts; what is absent counts nothing."""
    return sum(books.get(name, 0) for name in names)


def add_sums(books: dict[str, int]) -> dict[str, int]:
    """Set all sums of the balance, and to zero what it does not have; returns the same books."""
    for name in BALANCE:
        books.setdefault(name, 0)
    books["total_current_assets"] = total(books, CURRENT_ASSETS)
    books["total_noncurrent_assets"] = total(books, NONCURRENT_ASSETS)
    books["total_assets"] = books["total_current_assets"] + books["total_noncurrent_assets"]
    books["total_current_liabilities"] = total(books, CURRENT_LIABILITIES)
    books["total_noncurrent_liabilities"] = total(books, NONCURRENT_LIABILITIES)
    books["total_liabilities"] = books["total_current_liabilities"] + books["total_noncurrent_liabilities"]
    books["equity_parent"] = total(books, PARENT_EQUITY) - 2 * books["treasury_shares"]
    books["total_equity"] = books["equity_parent"] + books["minority_interests"]
    books["total_liabilities_and_equity"] = books["total_liabilities"] + books["total_equity"]
    return books


def income_sums(books: dict[str, int]) -> dict[str, int]:
    """Set the profits of the income statement; returns the same books."""
    books["operating_profit"] = books["revenue"] - total(books, EXPENSES) + total(books, GAINS)
    books["total_profit"] = books["operating_profit"] + books["non_operating_income"] - books["non_operating_expenses"]
    books["net_profit"] = books["total_profit"] - books.get("income_tax", 0)
    return books


def cash_flow_sums(books: dict[str, int]) -> dict[str, int]:
    """Set the sums of the cash flow statement; returns the same books."""
    for kind, inward, outward in (
        ("operating", OPERATING_IN, OPERATING_OUT),
        ("investing", INVESTING_IN, INVESTING_OUT),
        ("financing", FINANCING_IN, FINANCING_OUT),
    ):
        for name in (*inward, *outward):
            books.setdefault(name, 0)
        books[f"{kind}_inflows"] = total(books, inward)
        books[f"{kind}_outflows"] = total(books, outward)
        books[f"{kind}_cash_flow"] = books[f"{kind}_inflows"] - books[f"{kind}_outflows"]
    flows = ("operating_cash_flow", "investing_cash_flow", "financing_cash_flow", "fx_effect")
    books["net_cash_change"] = total(books, flows)
    return books
