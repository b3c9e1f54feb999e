"""Quotas: what is used of them, and when a request that is over one may come back.

Pure logic: times come from the caller, nothing is stored. Days and months are those of UTC.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from appliance.core.errors import QuotaExceeded
from appliance.core.messages import Message, _
from appliance.metering.quota_rules import EVERY_KEY, Rules, Subject

WINDOW_S: Final = 60.0
_SOON_S: Final = 1.0  # a place is freed when some request ends, which nobody can foretell


class Moment(NamedTuple):
    """A point in time: `seconds` of a clock that never goes back, and the calendar's time."""

    seconds: float
    now: datetime

    @property
    def day(self) -> str:
        """The day in UTC, YYYY-MM-DD."""
        return self.now.astimezone(UTC).date().isoformat()


@dataclass
class _Spent:
    """What counts in the minute after `at`."""

    at: float
    requests: int
    tokens: int


@dataclass
class Lease:
    """An admitted request: what it counts for, and the tokens it was taken to need."""

    subjects: tuple[Subject, ...]
    tokens: int
    spent: _Spent
    running: bool = True
    settled: bool = False


@dataclass
class _Counter:
    """What one subject has used."""

    running: int = 0
    reserved: int = 0
    """Tokens that open requests were taken to need."""
    day: str = ""
    """The day that `day_tokens`, and with its month `month_tokens`, are of."""
    day_tokens: int = 0
    month_tokens: int = 0
    window: deque[_Spent] = field(default_factory=deque)
    window_requests: int = 0
    window_tokens: int = 0

    def advance(self, at: Moment) -> None:
        """Forget what is over: the minute, the day, the month."""
        while self.window and self.window[0].at <= at.seconds - WINDOW_S:
            old = self.window.popleft()
            self.window_requests -= old.requests
            self.window_tokens -= old.tokens
        day = at.day
        if day > self.day:  # a clock that was set back must not give a day away twice
            self.day_tokens = 0
            if day[:7] != self.day[:7]:
                self.month_tokens = 0
            self.day = day

    def spend(self, spent: _Spent) -> None:
        self.window.append(spent)
        self.window_requests += spent.requests
        self.window_tokens += spent.tokens


@dataclass(frozen=True)
class _Refusal:
    subject: Subject
    kind: str
    limit: int
    retry_after_s: float
    too_large: bool = False
    """The request alone is above the limit."""


class Meter:
    """Counts what every key, tenant and model uses. Requests are admitted whole or not at all; not for threads."""

    def __init__(self) -> None:
        self._counters: dict[Subject, _Counter] = {}

    def load(self, used: Iterable[tuple[str, str, str, str, int]], rules: Rules, at: Moment) -> None:
        """Take in what was used before this process began: day, tenant, actor, model and tokens of each."""
        for day, tenant, actor, model, tokens in used:
            for subject in rules.subjects(actor, tenant, model):
                counter = self._counter(subject, at)
                if day == counter.day:
                    counter.day_tokens += tokens
                if day[:7] == counter.day[:7]:
                    counter.month_tokens += tokens

    def admit(self, subjects: Sequence[Subject], tokens: int, rules: Rules, at: Moment) -> Lease:
        """Count a request in that may need `tokens`. Raises `QuotaExceeded`; nothing is counted then.

        Of several quotas that are used up, the one that is free last is told.
        """
        refusals = [
            refusal
            for subject in subjects
            for refusal in _refusals(subject, rules.limits(subject), self._counter(subject, at), tokens, at)
        ]
        if refusals:
            raise _exceeded(max(refusals, key=lambda refusal: refusal.retry_after_s))
        return self.reserve(subjects, tokens, at)

    def reserve(self, subjects: Sequence[Subject], tokens: int, at: Moment, age_s: float = 0.0) -> Lease:
        """Count a request in that is under way already for `age_s`, whatever the quotas say."""
        lease = Lease(tuple(subjects), tokens, _Spent(at.seconds - age_s, 1, tokens))
        for subject in lease.subjects:
            counter = self._counter(subject, at)
            counter.running += 1
            counter.reserved += tokens
            counter.spend(lease.spent)
        return lease

    def release(self, lease: Lease) -> None:
        """Free the request's place among the concurrent ones; its tokens stay reserved until `settle`."""
        if lease.running:
            lease.running = False
            for subject in lease.subjects:
                self._counters[subject].running -= 1

    def settle(self, lease: Lease, tokens: int, at: Moment) -> None:
        """Put the tokens that were used in the place of those that were reserved; a second time does nothing."""
        if lease.settled:
            return
        self.release(lease)
        lease.settled = True
        difference = tokens - lease.spent.tokens
        in_window = lease.spent.at > at.seconds - WINDOW_S
        for subject in lease.subjects:
            counter = self._counter(subject, at)
            counter.reserved -= lease.tokens
            counter.day_tokens += tokens
            counter.month_tokens += tokens
            if in_window:
                counter.window_tokens += difference
            elif difference > 0:
                counter.spend(_Spent(at.seconds, 0, difference))
        if in_window:
            lease.spent.tokens = tokens

    def charge(self, subjects: Sequence[Subject], tokens: int, at: Moment) -> None:
        """Count tokens of a request that this meter has not admitted."""
        for subject in subjects:
            counter = self._counter(subject, at)
            counter.day_tokens += tokens
            counter.month_tokens += tokens
            counter.spend(_Spent(at.seconds, 0, tokens))

    def cancel(self, lease: Lease, at: Moment) -> None:
        """Undo `admit`: the request never began."""
        self.settle(lease, 0, at)
        if lease.spent.requests and lease.spent.at > at.seconds - WINDOW_S:
            for subject in lease.subjects:
                self._counters[subject].window_requests -= lease.spent.requests
            lease.spent.requests = 0

    def used(self, subject: Subject, at: Moment) -> dict[str, int]:
        """Return what is used of each kind of limit, with what open requests have reserved."""
        counter = self._counter(subject, at)
        return {
            "requests_per_minute": counter.window_requests,
            "tokens_per_minute": counter.window_tokens,
            "concurrent_requests": counter.running,
            "tokens_per_day": counter.day_tokens + counter.reserved,
            "tokens_per_month": counter.month_tokens + counter.reserved,
        }

    def _counter(self, subject: Subject, at: Moment) -> _Counter:
        counter = self._counters.get(subject)
        if counter is None:
            counter = self._counters[subject] = _Counter(day=at.day)
        counter.advance(at)
        return counter


