"""What raw reading gives, and the gatherer under the limits that each of its readers ends in."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from appliance.knowledge.content import Block
from appliance.knowledge.readers.collect import Collector
from appliance.knowledge.readers.limits import Limits
from appliance.knowledge.readers.tables import Strip

Row = tuple[int, Strip, int | None]
"""Number of the row in its sheet or table, its cells, and its page."""

_MOST_COLUMNS = 500
_ABOVE = 8
_ABOVE_CHARACTERS = 200


@dataclass(frozen=True)
class RawPassage:
    """A heading (`level` from 1), paragraph or item; `line` counts the passages from 1."""

    text: str
    line: int
    page: int | None = None
    level: int = 0


@dataclass(frozen=True)
class RawGrid:
    """A table as it stands; merged cells hold their text in each cell that they cover, all rows are equally wide.

    `unsaved` names the cells of formulas whose value was not saved. `above` are the lines right above the table.
    """

    number: int
    sheet: str | None
    above: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_numbers: tuple[int, ...]
    pages: tuple[int | None, ...]
    unsaved: tuple[str, ...] = ()


@dataclass(frozen=True)
class Raw:
    """One document; `scanned` are the pages that are pictures without text."""

    passages: tuple[RawPassage, ...]
    grids: tuple[RawGrid, ...]
    pages: int | None = None
    scanned: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass
class Gatherer:
    """Takes passages and tables in reading order and counts them against the limits."""

    name: str
    limits: Limits
    passages: list[RawPassage] = field(default_factory=list)
    grids: list[RawGrid] = field(default_factory=list)
    _characters: int = 0
    _rows: int = 0

    def add_blocks(self, blocks: Iterable[Block]) -> None:
        """Add the text of what a reader gave; the rows of tables are left to `add_grid`."""
        for block in blocks:
            if block.kind != "row":
                self.add_text(block.text, page=block.page, level=block.level)

    def add_text(self, text: str, *, page: int | None = None, level: int = 0) -> None:
        """Add one passage. Raises `InvalidRequest` past a limit."""
        self._count(len(text) + 1)
        self.passages.append(RawPassage(text, len(self.passages) + 1, page, level))

    def add_grid(
        self, rows: Iterable[Row], *, sheet: str | None = None, above: Sequence[str] = (), unsaved: Sequence[str] = ()
    ) -> None:
        """Add a table; one without words is none. Raises `InvalidRequest` past a limit."""
        kept = []
        for number, strip, page in rows:
            texts = [cell.line if cell is not None else "" for cell in strip[:_MOST_COLUMNS]]
            if any(texts):
                self._count(sum(map(len, texts)) + len(texts))
                kept.append((number, texts, page))
        if not kept:
            return
        width = max(len(texts) for _number, texts, _page in kept)
        lines = [line[:_ABOVE_CHARACTERS] for line in above if line][-_ABOVE:]
        self.grids.append(
            RawGrid(
                len(self.grids) + 1,
                sheet,
                tuple(lines),
                tuple((*texts, *[""] * (width - len(texts))) for _number, texts, _page in kept),
                tuple(number for number, _texts, _page in kept),
                tuple(page for _number, _texts, page in kept),
                tuple(unsaved),
            )
        )

    def finish(self, pages: int | None = None, scanned: Sequence[int] = ()) -> Raw:
        """Return what was gathered, which may be nothing."""
        return Raw(tuple(self.passages), tuple(self.grids), pages, tuple(scanned))

    def _count(self, characters: int) -> None:
        self._characters += characters
        self._rows += 1
        if self._characters > self.limits.characters or self._rows > self.limits.blocks:
            raise Collector(self.name, self.limits).too_large(
                f"{self.limits.characters:,} characters / {self.limits.blocks:,} paragraphs"
            )
