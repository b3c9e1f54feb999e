"""Which version of a model a request goes to, as a process knows it that sends requests: read every second."""

import asyncio
import hashlib
from collections.abc import Collection
from typing import Final

import structlog

from appliance.core.errors import ApplianceError, NotFound, Unavailable
from appliance.core.messages import _
from appliance.serving.names import model_application
from appliance.state.served import POLL_S, Served, ServedDirectory, Slot, Variant

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

_HUNDRED: Final = 100


def chosen(variants: tuple[Variant, ...], line: Collection[str], request_id: str) -> Variant | None:
    """Return the variant for a request: the rule of a tenant first, else by percent; None where none serves.

    `line` are the tenant that asks and those above it. The same request id always falls on the same side.
    """
    by_slot = {one.slot: one for one in variants if one.serves}
    candidate = by_slot.get("candidate")
    if candidate is not None and (
        any(name in line for name in candidate.tenants) or _percentile(request_id) < candidate.share
    ):
        return candidate
    return by_slot.get("stable")


def _percentile(request_id: str) -> int:
    return int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:8]) % _HUNDRED


def unwritten(alias: str) -> Variant:
    """Return what stands for an alias of which nothing is written: the application that every start begins with."""
    return Variant(alias, "stable", "", None, "", model_application(alias), 0, (), "ready")


class ServedView:
    """What one process knows of the directory. `load` blocks; everything else belongs on the event loop."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._ended: dict[str, asyncio.Event] = {}
        self.directory = ServedDirectory()

    def load(self) -> ServedDirectory | None:
        """Return the directory where it, or the tenants, have changed since it was read. Raises `Unavailable`."""
        if self._served.stamp() == self.directory.stamp:
            return None
        return self._served.read()

    def take(self, directory: ServedDirectory | None) -> None:
        """Go by `directory` from now on; what was sent to an application that is left out has to move."""
        if directory is None or directory.stamp <= self.directory.stamp:
            return
        left = self.directory.applications() - directory.applications()
        self.directory = directory
        for application in left:
            if (event := self._ended.pop(application, None)) is not None:
                event.set()

    async def refresh(self) -> None:
        """Look whether the directory has changed. Raises `Unavailable`."""
        self.take(await asyncio.to_thread(self.load))

    async def follow_for_ever(self) -> None:
        """Refresh every second; while the database does not answer, what is known goes on."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.refresh()
            except ApplianceError as error:
                log.warning("looking for what is served failed", code=error.code)

    def ended(self, application: str) -> asyncio.Event:
        """Return the event that is set once an application is to get nothing more."""
        return self._ended.setdefault(application, asyncio.Event())

    def choose(self, alias: str, tenant: str, request_id: str, slot: Slot | None = None) -> Variant:
        """Return the variant for a request. Raises `Unavailable` while none serves, `NotFound` for an empty slot."""
        variants = self.directory.of(alias)
        if not variants:
            return unwritten(alias)
        if slot is not None:
            found = next((one for one in variants if one.slot == slot and one.serves), None)
            if found is None:
                raise NotFound(
                    _("{alias} has no {slot} version that serves.", alias=alias, slot=slot),
                    _("`appliance model show {alias}` shows its versions.", alias=alias),
                    param="model",
                    code="model_not_found",
                )
            return found
        variant = chosen(variants, self.directory.line(tenant), request_id)
        if variant is None:
            raise Unavailable(
                _("The model {alias} is being replaced.", alias=alias),
                _("Try again in a minute; `appliance model show {alias}` shows how far it is.", alias=alias),
                code="model_switching",
            )
        return variant
