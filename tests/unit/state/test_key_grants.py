"""Keys with limits, keys made with keys, rotation; on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from appliance.core.errors import AuthenticationFailed, Conflict, NotFound, PermissionDenied
from appliance.core.principal import Scopes
from appliance.state.accounts.key_records import MOST_GENERATIONS
from appliance.state.accounts.tenants import Tenants
from appliance.state.accounts.users import Users
from appliance.state.keys import KeyRing
from appliance.state.tables import api_keys, users

PEPPER = bytes(range(32))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PASSWORD = "seven green boats 7"


class Moment:
    """A clock that a test turns."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Moment()


@pytest.fixture
def ring(database, clock):
    return KeyRing(database, PEPPER, clock)


@pytest.fixture
def tree(database):
    """north with north-1 below it, and south."""
    tenants = Tenants(database)
    for name, parent in (("north", "default"), ("north-1", "north"), ("south", "default")):
        tenants.add(name, parent=parent)
    return tenants


def is_valid(ring, key, source=None):
    try:
        ring.verify(key, source)
    except AuthenticationFailed:
        return False
    return True


def admin(ring, tenant="north", **more):
    record, key = ring.create("admin", tenant, "admin", **more)
    return ring.principal(ring.verify(key, "10.1.1.1")), record, key


def test_what_a_key_is_given_comes_back(ring):
    scopes = Scopes(frozenset({"general"}), frozenset(), None)
    end = NOW + timedelta(days=1)
    record, key = ring.create(
        "a", "retail", "editor", end, scopes=scopes, networks=("10.0.0.0/8", "10.0.0.0/8"), priority="batch"
    )
    assert ring.verify(key, "10.9.9.9") == record
    assert (record.scopes, record.networks, record.priority) == (scopes, ("10.0.0.0/8",), "batch")
    who = ring.principal(record)
    assert (who.tenant, who.role, who.key_id, who.scopes, who.priority) == (
        "retail",
        "editor",
        record.id,
        scopes,
        "batch",
    )
    told = record.to_dict("2026-11-24T12:00:00.000Z")
    assert told["scopes"] == {"models": ["general"], "scenarios": [], "knowledge_bases": None}


def test_a_key_is_good_from_its_networks_only(ring):
    _record, key = ring.create("a", networks=("10.20.0.0/16", "2001:db8::/32"))
    assert is_valid(ring, key, "10.20.3.4")
    assert is_valid(ring, key, "::ffff:10.20.3.4")
    assert not is_valid(ring, key, "10.21.3.4")
    assert not is_valid(ring, key, None)


def test_an_admins_principal_knows_the_tenants_below(ring, tree):
    who, _record, _key = admin(ring)
    assert who.descendants == {"north-1"}
    assert who.tenants == {"north", "north-1"}
    head, _record, _key = admin(ring, "default")
    assert head.tenants is None
    record, _key = ring.create("a", "north", "caller")
    assert ring.principal(record).descendants == frozenset()


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"tenant": "north", "scopes": Scopes()}, "models"),
        ({"tenant": "north", "scopes": Scopes(frozenset({"general", "large"}))}, "models"),
        ({"tenant": "north", "networks": ()}, "networks"),
        ({"tenant": "north", "networks": ("0.0.0.0/0",)}, "networks"),
        ({"tenant": "north", "expires_at": None}, "expires_at"),
        ({"tenant": "north", "expires_at": NOW + timedelta(days=3)}, "expires_at"),
        ({"tenant": "north", "priority": "interactive"}, "priority"),
    ],
)
def test_nobody_makes_a_key_stronger_than_their_own(ring, tree, wish, param):
    limits = {
        "scopes": Scopes(frozenset({"general"})), "networks": ("10.0.0.0/8",),
        "expires_at": NOW + timedelta(days=2), "priority": "batch",
    }  # fmt: skip
    who, _record, _key = admin(ring, **limits)
    with pytest.raises(PermissionDenied) as caught:
        ring.create("child", **{**limits, **wish}, parent=who)
    assert caught.value.param == param
    assert len(ring.list()) == 1
    child, key = ring.create("child", "north-1", "admin", **limits, parent=who)
    assert child.parent == who.key_id
    assert is_valid(ring, key, "10.1.1.1")


