"""Signing in with a password kept here, and what keys and sessions say of who asks."""

import pytest
from argon2 import PasswordHasher

from appliance.core.errors import AuthenticationFailed, InvalidRequest, TooManyRequests
from appliance.identity.callers import Callers
from appliance.identity.oidc import Claims
from appliance.identity.sign_in import SignIn
from appliance.state.accounts.passwords import Passwords
from appliance.state.accounts.users import Users
from appliance.state.keys import KeyRing

PEPPER = bytes(range(32))
PASSWORD = "seven green boats 7"
HERE = "203.0.113.9"


@pytest.fixture
def sign_in(accounts):
    return SignIn(accounts.users, accounts.sessions, accounts.lockout)


@pytest.fixture
def wang(accounts):
    return accounts.users.add("wang", PASSWORD, tenant="north", role="editor")


def refused(sign_in, name, password, source=None):
    with pytest.raises(AuthenticationFailed) as caught:
        sign_in.with_password(name, password, source)
    return str(caught.value), caught.value.code


def test_a_password_opens_a_session(sign_in, accounts, wang):
    entered = sign_in.with_password(" Wang", PASSWORD, HERE)
    assert entered.user == wang
    found = accounts.sessions.verify(entered.token)
    assert found.principal == wang.principal()
    sign_in.sign_out(found)
    with pytest.raises(AuthenticationFailed):
        accounts.sessions.verify(entered.token)


def test_a_refusal_tells_nothing_about_why(sign_in, accounts, wang):
    accounts.users.add("gone", PASSWORD)
    accounts.users.disable("gone")
    told = {
        refused(sign_in, name, password)
        for name, password in (("wang", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("", ""), ("\0", "\ud800"))
    }
    assert len(told) == 1


@pytest.mark.parametrize("name", ["wang", "nobody", "' OR '1'='1", "x" * 5000])
def test_names_are_paused_whether_or_not_somebody_has_them(sign_in, wang, name):
    for _number in range(3):
        refused(sign_in, name, "wrong")
    with pytest.raises(TooManyRequests) as caught:
        sign_in.with_password(name, PASSWORD, None)
    assert 0 < caught.value.retry_after_s <= 60
    sign_in.unlock(wang)
    if name == "wang":
        sign_in.with_password(name, PASSWORD, None)


def test_a_source_that_tries_many_names_is_paused(sign_in, wang):
    for number in range(20):
        refused(sign_in, f"name{number}", "Password2026", HERE)
    with pytest.raises(TooManyRequests):
        sign_in.with_password("wang", PASSWORD, HERE)
    sign_in.with_password("wang", PASSWORD, "198.51.100.7")


def test_changing_ones_password_ends_the_other_sessions(sign_in, accounts, wang):
    old = sign_in.with_password("wang", PASSWORD, HERE)
    with pytest.raises(AuthenticationFailed):
        sign_in.change_password(wang, "wrong", "another boat 88 x", HERE)
    with pytest.raises(InvalidRequest):
        sign_in.change_password(wang, PASSWORD, "short", HERE)
    accounts.sessions.verify(old.token)
    new = sign_in.change_password(wang, PASSWORD, "another boat 88 x", HERE)
    with pytest.raises(AuthenticationFailed):
        accounts.sessions.verify(old.token)
    accounts.sessions.verify(new.token)
    refused(sign_in, "wang", PASSWORD)
    sign_in.with_password("wang", "another boat 88 x", HERE)


def test_a_dated_hash_is_made_again_at_sign_in(accounts, wang):
    stronger = Passwords(hasher=PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    users = Users(accounts.database, stronger)
    _user, before = users.credentials("wang")
    SignIn(users, accounts.sessions, accounts.lockout).with_password("wang", PASSWORD, None)
    _user, after = users.credentials("wang")
    assert "m=8,t=1" in before
    assert "m=16,t=2" in after
    SignIn(users, accounts.sessions, accounts.lockout).with_password("wang", PASSWORD, None)


def test_ways_without_settings_are_closed(sign_in):
    with pytest.raises(AuthenticationFailed):
        sign_in.with_ldap("wang", PASSWORD, None)
    with pytest.raises(AuthenticationFailed):
        sign_in.with_oidc(Claims("https://id", "42", {"groups": ["north-admins"]}))


def test_a_caller_is_known_by_key_or_session(sign_in, accounts, wang):
    ring = KeyRing(accounts.database, PEPPER)
    callers = Callers(ring, accounts.sessions)
    record, key = ring.create("a", "north", networks=("10.0.0.0/8",))
    assert callers.identify(key, "10.1.1.1") == record.principal()
    session = sign_in.with_password("wang", PASSWORD, None)
    assert callers.identify(session.token, None) == wang.principal()
    for presented in ("", "lms-", "lma-", key.replace("lma-", "lms-"), session.token.replace("lms-", "lma-")):
        with pytest.raises(AuthenticationFailed):
            callers.identify(presented, "10.1.1.1")
    with pytest.raises(AuthenticationFailed):
        callers.identify(key, "11.1.1.1")
