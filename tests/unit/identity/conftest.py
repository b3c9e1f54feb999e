"""Accounts on a real database, a real OpenID provider and a real LDAP server over TLS."""

from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher

from appliance.state.accounts.lockout import Lockout, LockoutRules
from appliance.state.accounts.passwords import Passwords
from appliance.state.accounts.sessions import Sessions
from appliance.state.accounts.tenants import Tenants
from appliance.state.accounts.users import Users
from appliance.state.database import Database, sqlite_url
from tests.unit.identity import directory as ldap
from tests.unit.identity import provider as oidc

PEPPER = bytes(range(32))


@dataclass
class Accounts:
    """The parts of signing in."""

    database: Database
    users: Users
    sessions: Sessions
    lockout: Lockout


@pytest.fixture
def accounts(tmp_path):
    """Give accounts with the tenants north and south."""
    database = Database.open(sqlite_url(tmp_path / "a.db"))
    database.migrate()
    for name in ("north", "south"):
        Tenants(database).add(name)
    users = Users(database, Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
    lockout = Lockout(database, PEPPER, LockoutRules(user_failures=3, source_failures=20))
    yield Accounts(database, users, Sessions(database, PEPPER), lockout)
    database.close()


@pytest.fixture
def provider():
    """Give a running OpenID provider."""
    with oidc.running() as started:
        yield started


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """Give the paths of a certificate for 127.0.0.1 and its key."""
    return ldap.make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def directory(certificates):
    """Give a running LDAP server."""
    with ldap.running(certificates) as started:
        yield started
