"""Batches as their runner sees them: what is to be done, and what was done, durably before it counts."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from appliance.core.clock import Clock, iso, utc_now
from appliance.state.batch_tables import batch_rows, batches
from appliance.state.batches.files import insert_file
from appliance.state.batches.records import (
    ACTIVE,
    BatchFault,
    BatchRecord,
    Ending,
    FileRecord,
    Line,
    Result,
    Row,
    batch_of,
    faults_text,
    row_of,
)
from appliance.state.database import Database

_ROWS_TOGETHER: Final = 500


class BatchRuns:
    """For the one process that runs batches; each method is one transaction, on the disk when it returns."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def active(self) -> list[BatchRecord]:
        """Return the batches that have not ended, oldest first."""
        query = select(batches).where(batches.c.status.in_(ACTIVE)).order_by(batches.c.id)
        with self._database.read() as connection:
            return [batch_of(row._mapping) for row in connection.execute(query)]

    def start(self, batch_id: str, lines: Sequence[Line]) -> None:
        """Take the rows of a batch over, once its file is found good; one that is being cancelled stays so."""
        values = [{"batch_id": batch_id, "attempts": 0, "finished": 0, **asdict(line)} for line in lines]
        this = (batches.c.id == batch_id) & (batches.c.status == "validating")
        with self._database.write() as connection:
            changed = connection.execute(
                update(batches)
                .where(this)
                .values(status="in_progress", in_progress_at=iso(self._clock()), total=len(values))
            )
            if changed.rowcount:
                connection.execute(insert(batch_rows), values)

    def refuse(self, batch_id: str, faults: Sequence[BatchFault]) -> None:
        """End a batch whose file is not good; none of its rows has run."""
        this = (batches.c.id == batch_id) & (batches.c.status == "validating")
        with self._database.write() as connection:
            connection.execute(
                update(batches)
                .where(this)
                .values(status="failed", ended_at=iso(self._clock()), errors=faults_text(faults))
            )

    def waiting(self, batch_id: str, most: int, running: Collection[int] = ()) -> list[int]:
        """Return numbers of rows without a result that are not `running`: the least often tried first."""
        query = select(batch_rows.c.number).where(batch_rows.c.batch_id == batch_id, batch_rows.c.finished == 0)
        query = query.where(batch_rows.c.number.not_in(sorted(running)))
        query = query.order_by(batch_rows.c.attempts, batch_rows.c.number).limit(most)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def begin(self, batch_id: str, number: int) -> Row | None:
        """Count an attempt at a row and return it; None where it has its result, or its batch runs no more."""
        this = (batch_rows.c.batch_id == batch_id) & (batch_rows.c.number == number)
        runs = select(batches.c.id).where(batches.c.id == batch_id, batches.c.status == "in_progress")
        more = update(batch_rows).where(this, batch_rows.c.finished == 0, batch_rows.c.batch_id.in_(runs))
        with self._database.write() as connection:
            if not connection.execute(more.values(attempts=batch_rows.c.attempts + 1)).rowcount:
                return None
            return row_of(connection.execute(select(batch_rows).where(this)).one()._mapping)

    def finish(self, batch_id: str, number: int, result: Result) -> bool:
        """Keep a row's result: it never runs again. False where it has one already, which stays."""
        this = (batch_rows.c.batch_id == batch_id) & (batch_rows.c.number == number) & (batch_rows.c.finished == 0)
        values = {
            "finished": 1, "status": result.status, "request_id": result.request_id, "body": result.body,
            "verdicts": json.dumps([dict(one) for one in result.verdicts], ensure_ascii=False),
        }  # fmt: skip
        counted = batches.c.completed if result.succeeded else batches.c.failed
        with self._database.write() as connection:
            if not connection.execute(update(batch_rows).where(this).values(**values)).rowcount:
                return False
            connection.execute(
                update(batches).where(batches.c.id == batch_id).values({counted.name: counted + 1})
            )  # fmt: skip
            return True

    def finalise(self, batch_id: str, ending: Ending, fault: BatchFault | None = None) -> None:
        """Begin no more rows: its files are written next, then it has the status `ending`."""
        values: dict[str, Any] = {"status": "finalizing", "ending": ending, "finalizing_at": iso(self._clock())}
        if fault is not None:
            values["errors"] = faults_text([fault])
        this = (batches.c.id == batch_id) & batches.c.status.in_(("validating", "in_progress", "cancelling"))
        with self._database.write() as connection:
            connection.execute(update(batches).where(this).values(**values))

    def rows(self, batch_id: str) -> Iterator[Row]:
        """Yield every row in the order of the file."""
        last = 0
        while True:
            query = select(batch_rows).where(batch_rows.c.batch_id == batch_id, batch_rows.c.number > last)
            with self._database.read() as connection:
                found = connection.execute(query.order_by(batch_rows.c.number).limit(_ROWS_TOGETHER)).all()
            if not found:
                return
            for row in found:
                yield row_of(row._mapping)
            last = found[-1].number

    def end(
        self, batch: BatchRecord, output: FileRecord | None, errors: FileRecord | None, compliance: FileRecord | None
    ) -> bool:
        """Give a batch its files, which are on the disk, and its last status; its rows are in them and go.

        False where it has ended already: then the files are nobody's.
        """
        values = {
            "status": batch.ending, "ended_at": iso(self._clock()),
            "output_file_id": None if output is None else output.id,
            "error_file_id": None if errors is None else errors.id,
            "compliance_file_id": None if compliance is None else compliance.id,
        }  # fmt: skip
        this = (batches.c.id == batch.id) & (batches.c.status == "finalizing")
        with self._database.write() as connection:
            if not connection.execute(update(batches).where(this).values(**values)).rowcount:
                return False
            for file in (output, errors, compliance):
                if file is not None:
                    insert_file(connection, file)
            connection.execute(delete(batch_rows).where(batch_rows.c.batch_id == batch.id))
            return True

    def delete_old(self, keep: timedelta) -> int:
        """Delete batches that ended longer than `keep` ago; return how many. Their files go by their own age."""
        old = batches.c.ended_at < iso(self._clock() - keep)
        with self._database.write() as connection:
            these = select(batches.c.id).where(old)
            _delete_rows(connection, these)
            return int(connection.execute(delete(batches).where(old)).rowcount)


def _delete_rows(connection: Connection, these: Any) -> None:  # noqa: ANN401 - SQLAlchemy's type names every column
    connection.execute(delete(batch_rows).where(batch_rows.c.batch_id.in_(these)))
