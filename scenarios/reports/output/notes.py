"""Footnotes: short enough that a page stays a page, exact enough that each source is found."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ..models import Place
from .wording import Wording, one_line

_MOST_SPOTS: Final = 6
_MOST_FILES: Final = 4
_QUOTED_PLACES: Final = 2
_LONGEST_QUOTE: Final = 60
_LONGEST_NAME: Final = 60
OFFICER: Final = "officer"


@dataclass(frozen=True)
class Note:
    """One footnote."""

    number: int
    text: str
    again: bool = False
    """Whether it stands there already, and only its number is told once more."""


def name_of(place: Place, words: Wording) -> str:
    """Return what a place's file is called; an answer of the officer has no file."""
    return words("officer") if place.file == OFFICER else f"{place.file} {one_line(place.name, _LONGEST_NAME)}"


def spot_of(place: Place, words: Wording) -> str:
    """Return where in its file a place is: page, sheet and cell, or line; empty where it is the whole file."""
    return spots_of((place,), words)


class NoteBook:
    """Numbers the footnotes of one report; a file is named in full once in a chapter, then by its id."""

    def __init__(self, words: Wording) -> None:
        self._words = words
        self._named: set[str] = set()
        self._numbers: dict[tuple[Place, ...] | str, int] = {}
        self.notes: list[Note] = []

    def note(self, places: Iterable[Place], beside: str = "") -> Note | None:
        """Return the footnote of these places, an earlier one of the chapter where it says the same; None: no places.

        What `beside` says is not quoted again.
        """
        kept = tuple(dict.fromkeys(places))
        if not kept:
            return None
        known = self._numbers.get(kept)
        text = self._text(kept, beside) if known is None else ""
        known = known or self._numbers.get(text)
        if known is not None:
            return Note(known, self.notes[known - 1].text, again=True)
        self.notes.append(Note(len(self.notes) + 1, text))
        self._numbers[kept] = self._numbers[text] = len(self.notes)
        return self.notes[-1]

    def begin_chapter(self) -> None:
        """Name files in full again, and point back no further: a chapter is read by itself."""
        self._named.clear()
        self._numbers.clear()

    def _text(self, places: tuple[Place, ...], beside: str) -> str:
        gap, end = ("；", "。") if self._words.chinese else ("; ", ".")
        parts, told = [], 0
        spots = _distinct(places)
        for file in list(dict.fromkeys(place.file for place in spots))[:_MOST_FILES]:
            here = [place for place in spots if place.file == file][: _MOST_SPOTS - told]
            if not here:
                break
            told += len(here)
            parts.append(" ".join(part for part in (self._file(here[0]), spots_of(here, self._words)) if part))
        if len(places) <= _QUOTED_PLACES:
            parts[-1] += self._quotes(places, beside)
        if len(spots) > told:
            parts.append(self._words("more_places", count=len(spots) - told))
        return gap.join(parts).rstrip(".。") + end

    def _file(self, place: Place) -> str:
        if place.file in self._named and place.file != OFFICER:
            return place.file
        self._named.add(place.file)
        return name_of(place, self._words)

    def _quotes(self, places: Sequence[Place], beside: str) -> str:
        said = "".join(beside.split())
        quotes = list(
            dict.fromkeys(one_line(place.quote, _LONGEST_QUOTE) for place in places if not _said(place, said))
        )
        if not quotes:
            return ""
        colon, before, after = ("：", "“", "”") if self._words.chinese else (": ", '"', '"')
        return colon + " / ".join(f"{before}{quote}{after}" for quote in quotes)


def _distinct(places: Sequence[Place]) -> list[Place]:
    """Return what a note tells apart: cells of sheets, but of paper only pages where several cells stand on one."""
    found: dict[tuple[object, ...], Place] = {}
    for place in places:
        on_paper = place.page is not None and not place.sheet
        key = (place.file, place.page, place.sheet, None if on_paper else (place.cell, place.line))
        other = found.setdefault(key, place)
        if on_paper and other.cell != place.cell:
            found[key] = other.model_copy(update={"cell": None})
    return list(found.values())


def spots_of(places: Sequence[Place], words: Wording) -> str:
    """Return the places of one file: those of one sheet, and all pages, told together."""
    comma = "、" if words.chinese else ", "
    found: list[str] = []
    sheets = dict.fromkeys(place.sheet for place in places if place.sheet)
    for sheet in sheets:
        cells = list(dict.fromkeys(_cell(place, words) for place in places if place.sheet == sheet))
        found.append(
            " ".join(filter(None, (words("on_sheet", sheet=one_line(sheet, 40)), comma.join(filter(None, cells)))))
        )
    rest = [place for place in places if not place.sheet]
    pages = sorted({place.page for place in rest if place.page is not None})
    if pages:
        cells = list(dict.fromkeys(_table_cell(place.cell, words) for place in rest if place.cell))
        text = words("on_pages" if len(pages) > 1 else "on_page", spots=comma.join(map(str, pages)))
        # More than one cell of a table on paper is found faster by its page than by numbers of rows.
        found.append(f"{text}{cells[0]}" if len(cells) == 1 and len(pages) == 1 else text)
    tables = dict.fromkeys(p.cell for p in rest if p.page is None and p.line is None and p.cell)
    found += [_table_cell(str(cell), words).strip() for cell in tables]
    lines = sorted({place.line for place in rest if place.page is None and place.line is not None})
    if lines:
        found.append(words("on_lines" if len(lines) > 1 else "on_line", spots=comma.join(map(str, lines))))
    return comma.join(found)


def _said(place: Place, said: str) -> bool:
    quote = "".join(place.quote.split())
    return not quote or quote in said


def _table_cell(cell: str, words: Wording) -> str:
    """Return row and column of a table on paper, or in a text, in words."""
    found = re.fullmatch(r"R(\d+)C(\d+)", cell)
    if found is not None:
        return words("on_cell", row=found[1], column=found[2])
    letters = re.fullmatch(r"([A-Z])(\d+)", cell)
    return words("on_cell", row=letters[2], column=ord(letters[1]) - 64) if letters else f" {cell}"


def _cell(place: Place, words: Wording) -> str:
    if place.cell:
        return place.cell
    return words("on_line", spots=place.line) if place.line is not None else ""
