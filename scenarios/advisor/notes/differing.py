"""Files that give different figures for the same measure and time."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .sentences import Said
from .words import NoteWords

_AMOUNT: Final = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<scale>万亿|亿|万|million|billion|thousand)?\s*(?P<unit>元|yuan|cny|rmb|%|percent\b)",
    re.IGNORECASE,
)
_SCALES: Final = {"万亿": 1e12, "亿": 1e8, "万": 1e4, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_YEAR: Final = re.compile(r"(20\d\d)\s*年?")
_QUARTER: Final = re.compile(
    r"第?([一二三四1-4])季度|\bq([1-4])\b|\b(first|second|third|fourth) quarter\b", re.IGNORECASE
)
_QUARTERS: Final = {**dict(zip("一二三四", range(1, 5), strict=True)), **{str(one): one for one in range(1, 5)},
                    "first": 1, "second": 2, "third": 3, "fourth": 4}  # fmt: skip
_MOVES: Final = re.compile(r"\bfrom\b|由|从|提高|下降|增长|rose|fell|grew|的")
"""Between a measure and its figure: the figure is a change, or of something else."""
_APART: Final = 0.005


@dataclass(frozen=True)
class _Figure:
    measure: str
    period: tuple[int | None, int | None]
    unit: str
    value: float
    shown: str
    said: Said


def differing(said: Iterable[Said], words: NoteWords) -> list[tuple[tuple[Said, str], ...]]:
    """Return groups of sentences of different files with their figures, the newest first, that cannot all be right.

    Figures count as about one thing where the measure, the year, the quarter and the unit are the same. A change from
    a year before is no level, and is left out.
    """
    groups: dict[tuple[object, ...], list[_Figure]] = {}
    for one in said:
        for figure in _figures(one, words):
            groups.setdefault((figure.measure, figure.period, figure.unit), []).append(figure)
    return [found for group in groups.values() if (found := _apart(group))]


def _apart(group: Sequence[_Figure]) -> tuple[tuple[Said, str], ...]:
    by_file: dict[str, _Figure] = {}
    for one in group:
        by_file.setdefault(one.said.head.document_id, one)
    figures = sorted(by_file.values(), key=lambda one: str(one.said.head.day or ""), reverse=True)
    if len(figures) < 2:
        return ()
    least, most = min(one.value for one in figures), max(one.value for one in figures)
    if most - least <= _APART * max(abs(most), 1e-9):
        return ()
    return tuple((one.said, one.shown) for one in figures)


def _figures(said: Said, words: NoteWords) -> list[_Figure]:
    text = said.text.casefold()
    found = []
    for measure, (wanted, pattern) in words.measures.items():
        at = pattern.search(text)
        amount = _AMOUNT.search(text, at.end()) if at else None
        # The figure of a measure follows it closely; what stands farther off belongs to another.
        if at is None or amount is None or amount.start() - at.end() > 40:
            continue
        unit = "percent" if amount["unit"] in ("%", "percent") else "money"
        if unit != wanted or _MOVES.search(text[at.end() : amount.end()]):
            continue
        number = float(amount["number"].replace(",", "")) * _SCALES.get((amount["scale"] or "").lower(), 1.0)
        found.append(_Figure(measure, _period(text, said), unit, number,
                             amount.group().strip(), said))  # fmt: skip
    return found


def _period(text: str, said: Said) -> tuple[int | None, int | None]:
    year, quarter = _YEAR.search(text), _QUARTER.search(text)
    written = next((part for part in quarter.groups() if part), "") if quarter else ""
    dated = said.head.day.year if said.head.day else None
    return (int(year[1]) if year else dated), _QUARTERS.get(written.lower())
