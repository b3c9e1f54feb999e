"""Recorded statuses in place of an appliance, with traffic that grows in a fixed pattern."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.core.authority import PERMISSIONS, Permission
from appliance.core.errors import ApplianceError
from appliance.core.status import ApplianceStatus
from appliance.tui.app import TerminalApp
from appliance.tui.calls_source import LiveCalls
from appliance.tui.identity import Who
from appliance.tui.reviews_source import ReviewList
from appliance.tui.source import Sources

STATUSES = Path(__file__).parents[1] / "data" / "status"
# Requests and tokens that each reading adds, so that a history has hills and a quiet stretch.
PATTERN = (2, 4, 7, 9, 12, 10, 6, 3, 1, 0, 0, 0, 2, 5, 6, 8, 13, 15, 11, 9, 7, 6, 8, 10)


def load(name, **changes):
    return ApplianceStatus.model_validate(json.loads((STATUSES / f"{name}.json").read_text()) | changes)


def later(status, readings):
    """Return `status` that many readings (2 s each) later."""
    moment = datetime.fromisoformat(status.taken_at).astimezone(UTC) + timedelta(seconds=2 * readings)
    grown = sum(PATTERN[step % len(PATTERN)] for step in range(readings))
    applications = []
    for place, application in enumerate(status.applications):
        traffic = application.traffic
        if application.state == "running":
            tokens = grown * 61 if application.kind == "model" else 0
            traffic = traffic.model_copy(
                update={
                    "requests_total": traffic.requests_total + grown // (place + 1),
                    "completion_tokens_total": traffic.completion_tokens_total + tokens,
                }
            )
        applications.append(application.model_copy(update={"traffic": traffic}))
    return status.model_copy(
        update={
            "taken_at": moment.isoformat(),
            "uptime_s": status.uptime_s + 2 * readings,
            "applications": tuple(applications),
        }
    )


class KeyReads:
    """Counts the reads of key files that are under way in threads, of which the screen shows nothing."""

    def __init__(self) -> None:
        self.busy = 0
        self._to_thread = asyncio.to_thread

    async def to_thread(self, work, *given, **named):
        """Stand in for `asyncio.to_thread`."""
        counted = getattr(work, "__name__", "") == "_looked_up"
        self.busy += counted
        try:
            return await self._to_thread(work, *given, **named)
        finally:
            self.busy -= counted


KEY_READS = KeyReads()


class RecordedSource:
    """Gives what it was filled with, in turn, and then the last again; errors among it are raised."""

    address = "http://127.0.0.1:8080"

    def __init__(self, *readings) -> None:
        self.readings = list(readings)

    async def read(self):
        reading = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        if isinstance(reading, ApplianceError):
            raise reading
        return reading

    async def close(self):
        pass


async def for_ever(_seconds):
    await asyncio.Event().wait()


class NoReviews:
    """An empty queue."""

    async def find(self, _status):
        return ReviewList()


class NoCalls:
    """Nobody calls."""

    async def live(self, _level):
        return LiveCalls(data=(), total=0, levels={})


ADMIN = Who(tenant="bank", role="admin", permissions=frozenset(permission.value for permission in Permission))
AUDITOR = Who(tenant="bank", role="auditor", permissions=frozenset(one.value for one in PERMISSIONS["auditor"]))


class Known:
    """The reader is known."""

    def __init__(self, who=ADMIN) -> None:
        self.who = who

    async def read(self):
        return self.who


def recorded_app(*readings, language="en", reviews=None, calls=None, who=ADMIN, local=None, kind=TerminalApp):
    """An app that reads once when it starts, and then only when a test tells it to; its clock stands still."""
    sources = Sources(RecordedSource(*readings), reviews or NoReviews(), calls or NoCalls(), Known(who), local)
    return kind(sources, language, pause=for_ever, clock=lambda: datetime(2026, 11, 24, 6, 2, 30, tzinfo=UTC))


async def settled(pilot):
    """Wait until nothing changes on the screen any more, and no key file is read any more."""
    seen, same = None, 0
    while same < 3:
        await pilot.pause(0.01)
        if KEY_READS.busy:
            continue
        shown = screen_text(pilot.app)
        same = same + 1 if shown == seen else 0
        seen = shown


def screen_text(app):
    """Everything on the screen, without colours."""
    _width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines[:height])


def read_all(app):
    """Return a step for `snap_compare` that takes every reading that is left."""

    async def step(pilot):
        await pilot.pause()
        for _reading in range(len(app.sources.status.readings)):
            await app.read_once()
        await pilot.pause()

    return step
