"""How made-up companies print the names of accounts, in several of the usual ways."""

from typing import Final

from .sums import (
    BALANCE,
    CASH_FLOW,
    CURRENT_ASSETS,
    CURRENT_LIABILITIES,
    EXPENSES,
    GAINS,
    NONCURRENT_ASSETS,
    NONCURRENT_LIABILITIES,
    PARENT_EQUITY,
    SUPPLEMENT,
)

Line = tuple[str, str | None]
"""What is printed, and the account; None: a heading."""

ZH: Final = {
    "cash": "货币资金", "trading_financial_assets": "交易性金融资产", "notes_receivable": "应收票据",
    "accounts_receivable": "应收账款", "receivables_financing": "应收款项融资", "prepayments": "预付款项",
    "other_receivables": "其他应收款", "inventories": "存货", "contract_assets": "合同资产",
    "noncurrent_assets_due_within_year": "一年内到期的非流动资产", "other_current_assets": "其他流动资产",
    "total_current_assets": "流动资产合计", "long_term_receivables": "长期应收款",
    "long_term_equity_investments": "长期股权投资", "investment_property": "投资性房地产", "fixed_assets": "固定资产",
    "construction_in_progress": "在建工程", "right_of_use_assets": "使用权资产", "intangible_assets": "无形资产",
    "development_costs": "开发支出", "goodwill": "商誉", "long_term_prepaid_expenses": "长期待摊费用",
    "deferred_tax_assets": "递延所得税资产", "other_noncurrent_assets": "其他非流动资产",
    "total_noncurrent_assets": "非流动资产合计", "total_assets": "资产总计", "short_term_borrowings": "短期借款",
    "trading_financial_liabilities": "交易性金融负债", "notes_payable": "应付票据", "accounts_payable": "应付账款",
    "advances_received": "预收款项", "contract_liabilities": "合同负债", "employee_benefits_payable": "应付职工薪酬",
    "taxes_payable": "应交税费", "other_payables": "其他应付款",
    "noncurrent_liabilities_due_within_year": "一年内到期的非流动负债", "other_current_liabilities": "其他流动负债",
    "total_current_liabilities": "流动负债合计", "long_term_borrowings": "长期借款", "bonds_payable": "应付债券",
    "lease_liabilities": "租赁负债", "long_term_payables": "长期应付款", "provisions": "预计负债",
    "deferred_income": "递延收益", "deferred_tax_liabilities": "递延所得税负债",
    "other_noncurrent_liabilities": "其他非流动负债", "total_noncurrent_liabilities": "非流动负债合计",
    "total_liabilities": "负债合计", "paid_in_capital": "实收资本（或股本）",
    "other_equity_instruments": "其他权益工具",
    "capital_reserve": "资本公积", "treasury_shares": "减：库存股", "other_comprehensive_income": "其他综合收益",
    "special_reserve": "专项储备", "surplus_reserve": "盈余公积", "retained_earnings": "未分配利润",
    "equity_parent": "归属于母公司所有者权益合计", "minority_interests": "少数股东权益",
    "total_equity": "所有者权益合计",
    "total_liabilities_and_equity": "负债和所有者权益总计", "revenue": "营业收入", "operating_cost": "营业成本",
    "taxes_and_surcharges": "税金及附加", "selling_expenses": "销售费用", "administrative_expenses": "管理费用",
    "research_expenses": "研发费用", "finance_costs": "财务费用", "interest_expense": "利息费用",
    "interest_income": "利息收入", "other_income": "其他收益", "investment_income": "投资收益",
    "fair_value_gains": "公允价值变动收益", "credit_impairment": "信用减值损失", "asset_impairment": "资产减值损失",
    "asset_disposal_gains": "资产处置收益", "operating_profit": "营业利润", "non_operating_income": "营业外收入",
    "non_operating_expenses": "营业外支出", "total_profit": "利润总额", "income_tax": "所得税费用",
    "net_profit": "净利润",
    "net_profit_parent": "归属于母公司所有者的净利润", "net_profit_minority": "少数股东损益",
    "cash_received_from_sales": "销售商品、提供劳务收到的现金", "tax_refunds": "收到的税费返还",
    "other_operating_receipts": "收到其他与经营活动有关的现金", "operating_inflows": "经营活动现金流入小计",
    "cash_paid_for_goods": "购买商品、接受劳务支付的现金", "cash_paid_to_employees": "支付给职工以及为职工支付的现金",
    "taxes_paid": "支付的各项税费", "other_operating_payments": "支付其他与经营活动有关的现金",
    "operating_outflows": "经营活动现金流出小计", "operating_cash_flow": "经营活动产生的现金流量净额",
    "investment_recovered": "收回投资收到的现金", "investment_income_received": "取得投资收益收到的现金",
    "disposal_proceeds": "处置固定资产、无形资产和其他长期资产收回的现金净额",
    "other_investing_receipts": "收到其他与投资活动有关的现金", "investing_inflows": "投资活动现金流入小计",
    "capital_expenditure": "购建固定资产、无形资产和其他长期资产支付的现金", "investments_paid": "投资支付的现金",
    "other_investing_payments": "支付其他与投资活动有关的现金", "investing_outflows": "投资活动现金流出小计",
    "investing_cash_flow": "投资活动产生的现金流量净额", "equity_raised": "吸收投资收到的现金",
    "borrowings_received": "取得借款收到的现金", "other_financing_receipts": "收到其他与筹资活动有关的现金",
    "financing_inflows": "筹资活动现金流入小计", "debt_repaid": "偿还债务支付的现金",
    "dividends_and_interest_paid": "分配股利、利润或偿付利息支付的现金",
    "other_financing_payments": "支付其他与筹资活动有关的现金", "financing_outflows": "筹资活动现金流出小计",
    "financing_cash_flow": "筹资活动产生的现金流量净额", "fx_effect": "汇率变动对现金及现金等价物的影响",
    "net_cash_change": "现金及现金等价物净增加额", "opening_cash": "期初现金及现金等价物余额",
    "closing_cash": "期末现金及现金等价物余额",
    "depreciation": "固定资产折旧、油气资产折耗、生产性生物资产折旧", "amortisation": "无形资产摊销",
}  # fmt: skip
EN: Final = {
    name: name.replace("_", " ").capitalize() for name in (*BALANCE, *EXPENSES, *GAINS, *CASH_FLOW, *SUPPLEMENT)
} | {
    "cash": "Cash and bank balances", "notes_receivable": "Bills receivable", "receivables_financing":
    "Receivables held for financing", "noncurrent_assets_due_within_year": "Non-current assets due within one year",
    "total_noncurrent_assets": "Total non-current assets", "other_noncurrent_assets": "Other non-current assets",
    "long_term_receivables": "Long-term receivables", "long_term_equity_investments": "Long-term equity investments",
    "fixed_assets": "Property, plant and equipment", "right_of_use_assets": "Right-of-use assets",
    "long_term_prepaid_expenses": "Long-term prepaid expenses", "short_term_borrowings": "Short-term borrowings",
    "notes_payable": "Bills payable", "advances_received": "Advances from customers",
    "noncurrent_liabilities_due_within_year": "Non-current liabilities due within one year",
    "long_term_borrowings": "Long-term borrowings", "long_term_payables": "Long-term payables",
    "other_noncurrent_liabilities": "Other non-current liabilities", "total_noncurrent_liabilities":
    "Total non-current liabilities", "paid_in_capital": "Share capital", "treasury_shares": "Less: treasury shares",
    "equity_parent": "Equity attributable to owners of the parent", "minority_interests": "Non-controlling interests",
    "total_liabilities_and_equity": "Total liabilities and equity", "revenue": "Revenue", "operating_cost":
    "Cost of sales", "research_expenses": "Research and development expenses", "interest_expense": "Interest expense",
    "interest_income": "Interest income", "fair_value_gains": "Gains on changes in fair value", "credit_impairment":
    "Credit impairment losses", "asset_impairment": "Asset impairment losses", "asset_disposal_gains":
    "Gains on disposal of assets", "operating_profit": "Operating profit", "non_operating_income":
    "Non-operating income", "non_operating_expenses": "Non-operating expenses", "total_profit": "Profit before tax",
    "income_tax": "Income tax expense", "net_profit": "Net profit for the year", "net_profit_parent":
    "Attributable to owners of the parent", "net_profit_minority": "Attributable to non-controlling interests",
    "cash_received_from_sales": "Cash received from sales of goods and services", "tax_refunds": "Tax refunds received",
    "other_operating_receipts": "Other cash receipts from operating activities", "operating_inflows":
    "Total cash inflows from operating activities", "cash_paid_for_goods": "Cash paid for goods and services",
    "cash_paid_to_employees": "Cash paid to and on behalf of employees", "taxes_paid": "Taxes paid",
    "other_operating_payments": "Other cash payments for operating activities", "operating_outflows":
    "Total cash outflows from operating activities", "operating_cash_flow": "Net cash flow from operating activities",
    "investment_recovered": "Cash received from disposal of investments", "investment_income_received":
    "Cash received from returns on investments", "disposal_proceeds":
    "Proceeds from disposal of property, plant and equipment", "other_investing_receipts":
    "Other cash receipts from investing activities", "investing_inflows":
    "Total cash inflows from investing activities", "capital_expenditure":
    "Purchase of property, plant and equipment and intangible assets", "investments_paid":
    "Cash paid for investments", "other_investing_payments": "Other cash payments for investing activities",
    "investing_outflows": "Total cash outflows from investing activities", "investing_cash_flow":
    "Net cash flow from investing activities", "equity_raised": "Cash received from capital contributions",
    "borrowings_received": "Cash received from borrowings", "other_financing_receipts":
    "Other cash receipts from financing activities", "financing_inflows":
    "Total cash inflows from financing activities", "debt_repaid": "Repayment of borrowings",
    "dividends_and_interest_paid": "Dividends and interest paid", "other_financing_payments":
    "Other cash payments for financing activities", "financing_outflows":
    "Total cash outflows from financing activities", "financing_cash_flow": "Net cash flow from financing activities",
    "fx_effect": "Effect of exchange rate changes on cash", "net_cash_change":
    "Net increase in cash and cash equivalents", "opening_cash": "Cash and cash equivalents at beginning of year",
    "closing_cash": "Cash and cash equivalents at end of year", "depreciation": "Depreciation of fixed assets",
    "amortisation": "Amortisation of intangible assets",
}  # fmt: skip
VARIANT: Final = {
    "accounts_receivable": "应收帐款", "prepayments": "预付账款", "accounts_payable": "应付帐款",
    "advances_received": "预收账款", "employee_benefits_payable": "应付工资及福利费", "taxes_payable": "应交税金",
    "paid_in_capital": "实收资本", "total_equity": "所有者权益（或股东权益）合计", "total_assets": "资产合计",
    "total_liabilities_and_equity": "负债和所有者权益（或股东权益）总计", "fixed_assets": "固定资产净值",
    "taxes_and_surcharges": "营业税金及附加", "selling_expenses": "营业费用", "income_tax": "所得税",
    "fair_value_gains": "公允价值变动净收益", "investment_income": "投资净收益",
    "capital_expenditure": "购建固定资产、无形资产和其他长期资产所支付的现金",
    "dividends_and_interest_paid": "分配股利、利润和偿付利息所支付的现金", "net_cash_change": "现金流量净增加额",
    "opening_cash": "加：年初现金及现金等价物余额", "closing_cash": "年末现金及现金等价物余额",
}  # fmt: skip
"""Older or looser names that smaller companies still print."""
SHARES: Final = {
    "paid_in_capital": "股本", "equity_parent": "归属于母公司股东权益合计", "total_equity": "股东权益合计",
    "total_liabilities_and_equity": "负债和股东权益总计", "net_profit_parent": "归属于母公司股东的净利润",
}  # fmt: skip
"""Of a company limited by shares."""