def test_a_tenant_outside_ones_own_is_not_there(ring, tree):
    who, _record, _key = admin(ring)
    told = set()
    for tenant in ("south", "default", "nowhere"):
        with pytest.raises(NotFound) as caught:
            ring.create("child", tenant, parent=who)
        told.add(str(caught.value).replace(tenant, "T"))
    assert len(told) == 1
    with pytest.raises(NotFound):
        ring.create("child", "nowhere", parent=replace(who, tenant="default"))


@pytest.mark.parametrize("role", ["caller", "editor", "auditor", "operator"])
def test_only_admins_make_keys(ring, role):
    record, key = ring.create("a", role=role)
    with pytest.raises(PermissionDenied):
        ring.create("child", role=role, parent=ring.principal(ring.verify(key)))
    with pytest.raises(PermissionDenied):
        ring.revoke(record.id, ring.principal(record))


def test_what_a_key_made_stops_with_it(ring, tree, clock):
    who, record, key = admin(ring)
    child, child_key = ring.create("child", "north", "admin", parent=who)
    _grand, grand_key = ring.create("grandchild", "north-1", parent=ring.principal(child))
    assert is_valid(ring, child_key)
    assert is_valid(ring, grand_key)
    ring.revoke(record.id)
    assert [is_valid(ring, one) for one in (key, child_key, grand_key)] == [False] * 3
    states = {one.name: one.state("2026-11-24T12:00:00.000Z") for one in ring.list()}
    assert states == {"admin": "revoked", "child": "stopped", "grandchild": "stopped"}
    assert {one.stopped_by for one in ring.list()} == {record.id}
    assert ring.get(child.id).stopped_by == record.id
    with pytest.raises(PermissionDenied):
        ring.create("late", "north", parent=ring.principal(child))


def test_what_a_key_made_ends_with_it(ring, tree, clock):
    end = NOW + timedelta(hours=1)
    who, _record, _key = admin(ring, expires_at=end)
    _child, child_key = ring.create("child", "north", expires_at=end, parent=who)
    assert is_valid(ring, child_key)
    clock.now = end
    assert not is_valid(ring, child_key)


def test_a_key_whose_parent_is_gone_from_the_database_is_worth_nothing(ring, tree, database):
    who, record, _key = admin(ring)
    _child, child_key = ring.create("child", "north", parent=who)
    with database.write() as connection:
        connection.execute(api_keys.delete().where(api_keys.c.id == record.id))
    assert not is_valid(ring, child_key)


def test_a_circle_of_parents_ends_and_is_worth_nothing(ring, database):
    (one, key), (two, _other) = ring.create("a"), ring.create("b")
    with database.write() as connection:
        for child, parent in ((one, two), (two, one)):
            connection.execute(update(api_keys).where(api_keys.c.id == child.id).values(parent=parent.id))
    assert not is_valid(ring, key)
    assert [record.state("2026-11-24T12:00:00.000Z") for record in ring.list()] == ["stopped", "stopped"]


def test_generations_are_counted(ring):
    who, _record, key = admin(ring, "default")
    for _generation in range(MOST_GENERATIONS - 1):
        record, key = ring.create("next", "default", "admin", parent=who)
        who = ring.principal(record)
    assert is_valid(ring, key)
    with pytest.raises(PermissionDenied, match="generations"):
        ring.create("one too many", "default", "admin", parent=who)


def test_a_rotated_key_has_a_successor_and_an_end(ring, clock):
    limits = {"scopes": Scopes(frozenset({"general"})), "networks": ("10.0.0.0/8",), "priority": "batch"}
    old, old_key = ring.create("a", "retail", expires_at=NOW + timedelta(days=90), **limits)
    new, new_key = ring.rotate(old.id, timedelta(days=7))
    assert new.grants == old.grants
    assert (new.name, new.parent) == (old.name, old.parent)
    assert is_valid(ring, old_key, "10.1.1.1")
    assert is_valid(ring, new_key, "10.1.1.1")
    assert ring.get(old.id).replaced_by == new.id
    clock.now = NOW + timedelta(days=7)
    assert not is_valid(ring, old_key, "10.1.1.1")
    assert is_valid(ring, new_key, "10.1.1.1")
    clock.now = NOW + timedelta(days=90)
    assert not is_valid(ring, new_key, "10.1.1.1")


