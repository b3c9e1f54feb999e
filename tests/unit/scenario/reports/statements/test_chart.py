import pytest

from appliance.core.errors import ConfigError
from scenarios.reports.statements.chart import chart_of

CODES = """
cash trading_financial_assets notes_receivable accounts_receivable receivables_financing prepayments other_receivables
inventories contract_assets noncurrent_assets_due_within_year other_current_assets total_current_assets
long_term_receivables long_term_equity_investments investment_property fixed_assets construction_in_progress
right_of_use_assets intangible_assets development_costs goodwill long_term_prepaid_expenses deferred_tax_assets
other_noncurrent_assets total_noncurrent_assets total_assets short_term_borrowings trading_financial_liabilities
notes_payable accounts_payable advances_received contract_liabilities employee_benefits_payable taxes_payable
other_payables noncurrent_liabilities_due_within_year other_current_liabilities total_current_liabilities
long_term_borrowings bonds_payable lease_liabilities long_term_payables provisions deferred_income
deferred_tax_liabilities other_noncurrent_liabilities total_noncurrent_liabilities total_liabilities paid_in_capital
other_equity_instruments capital_reserve treasury_shares other_comprehensive_income special_reserve surplus_reserve
retained_earnings equity_parent minority_interests total_equity total_liabilities_and_equity revenue operating_cost
taxes_and_surcharges selling_expenses administrative_expenses research_expenses finance_costs interest_expense
interest_income other_income investment_income fair_value_gains credit_impairment asset_impairment
asset_disposal_gains operating_profit non_operating_income non_operating_expenses total_profit income_tax net_profit
net_profit_parent net_profit_minority cash_received_from_sales tax_refunds other_operating_receipts operating_inflows
cash_paid_for_goods cash_paid_to_employees taxes_paid other_operating_payments operating_outflows operating_cash_flow
investment_recovered investment_income_received disposal_proceeds other_investing_receipts investing_inflows
capital_expenditure investments_paid other_investing_payments investing_outflows investing_cash_flow equity_raised
borrowings_received other_financing_receipts financing_inflows debt_repaid dividends_and_interest_paid
other_financing_payments financing_outflows financing_cash_flow fx_effect net_cash_change opening_cash closing_cash
depreciation amortisation
"""


def test_the_chart_has_every_account_that_reports_name():
    assert [code for code in CODES.split() if code not in chart_of(None).accounts] == []


def test_every_sum_is_an_account():
    accounts = chart_of(None).accounts
    assert {account.within for account in accounts.values() if account.within} <= set(accounts)
    assert {account.instead for account in accounts.values() if account.instead} <= set(accounts)


NAMES = [
    ("一、营业收入", "income", "revenue"),
    ("（一）营业总收入", "income", "total_revenue"),
    ("减：营业成本", "income", "operating_cost"),
    ("  其中：利息费用", "income", "interest_expense"),
    ("投资收益（损失以“－”号填列）", "income", "investment_income"),
    ("四、净利润（净亏损以“-”号填列）", "income", "net_profit"),
    ("1.归属于母公司股东的净利润", "income", "net_profit_parent"),
    ("负债和所有者权益（或股东权益）总计", "balance", "total_liabilities_and_equity"),
    ("所有者权益（或股东权益）合计", "balance", "total_equity"),
    ("实收资本(或股本)", "balance", "paid_in_capital"),
    ("减：库存股", "balance", "treasury_shares"),
    ("货  币　资 金", "balance", "cash"),
    ("△结算备付金", "balance", "settlement_reserves"),
    ("加：期初现金及现金等价物余额", "cash_flow", "opening_cash"),
    ("购建固定资产、无形资产和其他长期资产支付的现金", "cash_flow", "capital_expenditure"),
    ("Property, plant and equipment", "balance", "fixed_assets"),
    ("Less: cost of sales", "income", "operating_cost"),
    ("Net cash used in investing activities", "cash_flow", "investing_cash_flow"),
]


@pytest.mark.parametrize(("name", "statement", "account"), NAMES)
def test_names_with_numbering_prefixes_and_hints(name, statement, account):
    match = chart_of(None).match(name, statement)
    assert match is not None
    assert match.account == account


@pytest.mark.parametrize(
    ("name", "statement"),
    [("其中：固定资产", "balance"), ("累计折旧", "balance"), ("营业收入增长率", "income"), ("净利润", "balance")],
)
def test_what_is_only_alike_is_no_account(name, statement):
    assert chart_of(None).match(name, statement) is None


def test_the_bank_adds_names_and_accounts_of_its_own(tmp_path):
    (tmp_path / "accounts.yaml").write_text(
        "accounts:\n  cash: {names: [库存及存款]}\n  grain_reserve:\n    statement: balance\n"
        "    title: {en: Grain reserve, zh: 储备粮}\n    within: total_current_assets\n    names: [储备粮]\n",
        encoding="utf-8",
    )
    chart = chart_of(tmp_path)
    assert chart.match("库存及存款", "balance").account == "cash"
    assert chart.match("货币资金", "balance").account == "cash"
    assert chart.match("储备粮", "balance").account == "grain_reserve"
    assert "grain_reserve" in chart.parts("total_current_assets")


def test_a_fault_in_the_banks_file_names_the_file_and_the_entry(tmp_path):
    (tmp_path / "accounts.yaml").write_text("accounts:\n  grain: {names: [储备粮]}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"accounts\.yaml.*accounts\.grain"):
        chart_of(tmp_path)
