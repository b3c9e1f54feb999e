"""Search in the audit: ready filters, a form, pages, and one record in detail."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _, one_or_many
from appliance.operations.audit_filters import READY, ReadyFilter, search_command, when
from appliance.operations.guardrail_hits import findings_of, severest
from appliance.state.audit.records import Record
from appliance.state.audit.search import Filters, Page
from appliance.tui import commands, figures
from appliance.tui import governance_keys as keys
from appliance.tui import governance_words as words
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.screens.governance_form import Filled, Form, FormDialog, FormField
from appliance.tui.screens.governance_part import PartScreen
from appliance.tui.screens.governance_record import RecordScreen
from appliance.tui.screens.governance_verify import VerifyScreen
from appliance.tui.screens.localised import LocalisedDialog
from appliance.tui.view import View
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.words import StateMark

PAGE = 100
_FIELDS = ("text", "kind", "outcome", "actor", "tenant", "target", "since", "until")


def _what(record: Record, language: str) -> str:
    """Return what happened: of a request what guardrails found and its target, of anything else what was done."""
    found = list(dict.fromkeys(rule for rule, _done in findings_of(record.data)))
    action = "" if record.kind.startswith("request.") else (record.action or "").replace("/v1/", "/", 1)
    rules = ", ".join(words.rule(rule, language) for rule in found)
    parts = (words.kind(record.kind, language), rules, one_line(record.target or ""), one_line(action))
    return "  ".join(part for part in parts if part)


def _mark(record: Record) -> StateMark | None:
    """Return what guardrails did, unless something else became of the request."""
    if record.outcome not in (None, "ok", "done", "content_filter", "held"):
        return None
    return words.ACTIONS.get(severest({done for _rule, done in findings_of(record.data)}))


def _outcome(record: Record, language: str) -> str:
    mark = _mark(record)
    return words.outcome(record.outcome, language) if mark is None else words.state(mark, language)


def _style(record: Record) -> str:
    mark = _mark(record)
    if mark is not None:
        return mark.style
    return "$text-error" if record.outcome in ("refused", "quota_exceeded") else ""


def _columns(names: Mapping[str, str]) -> tuple[Column[Record], ...]:
    def by(record: Record, _language: str) -> str:
        actor = record.actor or figures.UNKNOWN
        return one_line(names.get(actor, actor))

    return (
        Column[Record](_("When"), 11, lambda r, _l: words.moment(r.at), style=lambda _r: MUTED, rank=1),
        Column[Record](_("Outcome"), 12, _outcome, style=_style),
        Column[Record](_("What"), 26, _what, style=lambda _r: "bold", grows=True),
        Column[Record](_("By"), 14, by, rank=1),
        Column[Record](_("Tenant"), 12, lambda r, _l: one_line(r.tenant or figures.UNKNOWN), rank=3),
        Column[Record](_("Number"), 9, lambda r, _l: str(r.seq), align="right", style=lambda _r: MUTED, rank=2),
    )  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A page of records, and what the keys and people in it are called."""

    page: Page
    names: Mapping[str, str]


