"""Whether every number of a report stands in the sources of the sentence, cell or caption that says it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ..models import Cell, Figure, Paragraph, PictureBlock, Place, Report, Sentence, Table, TableBlock
from ..output.notes import spots_of
from .given import Given, Said, dates_of, unit_scale
from .naming import HASH, wording
from .quantities import Quantity, quantities

_Where = Literal["sentence", "cell", "caption", "note"]
_YEARS: Final = (1900, 2200)
_PAID: Final = ("付", "paid")
"""What the table of payments says instead of a sign."""
_OF_SYMBOL: Final = re.compile(r"^p(?=\d+$)")
"""The inputs p1, p2, … are payments, numbered."""


@dataclass(frozen=True)
class Untraced:
    """A number without a source."""

    where: _Where
    id: str
    """Of the sentence, table or picture."""
    text: str
    number: str


def untraced(report: Report, literals: Sequence[str] = ()) -> list[Untraced]:
    """Return every number of sentences, cells, captions and notes that their own sources do not have.

    A number must be the same amount, in unit and sign, as a figure of the sentence or what one of its places prints in
    the unit of that place; in a cell it is in the unit that the table's head names. Years, months and days must be
    those of its own sources or periods of the report. `literals` are the texts with numbers that the outline may write
    itself.
    """
    check = _Checker(report, literals)
    return [one for section in report.sections for block in section.blocks for one in check.block(block)]


class _Checker:
    def __init__(self, report: Report, literals: Sequence[str]) -> None:
        self._figures: Mapping[str, Figure] = {one.id: one for one in report.figures}
        self._literals = sorted(literals, key=len, reverse=True)
        names = {report.subject, *(one.name for one in report.files), *(one.sha256[:HASH] for one in report.files)}
        self._names = sorted(names - {""}, key=len, reverse=True)
        # What the reading parts say of gaps and questions is data of the report, as its figures are.
        self._told = {text for one in report.gaps for text in (one.title, one.reason)}
        self._told |= {text for one in report.questions for text in (one.text, " / ".join(one.choices))}
        self._told = {text.casefold() for text in self._told}
        self._words = wording(report.language)
        self._pages = {one.id: one.pages for one in report.files}
        periods = {one.period for one in report.figures if one.period} | {report.as_of}
        self._periods = {date for text in periods for date in dates_of(text)}

    def block(self, block: Paragraph | TableBlock | PictureBlock) -> Iterator[Untraced]:
        if isinstance(block, Paragraph):
            for one in block.sentences:
                yield from self._missing("sentence", one.id, one.text, self._given(one.figures, one.places))
        elif isinstance(block, TableBlock):
            yield from self._table(block.table)
        else:
            picture = block.picture
            given = self._given(picture.figures, picture.places)
            yield from self._missing("caption", picture.id, f"{picture.caption} {picture.alt}", given)
            yield from self._missing("note", picture.id, picture.note, given)

    def _table(self, table: Table) -> Iterator[Untraced]:
        cells = [one for row in table.rows for one in row] if quantities(f"{table.caption} {table.note}") else []
        whole = self._given([one.figure for one in cells if one.figure], [one.place for one in cells if one.place])
        yield from self._missing("caption", table.id, table.caption, whole)
        yield from self._missing("note", table.id, table.note, whole)
        for row in table.rows:
            for at, cell in enumerate(row):
                heads = (table.columns[at] if at < len(table.columns) else "", row[0].text, table.columns[0])
                yield from self._cell(table.id, cell, heads, paid=any(one.text in _PAID for one in row))

    def _cell(self, table: str, cell: Cell, heads: Sequence[str], *, paid: bool) -> Iterator[Untraced]:
        if cell.text.casefold() in self._told or not quantities(cell.text):
            return
        figures = [*cell.figures, *([cell.figure] if cell.figure else [])]
        given = self._given(figures, [*cell.places, *([cell.place] if cell.place else [])], in_table=True)
        scale = next((scale for head in heads if (scale := unit_scale(head)) is not None), 1.0)
        yield from self._missing("cell", table, cell.text, given, scale, paid=paid)

    def _given(self, figure_ids: Iterable[str], places: Iterable[Place], *, in_table: bool = False) -> Given:
        figures = [self._figures[one] for one in dict.fromkeys(figure_ids) if one in self._figures]
        held = list(dict.fromkeys([*places, *(place for one in figures for place in one.places)]))
        texts = [text for one in figures for text in _texts(one, cell=in_table)]
        texts.extend(f"{place.name} {place.sheet or ''} {place.cell or ''}" for place in held)
        numbers = (one for place in held for one in (place.page, place.line, self._pages.get(place.file)))
        texts.extend(str(one) for one in numbers if one and in_table)
        texts.extend(spots_of([place], self._words) for place in held if in_table)
        return Given(texts, [one.value for one in figures if one.value is not None], held)

    def _missing(
        self, where: _Where, of: str, text: str, given: Given, scale: float | None = None, *, paid: bool = False
    ) -> Iterator[Untraced]:
        words = text
        for literal in (*self._names, *self._literals):
            words = words.replace(literal, " ")
        for one in quantities(words):
            said = Said(one, words, scale, paid)
            if not (self._is_period(one) or given.has(said)):
                yield Untraced(where, of, text, one.text)

    def _is_period(self, said: Quantity) -> bool:
        """Tell whether a date is a period of the report: whole years, and the days and months of its figures."""
        if said.date:
            return any(one[: len(said.date)] == said.date for one in self._periods)
        first, last = _YEARS
        bare = said.kind == "number" and not (said.unit or said.scaled or said.negative or "," in said.text)
        return bare and said.step == 1.0 and first <= said.value <= last and (int(said.value),) in {
            one[:1] for one in self._periods
        }  # fmt: skip


def _texts(figure: Figure, *, cell: bool) -> Iterator[str]:
    """Yield what a figure says of itself; its formula and key only where a table shows them."""
    yield from (figure.shown, figure.title, figure.note or "", figure.period)
    yield from (one.shown for one in figure.inputs)
    if cell:
        yield from (figure.id, figure.formula, *(_OF_SYMBOL.sub(" ", one.symbol) for one in figure.inputs))


def coverage(report: Report) -> float:
    """Return the share of sentences that name a source: a figure, a place, or what an opinion or a gap rests on.

    What a condition of the outline only found to be there is none: the writing gives such sentences no places.
    """
    sentences: list[Sentence] = [
        one
        for section in report.sections
        for block in section.blocks
        if isinstance(block, Paragraph)
        for one in block.sentences
    ]
    if not sentences:
        return 1.0
    return sum(bool(one.places or one.figures or one.rests_on) for one in sentences) / len(sentences)
