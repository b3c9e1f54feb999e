from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.authority import (
    PERMISSIONS,
    PLATFORM_PERMISSIONS,
    Grants,
    Permission,
    authorize,
    check_within,
    is_within,
    may,
    permissions_of,
)
from appliance.core.errors import InvalidRequest, NotFound, PermissionDenied
from appliance.core.messages import Message
from appliance.core.networks import allows, check_networks, covers
from appliance.core.principal import PRIORITIES, ROLES, Principal, Scopes

# Every role, every permission, by hand: a change of the table must be made here too.
# columns: admin operator editor auditor caller
MATRIX = {
    "chat": (1, 0, 1, 0, 1),
    "embed": (1, 0, 1, 0, 1),
    "scenario.ask": (1, 0, 1, 0, 1),
    "scenario.supervise": (1, 0, 1, 1, 0),
    "batch.run": (1, 0, 1, 0, 1),
    "knowledge.read": (1, 0, 1, 0, 1),
    "knowledge.write": (1, 0, 1, 0, 0),
    "knowledge.manage": (1, 0, 0, 0, 0),
    "knowledge.review": (1, 0, 1, 0, 0),
    "review.decide": (1, 0, 0, 0, 0),
    "approvals.decide": (1, 0, 0, 0, 0),
    "keys.manage": (1, 0, 0, 0, 0),
    "users.manage": (1, 0, 0, 0, 0),
    "tenants.manage": (1, 0, 0, 0, 0),
    "policy.read": (1, 0, 0, 0, 0),
    "policy.write": (1, 0, 0, 0, 0),
    "usage.read": (1, 0, 0, 1, 0),
    "audit.read": (1, 0, 0, 1, 0),
    "status.read": (1, 1, 0, 0, 0),
    "models.manage": (1, 1, 0, 0, 0),
    "cluster.manage": (1, 1, 0, 0, 0),
}
CASES = [
    (role, Permission(name), bool(row[column]))
    for name, row in MATRIX.items()
    for column, role in enumerate(("admin", "operator", "editor", "auditor", "caller"))
]


def test_the_matrix_is_complete():
    assert {permission.value for permission in Permission} == set(MATRIX)
    assert set(PERMISSIONS) == set(ROLES)
    assert len(CASES) == len(ROLES) * len(Permission)


@pytest.mark.parametrize(("role", "permission", "allowed"), CASES, ids=lambda value: str(value))
def test_each_role_may_do_what_the_matrix_says(role, permission, allowed):
    who = Principal("default", role, "lma-x")
    assert may(who, permission) is allowed
    if allowed:
        authorize(who, permission)
    else:
        with pytest.raises(PermissionDenied) as caught:
            authorize(who, permission)
        assert caught.value.code == "permission_denied"
    at_a_branch = replace(who, tenant="retail")
    assert may(at_a_branch, permission) is (allowed and permission not in PLATFORM_PERMISSIONS)


@pytest.mark.parametrize("role", ["", "root", "Admin", "admin ", "*"])
def test_a_role_that_there_is_not_may_nothing(role):
    assert permissions_of(role) == frozenset()
    assert not any(may(Principal("default", role, "x"), permission) for permission in Permission)


NORTH = frozenset({"north-1", "north-2"})
REACH = [
    (Principal("default", "admin", "k"), {"default", "north", "north-1", "south"}),
    (Principal("north", "admin", "k", descendants=NORTH), {"north", "north-1", "north-2"}),
    (Principal("north-1", "admin", "k"), {"north-1"}),
    (Principal("default", "editor", "k"), {"default"}),
    (Principal("north", "editor", "k", descendants=NORTH), {"north"}),
    (Principal("north", "caller", "k", descendants=NORTH), {"north"}),
]


@pytest.mark.parametrize(("who", "reached"), REACH)
def test_a_tenant_that_is_not_reached_is_as_if_not_there(who, reached):
    missing = NotFound(Message("no such base"))
    for tenant in ("default", "north", "north-1", "north-2", "south", "", "unknown"):
        if who.tenants is None or tenant in reached:
            authorize(who, Permission.KNOWLEDGE_READ, tenant=tenant)
        else:
            with pytest.raises(NotFound) as caught:
                authorize(who, Permission.KNOWLEDGE_READ, tenant=tenant, missing=missing)
            assert caught.value is missing
            assert not may(who, Permission.KNOWLEDGE_READ, tenant=tenant)


def test_an_auditor_of_a_branch_reads_its_subtree_and_no_other():
    auditor = Principal("north", "auditor", "k", descendants=NORTH)
    authorize(auditor, Permission.AUDIT_READ, tenant="north-2")
    with pytest.raises(NotFound):
        authorize(auditor, Permission.AUDIT_READ, tenant="south")
    with pytest.raises(PermissionDenied):
        authorize(auditor, Permission.CHAT)


