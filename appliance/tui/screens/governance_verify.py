"""The check of the audit log: its progress, and what came of it in words."""

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message as Event

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _, one_or_many
from appliance.core.progress import Progress
from appliance.state.audit.faults import Report
from appliance.tui import commands
from appliance.tui.governance_words import exact_moment
from appliance.tui.screens.governance_part import GovernanceBase
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.widgets.steps import Steps

_MOST_SHOWN = 200


class CheckTold(Event):
    """The check told of a step."""

    def __init__(self, news: Progress) -> None:
        super().__init__()
        self.news = news


class Checked(Event):
    """The check has ended."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


class NotChecked(Event):
    """It could not be made."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class VerifyScreen(GovernanceBase):
    """Checks every record, link and signature; leaving it ends the check, which changes nothing."""

    AUTO_FOCUS = "#governance-verified"
    BINDINGS = [commands.BACK.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self._report: Report | None = None
        self._error: ApplianceError | None = None

    def body(self) -> ComposeResult:
        """Yield the steps and the result."""
        yield NoticeLine()
        with VerticalScroll(id="governance-verified", classes="panel"):
            yield Steps()
            yield Lines(id="report")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw what is known."""
        super().show(view)
        language = view.language
        self.query_one(FaultBanner).display = False
        self.query_one("#governance-verified").border_title = _("Check of the audit log").render(language)
        self.query_one(NoticeLine).show(self._said(), language)
        self.query_one(Steps).speak(language)
        self.query_one("#report", Lines).say(self._details(language))
        self.query_one(CommandLine).show("appliance audit verify")

    def connection(self, _view: View) -> Connection:
        """The log is on this machine."""
        return "connected"

    def on_mount(self) -> None:
        """Begin."""
        self._check()

    def reload(self) -> None:
        """Check again."""
        self._report = self._error = None
        self.query_one(Steps).clear()
        self.show(self.terminal.view)
        self._check()

    @work(exclusive=True, group="check")
    async def _check(self) -> None:
        try:
            self.post_message(Checked(await self.records.check(self._tell)))
        except ApplianceError as error:
            self.post_message(NotChecked(error))

    def _tell(self, news: Progress) -> None:
        self.post_message(CheckTold(news))

    def on_check_told(self, event: CheckTold) -> None:
        """Show how far it is."""
        self.query_one(Steps).tell(event.news, self.terminal.language)

    def on_checked(self, event: Checked) -> None:
        """Show what came of it."""
        self._report = event.report
        self.show(self.terminal.view)

    def on_not_checked(self, event: NotChecked) -> None:
        """Say why not."""
        self._error = event.error
        self.query_one(Steps).break_off(self.terminal.language)
        self.show(self.terminal.view)

    def _said(self) -> Notice:
        if self._error is not None:
            return Notice.of(self._error)
        report = self._report
        if report is None:
            return Notice("warning", _("Every record, link and signature is checked; this takes a moment …"))
        if report.ok:
            return Notice("done", _("The log is whole: nothing was changed, moved or left out."))
        found = len(report.faults) + report.more_faults
        return Notice(
            "failed",
            one_or_many(
                found,
                _("The log is not as it was written: 1 fault."),
                _("The log is not as it was written: {count} faults.", count=found),
            ),
            _("Change nothing. Keep a copy of the home folder as evidence, and tell who is responsible for security."),
        )

    def _details(self, language: str) -> Content:
        report = self._report
        if report is None:
            return Content("")
        lines: list[Message] = [
            _(
                "{records} records, {first} to {last}, and {checkpoints} checkpoints were checked.",
                records=report.records, first=report.first, last=report.last, checkpoints=report.checkpoints,
            )
        ]  # fmt: skip
        if report.signed_at is not None:
            lines.append(_("The end of the log was signed at {at}.", at=exact_moment(report.signed_at)))
        lines += [
            _(
                "Records {first} to {last} were removed by retention at {at}, by {actor}.",
                first=part.first, last=part.last, at=exact_moment(part.at), actor=part.actor,
            )
            for part in report.retired
        ]  # fmt: skip
        told = [Content(""), *(Content(line.render(language)) for line in lines)]
        told += [
            Content.assemble(("✖ ", "$text-error"), fault.told().render(language))
            for fault in report.faults[:_MOST_SHOWN]
        ]
        more = report.more_faults + max(0, len(report.faults) - _MOST_SHOWN)
        if more:
            told.append(Content(_("{count} more faults; --json lists them.", count=more).render(language)))
        return Content("\n").join(told)
