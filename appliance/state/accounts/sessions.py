"""Sessions of people who have signed in: `lms-ID.SECRET`, kept as an HMAC like a key, ended by time or by hand."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import AuthenticationFailed, DiskFull, Unavailable
from appliance.core.messages import _
from appliance.core.principal import PLATFORM_TENANT, Principal, reaches_below
from appliance.state.accounts.tenants import names_below
from appliance.state.accounts.tokens import digest_of, matches, new_token, pattern_of
from appliance.state.accounts.users import UserRecord, end_sessions
from appliance.state.database import Database
from appliance.state.tables import sessions, users

SESSION_PREFIX = "lms"

_SESSION = pattern_of(SESSION_PREFIX)
_BY_ID = (
    select(sessions, users.c.tenant, users.c.role, users.c.disabled_at)
    .join(users, users.c.id == sessions.c.user_id)
    .where(sessions.c.id == bindparam("session_id"))
)


@dataclass(frozen=True)
class SessionRules:
    """How long a session lasts."""

    idle_s: float = 1800.0
    """Without a request."""
    longest_s: float = 43_200.0
    """At all."""

    @property
    def step_s(self) -> float:
        """How much later a request must be to be written down: not each one costs a write."""
        return min(60.0, self.idle_s / 10)


@dataclass(frozen=True)
class Session:
    """A session without its secret. `principal` is who acts in it, as the user's row says now."""

    id: str
    user_id: str
    expires_at: str
    principal: Principal


class Sessions:
    """Starts, verifies and ends sessions. Nothing is cached: an end counts from the next request on."""

    def __init__(
        self, database: Database, pepper: bytes, rules: SessionRules | None = None, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._pepper = pepper
        self._rules = rules or SessionRules()
        self._clock = clock

    def start(self, user: UserRecord) -> tuple[Session, str]:
        """Start a session; return it and its token, which is never shown again. Sessions that are over are removed."""
        now = self._clock()
        session_id, token = new_token(SESSION_PREFIX)
        end = iso(now + timedelta(seconds=self._rules.longest_s))
        values = {
            "id": session_id, "user_id": user.id, "secret_hmac": digest_of(self._pepper, token), "created_at": iso(now),
            "seen_at": iso(now), "expires_at": end,
        }  # fmt: skip
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.user_id == user.id, sessions.c.expires_at < iso(now)))
            connection.execute(insert(sessions).values(**values))
            principal = _principal(connection, user.tenant, user.role, user.id)
        return Session(session_id, user.id, end, principal), token

    def verify(self, presented: str) -> Session:
        """Return the session of a valid token. It may write, so it belongs in a thread.

        Raises `AuthenticationFailed` with one text, `Unavailable` when the database cannot be asked.
        """
        well_formed = _SESSION.fullmatch(presented)
        row = principal = None
        if well_formed is not None:
            with self._database.read() as connection:
                row = connection.execute(_BY_ID, {"session_id": well_formed[1]}).first()
                if row is not None:
                    principal = _principal(connection, row.tenant, row.role, row.user_id)
        now = self._clock()
        authentic = matches(None if row is None else bytes(row.secret_hmac), self._pepper, presented)
        idle_since = iso(now - timedelta(seconds=self._rules.idle_s))
        if not authentic or row is None or principal is None:
            raise _refusal()
        if row.ended_at or row.disabled_at or row.expires_at <= iso(now) or row.seen_at <= idle_since:
            raise _refusal()
        if row.seen_at <= iso(now - timedelta(seconds=self._rules.step_s)):
            self._saw(row.id, iso(now))
        return Session(row.id, row.user_id, row.expires_at, principal)

    def end(self, session_id: str) -> None:
        """Sign out: end one session; one that is over or unknown stays so."""
        this = (sessions.c.id == session_id, sessions.c.ended_at.is_(None))
        with self._database.write() as connection:
            connection.execute(update(sessions).where(*this).values(ended_at=iso(self._clock())))

    def end_all(self, user_id: str) -> None:
        """End every session of a user."""
        with self._database.write() as connection:
            end_sessions(connection, user_id, iso(self._clock()))

    def _saw(self, session_id: str, now: str) -> None:
        try:
            with self._database.write() as connection:
                connection.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=now))
        except (DiskFull, Unavailable):
            return  # a full disk must not keep out who is in: the session then only ends sooner


def _principal(connection: Connection, tenant: str, role: str, user_id: str) -> Principal:
    below = reaches_below(role) and tenant != PLATFORM_TENANT
    descendants = names_below(connection, tenant) if below else frozenset[str]()
    return Principal(tenant, role, user_id, descendants=descendants, user_id=user_id)


def _refusal() -> AuthenticationFailed:
    return AuthenticationFailed(_("This session is not valid or is over."), _("Sign in again."), code="invalid_session")
