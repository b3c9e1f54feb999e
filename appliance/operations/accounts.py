"""Tenants and users from a front end: on the database itself, so also while the appliance is down."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import NotFound
from appliance.core.messages import _
from appliance.core.principal import PLATFORM_TENANT
from appliance.operations.operator import operator
from appliance.state.accounts.lockout import Lockout
from appliance.state.accounts.tenants import Tenant, Tenants
from appliance.state.accounts.users import UserRecord, Users
from appliance.state.approval_people import key_on_file
from appliance.state.approvals import ApprovalRules, Approvals
from appliance.state.audit.begun import begun_log
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import NewRecord
from appliance.state.database import Database, sqlite_url
from appliance.state.keys import KeyRing
from appliance.state.secret_files import load_or_create_pepper


@dataclass(frozen=True)
class Accounts:
    """What an open home knows of keys and people."""

    keys: KeyRing
    tenants: Tenants
    users: Users
    lockout: Lockout
    approvals: Approvals
    database: Database
    audit: AuditLog | None
    """None before the appliance's first start, when there is no log yet."""

    def note(self, action: str, target: str, tenant: str | None) -> None:
        """Write a change made at this machine into the audit. Raises `Unavailable`."""
        if self.audit is not None:
            self.audit.append([NewRecord("admin.command", None, tenant, operator(), None, action, target, "ok")])


@contextmanager
def open_accounts(home: Home, site: SiteConfig) -> Iterator[Accounts]:
    """Open the accounts of `home`, made and migrated where it is new. Raises `ConfigError`, `Unavailable`."""
    home.create()
    database = Database.open(site.state.url or sqlite_url(home.database))
    try:
        database.migrate()
        pepper = load_or_create_pepper(home.pepper_file)
        log = begun_log(database, home.audit_keys, home.audit_public_keys_file, home.audit_witness_file)
        rules = ApprovalRules(frozenset(site.approvals.require), site.approvals.expire_hours)
        yield Accounts(
            KeyRing(database, pepper),
            Tenants(database),
            Users(database),
            Lockout(database, pepper),
            Approvals(database, rules, log, machine_keys=partial(key_on_file, home.admin_key_file)),
            database,
            log,
        )
    finally:
        database.close()


def nothing_there(home: Home, site: SiteConfig) -> bool:
    """Tell whether `home` has no database yet; then nothing is made just to be listed."""
    return site.state.url is None and not home.database.exists()


def add_tenant(home: Home, site: SiteConfig, name: str, title: str = "", parent: str = PLATFORM_TENANT) -> Tenant:
    """Add a tenant below another. Raises `InvalidRequest`, `NotFound`, `Conflict`."""
    with open_accounts(home, site) as accounts:
        added = accounts.tenants.add(name, title, parent)
        accounts.note("tenant.add", name, parent)
        return added


def list_tenants(home: Home, site: SiteConfig) -> tuple[Tenant, ...]:
    """Return every tenant, each behind its parent; a home without a database has none."""
    if nothing_there(home, site):
        return ()
    with open_accounts(home, site) as accounts:
        return accounts.tenants.list()


def add_user(
    home: Home,
    site: SiteConfig,
    name: str,
    password: str,
    *,
    display: str = "",
    tenant: str = PLATFORM_TENANT,
    role: str = "caller",
) -> UserRecord:
    """Add somebody who signs in with a password. Raises `InvalidRequest`, `NotFound`, `Conflict`."""
    with open_accounts(home, site) as accounts:
        user = accounts.users.add(name, password, display=display, tenant=tenant, role=role)
        accounts.note(f"user.add {role}", user.id, tenant)
        return user


def list_users(home: Home, site: SiteConfig) -> tuple[UserRecord, ...]:
    """Return everybody by name; a home without a database has nobody."""
    if nothing_there(home, site):
        return ()
    with open_accounts(home, site) as accounts:
        return accounts.users.list()


def show_users(home: Home, site: SiteConfig) -> list[dict[str, object]]:
    """Return everybody by name, as `appliance user list --json` prints them."""
    if nothing_there(home, site):
        return []
    with open_accounts(home, site) as accounts:
        found = accounts.users.list()
        locked = accounts.lockout.locked_until(found)
    return [{**one.to_dict(), "locked_until": locked.get(one.id)} for one in found]


def disable_user(home: Home, site: SiteConfig, name: str) -> UserRecord:
    """Keep somebody out, with their sessions and keys. Raises `NotFound`, `Conflict`."""
    _check_there(home, site, name)
    with open_accounts(home, site) as accounts:
        return _noted(accounts, "user.disable", accounts.users.disable(name))


def enable_user(home: Home, site: SiteConfig, name: str) -> UserRecord:
    """Let somebody in again. Raises `NotFound`, `Conflict`."""
    _check_there(home, site, name)
    with open_accounts(home, site) as accounts:
        return _noted(accounts, "user.enable", accounts.users.enable(name))


def set_password(home: Home, site: SiteConfig, name: str, password: str) -> UserRecord:
    """Give somebody another password; their sessions end. Raises `NotFound`, `Conflict`, `InvalidRequest`."""
    _check_there(home, site, name)
    with open_accounts(home, site) as accounts:
        return _noted(accounts, "user.password", accounts.users.set_password(name, password))


def unlock_user(home: Home, site: SiteConfig, name: str) -> UserRecord:
    """Forget somebody's failed attempts to sign in. Raises `NotFound`, `Conflict`."""
    _check_there(home, site, name)
    with open_accounts(home, site) as accounts:
        user = accounts.users.get(name)
        accounts.lockout.unlock(user.sign_in_name)
        return _noted(accounts, "user.unlock", user)


def _noted(accounts: Accounts, action: str, user: UserRecord) -> UserRecord:
    accounts.note(action, user.id, user.tenant)
    return user


def _check_there(home: Home, site: SiteConfig, name: str) -> None:
    if nothing_there(home, site):
        raise NotFound(
            _("There is no user {name}: {home} holds no database.", name=ascii(name[:80]), home=home.root),
            _("Check --home and APPLIANCE_HOME."),
        )
