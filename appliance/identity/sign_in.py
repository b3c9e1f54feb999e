"""Signing in: by a password kept here, by OpenID Connect, or by LDAP. Each way ends in a session."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.core.errors import AuthenticationFailed, ConfigError, InvalidRequest, Unavailable
from appliance.core.messages import _
from appliance.identity.rules import place_of
from appliance.state.accounts.fields import user_name
from appliance.state.accounts.lockout import Lockout
from appliance.state.accounts.sessions import Session, Sessions
from appliance.state.accounts.users import Origin, UserRecord, Users, kept_elsewhere

if TYPE_CHECKING:  # a site that uses neither loads no library for it
    from appliance.identity.ldap import LdapDirectory
    from appliance.identity.oidc import Claims, OidcClient

_MOST_NAME = 64
_MOST_TYPED = 200


@dataclass(frozen=True)
class SignedIn:
    """A new session; `token` is shown this once (`Authorization: Bearer lms-…`, or a cookie)."""

    user: UserRecord
    session: Session
    token: str


class SignIn:
    """The ways in. A way whose settings are not given is closed."""

    def __init__(
        self,
        users: Users,
        sessions: Sessions,
        lockout: Lockout,
        *,
        oidc: "OidcClient | None" = None,
        ldap: "LdapDirectory | None" = None,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._lockout = lockout
        self.oidc = oidc
        self._ldap = ldap

    def with_password(self, name: str, password: str, source: str | None) -> SignedIn:
        """Sign in somebody whose password is kept here; `source` is the address they come from.

        Raises `AuthenticationFailed` with one text for an unknown name, a wrong password and a disabled user, after
        the same work, and `TooManyRequests` after too many failures.
        """
        counted = f"local:{_folded(name)}"
        self._lockout.begin(counted, source)
        user = self._check(name, password)
        self._lockout.succeeded(counted, source)
        return self._start(user)

    def with_ldap(self, name: str, password: str, source: str | None) -> SignedIn:
        """Sign in somebody whose password the directory keeps.

        Raises as `with_password`, `PermissionDenied` where no rule lets them in, `Unavailable`.
        """
        if self._ldap is None:
            raise closed_way()
        counted = f"ldap:{_folded(name)}"
        self._lockout.begin(counted, source)
        try:
            person = self._ldap.check(name.strip(), password)
        except (Unavailable, ConfigError):
            self._lockout.withdraw(counted, source)
            raise
        if person is None:
            raise _refusal()
        self._lockout.succeeded(counted, source)
        tenant, role = place_of(person.values, self._ldap.settings.rules)
        folded = _folded(person.name)
        return self._enter("ldap", folded, folded, person.display_name, tenant, role)

    def with_oidc(self, claims: "Claims") -> SignedIn:
        """Sign in somebody whom the provider has named. Raises `AuthenticationFailed`, `PermissionDenied`."""
        if self.oidc is None or claims.issuer != self.oidc.settings.issuer:
            raise closed_way()
        tenant, role = place_of(claims.values, self.oidc.settings.rules)
        # The subject is who they are; the name is only shown: providers let people change it.
        name = claims.values.get(self.oidc.settings.name_claim)
        shown = claims.values.get("name")
        return self._enter(
            "oidc",
            f"{claims.issuer}#{claims.subject}",
            _folded(name) if isinstance(name, str) and name.strip() else claims.subject,
            shown if isinstance(shown, str) else "",
            tenant,
            role,
        )

    def change_password(self, user: UserRecord, old: str, new: str, source: str | None) -> SignedIn:
        """Change one's own password: every session ends, a new one begins. Raises as signing in and `Users.add`."""
        if user.origin != "local":
            raise kept_elsewhere(user)
        counted = user.sign_in_name
        self._lockout.begin(counted, source)
        self._check(user.name, old)
        self._lockout.succeeded(counted, source)
        return self._start(self._users.set_password(user.id, new))

    def sign_out(self, session: Session) -> None:
        """End one session."""
        self._sessions.end(session.id)

    def locked_until(self, people: Sequence[UserRecord]) -> dict[str, str]:
        """Return by id when the pause ends of those who are in one after failed attempts."""
        return self._lockout.locked_until(people)

    def unlock(self, user: UserRecord) -> None:
        """Forget somebody's failures."""
        self._lockout.unlock(user.sign_in_name)

    def _check(self, name: str, password: str) -> UserRecord:
        """Return the local user of this name and password. Raises `AuthenticationFailed`."""
        user, stored = self._users.credentials(_folded(name))
        passwords = self._users.passwords
        if not passwords.verify(stored, password) or user is None or stored is None or user.disabled_at is not None:
            raise _refusal()
        if passwords.is_dated(stored):
            self._users.keep_rehash(user.id, stored, passwords.rehash(password))
        return user

    def _enter(self, origin: Origin, subject: str, name: str, display: str, tenant: str, role: str) -> SignedIn:
        shown = "".join(character for character in display if character.isprintable())[:_MOST_TYPED] or name
        seen = UserRecord("", name[:_MOST_NAME], shown, tenant, role, origin, subject, "")
        user = self._users.from_directory(seen)
        if user.disabled_at is not None:
            raise _refusal()
        return self._start(user)

    def _start(self, user: UserRecord) -> SignedIn:
        session, token = self._sessions.start(user)
        return SignedIn(user, session, token)


def _folded(name: str) -> str:
    """Return a name as it is looked up; one that nobody can have is cut, not refused: all refusals are alike."""
    try:
        return user_name(name)
    except InvalidRequest:
        return "".join(character for character in name.strip().lower() if character.isprintable())[:_MOST_TYPED]


def _refusal() -> AuthenticationFailed:
    return AuthenticationFailed(
        _("Name or password is not right."),
        _("Try again; after several failures there is a pause. An administrator can set a new password."),
        code="sign_in_failed",
    )


def closed_way() -> AuthenticationFailed:
    """Return the error for a way in whose settings are not given."""
    return AuthenticationFailed(
        _("This appliance does not let people in this way."), _("Sign in another way."), code="sign_in_failed"
    )
