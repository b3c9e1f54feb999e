"""An open call in memory."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from appliance.core.clock import iso
from appliance.state.records import Record

from ..guidance import CardFinder
from ..models import Alert, Assist, CallFacts, Language
from .aside import aside
from .books import Books
from .events import ALERT, Event, Listeners, turn_events
from .fold import Fold, Heard, Standing
from .keeping import Kept
from .limits import MOST_BETWEEN, TurnRate
from .shapes import AlertEvent

SPOKEN_SO_FAR: Language = "zh"
_LONG = 200
_QUIET_S = 5.0
"""A silence that is shorter is none."""


class LiveCall:
    """One open call: its turns, its facts and who follows it. Whoever changes it holds `lock`."""

    def __init__(
        self, record: Record, books: Books, finder: CardFinder | None, now: float, *, is_kept: bool = True
    ) -> None:
        """Take the record, `now` in seconds of the epoch, and whether the call is kept at all."""
        self.record = record
        self.is_kept = is_kept
        self.facts = CallFacts.model_validate(
            {name: record.data[name] for name in CallFacts.model_fields if name in record.data}
        )
        self.language: str = record.data["language"]
        self.finder = finder
        self.fold = Fold(books, self.facts.direction, self.language)
        self.lock = asyncio.Lock()
        self.listeners = Listeners()
        self.rate = TurnRate(now)
        self.number = 0
        self.arrivals = 0
        self.corrections = 0
        self.between: list[Alert] = [Alert.model_validate(one) for one in record.data.get("between", ())]
        """Alerts that no turn raised, such as of a long silence."""
        self.sent: set[str] = {key_of(alert) for alert in self.between}
        """Keys of the alerts that were sent."""
        self.touched = now
        self.spoken_at: float = record.data["spoken_at"]
        self.heard_at = now
        """When the last turn came in, since this call is in memory."""
        self.flushed = now
        self.is_dirty = False
        self.is_gone = False
        """No longer the one that counts: whoever waited for its lock looks the call up again."""

    @classmethod
    def from_records(cls, kept: Kept, books: Books, finder: CardFinder | None, now: float) -> "LiveCall":
        """Return a call as its records tell, folded again."""
        call = cls(kept.record, books, finder, now)
        for turn in sorted(kept.turns, key=lambda one: one.arrival):
            assist = turn.assist
            heard = Heard(assist.turn, assist.analysis, turn.arrival, turn.place_s, assist.card, assist.flags)
            heard.show(assist)
            call.fold.put(heard)
            call.number = max(call.number, assist.number)
            call.arrivals = max(call.arrivals, turn.arrival)
            call.sent |= {key_of(alert) for alert in assist.alerts}
        call.corrections = kept.corrections
        if kept.turns:
            call.note(call.fold.standing(ended=False, now_s=call.fold.end_s))
        return call

    @property
    def changes(self) -> tuple[int, int, int]:
        """What is another value once anything of the call has changed."""
        return self.number, self.arrivals, len(self.sent)

    @property
    def assists(self) -> list[Assist]:
        """The assists of the turns as they stand, in the order that they were spoken."""
        return [one.assist for one in self.fold.heard]

    @property
    def alerts(self) -> list[Alert]:
        """All alerts that there were, in the order that they came."""
        by_number = sorted(self.assists, key=lambda assist: assist.number)
        raised = [alert for assist in by_number for alert in assist.alerts]
        return sorted([*raised, *self.between], key=lambda alert: alert.at_s)

    @property
    def today(self) -> date:
        """The day on which the call began, where the appliance is."""
        return datetime.fromisoformat(self.facts.started_at).astimezone().date()

    @property
    def spoken(self) -> Language:
        """The language of the last turn."""
        return self.fold.heard[-1].analysis.language if len(self.fold) else SPOKEN_SO_FAR

    @property
    def is_long(self) -> bool:
        """Tell whether work on all its turns is too much for the event loop."""
        return len(self.fold) > _LONG

    async def use(self, books: Books) -> None:
        """Go by other books from now on."""
        if books is not self.fold.books:
            await aside(self.fold.use, books)

    def fresh(self, alerts: Sequence[Alert]) -> tuple[Alert, ...]:
        """Return those that were not sent yet, and note them as sent."""
        fresh = tuple(alert for alert in alerts if key_of(alert) not in self.sent)
        self.sent |= {key_of(alert) for alert in fresh}
        return fresh

    def add_between(self, alerts: Sequence[Alert]) -> list[Alert]:
        """Keep alerts that no turn raised, as far as the call's record has room; return those that are kept."""
        kept = list(alerts[: MOST_BETWEEN - len(self.between)])
        self.between += kept
        return kept

    def note(self, standing: Standing) -> bool:
        """Set the facts to how the call stands; return whether its risk is on another level than before."""
        before = self.facts.risk.level
        self.facts = self.facts.model_copy(
            update={
                "languages": self.fold.languages(),
                "duration_s": round(self.fold.end_s, 3),
                "turns": len(self.fold),
                "intent": self.fold.intent(),
                "product": self.record.data.get("told_product") or self.fold.product(),
                "mood": standing.mood,
                "risk": standing.risk,
                "alerts": len(self.sent),
            }
        )
        self.is_dirty = True
        return before != standing.risk.level

    def tell_silence(self, now: float) -> None:
        """Tell those who follow the call what the rules say while nobody speaks."""
        quiet = now - self.heard_at
        if quiet < _QUIET_S or not len(self.listeners) or not len(self.fold):
            return
        standing = self.fold.standing(ended=False, now_s=self.fold.end_s + quiet)
        fresh = self.add_between(self.fresh(standing.judgement.alerts))
        if fresh:
            self.listeners.send([(ALERT, AlertEvent(number=self.number, alert=alert)) for alert in fresh])
            self.facts = self.facts.model_copy(update={"alerts": len(self.sent)})
            self.is_dirty = True

    def missed(self, after: int) -> list[Event]:
        """Return the events behind number `after`, in their order."""
        behind = sorted((one for one in self.fold.heard if one.number > after), key=lambda one: one.number)
        return [event for heard in behind for event in turn_events(heard.assist)]

    def data(self) -> dict[str, Any]:
        """Return what the call's record is to hold now."""
        return {
            **self.record.data,
            **self.facts.model_dump(mode="json"),
            "spoken_at": self.spoken_at,
            "between": [alert.model_dump(mode="json") for alert in self.between],
        }


def first_data(facts: CallFacts, now: float, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - plain data
    """Return the data of a new call's record. `told_product` is what the call centre said that it is about."""
    return {**facts.model_dump(mode="json"), "told_product": facts.product, "spoken_at": now, "began_at": now, **more}


def key_of(alert: Alert) -> str:
    """Return what tells an alert from the others of its call."""
    return alert.key or "|".join((alert.rule, *alert.turns))


def at(moment: float) -> str:
    """Return a moment, in seconds of the epoch, as RFC 3339."""
    return iso(datetime.fromtimestamp(moment, UTC))
