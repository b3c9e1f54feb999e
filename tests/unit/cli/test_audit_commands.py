import json

import pytest
from sqlalchemy import inspect, text

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import utc_now
from appliance.core.cryptography.choice import suite_named, write_public_keys
from appliance.core.errors import NotFound
from appliance.operations.audit import open_audit, parse_time, read_content
from appliance.state.audit.records import NewRecord
from appliance.state.audit.tables import STATEMENTS
from appliance.state.database import Database, sqlite_url


@pytest.fixture
def here(home):
    """Give a home with an audit log of four records."""
    place = Home(home)
    place.create()
    database = Database.open(sqlite_url(place.database))
    database.migrate()
    with database.write() as connection:
        if not inspect(connection).has_table("audit_records"):
            for statement in STATEMENTS:
                connection.execute(text(statement.format(blob="BLOB")))
    database.close()
    with open_audit(place, SiteConfig(), begin=True) as audit:
        audit.log.append(
            [
                NewRecord("request.opened", "r1", "retail", "lma-a", "caller", "POST /v1/ask", content="账号 6222"),
                NewRecord("request.completed", "r1", "retail", "lma-a", "caller", "POST /v1/ask", outcome="200"),
            ]
        )
        audit.log.checkpoint()
        audit.log.append([NewRecord("admin.key.created", actor="lma-root", target="lma-b", data={"name": "柜台"})] * 2)
    return place


def tamper(home, statement):
    database = Database.open(sqlite_url(home.database))
    with database.write() as connection:
        connection.execute(text(statement))
    database.close()


@pytest.mark.parametrize("command", ["verify", "export", "search"])
def test_without_a_log_every_command_says_so_and_makes_nothing(run, home, command):
    shown = run("audit", command)
    assert shown.code == 7
    assert "no audit log" in shown.err
    assert list(home.iterdir()) == []


def test_a_whole_log_ends_with_0(run, here):
    shown = run("audit", "verify")
    assert shown.code == 0
    assert "4 records, 1 to 4, and 1 checkpoints" in shown.out
    assert "Nothing was changed" in shown.out
    assert run("audit", "verify", "--json").json["ok"] is True
    assert run("audit", "verify", "--from", "2", "--to", "3", "--json").json["records"] == 2


def test_faults_end_with_9_and_are_told_with_their_place(run, here):
    tamper(here, "UPDATE audit_records SET outcome='500' WHERE seq=2")
    tamper(here, "DELETE FROM audit_records WHERE seq=4")
    shown = run("audit", "verify")
    assert shown.code == 9
    assert "Record 2: changed." in shown.out
    assert "Record 4: cut off the end." in shown.out
    told = run("audit", "verify", "--json")
    assert (told.code, told.json["ok"]) == (9, False)
    assert [(f["kind"], f["first"], f["last"]) for f in told.json["faults"]] == [("changed", 2, 2), ("cut", 4, 4)]


def test_the_key_to_trust_can_be_given(run, here, tmp_path):
    stranger = tmp_path / "key.pem"
    stranger.write_text(write_public_keys([suite_named("international").signer(bytes(32)).verifier()]))
    shown = run("audit", "verify", "--public-key", stranger)
    assert shown.code == 9
    assert "unknown key" in shown.out
    assert run("audit", "verify", "--public-key", here.root / "audit-public-keys.pem").code == 0
    assert run("audit", "verify", "--public-key", here.admin_key_file).code == 2


def test_an_export_is_checked_offline_and_recorded(run, here, tmp_path):
    path = tmp_path / "export.jsonl"
    done = run("audit", "export", "--output", path)
    assert (done.code, done.out) == (0, "")
    assert "4 records written" in done.err
    key = here.root / "audit-public-keys.pem"
    elsewhere = ("--home", tmp_path / "elsewhere")
    assert run(*elsewhere, "audit", "verify", "--file", path, "--public-key", key).code == 0
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:1] + lines[2:]))
    shown = run(*elsewhere, "audit", "verify", "--file", path, "--public-key", key)
    assert shown.code == 9
    assert "Record 2: deleted." in shown.out
    (record,) = run("audit", "search", "--kind", "admin.audit.*", "--json").json["records"]
    assert record["kind"] == "admin.audit.exported"
    assert record["actor"].startswith("os:")
    assert json.loads(record["data"])["records"] == 4


