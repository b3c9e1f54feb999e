"""Finds kept calls: newest first, by what is at the top of a call's record, between two days."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.scenario.pack import Records
from appliance.state.records import ANYONE, MOST_LISTED, Record

from ..models import CallFacts

KIND = "call"


@dataclass(frozen=True)
class Selection:
    """Which kept calls: `where` compares fields at the top of their records; days are UTC, the last one included."""

    where: Mapping[str, str]
    tag: str | None = None
    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        """Raise `InvalidRequest` for days in the wrong order."""
        if self.first is not None and self.last is not None and self.last < self.first:
            raise InvalidRequest(
                _("The day {until} is before the day {since}.", until=self.last, since=self.first),
                _("Exchange since and until."),
                param="until",
            )

    @property
    def since(self) -> str | None:
        """The first moment that counts, as records hold it."""
        return None if self.first is None else _begin(self.first)

    @property
    def until(self) -> str | None:
        """The first moment that does not count any more."""
        return None if self.last in (None, date.max) else _begin(self.last + timedelta(days=1))


@dataclass(frozen=True)
class Found:
    """Calls, and the cursor that goes on behind the last one that was looked at; None: there are no more."""

    calls: tuple[CallFacts, ...]
    cursor: str | None


class KeptCalls:
    """The calls in the records, of whichever seat: who asks holds the permission to supervise."""

    def __init__(self, records: Callable[[], Records]) -> None:
        self._records = records

    async def find(self, who: Principal, selection: Selection, cursor: str | None, limit: int, most_read: int) -> Found:
        """Return up to `limit` calls, having read at most `most_read` records.

        A page may hold fewer calls than there are, even none, while its cursor is not None.
        """
        found: list[CallFacts] = []
        read, last = 0, cursor
        async for record in self._each(who, selection, cursor):
            if len(found) == limit or read == most_read:
                return Found(tuple(found), last)
            read, last = read + 1, _behind(record)
            facts = facts_of(record)
            if selection.tag is None or selection.tag in facts.tags:
                found.append(facts)
        return Found(tuple(found), None)

    async def _each(self, who: Principal, selection: Selection, cursor: str | None) -> AsyncIterator[Record]:
        """Yield records, newest first."""
        while True:
            page = await self._records().page(
                who, KIND, owner=ANYONE, where=selection.where, cursor=cursor, limit=MOST_LISTED,
                since=selection.since, until=selection.until,
            )  # fmt: skip
            for record in page.records:
                yield record
            cursor = page.cursor
            if cursor is None:
                return


def facts_of(record: Record) -> CallFacts:
    """Return the facts at the top of a call's record."""
    return CallFacts.model_validate({**record.data, "id": record.id})


def _begin(day: date) -> str:
    return f"{day.isoformat()}T00:00:00.000Z"


def _behind(record: Record) -> str:
    """Return the cursor that goes on behind a record, as `Records.page` makes them."""
    return f"{record.created_at}~{record.id}"
