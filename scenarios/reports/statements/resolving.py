"""From amounts as printed to values: which day, how many months, whose, in which unit, and how sure all that is."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ..models import Scope
from .chart import Chart
from .headers import UNITS
from .models import Block, Column, Draft

_UNIT_SURE: Final = {"table": 1.0, "officer": 1.0, "file": 0.95, "size": 0.9, "": 0.5}
_DAY_SURE: Final = {"table": 1.0, "officer": 1.0, "file": 0.9, "": 0.0}
_MONTHS_ASSUMED: Final = 0.9
_TOO_MUCH_IN_WAN: Final = 1e9
"""A company whose accounts went up to so many 万元 would be larger than any bank."""
_MUCH_WITH_FEN: Final = 1e7
_FLIPPED: Final = 0.6
"""Share of the costs that are printed negative where a statement prints them all so."""
_LOSSES: Final = ("credit_impairment", "asset_impairment")


@dataclass(frozen=True)
class Entry:
    """A value with all that says what it is; `half` is half of the printed unit's last digit, in currency units."""

    draft: Draft
    block: Block
    column: Column
    period: str
    months: int
    scope: Scope
    value: float
    half: float
    unit: str
    confidence: float

    @property
    def own(self) -> bool:
        """Tell whether it is of the report's own period, not a comparative value."""
        return self.block.day == self.period


@dataclass(frozen=True)
class Span:
    """The period of a column, and how surely it is that."""

    period: str
    months: int
    confidence: float


def span_of(block: Block, column: Column) -> Span | None:
    """Return the period that a column stands for; None where nothing says it."""
    flow = block.statement != "balance"
    sure = _DAY_SURE[block.day_from]
    period = _period(block, column, flow=flow)
    if period is None:
        return None
    if column.day or column.year:
        sure = 1.0
    if not flow:
        return Span(period, 0, sure)
    months = column.months or block.months
    if months is not None and (column.months or block.day is None or period[5:] == block.day[5:]):
        return Span(period, months, sure)
    month = int(period[5:7])
    return Span(period, month, sure if month == 12 else sure * _MONTHS_ASSUMED)


def _period(block: Block, column: Column, *, flow: bool) -> str | None:
    if column.day:
        return column.day
    day = block.day
    if column.year:
        end = day[5:] if day else "12-31"
        return f"{column.year}-{end}" if flow or (day and day[:4] == str(column.year)) else f"{column.year}-12-31"
    if day is None:
        return None
    at = date.fromisoformat(day)
    if column.when == "current":
        return day
    if column.when == "opening" or (column.when == "prior" and not flow):
        if flow:
            return None
        return f"{at.year - 1}-12-31"  # the balance before is that of the last year's end
    if column.when == "prior":
        return f"{at.year - 1}-{day[5:]}" if day[5:] != "02-29" else f"{at.year - 1}-02-28"
    return None


def with_units(blocks: Iterable[Block], drafts: Sequence[Draft]) -> dict[str, Block]:
    """Return the blocks by id; one that states no unit has that of its file, or 元 where its size leaves no other."""
    by_id = {block.id: block for block in blocks}
    stated: dict[str, Counter[str]] = {}
    for block in by_id.values():
        if block.unit:
            stated.setdefault(block.file, Counter())[block.unit] += 1
    for block in list(by_id.values()):
        if block.unit or any(column.unit for column in block.columns):
            continue
        units = stated.get(block.file)
        if units and len(units) == 1:
            by_id[block.id] = block.model_copy(update={"unit": next(iter(units)), "unit_from": "file"})
        elif _is_yuan([draft for draft in drafts if draft.block == block.id]):
            by_id[block.id] = block.model_copy(update={"unit": "元", "unit_from": "size"})
    return by_id


def _is_yuan(drafts: Sequence[Draft]) -> bool:
    """Tell amounts that can be in nothing larger than 元 by how large they are."""
    numbers = [draft for draft in drafts if draft.number]
    if not numbers:
        return False
    largest = max(abs(draft.number or 0.0) for draft in numbers)
    with_fen = sum(1 for draft in numbers if draft.decimals == 2)
    return largest >= _TOO_MUCH_IN_WAN or (largest >= _MUCH_WITH_FEN and with_fen > 0.5 * len(numbers))


def entries_of(blocks: Mapping[str, Block], drafts: Sequence[Draft], chart: Chart) -> list[Entry]:
    """Return all values whose period is told, in the currency's basic unit and with our signs."""
    columns = {(block.id, column.number): column for block in blocks.values() for column in block.columns}
    spans = {key: span_of(blocks[key[0]], column) for key, column in columns.items()}
    finest = _finest(drafts)
    flipped = _flipped(drafts, chart)
    entries = []
    for draft in drafts:
        key = (draft.block, draft.column)
        block, column, span = blocks[draft.block], columns[key], spans[key]
        if span is None or draft.number is None:
            continue
        unit, sure = (column.unit, 1.0) if column.unit else (block.unit or "元", _UNIT_SURE[block.unit_from])
        value = _signed(draft, chart, flipped=key in flipped)
        scope = column.scope if column.scope != "unknown" else block.scope
        entries.append(
            Entry(
                draft, block, column, span.period, span.months, scope, _exact(value * UNITS[unit]),
                0.5 * 10.0 ** -finest.get(draft.block, 0) * UNITS[unit], unit,
                round(draft.strength * sure * span.confidence, 3),
            )
        )  # fmt: skip
    return entries


def _exact(value: float) -> float:
    """Drop what binary fractions add: 1234.56 万元 are 12345600 元."""
    return round(value, 4)


def _finest(drafts: Sequence[Draft]) -> dict[str, int]:
    """Return how many decimals each block prints."""
    finest: dict[str, int] = {}
    for draft in drafts:
        finest[draft.block] = max(finest.get(draft.block, 0), min(draft.decimals, 4))
    return finest


def _flipped(drafts: Sequence[Draft], chart: Chart) -> set[tuple[str, int]]:
    """Return the columns that print costs and outflows as negative numbers."""
    signs: dict[tuple[str, int], list[bool]] = {}
    for draft in drafts:
        account = chart.accounts.get(draft.account)
        if account is not None and account.outgoing and draft.number and draft.account != "finance_costs":
            signs.setdefault((draft.block, draft.column), []).append(draft.number < 0)
    return {key for key, negative in signs.items() if len(negative) > 1 and sum(negative) >= _FLIPPED * len(negative)}


def _signed(draft: Draft, chart: Chart, *, flipped: bool) -> float:
    """Return the number with our signs: costs and outflows positive, gains positive, losses negative."""
    number = draft.number or 0.0
    account = chart.accounts[draft.account]
    if account.outgoing and flipped:
        return -number if number else 0.0
    if draft.account in _LOSSES and draft.less and number > 0:
        return -number  # `减：资产减值损失` is a cost
    return abs(number) if account.statement == "balance" and account.sign < 0 else number
