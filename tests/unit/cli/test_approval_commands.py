"""Second approvals from the command line: two of the machine's users, one database, nothing runs."""

import pwd
from types import SimpleNamespace

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.operations.accounts import open_accounts
from appliance.operations.audit import open_audit
from appliance.operations.operator import operator
from appliance.state.approval_people import Person
from appliance.state.audit.records import NewRecord
from appliance.state.audit.search import Filters, search

EVERYTHING = "approvals: {require: [key.export, policy.change, retention.change]}\n"


@pytest.fixture
def sit_down(monkeypatch):
    """Give a function that puts somebody else at the machine."""
    monkeypatch.delenv("SUDO_USER", raising=False)

    def sit(name):
        monkeypatch.setattr(pwd, "getpwuid", lambda _uid: SimpleNamespace(pw_name=name, pw_dir="/"))

    sit("alice")
    return sit


@pytest.fixture
def here(home, sit_down):
    """Give a home where changes need a second person, and whose audit has begun."""
    place = Home(home)
    place.create()
    place.site_file.write_text(EVERYTHING)
    with open_audit(place, SiteConfig(), begin=True) as audit:
        audit.log.append([NewRecord("system.recovered")])
    return place


def ticket_in(refused):
    assert (refused.code, refused.out) == (7, ""), refused
    name = refused.err.partition("apr_")[2][:26]
    assert f"appliance approval approve apr_{name}" in refused.err
    assert f"--approval apr_{name}" in refused.err
    return f"apr_{name}"


def test_a_key_needs_two_people_at_the_machine(run, here, sit_down):
    wish = ("key", "create", "desk", "--role", "admin", "--expires", "30d")
    ticket = ticket_in(run(*wish))
    assert ticket_in(run(*wish)) == ticket
    own = run("approval", "approve", ticket)
    assert own.code == 7
    assert "cannot decide it" in own.err
    sit_down("bob")
    shown = run("approval", "show", ticket)
    assert '"name": "desk"' in shown.out
    assert "os:alice" in shown.out
    assert run("approval", "list", "--state", "pending", "--json").json["approvals"][0]["id"] == ticket
    assert run("approval", "approve", ticket).code == 0
    assert run(*wish, "--approval", ticket).code == 7  # Bob has not asked for it
    sit_down("alice")
    assert run("key", "create", "other", "--role", "admin", "--expires", "30d", "--approval", ticket).code == 7
    made = run(*wish, "--approval", ticket)
    assert made.code == 0
    assert made.out.startswith("lma-")
    again = run(*wish, "--approval", ticket)
    assert "used already" in again.err
    (row,) = run("approval", "list", "--json").json["approvals"]
    assert (row["status"], row["asked_by"], row["decided_by"], row["used_by"]) == (
        "used", "os:alice", "os:bob", "os:alice",
    )  # fmt: skip
    assert "os:bob" in run("approval", "list").out
    with open_audit(here, SiteConfig()) as audit:
        kinds = [one.kind for one in search(audit.database, Filters(kind="admin.approval.*")).records]
    assert kinds == ["admin.approval.used", "admin.approval.approved", "admin.approval.asked"]


def test_a_rotation_a_quota_and_retention_need_two_people(run, here, sit_down):
    here.site_file.write_text("")
    key = run("key", "create", "desk").out.partition(".")[0]
    here.site_file.write_text(EVERYTHING)
    for command in (
        ("key", "rotate", key, "--overlap", "1h"),
        ("quota", "set", "key", key, "--tokens-per-day", "5"),
        ("quota", "remove", "key", key),
        ("audit", "retire", "--records-before", "2y"),
        ("audit", "retire", "--contents-before", "90d"),
    ):
        sit_down("alice")
        ticket = ticket_in(run(*command))
        sit_down("bob")
        assert run("approval", "approve", ticket, "--yes").code == 0
        sit_down("alice")
        done = run(*command, "--approval", ticket)
        assert done.code == 0, (command, done.err)
        assert run(*command, "--approval", ticket).code == 7


def test_nobody_is_asked_about_what_cannot_be(run, here):
    for command in (
        ("key", "rotate", "lma-nobody"),
        ("key", "create", "x", "--expires", "someday"),
        ("key", "create", "\x07"),
        ("quota", "set", "tenant", "nobody", "--tokens-per-day", "1"),
        ("quota", "remove", "tenant", "nobody"),
        ("audit", "retire"),
        ("audit", "retire", "--records-before", "soon"),
    ):
        assert run(*command).code == 7, command
    assert run("approval", "list", "--json").json == {"approvals": []}


def test_taking_the_rule_out_of_the_site_file_changes_nothing_before_the_next_start(run, here):
    from appliance.config.site import load_site
    from appliance.operations.applied import applying_settings

    with applying_settings(here, load_site(here.site_file)):
        pass
    here.site_file.write_text("")
    ticket_in(run("key", "create", "desk"))


def test_a_refusal_is_told_with_its_reason(run, here, sit_down):
    ticket = ticket_in(run("key", "create", "desk"))
    sit_down("bob")
    assert run("approval", "refuse", ticket).code == 2
    assert run("approval", "refuse", ticket, "--reason", " ").code == 7
    assert "不需要" in run("approval", "refuse", ticket, "--reason", "不需要").out
    sit_down("alice")
    assert "不需要" in run("key", "create", "desk", "--approval", ticket).err


def test_what_is_approved_is_what_is_shown(run, here):
    """A sign that turns the direction of the text must not make another change of it."""
    ticket = ticket_in(run("key", "rotate", run_before(here, run), "--expires", "2099-01-01"))
    with open_accounts(here, SiteConfig()) as accounts:
        hidden, _new = accounts.approvals.ask("policy.change", {"a": "safe\u202egnihton"}, Person("os:alice"))
    assert "\\u202e" in run("approval", "show", hidden.id).out
    assert "2099-01-01" in run("approval", "show", ticket).out


def run_before(here, run):
    here.site_file.write_text("")
    key = run("key", "create", "desk").out.partition(".")[0]
    here.site_file.write_text(EVERYTHING)
    return key


def test_what_is_not_there(run, home):
    assert run("approval", "list", "--json").json == {"approvals": []}
    for command in (("show", "apr_x"), ("approve", "apr_x"), ("refuse", "apr_x", "--reason", "no")):
        refused = run("approval", *command)
        assert (refused.code, refused.out) == (7, "")
        assert "no approval" in refused.err
    assert list(home.iterdir()) == []
    assert run("approval", "list", "--state", "open").code == 2


def test_the_operator_is_who_called_sudo_and_no_variable_makes_them_another(monkeypatch):
    known = {0: "root", 1000: "alice"}
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: SimpleNamespace(pw_name=known[uid]))
    monkeypatch.setattr(pwd, "getpwnam", lambda name: SimpleNamespace(pw_name={"bob": "bob"}[name]))
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    for uid, sudo, expected in (
        (1000, None, "os:alice"),
        (1000, "bob", "os:alice"),
        (0, None, "os:root"),
        (0, "bob", "os:bob"),
        (0, "nobody-there", "os:root"),
        (4711, None, "os:4711"),
    ):
        monkeypatch.setattr("os.geteuid", lambda uid=uid: uid)
        monkeypatch.setenv("SUDO_USER", sudo or "")
        assert operator() == expected
