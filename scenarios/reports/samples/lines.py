"""The lines of each statement as a layout prints them."""

from collections.abc import Mapping

from .labels import EN, SHARES, VARIANT, ZH, Line, balance_sides
from .layouts import Layout
from .sums import CASH_FLOW, EXPENSES, GAINS, SUPPLEMENT

TOTAL_REVENUE = "+revenue"
TOTAL_COST = "+cost"
_LOSS = "（损失以“－”号填列）"
_NUMBERS = {
    "full": {"revenue": "一、", "operating_profit": "二、", "total_profit": "三、", "net_profit": "四、"},
    "group": {"operating_profit": "三、", "total_profit": "四、", "net_profit": "五、"},
}
_TAILS = {
    "operating_profit": "（亏损以“－”号填列）", "total_profit": "（亏损总额以“－”号填列）",
    "net_profit": "（净亏损以“－”号填列）",
} | dict.fromkeys(("investment_income", "fair_value_gains", "credit_impairment", "asset_impairment",
                   "asset_disposal_gains"), _LOSS)  # fmt: skip
_HEADS = {
    "operating_cost": "减：", "interest_expense": "　　其中：", "interest_income": "　　　　　", "other_income": "加：",
    "non_operating_income": "加：", "non_operating_expenses": "减：", "income_tax": "减：",
    "net_profit_parent": "　　1.",
    "net_profit_minority": "　　2.",
}  # fmt: skip
_FLOWS_ZH = {"operating": "一、经营活动产生的现金流量：", "investing": "二、投资活动产生的现金流量：",
             "financing": "三、筹资活动产生的现金流量："}  # fmt: skip
_FLOWS_EN = {"operating": "Cash flows from operating activities", "investing": "Cash flows from investing activities",
             "financing": "Cash flows from financing activities"}  # fmt: skip


def name_of(account: str, layout: Layout) -> str:
    """Return what the layout calls an account."""
    if layout.language == "en":
        return EN[account]
    names: Mapping[str, str] = {"standard": {}, "variant": VARIANT, "shares": SHARES}[layout.names]
    return names.get(account, ZH[account])


def balance_lines(layout: Layout) -> tuple[list[Line], list[Line]]:
    """Return both sides of the balance."""
    assets, other = balance_sides(layout.language)
    return _named(assets, layout), _named(other, layout)


def income_lines(layout: Layout) -> list[Line]:
    """Return the lines of the income statement."""
    expenses = [*EXPENSES, "interest_expense", "interest_income"]
    tail = ["operating_profit", "non_operating_income", "non_operating_expenses", "total_profit", "income_tax"]
    tail += ["net_profit", "net_profit_parent", "net_profit_minority"]
    names = ["revenue", *expenses, *GAINS, *tail]
    if layout.language == "en" or layout.lines == "plain":
        return [(name_of(name, layout), name) for name in names]
    numbers = _NUMBERS[layout.lines]
    lines: list[Line] = []
    for name in names:
        head = numbers.get(name, _HEADS.get(name, ""))
        if layout.lines == "group" and name in ("revenue", "operating_cost"):
            total = ("一、营业总收入", TOTAL_REVENUE) if name == "revenue" else ("二、营业总成本", TOTAL_COST)
            lines.append(total)
            head = "其中："
        lines.append((f"{head}{name_of(name, layout)}{_TAILS.get(name, '')}", name))
    return lines


def cash_flow_lines(layout: Layout) -> list[Line]:
    """Return the lines of the cash flow statement, with the supplement where the layout has one."""
    english = layout.language == "en"
    lines: list[Line] = []
    for name in CASH_FLOW:
        part = {"cash_received_from_sales": "operating", "investment_recovered": "investing"}.get(name)
        part = "financing" if name == "equity_raised" else part
        if part:
            lines.append(((_FLOWS_EN if english else _FLOWS_ZH)[part], None))
        head = {"fx_effect": "四、", "net_cash_change": "五、", "opening_cash": "加：", "closing_cash": "六、"}.get(
            name, ""
        )
        label = name_of(name, layout)
        plain = english or layout.lines == "plain" or label.startswith("加")
        lines.append((label if plain else f"{head}{label}", name))
    if layout.supplement:
        lines.append(("Supplementary information" if english else "补充资料：将净利润调节为经营活动现金流量", None))
        lines += [(name_of(name, layout), name) for name in SUPPLEMENT]
    return lines


def value_of(account: str, books: Mapping[str, float]) -> float:
    """Return the value that a line prints, in yuan; some lines are sums outside the chart of accounts."""
    if account == TOTAL_REVENUE:
        return books["revenue"]
    if account == TOTAL_COST:
        return sum(books[name] for name in EXPENSES)
    return books[account]


def _named(lines: list[Line], layout: Layout) -> list[Line]:
    named = []
    for text, account in lines:
        label = text if account is None else name_of(account, layout)
        if layout.spaced and account in ("cash", "inventories"):
            label = "　".join(label) if account == "inventories" else " ".join(label)
        named.append((label, account))
    return named
