"""Tables between ruling lines: pdfplumber finds the cells, pdfium's characters fill them."""

import re
from bisect import bisect_right
from collections.abc import Sequence

from appliance.knowledge.content import Box
from appliance.knowledge.readers.lookalikes import real_characters
from appliance.knowledge.readers.tables import GridCell, Strip, cell_of

_SNAP = 3.0  # points: edges no further apart are one
_MOST_EDGES = 800
_MOST_CORNERS = 3000
_FEWEST_EDGES = 4
_BROKEN_NUMBER = re.compile(r"(?<=\d[,.，])\n(?=\d)")


class Grid:
    """The cells of one table, filled character by character in the order of the page."""

    def __init__(self, cells: Sequence[Box]) -> None:
        lefts, tops, rights, bottoms = zip(*cells, strict=True)
        self.box: Box = (min(lefts), min(tops), max(rights), max(bottoms))
        self.columns = tuple(sorted(set(lefts)))
        self._tops = tuple(sorted(set(tops)))
        self._cells = cells
        self._places = [[-1] * len(self.columns) for _top in self._tops]
        for number, (left, top, right, bottom) in enumerate(cells):
            for row in range(bisect_right(self._tops, top) - 1, bisect_right(self._tops, bottom - _SNAP / 2)):
                for column in range(
                    bisect_right(self.columns, left) - 1, bisect_right(self.columns, right - _SNAP / 2)
                ):
                    self._places[row][column] = number
        self._texts: list[list[str]] = [[] for _cell in cells]
        self._last: tuple[int, int] | None = None  # cell and index of the last character

    def put(self, x: float, y: float, char: str, place: tuple[int, bool, bool]) -> bool:
        """Put a character at (x, y); `place` is its index, and whether a line break or a blank stands before it."""
        index, broken, spaced = place
        row, column = bisect_right(self._tops, y) - 1, bisect_right(self.columns, x) - 1
        number = self._places[row][column] if row >= 0 and column >= 0 else -1
        if number < 0:
            return False
        text = self._texts[number]
        if text:
            went_on = self._last is not None and self._last[0] == number
            if broken or not went_on:
                text.append("\n")
            elif spaced:
                text.append(" ")
        text.append(char)
        self._last = (number, index)
        return True

    def strips(self) -> tuple[Strip, ...]:
        """Return the rows that have words, from the top; `columns` then counts the columns that are left."""
        cells = [
            cell_of(_joined(text), (round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1)))
            for text, box in zip(self._texts, self._cells, strict=True)
        ]
        rows = [[cells[number] if number >= 0 else None for number in row] for row in self._places]
        rows = [row for row in rows if any(row)]
        self.columns = _close_slivers(rows, list(self.columns))
        return tuple(tuple(row) for row in rows)


def _close_slivers(rows: list[list[GridCell | None]], lefts: list[float]) -> tuple[float, ...]:
    """Join neighbouring columns of which no row tells one from the other: lines that miss each other part them."""
    column = len(lefts) - 2
    while column >= 0:
        pairs = [(row[column], row[column + 1]) for row in rows]
        if all(one is other or one is None or other is None for one, other in pairs):
            for row in rows:
                right = row.pop(column + 1)
                row[column] = row[column] or right
            lefts.pop(column + 1)
        column -= 1
    return tuple(lefts)


def _joined(characters: Sequence[str]) -> str:
    text = "".join(characters).encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()
    return _BROKEN_NUMBER.sub("", real_characters(text))


def grids_of(lines: Sequence[Box]) -> list[Grid]:
    """Return the grids that straight lines rule, from the top; a frame, a box or a row of boxes is none."""
    if len(lines) < _FEWEST_EDGES:
        return []
    # Imported here: pages without lines, and so most documents, do without.
    from pdfplumber.table import cells_to_tables, edges_to_intersections, intersections_to_cells, merge_edges

    edges = merge_edges([_edge(line) for line in lines], _SNAP, _SNAP, _SNAP, _SNAP)
    if not 0 < len(edges) <= _MOST_EDGES:
        return []
    corners = edges_to_intersections(edges, _SNAP, _SNAP)
    if len(corners) > _MOST_CORNERS:
        return []
    tables = cells_to_tables(intersections_to_cells(corners))
    return [Grid(cells) for cells in tables if len({cell[0] for cell in cells}) > 1]


def _edge(line: Box) -> dict[str, object]:
    left, top, right, bottom = line
    upright = right - left < bottom - top
    return {
        "x0": left, "x1": right, "top": top, "bottom": bottom, "width": right - left, "height": bottom - top,
        "orientation": "v" if upright else "h", "object_type": "line",
    }  # fmt: skip
