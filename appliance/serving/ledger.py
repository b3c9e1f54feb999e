"""The ledger as a Serve deployment: the one place that writes audit and usage, and that counts quotas."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.serving.ledger_calls import AdmitRequest, Completion, UsageQuery
from appliance.serving.ledger_core import LedgerCore
from appliance.serving.ledger_listener import LedgerListener
from appliance.state.audit.forwarding import Forwarder
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.syslog import Destination
from appliance.state.audit.witness import Witness
from appliance.state.database import Database, sqlite_url

log: structlog.stdlib.BoundLogger = structlog.get_logger("ledger")


class Ledger:
    """One replica on the head node; its methods are those of `LedgerCore`, which says what they raise.

    Gateways on the same machine call it by `home.ledger_socket`, others by handle.
    `started_at` is when the appliance was started: a replica that takes over keeps the requests opened since.
    """

    def __init__(self, home: str, site: SiteConfig, started_at: str) -> None:
        folders = Home(Path(home))
        database = Database.open(site.state.url or sqlite_url(folders.database))
        self._core = LedgerCore(
            database, open_log(folders, site, database), site.quotas, site.gateway.generation_timeout_s, started_at
        )
        self._core.begin()
        self._forwarder = forwarder(folders, site, database)
        if self._forwarder is not None:
            self._forwarder.start()
        self._listener = _listener(self._core, folders)
        self._keeper = asyncio.get_event_loop().create_task(self._core.look_after_for_ever())

    async def admit(self, request: AdmitRequest) -> dict[str, Any]:
        """Check the quotas and open the audit; return `{"seq"}`."""
        return await self._core.admit(request)

    async def complete(self, result: Completion) -> dict[str, Any]:
        """Free the place, count the tokens, write the end and the usage; return `{"seq", "duplicate"}`."""
        return await self._core.complete(result)

    async def record(self, kind: str, who: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
        """Write an `admin.…` or `system.…` record; return `{"seq"}`."""
        return await self._core.record(kind, who, data)

    async def usage(self, query: UsageQuery) -> list[dict[str, Any]]:
        """Return totals by day, tenant, actor, target and model."""
        return await self._core.usage(query)

    async def quotas(self) -> list[dict[str, Any]]:
        """Return each quota with what is used of it now."""
        return await self._core.quotas()

    async def interactive(self, model: str | None = None) -> int:
        """Return how many open requests somebody waits for."""
        return await self._core.interactive(model)

    async def audit_lag(self) -> dict[str, Any] | None:
        """Return how far syslog is behind: `sent`, `waiting`, `seconds`, `error`; None: no server is named."""
        return None if self._forwarder is None else vars(self._forwarder.lag())

    async def check_health(self) -> None:
        """Fail when the background task is gone: requests that were lost would count for ever."""
        if self._keeper.done():
            raise RuntimeError(f"the ledger's keeper ended: {self._keeper.exception()!r}")


def _listener(core: LedgerCore, home: Home) -> LedgerListener | None:
    """Return what gateways on this machine call; None where it cannot listen: they call by handle then."""
    try:
        return LedgerListener(core, home.ledger_socket)
    except OSError as error:
        log.warning("the ledger's socket cannot be made", path=str(home.ledger_socket), reason=error.strerror)
        return None


def open_log(home: Home, site: SiteConfig, database: Database) -> AuditLog:
    """Return the audit log of `home`, with the suite of the site file."""
    keys = AuditKeys(home.audit_keys, home.audit_public_keys_file, site.audit.suite)
    return AuditLog(database, keys, Witness(home.audit_witness_file))


def forwarder(home: Home, site: SiteConfig, database: Database) -> Forwarder | None:
    """Return what sends the log on to syslog; None where the site file names no server."""
    if site.audit.syslog_server is None:
        return None
    transport, host, port = site.audit.syslog_server
    return Forwarder(database, Destination(host, port, transport), home.state / "audit-forwarded")
