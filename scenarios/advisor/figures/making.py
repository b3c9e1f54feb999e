"""Makes figures: a value with its formula, inputs and sources, written in one language."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import numpy

from ..models import Figure, Series, Source
from .formulas import Formulas, formulas
from .writing import number_of, shown

LEAST_VALUES: Final = 30
"""Fewer values than this make no figure."""
PERIODS: Final = 252
"""Trading days a year."""


class Maker:
    """Makes the figures of one subject: ids begin with `prefix`, titles end with `span` in brackets."""

    def __init__(
        self,
        prefix: str,
        language: str,
        sources: Sequence[Source] = (),
        span: str = "",
        catalogue: Formulas | None = None,
    ) -> None:
        self.prefix = prefix
        self.language = language
        self.sources = tuple(sources)
        self.span = span
        self.catalogue = catalogue or formulas()

    def make(
        self,
        name: str,
        value: float | date | None,
        inputs: Mapping[str, float | int | str] | None = None,
        *,
        key: str = "",
        about: str = "",
        unit: str = "",
        note: str | None = None,
        sources: Sequence[Source] | None = None,
    ) -> Figure:
        """Return the figure of a formula by its name in the list.

        `key` sets figures of one formula apart in their ids, `about` in their titles; `unit` is the currency of money.
        A value that is no number is none.
        """
        formula = self.catalogue.formulas[name]
        number = number_of(value) if isinstance(value, date) else value
        if number is not None and not numpy.isfinite(number):
            number = None
        title = formula.title.within(self.language)
        mark = ", ".join(part for part in (about, self.span) if part)
        if mark:
            title = f"{title}（{mark}）" if self.language.startswith("zh") else f"{title} ({mark})"
        unit = unit if formula.unit == "money" else formula.unit
        return Figure(
            id=".".join(part for part in (self.prefix, key, name) if part),
            name=name,
            title=title,
            value=None if number is None else float(number),
            unit=unit,
            shown=shown(number, unit, self.language),
            formula=formula.formula.within(self.language),
            inputs=dict(inputs or {}),
            sources=self.sources if sources is None else tuple(sources),
            note=note,
        )

    def note(self, name: str, **values: object) -> str:
        """Return a note of the list in the language."""
        return self.catalogue.note(name, self.language, **values)


def used(series: Series) -> Source:
    """Return the source of the part of a series that is used, with its days."""
    if not len(series):
        return series.source
    rows = f"{series.name}, {series.days[0]} to {series.days[-1]}, {len(series)} rows"
    return series.source.model_copy(update={"rows": rows})


def fact(figure: Figure) -> str:
    """Return the text that a written sentence's numbers are held against."""
    return f"{figure.title}: {figure.shown}"
