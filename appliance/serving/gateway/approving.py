"""Second approvals at the gateway: asked for and used by the routes that make a change, each step in the audit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from appliance.config.site import SiteConfig
from appliance.core.messages import _
from appliance.guardrails.lexicon.reloading import Allowed
from appliance.serving.gateway.context import accounts_of, context_of, principal_of, request_id_of
from appliance.state.applied_settings import allows_lexicon
from appliance.state.approval_people import Person
from appliance.state.approval_records import Approval, needed
from appliance.state.approvals import ApprovalRules
from appliance.state.database import Database

HEADER: Final = "X-Approval"
"""Header that carries the id of an approval."""
APPROVAL_HEADER: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": HEADER, "in": "header", "required": False, "schema": {"type": "string"},
            "description": "Id of the approval, where the site wants a second person for this.",
        }
    ]
}  # fmt: skip
"""What a route that uses `approved` adds to its `openapi_extra`."""


async def approved(request: Request, kind: str, change: Mapping[str, Any], tenant: str) -> None:
    """Return where the caller may make this change of `tenant` now; the approval in the header is used up.

    Raises `ApprovalNeeded` where the site wants a second person and none has agreed yet, `NotFound`, `Conflict`,
    `PermissionDenied`, and `Unavailable` where the audit cannot be written: then nothing may be changed.
    """
    approvals, by = accounts_of(request).approvals, Person.of(principal_of(request))
    if not await run_in_threadpool(approvals.required, kind):
        return
    given = request.headers.get(HEADER)
    if given:
        used = await run_in_threadpool(approvals.use, kind, change, by, given)
        await record(request, "used", used)
        return
    ticket, new = await run_in_threadpool(approvals.ask, kind, change, by, tenant)
    if new:
        await record(request, "asked", ticket, change=ticket.recorded_change())
    raise needed(
        ticket, _("Then send the same request again with the header {header}: {id}.", header=HEADER, id=ticket.id)
    )


async def record(request: Request, event: str, ticket: Approval, outcome: str = "done", **more: object) -> None:
    """Write what became of a ticket into the audit. Raises `Unavailable`."""
    who = principal_of(request)
    caller = {"request_id": request_id_of(request), "tenant": who.tenant, "actor": who.key_id, "role": who.role}
    data = {
        "action": f"approval {event}", "target": ticket.id, "outcome": outcome, "tenant": ticket.tenant,
        **ticket.facts(), **more,
    }  # fmt: skip
    await context_of(request).models.ledger("record", f"admin.approval.{event}", caller, data)


def rules_of(site: SiteConfig) -> ApprovalRules:
    """Return what the site file says of second approvals."""
    return ApprovalRules(frozenset(site.approvals.require), site.approvals.expire_hours)


def lexicon_gate(database: Database, site: SiteConfig) -> Allowed | None:
    """Return what the guardrails ask about the content of a lexicon file; None: any content is taken over."""
    if "policy.change" not in site.approvals.require:
        return None

    def allowed(path: Path, digest: str) -> bool:
        return allows_lexicon(database, str(path), digest)

    return allowed
