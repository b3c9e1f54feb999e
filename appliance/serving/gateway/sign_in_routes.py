"""Signing in and out, and what callers may know of themselves."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from appliance.core.authority import Permission, may
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.identity.sign_in import SignedIn, closed_way
from appliance.serving.gateway.account_bodies import OwnPassword, SignInRequest
from appliance.serving.gateway.accounts import GatewayAccounts
from appliance.serving.gateway.body import read_body
from appliance.serving.gateway.context import accounts_of, bearer_of, presents_session, principal_of, source_of
from appliance.serving.gateway.openapi import body_of
from appliance.state.accounts.sessions import Session
from appliance.state.accounts.users import UserRecord

if TYPE_CHECKING:
    from appliance.identity.oidc import OidcClient

router = APIRouter(prefix="/v1/auth", tags=["Signing in"])

NOT_KEPT = {"Cache-Control": "no-store"}
"""Headers of an answer that holds a secret."""
_ATTEMPT = "__Secure-oidc-attempt"
_ATTEMPT_PATH = "/v1/auth/oidc"
_OPEN: dict[str, Any] = {"security": []}
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def in_sign_in_thread(
    accounts: GatewayAccounts, call: Callable[Arguments, Result], *args: Arguments.args, **more: Arguments.kwargs
) -> Result:
    """Run what checks or hashes a password, or waits for a directory, in one of the few threads for that."""
    return await to_thread.run_sync(partial(call, *args, **more), limiter=accounts.sign_in_threads)


@router.post("/sign-in", summary="Sign in", status_code=201, openapi_extra={**body_of(SignInRequest), **_OPEN})
async def sign_in(request: Request) -> Response:
    """Check name and password and begin a session; its token goes where a key would: `Authorization: Bearer lms-…`."""
    body = await read_body(request, SignInRequest)
    accounts = accounts_of(request)
    way = accounts.sign_in.with_ldap if body.method == "ldap" else accounts.sign_in.with_password
    return _entered(await in_sign_in_thread(accounts, way, body.name, body.password, source_of(request)))


@router.get("/oidc/start", summary="Sign in at the OpenID provider", status_code=302, openapi_extra=_OPEN)
async def start_oidc(request: Request) -> Response:
    """Send the browser to the provider, with a sealed cookie that only this browser can come back with."""
    accounts = accounts_of(request)
    begun = await in_sign_in_thread(accounts, _oidc(accounts).begin)
    answer = RedirectResponse(begun.url, status_code=302, headers=NOT_KEPT)
    answer.set_cookie(
        _ATTEMPT, begun.sealed, max_age=begun.lasts_s, path=_ATTEMPT_PATH, secure=True, httponly=True,
        samesite="lax",
    )  # fmt: skip
    return answer


@router.get("/oidc/callback", summary="Come back from the OpenID provider", openapi_extra=_OPEN)
async def finish_oidc(request: Request) -> Response:
    """Check what the provider says and begin a session, as `POST /v1/auth/sign-in` does."""
    accounts = accounts_of(request)
    provider = _oidc(accounts)

    def enter() -> SignedIn:
        return accounts.sign_in.with_oidc(provider.finish(request.cookies.get(_ATTEMPT, ""), request.url.query))

    answer = _entered(await in_sign_in_thread(accounts, enter), 200)
    answer.delete_cookie(_ATTEMPT, path=_ATTEMPT_PATH, secure=True, httponly=True, samesite="lax")
    return answer


@router.post("/sign-out", summary="Sign out")
async def sign_out(request: Request) -> Response:
    """End the session whose token the request carries."""
    accounts = accounts_of(request)
    session = await run_in_threadpool(_session_of, request, accounts)
    await run_in_threadpool(accounts.sign_in.sign_out, session)
    return JSONResponse({"signed_out": True})


@router.post("/password", summary="Change one's own password", status_code=201, openapi_extra=body_of(OwnPassword))
async def change_password(request: Request) -> Response:
    """Change one's own password: every session ends, and a new one begins."""
    body = await read_body(request, OwnPassword)
    accounts = accounts_of(request)

    def change() -> SignedIn:
        user = accounts.users.get(_session_of(request, accounts).user_id)
        return accounts.sign_in.change_password(user, body.old, body.new, source_of(request))

    return _entered(await in_sign_in_thread(accounts, change))


@router.get("/me", summary="Who am I")
async def who_am_i(request: Request) -> Response:
    """Return the caller's tenant, role, permissions and limits; of a session, or a key that is somebody's, the user."""
    who = principal_of(request)
    user = None
    if who.user_id is not None:
        user = await run_in_threadpool(accounts_of(request).users.get, who.user_id)
    return JSONResponse({**_of_principal(who), "user": None if user is None else _of_user(user)})


def _oidc(accounts: GatewayAccounts) -> "OidcClient":
    if accounts.sign_in.oidc is None:
        raise closed_way()
    return accounts.sign_in.oidc


def _session_of(request: Request, accounts: GatewayAccounts) -> Session:
    """Return the session of a request. Raises `InvalidRequest` where it carries a key."""
    if not presents_session(request):
        raise InvalidRequest(
            _("This request carries an API key, not the token of a session."),
            _("Sign in with POST /v1/auth/sign-in and send the token that it gives."),
            code="session_needed",
        )
    return accounts.sessions.verify(bearer_of(request))


def _entered(entered: SignedIn, status: int = 201) -> JSONResponse:
    told = {"token": entered.token, "expires_at": entered.session.expires_at, "user": _of_user(entered.user)}
    return JSONResponse(told, status, headers=NOT_KEPT)


def _of_user(user: UserRecord) -> dict[str, str]:
    return {
        "id": user.id, "name": user.name, "display": user.display_name, "tenant": user.tenant, "role": user.role,
    }  # fmt: skip


def _of_principal(who: Principal) -> dict[str, object]:
    return {
        "tenant": who.tenant,
        "role": who.role,
        "permissions": [permission.value for permission in Permission if may(who, permission)],
        "scopes": {kind: None if names is None else sorted(names) for kind, names in vars(who.scopes).items()},
        "networks": list(who.networks),
        "priority": who.priority,
        "expires_at": who.expires_at,
        "key": None if who.key_id == who.user_id else who.key_id,
    }
