"""Models and scenarios: one row each, with state, replicas and traffic."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from appliance.core.messages import Message, _
from appliance.core.status import ApplicationStatus
from appliance.tui import commands, figures
from appliance.tui.drawing import FAINT, MUTED, fit
from appliance.tui.rates import Rate, application_key
from appliance.tui.view import View
from appliance.tui.words import KINDS, STATES

_KIND_ORDER = tuple(KINDS)
_MINIMUM_NAME = 12
_MAXIMUM_NAME = 36


@dataclass(frozen=True)
class _Column:
    """One column; where the terminal is narrow, the columns with the highest `rank` go first, those with 0 never."""

    title: Message
    width: int
    text: Callable[[ApplicationStatus, Rate, str], str]
    align: Literal["left", "right"] = "right"
    style: Callable[[ApplicationStatus], str] = lambda _application: ""
    rank: int = 0


_COLUMNS: tuple[_Column, ...] = (
    _Column(_("Kind"), 15, lambda a, _r, language: KINDS[a.kind].render(language), "left", lambda _a: MUTED, rank=6),
    _Column(
        _("State"),
        11,
        lambda a, _r, language: f"{STATES[a.state].shape} {STATES[a.state].word.render(language)}",
        "left",
        lambda a: STATES[a.state].style,
    ),
    _Column(_("Replicas"), 8, lambda a, _r, _l: f"{a.replicas_running}/{a.replicas_target}", rank=2),
    _Column(_("Req/s"), 6, lambda _a, rate, _l: figures.per_second(rate.requests_per_s), rank=1),
    _Column(
        _("Tok/s"), 6, lambda a, rate, _l: figures.per_second(rate.tokens_per_s) if a.kind == "model" else "", rank=3
    ),
    _Column(_("TTFT"), 7, lambda a, _r, _l: figures.latency(a.traffic.ttft_p50_s), rank=4),
    _Column(_("TTFT p95"), 8, lambda a, _r, _l: figures.latency(a.traffic.ttft_p95_s), rank=7),
    _Column(_("Active"), 6, lambda a, _r, _l: figures.count(a.traffic.in_flight), rank=5),
    _Column(_("Requests"), 8, lambda a, _r, _l: figures.count(a.traffic.requests_total), rank=8),
    _Column(
        _("Errors"),
        6,
        lambda a, _r, _l: figures.count(a.traffic.errors_total),
        style=lambda a: "$text-error" if a.traffic.errors_total else "",
        rank=7,
    ),
)


class ApplicationList(OptionList):
    """The rows; a row can be chosen to read its message."""

    BINDINGS = [commands.UP.binding(), commands.DOWN.binding()]  # noqa: RUF012 - Textual reads the class attribute


class ApplicationsPanel(Vertical):
    """Headings, rows and the message of the chosen row."""

    view: View | None = None

    def compose(self) -> ComposeResult:
        """Lay out the three parts."""
        yield Static(id="application-headings")
        yield ApplicationList(id="application-rows")
        yield Static(id="application-message")

    def show(self, view: View) -> None:
        """Draw `view`."""
        self.view = view
        applications = view.status.applications if view.status else ()
        running = sum(application.state == "running" for application in applications)
        self.border_title = _("Models and scenarios").render(view.language)
        counted = _("{running} of {count} running", running=running, count=len(applications)).render(view.language)
        states = [application.state for application in applications]
        troubled = [f"{STATES[s].shape} {states.count(s)}" for s in ("failed", "unhealthy") if s in states]
        # Rows in trouble may be scrolled out of sight; their number never is.
        self.border_subtitle = "  ".join([counted, *troubled]) if applications else ""
        self.set_class(bool(troubled), "-alarm")
        self._draw()

    def on_resize(self, _event: Resize) -> None:
        """Choose the columns for the new width."""
        self._draw()

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Show the chosen row's message."""
        self._draw_message()

    def _draw(self) -> None:
        if self.view is None:
            return
        # One cell each side is the rows' own padding, two more are kept for the scroll bar.
        width = self.content_size.width - 4
        columns = _columns_for(width)
        name_width, gap = _spread(width, columns)
        language = self.view.language
        heading = fit(_("Name").render(language), name_width) + "".join(
            gap + fit(column.title.render(language), column.width, column.align) for column in columns
        )
        self.query_one("#application-headings", Static).update(Content.styled(heading, MUTED))
        rows = {}
        for application in self._ordered():
            key = application_key(application)
            rows[key] = _row(application, self.view.rates.get(key, Rate()), name_width, gap, columns, language)
        self._fill(rows)
        self._draw_message()

    def _fill(self, rows: dict[str, Content]) -> None:
        """Replace texts in place while the applications stay the same, so that the chosen row stays chosen."""
        listing = self.query_one(ApplicationList)
        if [option.id for option in listing.options] == list(rows):
            for key, content in rows.items():
                listing.replace_option_prompt(key, content)
            return
        chosen = listing.highlighted_option.id if listing.highlighted_option else None
        listing.clear_options()
        listing.add_options([Option(content, id=key) for key, content in rows.items()])
        if rows:
            listing.highlighted = list(rows).index(chosen) if chosen in rows else 0

    def _draw_message(self) -> None:
        """The chosen application's message, else the first one that is in trouble."""
        chosen = self.query_one(ApplicationList).highlighted_option
        applications = {application_key(application): application for application in self._ordered()}
        shown = applications.get(chosen.id or "") if chosen else None
        if shown is None or not shown.message:
            shown = next((a for a in applications.values() if a.message and a.state != "running"), None)
        line = self.query_one("#application-message", Static)
        line.display = shown is not None
        if shown is not None:
            mark = STATES[shown.state]
            line.update(Content.assemble((f"{mark.shape} {shown.name}  ", mark.style), (shown.message, MUTED)))

    def _ordered(self) -> list[ApplicationStatus]:
        if self.view is None or self.view.status is None:
            return []
        return sorted(self.view.status.applications, key=lambda a: (_KIND_ORDER.index(a.kind), a.name))


def _columns_for(width: int) -> list[_Column]:
    """Leave out the columns of the highest rank until the rest fits beside a name."""
    columns = list(_COLUMNS)
    for rank in sorted({column.rank for column in _COLUMNS}, reverse=True):
        if rank == 0 or sum(column.width + 2 for column in columns) + _MINIMUM_NAME <= width:
            break
        columns = [column for column in columns if column.rank != rank]
    return columns


def _spread(width: int, columns: Sequence[_Column]) -> tuple[int, str]:
    """Return the cells of the name and the gap before each other column: a wide terminal widens both."""
    fixed = sum(column.width for column in columns)
    gap = max(2, min(6, (width - fixed - _MAXIMUM_NAME) // len(columns)))
    return max(4, min(_MAXIMUM_NAME, width - fixed - gap * len(columns))), " " * gap


def _row(
    application: ApplicationStatus, rate: Rate, name_width: int, gap: str, columns: Sequence[_Column], language: str
) -> Content:
    row = Content.styled(fit(application.name, name_width), "bold")
    for column in columns:
        text = column.text(application, rate, language)
        style = FAINT if text == figures.UNKNOWN else column.style(application)
        row += Content.assemble(gap, (fit(text, column.width, column.align), style))
    return row
