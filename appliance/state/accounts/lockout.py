"""Who has tried too often to sign in: counted for each user name, known or not, and for each source."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, and_, delete, insert, select, update

from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import TooManyRequests
from appliance.core.messages import _
from appliance.state.accounts.tokens import digest_of
from appliance.state.database import Database
from appliance.state.tables import sign_in_failures

if TYPE_CHECKING:
    from appliance.state.accounts.users import UserRecord

_LONGEST_DOUBLINGS: Final = 30


@dataclass(frozen=True)
class LockoutRules:
    """How many failures are let pass, and how long the pause is that follows: each further failure doubles it."""

    user_failures: int = 5
    source_failures: int = 50
    """Many people may stand behind one address."""
    first_pause_s: float = 60.0
    longest_pause_s: float = 3600.0
    forget_after_s: float = 86_400.0
    """A count that has not grown for so long starts anew."""


class Lockout:
    """Counts attempts before they are made, so that many at once count as many; a success takes its own back."""

    def __init__(
        self, database: Database, pepper: bytes, rules: LockoutRules | None = None, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._pepper = pepper
        self._rules = rules or LockoutRules()
        self._clock = clock

    def begin(self, user: str, source: str | None) -> None:
        """Count an attempt as failed until told otherwise. Raises `TooManyRequests` during a pause."""
        now = self._clock()
        forgotten = iso(now - timedelta(seconds=self._rules.forget_after_s))
        with self._database.write() as connection:
            connection.execute(delete(sign_in_failures).where(sign_in_failures.c.last_at < forgotten))
            found = [(kind, subject, _row(connection, kind, subject)) for kind, subject in self._subjects(user, source)]
            ends = [row.blocked_until for _kind, _subject, row in found if row is not None and row.blocked_until]
            if any(end > iso(now) for end in ends):
                raise _paused(datetime.fromisoformat(max(ends)) - now)
            for kind, subject, row in found:
                self._count(connection, kind, subject, row, now)

    def succeeded(self, user: str, source: str | None) -> None:
        """Forget the user's failures and take back what `begin` counted for the source, nothing more.

        Whoever has one right password must not get as many tries at others as they like.
        """
        self.withdraw(user, source)
        self.unlock(user)

    def withdraw(self, user: str, source: str | None) -> None:
        """Take back what `begin` counted: the attempt came to no verdict."""
        with self._database.write() as connection:
            for kind, subject in self._subjects(user, source):
                row = _row(connection, kind, subject)
                if row is None:
                    continue
                left = row.failures - 1
                end = row.blocked_until if left >= self._most(kind) else None
                values = {"failures": left, "blocked_until": end}
                connection.execute(update(sign_in_failures).where(_is(kind, subject)).values(**values))

    def unlock(self, user: str) -> None:
        """Forget the failures of one user name."""
        with self._database.write() as connection:
            connection.execute(delete(sign_in_failures).where(_is("user", self._subject(user))))

    def locked_until(self, people: Iterable["UserRecord"]) -> dict[str, str]:
        """Return by id when the pause ends (RFC 3339) of those who are in one now."""
        now, ends = iso(self._clock()), sign_in_failures.c.blocked_until
        wanted = and_(sign_in_failures.c.kind == "user", ends > now)
        with self._database.read() as connection:
            rows = connection.execute(select(sign_in_failures.c.subject, ends).where(wanted)).all()
        found = {bytes(row.subject): str(row.blocked_until) for row in rows}
        subjects = ((one.id, self._subject(one.sign_in_name)) for one in people) if found else ()
        return {id_: found[subject] for id_, subject in subjects if subject in found}

    def _count(self, connection: Connection, kind: str, subject: bytes, row: Any, now: datetime) -> None:  # noqa: ANN401
        failures = 1 if row is None else row.failures + 1
        over = failures - self._most(kind)
        end = None
        if over >= 0:
            doubled = self._rules.first_pause_s * 2 ** min(over, _LONGEST_DOUBLINGS)
            end = iso(now + timedelta(seconds=min(doubled, self._rules.longest_pause_s)))
        values = {"failures": failures, "last_at": iso(now), "blocked_until": end}
        if row is None:
            connection.execute(insert(sign_in_failures).values(kind=kind, subject=subject, **values))
        else:
            connection.execute(update(sign_in_failures).where(_is(kind, subject)).values(**values))

    def _most(self, kind: str) -> int:
        return self._rules.user_failures if kind == "user" else self._rules.source_failures

    def _subjects(self, user: str, source: str | None) -> Iterable[tuple[str, bytes]]:
        yield "user", self._subject(user)
        if source is not None:
            yield "source", self._subject(_network_of(source))

    def _subject(self, text: str) -> bytes:
        return digest_of(self._pepper, f"sign-in:{text}")


def _network_of(source: str) -> str:
    """Return an IPv4 address, or the /64 that one holder of IPv6 has to themselves."""
    try:
        address = ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)


def _is(kind: str, subject: bytes) -> Any:  # noqa: ANN401 - SQLAlchemy's type of a condition
    return and_(sign_in_failures.c.kind == kind, sign_in_failures.c.subject == subject)


def _row(connection: Connection, kind: str, subject: bytes) -> Any:  # noqa: ANN401 - a row has what was selected
    return connection.execute(select(sign_in_failures).where(_is(kind, subject))).one_or_none()


def _paused(rest: timedelta) -> TooManyRequests:
    seconds = max(1, round(rest.total_seconds()))
    error = TooManyRequests(
        _("Too many attempts to sign in have failed."),
        _("Try again in {seconds} s, or ask an administrator to unlock the user.", seconds=seconds),
        code="sign_in_paused",
    )
    error.retry_after_s = float(seconds)
    return error