_HEADINGS: Final = {
    "zh": ("流动资产：", "非流动资产：", "流动负债：", "非流动负债：", "所有者权益（或股东权益）："),
    "en": ("Current assets:", "Non-current assets:", "Current liabilities:", "Non-current liabilities:", "Equity:"),
}


def balance_sides(language: str) -> tuple[list[Line], list[Line]]:
    """Return the lines of the assets and of the other side, with headings."""
    head = _HEADINGS[language]
    assets = [(head[0], None), *_plain(CURRENT_ASSETS), ("", "total_current_assets"), (head[1], None)]
    assets += [*_plain(NONCURRENT_ASSETS), ("", "total_noncurrent_assets"), ("", "total_assets")]
    other: list[Line] = [(head[2], None), *_plain(CURRENT_LIABILITIES), ("", "total_current_liabilities")]
    other += [(head[3], None), *_plain(NONCURRENT_LIABILITIES), ("", "total_noncurrent_liabilities")]
    other += [("", "total_liabilities"), (head[4], None), *_plain(PARENT_EQUITY), ("", "equity_parent")]
    return assets, [*other, ("", "minority_interests"), ("", "total_equity"), ("", "total_liabilities_and_equity")]


def _plain(names: tuple[str, ...]) -> list[Line]:
    return [("", name) for name in names]