def quota_rows(rules: Rules, meter: Meter, at: Moment) -> list[dict[str, Any]]:
    """Return scope, name, limits, which of them were set beside the site file, and what is used, of each quota.

    The first is that of the key `*`: every key that has none of its own.
    """
    return [
        {
            "scope": subject.scope, "name": subject.name, "limits": rules.limits(subject),
            "set": sorted(rules.row(subject)), "used": meter.used(subject, at),
        }
        for subject in (EVERY_KEY, *rules.named())
    ]  # fmt: skip


def _refusals(
    subject: Subject, limits: Mapping[str, int], counter: _Counter, tokens: int, at: Moment
) -> Iterator[_Refusal]:
    for kind, limit in limits.items():
        if kind == "requests_per_minute" and counter.window_requests >= limit:
            wait = _until_free(counter, at, counter.window_requests + 1 - limit, "requests")
            yield _Refusal(subject, kind, limit, wait)
        elif kind == "tokens_per_minute" and counter.window_tokens + tokens > limit:
            wait = _until_free(counter, at, counter.window_tokens + tokens - limit, "tokens")
            yield _Refusal(subject, kind, limit, wait, tokens > limit)
        elif kind == "concurrent_requests" and counter.running >= limit:
            yield _Refusal(subject, kind, limit, _SOON_S)
        elif kind == "tokens_per_day" and counter.day_tokens + counter.reserved + tokens > limit:
            used_up = counter.day_tokens + tokens > limit
            yield _Refusal(subject, kind, limit, _to_tomorrow(at) if used_up else _SOON_S, tokens > limit)
        elif kind == "tokens_per_month" and counter.month_tokens + counter.reserved + tokens > limit:
            used_up = counter.month_tokens + tokens > limit
            yield _Refusal(subject, kind, limit, _to_next_month(at) if used_up else _SOON_S, tokens > limit)


def _until_free(counter: _Counter, at: Moment, needed: int, what: str) -> float:
    """Return the seconds until `needed` requests or tokens have left the minute; all of it where they never do."""
    for spent in counter.window:
        needed -= getattr(spent, what)
        if needed <= 0:
            return spent.at + WINDOW_S - at.seconds
    return WINDOW_S


def _to_tomorrow(at: Moment) -> float:
    now = at.now.astimezone(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - now).total_seconds()


def _to_next_month(at: Moment) -> float:
    now = at.now.astimezone(UTC)
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return ((first + timedelta(days=32)).replace(day=1) - now).total_seconds()


def _exceeded(refusal: _Refusal) -> QuotaExceeded:
    seconds = max(1, math.ceil(refusal.retry_after_s))
    if refusal.too_large:
        hint = _("The request alone is above it: shorten the prompt, or lower max_tokens.")
    else:
        hint = _("Try again in {seconds} s, or ask an administrator for a larger quota.", seconds=seconds)
    error = QuotaExceeded(
        _("The quota of {owner} is used up: {limit}.", owner=_owner(refusal.subject), limit=_limit_words(refusal)),
        hint,
        details={
            "quota": refusal.kind, "scope": refusal.subject.scope, "name": refusal.subject.name,
            "limit": refusal.limit, "retry_after_s": seconds,
        },
    )  # fmt: skip
    error.retry_after_s = float(seconds)
    return error


def _owner(subject: Subject) -> Message:
    if subject.scope == "tenant":
        return _("the tenant {name}", name=subject.name)
    if subject.scope == "model":
        return _("the model {name}", name=subject.name)
    return _("the key {name}", name=subject.name)


def _limit_words(refusal: _Refusal) -> Message:
    """Return the limit as a person reads it."""
    limit = refusal.limit
    if refusal.kind == "requests_per_minute":
        return _("{limit} requests a minute", limit=limit)
    if refusal.kind == "tokens_per_minute":
        return _("{limit} tokens a minute", limit=limit)
    if refusal.kind == "concurrent_requests":
        return _("{limit} requests at once", limit=limit)
    if refusal.kind == "tokens_per_day":
        return _("{limit} tokens a day (UTC)", limit=limit)
    return _("{limit} tokens a month (UTC)", limit=limit)