def test_a_part_is_exported_to_stdout_in_other_forms(run, here):
    lines = run("audit", "export", "--format", "cef", "--from", "2", "--to", "3").out.splitlines()
    assert [line.split("|")[4] for line in lines] == ["request.completed", "admin.key.created"]
    assert run("audit", "export", "--format", "syslog", "--from", "1h", "--to", "1").out.startswith("<110>1 ")
    assert run("audit", "export", "--format", "syslog", "--from", "2999-01-01").out == ""
    assert run("audit", "export", "--from", "someday").code == 7


def test_a_log_with_faults_is_exported_unsigned(run, here):
    tamper(here, "UPDATE audit_records SET outcome='500' WHERE seq=2")
    done = run("audit", "export")
    assert "not signed" in done.err
    assert '"type":"export"' not in done.out


def test_search_shows_a_table_and_pages(run, here):
    shown = run("audit", "search", "--tenant", "retail")
    assert "completed POST ask" in shown.out
    assert "key.created" not in shown.out
    first = run("audit", "search", "--limit", "3", "--json").json
    assert ([record["seq"] for record in first["records"]], first["before"]) == ([4, 3, 2], 2)
    assert run("audit", "search", "--text", "柜台", "--since", "1h", "--limit", "1").err.strip().endswith("--before 4.")
    assert run("audit", "search", "--until", "2000-01-01", "--json").json["records"] == []
    assert run("audit", "search", "--since", "then").code == 7


def test_it_speaks_chinese(run, here):
    assert run("--language", "zh_CN", "audit", "--help").code == 0


def test_content_is_read_only_with_a_record_of_it(run, here):
    assert read_content(here, SiteConfig(), 1, "lma-root") == "账号 6222"
    (record,) = run("audit", "search", "--kind", "admin.audit.content_read", "--json").json["records"]
    assert (record["actor"], record["target"], record["tenant"]) == ("lma-root", "1", "retail")
    with pytest.raises(NotFound):
        read_content(here, SiteConfig(), 2, "lma-root")


def test_retention_keeps_evidence(run, here):
    tamper(here, "UPDATE audit_records SET outcome='500' WHERE seq=2")
    ever = ("audit", "retire", "--records-before", "2999-01-01", "--contents-before", "2999-01-01", "--json")
    refused = run(*ever)
    assert refused.code != 0
    assert "evidence" in refused.err
    tamper(here, "UPDATE audit_records SET outcome='200' WHERE seq=2")
    assert run(*ever).json == {"records": 2, "contents": 1}
    shown = run("audit", "verify")
    assert shown.code == 0
    assert "Records 1 to 2 were removed by retention" in shown.out


def test_retention_wants_to_know_what(run, here):
    refused = run("audit", "retire")
    assert refused.code != 0
    assert "--records-before 2y" in refused.err
    assert run("audit", "retire", "--records-before", "soon").code != 0


def test_times_are_spans_back_or_dates():
    now = utc_now().replace(2026, 11, 24, 12, 0, 0, 0)
    assert parse_time("12h", now) == "2026-11-24T00:00:00.000Z"
    assert parse_time("2026-11-01", now) == "2026-11-01T00:00:00.000Z"
    assert parse_time("2026-11-01T08:00:00+08:00", now) == "2026-11-01T00:00:00.000Z"


def test_a_kept_text_is_shown_under_the_systems_user(run, here):
    assert run("audit", "content", "1").out.strip() == "账号 6222"
    assert run("audit", "content", "1", "--json").json == {"seq": 1, "content": "账号 6222"}
    records = run("audit", "search", "--kind", "admin.audit.content_read", "--json").json["records"]
    assert [record["target"] for record in records] == ["1", "1"]
    assert all(record["actor"].startswith("os:") for record in records)
    assert run("audit", "content", "2").code == 7
