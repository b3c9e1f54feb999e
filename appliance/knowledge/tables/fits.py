"""How well the rows and columns of a table fit a question, and how far an answer from them is trusted."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

from appliance.knowledge.language.amounts import amounts, fits_ranges
from appliance.knowledge.language.terms import fold
from appliance.knowledge.tables.asked import Asked
from appliance.knowledge.tables.model import Cell, Column, Row, Table
from appliance.knowledge.tables.periods import day_of
from appliance.knowledge.tables.words import NO_MATCH, Match, Term, match, terms_of

_TOTALS = {"zh": "合计", "en": "total"}
_TOTAL = re.compile(r"\btotals?\b|^net (?:income|sales)$|合计|总计|总额|小计|共计", re.IGNORECASE)
_GENERAL = re.compile(
    r"amount|value|balance|figure|actual|金额|数额|余额|数值|本期|期末|reported?|total|fiscal|years?|end(?:ed)?|change|%"
)
_MISSING = 0.25  # what an unnamed word of a row's name takes away, as a share of its weight
_WHOLE = 1.2  # what a name that stands in the question as it is adds
_ASTRAY = 0.2  # how far a row is trusted where its columns tell of different things and none is named
_UNKNOWN_NAME = 0.75  # how far an answer is trusted where the table does not know a name in the question
_OUTER = 0.5  # how much the headings above a row, or words in its other cells, count against its own name
_RANGE_COVER = 0.3  # the words of such a range are not asked for one by one
_SAME_DAY = 1.0  # what a row of the very date adds, or one of another date takes away
_OPENING = 0.1  # what the first day of a year takes away: the year means its end
_RANGE = 1.5  # what a range adds that holds the amount asked about, or takes away
LEAST_COVER = 0.3  # share of a row's name that must be asked for
_NAMED, _COVERED = (
    0.55,
    0.45,
)  # what trust rests on: words that are found, names that are asked for
CHANGES = re.compile(r"change|growth|increase|decrease|variance|over|增减|增幅|增速|增长|变动|变化|同比", re.IGNORECASE)
NOTES = re.compile(r"(?:note|notes|ref\.?|附注|序号)(?: .*)?", re.IGNORECASE)
"""Headers of columns that tell of changes between others, and of references to notes."""


@dataclass(frozen=True)
class Fit:
    """How well a row or column fits: a score to compare by, the share of its name that is asked for, places found."""

    score: float
    cover: float
    places: frozenset[int]
    span: tuple[int, int] | None = None

    @property
    def whole(self) -> bool:
        """Whether the name stands in the question as it is."""
        return self.span is not None


@dataclass(frozen=True)
class Pick:
    """A cell that answers, with its row and column."""

    row: Row
    column: Column
    cell: Cell
    score: float = 0.0

    @property
    def value(self) -> float:
        """The cell's figure; 0 where it holds none."""
        return self.cell.figure.value if self.cell.figure else 0.0


