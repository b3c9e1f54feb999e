"""The header of a valuation table, found by the words of matching.yaml, in one row or in two."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..models import Grid
from .book import MatchingBook
from .cells import plain_words


@dataclass
class Header:
    """Where a header stands: its last row, the columns by name, and what it calls them."""

    row: int
    first: int
    columns: dict[str, int]
    titles: tuple[str, ...]
    twice: dict[str, list[int]] = field(default_factory=dict)


def headers(grid: Grid, book: MatchingBook) -> list[Header]:
    """Return every header of a grid; one that is repeated word by word, as on every page, is one."""
    found: list[Header] = []
    last_row = -1
    for at in range(len(grid.rows)):
        if at <= last_row or (not found and at >= book.header_rows):
            continue
        header = _header(grid, at, book)
        if header is None or (found and header.titles == found[0].titles):
            continue
        found.append(header)
        last_row = header.row
    return found


def _header(grid: Grid, at: int, book: MatchingBook) -> Header | None:
    rows = grid.rows
    single = tuple(rows[at])
    if sum(bool(cell.strip()) for cell in single) < 2 or any(re.fullmatch(r"[\d.,]{3,}", cell) for cell in single):
        return None
    candidates = [(at, single)]
    if at + 1 < len(rows) and not any(re.search(r"\d", cell) for cell in rows[at + 1]):
        both = tuple(a if a == b or not b else f"{a}{b}" for a, b in zip(single, rows[at + 1], strict=True))
        candidates.append((at + 1, both))
    best: Header | None = None
    for row, titles in candidates:
        columns, twice = _columns(titles, book)
        values = [name for name in columns if name in book.compared]
        if ("code" in columns or "name" in columns) and values and (best is None or len(columns) > len(best.columns)):
            best = Header(row, at, columns, titles, twice)
    return best


def _columns(titles: Sequence[str], book: MatchingBook) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Return the column of each name, and names that two columns claim alike."""
    scored: dict[str, list[tuple[float, int]]] = {}
    for index, title in enumerate(titles):
        plain = plain_words(title)
        best = max(((_score(plain, column.synonyms), name) for name, column in book.columns.items()), default=(0.0, ""))
        if best[0] > 0:
            scored.setdefault(best[1], []).append((best[0], index))
    columns: dict[str, int] = {}
    twice: dict[str, list[int]] = {}
    for name, found in scored.items():
        top = max(score for score, _index in found)
        at = [index for score, index in found if score == top]
        columns[name] = at[0]
        if len(at) > 1:
            twice[name] = at
    return columns, twice


def _score(plain: str, synonyms: Sequence[str]) -> float:
    """Return 2 for a synonym itself, less for one that is a part of the title, 0 for none."""
    score = 0.0
    for synonym in map(plain_words, synonyms):
        if synonym == plain:
            return 2.0
        if len(synonym) >= 3 and synonym in plain:
            score = max(score, len(synonym) / len(plain))
    return score
