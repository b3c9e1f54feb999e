"""Usage added up by day, tenant or model, as a front end draws it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, get_args

from appliance.state.usage import UsageTotal

UsageBy = Literal["day", "tenant", "model"]
USAGE_BY: Final[tuple[UsageBy, ...]] = get_args(UsageBy)


@dataclass(frozen=True)
class UsageSum:
    """What was used of one day, tenant or model. `name` is empty where no model answered."""

    name: str
    requests: int = 0
    errors: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.prompt_tokens + self.completion_tokens


def add_up(totals: Iterable[UsageTotal], by: UsageBy) -> tuple[UsageSum, ...]:
    """Return a sum for each day (the newest first), or for each tenant or model (who used most first)."""
    sums: dict[str, UsageSum] = {}
    for total in totals:
        name = str(getattr(total, by))
        old = sums.get(name, UsageSum(name))
        sums[name] = UsageSum(
            name,
            old.requests + total.requests,
            old.errors + total.errors,
            old.prompt_tokens + total.prompt_tokens,
            old.completion_tokens + total.completion_tokens,
        )
    if by == "day":
        return tuple(sorted(sums.values(), key=lambda one: one.name, reverse=True))
    return tuple(sorted(sums.values(), key=lambda one: (-one.tokens, -one.requests, one.name)))


def whole(sums: Iterable[UsageSum]) -> UsageSum:
    """Return the sum of sums."""
    rows = list(sums)
    return UsageSum(
        "",
        sum(one.requests for one in rows),
        sum(one.errors for one in rows),
        sum(one.prompt_tokens for one in rows),
        sum(one.completion_tokens for one in rows),
    )


def tokens_each_day(totals: Iterable[UsageTotal], last: date, days: int) -> tuple[int, ...]:
    """Return the tokens of each of the `days` days (UTC) that end with `last`, oldest first; a day without use is 0."""
    found = {one.name: one.tokens for one in add_up(totals, "day")}
    return tuple(found.get((last - timedelta(days=back)).isoformat(), 0) for back in reversed(range(days)))