def test_an_overlap_gives_no_key_more_time_than_it_had(ring, clock):
    old, old_key = ring.create("a", expires_at=NOW + timedelta(days=1))
    ring.rotate(old.id, timedelta(days=30), expires_at=NOW + timedelta(days=60))
    clock.now = NOW + timedelta(days=1)
    assert not is_valid(ring, old_key)


def test_children_go_over_to_the_successor(ring, tree, clock):
    who, record, _key = admin(ring)
    _child, child_key = ring.create("child", "north", parent=who)
    new, _new_key = ring.rotate(record.id)
    assert is_valid(ring, child_key)
    ring.revoke(new.id)
    assert not is_valid(ring, child_key)


def test_a_key_is_rotated_once_and_only_while_it_is_good(ring):
    (one, _key), (two, _other) = ring.create("a"), ring.create("b")
    ring.rotate(one.id)
    ring.revoke(two.id)
    for record in (one, two):
        with pytest.raises(Conflict):
            ring.rotate(record.id)


def test_rotating_is_no_way_to_a_stronger_key(ring, tree):
    strong, _key = ring.create("strong", "north", "admin")
    weak, _record, _key = admin(ring, scopes=Scopes(frozenset({"general"})))
    with pytest.raises(PermissionDenied):
        ring.rotate(strong.id, by=weak)
    foreign, _key = ring.create("foreign", "south", "admin")
    for refused in (ring.rotate, ring.revoke):
        with pytest.raises(NotFound):
            refused(foreign.id, by=weak)
    assert {record.name for record in ring.list(weak)} == {"strong", "admin"}


def test_a_key_hangs_on_the_people_who_made_it_and_whose_it_is(ring, tree, database):
    people = Users(database)
    boss = people.add("boss", PASSWORD, tenant="north", role="admin")
    clerk = people.add("clerk", PASSWORD, tenant="north-1", role="caller")
    who = boss.principal(frozenset({"north-1"}))
    record, key = ring.create("clerk's", "north-1", user_id=clerk.id, parent=who)
    assert (record.parent, record.user_id) == (boss.id, clerk.id)
    assert is_valid(ring, key)
    for user in ("clerk", "boss"):
        people.disable(user)
        assert not is_valid(ring, key)
        people.enable(user)
        assert is_valid(ring, key)
    with database.write() as connection:
        connection.execute(update(users).where(users.c.id == boss.id).values(role="auditor"))
    assert not is_valid(ring, key), "whoever made it may no longer do what it does"
    with pytest.raises(PermissionDenied):
        ring.create("too strong", "north-1", "admin", user_id=clerk.id)
    with pytest.raises(PermissionDenied):
        ring.create("nobody's", "north-1", user_id="lmu-aaaaaaaaaaaa")


def test_scopes_that_cannot_be_understood_give_nothing(ring, database):
    record, key = ring.create("a")
    for scopes in ("[]", '{"models2": []}', "null", '"x"'):
        with database.write() as connection:
            connection.execute(update(api_keys).where(api_keys.c.id == record.id).values(scopes=scopes))
        with pytest.raises(ValueError, match="scopes"):
            ring.verify(key)


def test_the_day_of_the_last_use_is_written_outside_of_requests(ring, clock):
    record, key = ring.create("a")
    ring.verify(key)
    assert ring.get(record.id).last_used is None
    ring.write_last_used()
    assert ring.get(record.id).last_used == "2026-11-24"
    clock.now = NOW + timedelta(days=1)
    ring.verify(key)
    ring.write_last_used()
    assert ring.get(record.id).last_used == "2026-11-25"
