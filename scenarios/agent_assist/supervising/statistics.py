"""Figures of calls by what they were about, whose they were, or when. The database adds up, this divides."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field

from appliance.state.records import Tally

from ..models import CallFacts, Part

By = Literal["intent", "product", "seat", "day"]
SPLIT: Final = ("state", "level", "outcome")
"""What records are counted by, besides what was asked for."""
SUMS: Final = ("duration_s", "alerts", "score", "scored")


@dataclass(frozen=True)
class Counted:
    """Calls that share key, state, level and outcome, and what their numbers add up to."""

    key: str | None
    state: str | None
    level: str | None
    outcome: str | None
    calls: int
    duration_s: float
    alerts: float
    score: float
    scored: float


class Figures(Part):
    """Figures of some calls. Averages are over the calls that have the value; null: none has it."""

    calls: int
    open: int = Field(description="Calls that have not ended.")
    average_duration_s: float | None = Field(description="Of calls that ended, in seconds.")
    average_score: float | None = Field(description="Of the score sheets, 0 to 100.")
    high_risk_share: float = Field(description="Share of calls whose risk is high, 0 to 1.")
    alerts_per_call: float
    resolved_share: float | None = Field(description="Share of resolved ones among calls with a clear outcome.")


class Group(Figures):
    """Figures of the calls that share a value."""

    key: str | None = Field(description="The value; null: calls without one.")
    title: str | None = Field(default=None, description="Its title in the caller's language, where it has one.")


def counted_by_database(tally: Tally) -> Counted:
    """Return a group of `Records.tally` over (key, *SPLIT) with SUMS."""
    key, state, level, outcome = tally.values
    duration_s, alerts, score, scored = tally.sums
    return Counted(key, state, level, outcome, tally.count, duration_s, alerts, score, scored)


def counted_call(facts: CallFacts, by: By) -> Counted:
    """Return one call as a group of its own."""
    return Counted(
        getattr(facts, by), facts.state, facts.level, facts.outcome, 1,
        facts.duration_s, facts.alerts, facts.score or 0.0, facts.scored,
    )  # fmt: skip


def figures_of(counted: Sequence[Counted]) -> Figures:
    """Return the figures of calls, which may be none."""
    calls = sum(one.calls for one in counted)
    over = [one for one in counted if one.state != "open"]
    clear = [one for one in counted if one.outcome not in (None, "unclear")]
    return Figures(
        calls=calls,
        open=calls - sum(one.calls for one in over),
        average_duration_s=_share(sum(one.duration_s for one in over), sum(one.calls for one in over), 1),
        average_score=_share(sum(one.score for one in counted), sum(one.scored for one in counted), 1),
        high_risk_share=_share(sum(one.calls for one in counted if one.level == "high"), calls, 4) or 0.0,
        alerts_per_call=_share(sum(one.alerts for one in counted), calls, 2) or 0.0,
        resolved_share=_share(
            sum(one.calls for one in clear if one.outcome == "resolved"), sum(one.calls for one in clear), 4
        ),
    )


def groups_of(
    counted: Iterable[Counted], by: By, titles: Callable[[Sequence[str]], dict[str, str]] = lambda _keys: {}
) -> tuple[Group, ...]:
    """Return one group a key: days from the newest, others from the one with most calls."""
    members: dict[str | None, list[Counted]] = defaultdict(list)
    for one in counted:
        members[one.key].append(one)
    told = titles([key for key in members if key is not None])
    groups = [
        Group(key=key, title=None if key is None else told.get(key), **dict(figures_of(some)))
        for key, some in members.items()
    ]
    if by == "day":
        return tuple(sorted(groups, key=lambda group: group.key or "", reverse=True))
    return tuple(sorted(groups, key=lambda group: (-group.calls, group.key is None, group.key or "")))


def _share(part: float, whole: float, digits: int) -> float | None:
    return round(part / whole, digits) if whole else None
