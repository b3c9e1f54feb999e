"""Tenants, users, passwords, pauses and sessions; on both databases."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from appliance.core.errors import (
    AuthenticationFailed,
    Conflict,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    TooManyRequests,
)
from appliance.core.principal import Principal, Scopes
from appliance.state.accounts.lockout import Lockout, LockoutRules
from appliance.state.accounts.passwords import Passwords
from appliance.state.accounts.sessions import SessionRules, Sessions
from appliance.state.accounts.tenants import MOST_LEVELS, Tenants
from appliance.state.accounts.users import UserRecord, Users

PEPPER = bytes(range(32))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PASSWORD = "seven green boats 7"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NORTH_ADMIN = Principal("north", "admin", "lma-north", descendants=frozenset({"north-1"}))


class Moment:
    """A clock that a test turns."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def pass_s(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Moment()


@pytest.fixture
def tenants(database):
    made = Tenants(database)
    made.add("north", "Northern branch 北方分行")
    made.add("north-1", parent="north")
    made.add("south")
    return made


@pytest.fixture
def people(database, tenants, clock):
    return Users(database, Passwords(hasher=CHEAP), clock)


@pytest.fixture
def lockout(database, clock):
    return Lockout(database, PEPPER, LockoutRules(user_failures=3, source_failures=5), clock)


@pytest.fixture
def sessions(database, clock):
    return Sessions(database, PEPPER, SessionRules(idle_s=1800, longest_s=3600), clock)


def test_tenants_stand_in_a_tree(tenants):
    assert [tenant.name for tenant in tenants.list()] == ["default", "north", "north-1", "south"]
    assert tenants.get("north-1").line == ("default", "north", "north-1")
    assert tenants.below("north") == {"north-1"}
    assert tenants.below("default") == {"north", "north-1", "south"}
    assert [tenant.name for tenant in tenants.list(NORTH_ADMIN)] == ["north", "north-1"]


def test_a_name_that_begins_the_same_is_not_below(tenants):
    tenants.add("nort")
    tenants.add("north_1", parent="nort")
    assert tenants.below("nort") == {"north_1"}


def test_tenants_are_added_below_ones_own_only(tenants):
    assert tenants.add("north-2", parent="north", by=NORTH_ADMIN).parent == "north"
    for parent in ("south", "default", "nowhere"):
        with pytest.raises(NotFound):
            tenants.add("x", parent=parent, by=NORTH_ADMIN)
    with pytest.raises(PermissionDenied):
        tenants.add("x", parent="north", by=Principal("north", "editor", "k"))


@pytest.mark.parametrize("name", ["", "A", "a/b", "../a", "a b", "x" * 65, "-a", "ä", "a\0"])
def test_a_tenant_needs_a_plain_name(tenants, name):
    with pytest.raises(InvalidRequest):
        tenants.add(name)
    with pytest.raises(NotFound):
        tenants.get(name)


def test_a_tenant_is_added_once_and_not_too_deep(tenants):
    with pytest.raises(Conflict):
        tenants.add("north")
    parent = "default"
    for level in range(1, MOST_LEVELS):
        parent = tenants.add(f"deep{level}", parent=parent).name
    with pytest.raises(InvalidRequest, match="levels"):
        tenants.add("deeper", parent=parent)


def test_a_password_is_hashed_with_argon2id_as_rfc_9106_says():
    stored = Passwords().hash("wang", PASSWORD)
    parameters = extract_parameters(stored)
    assert parameters.type is Type.ID
    assert parameters == RFC_9106_LOW_MEMORY
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (65536, 3, 4)
    assert Passwords().verify(stored, PASSWORD)
    assert not Passwords().verify(stored, PASSWORD + "8")
    assert Passwords().hash("wang", PASSWORD) != stored


def test_an_unknown_user_costs_the_same_work():
    verified = []

    class Counting(PasswordHasher):
        def verify(self, stored, password):
            verified.append(extract_parameters(stored))
            return super().verify(stored, password)

    passwords = Passwords(hasher=Counting(time_cost=1, memory_cost=8, parallelism=1))
    stored = passwords.hash("wang", PASSWORD)
    assert passwords.verify(stored, PASSWORD)
    assert not passwords.verify(stored, "wrong")
    assert not passwords.verify(None, PASSWORD)
    assert not passwords.verify(None, "nobody")
    assert len(verified) == 4
    assert len(set(map(repr, verified))) == 1


