"""One record of the audit with every field; its text only when it is asked for, which is recorded."""

import json
from collections.abc import Sequence

from textual import work
from textual.app import ComposeResult
from textual.content import Content

from appliance.core.messages import Message, _
from appliance.operations.guardrail_hits import findings_of, severest
from appliance.state.audit.records import Record
from appliance.state.audit.search import Filters
from appliance.tui import governance_keys as keys
from appliance.tui import governance_words as words
from appliance.tui.acting import Task, Tell
from appliance.tui.drawing import MUTED, one_line, visible
from appliance.tui.screens.governance_facts import Fact, FactsScreen, heading
from appliance.tui.screens.governance_part import Acted, GovernanceBase
from appliance.tui.screens.task import perform
from appliance.tui.view import Connection, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner
from appliance.tui.widgets.text_panel import TextPanel


class RecordScreen(FactsScreen):
    """What the log says of one moment. Hashes are there for whoever wants to compare them."""

    BINDINGS = [command.binding() for command in (keys.REQUEST, keys.CONTENT)]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, record: Record, by: str | None = None) -> None:
        super().__init__(_("Record {number} of the audit", number=record.seq), record_command(record))
        self._record, self._by = record, by

    def facts(self, language: str) -> Sequence[Fact]:
        """Return what happened, who did it, and what came of it."""
        record = self._record
        shown: list[tuple[Message, str | None]] = [
            (_("When"), words.exact_moment(record.at)),
            (_("What"), f"{words.kind(record.kind, language)} ({record.kind})"),
            (_("Outcome"), _outcome(record, language)),
            (_("Guardrails"), _handled(record, language)),
            (_("By"), record.actor if self._by is None else f"{self._by} ({record.actor})"),
            (_("Role"), record.role),
            (_("Tenant"), record.tenant),
            (_("Action"), record.action),
            (_("Target"), record.target),
            (_("Request"), record.request_id),
            (_("Kept text"), _kept(record).render(language)),
        ]
        return [(label, one_line(value)) for label, value in shown if value]

    def below(self, language: str) -> Content | None:
        """Return what was found, the data, and what chains the record."""
        record = self._record
        parts = []
        found = findings_of(record.data)
        if found:
            parts.append(heading(_("Found by guardrails (never the words themselves):").render(language)))
            for rule, action in dict.fromkeys(found):
                mark = words.ACTIONS.get(action)
                state = one_line(action) if mark is None else words.state(mark, language)
                times = found.count((rule, action))
                line = [(state, "" if mark is None else mark.style), (f"  {words.rule(rule, language)}", "bold")]
                parts.append(Content.assemble(*line, (f"  ×{times}" if times > 1 else "", MUTED)))
            parts.append(Content(""))
        parts.append(heading(_("Data:").render(language)))
        parts.append(Content(visible(_pretty(record.data))))
        parts.append(Content(""))
        parts.append(heading(_("Chain:").render(language)))
        for name in ("suite", "previous", "hash", "content_digest", "content_key"):
            value = getattr(record, name)
            if value is not None:
                parts.append(Content.styled(f"{name:<16}{one_line(str(value))}", MUTED))
        return Content("\n").join(parts)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what was kept can be opened, and only requests have other records."""
        if action == "content":
            return self._record.content_digest is not None and self.may("audit.read")
        if action == "request":
            return self._record.request_id is not None
        return super().check_action(action, parameters)

    def action_request(self) -> None:
        """Show every record of the same request."""
        from appliance.tui.screens.governance_audit import AuditScreen  # the two open each other

        request = self._record.request_id or ""
        self.app.push_screen(AuditScreen(_("Request {id}", id=one_line(request)), Filters(request_id=request)))

    @work(exclusive=True, group="act")
    async def action_content(self) -> None:
        """Open the kept text, after it is said that this is recorded."""
        record, opened = self._record, list[str]()

        async def read(_tell: Tell) -> Message:
            opened.append(await self.records.content(record.seq))
            return _("The text was opened; a record says so.")

        task = Task(
            keys.CONTENT.label,
            _("Open the text that record {number} keeps?", number=record.seq),
            f"appliance audit content {record.seq}",
            read,
            named=_(
                "It is what was asked or answered, of {actor} of {tenant}.", actor=record.actor, tenant=record.tenant
            ),
            warning=_(
                "That you read it is written into the audit for good, as {operator}.", operator=self.records.operator
            ),
        )
        notice = await perform(self.app, task)
        if notice is not None:
            self.post_message(Acted(notice))
        if opened:
            await self.app.push_screen_wait(ContentScreen(record.seq, opened[0]))

    def on_acted(self, event: Acted) -> None:
        """Tell what came of it."""
        self.notice = event.notice
        self.show(self.terminal.view)


class ContentScreen(GovernanceBase):
    """A kept text, as long as it is looked at."""

    AUTO_FOCUS = "TextPanel"
    BINDINGS = FactsScreen.BINDINGS

    def __init__(self, seq: int, text: str) -> None:
        super().__init__()
        self._seq, self._text = seq, text

    def body(self) -> ComposeResult:
        """Yield one text."""
        yield TextPanel(classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the text."""
        super().show(view)
        self.query_one(FaultBanner).display = False
        title = _("Kept text of record {number}", number=self._seq)
        self.query_one(TextPanel).show(title.render(view.language), visible(_pretty(self._text)))
        self.query_one(CommandLine).show(f"appliance audit content {self._seq}")

    def connection(self, _view: View) -> Connection:
        """What is shown was read before."""
        return "connected"


def record_command(record: Record) -> str:
    """Return the command that shows a record with its neighbours of the same request."""
    if record.request_id is not None:
        return f"appliance audit search --request {record.request_id} --json"
    return f"appliance audit search --before {record.seq + 1} --limit 1 --json"


def _outcome(record: Record, language: str) -> str | None:
    if record.outcome is None:
        return None
    said = words.outcome(record.outcome, language)
    return said if said == record.outcome else f"{said} ({record.outcome})"


def _handled(record: Record, language: str) -> str | None:
    """Return the severest that guardrails did; of an answer that was cut off, the outcome does not tell it."""
    mark = words.ACTIONS.get(severest({action for _rule, action in findings_of(record.data)}))
    return None if mark is None else words.state(mark, language)


def _kept(record: Record) -> Message:
    if record.content_digest is None:
        return _("none")
    return _("yes, sealed; c opens it, and that is recorded")


def _pretty(text: str) -> str:
    """Return JSON with a line a field; anything else as it is."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text
