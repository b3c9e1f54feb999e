"""Keys, tenants and users over HTTP. A caller sees and changes only what stands in their own tenant or below it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from appliance.core.authority import Grants, Permission, authorize, check_within
from appliance.core.clock import iso, utc_now
from appliance.core.networks import check_networks
from appliance.core.principal import Principal
from appliance.serving.gateway.account_bodies import (
    KeyRequest,
    NewPassword,
    RotationRequest,
    TenantRequest,
    UserRequest,
)
from appliance.serving.gateway.accounts import GatewayAccounts
from appliance.serving.gateway.approving import APPROVAL_HEADER, approved
from appliance.serving.gateway.body import read_body
from appliance.serving.gateway.context import accounts_of, principal_of
from appliance.serving.gateway.openapi import body_of
from appliance.serving.gateway.permission import permit
from appliance.serving.gateway.sign_in_routes import NOT_KEPT, in_sign_in_thread
from appliance.state.accounts.fields import check_key_fields
from appliance.state.accounts.key_records import KeyRecord
from appliance.state.accounts.tenants import no_tenant
from appliance.state.accounts.users import UserRecord

keys = APIRouter(prefix="/v1/keys", tags=["Keys"], dependencies=[permit(Permission.KEYS_MANAGE)])
tenants = APIRouter(prefix="/v1/tenants", tags=["Tenants"], dependencies=[permit(Permission.TENANTS_MANAGE)])
users = APIRouter(prefix="/v1/users", tags=["Users"], dependencies=[permit(Permission.USERS_MANAGE)])


@keys.get("", summary="List the keys")
async def list_keys(request: Request) -> Response:
    """Return the keys of the caller's tenant and those below, without their secrets."""
    found = await run_in_threadpool(accounts_of(request).keys.list, principal_of(request))
    now = iso(utc_now())
    return JSONResponse({"object": "list", "data": [record.to_dict(now) for record in found]})


@keys.post("", summary="Make a key", status_code=201, openapi_extra=body_of(KeyRequest) | APPROVAL_HEADER)
async def make_key(request: Request) -> Response:
    """Make a key that can do nothing the caller cannot; the key itself is in this answer and never again."""
    body = await read_body(request, KeyRequest)
    accounts, who = accounts_of(request), principal_of(request)
    wish = await run_in_threadpool(_wish, accounts, who, body)
    await approved(request, "key.export", wish.change(), wish.grants.tenant)
    return _secret(*await run_in_threadpool(_create, accounts, who, wish))


@keys.get("/{key_id}", summary="Show one key")
async def get_key(request: Request, key_id: str) -> Response:
    """Return one key without its secret."""
    record = await run_in_threadpool(accounts_of(request).keys.get, key_id, principal_of(request))
    return JSONResponse(record.to_dict(iso(utc_now())))


@keys.post(
    "/{key_id}/rotate",
    summary="Make a key's successor",
    status_code=201,
    openapi_extra=body_of(RotationRequest) | APPROVAL_HEADER,
)
async def rotate_key(request: Request, key_id: str) -> Response:
    """Make a key that may do the same; the old one is good for `overlap_s` more."""
    body = await read_body(request, RotationRequest)
    overlap = timedelta(seconds=body.overlap_s)
    accounts, who = accounts_of(request), principal_of(request)
    old = await run_in_threadpool(accounts.keys.get, key_id, who)
    expires_at = None if body.expires_at is None else iso(body.expires_at)
    change = {"action": "key.rotate", "key": old.id, "overlap_s": body.overlap_s, "expires_at": expires_at}
    await approved(request, "key.export", change, old.tenant)
    record, key = await run_in_threadpool(accounts.keys.rotate, key_id, overlap, expires_at=body.expires_at, by=who)
    return _secret(record, key)


@keys.delete("/{key_id}", summary="Revoke a key")
async def revoke_key(request: Request, key_id: str) -> Response:
    """Revoke a key for good, and with it those made with it: from the next request on they are refused."""
    record = await run_in_threadpool(accounts_of(request).keys.revoke, key_id, principal_of(request))
    return JSONResponse(record.to_dict(iso(utc_now())))


@tenants.get("", summary="List the tenants")
async def list_tenants(request: Request) -> Response:
    """Return the caller's tenant and those below, each behind its parent."""
    found = await run_in_threadpool(accounts_of(request).tenants.list, principal_of(request))
    return JSONResponse({"object": "list", "data": [tenant.to_dict() for tenant in found]})


@tenants.post("", summary="Add a tenant", status_code=201, openapi_extra=body_of(TenantRequest))
async def add_tenant(request: Request) -> Response:
    """Add a tenant below the caller's own, or below one that stands there."""
    body = await read_body(request, TenantRequest)
    who = principal_of(request)
    parent = who.tenant if body.parent is None else body.parent
    made = await run_in_threadpool(accounts_of(request).tenants.add, body.name, body.title, parent, who)
    return JSONResponse(made.to_dict(), status_code=201)


@users.get("", summary="List the users")
async def list_users(request: Request) -> Response:
    """Return the people of the caller's tenant and those below, by name."""
    found = await run_in_threadpool(_people, accounts_of(request), principal_of(request))
    return JSONResponse({"object": "list", "data": found})


