import io
import sys

import pytest
from argon2 import PasswordHasher

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.operations.accounts import open_accounts
from appliance.state.accounts import passwords

PASSWORD = "seven green boats 7"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    """Hash with little memory: what is tested here is the command line."""
    monkeypatch.setattr(passwords, "PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def typed(monkeypatch):
    """Give a function that puts a line into stdin."""
    return lambda line: monkeypatch.setattr(sys, "stdin", io.StringIO(line))


def test_tenants_are_added_and_listed_as_a_tree(run):
    assert run("tenant", "add", "north", "--title", "北方分行").code == 0
    made = run("tenant", "add", "north-1", "--under", "north", "--json").json
    assert (made["parent"], made["path"]) == ("north", "default/north/north-1/")
    listed = run("tenant", "list", "--json").json["tenants"]
    assert [tenant["name"] for tenant in listed] == ["default", "north", "north-1"]
    table = run("tenant", "list").out
    assert "北方分行" in table
    assert "    north-1" in table


def test_a_user_is_added_with_a_password_from_stdin_and_managed(run, typed, tmp_path):
    typed(f"{PASSWORD}\n")
    made = run("user", "add", "wang", "--title", "王小明", "--role", "editor", "--json")
    assert (made.json["name"], made.json["role"], made.json["state"]) == ("wang", "editor", "active")
    assert PASSWORD not in made.out + made.err
    assert "argon2" not in made.out
    home = Home(tmp_path / "home")
    with open_accounts(home, SiteConfig()) as accounts:
        _user, stored = accounts.users.credentials("wang")
        assert accounts.users.passwords.verify(stored, PASSWORD)
        for _number in range(5):
            accounts.lockout.begin("local:wang", None)
    assert run("user", "list", "--json").json["users"][0]["locked_until"] is not None
    assert "paused" in run("user", "list").out
    assert run("user", "unlock", "wang").code == 0
    assert run("user", "list", "--json").json["users"][0]["locked_until"] is None
    with open_accounts(home, SiteConfig()) as accounts:
        accounts.lockout.begin("local:wang", None)
    typed("another boat 88 x")
    assert run("user", "password", "wang").code == 0
    assert run("user", "disable", "wang").code == 0
    assert run("user", "list", "--json").json["users"][0]["state"] == "disabled"
    assert "disabled" in run("user", "list").out
    assert run("user", "enable", made.json["id"], "--json").json["state"] == "active"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["user", "add", "wang", "--tenant", "nowhere"], "There is no tenant"),
        (["user", "add", "a b"], "cannot be used"),
        (["user", "disable", "wang"], "There is no user"),
        (["user", "password", "wang"], "There is no user"),
        (["tenant", "add", "A"], "cannot be used"),
        (["tenant", "add", "a", "--under", "nowhere"], "There is no tenant"),
        (["tenant", "add", "default"], "there already"),
    ],
)
def test_what_cannot_be_done_is_refused(run, typed, arguments, told):
    typed(PASSWORD)
    shown = run(*arguments)
    assert shown.code == 7
    assert told in shown.err
    assert run("user", "list", "--json").json == {"users": []}


def test_a_weak_password_makes_nobody(run, typed):
    typed("password1234\n")
    shown = run("user", "add", "wang")
    assert shown.code == 7
    assert "password1234" not in shown.err
    assert run("user", "list", "--json").json == {"users": []}


def test_listing_makes_nothing(run, tmp_path):
    assert run("user", "list", "--json").json == {"users": []}
    assert run("tenant", "list", "--json").json == {"tenants": []}
    assert not (tmp_path / "home").exists()


def test_no_command_takes_a_password_as_an_argument(run):
    for command in ("add", "password"):
        assert "--password" not in run("user", command, "--help").out
        assert run("user", command, "wang", PASSWORD).code == 2
