"""Rows under headings, one of them chosen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from appliance.core.messages import Message
from appliance.tui import commands
from appliance.tui.drawing import FAINT, MUTED, fit

Row = TypeVar("Row")
_GAP = "  "


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column of at least `width` cells; the one that `grows` takes what is left.

    Where the terminal is narrow, the columns with the highest `rank` go first, those with 0 never.
    """

    title: Message
    width: int
    text: Callable[[Row, str], str]
    align: Literal["left", "right"] = "left"
    style: Callable[[Row], str] = lambda _row: ""
    rank: int = 0
    grows: bool = False


class RowList(OptionList):
    """The rows; Enter opens one."""

    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (commands.OPEN, commands.UP, commands.DOWN)
    ]


class Listing(Vertical, Generic[Row]):
    """A table in a frame. It posts `OptionList.OptionSelected` with the row's key when a row is opened."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes="panel")
        self._columns: Sequence[Column[Row]] = ()
        self._rows: Mapping[str, Row] = {}
        self._empty = ""
        self._language = "en"

    def compose(self) -> ComposeResult:
        """Lay out headings and rows; a line in their place where there are none."""
        yield Static(classes="headings")
        yield Static(classes="empty")
        yield RowList()

    def show(self, rows: Mapping[str, Row], columns: Sequence[Column[Row]], empty: Message, language: str) -> None:
        """Draw `rows` by key, in their order; the chosen one stays chosen. `empty` is said where there are none."""
        self._rows, self._columns = rows, columns
        self._empty, self._language = empty.render(language), language
        self._draw()

    def on_resize(self, _event: Resize) -> None:
        """Choose the columns for the new width."""
        self._draw()

    def _draw(self) -> None:
        # One cell each side is the rows' own padding, two more are kept for the scroll bar.
        width = self.content_size.width - 4
        if width <= 0 or not self._columns:
            return
        columns = _fitting(self._columns, width)
        widths = _widths(columns, width)
        empty = self.query_one(".empty", Static)
        empty.display = not self._rows
        empty.update(Content.styled(self._empty, MUTED))
        headings = self.query_one(".headings", Static)
        headings.display = bool(self._rows)
        titles = [
            fit(column.title.render(self._language), size, column.align)
            for column, size in zip(columns, widths, strict=True)
        ]
        headings.update(Content.styled(_GAP.join(titles), FAINT))
        self._fill({key: self._line(row, columns, widths) for key, row in self._rows.items()})

    def _line(self, row: Row, columns: Sequence[Column[Row]], widths: Sequence[int]) -> Content:
        cells = [
            Content.styled(fit(column.text(row, self._language), size, column.align), column.style(row))
            for column, size in zip(columns, widths, strict=True)
        ]
        return Content(_GAP).join(cells)

    def _fill(self, lines: Mapping[str, Content]) -> None:
        """Replace texts in place while the rows stay the same, so that the chosen row stays chosen."""
        rows = self.query_one(RowList)
        if [option.id for option in rows.options] == list(lines):
            for key, line in lines.items():
                rows.replace_option_prompt(key, line)
            return
        place, chosen = rows.highlighted or 0, rows.highlighted_option
        rows.clear_options()
        rows.add_options([Option(line, id=key) for key, line in lines.items()])
        if lines:
            known = chosen is not None and chosen.id in lines
            rows.highlighted = list(lines).index(chosen.id) if known else min(place, len(lines) - 1)  # type: ignore[union-attr, arg-type]


def _fitting(columns: Sequence[Column[Row]], width: int) -> list[Column[Row]]:
    """Leave out the columns of the highest rank until the rest fits."""
    left = list(columns)
    for rank in sorted({column.rank for column in columns} - {0}, reverse=True):
        if sum(column.width for column in left) + len(_GAP) * (len(left) - 1) <= width:
            break
        left = [column for column in left if column.rank != rank]
    return left


def _widths(columns: Sequence[Column[Row]], width: int) -> list[int]:
    """Share what is left among the columns that grow; where even the least does not fit, the last ones get less."""
    free = width - len(_GAP) * (len(columns) - 1)
    surplus = max(0, free - sum(column.width for column in columns))
    growing = sum(column.grows for column in columns)
    widths = []
    for column in columns:
        share = surplus // growing if column.grows else 0
        widths.append(max(0, min(column.width + share, free)))
        free -= widths[-1]
    return widths
