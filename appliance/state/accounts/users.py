"""People: who they are, which tenant and role they have, and their password where it is kept here."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, or_, select, update

from appliance.core.authority import Grants, Permission, authorize, check_within
from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import Conflict, InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.core.principal import PLATFORM_TENANT, Principal
from appliance.state.accounts.fields import check_role, display_name, user_name
from appliance.state.accounts.passwords import Passwords
from appliance.state.accounts.tenants import no_tenant, tenant_named
from appliance.state.accounts.tokens import new_public_id
from appliance.state.database import Database
from appliance.state.tables import sessions, users

Origin = Literal["local", "oidc", "ldap"]
USER_PREFIX = "lmu"


@dataclass(frozen=True)
class UserRecord:
    """A person. `origin` vouches for them and knows them as `subject`; times are RFC 3339 in UTC."""

    id: str
    name: str
    display_name: str
    tenant: str
    role: str
    origin: Origin
    subject: str
    created_at: str
    password_changed_at: str | None = None
    disabled_at: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the fields as `appliance user list --json` prints them."""
        return {**asdict(self), "state": "active" if self.disabled_at is None else "disabled"}

    @property
    def sign_in_name(self) -> str:
        """What their attempts to sign in are counted under."""
        return f"{self.origin}:{self.name}"

    def principal(self, descendants: frozenset[str] = frozenset()) -> Principal:
        """Return who acts when this person has signed in."""
        return Principal(self.tenant, self.role, self.id, descendants=descendants, user_id=self.id)


class Users:
    """Adds, lists, changes and disables people; where a method takes `by`, None is the operator at the machine."""

    def __init__(self, database: Database, passwords: Passwords | None = None, clock: Clock = utc_now) -> None:
        self._database = database
        self.passwords = passwords or Passwords()
        self._clock = clock

    def add(
        self,
        name: str,
        password: str,
        *,
        display: str = "",
        tenant: str = PLATFORM_TENANT,
        role: str = "caller",
        by: Principal | None = None,
    ) -> UserRecord:
        """Add somebody who signs in with a password.

        Raises `InvalidRequest`, `Conflict` for a name that is taken, `NotFound` for the tenant, `PermissionDenied`
        where they would be stronger than `by`.
        """
        name = user_name(name)
        check_role(role)
        if by is not None:
            authorize(by, Permission.USERS_MANAGE, tenant=tenant, missing=no_tenant(tenant))
            check_within(by, Grants(role, tenant))
        hashed = self.passwords.hash(name, password)
        now = iso(self._clock())
        record = UserRecord(
            new_public_id(USER_PREFIX), name, display_name(display, name), tenant, role, "local", name, now, now
        )
        with self._database.write() as connection:
            tenant_named(connection, tenant)
            if _find(connection, "local", name) is not None:
                raise Conflict(
                    _("The user {name} is there already.", name=name), _("Choose another name."), code="name_taken"
                )
            connection.execute(insert(users).values(**asdict(record), password_hash=hashed))
        return record

    def get(self, name_or_id: str, by: Principal | None = None) -> UserRecord:
        """Return a person by id or name. Raises `NotFound`, and `Conflict` where several have the name."""
        with self._database.read() as connection:
            return _named(connection, name_or_id, by)

    def list(self, by: Principal | None = None) -> tuple[UserRecord, ...]:
        """Return the people of the tenants that `by` reaches, by name."""
        with self._database.read() as connection:
            found = [_user(row) for row in connection.execute(select(users).order_by(users.c.name, users.c.id))]
        return tuple(user for user in found if by is None or by.reaches(user.tenant))

    def disable(self, name_or_id: str, by: Principal | None = None) -> UserRecord:
        """Keep somebody out: sessions end, keys that are theirs or that they made stop. Raises as `get` does."""
        return self._change(name_or_id, by, {"disabled_at": iso(self._clock())})

    def enable(self, name_or_id: str, by: Principal | None = None) -> UserRecord:
        """Let somebody in again. Raises as `get` does, and `PermissionDenied`."""
        return self._change(name_or_id, by, {"disabled_at": None})

    def set_password(self, name_or_id: str, password: str, by: Principal | None = None) -> UserRecord:
        """Give somebody another password; their sessions end. Raises as `add` and `get` do."""
        user = self.get(name_or_id, by)
        if user.origin != "local":
            raise kept_elsewhere(user)
        hashed = self.passwords.hash(user.name, password)
        return self._change(user.id, by, {"password_hash": hashed, "password_changed_at": iso(self._clock())})

    def credentials(self, name: str) -> tuple[UserRecord | None, str | None]:
        """Return the local user of this name and the hash of their password; (None, None): there is none."""
        with self._database.read() as connection:
            row = _find(connection, "local", name)
        return (None, None) if row is None else (_user(row), row.password_hash)

    def keep_rehash(self, user_id: str, old: str, new: str) -> None:
        """Put a hash with today's parameters in the place of a dated one of the same password."""
        this = (users.c.id == user_id, users.c.password_hash == old)
        with self._database.write() as connection:
            connection.execute(update(users).where(*this).values(password_hash=new))

    def from_directory(self, seen: UserRecord) -> UserRecord:
        """Return the person that a directory vouches for, made at their first sign-in, with what it says of them now.

        `id` and times of `seen` do not count. Raises `InvalidRequest`, `NotFound` for a tenant that is not there.
        """
        check_role(seen.role)
        with self._database.write() as connection:
            tenant_named(connection, seen.tenant)
            row = _find(connection, seen.origin, seen.subject)
            if row is None:
                made = replace(seen, id=new_public_id(USER_PREFIX), created_at=iso(self._clock()), disabled_at=None)
                connection.execute(insert(users).values(**asdict(made)))
                return made
            told = {key: getattr(seen, key) for key in ("name", "display_name", "tenant", "role")}
            connection.execute(update(users).where(users.c.id == row.id).values(**told))
            return replace(_user(row), **told)

    def _change(self, name_or_id: str, by: Principal | None, values: dict[str, Any]) -> UserRecord:
        """Change somebody and end their sessions: whoever may do it must be at least as strong."""
        with self._database.write() as connection:
            user = _named(connection, name_or_id, by)
            if by is not None:
                check_within(by, Grants(user.role, user.tenant))
            connection.execute(update(users).where(users.c.id == user.id).values(**values))
            end_sessions(connection, user.id, iso(self._clock()))
            return _named(connection, user.id, None)