@users.post("", summary="Add a user", status_code=201, openapi_extra=body_of(UserRequest))
async def add_user(request: Request) -> Response:
    """Add somebody who signs in with a password that the appliance keeps."""
    body = await read_body(request, UserRequest)
    accounts, who = accounts_of(request), principal_of(request)
    tenant = who.tenant if body.tenant is None else body.tenant
    made = await in_sign_in_thread(
        accounts, accounts.users.add, body.name, body.password,
        display=body.display_name, tenant=tenant, role=body.role, by=who,
    )  # fmt: skip
    return JSONResponse(made.to_dict(), status_code=201)


@users.get("/{user}", summary="Show one user")
async def get_user(request: Request, user: str) -> Response:
    """Return one person by id or name."""
    found = await run_in_threadpool(_people, accounts_of(request), principal_of(request), user)
    return JSONResponse(found[0])


@users.post("/{user}/disable", summary="Keep somebody out")
async def disable_user(request: Request, user: str) -> Response:
    """Keep somebody out: their sessions end, and keys that are theirs or that they made stop."""
    changed = await run_in_threadpool(accounts_of(request).users.disable, user, principal_of(request))
    return JSONResponse(changed.to_dict())


@users.post("/{user}/enable", summary="Let somebody in again")
async def enable_user(request: Request, user: str) -> Response:
    """Take `disable` back."""
    changed = await run_in_threadpool(accounts_of(request).users.enable, user, principal_of(request))
    return JSONResponse(changed.to_dict())


@users.post("/{user}/unlock", summary="End the pause after failed attempts")
async def unlock_user(request: Request, user: str) -> Response:
    """Forget somebody's failed attempts to sign in."""
    found = await run_in_threadpool(_unlock, accounts_of(request), principal_of(request), user)
    return JSONResponse(found.to_dict())


@users.post("/{user}/password", summary="Set a password", openapi_extra=body_of(NewPassword))
async def set_password(request: Request, user: str) -> Response:
    """Give somebody another password; their sessions end."""
    body = await read_body(request, NewPassword)
    accounts = accounts_of(request)
    changed = await in_sign_in_thread(accounts, accounts.users.set_password, user, body.password, principal_of(request))
    return JSONResponse(changed.to_dict())


router = APIRouter()
for part in (keys, tenants, users):
    router.include_router(part)


@dataclass(frozen=True)
class _Wish:
    """The key that a body asks for, with what it leaves out filled in."""

    name: str
    grants: Grants
    user_id: str | None

    def change(self) -> dict[str, Any]:
        """Return it as a second person sees it."""
        grants = self.grants
        scopes = {kind: names if names is None else sorted(names) for kind, names in vars(grants.scopes).items()}
        return {
            "action": "key.create", "name": self.name, "tenant": grants.tenant, "role": grants.role, "scopes": scopes,
            "networks": list(grants.networks), "expires_at": grants.expires_at, "priority": grants.priority,
            "user": self.user_id,
        }  # fmt: skip


def _wish(accounts: GatewayAccounts, who: Principal, body: KeyRequest) -> _Wish:
    """Return what may be asked for. Raises `NotFound`, `PermissionDenied`, `InvalidRequest`: nobody is asked then."""
    holder = None if body.user is None else accounts.users.get(body.user, who)
    tenant = who.tenant if body.tenant is None else body.tenant
    expires_at = who.expires_at if body.expires_at is None else iso(body.expires_at)
    networks = who.networks if body.networks is None else check_networks(body.networks)
    priority = body.priority or who.priority
    scopes = body.scopes.below(who)
    check_key_fields(body.name, tenant, body.role, priority, scopes)
    authorize(who, Permission.KEYS_MANAGE, tenant=tenant, missing=no_tenant(tenant))
    grants = Grants(body.role, tenant, scopes, networks, expires_at, priority)
    check_within(who, grants)
    return _Wish(body.name, grants, None if holder is None else holder.id)


def _create(accounts: GatewayAccounts, who: Principal, wish: _Wish) -> tuple[KeyRecord, str]:
    grants = wish.grants
    return accounts.keys.create(
        wish.name,
        grants.tenant,
        grants.role,
        None if grants.expires_at is None else datetime.fromisoformat(grants.expires_at),
        scopes=grants.scopes,
        networks=grants.networks,
        priority=grants.priority,
        user_id=wish.user_id,
        parent=who,
    )


def _people(accounts: GatewayAccounts, who: Principal, user: str | None = None) -> list[dict[str, object]]:
    """Return everybody, or one person, each with the end of their pause after failed attempts."""
    found = accounts.users.list(who) if user is None else (accounts.users.get(user, who),)
    locked = accounts.sign_in.locked_until(found)
    return [{**one.to_dict(), "locked_until": locked.get(one.id)} for one in found]


def _unlock(accounts: GatewayAccounts, who: Principal, user: str) -> UserRecord:
    found = accounts.users.get(user, who)
    accounts.sign_in.unlock(found)
    return found


def _secret(record: KeyRecord, key: str) -> Response:
    return JSONResponse({**record.to_dict(iso(utc_now())), "key": key}, status_code=201, headers=NOT_KEPT)
