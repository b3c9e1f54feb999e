"""Group commit: entries that come while one transaction runs share the next."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from appliance.core.errors import DiskFull, Unavailable
from appliance.core.messages import _
from appliance.state.journal import Entry

_MOST_TOGETHER = 512


class GroupCommit:
    """Calls `write` on `executor` for whatever waits. Nobody waits for others to come: alone, an entry goes at once."""

    def __init__(self, write: Callable[[Sequence[Entry]], None], executor: Executor) -> None:
        self._write = write
        self._executor = executor
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def commit(self, entry: Entry) -> Entry:
        """Return `entry` once it is on the disk. A caller that goes away does not keep it from being written.

        Raises `Unavailable` where it cannot be written, and what is wrong with the entry itself.
        """
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        self._waiting.append((entry, written))
        if self._writer is None:
            self._writer = loop.create_task(self._write_all())
        await written
        if entry.error is not None:
            raise entry.error
        return entry

    async def idle(self) -> None:
        """Return when nothing waits."""
        while self._writer is not None:
            await asyncio.wait([self._writer])

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:_MOST_TOGETHER], self._waiting[_MOST_TOGETHER:]
                failure: Exception | None = None
                try:
                    await loop.run_in_executor(self._executor, self._write, [entry for entry, _written in group])
                except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
                    failure = _told(error)
                for _entry, written in group:
                    if not written.done():
                        if failure is None:
                            written.set_result(None)
                        else:
                            written.set_exception(failure)
        finally:
            self._writer = None


def _told(error: Exception) -> Unavailable:
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, DiskFull):
        told = Unavailable(error.message, error.hint, code=error.code)
    else:
        told = Unavailable(
            _("The audit record could not be written."), _("Nothing is served without an audit; try again in a moment.")
        )
    told.__cause__ = error
    return told
