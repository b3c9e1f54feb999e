"""One model or scenario: how it is, how busy it is, and what is wrong with it."""

from collections.abc import Iterator

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from appliance.core.messages import Message, _
from appliance.core.status import ApplicationStatus
from appliance.operations.alerts import application_key
from appliance.tui import commands, figures
from appliance.tui.drawing import FAINT, MUTED, bar, fit, visible
from appliance.tui.rates import Rate
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.view import View
from appliance.tui.widgets.applications import cache, waiting
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.content_panel import ContentPanel
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.history import HistoryChart
from appliance.tui.widgets.watching import about
from appliance.tui.words import KINDS, STATES

_BAR = 20


class ApplicationScreen(ModeScreen[None]):
    """The application with one key, as the last reading has it."""

    MODE = "overview"
    AUTO_FOCUS = "#application"
    BINDINGS = [commands.BACK.binding(), commands.NEXT_PANEL.binding()]  # noqa: RUF012 - Textual reads it

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    def body(self) -> ComposeResult:
        """Yield the application, and what there is to say of it."""
        yield ContentPanel(id="application", classes="panel")
        with Horizontal(id="charts"):
            yield HistoryChart(_("Req/s"), "$primary", id="requests")
            yield HistoryChart(_("Tok/s"), "$secondary", id="tokens")
            yield HistoryChart(_("TTFT"), "$primary", id="ttft", told=figures.latency)
            yield HistoryChart(_("Queue"), "$warning", id="queue", told=_whole)
        yield ContentPanel(id="about", classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the application."""
        super().show(view)
        self.set_class(view.fault is not None and view.status is not None, "-stale")
        self.query_one(FaultBanner).show(view.fault, view.seen, every(view.interval_s), view.language)
        applications = view.status.applications if view.status else ()
        application = next((one for one in applications if application_key(one) == self._key), None)
        panel, language = self.query_one("#application", ContentPanel), view.language
        if application is None:
            gone = _("This is not there any more.").render(language)
            panel.draw(visible(self._key.partition("/")[2]), Content.styled(gone, MUTED))
        else:
            text = application_text(application, view.rates.get(self._key, Rate()), language)
            panel.draw(visible(application.name), text, KINDS[application.kind].render(language))
        # What this is not, or tells nothing of, has no chart: only a model has tokens and a queue.
        for chart in self.query(HistoryChart):
            what = chart.id or ""
            wanted = application is not None and (application.kind == "model" or what in ("requests", "ttft"))
            chart.show_if_known(view.past.application(self._key, what) if wanted else (), language)
        title = _("Alerts and the last hour").render(language)
        self.query_one("#about", ContentPanel).draw(title, about(view, self._key))
        self.query_one(CommandLine).show("appliance status")

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(None)


def _whole(value: float | None) -> str:
    return figures.UNKNOWN if value is None else figures.count(round(value))


def application_text(application: ApplicationStatus, rate: Rate, language: str) -> Content:
    """Return what the reading has of an application, one fact a line, each with what it means."""
    mark = STATES[application.state]
    facts = list(_facts(application, rate))
    width = max(cell_len(title.render(language)) for title, _value, _meaning in facts) + 2
    lines = [Content.assemble((f"{mark.shape} {mark.word.render(language)}", mark.style))]
    if application.message:
        lines.append(Content.styled(visible(application.message), MUTED))
    lines.append(Content(""))
    for title, value, meaning in facts:
        lines.append(
            Content.assemble(
                (fit(title.render(language), width), MUTED),
                (fit(value, 12), FAINT if value == figures.UNKNOWN else "bold"),
                (meaning.render(language), MUTED),
            )
        )
    if application.kv_use is not None:
        lines += [Content(""), bar(application.kv_use, _BAR) + Content(f" {cache(application)}")]
    return Content("\n").join(lines)


def _facts(application: ApplicationStatus, rate: Rate) -> Iterator[tuple[Message, str, Message]]:
    traffic = application.traffic
    replicas = f"{application.replicas_running}/{application.replicas_target}"
    yield _("Replicas"), replicas, _("copies that run, of those that are wanted")
    yield _("Req/s"), figures.per_second(rate.requests_per_s), _("finished requests a second")
    yield _("Active"), figures.count(traffic.in_flight), _("requests that are worked on now")
    if application.kind == "model":
        yield _("Queue"), waiting(application), _("requests that wait for their turn")
        yield _("Cache"), cache(application), _("memory for running requests in use; full, others wait")
        yield _("Tok/s"), figures.per_second(rate.tokens_per_s), _("generated tokens a second")
    yield _("TTFT"), figures.latency(traffic.ttft_p50_s), _("time to the first token, the median")
    yield _("TTFT p95"), figures.latency(traffic.ttft_p95_s), _("nineteen of twenty were not slower")
    yield _("Requests"), figures.count(traffic.requests_total), _("since the gateway was started")
    yield _("Errors"), figures.count(traffic.errors_total), _("requests that the appliance failed")
    if application.kind == "model":
        yield _("Tokens in"), figures.count(traffic.prompt_tokens_total), _("tokens of questions")
        yield _("Tokens out"), figures.count(traffic.completion_tokens_total), _("tokens of answers")
