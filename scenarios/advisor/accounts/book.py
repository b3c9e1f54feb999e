"""The figures of one answer, collected by id as they are made."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from ..figures.formulas import Formulas
from ..figures.making import Maker
from ..models import Figure, Source

SHIPPED: Final = Path(__file__).with_name("formulas.yaml")
CURRENCY: Final = "CNY"


@cache
def account_formulas() -> Formulas:
    """Return the list of an account's formulas, read once."""
    return Formulas.load(SHIPPED)


class Book:
    """Makes the figures of one account and keeps them."""

    def __init__(self, client: str, language: str, sources: Sequence[Source]) -> None:
        self.language = language
        self._maker = Maker(f"account.{client}", language, sources, catalogue=account_formulas())
        self.figures: dict[str, Figure] = {}

    def add(
        self,
        name: str,
        value: float | date | None,
        inputs: Mapping[str, float | int | str] | None = None,
        *,
        key: str = "",
        about: str = "",
        note: str | None = None,
        sources: Sequence[Source] | None = None,
    ) -> Figure:
        """Make a figure by the name of its formula, keep and return it. Money is in CNY."""
        figure = self._maker.make(name, value, inputs, key=key, about=about, unit=CURRENCY, note=note, sources=sources)
        self.figures[figure.id] = figure
        return figure

    def keep(self, figure: Figure) -> Figure:
        """Keep and return a figure that was made elsewhere."""
        self.figures[figure.id] = figure
        return figure

    def note(self, name: str, **values: object) -> str:
        """Return a note of the list of formulas."""
        return self._maker.note(name, **values)