class AuditScreen(PartScreen[Found]):
    """What happened, newest first. It opens with what was blocked since yesterday."""

    INTERVAL_S = 60.0
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (keys.BLOCKED, keys.READY, keys.SEARCH, keys.OLDER, keys.NEWER, keys.VERIFY)
    ]

    def __init__(self, title: Message | None = None, filters: Filters | None = None) -> None:
        super().__init__()
        self._title, self._filters = title or READY[0].title, filters
        self._pages: tuple[int, ...] = ()
        """The records before which the pages begin that one came from."""
        self._draft: Mapping[str, str] = {}

    @property
    def filters(self) -> Filters:
        """What is asked for; a tenant's reader sees its records alone."""
        filters = self._filters or READY[0].filters(self.terminal.clock())
        return filters if self.tenant is None else replace(filters, tenant=self.tenant)

    @staticmethod
    def everything(tenant: str | None) -> Filters:
        """Return the filter that every record passes which the reader may see."""
        return Filters(tenant=tenant)

    def asked(self) -> object:
        """Return the filter and the page."""
        return self._filters, self._title, self._pages

    async def fetch(self) -> Found:
        """Read a page."""
        page = await self.records.find(self.filters, self._pages[-1] if self._pages else None, PAGE)
        return Found(page, await self.names())

    @property
    def page(self) -> Page | None:
        """The page that is shown."""
        return self.reading.value.page if self.reading.value else None

    def contents(self) -> ComposeResult:
        """Yield the list."""
        yield Listing[Record](id="records")

    def draw(self, view: View) -> None:
        """Draw the page."""
        page, language = self.page, view.language
        records = page.records if page else ()
        listing = self.query_one(Listing)
        listing.border_title = _("Audit: {what}", what=self._title).render(language)
        listing.border_subtitle = self._counted(page, language)
        nothing = self.nothing(_("No record tells this. f has other searches, s a form."))
        columns = _columns(self.reading.value.names if self.reading.value else {})
        listing.show({f"r-{one.seq}": one for one in records}, columns, nothing, language)

    def _counted(self, page: Page | None, language: str) -> str:
        if page is None or not page.records:
            return ""
        parts = [_("page {number}", number=len(self._pages) + 1)] if self._pages else []
        count = len(page.records)
        parts.append(one_or_many(count, _("1 record"), _("{count} records", count=count)))
        if page.before is not None:
            parts.append(_("n shows older ones"))
        return ", ".join(part.render(language) for part in parts)

    def command(self) -> str:
        """Return the command that finds the same records."""
        before = f" --before {self._pages[-1]}" if self._pages else ""
        return search_command(self.filters) + before

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A page is only turned where there is one."""
        if action == "older":
            return self.page is not None and self.page.before is not None
        if action == "newer":
            return bool(self._pages)
        return super().check_action(action, parameters)

    def look_for(self, title: Message, filters: Filters) -> None:
        """Show the records of another filter."""
        self._title, self._filters, self._pages = title, filters, ()
        self.ask_anew()

    def action_blocked(self) -> None:
        """Show what was blocked since yesterday."""
        self.look_for(READY[0].title, READY[0].filters(self.terminal.clock()))

    def action_older(self) -> None:
        """Show the page behind."""
        page = self.page
        if page is not None and page.before is not None:
            self._pages = (*self._pages, page.before)
            self.ask_anew()

    def action_newer(self) -> None:
        """Show the page before."""
        self._pages = self._pages[:-1]
        self.ask_anew()

    def action_verify(self) -> None:
        """Check the log."""
        self.app.push_screen(VerifyScreen())

    @work(exclusive=True, group="form")
    async def action_ready(self) -> None:
        """Choose a ready filter."""
        ready: ReadyFilter | None = await self.app.push_screen_wait(ReadyDialog())
        if ready is not None:
            self.look_for(ready.title, ready.filters(self.terminal.clock()))

    @work(exclusive=True, group="form")
    async def action_search(self) -> None:
        """Fill in a form."""
        now = self.terminal.clock()

        def filters_of(values: Mapping[str, str]) -> Filters:
            given: dict[str, Any] = {name: values[name] or None for name in _FIELDS}
            for name in ("since", "until"):
                text = given[name]
                given[name] = None if text is None else when(text, now)
            return Filters(**given)

        def check(values: Mapping[str, str]) -> None:
            filters_of(values)

        def command(values: Mapping[str, str]) -> str:
            try:
                return search_command(filters_of(values))
            except ApplianceError:  # a time that is half written
                half: dict[str, Any] = {name: values[name] or None for name in _FIELDS}
                return search_command(Filters(**half))

        form = Form(_("Search in the audit"), _form_fields(self._draft), command, check)
        filled: Filled = await self.app.push_screen_wait(FormDialog(form))
        self._draft = filled.values
        if filled.go_on:
            self.look_for(_("what was searched for"), filters_of(filled.values))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the chosen record."""
        found = self.reading.value
        record = next((one for one in (found.page.records if found else ()) if f"r-{one.seq}" == event.option_id), None)
        if found is not None and record is not None:
            self.app.push_screen(RecordScreen(record, found.names.get(record.actor or "")))


class ReadyDialog(LocalisedDialog[ReadyFilter | None]):
    """The ready filters, each with what it finds; Enter takes one."""

    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short")]  # noqa: RUF012 - Textual reads the class attribute
    BINDINGS = [keys.LEAVE.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        language = self.terminal.language
        with Vertical(classes="dialog panel ready") as box:
            box.border_title = keys.READY.label.render(language)
            yield ReadyList(
                *(
                    Option(
                        Content.assemble(
                            (one.title.render(language), "bold"), "\n", (f"  {one.explained.render(language)}", MUTED)
                        ),
                        id=one.name,
                    )
                    for one in READY
                )
            )
            yield Static()
            yield Footer(show_command_palette=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take it."""
        event.stop()
        self.dismiss(next(one for one in READY if one.name == event.option_id))

    def action_cancel(self) -> None:
        """Take none."""
        self.dismiss(None)


class ReadyList(OptionList):
    """The filters; Enter takes one."""

    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (commands.OPEN, commands.UP, commands.DOWN)
    ]


def _form_fields(draft: Mapping[str, str]) -> tuple[FormField, ...]:
    times = _("today, yesterday, 12h or 30d back, a day such as 2026-11-24, or 2026-11-24T14:30.")
    told: dict[str, tuple[Message, Message]] = {
        "text": (_("Text"), _("A part of the data, in capitals or not: a rule, a status, a name.")),
        "kind": (_("What"), _("request.completed, admin.*, system.* and others; empty is any.")),
        "outcome": (_("Outcome"), _("ok, content_filter (blocked), held, refused, quota_exceeded …; empty is any.")),
        "actor": (_("By"), _("Id of a key or person: lma-…, lmu-…, os:NAME.")),
        "tenant": (_("Tenant"), _("Name of a tenant.")),
        "target": (_("Target"), _("Model, scenario, or what was changed.")),
        "since": (_("Since"), times),
        "until": (_("Until"), times),
    }
    start = {"since": "yesterday"} | dict(draft)
    return tuple(FormField(name, *told[name], start.get(name, "")) for name in _FIELDS)
