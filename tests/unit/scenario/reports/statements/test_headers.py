import pytest

from scenarios.reports.statements.headers import currency_in, folded, said_in, statement_in, time_in, unit_in

UNITS = {
    "单位：元": "元",
    "单位:人民币元": "元",
    "金额单位：万元": "万元",
    "（人民币千元）": "千元",
    "单位：百万元 币种：人民币": "百万元",
    "（除特别注明外，金额单位均为人民币元）": "元",
    "Unit: RMB'000": "千元",
    "in thousands of RMB": "千元",
    "RMB million": "百万元",
    "(in millions)": "百万元",
    "Expressed in RMB": "元",
    "亿元": "亿元",
    "编制单位：某某公司": None,
    "一元集团有限公司": None,
    "金额（人民币万元）": "万元",
    "（一）基本每股收益（元/股）": None,
    "2025年度 单位：千元": "千元",
}


@pytest.mark.parametrize(("text", "unit"), UNITS.items())
def test_units_are_read_where_they_are_stated(text, unit):
    assert unit_in(text) == unit


TIMES = {
    "2025年12月31日": ("2025-12-31", None, None),
    "2025-09-30": ("2025-09-30", None, None),
    "二〇二五年十二月三十一日": ("2025-12-31", None, None),
    "2025年1-9月": ("2025-09-30", None, 9),
    "2025年1—6月": ("2025-06-30", None, 6),
    "2025年度": (None, 2025, 12),
    "2025": (None, 2025, None),
    "31 December 2025": ("2025-12-31", None, None),
    "December 31, 2024": ("2024-12-31", None, None),
    "For the nine months ended 30 September 2025": ("2025-09-30", None, 9),
    "For the year ended 30 June 2025": ("2025-06-30", None, 12),
    "2025年半年度": ("2025-06-30", None, 6),
    "会计期间：2025年11月": ("2025-11-30", None, None),
    "2025年1月1日至2025年12月31日": ("2025-12-31", None, 12),
    "2025-01-01 至 2025-06-30": ("2025-06-30", None, 6),
    "20251231": ("2025-12-31", None, None),
    "2025年13月40日": (None, 2025, None),
}


@pytest.mark.parametrize(("text", "time"), TIMES.items())
def test_days_years_and_spans(text, time):
    assert time_in(folded(text)) == time


def test_columns_say_period_scope_and_restatement():
    assert said_in("期末余额").when == "current"
    assert said_in("上年年末余额").when == "opening"
    assert said_in("上年同期数").when == "prior"
    assert said_in("2024年12月31日（已重述）").restated == "after"
    assert said_in("调整前").restated == "before"
    assert said_in("合并 2025年12月31日").scope == "consolidated"
    assert said_in("母公司 期末余额").scope == "parent"
    assert said_in("归属于母公司所有者权益").scope == "unknown"
    assert [said_in(text).role for text in ("附注", "行次", "项  目", "同比增减")] == [
        "note",
        "line",
        "label",
        "ignored",
    ]


def test_titles_and_currencies():
    assert statement_in("合 并 资 产 负 债 表（续）") == "balance"
    assert statement_in("合并所有者权益变动表") == "equity"
    assert statement_in("Consolidated statement of profit or loss") == "income"
    assert statement_in("现金流量表补充资料") == "cash_flow"
    assert statement_in("经营情况说明") is None
    assert (currency_in("单位：万美元"), currency_in("单位：元"), currency_in("HK$ million")) == ("USD", None, "HKD")
