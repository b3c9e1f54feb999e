"""What a running job tells of itself in its record, for as long as it is this runner that runs it."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from appliance.core.clock import iso
from appliance.core.errors import ApplianceError, Conflict, NotFound
from appliance.core.principal import Principal
from appliance.state.records import ANYONE, Record

from .desk import Desk

KIND: Final = "job"
BEAT_S: Final = 8.0
"""How often a job says that it runs, at least."""
STEPS: Final = ("reading", "examining", "analysing", "writing", "phrasing", "assembling", "rendering")
_OFTEN_S: Final = 0.5  # what comes thicker is told later
Json = dict[str, Any]


class Lost(Exception):
    """The job belongs to another runner by now; no error."""


class Progress:
    """The record of a running job: `record` as it was last written, and the rows that are written next."""

    def __init__(self, desk: Desk, record: Record, who: Principal, runner: str) -> None:
        self._desk = desk
        self._who = who
        self._runner = runner
        self._written = 0.0
        self._writing = asyncio.Lock()
        self.record = record
        self.steps: list[Json] = list(record.data["steps"])
        self.sections: list[Json] = list(record.data["sections"])
        self.documents: list[Json] = list(record.data["documents"])

    @property
    def rows(self) -> Json:
        """The rows as a record has them."""
        return {"steps": self.steps, "sections": self.sections, "documents": self.documents}

    def done(self, step: str) -> int:
        """Return how much of a step is done."""
        return next((int(one["done"]) for one in self.steps if one["name"] == step), 0)

    async def step(self, name: str, done: int, total: int, began: float | None = None) -> None:
        """Tell how far a step is; `began` is given when it has ended. Raises `Lost`, `NotFound`."""
        seconds = None if began is None else round(time.perf_counter() - began, 3)
        row = {"name": name, "done": done, "total": total, "seconds": seconds}
        others = [one for one in self.steps if one["name"] != name]
        self.steps = sorted([*others, row], key=lambda one: STEPS.index(one["name"]))
        if began is not None or time.monotonic() - self._written >= _OFTEN_S:
            await self.change({})

    async def beat(self) -> None:
        """Say again and again that the job runs; ends with it."""
        while True:
            await asyncio.sleep(BEAT_S)
            with suppress(Lost, ApplianceError):
                await self.change({})

    async def failed(self, reason: str) -> None:
        """Say that the job has failed, if it is still ours to say."""
        ended = {"state": "failed", "error": reason, "ended_at": iso(self._desk.clock()), "runner": None}
        with suppress(Lost, NotFound):
            await self.change(ended)

    async def change(self, more: Json) -> None:
        """Write the rows, and `more` with them. Raises `Lost`, `NotFound`."""
        records = self._desk.context.records
        async with self._writing:
            while True:
                record = await records.get(self._who, KIND, self.record.id, ANYONE)
                if record.data["runner"] != self._runner:
                    raise Lost
                data = {**record.data, **self.rows, **more}
                try:
                    self.record = await records.update(record, data)
                except Conflict:
                    continue
                self._written = time.monotonic()
                return

    async def tell_folder(self, rows: Sequence[Json]) -> None:
        """Let the folder, where it is still there, say what its files were found to be."""
        records = self._desk.context.records
        read = {row["name"]: {name: row.get(name) for name in ("kind", "company", "fault")} for row in rows}
        with suppress(NotFound, Conflict):
            folder = await records.get(self._who, "folder", self.record.data["folder"], ANYONE)
            await records.update(folder, {**folder.data, "read": read})
