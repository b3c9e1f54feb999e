"""Statements as tables of cells, before they become a workbook or pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from .companies import Company, Scope, Truth
from .labels import Line
from .layouts import Layout
from .lines import balance_lines, cash_flow_lines, income_lines, value_of

Statement = Literal["balance", "income", "cash_flow"]
STATEMENTS: tuple[Statement, ...] = ("balance", "income", "cash_flow")
_TITLES = {"balance": "资产负债表", "income": "利润表", "cash_flow": "现金流量表"}
_TITLES_EN = {"balance": "Balance Sheet", "income": "Income Statement", "cash_flow": "Cash Flow Statement"}

SIGNATURES = {
    "zh": "法定代表人：　　　　　　主管会计工作负责人：　　　　　　会计机构负责人：",
    "en": "Director:                    Chief accountant:                    Head of accounting:",
}
_OF_GROUPS = ("equity_parent", "minority_interests", "net_profit_parent", "net_profit_minority")


@dataclass(frozen=True)
class Cell:
    """A cell; `value` in yuan makes it a number."""

    text: str = ""
    value: float | None = None
    across: int = 1
    down: int = 1
    strong: bool = False


@dataclass
class Sheet:
    """One table with the lines above it."""

    name: str
    title: str
    left: str
    middle: str
    right: str
    header: list[list[Cell]]
    rows: list[list[Cell]]
    widths: list[float]
    layout: Layout
    truth: list[Truth] = field(default_factory=list)


@dataclass(frozen=True)
class _Column:
    scope: Scope
    year: int


def sheets_of(company: Company, layout: Layout, year: int) -> list[Sheet]:
    """Return the statements of one year's report, with the years before it beside."""
    together = layout.header == "scopes" and len(company.scopes) > 1
    groups: list[tuple[Scope, ...]] = [company.scopes] if together else [(one,) for one in company.scopes]
    return [_sheet(company, layout, year, scopes, statement) for scopes in groups for statement in STATEMENTS]


def _sheet(company: Company, layout: Layout, year: int, scopes: tuple[Scope, ...], statement: Statement) -> Sheet:
    columns = [_Column(scope, year - back) for scope in scopes for back in range(layout.columns)]
    if statement == "balance":
        sides: Sequence[Sequence[Line]] = balance_lines(layout)
        if not layout.two_sided:
            sides = [[*sides[0], *sides[1]]]
    else:
        sides = [income_lines(layout) if statement == "income" else cash_flow_lines(layout)]
    if "consolidated" not in scopes:  # a company alone has no minority to set apart
        sides = [[line for line in side if line[1] not in _OF_GROUPS] for side in sides]
    truth: list[Truth] = []
    bodies = [_body(company, layout, side, columns, statement, year, truth) for side in sides]
    header = _header(company, layout, columns, statement, year, len(sides))
    title, name = _title(layout, scopes, statement)
    side_widths = [3.2, *([0.45] if layout.index else []), *([0.7] if layout.notes else []), *([1.35] * len(columns))]
    side_widths += [0.9] if layout.changes else []
    english = layout.language == "en"
    return Sheet(
        name=name, title=title,
        left=f"Prepared by: {company.name_in('en')}" if english else f"编制单位：{company.name_in('zh')}",
        middle=_as_of(statement, year, english=english),
        right=_unit(layout),
        header=header, rows=_joined(bodies, len(side_widths)), widths=side_widths * len(sides),
        layout=layout, truth=truth,
    )  # fmt: skip


def _unit(layout: Layout) -> str:
    if layout.unit_in_header:
        return ""
    return (
        f"Unit: {layout.unit}" if layout.language == "en" else f"单位：{'人民币' if layout.notes else ''}{layout.unit}"
    )


def _as_of(statement: Statement, year: int, *, english: bool) -> str:
    if statement == "balance":
        return f"As at 31 December {year}" if english else f"{year}年12月31日"
    return f"For the year ended 31 December {year}" if english else f"{year}年度"


def _title(layout: Layout, scopes: tuple[Scope, ...], statement: Statement) -> tuple[str, str]:
    if layout.language == "en":
        head = {"consolidated": "Consolidated ", "parent": "Company "}.get(scopes[0], "")
        return f"{head}{_TITLES_EN[statement]}", f"{head}{_TITLES_EN[statement]}"[:31]
    if len(scopes) > 1:
        return f"合并及母公司{_TITLES[statement]}", f"合并及母公司{_TITLES[statement]}"
    head = {"consolidated": "合并", "parent": "母公司"}.get(scopes[0], "")
    return f"{head}{_TITLES[statement]}", f"{head}{_TITLES[statement]}"


def period_text(layout: Layout, statement: Statement, year: int, back: int) -> str:
    """Return the header of a value column; `back` counts years from the report's own."""
    at = year - back
    if layout.language == "en":
        return f"31 Dec {at}" if statement == "balance" else str(at)
    if layout.periods == "dates":
        return f"{at}年12月31日" if statement == "balance" else f"{at}年度"
    if statement == "balance":
        return ("期末余额", "年初余额" if layout.two_sided else "上年年末余额")[back]
    if layout.names == "variant":
        return ("本年累计数", "上年同期数")[back]
    return ("本期金额", "上期金额")[back]


