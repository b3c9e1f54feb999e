"""One held answer: what was asked, what was answered, and the decision on it."""

from dataclasses import dataclass
from datetime import datetime

from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message as Event

from appliance.core.errors import ApplianceError, Conflict, PermissionDenied
from appliance.core.messages import Message, _
from appliance.tui import commands, figures
from appliance.tui.drawing import MUTED, one_line, visible
from appliance.tui.reviews_source import OWN_ANSWER, Decision, HeldReview, Review, Verb
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.screens.review_dialogs import ConfirmScreen, EditScreen, RefuseScreen
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.widgets.review_facts import review_facts
from appliance.tui.widgets.text_panel import TextPanel


@dataclass(frozen=True)
class Closed:
    """What the list is told: the review that was decided here, and whether the key may decide at all."""

    decided: Review | None
    may_decide: bool


class ReviewRead(Event):
    """The review came, with its texts."""

    def __init__(self, review: HeldReview, seen: datetime, overtaken: bool = False) -> None:
        super().__init__()
        self.review, self.seen, self.overtaken = review, seen, overtaken


class ReviewMissed(Event):
    """It could not be read, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class Decided(Event):
    """The appliance took the decision."""

    def __init__(self, review: Review) -> None:
        super().__init__()
        self.review = review


class DecisionRefused(Event):
    """The appliance did not take it, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class ReviewScreen(ModeScreen[Closed]):
    """Shows one review. The keys of decisions are there only while the key may decide and the review waits."""

    MODE = "reviews"
    COMPACT_BELOW = 104
    AUTO_FOCUS = "#answer"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - Textual reads the class attribute
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding()
        for command in (commands.APPROVE, commands.EDIT, commands.REFUSE, commands.BACK, commands.NEXT_PANEL)
    ]

    def __init__(self, review: Review, may_decide: bool) -> None:
        super().__init__()
        self._review = review
        self._held: HeldReview | None = None
        self._seen: datetime | None = None
        self._fault: ApplianceError | None = None
        self._notice: Notice | None = None
        self._may_decide = may_decide
        self._own = self._busy = False
        self._drafts: dict[Verb, str] = {}

    def body(self) -> ComposeResult:
        """Yield facts, question and answer."""
        yield NoticeLine()
        yield Lines(id="review-facts")
        with Container(id="review-texts"):
            yield TextPanel(id="question", classes="panel")
            yield TextPanel(id="answer", classes="panel")
            yield TextPanel(id="edited", classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the review."""
        super().show(view)
        language, held = view.language, self._held
        self.set_class(self._fault is not None and held is not None, "-stale")
        again = _("Press r to read it again.")
        self.query_one(FaultBanner).show(self._fault, self._seen, again, language)
        self.query_one(NoticeLine).show(self._notice or self._standing_notice(), language)
        self.query_one("#review-facts", Lines).say(review_facts(self._review, language))
        missing = _("The appliance keeps no text of it.")
        if held is None:
            missing = Message("") if self._fault or self._own else _("Reading …")
        self.query_one("#edited").display = held is not None and held.edited is not None
        for name, title, text in (
            ("#question", _("Question"), held.question if held else None),
            ("#answer", _("Answer held back"), held.answer if held else None),
            ("#edited", _("Text sent instead"), held.edited if held else None),
        ):
            panel = self.query_one(name, TextPanel)
            if text is None:
                panel.show(title.render(language), missing.render(language), MUTED)
            else:
                panel.show(title.render(language), visible(text))
        verb = "approve" if self._may_act() else "show"
        self.query_one(CommandLine).show(f"appliance review {verb} {one_line(self._review.id)}")
        self.refresh_bindings()

    def connection(self, view: View) -> Connection:
        """As far as this review goes."""
        if self._fault is not None:
            return "lost"
        return "connecting" if self._held is None and not self._own else "connected"

    def _standing_notice(self) -> Notice | None:
        """Say why the keys of decisions are missing from a review that waits."""
        if self._review.status != "pending":
            return None
        if self._own:
            return Notice("warning", _("You asked this question yourself."), _("Another person decides on its answer."))
        if not self._may_decide:
            return Notice("warning", _("Read only: this key may not decide."), _("Use one that may, then press r."))
        if self._held is not None and not self._held.editable:
            return Notice("warning", _("One text cannot take the place of this answer."), _("Approve it or refuse it."))
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out the keys of decisions where none can be taken."""
        if action != "decide":
            return super().check_action(action, parameters)
        editable = self._held is not None and self._held.editable
        return self._may_act() and (editable or parameters != ("edit",))

    def _may_act(self) -> bool:
        waits = self._held is not None and self._review.status == "pending"
        return waits and self._may_decide and not self._own and not self._busy

    def on_mount(self) -> None:
        """Read the texts."""
        self._read()

    def reload(self) -> None:
        """Read again; a replaced key may have other rights."""
        self._notice, self._may_decide, self._own = None, True, False
        self._read()

    @work(exclusive=True, group="review")
    async def _read(self) -> None:
        await self._read_once(overtaken=False)

    async def _read_once(self, overtaken: bool) -> None:
        try:
            review = await self.terminal.sources.reviews.read(self._review.id)
            self.post_message(ReviewRead(review, self.terminal.clock(), overtaken))
        except ApplianceError as error:
            self.post_message(ReviewMissed(error))

    def on_review_read(self, event: ReviewRead) -> None:
        """Show it; one that was overtaken says by whom."""
        self._review = self._held = event.review
        self._seen, self._fault, self._busy = event.seen, None, False
        if event.overtaken:
            self._notice = _overtaken(event.review)
        self.show(self.terminal.view)

    def on_review_missed(self, event: ReviewMissed) -> None:
        """Keep what is shown, and say why there is nothing newer. One's own answer is nothing to read here."""
        self._own = isinstance(event.error, PermissionDenied) and event.error.code == OWN_ANSWER
        self._fault, self._busy = None if self._own else event.error, False
        self.show(self.terminal.view)

    def action_back(self) -> None:
        """Go back to the list."""
        self.dismiss(Closed(None, self._may_decide))

    @work(exclusive=True, group="dialog")
    async def action_decide(self, verb: Verb) -> None:
        """Ask for the text that the decision needs, then for a confirmation, then send it."""
        held = self._held
        if held is None:
            return
        decision = Decision(verb)
        if verb != "approve":
            text = self._drafts.get(verb, held.answer or "" if verb == "edit" else "")
            dialog = EditScreen if verb == "edit" else RefuseScreen
            draft = await self.app.push_screen_wait(dialog(held, text))
            # What was written is offered again if it is not sent now, or does not arrive.
            self._drafts[verb] = draft.text
            if not draft.send:
                return
            decision = Decision(verb, draft.text)
        elif not await self.app.push_screen_wait(ConfirmScreen(held, decision)):
            return
        self._busy, self._notice = True, None
        self.refresh_bindings()
        self._send(decision)

    @work(exclusive=True, group="review")
    async def _send(self, decision: Decision) -> None:
        try:
            self.post_message(Decided(await self.terminal.sources.reviews.decide(self._review.id, decision)))
        except Conflict:
            await self._read_once(overtaken=True)
        except ApplianceError as error:
            self.post_message(DecisionRefused(error))

    def on_decided(self, event: Decided) -> None:
        """Go back to the list, which says what was done."""
        self._review, self._busy = event.review, False
        if self.is_current:
            self.dismiss(Closed(event.review, self._may_decide))

    def on_decision_refused(self, event: DecisionRefused) -> None:
        """Say why; a key that may not decide loses the keys that do."""
        self._busy = False
        if isinstance(event.error, PermissionDenied):
            self._own = event.error.code == OWN_ANSWER
            self._may_decide = self._own
        self._notice = None if isinstance(event.error, PermissionDenied) else Notice.of(event.error)
        self.show(self.terminal.view)


def _overtaken(review: Review) -> Notice:
    who = one_line(review.decided_by or figures.UNKNOWN)
    time = figures.UNKNOWN if review.decided_at is None else figures.exact_time(review.decided_at)
    told = {
        "approved": _("{who} had approved this answer at {time}; your decision was not taken.", who=who, time=time),
        "edited": _("{who} had sent another text at {time}; your decision was not taken.", who=who, time=time),
        "refused": _("{who} had refused this answer at {time}; your decision was not taken.", who=who, time=time),
    }.get(review.status)
    if told is None or review.decided_at is None:
        return Notice("warning", _("The appliance did not take the decision."), _("Look at the review again."))
    return Notice("warning", told)
