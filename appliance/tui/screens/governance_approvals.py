"""Changes that wait for a second person."""

import json
from collections.abc import Mapping, Sequence

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList

from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _
from appliance.tui import figures
from appliance.tui import governance_keys as keys
from appliance.tui import governance_words as words
from appliance.tui.acting import Task, Tell
from appliance.tui.drawing import MUTED, one_line, visible
from appliance.tui.governance_source import ApprovalSeen, Verdict
from appliance.tui.screens.governance_facts import Fact, FactsScreen, heading
from appliance.tui.screens.governance_form import Filled, Form, FormDialog, FormField
from appliance.tui.screens.governance_part import Acted, PartScreen
from appliance.tui.screens.task import perform
from appliance.tui.view import Notice, View
from appliance.tui.widgets.listing import Column, Listing


def _change(one: ApprovalSeen, language: str) -> str:
    return words.CHANGES[one.kind].render(language) if one.kind in words.CHANGES else one_line(one.kind)


_WHAT = Column[ApprovalSeen](_("Change"), 22, _change, style=lambda _a: "bold", grows=True)
_TENANT = Column[ApprovalSeen](_("Tenant"), 12, lambda a, _l: one_line(a.tenant), rank=2)
_ASKED_BY = Column[ApprovalSeen](_("Asked by"), 20, lambda a, _l: one_line(a.asked_by), rank=1, grows=True)
_ASKED_AT = Column[ApprovalSeen](
    _("Asked at"), 11, lambda a, _l: figures.day_and_time(a.asked_at), style=lambda _a: MUTED
)
_UNTIL = Column[ApprovalSeen](_("Good until"), 11, lambda a, _l: figures.day_and_time(a.expires_at), rank=1)
_STATE = Column[ApprovalSeen](
    _("State"), 10, lambda a, language: words.state(words.APPROVALS[a.status], language),
    style=lambda a: words.APPROVALS[a.status].style,
)  # fmt: skip
_PENDING = (_ASKED_AT, _WHAT, _TENANT, _ASKED_BY, _UNTIL)
_ALL = (_ASKED_AT, _STATE, _WHAT, _TENANT, _ASKED_BY)