def _header(
    company: Company, layout: Layout, columns: list[_Column], statement: Statement, year: int, sides: int
) -> list[list[Cell]]:
    rows = 1 if layout.header == "plain" else 2
    if layout.header == "scopes" and len({column.scope for column in columns}) == 1:
        rows = 1
    names: tuple[str, ...] = ("资产", "负债和所有者权益（或股东权益）") if sides == 2 else ("项目",)
    if layout.language == "en":
        names = ("Item",)
    if layout.spaced:
        names = tuple("　".join(name) if len(name) == 2 else name for name in names)
    top: list[Cell] = []
    below: list[Cell] = []
    for name in names:
        top.append(Cell(name, down=rows, strong=True))
        if layout.index:
            top.append(Cell("行次", down=rows, strong=True))
        if layout.notes:
            top.append(Cell("Note" if layout.language == "en" else "附注", down=rows, strong=True))
        texts = [_period(company, layout, statement, year, column) for column in columns]
        texts += ["变动幅度"] if layout.changes else []
        if rows == 1:
            top += [Cell(text, strong=True) for text in texts]
            continue
        below += [Cell(text, strong=True) for text in texts]
        if layout.header == "scopes":
            top += [Cell(text, across=layout.columns, strong=True) for text in ("合并", "母公司")]
        else:
            top.append(Cell(f"金额（人民币{layout.unit}）", across=len(columns), strong=True))
    return [top, below] if rows == 2 else [top]


def _period(company: Company, layout: Layout, statement: Statement, year: int, column: _Column) -> str:
    text = period_text(layout, statement, year, year - column.year)
    changed = year > column.year and column.year in company.first_given and column.scope == company.scope
    text += f"（{layout.unit}）" if layout.unit_in_header else ""
    return text + ((" (restated)" if layout.language == "en" else "（已重述）") if changed else "")


def _body(
    company: Company, layout: Layout, lines: Sequence[Line], columns: list[_Column], statement: Statement, year: int,
    truth: list[Truth],
) -> list[list[Cell]]:  # fmt: skip
    rows = []
    for number, (label, account) in enumerate(lines, 1):
        books = [_books(company, column, year) for column in columns]
        values = [
            None if account is None or (column.scope == "parent" and account in _OF_GROUPS) else value_of(account, one)
            for column, one in zip(columns, books, strict=True)
        ]
        strong = account is None or account.startswith(("total_", "net_profit", "operating_profit", "closing"))
        indent = "" if strong or "　" in label or layout.lines == "plain" else "　"
        plain = not strong and "、" not in label[:3] and "：" not in label
        count = f"{number}、" if layout.numbered and account and plain else ""
        row = [Cell(label if layout.language == "en" else indent + count + label, strong=strong)]
        if layout.index:
            row.append(Cell("" if account is None else str(number)))
        if layout.notes:
            row.append(Cell(_note(statement, number, account, values, layout)))
        row += [Cell(layout.printed(value), value) for value in values]
        row += [Cell(_change(values))] if layout.changes else []
        rows.append(row)
        for column, value in zip(columns, values, strict=True):
            if account and not account.startswith("+") and value is not None and layout.rounded(value) != 0:
                months = 0 if statement == "balance" else 12
                first = company.first_given.get(column.year, {}) if column.scope == company.scope else {}
                restated = year > column.year and account in first and first[account] != value
                truth.append(
                    Truth(account, f"{column.year}-12-31", months, column.scope, layout.rounded(value), restated)
                )
    return rows


def _change(values: list[float | None]) -> str:
    """Return the change from the year before in per cent."""
    now, before = values[0], values[1]
    return f"{(now / before - 1) * 100:.2f}%" if now is not None and before else ""


def _books(company: Company, column: _Column, year: int) -> dict[str, float]:
    if column.year == year and column.year in company.first_given and column.scope == company.scope:
        return dict(company.first_given[column.year])
    return dict(company.statements[column.scope, column.year])


def _note(statement: Statement, number: int, account: str | None, values: list[float | None], layout: Layout) -> str:
    plain = account is not None and not account.startswith(("total_", "+", "operating_", "investing_", "financing_"))
    if not plain or not any(values) or statement == "cash_flow":
        return ""
    if layout.language == "en":
        return str(number + (0 if statement == "balance" else 45))
    return f"五、{number + (0 if statement == 'balance' else 45)}"


def _joined(bodies: list[list[list[Cell]]], width: int) -> list[list[Cell]]:
    """Put the sides of a two-sided table beside each other, their last lines on one level."""
    if len(bodies) == 1:
        return bodies[0]
    left, right = bodies
    length = max(len(left), len(right))
    empty = [Cell() for _ in range(width)]
    filled = [[*side[:-1], *([empty] * (length - len(side))), side[-1]] for side in (left, right)]
    return [[*a, *b] for a, b in zip(*filled, strict=True)]
