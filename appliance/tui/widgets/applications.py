"""Models and scenarios: one row each, with state, replicas, traffic, and what waits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from appliance.core.messages import Message, _
from appliance.operations.alerts import CACHE_FULL, QUEUE_LONG
from appliance.tui import figures
from appliance.tui.drawing import FAINT, MUTED, one_line
from appliance.tui.rates import Rate, application_key
from appliance.tui.view import View
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.words import KINDS, STATES

if TYPE_CHECKING:
    from appliance.core.status import ApplicationStatus

_KIND_ORDER = tuple(KINDS)


@dataclass(frozen=True)
class Running:
    """An application and how busy it is."""

    application: "ApplicationStatus"
    rate: Rate


def _known(text: str, style: str = "") -> str:
    return FAINT if text == figures.UNKNOWN else style


def waiting(application: "ApplicationStatus") -> str:
    """Return how many requests wait; nothing for what has no queue."""
    if application.kind != "model":
        return ""
    return figures.UNKNOWN if application.waiting is None else figures.count(application.waiting)


def cache(application: "ApplicationStatus") -> str:
    """Return how full the cache of the engines is; nothing for what has none."""
    return figures.percent(application.kv_use) if application.kind == "model" else ""


def _queue_style(running: Running) -> str:
    count = running.application.waiting
    return "$text-warning" if count is not None and count >= QUEUE_LONG else _known(waiting(running.application))


def _cache_style(running: Running) -> str:
    use = running.application.kv_use
    return "$text-warning" if use is not None and use >= CACHE_FULL else _known(cache(running.application))


def _tokens(running: Running) -> str:
    return figures.per_second(running.rate.tokens_per_s) if running.application.kind == "model" else ""


COLUMNS: Final[tuple[Column[Running], ...]] = (
    Column(_("Name"), 12, lambda r, _l: one_line(r.application.name), style=lambda _r: "bold", grows=True),
    Column(
        _("Kind"), 15, lambda r, language: KINDS[r.application.kind].render(language), style=lambda _r: MUTED,
        rank=6, grows=True,
    ),
    Column(
        _("State"),
        11,
        lambda r, language: f"{STATES[r.application.state].shape} {STATES[r.application.state].word.render(language)}",
        style=lambda r: STATES[r.application.state].style,
    ),
    Column(
        _("Replicas"), 8, lambda r, _l: f"{r.application.replicas_running}/{r.application.replicas_target}", "right",
        rank=3,
    ),
    Column(
        _("Req/s"), 6, lambda r, _l: figures.per_second(r.rate.requests_per_s), "right",
        lambda r: _known(figures.per_second(r.rate.requests_per_s)), rank=1,
    ),
    Column(_("Tok/s"), 6, lambda r, _l: _tokens(r), "right", lambda r: _known(_tokens(r)), rank=4),
    Column(
        _("TTFT"), 7, lambda r, _l: figures.latency(r.application.traffic.ttft_p50_s), "right",
        lambda r: _known(figures.latency(r.application.traffic.ttft_p50_s)), rank=4,
    ),
    Column(
        _("TTFT p95"), 8, lambda r, _l: figures.latency(r.application.traffic.ttft_p95_s), "right",
        lambda r: _known(figures.latency(r.application.traffic.ttft_p95_s)), rank=7,
    ),
    Column(_("Active"), 6, lambda r, _l: figures.count(r.application.traffic.in_flight), "right", rank=5),
    Column(_("Queue"), 6, lambda r, _l: waiting(r.application), "right", _queue_style, rank=2),
    Column(_("Cache"), 6, lambda r, _l: cache(r.application), "right", _cache_style, rank=6),
    Column(_("Requests"), 8, lambda r, _l: figures.count(r.application.traffic.requests_total), "right", rank=8),
    Column(
        _("Errors"), 6, lambda r, _l: figures.count(r.application.traffic.errors_total), "right",
        lambda r: "$text-error" if r.application.traffic.errors_total else "", rank=7,
    ),
)  # fmt: skip


class ApplicationsPanel(Listing[Running]):
    """The rows, and below them the message of the chosen one, else of the first that is in trouble."""

    view: View | None = None

    def compose(self) -> ComposeResult:
        """Lay out the rows and the message."""
        yield from super().compose()
        yield Static(id="application-message")

    def show_view(self, view: View) -> None:
        """Draw `view`."""
        self.view = view
        applications = ordered(view)
        running = sum(application.state == "running" for application in applications)
        self.border_title = _("Models and scenarios").render(view.language)
        counted = _("{running} of {count} running", running=running, count=len(applications)).render(view.language)
        states = [application.state for application in applications]
        troubled = [f"{STATES[s].shape} {states.count(s)}" for s in ("failed", "unhealthy") if s in states]
        # Rows in trouble may be scrolled out of sight; their number never is.
        self.border_subtitle = "  ".join([counted, *troubled]) if applications else ""
        self.set_class(bool(troubled), "-alarm")
        rows = {
            application_key(one): Running(one, view.rates.get(application_key(one), Rate())) for one in applications
        }
        self.show(rows, COLUMNS, Message("") if view.fault else _("Waiting for the first reading …"), view.language)
        self._draw_message()

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Show the chosen row's message."""
        self._draw_message()

    def _draw_message(self) -> None:
        """The chosen application's message, else the first one that is in trouble."""
        found = {application_key(one): one for one in ordered(self.view)} if self.view else {}
        shown = found.get(self.chosen or "")
        if shown is None or not shown.message:
            shown = next((one for one in found.values() if one.message and one.state != "running"), None)
        line = self.query_one("#application-message", Static)
        line.display = shown is not None
        if shown is not None:
            mark = STATES[shown.state]
            name, message = one_line(shown.name), one_line(shown.message)
            text = Content.assemble((f"{mark.shape} {name}  ", mark.style), (message, MUTED))
            if not (isinstance(line.content, Content) and line.content.is_same(text)):
                line.update(text)


def ordered(view: View) -> "list[ApplicationStatus]":
    """Return the applications of the last reading: models first, each kind by name."""
    if view.status is None:
        return []
    return sorted(view.status.applications, key=lambda a: (_KIND_ORDER.index(a.kind), a.name))
