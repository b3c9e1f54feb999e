"""Governance at a glance: its parts with what is to be known of each, and what the guardrails stopped last."""

from dataclasses import dataclass, replace
from datetime import datetime

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event
from textual.widgets import OptionList

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.operations.audit_filters import day_start
from appliance.operations.guardrail_hits import Hit, Hits
from appliance.tui import commands
from appliance.tui import governance_keys as keys
from appliance.tui.drawing import MUTED
from appliance.tui.screens import governance_guardrails
from appliance.tui.screens.governance_audit import AuditScreen
from appliance.tui.screens.governance_guardrails import HIT_COLUMNS
from appliance.tui.screens.governance_part import GovernanceBase
from appliance.tui.screens.governance_parts import PARTS, Part, readings
from appliance.tui.screens.governance_record import RecordScreen
from appliance.tui.screens.governance_verify import VerifyScreen
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine

_INTERVAL_S = 60.0


@dataclass(frozen=True)
class PartRow:
    """A part with what is known of it now."""

    part: Part
    now: Message
    style: str = ""


_COLUMNS = (
    Column[PartRow](_("Part"), 11, lambda r, language: r.part.title.render(language), style=lambda _r: "bold"),
    Column[PartRow](_("Now"), 30, lambda r, language: r.now.render(language), style=lambda r: r.style, grows=True),
    Column[PartRow](
        _("What it is"),
        30,
        lambda r, language: r.part.explained.render(language),
        style=lambda _r: MUTED,
        rank=1,
        grows=True,
    ),
)


@dataclass(frozen=True)
class _Glance:
    """What was read last of each part."""

    told: dict[str, Message]
    faults: dict[str, ApplianceError]
    hits: Hits | None = None
    seen: datetime | None = None


class GlanceRead(Event):
    """Something of one part came."""

    def __init__(self, name: str, told: Message, hits: Hits | None, seen: datetime) -> None:
        super().__init__()
        self.name, self.told, self.hits, self.seen = name, told, hits, seen


class GlanceMissed(Event):
    """One part could not be read, and why."""

    def __init__(self, name: str, error: ApplianceError) -> None:
        super().__init__()
        self.name, self.error = name, error


