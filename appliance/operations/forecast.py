"""Where use is going: days of usage, their weekly trend, and when a planned number of users would be reached.

The trend is the median of the slopes between days that are whole weeks apart (Sen's slope, by weekdays): neither quiet
weekends nor single odd days move it. Nothing is said of fewer days than `FEWEST_DAYS`, and no trend where the slopes
do not agree on a direction.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final, Literal

from appliance.core.messages import Message, _

if TYPE_CHECKING:
    from appliance.state.usage import UsageTotal

WEEK: Final = 7
FEWEST_DAYS: Final = 3 * WEEK
"""Whole days that a trend needs: each weekday three times."""
WINDOW_DAYS: Final = 8 * WEEK
"""Days that are looked at."""
HORIZON_DAYS: Final = 365
"""Beyond this nothing is foretold."""
BUSY_HOUR_SHARE: Final = 0.15
"""Part of a day's work that its busiest hour is taken to have: offices that work ten hours are near it."""

Outlook = Literal[
    "few_days", "no_use", "unknown_limit", "below_level", "reached", "on", "later", "not_growing", "no_trend"
]  # fmt: skip


@dataclass(frozen=True)
class Day:
    """What was used on one day (UTC). `seconds` is the time that all its requests took together."""

    day: date
    requests: int = 0
    tokens: int = 0
    seconds: float = 0.0

    @property
    def users_at_once(self) -> float:
        """Requests that were worked on at once in the busiest hour, by `BUSY_HOUR_SHARE`."""
        return self.seconds * BUSY_HOUR_SHARE / 3600


@dataclass(frozen=True)
class Trend:
    """A line through days. `level` is that of a busy weekday now, `a_week` what it changes by in a week."""

    level: float
    a_week: float
    clear: bool
    """Whether three in four of the slopes go in one direction."""

    @property
    def share_a_week(self) -> float | None:
        """The weekly change as a part of the level; None where there is no level."""
        return self.a_week / self.level if self.level > 0 else None


@dataclass(frozen=True)
class Forecast:
    """What days say. Trends are None of too few days."""

    days: tuple[Day, ...]
    """Whole days, the oldest first, without gaps."""
    requests_a_day: float
    """Mean of the last week."""
    tokens_a_day: float
    users_at_once: float
    """In the busiest hour of the busiest day of the last week."""
    requests: Trend | None
    tokens: Trend | None
    limit: int | None
    """Users at once that the plan carries; None: unknown."""
    outlook: Outlook
    reached: date | None = None
    """When the busy hour has as many users as the plan carries; of the outlook `on` alone."""


def days_of(totals: Iterable["UsageTotal"], today: date, names: Collection[str] | None = None) -> tuple[Day, ...]:
    """Return the last whole days before `today`, from the first with use on, gaps as days without use.

    `names` are the models whose usage counts; None is all. What a scenario used counts to the model that answered.
    """
    sums: dict[date, list[float]] = defaultdict(lambda: [0, 0, 0.0])
    first = today - timedelta(days=WINDOW_DAYS)
    for total in totals:
        day = date.fromisoformat(total.day)
        if not first <= day < today or (names is not None and (total.model or total.target) not in names):
            continue
        parts = (total.requests, total.prompt_tokens + total.completion_tokens, total.seconds)
        sums[day] = [old + new for old, new in zip(sums[day], parts, strict=True)]
    if not sums:
        return ()
    start = min(sums)
    whole = [start + timedelta(days=number) for number in range((today - start).days)]
    return tuple(Day(day, int(sums[day][0]), int(sums[day][1]), sums[day][2]) if day in sums else Day(day)
                 for day in whole)  # fmt: skip


def trend_of(values: Sequence[float]) -> Trend | None:
    """Return the trend of values of days in a row, the last one newest; None of fewer than `FEWEST_DAYS`."""
    if len(values) < FEWEST_DAYS:
        return None
    slopes = [
        (later - earlier) / ((at - before) / WEEK)
        for weekday in range(WEEK)
        for (before, earlier), (at, later) in combinations(list(enumerate(values))[weekday::WEEK], 2)
    ]
    slope, end = median(slopes), len(values) - 1
    level = max(
        median(value + slope * (end - at) / WEEK for at, value in list(enumerate(values))[weekday::WEEK])
        for weekday in range(WEEK)
    )
    quarter, _half, three = quantiles(slopes, n=4)
    return Trend(max(0.0, level), slope, clear=quarter > 0 or three < 0)


def forecast(days: Sequence[Day], limit: int | None) -> Forecast:
    """Return what `days` say, and when `limit` users at once would be there."""
    week = days[-WEEK:]
    users = trend_of([day.users_at_once for day in days])
    outlook, reached = _outlook(days, users, limit)
    return Forecast(
        days=tuple(days),
        requests_a_day=sum(day.requests for day in week) / max(1, len(week)),
        tokens_a_day=sum(day.tokens for day in week) / max(1, len(week)),
        users_at_once=max((day.users_at_once for day in week), default=0.0),
        requests=trend_of([day.requests for day in days]),
        tokens=trend_of([day.tokens for day in days]),
        limit=limit,
        outlook=outlook,
        reached=reached,
    )


def _outlook(days: Sequence[Day], users: Trend | None, limit: int | None) -> tuple[Outlook, date | None]:
    if not days:
        return "no_use", None
    if limit is None:
        return "unknown_limit", None
    if limit == 0:
        return "below_level", None
    if max(day.users_at_once for day in days[-WEEK:]) >= limit:
        return "reached", None
    if users is None:
        return "few_days", None
    if not users.clear:
        return "no_trend", None
    if users.a_week <= 0:
        return "not_growing", None
    ahead = max(1, round((limit - users.level) / users.a_week * WEEK))
    if ahead > HORIZON_DAYS:
        return "later", None
    return "on", days[-1].day + timedelta(days=ahead)


def in_words(found: Forecast) -> Message:
    """Return the outlook as a sentence."""
    count = len(found.days)
    told: dict[Outlook, Message] = {
        "no_use": _("Nothing was used yet, so nothing can be foretold."),
        "few_days": _(
            "{count} whole days are too few to foretell anything; {needed} are needed.", count=count, needed=FEWEST_DAYS
        ),
        "unknown_limit": _("How many users the plan carries is not known, so no day can be named."),
        "below_level": _("By the plan not even one user gets what is asked for each, so no day can be named."),
        "reached": _("The busiest hour of the last week had as many users as the plan carries, or more."),
        "not_growing": _("Use is not growing."),
        "no_trend": _("Use goes up and down without a clear trend."),
        "later": _("At this pace what the plan carries is not reached within a year."),
    }
    if found.reached is not None:
        return _(
            "At this pace the busiest hour has as many users as the plan carries ({limit}) about {day}.",
            limit=found.limit, day=found.reached.isoformat(),
        )  # fmt: skip
    return told[found.outlook]


def assumption() -> Message:
    """Return what the count of users at once rests on."""
    return _(
        "Users at once are reckoned, not counted: the time that a day's requests took, {share} % of it in the busiest"
        " hour.",
        share=round(BUSY_HOUR_SHARE * 100),
    )
