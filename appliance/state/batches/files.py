"""Files: their bytes in a folder, the truth of them in the database."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, delete, insert, select

from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import Conflict
from appliance.core.files import durable_write, fsync_folder
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.state.batch_tables import batches, files
from appliance.state.batches.records import (
    ACTIVE,
    FILE,
    FileRecord,
    Page,
    Purpose,
    file_of,
    is_id,
    no_file,
    owner_of,
    paged,
    visible,
)
from appliance.state.database import Database

_ORPHANS_AFTER_S: Final = 86_400.0  # longer than any upload takes


class Draft:
    """A file while it is written. Size and digest are known as it grows."""

    def __init__(self, file_id: str, file: IO[bytes]) -> None:
        self.id = file_id
        self.size_bytes = 0
        self._file = file
        self._digest = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        """Add bytes at the end."""
        self._file.write(piece)
        self._digest.update(piece)
        self.size_bytes += len(piece)

    def record(self, tenant: str, owner: str, name: str, purpose: Purpose, created_at: str) -> FileRecord:
        """Return the record of what was written."""
        return FileRecord(
            self.id, tenant, owner, name, purpose, self.size_bytes, self._digest.hexdigest(), created_at
        )  # fmt: skip


class Files:
    """Keeps files below `folder`, each under its id. Where a method takes `who`, what they may not see is not there."""

    def __init__(self, database: Database, folder: Path, clock: Clock = utc_now) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """Give a file to write; after the block its bytes are on the disk, and nobody knows of it. Raises `DiskFull`.

        Without a record that names it, `delete_old` removes it.
        """
        file_id = new_id(FILE)
        with durable_write(self._folder / file_id) as file:
            yield Draft(file_id, file)

    def discard(self, draft: Draft) -> None:
        """Remove a draft that turned out not to be needed."""
        self._unlink([draft.id])

    def add(self, draft: Draft, who: Principal, name: str) -> FileRecord:
        """Make a draft that is on the disk a file of `who`."""
        record = draft.record(who.tenant, owner_of(who), name, "batch", iso(self._clock()))
        with self._database.write() as connection:
            insert_file(connection, record)
        return record

    def list(self, who: Principal, page: Page, purpose: str | None = None) -> tuple[list[FileRecord], bool]:
        """Return a page of files, and whether there are more behind it. Raises `InvalidRequest`."""
        behind, order = paged(files, page, FILE)
        query = select(files).where(visible(files, who), behind)
        if purpose is not None:
            query = query.where(files.c.purpose == purpose)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(order).limit(page.limit + 1)).all()
        return [file_of(row._mapping) for row in rows[: page.limit]], len(rows) > page.limit

    def get(self, who: Principal, file_id: str) -> FileRecord:
        """Return one file. Raises `NotFound`."""
        with self._database.read() as connection:
            return visible_file(connection, who, file_id)

    def path(self, file_id: str) -> Path:
        """Return where a file's bytes are."""
        if not is_id(file_id, FILE):
            raise no_file(file_id)
        return self._folder / file_id

    def delete(self, who: Principal, file_id: str) -> None:
        """Delete a file. Raises `NotFound`, `Conflict` while a batch reads it."""
        with self._database.write() as connection:
            visible_file(connection, who, file_id)
            reading = batches.c.status.in_(ACTIVE) & (batches.c.input_file_id == file_id)
            batch_id = connection.execute(select(batches.c.id).where(reading).limit(1)).scalar_one_or_none()
            if batch_id is not None:
                raise Conflict(
                    _("The batch {batch} still reads this file.", batch=batch_id),
                    _("Cancel the batch, or delete the file once it has ended."),
                    code="file_in_use",
                )
            connection.execute(delete(files).where(files.c.id == file_id))
        self._unlink([file_id])

    def delete_old(self, keep: timedelta) -> int:
        """Delete files older than `keep` that no running batch reads, and bytes without a record; return how many."""
        old = files.c.created_at < iso(self._clock() - keep)
        read = select(batches.c.input_file_id).where(batches.c.status.in_(ACTIVE))
        with self._database.write() as connection:
            these = list(connection.execute(select(files.c.id).where(old, files.c.id.not_in(read))).scalars())
            connection.execute(delete(files).where(old, files.c.id.not_in(read)))
        self._unlink(these)
        return len(these) + self._sweep()

    def _sweep(self) -> int:
        """Remove what a crash has left: bytes that no record names, longer than an upload takes."""
        if not self._folder.exists():
            return 0
        latest = self._clock().timestamp() - _ORPHANS_AFTER_S
        found = [path.name for path in self._folder.iterdir() if _changed_at(path) < latest]
        with self._database.read() as connection:
            known = set(connection.execute(select(files.c.id)).scalars())
        lost = [name for name in found if name not in known]
        self._unlink(lost)
        return len(lost)

    def _unlink(self, names: Sequence[str]) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)
        if names:
            fsync_folder(self._folder)


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # an upload has ended meanwhile
        return math.inf


def insert_file(connection: Connection, record: FileRecord) -> None:
    """Add the record of a file whose bytes are on the disk."""
    values: dict[str, Any] = asdict(record)
    connection.execute(insert(files).values(**values))


def visible_file(connection: Connection, who: Principal, file_id: str) -> FileRecord:
    """Return a file that `who` may see. Raises `NotFound`."""
    row = None
    if is_id(file_id, FILE):
        this = select(files).where(files.c.id == file_id, visible(files, who))
        row = connection.execute(this).one_or_none()
    if row is None:
        raise no_file(file_id)
    return file_of(row._mapping)
