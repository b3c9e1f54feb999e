"""What is to be drawn."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..models import Place

Point = tuple[str, float | None, str | None]
"""Label, value (null: missing) and id of the figure, if it is one."""
Kind = Literal["bar", "line", "stacked", "waterfall", "share"]


class ChartSpec(BaseModel):
    """A chart: series with a title and points, all in one unit.

    bar: bars side by side for each label. line: a line for each series. stacked: one bar for each label. share:
    horizontal bars. waterfall: the first value and the last are totals, those between are steps with their sign; of
    several series each gives one bar, its last value.
    """

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1, max_length=200)
    caption: str
    kind: Kind
    series: tuple[tuple[str, tuple[Point, ...]], ...]
    unit: str = Field(description="share, ratio, days, count, or a currency.")
    places: tuple[Place, ...] = ()


class Data:
    """The values of a chart as a table: a row for each series, a column for each label."""

    def __init__(self, spec: ChartSpec) -> None:
        self.titles = [title for title, _points in spec.series]
        self.labels = _labels(spec)
        found: list[Mapping[str, float | None]] = [
            {label: value for label, value, _id in points} for _title, points in spec.series
        ]
        self.rows: list[list[float | None]] = [[row.get(label) for label in self.labels] for row in found]

    @property
    def values(self) -> list[float]:
        """All that is there."""
        return [value for row in self.rows for value in row if value is not None]

    def without(self) -> "Data":
        """Return the data without series that have no value at all."""
        kept = Data.__new__(Data)
        pairs = [
            (title, row) for title, row in zip(self.titles, self.rows, strict=True)
            if any(one is not None for one in row)
        ]  # fmt: skip
        kept.titles, kept.rows, kept.labels = [one for one, _row in pairs], [row for _one, row in pairs], self.labels
        return kept

    def missing(self) -> list[str]:
        """Return what has no value: whole series by title, else labels."""
        whole = [title for title, row in zip(self.titles, self.rows, strict=True) if all(one is None for one in row)]
        single = [
            label if len(self.titles) == 1 else f"{title} {label}"
            for title, row in zip(self.titles, self.rows, strict=True)
            if title not in whole
            for label, one in zip(self.labels, row, strict=True)
            if one is None
        ]
        return [*whole, *single]


def _labels(spec: ChartSpec) -> list[str]:
    """Return the labels of all series in their order; what one series lacks stands where the others have it."""
    rows = sorted(([label for label, _value, _id in points] for _title, points in spec.series), key=len, reverse=True)
    labels: list[str] = []
    for row in rows:
        for place, label in enumerate(row):
            if label in labels:
                continue
            after = next((one for one in row[place + 1 :] if one in labels), None)
            labels.insert(len(labels) if after is None else labels.index(after), label)
    return labels
