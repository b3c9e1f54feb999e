"""Rows under headings, one of them chosen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.message import Message as Event
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from appliance.core.messages import Message, _
from appliance.tui import commands
from appliance.tui.drawing import FAINT, MUTED, fit
from appliance.tui.widgets.parts import Part, PartsLine

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

    auto_links = False  # there are none
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding()
        for command in (
            commands.OPEN, commands.UP, commands.DOWN,
            commands.ROWS_UP, commands.ROWS_DOWN, commands.FIRST, commands.LAST,
        )
    ]  # fmt: skip


class FilterInput(Input):
    """Where one types what the rows must hold."""

    BINDINGS = [commands.NO_FILTER.binding()]  # noqa: RUF012 - Textual reads the class attribute

    class Cleared(Event):
        """Every row is wanted again."""

    def action_show_all(self) -> None:
        """Ask for every row."""
        self.post_message(self.Cleared())


class Listing(Vertical, Generic[Row]):
    """A table in a frame. It posts `OptionList.OptionSelected` with the row's key when a row is opened.

    `/` opens a line in which one types a part of what the rows must show; Enter goes to them, Esc shows all again.
    """

    BINDINGS = [commands.FIND.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes="panel")
        self._columns: Sequence[Column[Row]] = ()
        self._rows: Mapping[str, Row] = {}
        self._empty = ""
        self._language = "en"
        self._wanted = ""

    def compose(self) -> ComposeResult:
        """Lay out headings and rows; a line in their place where there are none."""
        line = FilterInput(compact=True, classes="find")
        line.display = line.cursor_blink = False
        yield line
        yield Static(classes="headings")
        yield Static(classes="empty")
        yield RowList()

    def show(self, rows: Mapping[str, Row], columns: Sequence[Column[Row]], empty: Message, language: str) -> None:
        """Draw `rows` by key, in their order; the chosen one stays chosen. `empty` is said where there are none."""
        self._rows, self._columns = rows, columns
        self._empty, self._language = empty.render(language), language
        self._draw()

    @property
    def chosen(self) -> str | None:
        """The key of the chosen row; None where there is no row."""
        option = self.query_one(RowList).highlighted_option
        return None if option is None else option.id

    def action_find(self) -> None:
        """Let the reader type what the rows must hold."""
        line = self.query_one(FilterInput)
        line.placeholder = _("Type a part of a row; Enter goes to the rows, Esc shows all").render(self._language)
        line.display = True
        line.focus()

    def on_filter_input_cleared(self, event: FilterInput.Cleared) -> None:
        """Show every row again."""
        event.stop()
        self._show_all()

    def _show_all(self) -> None:
        line = self.query_one(FilterInput)
        line.value = self._wanted = ""
        line.display = False
        self.query_one(RowList).focus()
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the rows that hold what is typed."""
        event.stop()
        self._wanted = event.value.strip().casefold()
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the rows."""
        event.stop()
        if self._wanted:
            self.query_one(RowList).focus()
        else:
            self._show_all()

    def _holding(self) -> Mapping[str, Row]:
        """Return the rows that hold what was typed, in a column that is shown or not."""
        if not self._wanted:
            return self._rows
        return {
            key: row
            for key, row in self._rows.items()
            if any(self._wanted in column.text(row, self._language).casefold() for column in self._columns)
        }

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
        rows = self._holding()
        empty.display = not rows
        nothing = self._empty if not self._rows else _("No row holds this.").render(self._language)
        _say(empty, Content.styled(nothing, MUTED))
        headings = self.query_one(".headings", Static)
        headings.display = bool(rows)
        titles = [
            fit(column.title.render(self._language), size, column.align)
            for column, size in zip(columns, widths, strict=True)
        ]
        _say(headings, Content.styled(_GAP.join(titles), FAINT))
        self._fill({key: self._line(row, columns, widths) for key, row in rows.items()})

    def _line(self, row: Row, columns: Sequence[Column[Row]], widths: Sequence[int]) -> PartsLine:
        parts: list[Part] = []
        for column, size in zip(columns, widths, strict=True):
            if parts:
                parts.append((_GAP, ""))
            parts.append((fit(column.text(row, self._language), size, column.align), column.style(row)))
        return PartsLine(*parts)

    def _fill(self, lines: Mapping[str, PartsLine]) -> None:
        """Replace texts in place while the rows stay the same, so that the chosen row stays chosen."""
        rows = self.query_one(RowList)
        if [option.id for option in rows.options] == list(lines):
            for option, line in zip(rows.options, lines.values(), strict=True):
                if option.prompt != line:
                    rows.replace_option_prompt(str(option.id), line)
            return
        place, chosen = rows.highlighted or 0, rows.highlighted_option
        rows.clear_options()
        rows.add_options([Option(line, id=key) for key, line in lines.items()])
        if lines:
            known = chosen is not None and chosen.id in lines
            rows.highlighted = list(lines).index(chosen.id) if known else min(place, len(lines) - 1)  # type: ignore[union-attr, arg-type]


def _say(line: Static, text: Content) -> None:
    """Draw `text`, unless it is there already."""
    if not (isinstance(line.content, Content) and line.content.is_same(text)):
        line.update(text)


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
