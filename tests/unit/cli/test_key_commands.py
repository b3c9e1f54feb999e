import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from appliance.core.errors import InvalidRequest
from appliance.operations.keys import parse_expiry

FIELDS = [
    "id", "name", "tenant", "role", "created_at", "expires_at", "revoked_at", "scopes", "networks", "priority",
    "parent", "user_id", "replaced_by", "last_used", "stopped_by", "state",
]  # fmt: skip
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_key_is_made_listed_and_revoked_while_the_appliance_is_down(run):
    made = run("key", "create", "loan desk", "--tenant", "retail", "--expires", "30d")
    assert made.code == 0
    key = made.out.strip()
    assert key.startswith("lma-")
    assert "only time" in made.err
    key_id, secret = key.split(".")

    listed = run("key", "list", "--json")
    assert listed.code == 0
    (row,) = listed.json["keys"]
    assert list(row) == FIELDS
    assert (row["id"], row["name"], row["tenant"], row["state"]) == (key_id, "loan desk", "retail", "active")

    table = run("key", "list")
    assert key_id in table.out
    assert "loan desk" in table.out
    assert secret not in table.out + listed.out

    revoked = run("key", "revoke", key_id)
    assert (revoked.code, revoked.out) == (0, "")
    assert run("key", "list", "--json").json["keys"][0]["state"] == "revoked"
    assert run("key", "revoke", key_id).code == 0


def test_json_of_create_and_revoke(run):
    made = run("key", "create", "a", "--role", "admin", "--json")
    assert list(made.json) == [*FIELDS, "key"]
    assert made.err == ""
    revoked = run("key", "revoke", made.json["id"], "--json")
    assert list(revoked.json) == FIELDS
    assert revoked.json["state"] == "revoked"


def test_the_home_is_closed_to_others_and_the_pepper_is_its_owners(run, tmp_path):
    run("key", "create", "a")
    for path, mode in (("", 0o700), ("secrets", 0o700), ("state", 0o700), ("secrets/pepper", 0o600)):
        assert stat.S_IMODE((tmp_path / "home" / path).stat().st_mode) == mode


def test_listing_makes_nothing(run, tmp_path):
    assert run("key", "list", "--json").json == {"keys": []}
    assert "Nothing there yet." in run("key", "list").out
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["key", "revoke", "lma-aaaaaaaaaaaa"], "There is no key lma-aaaaaaaaaaaa"),
        (["key", "create", "a", "--expires", "soon"], "cannot be read"),
        (["key", "create", "a", "--expires", "2020-01-01"], "in the past"),
        (["key", "create", "a", "--tenant", "A B"], "tenant"),
        (["key", "create", " "], "printable"),
        (["key", "create", "a", "--network", "10.0.0.1/8"], "10.0.0.1/8"),
        (["key", "create", "a", "--parent", "lma-aaaaaaaaaaaa"], "There is no key lma-aaaaaaaaaaaa"),
        (["key", "rotate", "lma-aaaaaaaaaaaa"], "There is no key lma-aaaaaaaaaaaa"),
    ],
)
def test_what_cannot_be_done_is_refused_and_makes_no_key(run, arguments, told):
    shown = run(*arguments)
    assert shown.code == 7
    assert told in shown.err
    assert run("key", "list", "--json").json == {"keys": []}


def test_the_home_option_counts_more_than_the_environment(run, tmp_path):
    run("--home", tmp_path / "other", "key", "create", "a")
    assert (tmp_path / "other" / "state" / "appliance.db").exists()
    assert not (tmp_path / "home").exists()


def test_a_full_disk_is_told_and_has_its_exit_code(run, small_disk):
    (small_disk / "rest").write_bytes(b"")
    with (small_disk / "rest").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    shown = run("--home", small_disk / "home", "key", "create", "a")
    assert shown.code == 3
    assert "full" in shown.err
    assert "Traceback" not in shown.err


def test_a_closed_pipe_ends_quietly(tmp_path):
    command = f"{sys.executable} -m appliance.cli.main key list --json | true"
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "APPLIANCE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr


def test_a_key_is_limited_rotated_and_made_with_another(run):
    limits = ("--model", "general", "--base", "rules", "--base", "terms", "--network", "10.0.0.0/8", "--expires", "30d")
    parent = run("key", "create", "parent", "--tenant", "retail", "--role", "admin", *limits, "--json").json
    assert parent["scopes"] == {"models": ["general"], "scenarios": None, "knowledge_bases": ["rules", "terms"]}
    child = run(
        "key", "create", "child", "--parent", parent["id"], "--priority", "batch", "--base", "terms", "--json"
    ).json
    assert (child["tenant"], child["role"], child["priority"]) == ("retail", "caller", "batch")
    assert child["scopes"]["knowledge_bases"] == ["terms"]
    assert (child["networks"], child["expires_at"]) == (["10.0.0.0/8"], parent["expires_at"])
    refused = run("key", "create", "more", "--parent", parent["id"], "--model", "large")
    assert refused.code == 7
    assert "Nobody can give more than they have" in refused.err
    successor = run("key", "rotate", child["id"], "--overlap", "12h", "--json").json
    assert successor["scopes"] == child["scopes"]
    rows = {row["id"]: row for row in run("key", "list", "--json").json["keys"]}
    assert rows[child["id"]]["replaced_by"] == successor["id"]
    assert rows[child["id"]]["expires_at"] < child["expires_at"]
    run("key", "revoke", parent["id"])
    rows = {row["id"]: row for row in run("key", "list", "--json").json["keys"]}
    assert rows[successor["id"]]["state"] == "stopped"
    assert "stopped" in run("key", "list").out


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12h", NOW + timedelta(hours=12)),
        ("30d", NOW + timedelta(days=30)),
        ("8w", NOW + timedelta(weeks=8)),
        ("1y", NOW + timedelta(days=365)),
        (" 1d ", NOW + timedelta(days=1)),
        ("2027-12-31", datetime(2027, 12, 31, tzinfo=UTC)),
        ("2027-12-31T08:00:00+08:00", datetime(2027, 12, 31, tzinfo=UTC)),
        ("2027-12-31T08:00:00Z", datetime(2027, 12, 31, 8, tzinfo=UTC)),
    ],
)
def test_an_expiry_is_a_span_or_a_date(text, moment):
    assert parse_expiry(text, NOW) == moment


@pytest.mark.parametrize("text", ["d", "30", "-1d", "1.5d", "99999y", "３d", "31.12.2027", "2027-13-01", "tomorrow"])
def test_an_expiry_that_cannot_be_read_is_refused(text):
    with pytest.raises(InvalidRequest):
        parse_expiry(text, NOW)
