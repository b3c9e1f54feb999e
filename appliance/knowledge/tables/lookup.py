"""Which cells of a table a question means."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from appliance.knowledge.tables.fits import CHANGES, LEAST_COVER, NOTES, Fits, Pick, is_total, topic_of
from appliance.knowledge.tables.model import Column, Row
from appliance.knowledge.tables.periods import LAST, NOW, Period, day_of, periods_in
from appliance.knowledge.tables.words import terms_of


class Finder(Fits):
    """Finds cells of one table for one question."""

    def period_of(self, asked: Period) -> Period | None:
        """Return the table's period that a period of the question means."""
        known = self.table.periods
        found = next((period for period in known if period.fits(asked)), None)
        found = found or next((period for period in known if period.about(asked)), None)
        if found or not known or known[0] != NOW:
            return found
        captioned = periods_in(self.table.caption)
        if captioned:
            return {0: NOW, -1: LAST}.get(asked.year - max(captioned).year)
        return None

    @cached_property
    def periods(self) -> list[Period]:
        """The table's periods that the question names, in its order."""
        known = self.table.periods
        found: list[Period | None] = []
        for asked in self.asked.periods:
            one = self.period_of(asked)
            if one is None and asked.first:  # 2017-2019 asks for the years between, where it is no column
                found += [period for period in known if asked.first <= period.year <= asked.year and not period.first]
            else:
                found.append(one)
        if not found and known:
            for word in self.asked.relative:
                place = 0 if word == "now" else 1
                found.append(known[place] if place < len(known) else None)
        return list(dict.fromkeys(period for period in found if period is not None))

    @cached_property
    def foreign(self) -> bool:
        """Whether the question names a period that the table does not tell of."""
        if not self.asked.periods:
            return False
        known = self.table.periods or periods_in(self.table.caption)
        return (
            bool(known)
            and not self.periods
            and not (
                not self.table.periods and any(period.fits(asked) for period in known for asked in self.asked.periods)
            )
        )

    def cells(self, row: Row, period: Period | None) -> list[Pick]:
        """Return a row's cells of one period (or of any), the best column first."""
        found = []
        taken = self.row_fits[row.index].places
        for cell in row.cells:
            column = self.table.columns[cell.column - 1]
            if NOTES.fullmatch(column.header.strip()):
                continue
            here = self._periods_here(row, column)
            if period is not None and here and not self._is_of(here, period):
                continue
            if period is not None and self._dated and not column.periods and CHANGES.search(column.header):
                continue
            fit = self.column_fits[column.number]
            fresh = bool(fit.places - taken) or not fit.places
            score = fit.score * (1.0 if fresh else 0.4)
            if len(column.periods) > 1 or (CHANGES.search(column.header) and not fit.whole):
                score -= 1.0  # a column of changes between periods
            if cell.figure is None:
                score -= 0.3
            if period is not None and column.periods:
                score += 0.5
            found.append(Pick(row, column, cell, score))
        return sorted(
            found, key=lambda pick: (-pick.score, *(-part for part in _newest(pick.column)), pick.column.number)
        )

    def _periods_here(self, row: Row, column: Column) -> tuple[Period, ...]:
        """Return a cell's periods: the column's, or the row's where all columns are of one."""
        if row.periods and len({one.periods for one in self.table.value_columns if one.periods}) <= 1:
            return row.periods
        return column.periods or row.periods

    def _is_of(self, here: Sequence[Period], period: Period) -> bool:
        if len(here) > 1 and {one.quarter for one in here} == {0}:
            return here[-1] == period and here[0] < period
        return any(one.fits(period) for one in here)

    def pick(self, period: Period | None = None) -> Pick | None:
        """Return the best cell for a period: the best row that has one, and its best column."""
        best: Pick | None = None
        for row in self.table.rows:
            fit = self.row_fits[row.index]
            if fit.cover < LEAST_COVER or (fit.score <= 0 and terms_of(row.header)):
                continue
            for pick in self.cells(row, period)[:1]:
                score = pick.score + fit.score
                if best is None or score > best.score:
                    best = Pick(pick.row, pick.column, pick.cell, score)
        return best

    def alike(self, pick: Pick, period: Period) -> Pick | None:
        """Return the cell of another period that stands for the same thing as `pick`."""
        if pick.column.periods:
            others = [
                other
                for other in self.cells(pick.row, period)
                if other.cell.figure is not None and topic_of(other.column) == topic_of(pick.column)
            ] or [other for other in self.cells(pick.row, period) if other.cell.figure is not None]
            return others[0] if others else None
        same = [
            Pick(row, pick.column, row.by_column[pick.column.number])
            for row in self.table.rows
            if pick.column.number in row.by_column
            and any(own.fits(period) for own in row.periods)
            and terms_of(row.header) == terms_of(pick.row.header)
        ]
        same.sort(key=lambda other: day_of(other.row.header) or (0, 0))
        return same[-1] if same else None

    def over_periods(self, pick: Pick) -> list[Pick]:
        """Return the cells of all periods that stand for the same thing as `pick`, the newest first."""
        found = [self.alike(pick, period) for period in self.table.periods]
        return [other for other in found if other is not None and other.cell.figure is not None]

    def over_rows(self, column: Column, rows: Iterable[Row] | None = None) -> list[Pick]:
        """Return a column's figures of all rows but totals."""
        return [
            Pick(row, column, row.by_column[column.number])
            for row in (self.table.rows if rows is None else rows)
            if column.number in row.by_column and not is_total(row) and row.by_column[column.number].figure is not None
        ]

    def best_column(self, period: Period | None) -> Column | None:
        """Return the column of figures that the question names best."""
        scored = []
        for column in self.table.value_columns:
            if period is not None and column.periods and not self._is_of(column.periods, period):
                continue
            fit = self.column_fits[column.number]
            filled = sum(
                row.by_column[column.number].figure is not None
                for row in self.table.rows
                if column.number in row.by_column
            )
            if filled:
                newest = max((p.year for p in column.periods), default=0)
                scored.append((fit.score, newest, -column.number, column))
        return max(scored, key=lambda entry: entry[:3])[3] if scored else None

    @cached_property
    def _dated(self) -> bool:
        """Whether periods stand in the columns."""
        return any(column.periods for column in self.table.value_columns)


def _newest(column: Column) -> tuple[int, int]:
    return max(((period.year, period.quarter) for period in column.periods), default=(-10, 0))