def test_scopes_limit_by_name_and_a_base_outside_them_is_not_there():
    who = Principal("a", "caller", "k", Scopes(frozenset({"general"}), frozenset(), frozenset({"rules"})))
    authorize(who, Permission.CHAT, model="general")
    authorize(who, Permission.KNOWLEDGE_READ, knowledge_base="rules")
    with pytest.raises(PermissionDenied) as caught:
        authorize(who, Permission.CHAT, model="large")
    assert caught.value.param == "model"
    with pytest.raises(PermissionDenied) as caught:
        authorize(who, Permission.SCENARIO_ASK, scenario="knowledge-qa")
    assert caught.value.param == "scenario"
    with pytest.raises(NotFound):
        authorize(who, Permission.KNOWLEDGE_READ, knowledge_base="other")
    assert not may(who, Permission.CHAT, model="")


TENANTS = ["default", "north", "north-1", "south"]
BELOW = {"default": frozenset(TENANTS[1:]), "north": frozenset({"north-1"})}
names = st.one_of(st.none(), st.frozensets(st.sampled_from(["a", "b", "c"])))
scopes = st.builds(Scopes, names, names, names)
networks = st.lists(
    st.sampled_from(
        ["10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "192.168.1.7/32", "2001:db8::/32", "::/0"]
    ),
    max_size=3,
).map(tuple)
grants = st.builds(
    Grants,
    st.sampled_from(ROLES),
    st.sampled_from(TENANTS),
    scopes,
    networks,
    st.sampled_from([None, "2026-12-01T00:00:00.000Z", "2027-12-01T00:00:00.000Z"]),
    st.sampled_from(PRIORITIES),
)
ADDRESSES = ["10.1.2.3", "10.200.0.1", "192.168.1.7", "192.168.1.8", "2001:db8::1", "fe80::1"]


def holder(given):
    return Principal(
        given.tenant, given.role, "k", given.scopes, BELOW.get(given.tenant, frozenset()), None, given.priority,
        given.networks, given.expires_at,
    )  # fmt: skip


def abilities(who):
    """Everything that one can do, told by asking."""
    for permission in Permission:
        for tenant in TENANTS:
            for name in ("a", "b", "c"):
                for kind in ("model", "scenario", "knowledge_base"):
                    if may(who, permission, tenant=tenant, **{kind: name}):
                        yield permission, tenant, kind, name


@given(grants, grants)
@settings(max_examples=150, deadline=None)
def test_a_child_that_is_within_its_parent_can_do_nothing_more(above, below):
    parent, child = holder(above), holder(below)
    if not is_within(parent, below):
        with pytest.raises(PermissionDenied) as caught:
            check_within(parent, below)
        assert caught.value.code == "stronger_than_parent"
        assert caught.value.param in {"role", "tenant", "networks", "expires_at", "priority", *vars(Scopes())}
        return
    check_within(parent, below)
    assert set(abilities(child)) <= set(abilities(parent))
    for address in ADDRESSES:
        assert not allows(child.networks, address) or allows(parent.networks, address)
    assert parent.expires_at is None or (child.expires_at is not None and child.expires_at <= parent.expires_at)
    assert (parent.priority, child.priority) != ("batch", "interactive")


@given(grants)
@settings(max_examples=60, deadline=None)
def test_whoever_has_something_may_give_just_that(given_):
    assert is_within(holder(given_), given_)


@given(grants, grants, grants)
@settings(max_examples=150, deadline=None)
def test_a_grandchild_is_within_the_grandparent(one, two, three):
    if is_within(holder(one), two) and is_within(holder(two), three):
        assert is_within(holder(one), three)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.20.0.1", True),
        ("::ffff:10.20.0.1", True),
        ("10.21.0.1", False),
        ("2001:db8::5%eth0", True),
        ("", False),
        (None, False),
        ("10.20.0.1, 1.2.3.4", False),
        ("localhost", False),
    ],
)
def test_a_source_is_in_a_network_only_where_it_can_be_told(address, inside):
    assert allows(("10.20.0.0/16", "2001:db8::/32"), address) is inside
    assert allows((), address)


def test_two_halves_cover_the_whole():
    assert covers(("10.0.0.0/9", "10.128.0.0/9"), ("10.0.0.0/8",))
    assert not covers(("10.0.0.0/9",), ("10.0.0.0/8",))
    assert not covers(("0.0.0.0/0",), ("::/0",))
    assert not covers(("10.0.0.0/8",), ())


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "x", "", "10.0.0.0/8 ", "١.0.0.0/8"])
def test_a_network_that_cannot_be_read_is_refused(text):
    with pytest.raises(InvalidRequest) as caught:
        check_networks([text])
    assert caught.value.param == "networks"
