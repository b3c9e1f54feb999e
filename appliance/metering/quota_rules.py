"""Which limits count for a request: those of its key, of its tenant and each one above it, and of its model."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from appliance.config.site import QuotaSettings
from appliance.state.quotas import LIMITS, QuotaRow, Scope


class Subject(NamedTuple):
    """What a quota is of: a key (or user), a tenant with those below it, or a model."""

    scope: Scope
    name: str


EVERY_KEY: Final = Subject("key", "*")
"""Stands for every key that has no quota of its own."""


class Rules:
    """The limits of the site file and the rows that go before them.

    `lines` gives the names from the head office down to each tenant.
    """

    def __init__(
        self, settings: QuotaSettings, rows: Iterable[QuotaRow] = (), lines: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._settings = settings
        self._rows = {Subject(row.scope, row.name): row.limits for row in rows}
        self._lines = dict(lines or {})

    def knows(self, tenant: str) -> bool:
        """Tell whether it is known what lies above `tenant`."""
        return tenant in self._lines

    def subjects(self, actor: str, tenant: str, model: str | None) -> tuple[Subject, ...]:
        """Return whatever a request counts for."""
        tenants = tuple(Subject("tenant", name) for name in self._lines.get(tenant, (tenant,)))
        models = (Subject("model", model),) if model else ()
        return (Subject("key", actor), *tenants, *models)

    def limits(self, subject: Subject) -> dict[str, int]:
        """Return the limits of `subject`, without those that are unlimited."""
        settings = self._settings
        named = settings.tenants if subject.scope == "tenant" else settings.models
        declared = settings.default if subject.scope == "key" else named.get(subject.name)
        values: dict[str, int | None] = {kind: getattr(declared, kind, None) for kind in LIMITS}
        values.update(self._rows.get(subject, {}))
        return {kind: value for kind, value in values.items() if value is not None}

    def named(self) -> list[Subject]:
        """Return every subject that the site file or a row names."""
        found = {Subject("tenant", name) for name in self._settings.tenants}
        found |= {Subject("model", name) for name in self._settings.models}
        return sorted(found | set(self._rows))

    def row(self, subject: Subject) -> Mapping[str, int | None]:
        """Return what was set for `subject` beside the site file."""
        return self._rows.get(subject, {})
