"""Keys, tenants, people and sessions of one gateway replica, and the ways in that the site file opens."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import CapacityLimiter

from appliance.config.home import Home
from appliance.config.sign_in import LdapSettings, OidcSettings, SignInRule, SignInSettings
from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.identity.rules import ClaimRule
from appliance.identity.sign_in import SignIn
from appliance.state.accounts.lockout import Lockout, LockoutRules
from appliance.state.accounts.passwords import PasswordRules, Passwords
from appliance.state.accounts.sessions import SessionRules, Sessions
from appliance.state.accounts.tenants import Tenants
from appliance.state.accounts.users import Users
from appliance.state.approval_people import key_on_file
from appliance.state.approvals import ApprovalRules, Approvals
from appliance.state.database import Database
from appliance.state.keys import KeyRing

if TYPE_CHECKING:
    from appliance.identity.ldap import LdapDirectory
    from appliance.identity.oidc import OidcClient

_SIGN_IN_THREADS = 8


@dataclass(frozen=True)
class GatewayAccounts:
    """What the account routes work on."""

    keys: KeyRing
    tenants: Tenants
    users: Users
    sessions: Sessions
    lockout: Lockout
    sign_in: SignIn
    approvals: Approvals
    sign_in_threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_SIGN_IN_THREADS))
    """Passwords are slow to check and directories slow to answer: signing in must not take every other route's
    threads."""


def open_accounts(
    database: Database, pepper: bytes, settings: SignInSettings, home: Path, rules: ApprovalRules | None = None
) -> GatewayAccounts:
    """Return the accounts in `database`; relative paths in `settings` are below `home`. Raises `ConfigError`.

    `rules` say which changes need a second person; None: none does.
    """
    users = Users(database, Passwords(PasswordRules(**settings.password.model_dump())))
    sessions = Sessions(database, pepper, SessionRules(**settings.session.model_dump()))
    lockout = Lockout(database, pepper, LockoutRules(**settings.lockout.model_dump()))
    sign_in = SignIn(
        users,
        sessions,
        lockout,
        oidc=None if settings.oidc is None else _provider(settings.oidc, home, pepper),
        ldap=None if settings.ldap is None else _directory(settings.ldap, home),
    )
    approvals = Approvals(database, rules, machine_keys=partial(key_on_file, Home(home).admin_key_file))
    return GatewayAccounts(KeyRing(database, pepper), Tenants(database), users, sessions, lockout, sign_in, approvals)


def _provider(settings: OidcSettings, home: Path, pepper: bytes) -> "OidcClient":
    from appliance.identity import oidc  # a site without it starts faster

    provider = oidc.OidcSettings(
        **settings.model_dump(exclude={"client_secret_file", "ca_file", "rules"}),
        rules=_rules(settings.rules),
        client_secret=_secret(settings.client_secret_file, home),
        ca_file=_path(settings.ca_file, home),
    )
    return oidc.OidcClient(provider, pepper)


def _directory(settings: LdapSettings, home: Path) -> "LdapDirectory":
    from appliance.identity import ldap

    directory = ldap.LdapSettings(
        **settings.model_dump(exclude={"bind_password_file", "ca_file", "rules"}),
        rules=_rules(settings.rules),
        bind_password=_secret(settings.bind_password_file, home),
        ca_file=_path(settings.ca_file, home),
    )
    return ldap.LdapDirectory(directory)


def _rules(rules: Iterable[SignInRule]) -> tuple[ClaimRule, ...]:
    return tuple(ClaimRule(**rule.model_dump()) for rule in rules)


def _path(written: str | None, home: Path) -> str | None:
    return None if written is None else str(home / written)


def _secret(written: str | None, home: Path) -> str | None:
    """Return what a file holds, without the end of its line."""
    if written is None:
        return None
    path = home / written
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            _("The secret in {path} cannot be read: {reason}.", path=path, reason=error),
            _("Make it a text file in UTF-8 that this user may read."),
        ) from error
