"""The parts of governance, and what tells the state of each in a few words."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.core.messages import Message, _, one_or_many
from appliance.tui import governance_words as words
from appliance.tui.screens import governance_usage
from appliance.tui.screens.governance_api_keys import KeysScreen
from appliance.tui.screens.governance_approvals import ApprovalsScreen
from appliance.tui.screens.governance_audit import AuditScreen
from appliance.tui.screens.governance_guardrails import GuardrailsScreen
from appliance.tui.screens.governance_part import GovernanceBase
from appliance.tui.screens.governance_quotas import QuotasScreen
from appliance.tui.screens.governance_tenants import TenantsScreen
from appliance.tui.screens.governance_usage import UsageScreen
from appliance.tui.screens.governance_users import UsersScreen


@dataclass(frozen=True)
class Part:
    """One part: who may see it, whether it is read on the appliance's machine only, and the screen that shows it."""

    name: str
    title: Message
    explained: Message
    permission: str
    at_machine: bool
    command: str
    screen: Callable[[], GovernanceBase]


PARTS: tuple[Part, ...] = (
    Part("tenants", _("Tenants"), _("head office, branches, departments"), "tenants.manage", False,
         "appliance tenant list", TenantsScreen),
    Part("keys", _("API keys"), _("what programs are let in with"), "keys.manage", False,
         "appliance key list", KeysScreen),
    Part("users", _("People"), _("who signs in, with which role"), "users.manage", False,
         "appliance user list", UsersScreen),
    Part("quotas", _("Quotas"), _("how much may be used, and is"), "usage.read", True,
         "appliance quota list", QuotasScreen),
    Part("usage", _("Usage"), _("tokens by day, tenant, model"), "usage.read", True,
         "appliance usage --since 6d", UsageScreen),
    Part("guardrails", _("Guardrails"), _("what was blocked or masked, by rule"), "audit.read", True,
         "appliance audit search --text '\"verdicts\":[{'", GuardrailsScreen),
    Part("approvals", _("Approvals"), _("changes that need a second person"), "approvals.decide", False,
         "appliance approval list --state pending", ApprovalsScreen),
    Part("audit", _("Audit"), _("every request and change; search, check"), "audit.read", True,
         "appliance audit search", AuditScreen),
)  # fmt: skip


def readings(screen: GovernanceBase, now: datetime) -> dict[str, Callable[[], Awaitable[Message]]]:
    """Return what tells the state of each part in a few words."""
    source, tenant = screen.source, screen.tenant

    async def tenants() -> Message:
        count = len(await source.tenants())
        return one_or_many(count, _("1 tenant"), _("{count} tenants", count=count))

    async def api_keys() -> Message:
        return words.keys_in_short(await source.keys(), now)

    async def people() -> Message:
        return words.users_in_short(await source.users())

    async def quotas() -> Message:
        rows = [row for row in await screen.records.quotas() if row["name"] != "*"]
        full = sum(_used_up(row) for row in rows)
        return (
            _("{count} set, {full} used up", count=len(rows), full=full) if full else _("{count} set", count=len(rows))
        )

    async def usage() -> Message:
        return governance_usage.in_short(await screen.records.usage("0h", tenant))

    async def approvals() -> Message:
        return words.approvals_in_short(await source.approvals(True))

    async def audit() -> Message:
        page = await screen.records.find(AuditScreen.everything(tenant), None, 1)
        if not page.records:
            return _("no record yet")
        count = page.records[0].seq
        return one_or_many(count, _("1 record"), _("{count} records", count=f"{count:,}"))

    return {
        "tenants": tenants, "keys": api_keys, "users": people, "quotas": quotas, "usage": usage,
        "approvals": approvals, "audit": audit,
    }  # fmt: skip


def _used_up(row: object) -> bool:
    """Tell whether the tokens of a day or month of a quota are gone."""
    assert isinstance(row, dict)
    limits, used = row["limits"], row["used"]
    kinds = ("tokens_per_day", "tokens_per_month")
    return any(limits.get(kind) is not None and used[kind] >= limits[kind] for kind in kinds)
