"""The two tasks of the finance adapter: prompts, rows and the split, for training and for evaluation alike.

Data sets stay where they are (`--data`); nothing of their text is written here.
"""

import csv
import hashlib
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

Grid = tuple[tuple[str, ...], ...]
Form = Literal["rows", "grid"]

INTENT_SYSTEM: Final = "Name the intent of this bank customer's message."
TABLE_SYSTEM: Final = "Answer the question with a cell of the table."
HELD_OUT_TABLES: Final = 0.5
LONGEST_TABLE: Final = 1600  # characters of a rendered table
_FIGURE = re.compile(r"^[^A-Za-z]*\d[^A-Za-z]*$")
_YEAR = re.compile(r"\b(19|20)\d\d\b")
_HEADER_ROWS = 4
_ASKING = (
    "What was the {row} in {column}?",
    "What is the {row} for {column}?",
    "What is the value of {row} in {column}?",
    "How much was {row} in {column}?",
    "{row} in {column}?",
    "What were the {row} as of {column}?",
    "What is the amount of {row} for {column}?",
)


def load_plan() -> dict[str, Any]:
    """Return the settings of the training, `training.yaml`."""
    return dict(yaml.safe_load((Path(__file__).parent / "training.yaml").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Row:
    """One question and its answer. `shared` is the part of the user's turn that neighbouring rows have in common."""

    system: str
    shared: str
    asked: str
    answer: str


@dataclass(frozen=True)
class TableQuestions:
    """A table of a report and the questions whose answer is one of its cells."""

    key: str
    grid: Grid
    questions: tuple[tuple[str, str], ...]


def read_intents(path: Path) -> list[tuple[str, str]]:
    """Return messages and intents of a BANKING77 file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [(line["text"].strip(), line["category"]) for line in csv.DictReader(file)]


def balanced(pairs: Sequence[tuple[str, str]], each: int, seed: int) -> list[tuple[str, str]]:
    """Return at most `each` pairs of every intent, chosen and ordered by `seed`."""
    chooser = random.Random(seed)  # noqa: S311 - a repeatable choice, no secret
    by_intent: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        by_intent.setdefault(pair[1], []).append(pair)
    chosen = [pair for _name, group in sorted(by_intent.items()) for pair in chooser.sample(group, len(group))[:each]]
    chooser.shuffle(chosen)
    return chosen


def intent_row(message: str, intent: str) -> Row:
    """Return the row of one message."""
    return Row(INTENT_SYSTEM, "", message, intent)


def read_tables(path: Path) -> list[TableQuestions]:
    """Return the tables of a TAT-QA file that are short enough, with the questions that one cell answers."""
    found = []
    for entry in json.loads(path.read_text(encoding="utf-8")):
        grid = tuple(tuple(" ".join(cell.split()) for cell in row) for row in entry["table"]["table"])
        if max(len(render(grid, "rows")), len(render(grid, "grid"))) > LONGEST_TABLE:
            continue
        cells = {squeezed(cell) for row in grid for cell in row if cell}
        questions = tuple(
            (" ".join(asked["question"].split()), str(asked["answer"][0]))
            for asked in entry["questions"]
            if _one_cell(asked, cells)
        )
        found.append(TableQuestions(entry["table"]["uid"], grid, questions))
    return found


def _one_cell(asked: dict[str, Any], cells: set[str]) -> bool:
    if asked["answer_type"] != "span" or asked["answer_from"] == "text" or len(asked["answer"]) != 1:
        return False
    wanted = squeezed(str(asked["answer"][0]))
    return bool(wanted) and any(wanted in cell for cell in cells)


def squeezed(text: str) -> str:
    """Return a text's letters, digits, points and signs in lower case: what counts when cells are compared."""
    return re.sub(r"[^\w.()-]", "", text.casefold())


def held_out(table: TableQuestions) -> bool:
    """Tell whether a table is for the evaluation only, by a hash of its key."""
    return hashlib.sha256(table.key.encode()).digest()[0] < 256 * HELD_OUT_TABLES


def header_rows(grid: Grid) -> int:
    """Return how many rows at the top name the columns."""
    count = 0
    for row in grid[:_HEADER_ROWS]:
        values = [cell for cell in row[1:] if cell]
        if any(_FIGURE.match(cell) and not _YEAR.fullmatch(cell) and not _YEAR.search(cell) for cell in values):
            break
        if row[0] and not values and count:  # a heading between the rows
            break
        count += 1
    return count


def column_names(grid: Grid) -> list[str]:
    """Return each column's name; a merged cell at the left edge counts for the columns to its right."""
    names: list[list[str]] = [[] for _column in grid[0]]
    for row in grid[: header_rows(grid)]:
        last = ""
        for place, cell in enumerate(row):
            if place and row[1:2] != ("",) and len(row) > 2:
                last = cell or last
            shown = cell or (last if place else "")
            if shown and shown not in names[place]:
                names[place].append(shown)
    return [" ".join(parts) for parts in names]


def render(grid: Grid, form: Form) -> str:
    """Return a table as text: `grid` as it stands, `rows` with the column's name before every value."""
    if form == "grid":
        return "\n".join(" | ".join(row) for row in grid)
    names, first = column_names(grid), header_rows(grid)
    lines = []
    for row in grid[first:]:
        values = [f"{names[place] or place}: {cell}" for place, cell in enumerate(row) if place and cell]
        if row[0] or values:
            lines.append(" | ".join([row[0] or "-", *values]))
    return "\n".join(lines)


def table_row(grid: Grid, form: Form, question: str, answer: str) -> Row:
    """Return the row of one question about a table."""
    return Row(TABLE_SYSTEM, f"{render(grid, form)}\n", f"Question: {question}", answer)


def other_figures(grid: Grid, chooser: random.Random) -> Grid:
    """Return the table with the digits of its figures redrawn: the same questions, other answers."""
    first = header_rows(grid)

    def redrawn(cell: str) -> str:
        if not _FIGURE.match(cell) or _YEAR.fullmatch(cell):
            return cell
        return re.sub(r"[1-9]", lambda _digit: str(chooser.randint(1, 9)), cell)

    return tuple(
        row if place < first else (row[0], *(redrawn(cell) for cell in row[1:])) for place, row in enumerate(grid)
    )


def cut(grid: Grid, rows: int, wanted: Sequence[str], chooser: random.Random) -> Grid:
    """Return the table with at most `rows` of its rows below the header, those with a cell in `wanted` first."""
    first = header_rows(grid)
    body = [place for place in range(first, len(grid)) if any(grid[place][1:])]
    chooser.shuffle(body)
    body.sort(key=lambda place: not any(cell in wanted for cell in grid[place]))
    return (*grid[:first], *(grid[place] for place in sorted(body[:rows])))


def made_questions(grid: Grid, count: int, chooser: random.Random) -> list[tuple[str, str]]:
    """Return look-ups of single figures, made from the names of rows and columns."""
    names, first = column_names(grid), header_rows(grid)
    labels = [row[0] for row in grid[first:]]
    cells = [
        (row[0], names[place], cell)
        for row in grid[first:]
        for place, cell in enumerate(row)
        if place and names[place] and row[0] and labels.count(row[0]) == 1 and _FIGURE.match(cell)
    ]
    made = []
    for label, column, cell in chooser.sample(cells, min(count, len(cells))):
        years = _YEAR.search(column)
        alone = years and sum(years.group() in name for name in names) == 1
        named = years.group() if years and alone and chooser.random() < 0.7 else column
        small = label[1:2].islower() and chooser.random() < 0.5
        shown = label[:1].lower() + label[1:] if small else label
        made.append((chooser.choice(_ASKING).format(row=shown.rstrip(":"), column=named), cell))
    return made
