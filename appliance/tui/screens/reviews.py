"""The queue of answers that a policy holds back until a person decides."""

from dataclasses import replace

from textual.app import ComposeResult
from textual.widgets import OptionList

from appliance.core.messages import Message, _
from appliance.tui import commands, figures
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.reviews_source import Review, ReviewList
from appliance.tui.screens.polling import Found, PollingScreen
from appliance.tui.screens.review import Closed, ReviewScreen
from appliance.tui.view import Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.words import REVIEW_STATES

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


class ReviewsScreen(PollingScreen[None, ReviewList]):
    """Reads the queue while it is in front; Enter opens a review."""

    MODE = "reviews"
    COMPACT_BELOW = 84
    AUTO_FOCUS = "RowList"
    BINDINGS = [commands.FILTER.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self.found = Found(ReviewList())
        self._pending_only = True
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
        queue, language = self.found.value, view.language
        self.query_one(NoticeLine).show(self._notice, language)
        listing = self.query_one("#reviews", Listing)
        title = _("Reviews: pending") if self._pending_only else _("Reviews: all")
        listing.border_title = title.render(language)
        reviews, columns = queue.reviews, _PENDING if self._pending_only else _ALL
        counted = _("more than {count}", count=len(reviews)) if queue.more else Message(str(len(reviews)))
        listing.border_subtitle = counted.render(language) if self.found.seen else ""
        listing.show({review.id: review for review in reviews}, columns, self._nothing(), language)
        self.query_one(CommandLine).show("appliance review list" + ("" if self._pending_only else " --all"))

    def _nothing(self) -> Message:
        if self.found.seen is None:
            return Message("") if self.found.fault else _("Waiting for the first reading …")
        return _("No answer waits for a decision.") if self._pending_only else _("No answer was ever held back.")

    def asked(self) -> bool:
        """Tell whether pending reviews alone are asked for."""
        return self._pending_only

    async def read(self) -> ReviewList:
        """Return the queue."""
        return await self.terminal.sources.reviews.find("pending" if self._pending_only else None)

    def reload(self) -> None:
        """Read now; a replaced key may have other rights."""
        self._may_decide, self._notice = True, None
        self.read_for_ever()

    def action_filter(self) -> None:
        """Show pending reviews only, or all."""
        self._pending_only = not self._pending_only
        self.found = Found(ReviewList())
        self._notice = None
        self.show(self.terminal.view)
        self.read_for_ever()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the chosen review."""
        review = next((review for review in self.found.value.reviews if review.id == event.option_id), None)
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
            left = tuple(review for review in self.found.value.reviews if review.id != closed.decided.id)
            if self._pending_only:
                self.found = replace(self.found, value=replace(self.found.value, reviews=left))
        self.show(self.terminal.view)


def _done(decided: Review) -> Message:
    return {
        "approved": _("The answer of review {id} was sent as it was.", id=decided.id),
        "edited": _("Your text was sent in place of the answer of review {id}.", id=decided.id),
        "refused": _("The answer of review {id} was withheld.", id=decided.id),
    }[decided.status]