class Fits:
    """Weighs the rows and columns of one table for one question."""

    def __init__(self, asked: Asked, table: Table) -> None:
        self.asked = asked
        self.table = table
        self._row_rarity = _rarity([*(row.header for row in table.rows)])
        self._column_rarity = _rarity([column.header for column in table.value_columns])
        self._amounts = amounts(fold(asked.text))
        self._day = day_of(asked.text)
        self.row_fits = {row.index: self.fit_row(row, asked.terms) for row in table.rows}
        self.column_fits = {column.number: self.fit_column(column, asked.terms) for column in table.value_columns}

    def fit_row(self, row: Row, terms: tuple[Term, ...]) -> Fit:
        """Weigh a row's name, the headings above it and the words in its cells against terms of the question."""
        own = match(row.header or _TOTALS[self.asked.language], terms, self._row_rarity)
        if row.name:
            last = match(row.name, terms, self._row_rarity)
            own = max(own, last, key=lambda found: (found.cover, found.found))
        above = match(" ".join(row.sections), terms, {}) if row.sections else NO_MATCH
        words = " ".join(cell.text for cell in row.cells if cell.figure is None)
        inside = match(words, terms, {}) if words else NO_MATCH
        score = own.found * (0.4 + 0.6 * own.cover) - _MISSING * own.missing
        score += (_WHOLE if own.span else 0.0) + _OUTER * (_beyond(above, own) + 0.5 * _beyond(inside, own))
        within = 0
        if row.periods and self._day is not None and day_of(row.header) is not None:
            score += _SAME_DAY if day_of(row.header) == self._day else -_SAME_DAY
        elif row.periods and (day_of(row.header) or (12, 31)) < (2, 1):
            score -= _OPENING
        if self._amounts:
            within = fits_ranges(self._amounts, fold(row.header))
            score += _RANGE * within
        cover = min(1.0, own.cover + (_RANGE_COVER if within > 0 else 0.0))
        if row.periods and not terms_of(row.header):
            cover = 1.0
        return Fit(score, cover, own.places | above.places | inside.places, own.span)

    def fit_column(self, column: Column, terms: tuple[Term, ...]) -> Fit:
        """Weigh a column's header against terms of the question."""
        found = match(column.header, terms, self._column_rarity)
        score = found.found * (0.4 + 0.6 * found.cover) - (0.1 if found.found else 0.03) * found.missing
        score += 0.6 if found.span else 0.0
        return Fit(score, found.cover, found.places, found.span)

    @cached_property
    def best_row(self) -> Row | None:
        """The row that fits best, where one is named well enough."""
        fits = [(self.row_fits[row.index], row) for row in self.table.rows]
        good = [(fit.score, -row.index, row) for fit, row in fits if fit.score > 0 and fit.cover >= LEAST_COVER]
        return max(good, key=lambda entry: entry[:2])[2] if good else None

    @cached_property
    def _topics(self) -> int:
        """How many different things the columns tell of, periods and changes apart."""
        columns = [
            column
            for column in self.table.value_columns
            if not CHANGES.search(column.header) and not NOTES.fullmatch(column.header.strip())
        ]
        if columns and len({column.periods for column in columns if column.periods}) >= max(2, len(columns) - 1):
            return 1
        return len({topic_of(column) for column in columns})

    def confidence(self, picks: Sequence[Pick], *, by_column: bool = False) -> float:
        """Return how sure the cells are what is asked about, 0..1: what the question names they do, and vice versa."""
        content = self.asked.content
        weight = sum(self.asked.terms[place].weight for place in content)
        places = set(match(f"{self.table.caption} {self.table.context}", self.asked.terms, {}).places)
        covers = []
        for pick in picks:
            row, column = self.row_fits[pick.row.index], self.column_fits[pick.column.number]
            places |= column.places if by_column else row.places | column.places
            whole = by_column and not terms_of(pick.column.header) and self._topics == 1
            astray = not by_column and self._topics > 1 and not column.places and _topic(pick.column)
            covers.append((1.0 if whole else column.cover) if by_column else row.cover * (_ASTRAY if astray else 1.0))
        if by_column:
            for other in self.table.rows:
                places |= self.row_fits[other.index].places if is_total(other) else self._section_places(other)
        unknown = self.asked.names - {self.asked.terms[place].text for place in places}
        named = sum(self.asked.terms[place].weight for place in content & places) / weight if weight else 0.5
        cover = min(covers, default=0.0)
        return round((_NAMED * named + _COVERED * cover) * (_UNKNOWN_NAME if unknown else 1.0), 4)

    def _section_places(self, row: Row) -> frozenset[int]:
        return match(" ".join(row.sections), self.asked.terms, {}).places if row.sections else frozenset()


def is_total(row: Row) -> bool:
    """Tell a row that adds up others."""
    return not row.header or _TOTAL.search(row.header) is not None


def topic_of(column: Column) -> tuple[str, ...]:
    """Return what a header says beside its period."""
    return tuple(term.text for term in terms_of(column.header))


def _topic(column: Column) -> bool:
    """Tell whether a header says more than a period and that figures are amounts."""
    return any(not _GENERAL.fullmatch(term.text) for term in terms_of(column.header))


def _beyond(outer: Match, own: Match) -> float:
    """Return what an outer match adds beyond the places that the row's own name takes."""
    if not outer.places:
        return 0.0
    return outer.found * len(outer.places - own.places) / len(outer.places)


def _rarity(labels: Sequence[str]) -> dict[str, float]:
    counted = Counter(term for label in labels for term in {term.text for term in terms_of(label)})
    return {term: 1 / (1 + log(count)) for term, count in counted.items()}