def kept_elsewhere(user: UserRecord) -> InvalidRequest:
    """Return the error for changing the password of somebody whom a directory vouches for."""
    return InvalidRequest(
        _("The password of {name} is kept by {origin}.", name=user.name, origin=user.origin),
        _("Change it there."),
        param="name",
    )


def end_sessions(connection: Connection, user_id: str, now: str) -> None:
    """End every session of a user."""
    this = (sessions.c.user_id == user_id, sessions.c.ended_at.is_(None))
    connection.execute(update(sessions).where(*this).values(ended_at=now))


def _find(connection: Connection, origin: Origin, subject: str) -> Row[Any] | None:
    if "\0" in subject or not subject.isprintable():  # PostgreSQL takes not every text
        return None
    return connection.execute(select(users).where(users.c.origin == origin, users.c.subject == subject)).one_or_none()


def _named(connection: Connection, name_or_id: str, by: Principal | None) -> UserRecord:
    wanted = name_or_id.strip().lower()
    found: list[UserRecord] = []
    if wanted.isprintable():
        query = select(users).where(or_(users.c.id == wanted, users.c.name == wanted))
        found = [_user(row) for row in connection.execute(query)]
    missing = NotFound(
        _("There is no user {name}.", name=ascii(name_or_id[:80])),
        _("`appliance user list` shows everybody."),
        param="name",
    )
    if by is not None:
        authorize(by, Permission.USERS_MANAGE)
        found = [user for user in found if by.reaches(user.tenant)]
    if not found:
        raise missing
    if len(found) > 1:
        raise Conflict(
            _("{count} users have the name {name}.", count=len(found), name=wanted),
            _("Give the id that `appliance user list` shows."),
        )
    return found[0]


def _user(row: Row[Any]) -> UserRecord:
    values = dict(row._mapping)
    del values["password_hash"]
    return UserRecord(**values)
