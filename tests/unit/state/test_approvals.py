"""Second approvals on a real database: one exact change, two people, one use."""

import json
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.clock import iso
from appliance.core.errors import ApplianceError, ApprovalNeeded, Conflict, InvalidRequest, NotFound, PermissionDenied
from appliance.core.principal import Principal
from appliance.state.accounts.tenants import Tenants
from appliance.state.accounts.users import Users
from appliance.state.applied_settings import Applied, write_applied
from appliance.state.approval_people import Person
from appliance.state.approval_records import canonical, sha256_of
from appliance.state.approvals import ApprovalRules, Approvals
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.search import Filters, search
from appliance.state.database import Database, sqlite_url
from appliance.state.keys import KeyRing

ALICE, BOB, EVE = Person("os:alice"), Person("os:bob"), Person("os:eve")
CHANGE = {"action": "key.create", "name": "desk", "role": "caller"}
KEY = "key.export"


class Clock:
    def __init__(self):
        self.now = datetime(2026, 11, 26, 10, tzinfo=UTC)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(database):
    """Give an empty database, once of each kind."""
    return database


@pytest.fixture
def log(store, tmp_path):
    made = AuditLog(store, AuditKeys(tmp_path / "keys", tmp_path / "keys.pem", "international"))
    made.begin()
    return made


@pytest.fixture
def approvals(store, log, clock):
    return Approvals(store, ApprovalRules(frozenset({KEY}), 24), log, clock=clock)


def asked(approvals, by=ALICE, change=CHANGE, tenant="default"):
    return approvals.ask(KEY, change, by, tenant)[0]


def test_a_change_is_asked_for_approved_and_made_once(approvals, store):
    with pytest.raises(ApprovalNeeded) as refused:
        approvals.demand(KEY, CHANGE, ALICE)
    ticket = refused.value.details["approval"]
    told = str(refused.value)
    assert ticket.startswith("apr_")
    assert f"appliance approval approve {ticket}" in told
    assert f"--approval {ticket}" in told
    with pytest.raises(ApprovalNeeded):
        approvals.demand(KEY, CHANGE, ALICE, ticket)  # nobody has agreed yet
    approvals.decide(ticket, "approved", BOB)
    assert approvals.demand(KEY, dict(reversed(CHANGE.items())), ALICE, ticket).id == ticket
    with pytest.raises(Conflict) as again:
        approvals.demand(KEY, CHANGE, ALICE, ticket)
    assert again.value.code == "approval_used"
    noted = [(one.kind, one.actor, one.target) for one in reversed(search(store, Filters()).records)]
    assert noted[-3:] == [
        ("admin.approval.asked", "os:alice", ticket),
        ("admin.approval.approved", "os:bob", ticket),
        ("admin.approval.used", "os:alice", ticket),
    ]
    used = json.loads(search(store, Filters(kind="admin.approval.used")).records[0].data)
    assert (used["asked_by"], used["decided_by"]) == ("os:alice", "os:bob")
    first = json.loads(search(store, Filters(kind="admin.approval.asked")).records[0].data)
    assert first["change"] == CHANGE


def test_what_is_not_required_needs_nobody(approvals):
    assert approvals.demand("policy.change", CHANGE, ALICE) is None
    assert approvals.list() == []


def test_who_asks_twice_has_asked_once(approvals):
    first = asked(approvals)
    assert approvals.ask(KEY, CHANGE, ALICE) == (first, False)
    assert approvals.ask(KEY, {**CHANGE, "role": "admin"}, ALICE)[1]
    assert approvals.ask(KEY, CHANGE, EVE)[1]
    assert len(approvals.list()) == 3


def test_a_ticket_is_for_exactly_one_change_and_its_asker(approvals):
    ticket = asked(approvals)
    approvals.decide(ticket.id, "approved", BOB)
    for kind, change, by, error, code in (
        (KEY, {**CHANGE, "role": "admin"}, ALICE, Conflict, "approval_mismatch"),
        (KEY, {**CHANGE, "more": None}, ALICE, Conflict, "approval_mismatch"),
        ("policy.change", CHANGE, ALICE, Conflict, "approval_mismatch"),
        (KEY, CHANGE, BOB, NotFound, "not_found"),
    ):
        with pytest.raises(error) as refused:
            approvals.use(kind, change, by, ticket.id)
        assert refused.value.code == code
    assert approvals.get(ticket.id).used_at is None
    assert approvals.use(KEY, CHANGE, ALICE, ticket.id).id == ticket.id


@pytest.mark.parametrize("name", ["", "apr_x", "apr_\u4e2d", "apr_\x00", "x" * 5000, "' OR 1=1 --"])
def test_an_approval_that_is_not_there(approvals, name):
    for call in (
        lambda: approvals.use(KEY, CHANGE, ALICE, name),
        lambda: approvals.decide(name, "approved", BOB),
        lambda: approvals.get(name),
    ):
        with pytest.raises(NotFound):
            call()


