"""Tenants, keys, people and approvals over the API; what only the appliance's machine knows is in `records`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field

from appliance.core.errors import ApplianceError, PermissionDenied
from appliance.core.messages import _
from appliance.tui.connection import HttpConnection, error_of
from appliance.tui.governance_local import LocalRecords, Records
from appliance.tui.local import Local

Switch = Literal["disable", "enable", "unlock"]
Verdict = Literal["approve", "refuse"]
_MOST_PAGES = 5
_Item = TypeVar("_Item", bound=BaseModel)


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class TenantSeen(_Read):
    """A tenant; `path` has the names from the head office down to it, each with a slash behind."""

    name: str
    title: str
    parent: str | None
    path: str
    created_at: datetime

    @property
    def depth(self) -> int:
        """How many tenants stand above it."""
        return self.path.count("/") - 1


class Scopes(_Read):
    """The names that a key may use; None is every name."""

    models: tuple[str, ...] | None = None
    scenarios: tuple[str, ...] | None = None
    knowledge_bases: tuple[str, ...] | None = None


class KeySeen(_Read):
    """A key without its secret."""

    id: str
    name: str
    tenant: str
    role: str
    state: Literal["active", "expired", "revoked", "stopped"]
    created_at: datetime
    expires_at: datetime | None = None
    last_used: str | None = None
    scopes: Scopes = Scopes()
    networks: tuple[str, ...] = ()
    priority: str = "interactive"
    parent: str | None = None
    user_id: str | None = None
    replaced_by: str | None = None
    stopped_by: str | None = None


class KeyMade(KeySeen):
    """A new key with its secret, which no later answer holds."""

    key: str = Field(repr=False)


class UserSeen(_Read):
    """Somebody who signs in."""

    id: str
    name: str
    display_name: str
    tenant: str
    role: str
    origin: str
    state: Literal["active", "disabled"]
    created_at: datetime
    password_changed_at: datetime | None = None
    disabled_at: datetime | None = None
    locked_until: datetime | None = None
    """End of the pause after failed attempts to sign in."""

    def locked(self, now: datetime) -> bool:
        """Tell whether they are in that pause."""
        return self.locked_until is not None and self.locked_until > now


class ApprovalSeen(_Read):
    """A change that somebody asked for and another person decides on."""

    id: str
    kind: str
    status: Literal["pending", "approved", "refused", "expired", "used"]
    tenant: str
    change: dict[str, Any]
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    used_by: str | None = None
    used_at: datetime | None = None


class _Tenants(_Read):
    data: tuple[TenantSeen, ...]


class _Keys(_Read):
    data: tuple[KeySeen, ...]


class _Users(_Read):
    data: tuple[UserSeen, ...]


class _Approvals(_Read):
    data: tuple[ApprovalSeen, ...]
    has_more: bool = False


@dataclass(frozen=True)
class KeyOrder:
    """The key that is to be made; None is what the maker's own key has, an empty tuple none."""

    name: str
    tenant: str
    role: str
    models: tuple[str, ...] | None = None
    scenarios: tuple[str, ...] | None = None
    knowledge_bases: tuple[str, ...] | None = None
    networks: tuple[str, ...] | None = None
    expires_at: datetime | None = None
    priority: str = "interactive"


class GovernanceSource(Protocol):
    """What the governance screen reads and changes. Everything raises `ApplianceError` with what to do."""

    @property
    def records(self) -> Records | None:
        """Usage, quotas and the audit; None where the terminal does not run beside the appliance."""
        ...

    async def tenants(self) -> tuple[TenantSeen, ...]:
        """Return the reader's tenant and those below, each behind its parent."""
        ...

    async def add_tenant(self, name: str, title: str, parent: str) -> TenantSeen:
        """Add a tenant below another."""
        ...

    async def keys(self) -> tuple[KeySeen, ...]:
        """Return the keys of the reader's tenant and those below, oldest first."""
        ...

    async def make_key(self, order: KeyOrder, approval: str = "") -> KeyMade:
        """Make a key."""
        ...

    async def rotate_key(self, key_id: str, overlap_s: float, approval: str = "") -> KeyMade:
        """Make a key's successor; the old one is good for so many seconds more."""
        ...

    async def revoke_key(self, key_id: str) -> KeySeen:
        """Revoke a key for good."""
        ...

    async def users(self) -> tuple[UserSeen, ...]:
        """Return the people of the reader's tenant and those below, by name."""
        ...

    async def switch_user(self, user_id: str, to: Switch) -> UserSeen:
        """Keep somebody out, let them in again, or forget their failed attempts."""
        ...

    async def approvals(self, pending_only: bool) -> tuple[ApprovalSeen, ...]:
        """Return requests for approval, newest first."""
        ...

    async def decide(self, approval_id: str, verdict: Verdict, reason: str = "") -> ApprovalSeen:
        """Approve or refuse what somebody else asked for."""
        ...


