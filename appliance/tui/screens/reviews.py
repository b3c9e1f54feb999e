"""The queue of answers that a policy holds back until a person decides."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event
from textual.widgets import OptionList

from appliance.core.errors import ApplianceError, PermissionDenied
from appliance.core.messages import Message, _
from appliance.tui import commands, figures
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.reviews_source import Review, ReviewList
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.screens.review import Closed, ReviewScreen
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.words import REVIEW_STATES

_INTERVAL_S = 10.0
_ASKED_AT = Column[Review](_("Asked at"), 11, lambda r, _l: figures.day_and_time(r.created_at), style=lambda _r: MUTED)
_STATE = Column[Review](
    _("State"),
    10,
    lambda r, language: f"{REVIEW_STATES[r.status].shape} {REVIEW_STATES[r.status].word.render(language)}",
    style=lambda r: REVIEW_STATES[r.status].style,
)
_TENANT = Column[Review](_("Tenant"), 12, lambda r, _l: one_line(r.tenant), rank=1, grows=True)
_TARGET = Column[Review](_("Target"), 14, lambda r, _l: one_line(r.target), style=lambda _r: "bold", grows=True)
_RULES = Column[Review](_("Rules"), 16, lambda r, _l: one_line(", ".join(r.rules)), rank=2, grows=True)
_ASKED_BY = Column[Review](_("Asked by"), 16, lambda r, _l: one_line(r.asked_by), rank=3, grows=True)
_DECIDED_BY = Column[Review](_("Decided by"), 16, lambda r, _l: one_line(r.decided_by or figures.UNKNOWN), rank=4)
_PENDING = (_ASKED_AT, _TENANT, _TARGET, _RULES, _ASKED_BY)
_ALL = (_ASKED_AT, _STATE, _TENANT, _TARGET, _RULES, _ASKED_BY, _DECIDED_BY)


@dataclass(frozen=True)
class _Queue:
    """The last reading, and why there is no newer one."""

    found: ReviewList = field(default_factory=ReviewList)
    seen: datetime | None = None
    fault: ApplianceError | None = None
    pending_only: bool = True


class QueueRead(Event):
    """A list came; `pending_only` tells which was asked for."""

    def __init__(self, found: ReviewList, pending_only: bool, seen: datetime) -> None:
        super().__init__()
        self.found, self.pending_only, self.seen = found, pending_only, seen


class QueueMissed(Event):
    """A reading failed, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class ReviewsScreen(ModeScreen[None]):
    """Reads the queue while it is in front; Enter opens a review."""

    MODE = "reviews"
    COMPACT_BELOW = 84
    AUTO_FOCUS = "RowList"
    BINDINGS = [commands.FILTER.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self._queue = _Queue()
        self._notice: Notice | None = None
        self._may_decide = True

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield NoticeLine()
        yield Listing[Review](id="reviews")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the queue."""
        super().show(view)
        queue, language = self._queue, view.language
        self.set_class(queue.fault is not None and queue.seen is not None, "-stale")
        self.query_one(FaultBanner).show(queue.fault, queue.seen, every(_INTERVAL_S), language)
        self.query_one(NoticeLine).show(self._notice, language)
        listing = self.query_one("#reviews", Listing)
        title = _("Reviews: pending") if queue.pending_only else _("Reviews: all")
        listing.border_title = title.render(language)
        reviews, columns = queue.found.reviews, _PENDING if queue.pending_only else _ALL
        counted = _("more than {count}", count=len(reviews)) if queue.found.more else Message(str(len(reviews)))
        listing.border_subtitle = counted.render(language) if queue.seen else ""
        listing.show({review.id: review for review in reviews}, columns, self._nothing(), language)
        self.query_one(CommandLine).show("appliance review list" + ("" if queue.pending_only else " --all"))

    def connection(self, view: View) -> Connection:
        """The queue may come in where the status is not for this key, and the other way round."""
        if self._queue.fault is not None and not isinstance(self._queue.fault, PermissionDenied):
            return "lost"
        return "connecting" if self._queue.seen is None and self._queue.fault is None else "connected"

    def _nothing(self) -> Message:
        if self._queue.seen is None:
            return Message("") if self._queue.fault else _("Waiting for the first reading …")
        return _("No answer waits for a decision.") if self._queue.pending_only else _("No answer was ever held back.")

    def on_screen_resume(self) -> None:
        """Start reading."""
        self._read_for_ever()

    def on_screen_suspend(self) -> None:
        """Stop reading: nobody sees it."""
        self.workers.cancel_group(self, "reviews")

    def reload(self) -> None:
        """Read now; a replaced key may have other rights."""
        self._may_decide, self._notice = True, None
        self._read_for_ever()

    @work(exclusive=True, group="reviews")
    async def _read_for_ever(self) -> None:
        while True:
            await self._read_once()
            await self.terminal.pause(_INTERVAL_S)

    async def _read_once(self) -> None:
        pending_only = self._queue.pending_only
        try:
            found = await self.terminal.sources.reviews.find("pending" if pending_only else None)
            self.post_message(QueueRead(found, pending_only, self.terminal.clock()))
        except ApplianceError as error:
            self.post_message(QueueMissed(error))

    def on_queue_read(self, event: QueueRead) -> None:
        """Keep the list and show it, if the filter is still the one it was read with."""
        if event.pending_only == self._queue.pending_only:
            self._queue = replace(self._queue, found=event.found, seen=event.seen, fault=None)
            self.show(self.terminal.view)

    def on_queue_missed(self, event: QueueMissed) -> None:
        """Keep the last list, and say why there is no newer one."""
        self._queue = replace(self._queue, fault=event.error)
        self.show(self.terminal.view)

    def action_filter(self) -> None:
        """Show pending reviews only, or all."""
        self._queue = _Queue(pending_only=not self._queue.pending_only)
        self._notice = None
        self.show(self.terminal.view)
        self._read_for_ever()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the chosen review."""
        review = next((review for review in self._queue.found.reviews if review.id == event.option_id), None)
        if review is not None:
            self._notice = None
            self.app.push_screen(ReviewScreen(review, self._may_decide), self._review_closed)

    def _review_closed(self, closed: Closed | None) -> None:
        """Tell what was decided; the list is read again when this screen comes to the front."""
        if closed is None:
            return
        self._may_decide = closed.may_decide
        if closed.decided is not None:
            self._notice = Notice("done", _done(closed.decided))
            left = tuple(review for review in self._queue.found.reviews if review.id != closed.decided.id)
            if self._queue.pending_only:
                self._queue = replace(self._queue, found=replace(self._queue.found, reviews=left))
        self.show(self.terminal.view)


def _done(decided: Review) -> Message:
    return {
        "approved": _("The answer of review {id} was sent as it was.", id=decided.id),
        "edited": _("Your text was sent in place of the answer of review {id}.", id=decided.id),
        "refused": _("The answer of review {id} was withheld.", id=decided.id),
    }[decided.status]
