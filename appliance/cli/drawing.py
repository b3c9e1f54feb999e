"""Progress, tables and passages on a terminal, and plain lines where there is none."""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appliance.core.messages import Message, _
from appliance.core.progress import Progress

Result = TypeVar("Result")

_MARKS = {"running": ("…", "dim"), "done": ("✓", "green"), "skipped": ("–", "dim"), "failed": ("✗", "bold red")}


def follow(events: Iterable[Progress | Result], console: Console) -> list[Result]:
    """Draw each `Progress` as it comes; return everything else that the operation gave, in order.

    A step still running when the operation raises is marked as failed before the error goes on.
    """
    drawer = _Terminal(console) if console.is_terminal else _Lines(console)
    results: list[Result] = []
    try:
        for event in events:
            if isinstance(event, Progress):
                drawer.show(event)
            else:
                results.append(event)
    except BaseException:
        drawer.break_off()
        raise
    finally:
        drawer.close()
    return results


def _line(event: Progress, state: str | None = None) -> Text:
    mark, style = _MARKS[state or event.state]
    text = Text.assemble((f"{mark} ", style), str(event.title))
    if event.fraction is not None and event.state == "running":
        text.append(f" {event.fraction:.0%}")
    if event.detail is not None:
        text.append(f"  {event.detail}", style="dim")
    return text


class _Lines:
    """One line when a step starts, one when it ends: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started: Progress | None = None

    def show(self, event: Progress) -> None:
        if event.state == "running":
            if self._started is not None and self._started.step == event.step:
                return
            self._started = event
        else:
            self._started = None
        self._console.print(_line(event), soft_wrap=True)

    def break_off(self) -> None:
        if self._started is not None:
            self._console.print(_line(self._started, "failed"), soft_wrap=True)

    def close(self) -> None:
        """Nothing is held."""


class _Terminal:
    """A spinner on the running step, a mark on each that has ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("")
        self._running: Progress | None = None

    def show(self, event: Progress) -> None:
        if event.state == "running":
            self._running = event
            self._status.update(_line(event)[2:])
            self._status.start()
            return
        self._running = None
        self._status.stop()
        self._console.print(_line(event))

    def break_off(self) -> None:
        self._status.stop()
        if self._running is not None:
            self._console.print(_line(self._running, "failed"))

    def close(self) -> None:
        self._status.stop()


def first_words(text: str, cells: int) -> str:
    """Return the start of `text` on one line, at most `cells` wide (Chinese takes two each), … where cut."""
    line = Text(" ".join(text.split()))
    line.truncate(cells, overflow="ellipsis")
    return line.plain


def print_sentence(console: Console, sentence: Text, *, hang: int) -> None:
    """Print a sentence: on a terminal broken between words, further lines `hang` cells in; else as one line."""
    if not console.is_terminal:
        console.print(sentence, soft_wrap=True)
        return
    lines = sentence.wrap(console, console.width - hang)
    for line in lines:
        line.rstrip()
    console.print(Text("\n" + " " * hang).join(lines))


def plain_table(headings: Sequence[Message]) -> Table:
    """Return an empty table without lines, its columns named by `headings`."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(str(heading), overflow="fold")
    return table


def print_table(
    console: Console, headings: Sequence[Message], rows: Iterable[Sequence[object]], *, whole: Collection[int] = ()
) -> None:
    """Print a table; cells are shown by `str`, None as a dash. An empty one says so.

    `whole` are the columns (from 0) that stay on one line: ids that people copy, times, figures.
    """
    table = plain_table(headings)
    for column in whole:
        table.columns[column].no_wrap = True
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text("—" if cell is None else str(cell)) for cell in row))
    console.print(table if table.row_count else Text(str(_("Nothing there yet.")), style="dim"))