def test_nobody_decides_their_own(approvals, store):
    ticket = asked(approvals)
    for decision, reason in (("approved", None), ("refused", "no")):
        with pytest.raises(PermissionDenied) as refused:
            approvals.decide(ticket.id, decision, ALICE, reason=reason)
        assert refused.value.code == "own_request"
    assert approvals.get(ticket.id).decision is None


def test_a_refusal_has_a_reason_and_ends_it(approvals):
    ticket = asked(approvals)
    for reason in (None, "", "  ", "x" * 1001, "bell \x07"):
        with pytest.raises(InvalidRequest):
            approvals.decide(ticket.id, "refused", BOB, reason=reason)
    approvals.decide(ticket.id, "refused", BOB, reason=" 不需要 \n admin ")
    assert approvals.get(ticket.id).reason == "不需要 admin"
    with pytest.raises(PermissionDenied, match="不需要") as refused:
        approvals.use(KEY, CHANGE, ALICE, ticket.id)
    assert refused.value.code == "approval_refused"
    with pytest.raises(Conflict):
        approvals.decide(ticket.id, "approved", EVE)


def test_requests_and_approvals_expire(approvals, clock):
    late, good = asked(approvals), asked(approvals, change={"other": 1})
    clock.now += timedelta(hours=20)
    approvals.decide(good.id, "approved", BOB)
    clock.now += timedelta(hours=5)
    assert approvals.get(late.id).status(iso(clock.now)) == "expired"
    with pytest.raises(Conflict):
        approvals.decide(late.id, "approved", BOB)
    assert approvals.ask(KEY, CHANGE, ALICE)[1]  # the expired one does not stand in the way
    # An approval is good from the moment it was given.
    assert approvals.get(good.id).status(iso(clock.now)) == "approved"
    clock.now += timedelta(hours=20)
    with pytest.raises(Conflict) as refused:
        approvals.use(KEY, {"other": 1}, ALICE, good.id)
    assert refused.value.code == "approval_expired"


def test_lists_agree_with_the_status_of_each(approvals, clock):
    names = ("pending", "approved", "refused", "expired", "used")
    tickets = {name: asked(approvals, change={"n": name}) for name in names if name != "pending"}
    approvals.decide(tickets["refused"].id, "refused", BOB, reason="no")
    approvals.decide(tickets["used"].id, "approved", BOB)
    approvals.use(KEY, {"n": "used"}, ALICE, tickets["used"].id)
    clock.now += timedelta(hours=23)
    approvals.decide(tickets["approved"].id, "approved", BOB)
    clock.now += timedelta(hours=2)
    tickets["pending"] = asked(approvals, change={"n": "pending"})
    for name in names:
        assert [one.id for one in approvals.list(status=name)] == [tickets[name].id]
        assert approvals.get(tickets[name].id).status(iso(clock.now)) == name
    everything = [one.id for one in approvals.list()]
    assert everything == sorted(everything, reverse=True)
    assert [one.id for one in approvals.list(limit=2)] == everything[:2]
    assert [one.id for one in approvals.list(after=everything[1])] == everything[2:]
    assert approvals.list(after="\x00") != []


def test_tenants_see_their_own(approvals, store):
    Tenants(store).add("north")
    own, other = asked(approvals, tenant="north"), asked(approvals, change={"b": 1})
    north = Principal("north", "admin", "lma-north")
    assert [one.id for one in approvals.list(north)] == [own.id]
    with pytest.raises(NotFound):
        approvals.get(other.id, north)
    with pytest.raises(NotFound):
        approvals.decide(other.id, "approved", Person.of(north), who=north)
    head = Principal("default", "admin", "lma-head")
    assert len(approvals.list(head)) == 2
    assert approvals.decide(own.id, "approved", Person.of(north), who=north).decided_by == "lma-north"


