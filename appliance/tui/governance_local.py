"""Usage, quotas and the audit of the appliance that the terminal runs beside: from its database, in a thread."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from appliance.core.progress import Progress
from appliance.operations.audit import check_log, find_records, read_content
from appliance.operations.guardrail_hits import Hits, read_hits
from appliance.operations.operator import operator
from appliance.operations.usage import list_quotas, remove_quota, set_quota, usage_totals
from appliance.state.audit.faults import Report
from appliance.state.audit.search import Filters, Page
from appliance.state.quotas import Scope
from appliance.state.usage import UsageTotal
from appliance.tui.local import Local, follow, in_thread

_Result = TypeVar("_Result")
Quota = Mapping[str, Any]
"""As `operations.usage.list_quotas` returns it: scope, name, limits, set, used."""


class Records(Protocol):
    """What the appliance's machine knows. `tenant` None is everything. Everything raises `ApplianceError`."""

    @property
    def operator(self) -> str:
        """Who works at this machine, as the audit names them."""
        ...

    async def usage(self, since: str, tenant: str | None) -> tuple[UsageTotal, ...]:
        """Return totals since a time; of one tenant, with those below it."""
        ...

    async def quotas(self) -> tuple[Quota, ...]:
        """Return every quota and what is used of it."""
        ...

    async def set_quota(self, scope: Scope, name: str, limits: Mapping[str, int | None], approval: str) -> None:
        """Set limits."""
        ...

    async def remove_quota(self, scope: Scope, name: str, approval: str) -> None:
        """Let the site file count again."""
        ...

    async def hits(self, since: str, tenant: str | None) -> Hits:
        """Return what the guardrails found since a time."""
        ...

    async def find(self, filters: Filters, before: int | None, limit: int) -> Page:
        """Return audit records, newest first."""
        ...

    async def content(self, seq: int) -> str:
        """Return the text that a record keeps; that it was read is recorded first."""
        ...

    async def check(self, told: Callable[[Progress], None]) -> Report:
        """Check the whole audit log."""
        ...


class LocalRecords:
    """The records in the home folder beside the terminal."""

    def __init__(self, local: Local, language: str = "en") -> None:
        self._local = local
        self._language = language

    @property
    def operator(self) -> str:
        """Who works at this machine, as the audit names them."""
        return operator()

    async def usage(self, since: str, tenant: str | None) -> tuple[UsageTotal, ...]:
        """Return totals since a time; of one tenant, with those below it."""
        return tuple(await self._do(lambda: usage_totals(self._local.home, self._local.site(), tenant, since)))

    async def quotas(self) -> tuple[Quota, ...]:
        """Return every quota and what is used of it."""
        return tuple(await self._do(lambda: list_quotas(self._local.home, self._local.site())))

    async def set_quota(self, scope: Scope, name: str, limits: Mapping[str, int | None], approval: str) -> None:
        """Set limits, as the system's user."""
        await self._do(
            lambda: set_quota(self._local.home, self._local.site(), scope, name, limits, operator(), approval)
        )

    async def remove_quota(self, scope: Scope, name: str, approval: str) -> None:
        """Let the site file count again, as the system's user."""
        await self._do(lambda: remove_quota(self._local.home, self._local.site(), scope, name, operator(), approval))

    async def hits(self, since: str, tenant: str | None) -> Hits:
        """Return what the guardrails found since a time."""
        return await self._do(lambda: read_hits(self._local.home, self._local.site(), since, tenant))

    async def find(self, filters: Filters, before: int | None, limit: int) -> Page:
        """Return audit records, newest first."""
        return await self._do(lambda: find_records(self._local.home, self._local.site(), filters, before, limit))

    async def content(self, seq: int) -> str:
        """Return the text that a record keeps; that the system's user read it is recorded first."""
        return await self._do(lambda: read_content(self._local.home, self._local.site(), seq, operator()))

    async def check(self, told: Callable[[Progress], None]) -> Report:
        """Check the whole audit log; cancelling ends it at its next news."""
        (report,) = await follow(lambda: check_log(self._local.home, self._local.site()), told, self._language)
        assert isinstance(report, Report)
        return report

    async def _do(self, work: Callable[[], _Result]) -> _Result:
        return await in_thread(work, self._language)
