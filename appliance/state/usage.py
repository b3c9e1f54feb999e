"""Usage: one row a request that ended, and totals a day (UTC) that outlive the rows."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from appliance.state.database import Database
from appliance.state.usage_tables import usage_records, usage_totals

_KEY = ("day", "tenant", "actor", "target", "model")
_SUMS = ("requests", "errors", "prompt_tokens", "completion_tokens", "seconds")
_ADD = text(
    f"INSERT INTO usage_totals ({', '.join(_KEY + _SUMS)}) VALUES ({', '.join(f':{name}' for name in _KEY + _SUMS)}) "  # noqa: S608 - names from above
    f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET "
    + ", ".join(f"{name} = usage_totals.{name} + excluded.{name}" for name in _SUMS)
)


@dataclass(frozen=True)
class UsageRecord:
    """What one request used. `opened` is the number of its audit record, `at` when it ended (RFC 3339, UTC)."""

    opened: int
    request_id: str
    at: str
    tenant: str
    actor: str
    role: str
    route: str
    target: str
    model: str
    priority: str
    status: int
    outcome: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    ttft_s: float | None = None


@dataclass(frozen=True)
class UsageTotal:
    """What one caller used of one target on one day (UTC)."""

    day: str
    tenant: str
    actor: str
    target: str
    model: str
    requests: int
    errors: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float

    def to_dict(self) -> dict[str, object]:
        """Return the fields as `appliance usage --json` prints them."""
        return asdict(self)


def add_usage(connection: Connection, records: Sequence[UsageRecord]) -> None:
    """Insert the records and add them to the totals of their days."""
    if not records:
        return
    connection.execute(insert(usage_records), [dict(vars(record)) for record in records])
    sums: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0, 0, 0, 0, 0.0])
    for r in records:
        parts = (1, r.status >= 400, r.prompt_tokens, r.completion_tokens, r.seconds)
        total = sums[r.at[:10], r.tenant, r.actor, r.target, r.model]
        total[:] = [old + new for old, new in zip(total, parts, strict=True)]
    # Sorted: two writers of a PostgreSQL database take the rows in the same order.
    rows = [dict(zip(_KEY + _SUMS, (*key, *values), strict=True)) for key, values in sorted(sums.items())]
    connection.execute(_ADD, rows)


def recorded(connection: Connection, opened: Collection[int]) -> frozenset[int]:
    """Return which of the requests have their usage stored."""
    if not opened:
        return frozenset()
    query = select(usage_records.c.opened).where(usage_records.c.opened.in_(opened))
    return frozenset(connection.scalars(query))


def read_totals(
    database: Database, *, since: str | None = None, until: str | None = None, tenants: Iterable[str] | None = None
) -> list[UsageTotal]:
    """Return totals from the day `since` to the day `until` (YYYY-MM-DD, both included), in the order of their keys.

    `tenants` are the ones to show; None is all.
    """
    query: Any = select(usage_totals).order_by(*(usage_totals.c[name] for name in _KEY))
    if since is not None:
        query = query.where(usage_totals.c.day >= since)
    if until is not None:
        query = query.where(usage_totals.c.day <= until)
    if tenants is not None:
        query = query.where(usage_totals.c.tenant.in_(sorted(tenants)))
    with database.read() as connection:
        return [UsageTotal(**row._mapping) for row in connection.execute(query)]


def tokens_by_day(database: Database, since: str) -> list[tuple[str, str, str, str, int]]:
    """Return day, tenant, actor, model and tokens of every total since a day."""
    columns = tuple(usage_totals.c[name] for name in ("day", "tenant", "actor", "model"))
    tokens = func.sum(usage_totals.c.prompt_tokens + usage_totals.c.completion_tokens)
    query = select(*columns, tokens).where(usage_totals.c.day >= since).group_by(*columns)
    with database.read() as connection:
        return [(row[0], row[1], row[2], row[3], int(row[4])) for row in connection.execute(query)]
