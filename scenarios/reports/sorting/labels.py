"""Labels and what stands behind them: `label: value` lines, several on a line, and cells beside a label's cell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..models import Grid, Passage, Place, Reading
from .places import cell_place, passage_place

MOST_LINE: Final = 4000
"""Characters of a line that are looked at."""
_CELL: Final = 600
"""Characters up to which a cell is searched for labels inside it."""
MOST_ROWS: Final = 3000
"""Rows of one table that are looked at for labels."""
_BEFORE: Final = re.compile(
    r"(?:^|[\s;；,，。:：|、(（】\]])$|(?:^|\s)(?:\d{1,2}|[(（]?[一二三四五六七八九十]{1,3}[)）]?)[.、)）]\s*$"
)
_CLOSED: Final = re.compile(r"(?:公司|[)）日号%元0-9])$")
"""What may stand right before a label that has a colon, where a page ran lines together."""
_LEAD: Final = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}[、.．]|[(（][一二三四五六七八九十\d]{1,2}[)）]|\d{1,2}[.、]|减[:：]|加[:：]|其中[:：]|"
    r"of which\b[:,]?|less:|add:)\s*",
    re.IGNORECASE,
)
ENDING: Final = "-"
"""Key of labels that only end the value before them, wherever they stand."""
_UNIT: Final = r"(?:\s*[(（\[](?P<unit>[^)）\]]{1,20})[)）\]])?"
_AFTER: Final = re.compile(rf"{_UNIT}\s*(?P<mark>[:：]|\t|[ \u3000]+|)\s*")
_TRIM: Final = " \t\u3000;；,，、|"


@dataclass(frozen=True)
class Hit:
    """A label that was found and what stands behind it."""

    key: str
    """What the label belongs to."""
    text: str
    unit: str
    """What brackets behind the label say, such as 万元."""
    place: Place
    sure: bool
    """A colon, or a cell of its own, parts the two."""
    order: tuple[int, int, int]
    """Where it stands among the others of the paper."""


class Labels:
    """Labels by what they belong to; longer ones are looked for first."""

    def __init__(self, labels: Mapping[str, Sequence[str]]) -> None:
        """Take labels by key; of a label of two keys the first counts."""
        self._keys: dict[str, str] = {}
        for key, names in labels.items():
            for name in names:
                self._keys.setdefault(plain(name), key)
        patterns = sorted({name for names in labels.values() for name in names}, key=lambda name: -len(name))
        self._pattern = re.compile("|".join(_spaced(name) for name in patterns) or r"(?!)", re.IGNORECASE)

    def key_of(self, cell: str) -> tuple[str, str] | None:
        """Return key and unit of a cell that is a label and nothing else."""
        if len(cell) > 80:
            return None
        name = _LEAD.sub("", cell.strip()).rstrip(":： ")
        key = self._keys.get(plain(name))
        if key is not None:
            return key, ""
        bare = re.fullmatch(rf"(?P<name>.*?){_UNIT}\s*[:：]?\s*", name)
        key = self._keys.get(plain(bare["name"])) if bare is not None else None
        return (key, bare["unit"] or "") if key is not None and bare is not None else None

    def hits(self, reading: Reading, most_passages: int = 4000, most_rows: int = MOST_ROWS) -> Iterator[Hit]:
        """Yield what labels of the paper say, in its order."""
        passages = reading.passages[:most_passages]
        for at, passage in enumerate(passages):
            yield from (hit for hit in self._of_passage(reading, passages, at, passage) if hit.key != ENDING)
        for grid in reading.grids:
            yield from (hit for hit in self._of_grid(reading, grid, most_rows) if hit.key != ENDING)

    def in_line(self, text: str) -> list[tuple[str, str, str, bool]]:
        """Return key, value, unit and whether it is sure of each label in a line."""
        line = text[:MOST_LINE]
        starts = [(match, after) for match in self._pattern.finditer(line) if (after := self._accepted(line, match))]
        found = []
        for at, (match, after) in enumerate(starts):
            end = starts[at + 1][0].start() if at + 1 < len(starts) else len(line)
            value = line[after.end() : end].strip(_TRIM)
            found.append((self._keys[plain(match.group())], value, after["unit"] or "", after["mark"] in (":", "：")))
        return found

    def _accepted(self, line: str, match: re.Match[str]) -> re.Match[str] | None:
        """Return what follows a label if what is around it makes it one."""
        before = line[max(0, match.start() - 8) : match.start()]
        after = _AFTER.match(line, match.end())
        if not _BEFORE.search(before):
            ends = self._keys[plain(match.group())] == ENDING
            colon = after is not None and (after["mark"] in (":", "：") or (ends and line[after.end() :][:1].isdigit()))
            return after if colon and (ends or _CLOSED.search(before)) else None
        if after is None or after["mark"] in (":", "："):
            return after
        at_start = not line[: match.start()].strip() or line[max(0, match.start() - 2) : match.start()].isspace()
        latin = match.group()[-1].isascii()
        if latin:
            return after if at_start and (after["mark"] == "\t" or len(after["mark"]) > 1) else None
        return after if at_start and (after["mark"] or after["unit"] or after.end() < len(line)) else None

    def _of_passage(self, reading: Reading, passages: Sequence[Passage], at: int, passage: Passage) -> Iterator[Hit]:
        for part, line in enumerate(passage.text.split("\n")[:200]):
            found = self.in_line(line)
            for number, (key, value, unit, sure) in enumerate(found, start=1):
                where = passage
                last = number == len(found) and at + 1 < len(passages)
                if not value and last and not self.in_line(passages[at + 1].text):
                    where = passages[at + 1]  # the value stands in a line of its own
                    value = where.text[:MOST_LINE].strip(_TRIM)
                place = passage_place(reading, passage, line if where is passage else f"{line} {where.text}")
                yield Hit(key, value, unit, place, sure, (0, passage.line, part))

    def _of_grid(self, reading: Reading, grid: Grid, most_rows: int) -> Iterator[Hit]:
        for at, row in enumerate(grid.rows[:most_rows]):
            column = 0
            while column < len(row):
                cell = row[column]
                label = self.key_of(cell)
                order = (grid.number, at, column)
                if label is None:
                    if cell and len(cell) <= _CELL and (column == 0 or cell != row[column - 1]):
                        for key, value, unit, sure in self.in_line(cell):
                            if value and sure:
                                yield Hit(key, value, unit, cell_place(reading, grid, at, column, cell), True, order)
                    column += 1
                    continue
                beside = next(
                    (one for one in range(column + 1, len(row)) if row[one].strip() and row[one] != cell), None
                )
                if beside is None or self.key_of(row[beside]) is not None:
                    column += 1
                    continue
                place = cell_place(reading, grid, at, beside, row[beside])
                yield Hit(label[0], row[beside][:MOST_LINE].strip(), label[1], place, True, order)
                column = beside + 1


def plain(label: str) -> str:
    """Return a label without spaces and case, in half width."""
    return re.sub(r"[\s\u3000]+", "", label).lower().replace("（", "(").replace("）", ")").replace("’", "'")


def _spaced(label: str) -> str:
    """Return a pattern that finds a label however its characters are spaced out."""
    parts = re.findall(r"[A-Za-z0-9']+|\S", label)
    pattern = r"[ \u3000]*".join(re.escape(part) for part in parts)
    if label[0].isascii():
        pattern = rf"(?<![A-Za-z0-9]){pattern}"
    return rf"{pattern}(?![A-Za-z0-9])" if label[-1].isascii() else pattern
