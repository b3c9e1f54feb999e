"""Makes the figures of tables: a value with its formula, and the cells that it was computed from."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_words, read_yaml

from ..models import Figure, Input, Language
from ..showing import MISSING, day_title, rounded, shown
from .tables import Entry

_FILE: Final = Path(__file__).with_name("figures.yaml")
WORDS: Final = Path(__file__).with_name("words.yaml")
MOST_INPUTS: Final = 100
"""Cells that a figure names; a sum of more names the first."""


_AS_SHOWN: Final = ("value", "rate", "points", "percent_points")
"""What no unit of figures is: it is written nowhere but as it is shown."""


class Formula(BaseModel):
    """What a figure is called and how it is defined."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Literal["share", "count", "ratio", "money", "value", "rate", "points", "percent_points", "day"]
    title: Words
    formula: Words


@cache
def formulas() -> dict[str, Formula]:
    """Return the formulas by name, read once."""
    return TypeAdapter(dict[str, Formula]).validate_python(read_yaml(_FILE))


class Maker:
    """Makes figures of one day in one language."""

    def __init__(self, language: Language, period: str, currency: str = "CNY") -> None:
        self.language: Language = language
        self.period = period
        self.currency = currency
        self._chinese = language.startswith("zh")

    def make(
        self, name: str, value: float | None, inputs: Sequence[Input] = (), *, key: str = "", called: str = "",
        about: str = "", note: str | None = None, decimals: int = 4,
    ) -> Figure:  # fmt: skip
        """Return a figure; `key` sets figures of one formula apart.

        `called` takes the place of the formula's title, such as the name of an industry; `about` stands behind it.
        """
        formula = formulas()[name]
        title = called or formula.title.within(self.language)
        title = self._titled(title, about) if about else title
        unit = self.currency if formula.unit == "money" else formula.unit
        full = f"{name}.{key}" if key else name
        return Figure(
            id=f"{full}@{self.period}", name=full, title=title, period=self.period, value=value,
            unit="text" if unit in _AS_SHOWN else unit,
            shown=self._shown(value, unit, decimals), formula=formula.formula.within(self.language),
            inputs=tuple(self._named(one) for one in inputs[:MOST_INPUTS]), note=note,
        )  # fmt: skip

    def day(self, name: str, day: str, inputs: Sequence[Input]) -> Figure:
        """Return a figure whose value is a day; it is written as texts write days."""
        made = self.make(name, None, inputs)
        return made.model_copy(update={"unit": "text", "shown": day_title(day, self.language)})

    def _named(self, one: Input) -> Input:
        words = read_words(WORDS)
        symbol = words[one.symbol].within(self.language) if one.symbol in words else one.symbol
        return one.model_copy(update={"symbol": symbol})

    def _titled(self, title: str, about: str) -> str:
        return f"{title}（{about}）" if self._chinese else f"{title} ({about})"

    def _shown(self, value: float | None, unit: str, decimals: int) -> str:
        if value is None:
            return MISSING["zh" if self._chinese else "en"]
        if unit == "value":
            return rounded(value, decimals)
        if unit == "rate":
            return f"{rounded(value, decimals)}%"
        if unit == "points":
            text = rounded(value, 1).removesuffix(".0")
            return f"{text}个基点" if self._chinese else f"{text} basis point{'' if text in ('1', '-1') else 's'}"
        if unit == "percent_points":
            text = rounded(value * 100.0, 2)
            return f"{text}个百分点" if self._chinese else f"{text} percentage points"
        return shown(value, unit, self.language)


def of_cell(symbol: str, entry: Entry) -> Input:
    """Return the input that a cell is. Raises `ValueError` for one without a number."""
    if entry.number is None:
        raise ValueError(f"{symbol} has no number")
    return Input(symbol=symbol, value=entry.number, shown=entry.text, place=entry.place)


def of_figure(symbol: str, figure: Figure) -> Input:
    """Return the input that another figure is. Raises `ValueError` for one without a value."""
    if figure.value is None:
        raise ValueError(f"{figure.id} has no value")
    return Input(symbol=symbol, value=figure.value, shown=figure.shown, figure=figure.id)
