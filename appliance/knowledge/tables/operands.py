"""The two figures that a question sets against each other: `ratio of A to B`, A占B的比例."""

import re
from dataclasses import dataclass

from appliance.knowledge.tables.fits import Pick, is_total
from appliance.knowledge.tables.lookup import Finder
from appliance.knowledge.tables.model import Column, Row
from appliance.knowledge.tables.periods import Period
from appliance.knowledge.tables.words import terms_of

_BETWEEN = re.compile(
    r"\b(?P<verb>was|were|is|are|does|do|did|generated|accounted for|made up|consist\w*|come|came|relate\w*)\b"
    r"|\b(?:and|to|over|in|among|of|from|versus|vs|against|than|compared|out of|within|on|by|for|as)\b"
    r"|(?P<inner>中|里)|占|与|和|比|、|是|相对|及|跟|在|除以|减去?"
)
_LEAST_COVER = 0.5
_TOTAL_WORD = re.compile(r"total|合计|总", re.IGNORECASE)


@dataclass(frozen=True)
class Operands:
    """Two cells in the order in which the question names them; `turned` where the second is part of the first."""

    first: Pick
    second: Pick
    turned: bool
    score: float


def operands(finder: Finder, period: Period | None) -> Operands | None:
    """Return the two cells that a question names on either side of a word such as `to` or 占; None without such."""
    found: list[Operands] = []
    folded = finder.asked.folded
    for between in _BETWEEN.finditer(folded):
        left, right = folded[: between.start()], folded[between.end() :]
        if _cuts_a_name(finder, len(terms_of(left))):
            continue
        turned = bool(between["verb"] or between["inner"])
        pair = _by_rows(finder, left, right, period) or _by_columns(finder, left, right, period)
        if pair:
            found.append(Operands(*pair[0], turned, pair[1]))
    return max(found, key=lambda pair: pair.score, default=None)


def _cuts_a_name(finder: Finder, at: int) -> bool:
    """Tell whether the longest name that stands in the question goes on from one side to the other."""
    spans = [fit.span for fit in (*finder.row_fits.values(), *finder.column_fits.values()) if fit.span]
    return any(start < at < end for start, end in spans)


def _by_rows(finder: Finder, left: str, right: str, period: Period | None) -> tuple[tuple[Pick, Pick], float] | None:
    sides = [_row(finder, left), _row(finder, right)]
    if sides[0] is None or sides[1] is None or sides[0][0].index == sides[1][0].index:
        return None
    picks: list[Pick] = []
    for row, _score in (sides[0], sides[1]):
        cells = [pick for pick in finder.cells(row, period) if pick.cell.figure is not None]
        if not cells:
            return None
        same = [pick for pick in cells if picks and pick.column.number == picks[0].column.number]
        picks.append((same or cells)[0])
    return (picks[0], picks[1]), sides[0][1] + sides[1][1]


def _row(finder: Finder, text: str) -> tuple[Row, float] | None:
    terms = terms_of(text)
    fits = [(finder.fit_row(row, terms), row) for row in finder.table.rows]
    good = [(fit.score, -row.index, row) for fit, row in fits if fit.score > 0 and fit.cover >= _LEAST_COVER]
    if not good:
        return None
    score, _index, row = max(good, key=lambda entry: entry[:2])
    return row, score


def _by_columns(finder: Finder, left: str, right: str, period: Period | None) -> tuple[tuple[Pick, Pick], float] | None:
    sides = [_column(finder, left, period), _column(finder, right, period)]
    row = finder.best_row
    if sides[0] is None or sides[1] is None or sides[0][0].number == sides[1][0].number:
        return None
    if row is None:
        dated = [
            row for row in finder.table.rows if period is not None and any(one.fits(period) for one in row.periods)
        ]
        totals = [row for row in dated or finder.table.rows if is_total(row)]
        rows = (
            totals
            or (dated if len(dated) == 1 else [])
            or (list(finder.table.rows) if len(finder.table.rows) == 1 else [])
        )
        if not rows:
            return None
        row = rows[-1]
    picks = []
    for column, _score in (sides[0], sides[1]):
        cell = row.by_column.get(column.number)
        if cell is None or cell.figure is None:
            return None
        picks.append(Pick(row, column, cell))
    return (picks[0], picks[1]), sides[0][1] + sides[1][1]


def _column(finder: Finder, text: str, period: Period | None) -> tuple[Column, float] | None:
    terms = terms_of(text)
    scored = []
    for column in finder.table.value_columns:
        if period is not None and column.periods and not column.periods[0].fits(period):
            continue
        fit = finder.fit_column(column, terms)
        if fit.score > 0 and fit.cover >= _LEAST_COVER:
            scored.append((fit.score, -column.number, column))
    if not scored:
        return None
    score, _number, column = max(scored, key=lambda entry: entry[:2])
    return column, score


def part_and_whole(pair: Operands) -> tuple[Pick, Pick]:
    """Return the cell that is the part and the cell that is the whole."""
    first, second = pair.first, pair.second
    totals = [_is_whole(first), _is_whole(second)]
    turned = totals[0] if totals[0] != totals[1] else pair.turned
    return (second, first) if turned else (first, second)


def _is_whole(pick: Pick) -> bool:
    return _TOTAL_WORD.search(f"{pick.row.header} {pick.column.header}") is not None
