"""Samples for the commentary of a fund and for the morning note of a market; every name and value is made up."""

import csv
import math
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from .marks import mark
from .planted import Others
from .tables import write_rows

FUND: Final = ("澄澜稳健成长混合型证券投资基金（样本）", "Chenglan Steady Growth Fund (sample)")
QUARTER_END: Final = date(2026, 3, 31)
MARKET_DAY: Final = date(2026, 11, 26)
_STOCKS: Final = (
    ("S60101", "样本精工", "Sample Precision", "工业", "Industrials"),
    ("S60102", "样本电气", "Sample Electric", "工业", "Industrials"),
    ("S30103", "样本芯片", "Sample Chips", "信息技术", "Information technology"),
    ("S30104", "样本软件", "Sample Software", "信息技术", "Information technology"),
    ("S60105", "样本医药", "Sample Pharma", "医药卫生", "Health care"),
    ("S00106", "样本食品", "Sample Foods", "主要消费", "Consumer staples"),
    ("S60107", "样本银行", "Sample Bank", "金融", "Financials"),
    ("S00108", "样本家电", "Sample Appliances", "可选消费", "Consumer discretionary"),
    ("S60109", "样本能源", "Sample Energy", "能源", "Energy"),
    ("S60110", "样本材料", "Sample Materials", "原材料", "Materials"),
)
_MARKETS: Final = (
    ("指数", "Indices", "点", "points", (
        ("样本300指数", "Sample 300 index", 4127.36, 4102.18, 3961.02),
        ("样本中小500指数", "Sample Mid-cap 500 index", 6288.41, 6315.77, 5874.33),
        ("样本科技50指数", "Sample Tech 50 index", 1193.52, 1171.09, 1046.85),
        ("样本海外综合指数", "Sample Overseas composite", 5311.20, 5329.64, 4987.11),
    )),
    ("利率", "Rates", "%", "%", (
        ("隔夜回购利率", "Overnight repo rate", 1.42, 1.39, 1.55),
        ("7天回购利率", "7-day repo rate", 1.58, 1.60, 1.72),
        ("1年期国债收益率", "1-year government bond yield", 1.36, 1.37, 1.44),
        ("10年期国债收益率", "10-year government bond yield", 1.81, 1.79, 1.92),
    )),
    ("汇率", "Exchange rates", "人民币", "CNY", (
        ("美元兑人民币", "USD/CNY", 7.0412, 7.0388, 7.0995),
        ("欧元兑人民币", "EUR/CNY", 8.1650, 8.1521, 8.0143),
        ("港元兑人民币", "HKD/CNY", 0.9041, 0.9039, 0.9118),
    )),
    ("商品", "Commodities", "元", "CNY", (
        ("样本原油", "Sample crude", 512.3, 518.9, 547.6),
        ("样本黄金", "Sample gold", 921.4, 915.8, 812.5),
    )),
)  # fmt: skip
_NEWS: Final = (
    ("快讯-流动性", "note-liquidity", "资金面平稳，逆回购到期量回落",
     "资金面保持平稳，隔夜回购利率小幅上行。当日逆回购到期量较前一日回落，资金供给充足。\n\n"
     "交易员表示，月末前财政支出有望补充流动性，短端利率大幅波动的可能性较低。",
     "Liquidity steady as fewer repos mature",
     "Liquidity stayed steady and the overnight repo rate edged up. Fewer reverse repos matured.\n\n"
     "Dealers expect fiscal spending before the end of the month to add liquidity."),
    ("快讯-产业", "note-industry", "科技板块领涨，设备企业订单回升",
     "样本科技50指数领涨，成交额较前一日放大。多家设备企业披露新签订单回升，市场对资本开支的预期改善。\n\n"
     "研究人员提示，部分公司估值已高于历史均值，业绩兑现情况需要跟踪。",
     "Technology leads, equipment orders recover",
     "The Sample Tech 50 index led the market on higher turnover. Several equipment makers had more orders.\n\n"
     "Analysts note that some prices are high against earnings."),
    ("快讯-海外", "note-overseas", "海外股市小幅回落，油价走低",
     "样本海外综合指数小幅回落，投资者等待通胀数据。样本原油价格连续两日下跌，库存高于预期。\n\n"
     "美元兑人民币窄幅波动。",
     "Overseas shares slip, oil falls",
     "The Sample Overseas composite slipped while investors waited for inflation data. Sample crude fell for a second "
     "day as stocks were above expectations.\n\nUSD/CNY moved within a narrow range."),
)  # fmt: skip


def write_fund(folder: Path, language: str = "zh_CN") -> Others:
    """Write a fund's daily net values (csv), holdings of two quarter ends (xlsx) and its profile (md)."""
    zh = language.startswith("zh")
    folder.mkdir(parents=True, exist_ok=True)
    found = Others(subject=FUND[0 if zh else 1], language=language)
    values = folder / ("基金净值.csv" if zh else "fund-values.csv")
    rows = _net_values()
    with values.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["基金名称" if zh else "Fund", found.subject])
        english = ["Date", "NAV", "Cumulative NAV", "Benchmark"]
        writer.writerow(["日期", "单位净值", "累计净值", "业绩比较基准"] if zh else english)
        for day, net, bench in rows:
            writer.writerow([day.isoformat(), f"{net:.4f}", f"{net + 0.32:.4f}", f"{bench:.2f}"])
        writer.writerow([])
        writer.writerow([mark(language)])
    found.add(values.name, "fund_values")
    for end, seed in ((date(2025, 12, 31), 4), (QUARTER_END, 5)):
        path = folder / (f"基金持仓-{end}.xlsx" if zh else f"fund-holdings-{end}.xlsx")
        _write_holdings(path, end, seed, found.subject, language)
        found.add(path.name, "fund_holdings")
    profile = folder / ("基金概况.md" if zh else "fund-profile.md")
    profile.write_text(_profile(found.subject, language), encoding="utf-8")
    found.add(profile.name, "other")
    by_day = {day: (net, bench) for day, net, bench in rows}
    start, last = by_day[date(2025, 12, 31)], by_day[QUARTER_END]
    found.facts |= {"quarter_return": last[0] / start[0] - 1, "benchmark_return": last[1] / start[1] - 1}
    return found


