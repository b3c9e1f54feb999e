"""The log sent on to a syslog server, behind the writer and never in its way."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from appliance.core.clock import Clock, utc_now
from appliance.core.errors import ApplianceError
from appliance.core.files import write_durably
from appliance.state.audit.source import DatabaseSource, Unreadable
from appliance.state.audit.syslog import Destination, SyslogConnection
from appliance.state.database import Database

BATCH: Final = 500


@dataclass(frozen=True)
class Lag:
    """How far the sending is behind the log, as of the last attempt."""

    sent: int
    """Newest record that was handed to the network."""
    waiting: int
    """Records behind it."""
    seconds: float
    """Age of the oldest record that waits; 0 where none does."""
    error: str | None
    """Why the last attempt failed."""


class Forwarder:
    """Follows the log in the database and sends what is new, from a thread of its own.

    The writer knows nothing of it: a slow or absent server lets `lag` grow, and no record is left out. The position is
    kept in a file after each batch; after a broken connection or a restart, a batch may be sent twice.
    """

    def __init__(
        self, database: Database, destination: Destination, position_file: Path, clock: Clock = utc_now
    ) -> None:
        self._source = DatabaseSource(database)
        self._connection = SyslogConnection(destination)
        self._position_file = position_file
        self._clock = clock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lag = Lag(_position(position_file), 0, 0.0, None)

    def start(self, interval_s: float = 1.0) -> None:
        """Begin to send; look for new records every `interval_s`."""
        self._thread = threading.Thread(target=self._run, args=(interval_s,), name="audit-forwarder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the batch that is under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._connection.close()

    def lag(self) -> Lag:
        """Return how far it is behind."""
        return self._lag

    def send_batch(self) -> bool:
        """Send one batch; tell whether to go on at once. A failure is kept in `lag`, the batch is sent again later."""
        oldest: str | None = None
        waiting = self._lag.waiting
        try:
            newest = self._source.end().last
            waiting = max(0, newest - self._lag.sent)
            batch = list(islice(self._source.records(self._lag.sent + 1, newest), BATCH))
            records = [item for item in batch if not isinstance(item, Unreadable)]
            oldest = records[0].at if records else None
            self._connection.send(records)
            sent = batch[-1].seq if batch else self._lag.sent
            if batch:
                write_durably(self._position_file, f"{sent}\n".encode())
        except (OSError, ApplianceError) as error:
            self._lag = replace(self._lag, waiting=waiting, seconds=self._age(oldest), error=str(error))
            return False
        behind = records[-1].at if records and sent < newest else None
        self._lag = Lag(sent, max(0, newest - sent), self._age(behind), None)
        return sent < newest and bool(batch)

    def _run(self, interval_s: float) -> None:
        while not self._stopping.is_set():
            if not self.send_batch():
                self._stopping.wait(interval_s)

    def _age(self, at: str | None) -> float:
        return 0.0 if at is None else max(0.0, (self._clock() - datetime.fromisoformat(at)).total_seconds())


def _position(path: Path) -> int:
    """Return the newest record that was sent; a file that is absent or damaged means that everything is sent anew."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0