def test_the_same_characters_from_another_keyboard_are_the_same_password():
    passwords = Passwords(hasher=CHEAP)
    stored = passwords.hash("wang", "ｐａｓｓ 七 green boats é")
    assert passwords.verify(stored, "pass 七 green boats e\u0301")


@pytest.mark.parametrize("password", ["\ud800" * 12, "x" * 2_000_000, "", "\0"])
def test_a_strange_password_is_only_a_wrong_one(password):
    passwords = Passwords(hasher=CHEAP)
    assert not passwords.verify(passwords.hash("wang", PASSWORD), password)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short 1 word", None),
        ("elevenchars", "12"),
        ("x" * 129, "more than"),
        ("aaaabbbbccccdddd", "different"),
        ("wang.xiaoming2026", "name"),
        ("Wang-Xiaoming!!", "name"),
        ("password2026!", "tried first"),
        ("Admin_Admin_2026", "tried first"),
        ("1234567890123", "keyboard"),
        ("QWERTYUIOPASDF", "keyboard"),
        ("seven green\tboats", "typed"),
        ("correct horse battery", None),
        ("七艘绿色的小船在湖上慢慢走", None),
    ],
)
def test_weak_passwords_are_refused_with_a_reason(password, reason):
    passwords = Passwords(hasher=CHEAP)
    if reason is None:
        assert passwords.verify(passwords.hash("wang.xiaoming", password), password)
        return
    with pytest.raises(InvalidRequest, match=reason) as caught:
        passwords.hash("wang.xiaoming", password)
    assert caught.value.code == "weak_password"
    assert password not in str(caught.value)


def test_people_are_added_found_and_listed(people):
    wang = people.add(" Wang ", PASSWORD, display="王小明", tenant="north", role="editor")
    assert (wang.name, wang.display_name, wang.tenant, wang.role, wang.origin) == (
        "wang",
        "王小明",
        "north",
        "editor",
        "local",
    )
    assert people.get("WANG") == people.get(wang.id) == wang
    assert people.list() == (wang,)
    assert people.list(Principal("south", "admin", "k")) == ()
    for taken in ("wang", "WANG"):
        with pytest.raises(Conflict):
            people.add(taken, PASSWORD)
    assert people.list() == (wang,)


@pytest.mark.parametrize("name", ["", "x", "a b", "' OR '1'='1", "a\nb", "a" * 65, "王", "*", "a)(uid=*", "\ud800"])
def test_a_user_needs_a_plain_name(people, name):
    with pytest.raises(InvalidRequest):
        people.add(name, PASSWORD)
    with pytest.raises(NotFound):
        people.get(name)
    assert people.credentials(name) == (None, None)


def test_nobody_adds_or_takes_over_somebody_stronger(people):
    root = people.add("root.user", PASSWORD, role="admin")
    people.add("peer", PASSWORD, tenant="north", role="admin", by=NORTH_ADMIN)
    with pytest.raises(NotFound):
        people.add("too-far", PASSWORD, tenant="south", by=NORTH_ADMIN)
    with pytest.raises(NotFound):
        people.set_password(root.id, PASSWORD + "x", by=NORTH_ADMIN)
    for limited in (
        Principal("north", "admin", "k", Scopes(models=frozenset({"general"}))),
        Principal("north", "admin", "k", networks=("10.0.0.0/8",)),
        Principal("north", "admin", "k", expires_at="2027-01-01T00:00:00.000Z"),
    ):
        # A user has no limits: whoever has some would shed them by signing in as one.
        for attempt in (
            lambda by: people.add("shed", PASSWORD, tenant="north", by=by),
            lambda by: people.set_password("peer", PASSWORD + "x", by=by),
            lambda by: people.enable("peer", by=by),
        ):
            with pytest.raises(PermissionDenied):
                attempt(limited)
    with pytest.raises(PermissionDenied):
        people.add("x-y", PASSWORD, tenant="north", by=Principal("north", "editor", "k"))


def test_a_directorys_word_on_somebody_counts_at_each_sign_in(people):
    local = people.add("wang", PASSWORD, role="admin")
    seen = UserRecord("", "wang", "Wang", "north", "caller", "oidc", "https://id#42", "")
    first = people.from_directory(seen)
    assert first.id != local.id
    moved = people.from_directory(UserRecord("", "wang.x", "Wang X", "south", "editor", "oidc", "https://id#42", ""))
    assert (moved.id, moved.name, moved.tenant, moved.role) == (first.id, "wang.x", "south", "editor")
    assert people.get(first.id) == moved
    assert people.get("wang") == local
    with pytest.raises(InvalidRequest):
        people.set_password(moved.id, PASSWORD)
    people.from_directory(seen)
    with pytest.raises(Conflict, match="2 users"):
        people.disable("wang")