class HttpGovernanceSource:
    """Asks `/v1/tenants`, `/v1/keys`, `/v1/users` and `/v1/approvals`; `local` opens the machine's own records."""

    def __init__(self, connection: HttpConnection, local: Local | None, language: str = "en") -> None:
        self._connection = connection
        self._records = None if local is None else LocalRecords(local, language)

    @property
    def records(self) -> Records | None:
        """Usage, quotas and the audit, where the terminal runs beside the appliance."""
        return self._records

    async def tenants(self) -> tuple[TenantSeen, ...]:
        """Return the reader's tenant and those below, each behind its parent."""
        return (await self._ask("GET", "/v1/tenants", _Tenants)).data

    async def add_tenant(self, name: str, title: str, parent: str) -> TenantSeen:
        """Add a tenant below another."""
        return await self._ask("POST", "/v1/tenants", TenantSeen, {"name": name, "title": title, "parent": parent})

    async def keys(self) -> tuple[KeySeen, ...]:
        """Return the keys of the reader's tenant and those below, oldest first."""
        return (await self._ask("GET", "/v1/keys", _Keys)).data

    async def make_key(self, order: KeyOrder, approval: str = "") -> KeyMade:
        """Make a key; what the order leaves open is left out, so that the appliance takes the maker's own."""
        scopes = {
            kind: list(names)
            for kind in ("models", "scenarios", "knowledge_bases")
            if (names := getattr(order, kind)) is not None
        }
        body: dict[str, object] = {
            "name": order.name, "tenant": order.tenant, "role": order.role, "priority": order.priority,
        }  # fmt: skip
        if scopes:
            body["scopes"] = scopes
        if order.networks is not None:
            body["networks"] = list(order.networks)
        if order.expires_at is not None:
            body["expires_at"] = order.expires_at.isoformat()
        return await self._ask("POST", "/v1/keys", KeyMade, body, approval)

    async def rotate_key(self, key_id: str, overlap_s: float, approval: str = "") -> KeyMade:
        """Make a key's successor; the old one is good for so many seconds more."""
        return await self._ask("POST", f"/v1/keys/{key_id}/rotate", KeyMade, {"overlap_s": overlap_s}, approval)

    async def revoke_key(self, key_id: str) -> KeySeen:
        """Revoke a key for good."""
        return await self._ask("DELETE", f"/v1/keys/{key_id}", KeySeen)

    async def users(self) -> tuple[UserSeen, ...]:
        """Return the people of the reader's tenant and those below, by name."""
        return (await self._ask("GET", "/v1/users", _Users)).data

    async def switch_user(self, user_id: str, to: Switch) -> UserSeen:
        """Keep somebody out, let them in again, or forget their failed attempts."""
        return await self._ask("POST", f"/v1/users/{user_id}/{to}", UserSeen)

    async def approvals(self, pending_only: bool) -> tuple[ApprovalSeen, ...]:
        """Return requests for approval, newest first, at most 500."""
        found: list[ApprovalSeen] = []
        params = {"limit": "100"} | ({"status": "pending"} if pending_only else {})
        for _page in range(_MOST_PAGES):
            page = await self._ask("GET", "/v1/approvals", _Approvals, params=params)
            found += page.data
            if not page.has_more or not page.data:
                break
            params = params | {"after": page.data[-1].id}
        return tuple(found)

    async def decide(self, approval_id: str, verdict: Verdict, reason: str = "") -> ApprovalSeen:
        """Approve or refuse what somebody else asked for."""
        body = {"reason": reason} if verdict == "refuse" else None
        return await self._ask("POST", f"/v1/approvals/{approval_id}/{verdict}", ApprovalSeen, body)

    async def _ask(
        self,
        method: str,
        path: str,
        model: type[_Item],
        body: Mapping[str, object] | None = None,
        approval: str = "",
        params: Mapping[str, str] | None = None,
    ) -> _Item:
        headers = {"X-Approval": approval} if approval else None
        response = await self._connection.send(method, path, params=params, body=body, headers=headers)
        if not response.is_success:
            raise self._refusal(response)
        try:
            return model.model_validate_json(response.content)
        except ValueError as error:
            raise self._connection.not_understood() from error

    def _refusal(self, response: httpx.Response) -> ApplianceError:
        """Return the error of an answer; a 403 keeps the appliance's own reason: it names what goes too far."""
        code, reason = error_of(response)
        if code == "approval_needed":
            forbidden = PermissionDenied(
                _("The appliance refused: {reason}", reason=reason),
                _("When it is approved, do the same here once more and give its id in the last field."),
                code=code,
            )
        elif reason:
            forbidden = PermissionDenied(_("The appliance refused: {reason}", reason=reason), code=code)
        else:
            forbidden = PermissionDenied(
                _("The key in {file} may not do this.", file=self._connection.key_file), _("Use an admin key.")
            )
        return self._connection.refusal(response, forbidden)
