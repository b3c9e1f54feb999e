"""Records of calls: what they hold, how they are written, and how a call is read back from them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.core.errors import NotFound
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.scenario.pack import Records
from appliance.state.records import ANYONE, MOST_LISTED, NewRecord, Page, Record

from ..models import Assist, CallFacts, Part
from .aside import aside
from .batches import Batches

CALL = "call"
TURN = "turn"
OPEN = "open_call"
"""A record beside each open call: so few are found fast among all the calls that ended."""
_SYSTEM = "agent-assist"
_TOGETHER_S = 0.003
_MOST_TOGETHER = 200
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_OWN_LENGTH = 26


class KeptTurn(Part):
    """The data of a turn's record."""

    arrival: int
    place_s: float
    assist: Assist


@dataclass(frozen=True)
class Kept:
    """A call's record with the turns as they stand, in the order that they came."""

    record: Record
    turns: tuple[KeptTurn, ...]
    corrections: int
    """How many turn records are superseded."""

    @property
    def facts(self) -> CallFacts:
        """The facts at the top of the record."""
        return facts_of(self.record)


class Keeper:
    """Reads and writes the records of calls; turns of all calls are written together."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._writes: Batches[tuple[Principal, NewRecord], Record] = Batches(
            self._write, wait_s=_TOGETHER_S, most=_MOST_TOGETHER
        )

    async def _write(self, items: Sequence[tuple[Principal, NewRecord]]) -> Sequence[Record]:
        return await self._records.create_many(items)

    async def begin(self, who: Principal, record_id: str, data: Mapping[str, Any]) -> Record:
        """Keep a new call, which belongs to the key of `who`."""
        new = [NewRecord(CALL, who.key_id, data, id=record_id), NewRecord(OPEN, record_id, {})]
        record, _mark = await self._writes.add_all([(who, one) for one in new])
        return record

    async def close(self, record: Record) -> None:
        """Take the mark of an open call away from one that is open no more."""
        page = await self._records.page(system(record.tenant), OPEN, record.id, limit=1)
        for mark in page.records:
            await self._records.delete(mark)

    async def add(self, tenant: str, call_id: str, turns: Sequence[KeptTurn]) -> None:
        """Keep turns durably, with those of other calls in one transaction."""
        who = system(tenant)
        await self._writes.add_all([(who, NewRecord(TURN, call_id, turn.model_dump(mode="json"))) for turn in turns])

    async def update(self, record: Record, data: Mapping[str, Any]) -> Record:
        """Set a call's data. Raises `Conflict`, `NotFound`."""
        return await self._records.update(record, data)

    async def delete(self, record: Record) -> None:
        """Remove a call with its turns."""
        await self._records.delete(record)

    async def find(self, tenant: str, call_id: str) -> Record:
        """Return a call's record, whoever's it is. Raises `NotFound`."""
        try:
            return await self._records.get(system(tenant), CALL, record_id(tenant, call_id), ANYONE)
        except NotFound as error:
            raise missing(call_id) from error

    async def read(self, record: Record) -> Kept:
        """Return a call with its turns, each in its highest revision."""
        standing: dict[str, KeptTurn] = {}
        cursor: str | None = None
        corrections = 0
        while True:
            page = await self._records.page(system(record.tenant), TURN, record.id, cursor=cursor, limit=MOST_LISTED)
            corrections += await aside(_take_page, page, standing)
            cursor = page.cursor
            if cursor is None:
                turns = sorted(standing.values(), key=lambda turn: turn.arrival)
                return Kept(record, tuple(turns), corrections)

    async def open_calls(self, tenant: str) -> list[Record]:
        """Return the records of a tenant's open calls."""
        found: list[Record] = []
        cursor: str | None = None
        while True:
            page = await self._records.page(system(tenant), OPEN, ANYONE, cursor=cursor, limit=MOST_LISTED)
            for mark in page.records:
                try:
                    record = await self._records.get(system(tenant), CALL, mark.owner, ANYONE)
                except NotFound:
                    continue
                if record.data["state"] == "open":
                    found.append(record)
                else:  # the mark was to be taken away when the replica stopped
                    await self._records.delete(mark)
            cursor = page.cursor
            if cursor is None:
                return found


def _take_page(page: Page, standing: dict[str, KeptTurn]) -> int:
    """Put the turns of a page, newest first, into what stands by their ids; return how many supersede another."""
    superseded = 0
    for one in page.records:
        turn = KeptTurn.model_validate(one.data)
        known = standing.get(turn.assist.turn.id)
        superseded += known is not None
        if known is None or known.assist.turn.revision < turn.assist.turn.revision:
            standing[turn.assist.turn.id] = turn
    return superseded


def record_id(tenant: str, call_id: str) -> str:
    """Return the id of a call's record: the one that was given to the call, or one made of the call centre's own id.

    That of the call centre's own is always the same, so a call that is begun twice at once is one record.
    """
    if is_ours(call_id):
        return call_id
    digest = int.from_bytes(hashlib.sha256(f"{tenant}\0{call_id}".encode()).digest(), "big")
    return f"{CALL}_" + "".join(_ALPHABET[(digest >> (5 * place)) % 32] for place in range(_OWN_LENGTH))


def is_ours(call_id: str) -> bool:
    """Tell whether an id has the form of those that calls are given here."""
    head, _line, tail = call_id.partition("_")
    return head == CALL and len(tail) == _OWN_LENGTH and all(char in _ALPHABET for char in tail)


def facts_of(record: Record) -> CallFacts:
    """Return the facts at the top of a call's record."""
    return CallFacts.model_validate({name: record.data[name] for name in CallFacts.model_fields if name in record.data})


def system(tenant: str) -> Principal:
    """Return who keeps a tenant's calls going when nobody asks."""
    return Principal(tenant, "admin", _SYSTEM)


def missing(call_id: str) -> NotFound:
    """Return the error for a call that is not there, or that is somebody else's."""
    return NotFound(
        _("There is no call {id} here.", id=repr(call_id[:100])),
        _("Begin it with POST calls; it may also be another key's."),
        param="call_id",
        code="call_not_found",
    )
