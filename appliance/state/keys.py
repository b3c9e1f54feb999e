"""API keys: made once, kept only as an HMAC, checked on every request, revoked at once."""

import fcntl
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import Row, bindparam, insert, select, update

from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import AuthenticationFailed, ConfigError, InvalidRequest, NotFound
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.state.database import Database
from appliance.state.tables import api_keys

DEFAULT_TENANT = "default"
ROLES = ("admin", "caller")
NAME_LIMIT = 200
SECRET_BYTES = 32

KeyState = Literal["active", "expired", "revoked"]

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_ID_LENGTH = 12
_KEY = re.compile(rf"(lma-[a-z2-7]{{{_ID_LENGTH}}})\.[A-Za-z0-9_-]{{32,64}}", re.ASCII)
_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_NOBODY = bytes(32)

_BY_ID = select(api_keys).where(api_keys.c.id == bindparam("key_id"))


@dataclass(frozen=True)
class KeyRecord:
    """A key without its secret. `id` is its public part; times are RFC 3339 in UTC."""

    id: str
    name: str
    tenant: str
    role: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None

    def state(self, now: str) -> KeyState:
        """Return what the key is worth at `now` (RFC 3339 with milliseconds, as `iso` gives)."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"

    def to_dict(self, now: str) -> dict[str, str | None]:
        """Return the fields and the state, as `appliance key list --json` prints them."""
        return {**asdict(self), "state": self.state(now)}


class KeyRing:
    """Creates, verifies, lists and revokes keys.

    A key is `lma-ID.SECRET`. The database holds HMAC-SHA256(pepper, whole key): neither a stolen database nor a
    row copied over another gives access. Nothing is cached, so a revocation counts from the next request on.
    """

    def __init__(self, database: Database, pepper: bytes, clock: Clock = utc_now) -> None:
        self._database = database
        self._pepper = pepper
        self._clock = clock

    def create(
        self, name: str, tenant: str = DEFAULT_TENANT, role: str = "caller", expires_at: datetime | None = None
    ) -> tuple[KeyRecord, str]:
        """Store a new key; return its record and the key itself, which is never shown again.

        Raises `InvalidRequest` for a name, tenant, role or time that cannot be used.
        """
        now = self._clock()
        _check_fields(name, tenant, role)
        if expires_at is not None and expires_at <= now:
            raise InvalidRequest(
                _("The time of expiry {moment} is in the past.", moment=iso(expires_at)),
                _("Give a later one, for example 30d."),
                param="expires_at",
            )
        key_id = "lma-" + "".join(secrets.choice(_ID_ALPHABET) for _position in range(_ID_LENGTH))
        key = f"{key_id}.{secrets.token_urlsafe(SECRET_BYTES)}"
        expiry = iso(expires_at) if expires_at else None
        record = KeyRecord(key_id, name, tenant, role, iso(now), expiry, None)
        with self._database.write() as connection:
            connection.execute(insert(api_keys).values(**asdict(record), secret_hmac=self._digest(key)))
        return record, key

    def verify(self, presented: str) -> KeyRecord:
        """Return the record of a valid key.

        Raises `AuthenticationFailed` with one and the same text whether the key is malformed, unknown, wrong,
        expired or revoked, and `Unavailable` when the database cannot be asked: never the one for the other.
        """
        well_formed = _KEY.fullmatch(presented)
        row: Row[tuple[object, ...]] | None = None
        if well_formed is not None:
            with self._database.read() as connection:
                row = connection.execute(_BY_ID, {"key_id": well_formed[1]}).first()
        stored = _NOBODY if row is None else bytes(row.secret_hmac)
        # An unknown id pays for the same work as a known one. Overlong input is cut: the digest cannot match.
        matches = hmac.compare_digest(stored, self._digest(presented[:128]))
        if row is None or not matches:
            raise _refusal()
        record = _record(row)
        if record.state(iso(self._clock())) != "active":
            raise _refusal()
        return record

    def revoke(self, key_id: str) -> KeyRecord:
        """Revoke a key for good; a revoked one keeps its first time. Raises `NotFound` for an unknown id."""
        with self._database.write() as connection:
            connection.execute(
                update(api_keys)
                .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
                .values(revoked_at=iso(self._clock()))
            )
            row = connection.execute(_BY_ID, {"key_id": key_id}).first()
        if row is None:
            raise NotFound(
                _("There is no key {key}.", key=key_id), _("`appliance key list` shows every key."), param="id"
            )
        return _record(row)

    def list(self) -> tuple[KeyRecord, ...]:
        """Return every key, oldest first."""
        with self._database.read() as connection:
            return tuple(
                _record(row)
                for row in connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))
            )

    def _digest(self, key: str) -> bytes:
        return hmac.digest(self._pepper, key.encode("utf-8", "replace"), "sha256")


def load_or_create_pepper(path: Path) -> bytes:
    """Return the 32 bytes at `path` that key hashes are made with; the first caller makes them.

    Raises `ConfigError` where the file is damaged or others may read it: without it no key can be checked.
    """
    pepper = _load_or_create(path, lambda: secrets.token_bytes(32))
    if len(pepper) != 32:
        raise ConfigError(
            _("The file {path} is damaged: it must hold 32 bytes.", path=path),
            _("Put it back from a backup; without it no existing key is valid."),
        )
    return pepper


def load_or_create_token(path: Path) -> str:
    """Return the token at `path` (64 hexadecimal digits); the first caller makes it. Raises `ConfigError`."""
    token = _load_or_create(path, lambda: secrets.token_hex(32).encode()).strip()
    if len(token) < 32 or not token.isalnum():
        raise ConfigError(
            _("The file {path} is damaged: it must hold a token of at least 32 letters and digits.", path=path),
            _("Stop the appliance, delete the file and start again."),
        )
    return token.decode()


def _load_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(path.parent):
        if not path.exists():
            write_durably(path, make())
        if path.stat().st_mode & 0o077:
            raise ConfigError(
                _("Other users of this machine may read the secret in {path}.", path=path),
                _("Run `chmod 600 {path}`; if somebody may have read it, delete it and make new keys.", path=path),
            )
        return path.read_bytes()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time look and write, so that two first starts agree on one secret."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _refusal() -> AuthenticationFailed:
    return AuthenticationFailed(
        _("The API key is not valid."),
        _("Send a valid key as `Authorization: Bearer lma-…`; `appliance key create` makes one."),
    )


def _check_fields(name: str, tenant: str, role: str) -> None:
    if not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
        raise InvalidRequest(
            _("The name of a key must be 1 to {limit} printable characters.", limit=NAME_LIMIT), param="name"
        )
    if not _TENANT.fullmatch(tenant):
        raise InvalidRequest(
            _("The tenant {tenant} cannot be used.", tenant=ascii(tenant)),
            _("Use up to 64 of a–z, 0–9, - and _, starting with a letter or digit."),
            param="tenant",
        )
    if role not in ROLES:
        raise InvalidRequest(
            _("There is no role {role}.", role=ascii(role)),
            _("Choose one of: {roles}.", roles=", ".join(ROLES)),
            param="role",
        )


def _record(row: Row[tuple[object, ...]]) -> KeyRecord:
    return KeyRecord(row.id, row.name, row.tenant, row.role, row.created_at, row.expires_at, row.revoked_at)
