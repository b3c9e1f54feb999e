"""Lists in papers: shareholders, managers, cases, facilities; from tables, from blocks of labels and from clauses."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from ..models import Grid, Place, Reading
from ..sorting.companies import same_company
from ..sorting.labels import ENDING, Labels
from ..sorting.places import cell_place, passage_place
from .clauses import Budget, matches
from .loading import ListForm
from .naming import only_name
from .values import Value, read_value

MOST_ENTRIES: Final = 500
"""Entries of one list in one paper."""
_MOST_ROWS: Final = 5000
_MOST_PASSAGES: Final = 2000
_TOTALS: Final = re.compile(r"^\s*(?:合\s*计|总\s*计|小\s*计|total|sum)\b", re.IGNORECASE)
_WHOLE_YEAR: Final = re.compile(
    r"^\s*(?:全年|年度合计|本年累计|合计|full year|whole year|annual|year total)", re.IGNORECASE
)
_TOTAL_ZH: Final = re.compile(r"^\s*(?:合\s*计|总\s*计|小\s*计)")


@dataclass
class Entry:
    """One entry of a list: values and places by column."""

    cells: dict[str, tuple[Value, Place]] = field(default_factory=dict)
    total: bool = False
    """Its row says that it sums up others, such as 全年合计."""


def entries(reading: Reading, form: ListForm, subject: str) -> list[Entry]:
    """Return the entries of a list in one paper, in its order; `subject` is no other party of itself."""
    labels = _labels(tuple((name, column.labels) for name, column in form.columns.items()), form.ignored)
    tables, used = _of_tables(reading, form, labels)
    found = tables or _of_labels(reading, form, labels, used, subject)
    if not tables and not form.single:  # a label alone may be any word of a sentence
        found = [entry for entry in found if len(entry.cells) > 1 and form.key in entry.cells]
    if not found or form.single:
        found = _with_clauses(found, reading, form)
    return [entry for entry in found if form.key in entry.cells][:MOST_ENTRIES]


@lru_cache(maxsize=200)
def _labels(columns: tuple[tuple[str, tuple[str, ...]], ...], ignored: tuple[str, ...]) -> Labels:
    return Labels({**dict(columns), ENDING: ignored})


def _of_tables(reading: Reading, form: ListForm, labels: Labels) -> tuple[list[Entry], set[int]]:
    found: list[Entry] = []
    used = set()
    for grid in reading.grids:
        rows = min(len(grid.rows), _MOST_ROWS)
        at = 0
        while at < rows and len(found) < MOST_ENTRIES:
            header = _header(grid, at, form, labels)
            if header is None:
                at += 1
                continue
            used.add(grid.number)
            at, read = _below(reading, grid, at + 1, rows, header, form, labels)
            found += read
    return found, used


def _header(grid: Grid, at: int, form: ListForm, labels: Labels) -> dict[int, tuple[str, str]] | None:
    """Return the columns of a header row with their units; None for any other row."""
    row = grid.rows[at]
    filled = [column for column, cell in enumerate(row) if cell.strip()]
    if len(filled) < 2 or len(filled) > 60:
        return None
    keys = {column: key for column in filled if (key := labels.key_of(row[column])) is not None}
    columns: dict[int, tuple[str, str]] = {}
    for column, (name, unit) in keys.items():
        if name != ENDING and name not in {known for known, _unit in columns.values()}:
            columns[column] = (name, unit)
    names = {name for name, _unit in columns.values()}
    if form.key not in names or len(names) < 2 or len(keys) * 2 < len(filled):
        return None
    below = grid.rows[at + 1] if at + 1 < len(grid.rows) else ()
    keys_below = [labels.key_of(below[column]) for column in columns if column < len(below)]
    if any(key is not None and key[0] != ENDING for key in keys_below):
        return None  # labels with values beside them
    return columns


def _below(
    reading: Reading,
    grid: Grid,
    at: int,
    rows: int,
    header: Mapping[int, tuple[str, str]],
    form: ListForm,
    labels: Labels,
) -> tuple[int, list[Entry]]:
    """Return the row behind a table and its entries."""
    said = _said_unit(grid, at - 1)
    found: list[Entry] = []
    while at < rows and len(found) < MOST_ENTRIES:
        row = grid.rows[at]
        if not any(cell.strip() for cell in row) or _header(grid, at, form, labels) is not None:
            break
        first = next((cell for cell in row if cell.strip()), "")
        if _TOTALS.match(first) or _TOTAL_ZH.match(first):
            at += 1
            continue
        entry = Entry()
        for column, (name, unit) in header.items():
            value = read_value(form.columns[name].type, row[column], unit or said) if row[column].strip() else None
            if value is not None:
                entry.cells[name] = (value, cell_place(reading, grid, at, column, row[column]))
        if form.key in entry.cells and len(entry.cells) > 1:
            entry.total = any(_WHOLE_YEAR.search(cell) for cell in row)
            found.append(entry)
        at += 1
    return at, _even_shares(found, form)


def _said_unit(grid: Grid, header: int) -> str:
    """Return the line or cell above a table that names its unit; empty where none does."""
    lines = [*grid.above, *(cell for row in grid.rows[max(0, header - 6) : header] for cell in row)]
    return next(
        (line[:80] for line in reversed(lines) if "单位：" in line or "单位:" in line or "unit" in line.lower()), ""
    )


def _even_shares(found: list[Entry], form: ListForm) -> list[Entry]:
    """Read bare shares by what all add up to: 100 means per cent, 1 means shares."""
    for name, column in form.columns.items():
        cells = [entry.cells[name] for entry in found if name in entry.cells]
        if column.type != "share" or not cells or all(value.sure == 1.0 for value, _place in cells):
            continue
        printed = [re.sub(r"[^\d.]", "", place.quote) for _value, place in cells]
        numbers = [float(text) if re.fullmatch(r"\d+(?:\.\d+)?", text) else 0.0 for text in printed]
        for whole in (100.0, 1.0):
            if abs(sum(numbers) - whole) <= 0.002 * whole:
                for entry in (one for one in found if name in one.cells):
                    value, place = entry.cells[name]
                    share = float(re.sub(r"[^\d.]", "", place.quote) or 0.0) / whole
                    entry.cells[name] = (
                        replace(value, number=round(share, 8), text=f"{round(share * 100, 6):g}%", sure=1.0),
                        place,
                    )
    return found


def _of_labels(reading: Reading, form: ListForm, labels: Labels, used: set[int], subject: str) -> list[Entry]:
    """Return entries of label lines: one begins where a label comes again."""
    found: list[Entry] = []
    current = Entry()
    for hit in labels.hits(reading):
        if hit.order[0] in used or not hit.text or len(hit.text) > 300:
            continue
        value = read_value(form.columns[hit.key].type, hit.text, hit.unit)
        if value is not None and form.columns[hit.key].type == "name":
            value = replace(value, text=only_name(value.text))
        if value is None or (not hit.sure and form.columns[hit.key].type in ("name", "text")):
            continue
        if form.other_party and hit.key == form.key and (same_company(value.text, subject) or len(value.text) < 2):
            continue
        if hit.key in current.cells:
            if form.single:
                continue
            found.append(current)
            current = Entry()
        current.cells[hit.key] = (value, hit.place)
        if len(found) >= MOST_ENTRIES:
            break
    return [*found, current] if current.cells else found


def _with_clauses(found: list[Entry], reading: Reading, form: ListForm) -> list[Entry]:
    """Return entries with what clauses say: of a paper about one entry it is added to it."""
    types = {name: column.type for name, column in form.columns.items()}
    read = list(_of_clauses(reading, form, types))
    if not form.single or not found:
        return [*found, *read] if not form.single else found
    for entry in read:
        for name, cell in entry.cells.items():
            found[0].cells.setdefault(name, cell)
    return found


def _of_clauses(reading: Reading, form: ListForm, types: Mapping[str, str]) -> Iterator[Entry]:
    budget = Budget()
    for passage in reading.passages[:_MOST_PASSAGES] if form.clauses else ():
        if not budget.allows(passage.text):
            return
        for values, quote in matches(passage.text, form.clauses, types):
            entry = Entry()
            place = passage_place(reading, passage, passage.text if len(passage.text) <= 400 else quote)
            for name, printed in values.items():
                value = read_value(form.columns[name].type, printed)
                if value is not None:
                    entry.cells[name] = (replace(value, sure=value.sure * 0.93), place)
            yield entry


def key_text(entry: Entry, form: ListForm) -> str:
    """Return the key of an entry."""
    return entry.cells[form.key][0].text


def share_total(found: Sequence[Entry], column: str) -> float | None:
    """Return what a column adds up to; None where an entry has no value."""
    numbers = [entry.cells[column][0].number for entry in found if column in entry.cells]
    if len(numbers) != len(found) or any(number is None for number in numbers):
        return None
    return sum(number for number in numbers if number is not None)