def test_many_at_once_use_and_decide_one_ticket_once(approvals):
    ticket = asked(approvals)
    outcomes = []

    def run(call):
        try:
            call()
            outcomes.append("done")
        except ApplianceError as error:
            outcomes.append(error.code)

    def together(calls):
        threads = [threading.Thread(target=run, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = sorted(outcomes)
        outcomes.clear()
        return found

    people = [Person(f"os:p{number}") for number in range(6)]
    decisions = [partial(approvals.decide, ticket.id, "approved", person) for person in people]
    assert together(decisions) == ["approval_decided"] * 5 + ["done"]
    uses = [lambda: approvals.use(KEY, CHANGE, ALICE, ticket.id)] * 6
    assert together(uses) == ["approval_used"] * 5 + ["done"]


def test_where_the_audit_cannot_be_written_nothing_is_decided(approvals, store, tmp_path):
    ticket = asked(approvals)
    for path in (tmp_path / "keys").iterdir():
        path.unlink()
    broken = Approvals(
        store, ApprovalRules(frozenset({KEY})),
        AuditLog(store, AuditKeys(tmp_path / "keys", tmp_path / "other.pem", "international")),
    )  # fmt: skip
    with pytest.raises(ApplianceError):
        broken.decide(ticket.id, "approved", BOB)
    assert approvals.get(ticket.id).decision is None


# People


@pytest.fixture
def ring(store):
    return KeyRing(store, bytes(32))


def decides(approvals, asker, decider):
    ticket = asked(approvals, by=asker, change={"of": str(asker), "by": str(decider)})
    try:
        approvals.decide(ticket.id, "approved", decider)
    except PermissionDenied as error:
        return error.code != "own_request"
    return True


def test_one_person_by_other_names_is_still_one(approvals, store, ring):
    root, _key = ring.create("root", role="admin")
    child, _key = ring.create("child", role="admin", parent=root.principal())
    sister, _key = ring.create("sister", role="admin", parent=root.principal())
    stranger, _key = ring.create("stranger", role="admin")
    users = Users(store)
    user = users.add("alice", "seven green boats 7", role="admin")
    own, _key = ring.create("of alice", role="admin", user_id=user.id)
    made, _key = ring.create(
        "made by alice", role="admin", parent=Principal("default", "admin", user.id, user_id=user.id)
    )
    person = {record.name: Person.of(record.principal()) for record in (root, child, sister, stranger, own, made)}
    session = Person(user.id, user.id)
    for one, other in (
        (person["root"], person["child"]),  # who makes a key has seen it
        (person["child"], person["root"]),
        (session, person["of alice"]),
        (person["of alice"], session),
        (session, person["made by alice"]),
        (session, ALICE),  # the same name at the machine
        (ALICE, person["of alice"]),
    ):
        assert not decides(approvals, one, other), (one, other)
    for one, other in (
        (person["child"], person["sister"]),
        (person["stranger"], person["root"]),
        (session, person["stranger"]),
        (session, BOB),
        (ALICE, BOB),
    ):
        assert decides(approvals, one, other), (one, other)


def test_a_rotated_key_is_the_same_person(approvals, ring):
    old, _key = ring.create("a", role="admin")
    new, _key = ring.rotate(old.id, timedelta(days=1))
    newest, _key = ring.rotate(new.id, timedelta(days=1))
    first, last = Person.of(old.principal()), Person.of(newest.principal())
    assert not decides(approvals, first, last)
    assert not decides(approvals, last, first)
    # The asker uses the ticket with the name that asked.
    ticket = asked(approvals, by=first)
    assert approvals.get(ticket.id).asked_by == old.id


def test_the_key_that_lies_on_the_machine_belongs_to_whoever_works_there(store, ring, log):
    first, _key = ring.create("admin", role="admin")
    child, _key = ring.create("child", role="admin", parent=first.principal())
    other, _key = ring.create("other", role="admin")
    approvals = Approvals(store, ApprovalRules(frozenset({KEY})), log, machine_keys=lambda: frozenset({first.id}))
    admin, below, stranger = (Person.of(record.principal()) for record in (first, child, other))
    assert not decides(approvals, ALICE, admin)
    assert not decides(approvals, admin, ALICE)
    assert not decides(approvals, ALICE, below)
    assert decides(approvals, ALICE, stranger)
    assert decides(approvals, ALICE, BOB)


# Rules of the policy that was applied


def test_what_was_applied_last_still_asks_for_a_second_person(store, clock):
    approvals = Approvals(store, ApprovalRules(), clock=clock)
    assert not approvals.required(KEY)
    text = canonical({"approvals": {"require": [KEY]}})
    with store.write() as connection:
        write_applied(connection, "policy", Applied("policy", sha256_of(text), text, iso(clock()), "os:x"))
    assert approvals.required(KEY)
    assert not approvals.required("policy.change")
    with store.write() as connection:
        write_applied(connection, "policy", None)
    assert not approvals.required(KEY)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("ask", "approve", "refuse", "use", "wait")), st.sampled_from((ALICE, BOB, EVE)),
            st.integers(0, 1),
        ),
        max_size=25,
    )
)  # fmt: skip
def test_no_change_is_ever_made_without_another_persons_fresh_approval(tmp_path_factory, steps):
    store = Database.open(sqlite_url(tmp_path_factory.mktemp("approvals") / "a.db"))
    store.migrate()
    clock = Clock()
    approvals = Approvals(store, ApprovalRules(frozenset({KEY}), 24), clock=clock)
    tickets, agreed, spent = {}, {}, set()
    for what, who, number in steps:
        change = {"n": number}
        clock.now += timedelta(hours=11 if what == "wait" else 0)
        ticket = tickets.get(number)
        try:
            if what == "ask":
                tickets[number] = approvals.ask(KEY, change, who)[0]
            elif ticket and what in ("approve", "refuse"):
                decision = "approved" if what == "approve" else "refused"
                approvals.decide(ticket.id, decision, who, reason="no")
                assert who.name != ticket.asked_by
                assert ticket.id not in agreed
                agreed[ticket.id] = (what, clock.now)
            elif ticket and what == "use":
                approvals.use(KEY, change, who, ticket.id)
                assert who.name == ticket.asked_by
                decision, moment = agreed[ticket.id]
                assert decision == "approve"
                assert clock.now - moment < timedelta(hours=24)
                assert ticket.id not in spent
                spent.add(ticket.id)
        except ApplianceError:
            pass
    store.close()
