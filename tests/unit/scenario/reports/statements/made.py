"""Readings made of rows, as reading gives them."""

from scenarios.reports.models import Grid, Passage, Reading, SourceFile
from scenarios.reports.statements.extracting import extract


def grid(rows, number=1, sheet="Sheet1", above=(), page=None, unsaved=()):
    width = max(map(len, rows))
    full = tuple((*map(str, row), *[""] * (width - len(row))) for row in rows)
    return Grid(
        number=number,
        sheet=sheet,
        above=above,
        rows=full,
        row_numbers=tuple(range(1, len(full) + 1)),
        pages=(page,) * len(full),
        unsaved=unsaved,
    )


def reading(*grids, name="a.xlsx", file_id="f01", kind="other", text=(), fault=None):
    return Reading(
        file=SourceFile(id=file_id, name=name, sha256="0", size=1, kind=kind, fault=fault),
        passages=tuple(Passage(text=line, line=number) for number, line in enumerate(text, 1)),
        grids=tuple(one if isinstance(one, Grid) else grid(one, number) for number, one in enumerate(grids, 1)),
    )


def extracted(*readings, language="en", own=None):
    return extract(readings, language, own)


def values(extraction, scope=None):
    """Return the values by account and period."""
    return {
        (item.account, item.period): item.value for item in extraction.items if scope is None or item.scope == scope
    }


BALANCE = [
    ["货币资金", "100.00", "80.00"],
    ["应收账款", "50.00", "40.00"],
    ["存货", "50.00", "30.00"],
    ["流动资产合计", "200.00", "150.00"],
    ["固定资产", "300.00", "250.00"],
    ["非流动资产合计", "300.00", "250.00"],
    ["资产总计", "500.00", "400.00"],
    ["短期借款", "120.00", "100.00"],
    ["流动负债合计", "120.00", "100.00"],
    ["负债合计", "120.00", "100.00"],
    ["实收资本（或股本）", "200.00", "200.00"],
    ["未分配利润", "180.00", "100.00"],
    ["所有者权益合计", "380.00", "300.00"],
    ["负债和所有者权益总计", "500.00", "400.00"],
]


def balance(
    unit="单位：万元", day="2025年12月31日", header=("项目", "期末余额", "年初余额"), rows=BALANCE, title="资产负债表"
):
    return [[title], ["编制单位：某某（虚构）公司", day, unit], list(header), *map(list, rows)]
