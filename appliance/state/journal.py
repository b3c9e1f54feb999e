"""What a request leaves behind, written together: its audit record and its usage, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.core.errors import ApplianceError
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import NewRecord
from appliance.state.usage import UsageRecord, add_usage, recorded


@dataclass
class Entry:
    """One record to be written, with the usage of the request that it ends.

    `once`: leave it out where the usage of this request is stored. After `write_entries`, either `seq` or `error` is
    set, or `duplicate`.
    """

    record: NewRecord
    usage: UsageRecord | None = None
    once: bool = False
    seq: int = field(default=0, init=False)
    duplicate: bool = field(default=False, init=False)
    error: Exception | None = field(default=None, init=False)


def write_entries(log: AuditLog, entries: Sequence[Entry]) -> None:
    """Write entries durably in one transaction; one whose data cannot be stored gets an `error` and keeps no other out.

    Raises `Unavailable`, `DiskFull`: then none is written.
    """
    rows = []
    for entry in entries:
        try:
            rows.append((entry, log.fields(entry.record)))
        except (ApplianceError, ValueError, TypeError) as error:
            entry.error = error
    with log.changing() as (connection, chain):
        doubtful = {entry.usage.opened for entry, _row in rows if entry.usage is not None and entry.once}
        stored = set(recorded(connection, doubtful))
        fresh = []
        for entry, row in rows:
            if entry.usage is not None:
                entry.duplicate = entry.usage.opened in stored
                stored.add(entry.usage.opened)
            if not entry.duplicate:
                fresh.append((entry, row))
        for (entry, _row), seq in zip(fresh, chain.add([row for _entry, row in fresh]), strict=True):
            entry.seq = seq
        add_usage(connection, [entry.usage for entry, _row in fresh if entry.usage is not None])
