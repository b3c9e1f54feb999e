"""API keys: made once, kept only as an HMAC, checked on every request, revoked at once."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, update

from appliance.core.authority import Grants, Permission, authorize, check_within
from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import AuthenticationFailed, Conflict, InvalidRequest, NotFound, PermissionDenied
from appliance.core.messages import _
from appliance.core.networks import allows, check_networks
from appliance.core.principal import (
    EVERYTHING,
    PLATFORM_TENANT,
    Principal,
    Priority,
    Scopes,
    reaches_below,
)
from appliance.state.accounts.fields import check_key_fields
from appliance.state.accounts.key_records import (
    MOST_GENERATIONS,
    KeyRecord,
    KeyState,
    Link,
    chain_in,
    ended_by,
    read_chain,
    read_every_key,
    values_of,
)
from appliance.state.accounts.tenants import find_tenant, insert_tenant, names_below, no_tenant
from appliance.state.accounts.tokens import digest_of, matches, new_token, pattern_of
from appliance.state.database import Database
from appliance.state.secret_files import load_or_create_pepper, load_or_create_token
from appliance.state.tables import api_keys

__all__ = ["DEFAULT_TENANT", "KeyRecord", "KeyRing", "KeyState", "load_or_create_pepper", "load_or_create_token"]

DEFAULT_TENANT = PLATFORM_TENANT
KEY_PREFIX = "lma"
LONGEST_OVERLAP = timedelta(days=30)

_KEY = pattern_of(KEY_PREFIX)


class KeyRing:
    """Creates, verifies, rotates, lists and revokes keys.

    A key is `lma-ID.SECRET`. The database holds HMAC-SHA256(pepper, whole key): neither a stolen database nor a
    row copied over another gives access. Nothing is cached, so a revocation counts from the next request on.
    Where a method takes the principal that asks, None is the operator at the machine, who may do everything.
    """

    def __init__(self, database: Database, pepper: bytes, clock: Clock = utc_now) -> None:
        self._database = database
        self._pepper = pepper
        self._clock = clock
        self._used: dict[str, str] = {}
        self._used_lock = threading.Lock()

    def create(
        self,
        name: str,
        tenant: str = DEFAULT_TENANT,
        role: str = "caller",
        expires_at: datetime | None = None,
        *,
        scopes: Scopes = EVERYTHING,
        networks: tuple[str, ...] = (),
        priority: Priority = "interactive",
        user_id: str | None = None,
        parent: Principal | None = None,
    ) -> tuple[KeyRecord, str]:
        """Store a new key; return its record and the key itself, which is never shown again.

        With `parent` it can do nothing that the parent cannot, and it ends with the parent. Without, a tenant that is
        not there yet is made below the head office. Raises `InvalidRequest` for a value that cannot be used,
        `PermissionDenied` for a key stronger than its parent, `NotFound` for a tenant or user.
        """
        now = self._clock()
        check_key_fields(name, tenant, role, priority, scopes)
        grants = Grants(role, tenant, scopes, check_networks(networks), _expiry(expires_at, now), priority)
        if parent is not None:
            authorize(parent, Permission.KEYS_MANAGE, tenant=tenant, missing=no_tenant(tenant))
            check_within(parent, grants)
        made_by = parent.key_id if parent is not None else None
        key_id, key = new_token(KEY_PREFIX)
        record = KeyRecord(
            key_id, name, tenant, role, iso(now), grants.expires_at, None, scopes, grants.networks, priority,
            made_by, user_id,
        )  # fmt: skip
        with self._database.write() as connection:
            if find_tenant(connection, tenant) is None:
                if parent is not None:
                    raise no_tenant(tenant)
                insert_tenant(connection, tenant, "", PLATFORM_TENANT, iso(now))
            self._insert(connection, record, key, iso(now))
        return record, key

    def verify(self, presented: str, source_ip: str | None = None) -> KeyRecord:
        """Return the record of a valid key that comes from `source_ip`.

        Raises `AuthenticationFailed` with one and the same text whether the key is malformed, unknown, wrong,
        expired, revoked, stopped by what is above it or sent from a network that it is not for, and `Unavailable` when
        the database cannot be asked: never the one for the other.
        """
        well_formed = _KEY.fullmatch(presented)
        chain: tuple[Link, ...] = ()
        if well_formed is not None:
            with self._database.read() as connection:
                chain = read_chain(connection, well_formed[1])
        authentic = matches(chain[0].secret_hmac if chain else None, self._pepper, presented)
        now = iso(self._clock())
        if not authentic or ended_by(chain, now) is not None or not allows(chain[0].record.networks, source_ip):
            raise _refusal()
        record = chain[0].record
        if record.last_used != now[:10]:
            with self._used_lock:
                self._used[record.id] = now[:10]
        return record

    def principal(self, record: KeyRecord) -> Principal:
        """Return who asks with a verified key; it reads the tenants below where the role reaches there."""
        if not reaches_below(record.role) or record.tenant == PLATFORM_TENANT:
            return record.principal()
        with self._database.read() as connection:
            return record.principal(names_below(connection, record.tenant))

    def get(self, key_id: str, by: Principal | None = None) -> KeyRecord:
        """Return a key's record. Raises `NotFound`, also for one of a tenant that `by` does not reach."""
        with self._database.read() as connection:
            chain = read_chain(connection, key_id) if _is_id(key_id) else ()
        _check_manages(by, chain[0].record.tenant if chain else None, key_id)
        return replace(chain[0].record, stopped_by=ended_by(chain, iso(self._clock())))

    def rotate(
        self,
        key_id: str,
        overlap: timedelta = timedelta(),
        *,
        expires_at: datetime | None = None,
        by: Principal | None = None,
    ) -> tuple[KeyRecord, str]:
        """Make a successor with the same grants; the old key is good until `overlap` has passed, not beyond its end.

        The successor ends when the old key would have, or at `expires_at`, and takes over its children. Raises
        `NotFound`, `Conflict` for a key that is no longer good or was rotated before, `PermissionDenied`.
        """
        if not timedelta() <= overlap <= LONGEST_OVERLAP:
            raise InvalidRequest(
                _("The overlap must be between nothing and {days} days.", days=LONGEST_OVERLAP.days), param="overlap"
            )
        now = self._clock()
        new_id, key = new_token(KEY_PREFIX)
        with self._database.write() as connection:
            old = self._current(connection, key_id, iso(now), by)
            expiry = _expiry(expires_at, now) or old.expires_at
            new = replace(old, id=new_id, created_at=iso(now), expires_at=expiry, last_used=None)
            if by is not None:
                check_within(by, new.grants)
            self._insert(connection, new, key, iso(now))
            end = iso(now + overlap) if old.expires_at is None else min(iso(now + overlap), old.expires_at)
            this = api_keys.c.id == old.id
            connection.execute(update(api_keys).where(this).values(replaced_by=new.id, expires_at=end))
            connection.execute(update(api_keys).where(api_keys.c.parent == old.id).values(parent=new.id))
        return new, key

    def revoke(self, key_id: str, by: Principal | None = None) -> KeyRecord:
        """Revoke a key for good, and with it those made with it; a revoked one keeps its first time.

        Raises `NotFound` for an id that is unknown or of a tenant that `by` does not reach, `PermissionDenied`.
        """
        with self._database.write() as connection:
            chain = read_chain(connection, key_id) if _is_id(key_id) else ()
            _check_manages(by, chain[0].record.tenant if chain else None, key_id)
            this = (api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            connection.execute(update(api_keys).where(*this).values(revoked_at=iso(self._clock())))
            return read_chain(connection, key_id)[0].record

    def list(self, by: Principal | None = None) -> tuple[KeyRecord, ...]:
        """Return the keys of the tenants that `by` reaches, oldest first."""
        now = iso(self._clock())
        with self._database.read() as connection:
            links = read_every_key(connection)
        return tuple(
            replace(link.record, stopped_by=ended_by(tuple(chain_in(links, key_id)), now))
            for key_id, link in links.items()
            if by is None or by.reaches(link.record.tenant)
        )

    def write_last_used(self) -> None:
        """Write the days on which keys were used since the last call; one at a time, outside of requests."""
        with self._used_lock:
            used, self._used = self._used, {}
        if not used:
            return
        with self._database.write() as connection:
            for key_id, day in used.items():
                older = or_(api_keys.c.last_used.is_(None), api_keys.c.last_used < day)
                connection.execute(update(api_keys).where(api_keys.c.id == key_id, older).values(last_used=day))

    def _insert(self, connection: Connection, record: KeyRecord, key: str, now: str) -> None:
        """Insert a key of a tenant that is there, below a chain that is still good."""
        connection.execute(insert(api_keys).values(**values_of(record), secret_hmac=digest_of(self._pepper, key)))
        chain = read_chain(connection, record.id)
        if len(chain) > MOST_GENERATIONS:
            raise PermissionDenied(
                _("Keys may stand {most} generations deep.", most=MOST_GENERATIONS),
                _("Make it with a key further up."),
                code="stronger_than_parent",
            )
        ended = ended_by(chain, now)
        if ended is not None:
            raise PermissionDenied(
                _("{id} cannot have this key: it has ended, is not there, or may do less.", id=ended),
                _("`appliance key list` and `appliance user list` show who may do what."),
                code="stronger_than_parent",
            )

    def _current(self, connection: Connection, key_id: str, now: str, by: Principal | None) -> KeyRecord:
        """Return a key that may be rotated."""
        chain = read_chain(connection, key_id) if _is_id(key_id) else ()
        _check_manages(by, chain[0].record.tenant if chain else None, key_id)
        if ended_by(chain, now) is not None or chain[0].record.replaced_by is not None:
            raise Conflict(
                _("The key {key} cannot be rotated: it has ended or has a successor.", key=key_id),
                _("Make a new one with `appliance key create`."),
                code="key_not_current",
            )
        return chain[0].record


def _check_manages(by: Principal | None, tenant: str | None, key_id: str) -> None:
    """Raise where the key is unknown (`tenant` None) or `by` may not manage it."""
    if by is not None:
        authorize(by, Permission.KEYS_MANAGE, tenant=tenant, missing=_no_key(key_id))
    if tenant is None:
        raise _no_key(key_id)


def _is_id(text: str) -> bool:
    """PostgreSQL takes not every text that an address can hold."""
    return text.isascii() and text.isprintable()


def _no_key(key_id: str) -> NotFound:
    return NotFound(_("There is no key {key}.", key=key_id), _("`appliance key list` shows every key."), param="id")


def _refusal() -> AuthenticationFailed:
    return AuthenticationFailed(
        _("The API key is not valid."),
        _("Send a valid key as `Authorization: Bearer lma-…`; `appliance key create` makes one."),
    )


def _expiry(moment: datetime | None, now: datetime) -> str | None:
    if moment is not None and moment <= now:
        raise InvalidRequest(
            _("The time of expiry {moment} is in the past.", moment=iso(moment)),
            _("Give a later one, for example 30d."),
            param="expires_at",
        )
    return None if moment is None else iso(moment)
