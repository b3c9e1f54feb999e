"""Create, list, rotate and revoke API keys: on the database itself, so also while the appliance is down."""

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import utc_now
from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.core.principal import Principal, Priority, Scopes
from appliance.operations.accounts import Accounts, nothing_there, open_accounts
from appliance.operations.operator import operator
from appliance.state.accounts.fields import check_key_fields
from appliance.state.approval_people import Person
from appliance.state.keys import DEFAULT_TENANT, KeyRecord

_SPAN = re.compile(r"(\d{1,5})([hdwy])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}


@dataclass(frozen=True)
class KeyWish:
    """What a key is to have. What is left empty is the parent's, or without one: head office, everything, for ever."""

    role: str = "caller"
    tenant: str = ""
    models: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    knowledge_bases: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    expires: str = ""
    """As `parse_expiry` reads it."""
    priority: Priority | None = None
    parent: str = ""
    """Id of the key that it is made with."""


def create_key(home: Home, site: SiteConfig, name: str, wish: KeyWish, approval: str = "") -> tuple[KeyRecord, str]:
    """Make a key; return its record and the key itself. Raises `InvalidRequest`, `NotFound`, `PermissionDenied`.

    `ApprovalNeeded` where the site wants a second person for it and `approval` is not theirs.
    """
    expires_at = parse_expiry(wish.expires, utc_now()) if wish.expires else None
    with open_accounts(home, site) as accounts:
        parent = accounts.keys.principal(accounts.keys.get(wish.parent)) if wish.parent else None
        if expires_at is None and parent is not None and parent.expires_at is not None:
            expires_at = datetime.fromisoformat(parent.expires_at)
        tenant, scopes = wish.tenant or (parent.tenant if parent else DEFAULT_TENANT), _scopes(wish, parent)
        check_key_fields(name, tenant, wish.role, wish.priority or "interactive", scopes)
        _demand(accounts, {"action": "key.create", "name": name, **asdict(wish)}, approval, tenant)
        record, key = accounts.keys.create(
            name,
            tenant,
            wish.role,
            expires_at,
            scopes=scopes,
            networks=wish.networks or (parent.networks if parent else ()),
            priority=wish.priority or (parent.priority if parent else "interactive"),
            parent=parent,
        )
        accounts.note(f"key.create {record.role}", record.id, record.tenant)
        return record, key


def list_keys(home: Home, site: SiteConfig) -> tuple[KeyRecord, ...]:
    """Return every key, oldest first. A home without a database has none, and none is made."""
    if nothing_there(home, site):
        return ()
    with open_accounts(home, site) as accounts:
        return accounts.keys.list()


def rotate_key(
    home: Home, site: SiteConfig, key_id: str, overlap: str = "", expires: str = "", approval: str = ""
) -> tuple[KeyRecord, str]:
    """Make a key's successor; the old one is good for `overlap` (`12h`, `7d`) more. Raises `NotFound`, `Conflict`.

    `ApprovalNeeded` where the site wants a second person for it and `approval` is not theirs.
    """
    _check_there(home, site, key_id)
    now = utc_now()
    span = parse_expiry(overlap, now) - now if overlap else timedelta()
    expires_at = parse_expiry(expires, now) if expires else None
    change = {"action": "key.rotate", "key": key_id, "overlap": overlap, "expires": expires}
    with open_accounts(home, site) as accounts:
        _demand(accounts, change, approval, accounts.keys.get(key_id).tenant)
        record, key = accounts.keys.rotate(key_id, span, expires_at=expires_at)
        accounts.note(f"key.rotate {key_id}", record.id, record.tenant)
        return record, key


def revoke_key(home: Home, site: SiteConfig, key_id: str) -> KeyRecord:
    """Revoke a key at once and for good. Raises `NotFound`."""
    _check_there(home, site, key_id)
    with open_accounts(home, site) as accounts:
        record = accounts.keys.revoke(key_id)
        accounts.note("key.revoke", record.id, record.tenant)
        return record


def parse_expiry(text: str, now: datetime) -> datetime:
    """Read `12h`, `30d`, `8w`, `1y` (from `now`) or an ISO date or time; without a zone it is UTC.

    Raises `InvalidRequest`.
    """
    try:
        if span := _SPAN.fullmatch(text.strip()):
            return now + timedelta(hours=int(span[1]) * _HOURS[span[2]])
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            _("The time of expiry {text} cannot be read.", text=ascii(text)),
            _("Give a span such as 12h, 30d, 8w or 1y, or a date such as 2027-12-31."),
            param="expires",
        ) from error


def _check_there(home: Home, site: SiteConfig, key_id: str) -> None:
    if nothing_there(home, site):
        raise NotFound(
            _("There is no key {key}: {home} holds no database.", key=key_id, home=home.root),
            _("Check --home and APPLIANCE_HOME."),
        )


def _demand(accounts: Accounts, change: dict[str, Any], approval: str, tenant: str) -> None:
    accounts.approvals.demand("key.export", change, Person(operator()), approval or None, tenant=tenant)


def _scopes(wish: KeyWish, parent: Principal | None) -> Scopes:
    own = parent.scopes if parent is not None else Scopes()
    return Scopes(
        frozenset(wish.models) or own.models,
        frozenset(wish.scenarios) or own.scenarios,
        frozenset(wish.knowledge_bases) or own.knowledge_bases,
    )
