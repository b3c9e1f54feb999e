"""Batches as callers see them: made, listed, shown, cancelled."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, insert, select, update

from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import Conflict, InvalidRequest
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.state.batch_tables import batches
from appliance.state.batches.files import visible_file
from appliance.state.batches.records import (
    BATCH,
    BatchRecord,
    Page,
    batch_of,
    is_id,
    no_batch,
    no_file,
    owner_of,
    paged,
    visible,
)
from appliance.state.database import Database

WINDOW: Final = timedelta(hours=24)
"""How long a batch may take; rows left then are not run."""


class Batches:
    """Makes, lists and cancels batches; what `who` may not see is not there."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def create(self, who: Principal, input_file_id: str, endpoint: str, labels: Mapping[str, str]) -> BatchRecord:
        """Have the requests in a file of one's own tenant run. Raises `NotFound`, `InvalidRequest` for another file."""
        now = self._clock()
        batch_id = new_id(BATCH)
        values = {
            "id": batch_id, "tenant": who.tenant, "owner": owner_of(who), "made_by": who.key_id,
            "endpoint": endpoint, "input_file_id": input_file_id, "status": "validating",
            "labels": json.dumps(dict(labels), ensure_ascii=False), "errors": "[]",
            "total": 0, "completed": 0, "failed": 0, "created_at": iso(now), "expires_at": iso(now + WINDOW),
        }  # fmt: skip
        with self._database.write() as connection:
            file = visible_file(connection, who, input_file_id)
            if file.tenant != who.tenant:  # what comes of it would be another tenant's
                raise no_file(input_file_id)
            if file.purpose != "batch":
                raise InvalidRequest(
                    _("The file {id} does not hold the requests of a batch.", id=file.id),
                    _("Upload one with purpose=batch."),
                    param="input_file_id",
                    code="wrong_purpose",
                )
            connection.execute(insert(batches).values(**values))
            return _visible_batch(connection, who, batch_id)

    def list(self, who: Principal, page: Page) -> tuple[list[BatchRecord], bool]:
        """Return a page of batches, and whether there are more behind it. Raises `InvalidRequest`."""
        behind, order = paged(batches, page, BATCH)
        query = select(batches).where(visible(batches, who), behind).order_by(order).limit(page.limit + 1)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [batch_of(row._mapping) for row in rows[: page.limit]], len(rows) > page.limit

    def get(self, who: Principal, batch_id: str) -> BatchRecord:
        """Return one batch. Raises `NotFound`."""
        with self._database.read() as connection:
            return _visible_batch(connection, who, batch_id)

    def cancel(self, who: Principal, batch_id: str) -> BatchRecord:
        """Begin no more rows of a batch; those that run end, and its files are written.

        Raises `NotFound`, `Conflict` for one that has ended or is about to.
        """
        with self._database.write() as connection:
            found = _visible_batch(connection, who, batch_id)
            if found.status == "cancelling":
                return found
            if found.status not in ("validating", "in_progress"):
                raise Conflict(
                    _("The batch {id} cannot be cancelled: it is {status}.", id=found.id, status=found.status),
                    code="batch_not_cancellable",
                )
            values = {"status": "cancelling", "cancelling_at": iso(self._clock())}
            connection.execute(update(batches).where(batches.c.id == found.id).values(**values))
            return _visible_batch(connection, who, batch_id)


def _visible_batch(connection: Connection, who: Principal, batch_id: str) -> BatchRecord:
    row = None
    if is_id(batch_id, BATCH):
        this = select(batches).where(batches.c.id == batch_id, visible(batches, who))
        row = connection.execute(this).one_or_none()
    if row is None:
        raise no_batch(batch_id)
    return batch_of(row._mapping)
