import csv

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import iso, utc_now
from appliance.operations.audit import open_audit
from appliance.state.accounts.tenants import Tenants
from appliance.state.audit.search import Filters, search
from appliance.state.database import Database, sqlite_url
from appliance.state.usage import UsageRecord, add_usage

TODAY = iso(utc_now())


@pytest.fixture
def here(home):
    """Give a home where three requests were served: two today, one long ago."""
    place = Home(home)
    place.create()
    database = Database.open(sqlite_url(place.database))
    database.migrate()
    tenants = Tenants(database)
    tenants.add("retail")
    tenants.add("cards", parent="retail")
    records = [
        UsageRecord(
            number, f"req_{number}", at, tenant, "lma-a", "caller", "POST /v1/chat/completions", "general", model,
            "interactive", 200, "stop", 100, 20, 1.0,
        )
        for number, (at, tenant, model) in enumerate(
            [(TODAY, "retail", "general"), (TODAY, "cards", ""), ("2020-02-29T10:00:00.000Z", "default", "general")]
        )
    ]  # fmt: skip
    with database.write() as connection:
        add_usage(connection, records)
    database.close()
    return place


def tenants_of(shown):
    return [row["tenant"] for row in shown.json["usage"]]


def test_usage_is_shown_by_day_and_tenant(run, here):
    shown = run("usage", "--json")
    assert [row["day"] for row in shown.json["usage"]] == ["2020-02-29", TODAY[:10], TODAY[:10]]
    assert tenants_of(run("usage", "--json", "--tenant", "retail")) == ["cards", "retail"]
    assert tenants_of(run("usage", "--json", "--until", "2020-02-29")) == ["default"]
    assert tenants_of(run("usage", "--json", "--since", "1d")) == ["cards", "retail"]
    assert "2020-02-29  default" in run("usage").out


@pytest.mark.parametrize(
    ("arguments", "told"), [(("--tenant", "nobody"), "no tenant"), (("--since", "soon"), "cannot be read")]
)
def test_usage_of_what_is_not_there_is_refused(run, here, arguments, told):
    shown = run("usage", *arguments)
    assert (shown.code, shown.out) == (7, "")
    assert told in shown.err


def test_usage_as_csv_is_what_json_has(run, here, tmp_path):
    path = tmp_path / "usage.csv"
    done = run("usage", "--csv", path)
    assert (done.code, done.out) == (0, "")
    assert "3 lines" in done.err
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [{key: str(value) for key, value in row.items()} for row in run("usage", "--json").json["usage"]]


def test_a_new_home_has_no_usage_and_none_is_made(run, home):
    assert run("usage", "--json").json == {"usage": []}
    assert [row["name"] for row in run("quota", "list", "--json").json["quotas"]] == ["*"]
    assert list(home.iterdir()) == []


def test_a_quota_is_set_listed_and_removed(run, here):
    here.site_file.write_text(
        "quotas: {default: {concurrent_requests: 4}, tenants: {retail: {tokens_per_day: 1000}}}\n"
    )
    done = run("quota", "set", "tenant", "retail", "--tokens-per-month", "5000", "--tokens-per-day", "none", "--json")
    assert done.json == {
        "scope": "tenant", "name": "retail", "limits": {"tokens_per_day": None, "tokens_per_month": 5000}
    }  # fmt: skip
    every, retail = run("quota", "list", "--json").json["quotas"]
    assert (every["scope"], every["name"], every["limits"]) == ("key", "*", {"concurrent_requests": 4})
    assert (retail["limits"], retail["set"]) == ({"tokens_per_month": 5000}, ["tokens_per_day", "tokens_per_month"])
    # Those of the tenant below count too.
    assert retail["used"] == {"tokens_per_day": 240, "tokens_per_month": 240}
    table = run("quota", "list").out
    assert "each without one of its own" in table
    assert "5,000" in table
    gone = run("quota", "remove", "tenant", "retail", "--json")
    assert gone.json == {"scope": "tenant", "name": "retail", "limits": {}}
    assert run("quota", "list", "--json").json["quotas"][1]["limits"] == {"tokens_per_day": 1000}
    assert run("quota", "remove", "tenant", "retail").code == 7


def test_a_quota_needs_a_subject_that_is_there_and_a_number(run, here):
    key_id = run("key", "create", "desk", "--tenant", "retail").out.partition(".")[0]
    assert run("quota", "set", "key", key_id, "--requests-per-minute", "60").code == 0
    assert run("quota", "set", "model", "general", "--requests-per-minute", "0").code == 0
    for arguments in (
        ("tenant", "nobody", "--tokens-per-day", "1"),
        ("key", "lma-nobody", "--tokens-per-day", "1"),
        ("key", "lmu-nobody", "--tokens-per-day", "1"),
        ("model", "nobody", "--tokens-per-day", "1"),
        ("tenant", "retail", "--tokens-per-day", "many"),
        ("tenant", "retail", "--tokens-per-day", "9" * 19),
        ("tenant", "retail"),
    ):
        refused = run("quota", "set", *arguments)
        assert (refused.code, refused.out) == (7, ""), arguments
    assert run("quota", "set", "floor", "retail").code == 2
    assert len(run("quota", "list", "--json").json["quotas"]) == 3


def test_a_change_is_in_the_audit_log(run, here):
    with open_audit(here, SiteConfig(), begin=True):
        pass
    run("quota", "set", "tenant", "retail", "--concurrent-requests", "3")
    with open_audit(here, SiteConfig()) as audit:
        (record,) = search(audit.database, Filters()).records
    assert (record.kind, record.target, record.data) == (
        "admin.quota.set", "tenant retail", '{"limits":{"concurrent_requests":3}}',
    )  # fmt: skip
    assert record.actor.startswith("os:")