class GovernanceScreen(GovernanceBase):
    """Reads a little of every part that the reader may see; Enter opens one."""

    AUTO_FOCUS = "#governance-parts RowList"
    COMPACT_BELOW = 90
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (keys.BLOCKED, keys.VERIFY, commands.NEXT_PANEL)
    ]

    def __init__(self) -> None:
        super().__init__()
        self._glance = _Glance({}, {})
        self._notice: Notice | None = None
        self._waiting = False
        """Whether it is to be read as soon as it is known who reads."""

    def body(self) -> ComposeResult:
        """Yield the parts and the newest hits."""
        yield NoticeLine()
        yield Listing[PartRow](id="governance-parts")
        yield Listing[Hit](id="governance-newest")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw everything."""
        super().show(view)
        if self._waiting and self.reader is not None:
            self._waiting = False
            self._read_for_ever()
        language, glance = view.language, self._glance
        lost = view.lost
        fault = lost or next(iter(glance.faults.values()), None)
        seen, interval_s = (view.seen, view.interval_s) if lost is not None else (glance.seen, _INTERVAL_S)
        self.set_class(fault is not None and seen is not None, "-stale")
        self.query_one(FaultBanner).show(fault, seen, every(interval_s), language)
        self.query_one(NoticeLine).show(self._notice or self._standing(), language)
        parts = self.query_one("#governance-parts", Listing)
        parts.border_title = _("Governance").render(language)
        parts.show({part.name: self._row(part) for part in PARTS}, _COLUMNS, Message(""), language)
        newest = self.query_one("#governance-newest", Listing)
        self.set_class(not self._may(_part("guardrails")), "-no-hits")
        newest.border_title = _("Found by guardrails since yesterday").render(language)
        hits = glance.hits.newest if glance.hits else ()
        nothing = _("Nothing was found in this time.") if glance.hits else _("Waiting for the first reading …")
        newest.show({f"hit-{one.record.seq}": one for one in hits}, HIT_COLUMNS, nothing, language)
        chosen = _part(parts.chosen or "audit")
        self.query_one(CommandLine).show(chosen.command)

    def connection(self, view: View) -> Connection:
        """As far as the appliance and the parts go."""
        if view.lost is not None or self._glance.faults:
            return "lost"
        return "connecting" if self._glance.seen is None and self._readable() else "connected"

    def _may(self, part: Part) -> bool:
        return self.may(part.permission) and (not part.at_machine or self.source.records is not None)

    def _readable(self) -> list[Part]:
        return [part for part in PARTS if self._may(part)]

    def _row(self, part: Part) -> PartRow:
        who = self.reader
        if who is None:
            return PartRow(part, Message("…"), MUTED)
        if not who.may(part.permission):
            return PartRow(part, _("○ not for the role {role}", role=who.role), MUTED)
        if part.at_machine and self.source.records is None:
            return PartRow(part, _("○ only in the terminal on the head"), MUTED)
        if part.name in self._glance.faults:
            return PartRow(part, _("✖ could not be read"), "$text-error")
        return PartRow(part, self._glance.told.get(part.name, Message("…")))

    def _standing(self) -> Notice | None:
        who = self.reader
        if who is None or any(who.may(one) for one in ("keys.manage", "users.manage", "policy.write")):
            return None
        return Notice("warning", _("The role {role} changes nothing here: read-only.", role=who.role))

    def on_screen_resume(self) -> None:
        """Start reading."""
        self._read_for_ever()

    def on_screen_suspend(self) -> None:
        """Stop reading: nobody sees it."""
        self.workers.cancel_group(self, "glance")

    def reload(self) -> None:
        """Read now."""
        self._notice = None
        self._read_for_ever()

    @work(exclusive=True, group="glance")
    async def _read_for_ever(self) -> None:
        while True:
            if self.reader is None:
                self._waiting = True
                return
            for part in self._readable():
                await self._read(part)
            await self.terminal.pause(_INTERVAL_S)

    async def _read(self, part: Part) -> None:
        now = self.terminal.clock()
        hits: Hits | None = None
        try:
            if part.name == "guardrails":
                hits = await self.records.hits(day_start(now, 1), self.tenant)
                told = governance_guardrails.in_short(hits)
            else:
                told = await readings(self, now)[part.name]()
        except ApplianceError as error:
            self.post_message(GlanceMissed(part.name, error))
        else:
            self.post_message(GlanceRead(part.name, told, hits, now))

    def on_glance_read(self, event: GlanceRead) -> None:
        """Keep it and show it."""
        glance = self._glance
        faults = {name: error for name, error in glance.faults.items() if name != event.name}
        told = glance.told | {event.name: event.told}
        self._glance = replace(glance, told=told, faults=faults, hits=event.hits or glance.hits, seen=event.seen)
        self.show(self.terminal.view)

    def on_glance_missed(self, event: GlanceMissed) -> None:
        """Say that it could not be read."""
        self._glance = replace(self._glance, faults=self._glance.faults | {event.name: event.error})
        self.show(self.terminal.view)

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Show the command of the chosen part."""
        self.show(self.terminal.view)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open a part, or a hit."""
        hits = self._glance.hits.newest if self._glance.hits else ()
        hit = next((one for one in hits if f"hit-{one.record.seq}" == event.option_id), None)
        if hit is not None:
            self.app.push_screen(RecordScreen(hit.record))
            return
        part = _part(event.option_id or "audit")
        if self._open(part):
            self.app.push_screen(part.screen())

    def _open(self, part: Part) -> bool:
        """Tell whether a part can be opened; say why where it cannot."""
        if self._may(part):
            self._notice = None
            return True
        if self.may(part.permission):
            said = _("Usage, quotas and the audit are read on the appliance's own machine.")
            self._notice = Notice("warning", said, _("Open `appliance tui` there, for example over ssh."))
        elif (who := self.reader) is not None:
            said = _("The role {role} does not see this.", role=who.role)
            self._notice = Notice("warning", said, _("Ask an administrator for a key whose role does."))
        self.show(self.terminal.view)
        return False

    def action_blocked(self) -> None:
        """Show what was blocked since yesterday."""
        if self._open(_part("audit")):
            self.app.push_screen(AuditScreen())

    def action_verify(self) -> None:
        """Check the audit log."""
        if self._open(_part("audit")):
            self.app.push_screen(VerifyScreen())


def _part(name: str) -> Part:
    return next((part for part in PARTS if part.name == name), PARTS[-1])