class ApprovalsScreen(PartScreen[tuple[ApprovalSeen, ...]]):
    """Enter opens a change; it is decided on where the whole of it is seen."""

    INTERVAL_S = 10.0
    BINDINGS = [keys.STATE.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self._pending_only = True

    def asked(self) -> object:
        """Return the filter."""
        return self._pending_only

    async def fetch(self) -> tuple[ApprovalSeen, ...]:
        """Read the requests."""
        return await self.source.approvals(self._pending_only)

    def contents(self) -> ComposeResult:
        """Yield the list."""
        yield Listing[ApprovalSeen](id="approvals")

    def draw(self, view: View) -> None:
        """Draw the requests."""
        found, language = self.reading.value or (), view.language
        listing = self.query_one(Listing)
        title = (
            _("Changes that wait for a second person") if self._pending_only else _("Changes and what became of them")
        )
        listing.border_title = title.render(language)
        listing.border_subtitle = str(len(found)) if self.reading.value is not None else ""
        nothing = self.nothing(_("No change waits.") if self._pending_only else _("Nobody ever asked for an approval."))
        listing.show({one.id: one for one in found}, _PENDING if self._pending_only else _ALL, nothing, language)

    def command(self) -> str:
        """Return the command that lists them."""
        return "appliance approval list" + (" --state pending" if self._pending_only else "")

    def action_filter(self) -> None:
        """Show what waits, or all."""
        self._pending_only = not self._pending_only
        self.ask_anew()

    @work(exclusive=True, group="open")
    async def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the chosen change."""
        one = next((one for one in self.reading.value or () if one.id == event.option_id), None)
        if one is None:
            return
        told: Notice | None = await self.app.push_screen_wait(ApprovalScreen(one))
        if told is not None:
            self.tell(told)


class ApprovalScreen(FactsScreen):
    """One change, whole: what is approved is what is read here. It closes when it was decided on."""

    BINDINGS = [command.binding() for command in (keys.APPROVE, keys.REFUSE)]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, one: ApprovalSeen) -> None:
        super().__init__(_("Change that needs a second person"), f"appliance approval show {one.id}")
        self._one = one
        self._reason = ""

    def facts(self, language: str) -> Sequence[Fact]:
        """Return who asked for what, and what became of it."""
        one = self._one
        facts: list[Fact] = [
            (_("Change"), _change(one, language)),
            (_("State"), words.state(words.APPROVALS[one.status], language)),
            (_("Asked by"), one_line(one.asked_by)),
            (_("Asked at"), figures.exact_time(one.asked_at)),
            (_("Good until"), figures.exact_time(one.expires_at)),
            (_("Tenant"), one.tenant),
            (_("Id"), one.id),
        ]
        if one.decided_by is not None:
            facts.append((_("Decided by"), one_line(one.decided_by)))
        if one.reason:
            facts.append((_("Reason"), one_line(one.reason)))
        if one.used_at is not None:
            facts.append((_("Used at"), figures.exact_time(one.used_at)))
        return facts

    def below(self, language: str) -> Content | None:
        """Return the change itself, with nothing in it hidden."""
        text = visible(json.dumps(self._one.change, ensure_ascii=False, indent=2))
        return Content("\n").join([heading(_("Exactly this is done:").render(language)), Content(text)])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is decided cannot be decided again."""
        if action == "decide":
            return self._one.status == "pending" and self.may("approvals.decide")
        return super().check_action(action, parameters)

    @work(exclusive=True, group="form")
    async def action_decide(self, verdict: Verdict) -> None:
        """Ask, decide, and go back."""
        if verdict == "refuse":
            filled: Filled = await self.app.push_screen_wait(FormDialog(self._form()))
            self._reason = filled.values["reason"]
            if not filled.go_on:
                return
        notice = await perform(self.app, self._deciding(verdict))
        if notice is not None and notice.kind == "done":
            self.dismiss(notice)
        elif notice is not None:
            self.post_message(Acted(notice))

    def on_acted(self, event: Acted) -> None:
        """Tell why it was not."""
        self.notice = event.notice
        self.show(self.terminal.view)

    def _form(self) -> Form:
        def check(values: Mapping[str, str]) -> None:
            if not values["reason"]:
                raise InvalidRequest(_("Write the reason: the asker is told it."))

        field = FormField(
            "reason", _("Reason"), _("Why it is not to be done; who asked for it reads this."), self._reason
        )
        return Form(
            _("Refuse a change"),
            (field,),
            lambda _values: f"appliance approval refuse {self._one.id} --reason TEXT",
            check,
        )

    def _deciding(self, verdict: Verdict) -> Task:
        one, reason = self._one, self._reason

        async def decide(_tell: Tell) -> Message:
            await self.source.decide(one.id, verdict, reason)
            by = one_line(one.asked_by)
            if verdict == "approve":
                return _("It is approved: {by} can make the change now, once.", by=by)
            return _("It is refused: {by} is told the reason.", by=by)

        what = words.CHANGES.get(one.kind, Message(one_line(one.kind)))
        question = (
            _("Let {by} do this: {what}?", by=one_line(one.asked_by), what=what)
            if verdict == "approve"
            else _("Refuse {by} this: {what}?", by=one_line(one.asked_by), what=what)
        )
        command = f"appliance approval {verdict} {one.id}" + (" --reason TEXT" if verdict == "refuse" else "")
        named = Message(one_line(reason)) if verdict == "refuse" else None
        label = keys.APPROVE.label if verdict == "approve" else keys.REFUSE.label
        return Task(label, question, command, decide, named=named)