def test_a_session_ends_when_idle_and_at_its_longest(people, sessions, clock):
    wang = people.add("wang", PASSWORD, tenant="north", role="admin")
    session, token = sessions.start(wang)
    assert token.startswith("lms-")
    found = sessions.verify(token)
    assert found == session
    assert found.principal == wang.principal(frozenset({"north-1"}))
    clock.pass_s(1799)
    sessions.verify(token)
    clock.pass_s(1799)
    sessions.verify(token)
    clock.pass_s(2)
    with pytest.raises(AuthenticationFailed):
        sessions.verify(token)
    _session, idle = sessions.start(wang)
    clock.pass_s(1800)
    with pytest.raises(AuthenticationFailed):
        sessions.verify(idle)


def test_a_session_is_what_its_user_is_now(people, sessions, database):
    wang = people.add("wang", PASSWORD, tenant="north", role="caller")
    session, token = sessions.start(wang)
    assert sessions.verify(token).principal.role == "caller"
    sessions.end(session.id)
    with pytest.raises(AuthenticationFailed):
        sessions.verify(token)


@pytest.mark.parametrize("end", ["disable", "set_password", "end_all"])
def test_what_ends_every_session_of_a_user(people, sessions, end):
    wang, li = people.add("wang", PASSWORD), people.add("li", PASSWORD)
    tokens = [sessions.start(wang)[1] for _number in range(2)]
    _session, kept = sessions.start(li)
    if end == "end_all":
        sessions.end_all(wang.id)
    else:
        getattr(people, end)("wang", *(["another boat 88 x"] if end == "set_password" else []))
    for token in tokens:
        with pytest.raises(AuthenticationFailed):
            sessions.verify(token)
    assert sessions.verify(kept).user_id == li.id


@pytest.mark.parametrize(
    "text",
    ["", "lms-", "lms-' OR 1=1 --.x", "lms-aaaaaaaaaaaa." + "A" * 43, "lma-aaaaaaaaaaaa." + "A" * 43, "\0", "\ud800"],
)
def test_no_text_is_taken_for_a_session(people, sessions, text):
    _session, token = sessions.start(people.add("wang", PASSWORD))
    for presented in (text, token[:-1] + ("A" if token[-1] != "A" else "B"), token.replace("lms-", "lma-")):
        with pytest.raises(AuthenticationFailed, match="Sign in again"):
            sessions.verify(presented)


def failed(lockout, user="wang", source="203.0.113.9"):
    """Make an attempt that fails; return the pause that it met, in seconds, or None."""
    try:
        lockout.begin(user, source)
    except TooManyRequests as error:
        return error.retry_after_s
    return None


def test_pauses_double_and_end(lockout, clock):
    assert [failed(lockout) for _number in range(3)] == [None] * 3
    for pause in (60, 120, 240):
        assert failed(lockout) == pause
        clock.pass_s(pause)
        assert failed(lockout) is None
    clock.pass_s(3600)
    lockout.begin("wang", "203.0.113.9")
    lockout.succeeded("wang", "203.0.113.9")
    assert [failed(lockout, source=None) for _number in range(3)] == [None] * 3


def test_a_pause_is_of_one_name_and_an_administrator_ends_it(lockout):
    for _number in range(3):
        failed(lockout, source=None)
    assert failed(lockout, source=None) == 60
    assert failed(lockout, "li", source=None) is None
    lockout.unlock("wang")
    assert failed(lockout, source=None) is None


def test_one_right_password_does_not_buy_more_tries_at_others(lockout):
    for number in range(5):
        lockout.begin("own", "203.0.113.9")
        lockout.succeeded("own", "203.0.113.9")
        assert failed(lockout, f"victim{number}") is None
    assert failed(lockout, "victim9") == 60
    assert failed(lockout, "victim9", "203.0.113.10") is None


def test_neighbours_in_ipv6_count_as_one(lockout):
    for number in range(5):
        assert failed(lockout, f"victim{number}", f"2001:db8::{number}") is None
    assert failed(lockout, "victim9", "2001:db8::ffff") == 60
    assert failed(lockout, "victim9", "2001:db8:0:1::1") is None


def test_many_attempts_at_once_count_as_many(lockout):
    let_in = []
    threads = [
        threading.Thread(target=lambda: failed(lockout, source=None) is None and let_in.append(1)) for _n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(let_in) == 3
