"""The audit log: records are durable when `append` returns, and calls that come together share one commit."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, and_, exists, func, select

from appliance.core.clock import Clock, utc_now
from appliance.core.cryptography.choice import suite_named
from appliance.core.cryptography.suite import Cipher
from appliance.core.errors import ApplianceError, Unavailable
from appliance.core.messages import _
from appliance.state.audit.chain import Chain, Fields, begin, read_head, record_of
from appliance.state.audit.content import seal
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.records import ABORTED, COMPLETED, OPENED, RECOVERED, NewRecord, Record, content_digest
from appliance.state.audit.statements import Statement, signed
from appliance.state.audit.tables import audit_records
from appliance.state.audit.witness import Witness
from appliance.state.database import Database


@dataclass
class _Waiting:
    """One call of `append` that waits for its commit."""

    rows: list[Fields]
    seqs: list[int] = field(default_factory=list)
    error: BaseException | None = None
    done: bool = False


class AuditLog:
    """Writes the audit log; safe for threads, and for several processes on one database.

    Where the end of the log cannot be trusted or written, every write raises `Unavailable` or `DiskFull`: the request
    then has to be refused.
    """

    def __init__(
        self, database: Database, keys: AuditKeys, witness: Witness | None = None, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._keys = keys
        self._witness = witness
        self._clock = clock
        self._suite = suite_named(keys.suite)
        self._own: Statement | None = None
        self._queue: list[_Waiting] = []
        self._writing = False
        self._turn = threading.Condition()

    def begin(self) -> None:
        """Sign an empty log where there is none yet; call it once before the first record."""
        signer = self._keys.signer
        with self._database.write() as connection:
            begin(connection, signer, self._clock)

    def append(self, records: Sequence[NewRecord]) -> list[int]:
        """Append records and return their numbers; all of them are on the disk then, or none.

        Raises `Unavailable`, `DiskFull`, and `InvalidRequest` for data that is too large.
        """
        mine = _Waiting([self.fields(record) for record in records])
        with self._turn:
            self._queue.append(mine)
            while self._writing and not mine.done:
                self._turn.wait()
            group: list[_Waiting] = []
            if not mine.done:
                # Nobody writes: this call does it, for all that came while it waited.
                group, self._queue, self._writing = self._queue, [], True
        if group:
            self._write(group)
        if mine.error is None:
            return mine.seqs
        if isinstance(mine.error, ApplianceError):
            raise mine.error
        raise Unavailable(_("The audit record could not be written.")) from mine.error

    def checkpoint(self) -> Statement | None:
        """Sign a checkpoint at the newest record; None: there is one there already."""
        with self.changing(checkpoint=True) as (_connection, chain):
            pass
        return chain.checkpoint

    def open_requests(self, before: str | None = None) -> list[Record]:
        """Return records of requests that have no end yet, opened before the time `before` (RFC 3339)."""
        with self._database.read() as connection:
            return _open_requests(connection, before)

    def close_aborted(self, before: str | None = None) -> int:
        """End requests that were left open as aborted; return how many.

        Without `before` every open request is taken for lost: only for the start of the whole appliance.
        """
        with self.changing() as (connection, chain):
            left = _open_requests(connection, before)
            closing = [
                NewRecord(
                    ABORTED, r.request_id, r.tenant, r.actor, r.role, r.action, r.target, "aborted", {"opened": r.seq}
                )
                for r in left
            ]
            if before is None:
                closing.append(NewRecord(RECOVERED, data={"aborted": len(left)}))
            chain.add([self.fields(record) for record in closing])
        return len(left)

    def seal_export(self, first: int, last: Record) -> Statement:
        """Sign the end of an export of the records from `first` to `last`."""
        return signed(self._keys.signer, "export", first, last.seq, last.hash, last.at)

    def head(self) -> Statement | None:
        """Return the signed end of the log; None: it was not begun."""
        with self._database.read() as connection:
            return read_head(connection, lock=False)

    @contextmanager
    def changing(self, *, checkpoint: bool = False) -> Iterator[tuple[Connection, Chain]]:
        """Give a write transaction and the end of the chain in it; signed and committed on success."""
        signer = self._keys.signer
        with self._database.write() as connection:
            chain = Chain(connection, signer, self._public_keys, self._own, self._clock)
            yield connection, chain
            head = chain.sign(checkpoint=checkpoint)
        if self._own is None or head.seq >= self._own.seq:
            self._own = head
        if self._witness is not None and chain.checkpoint is not None:
            self._witness.keep(chain.checkpoint)

    def _write(self, group: list[_Waiting]) -> None:
        try:
            with self.changing() as (_connection, chain):
                for waiting in group:
                    waiting.seqs = chain.add(waiting.rows)
        except BaseException as error:
            for waiting in group:
                waiting.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            with self._turn:
                self._writing = False
                for waiting in group:
                    waiting.done = True
                self._turn.notify_all()

    def fields(self, record: NewRecord) -> dict[str, Any]:
        """Return the columns of a record for `Chain.add`, its content sealed. Raises `InvalidRequest`."""
        sealed = key_id = None
        if record.content is not None:
            key_id, cipher = self._sealing
            sealed = seal(cipher, record.content, record.kind, record.request_id)
        return {
            "kind": record.kind, "request_id": record.request_id, "tenant": record.tenant, "actor": record.actor,
            "role": record.role, "action": record.action, "target": record.target, "outcome": record.outcome,
            "data": record.data_text(), "content": sealed, "content_key": key_id,
            "content_digest": None if sealed is None else content_digest(self._suite, sealed),
        }  # fmt: skip

    @cached_property
    def _sealing(self) -> tuple[str, Cipher]:
        return self._keys.content_cipher()

    @cached_property
    def _public_keys(self) -> dict[str, Any]:
        return self._keys.public_keys()


def _open_requests(connection: Connection, before: str | None) -> list[Record]:
    ends = audit_records.alias("ends")
    ended = exists().where(and_(ends.c.request_id == audit_records.c.request_id, ends.c.kind.in_((COMPLETED, ABORTED))))
    # Whatever was opened before the last recovery has an end: that keeps the search short.
    recovered = select(func.coalesce(func.max(audit_records.c.seq), 0)).where(audit_records.c.kind == RECOVERED)
    since = connection.scalar(recovered) or 0
    query = select(audit_records).where(audit_records.c.kind == OPENED, audit_records.c.seq > since, ~ended)
    if before is not None:
        query = query.where(audit_records.c.at < before)
    return [record_of(row._mapping) for row in connection.execute(query.order_by(audit_records.c.seq))]