def _net_values() -> list[tuple[date, float, float]]:
    chance = random.Random(417)  # noqa: S311 - made-up numbers
    net, bench, rows = 1.2865, 1000.0, []
    day = date(2024, 12, 31)
    while day <= QUARTER_END:
        if day.weekday() < 5:
            common = chance.gauss(0.0003, 0.0078)
            net *= math.exp(0.82 * common + chance.gauss(0.0002, 0.0031))
            bench *= math.exp(common)
            rows.append((day, round(net, 4), round(bench, 2)))
        day += timedelta(days=1)
    return rows


def _write_holdings(path: Path, end: date, seed: int, fund: str, language: str) -> None:
    zh = language.startswith("zh")
    chance = random.Random(seed)  # noqa: S311 - made-up numbers
    total = 1_286_400_000.0 if seed == 4 else 1_352_700_000.0
    shares = sorted((chance.uniform(0.022, 0.079) for _ in _STOCKS), reverse=True)
    rows: list[list[object]] = [
        [fund],
        [("报告期末：" if zh else "As of: ") + end.isoformat(), "", "单位：元" if zh else "Unit: CNY"],
        ["序号", "证券代码", "证券名称", "所属行业", "数量（股）", "公允价值（元）", "占净值比例"] if zh
        else ["No.", "Code", "Security", "Industry", "Shares", "Market value (CNY)", "% of NAV"],
    ]  # fmt: skip
    for at, (stock, share) in enumerate(zip(chance.sample(_STOCKS, len(_STOCKS)), shares, strict=True), 1):
        value = round(total * share, 2)
        name, industry = (stock[1], stock[3]) if zh else (stock[2], stock[4])
        rows.append([at, stock[0], name, industry, round(value / chance.uniform(9, 80), -2), value, f"{share:.2%}"])
    write_rows(path, "持仓" if zh else "Holdings", rows, language, widths=(8, 12, 22, 22, 16, 20, 16))


def _profile(fund: str, language: str) -> str:
    if language.startswith("zh"):
        body = (
            f"# {fund}概况\n\n- 基金管理人：澄澜基金管理有限公司（样本）\n- 基金经理：叶知秋\n- 成立日期：2021-05-20\n"
            "- 业绩比较基准：样本300指数收益率×60%＋样本中债综合指数收益率×40%\n- 风险等级：R3\n\n"
            "## 投资策略\n\n本基金以自下而上选股为主，注重现金流与估值的匹配，债券部分以高等级信用债和利率债为主。\n\n"
            "## 本季度操作\n\n本季度小幅提高信息技术行业的配置，降低能源行业的配置，债券久期基本保持不变。\n"
        )
    else:
        body = (
            f"# Profile of the fund: {fund}\n\n- Fund house: Chenglan Asset Management (sample)\n- Run by: Ye Zhiqiu\n"
            "- Inception: 2021-05-20\n- Benchmark: 60% Sample 300 index, 40% Sample bonds\n- Risk level: R3\n\n"
            "## Strategy\n\nThe fund picks shares bottom-up by cash flow and valuation; bonds are of high grade.\n\n"
            "## This quarter\n\nInformation technology was raised, energy reduced; duration unchanged.\n"
        )
    return f"{body}\n---\n\n{mark(language)}\n"


def write_market(folder: Path, language: str = "zh_CN") -> Others:
    """Write the market values of a day (xlsx) and three short news notes (md)."""
    zh = language.startswith("zh")
    folder.mkdir(parents=True, exist_ok=True)
    found = Others(subject="市场晨报" if zh else "Market morning note", language=language)
    path = folder / ("市场行情-2026-11-26.xlsx" if zh else "market-values-2026-11-26.xlsx")
    rows: list[list[object]] = [
        ["类别", "名称", "单位", "最新", "前一日", "上年末", "日期"] if zh
        else ["Group", "Name", "Unit", "Last", "Previous", "End of last year", "Date"]
    ]  # fmt: skip
    for group_zh, group_en, unit_zh, unit_en, lines in _MARKETS:
        for line in lines:
            name = line[0] if zh else line[1]
            group, unit = (group_zh, unit_zh) if zh else (group_en, unit_en)
            rows.append([group, name, unit, *line[2:], MARKET_DAY.isoformat()])
            found.facts[name] = line[2]
    write_rows(path, "行情" if zh else "Market", rows, language, widths=(16, 30, 10, 12, 12, 16, 14))
    found.add(path.name, "market_values")
    for file_zh, file_en, head_zh, text_zh, head_en, text_en in _NEWS:
        note = folder / f"{file_zh if zh else file_en}.md"
        head, text = (head_zh, text_zh) if zh else (head_en, text_en)
        note.write_text(
            f"# {head}\n\n{'市场快讯' if zh else 'Market news'} {MARKET_DAY}\n\n{text}\n\n---\n\n{mark(language)}\n",
            encoding="utf-8",
        )
        found.add(note.name, "news")
    return found
