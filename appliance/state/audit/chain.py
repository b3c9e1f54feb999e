"""The end of the chain inside one write transaction: records are added to it, then it is signed anew."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from appliance.core.clock import Clock, iso
from appliance.core.cryptography.choice import suite_named
from appliance.core.cryptography.suite import Signer, Verifier
from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.state.audit.records import NO_HASH, Record, chained
from appliance.state.audit.statements import Statement, signed
from appliance.state.audit.tables import audit_checkpoints, audit_head, audit_records

MOST_BETWEEN_CHECKPOINTS: Final = 1000
LONGEST_BETWEEN_CHECKPOINTS: Final = timedelta(hours=1)

Fields = Mapping[str, Any]
"""The columns of a record that its caller knows: all but `seq`, `at`, `suite`, `previous` and `hash`."""


class Chain:
    """The end of the chain as this transaction sees it; no other writer moves it meanwhile.

    Raises `Unavailable` where the head is missing, its signature is not that of a known key, or it lies before `own`,
    the head that this process wrote last: nothing may be built on it.
    """

    def __init__(
        self, connection: Connection, signer: Signer, keys: Mapping[str, Verifier], own: Statement | None, clock: Clock
    ) -> None:
        self._connection = connection
        self._signer = signer
        self._suite = suite_named(signer.suite)
        self._clock = clock
        self.head = _trusted(read_head(connection, lock=True), keys, own)
        self._seq, self._hash = self.head.seq, self.head.hash
        self.checkpoint: Statement | None = None
        """The checkpoint that `sign` made."""

    def add(self, records: Sequence[Fields]) -> list[int]:
        """Append records in their order; return their numbers."""
        rows = []
        at = iso(self._clock())
        for record in records:
            self._seq += 1
            row = {**record, "seq": self._seq, "at": at, "suite": self._suite.name, "previous": self._hash}
            self._hash = row["hash"] = chained(self._suite, self._hash, row)
            rows.append(row)
        if rows:
            self._connection.execute(insert(audit_records), rows)
        return [row["seq"] for row in rows]

    def sign(self, *, checkpoint: bool = False) -> Statement:
        """Sign the end, and a checkpoint with it where one is asked for or due; return the new head."""
        now = self._clock()
        number = self.head.number
        last = self._last_checkpoint(number)
        if self._seq > (last.seq if last else 0) and (checkpoint or self._due(last, now)):
            number += 1
            self.checkpoint = signed(self._signer, "checkpoint", number, self._seq, self._hash, iso(now))
            self._connection.execute(insert(audit_checkpoints).values(**_row(self.checkpoint)))
        self.head = signed(self._signer, "head", number, self._seq, self._hash, iso(now))
        self._connection.execute(update(audit_head).values(**_row(self.head)))
        return self.head

    def _last_checkpoint(self, number: int) -> Statement | None:
        found = self._connection.execute(select(audit_checkpoints).where(audit_checkpoints.c.number == number)).first()
        return checkpoint_of(found._mapping) if found is not None else None

    def _due(self, last: Statement | None, now: datetime) -> bool:
        since = last.seq if last else 0
        late = last is not None and last.at <= iso(now - LONGEST_BETWEEN_CHECKPOINTS)
        return late or self._seq - since >= MOST_BETWEEN_CHECKPOINTS


def begin(connection: Connection, signer: Signer, clock: Clock) -> None:
    """Sign the head of an empty log, unless the log was begun before.

    Raises `Unavailable` where there are records without a head.
    """
    if read_head(connection, lock=False) is not None:
        return
    if connection.scalar(select(func.count()).select_from(audit_records)):
        raise _untrusted()
    head = signed(signer, "head", 0, 0, NO_HASH, iso(clock()))
    connection.execute(insert(audit_head).values(id=1, **_row(head)))


def read_head(connection: Connection, *, lock: bool) -> Statement | None:
    """Return the head; `lock` keeps other writers of a PostgreSQL database waiting until the transaction ends."""
    query = select(audit_head).where(audit_head.c.id == 1)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return None if row is None else head_of(row._mapping)


def head_of(row: Mapping[Any, Any]) -> Statement:
    """Return the statement in a row of `audit_head`."""
    return _statement(row, "head")


def checkpoint_of(row: Mapping[Any, Any]) -> Statement:
    """Return the statement in a row of `audit_checkpoints`."""
    return _statement(row, "checkpoint")


def record_of(row: Mapping[Any, Any]) -> Record:
    """Return the record in a row of `audit_records`."""
    return Record(**row)


def _statement(row: Mapping[Any, Any], purpose: Any) -> Statement:  # noqa: ANN401 - one of Purpose
    # SQLite takes any type in any column: a number that is none makes the signature a bad one.
    number, seq = (row[name] if isinstance(row[name], int) else 0 for name in ("number", "seq"))
    return Statement(purpose, number, seq, row["hash"], row["at"], row["suite"], row["key_id"], row["signature"])


def _row(statement: Statement) -> dict[str, Any]:
    fields = asdict(statement)
    del fields["purpose"]
    return fields


def _trusted(head: Statement | None, keys: Mapping[str, Verifier], own: Statement | None) -> Statement:
    if head is None or (own is not None and head.seq < own.seq):
        raise _untrusted()
    if head != own:
        key = keys.get(head.key_id)
        if key is None or not head.signed_by(key):
            raise _untrusted()
    return head


def _untrusted() -> Unavailable:
    return Unavailable(
        _("The end of the audit log is missing, older than it was, or not signed by this appliance."),
        _("Nothing is served without an audit. `appliance audit verify` says what was changed."),
        code="audit_untrusted",
    )
