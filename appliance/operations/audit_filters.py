"""Filters of the audit that are asked for every day, times as people say them, and the command of a search."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from appliance.core.clock import iso
from appliance.core.messages import Message, _
from appliance.operations.audit import parse_time
from appliance.state.audit.search import Filters

BLOCKED: Final = '"action":"block"'
"""What stands in the data of a record whose request, or a part of it, a guardrail blocked."""
MASKED: Final = '"action":"mask"'
_OPTIONS: Final = (
    ("tenant", "--tenant"),
    ("actor", "--actor"),
    ("request_id", "--request"),
    ("kind", "--kind"),
    ("target", "--target"),
    ("outcome", "--outcome"),
    ("since", "--since"),
    ("until", "--until"),
    ("text", "--text"),
)
_TODAY: Final = ("today", "今天", "今日")
_YESTERDAY: Final = ("yesterday", "昨天", "昨日")


@dataclass(frozen=True)
class ReadyFilter:
    """A search that needs no form. `filters` are made for the moment at which it is asked for."""

    name: str
    title: Message
    explained: Message
    filters: Callable[[datetime], Filters]


def day_start(now: datetime, days_back: int = 0) -> str:
    """Return when a day of this machine's time zone began (RFC 3339): today's, or that of some days ago."""
    local = now.astimezone()
    day = local.date() - timedelta(days=days_back)
    # astimezone() of a naive time takes the offset of that very day, not today's: clocks may have changed between.
    return iso(datetime(day.year, day.month, day.day).astimezone())


def when(text: str, now: datetime) -> str:
    """Read `today`, `yesterday`, a span as `12h` or `30d` back, or a date or time of this machine's time zone.

    Returns RFC 3339 in UTC. Raises `InvalidRequest`.
    """
    word = text.strip().casefold()
    if word in _TODAY:
        return day_start(now)
    if word in _YESTERDAY:
        return day_start(now, 1)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return parse_time(text, now)
    return iso(moment)  # a time without a zone is local


def search_command(filters: Filters) -> str:
    """Return the command that finds the same records."""
    given = [(option, getattr(filters, name)) for name, option in _OPTIONS]
    parts = [f"{option} {shlex.quote(value)}" for option, value in given if value is not None]
    return " ".join(["appliance audit search", *parts, *(["--failed"] if filters.failed else [])])


READY: Final = (
    ReadyFilter(
        "blocked",
        _("Blocked since yesterday"),
        _("Requests of which a guardrail let something not pass."),
        lambda now: Filters(text=BLOCKED, since=day_start(now, 1)),
    ),
    ReadyFilter(
        "masked",
        _("Masked since yesterday"),
        _("Requests in which personal data were replaced before they went on."),
        lambda now: Filters(text=MASKED, since=day_start(now, 1)),
    ),
    ReadyFilter(
        "refused",
        _("Refused at the door since yesterday"),
        _("Requests without a valid key or the right for them, and sign-ins that failed."),
        lambda now: Filters(kind="admin.request", outcome="refused", since=day_start(now, 1)),
    ),
    ReadyFilter(
        "changes",
        _("Changes of the last 7 days"),
        _("What administrators did: keys, users, quotas, policies, models."),
        lambda now: Filters(kind="admin.*", since=day_start(now, 7)),
    ),
    ReadyFilter(
        "contents",
        _("Contents that were read"),
        _("Who opened the text of a request, and when."),
        lambda _now: Filters(kind="admin.audit.content_read"),
    ),
    ReadyFilter(
        "today",
        _("Everything of today"),
        _("Every record since midnight."),
        lambda now: Filters(since=day_start(now)),
    ),
)
