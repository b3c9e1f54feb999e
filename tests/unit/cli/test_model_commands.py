"""`appliance model …` on a home: what is shown, and what is refused while nothing runs."""

import pytest

from appliance.cli.exit_codes import ExitCode
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.operations.accounts import open_accounts
from appliance.state.served import Served
from tests.unit.state.test_served import variant


@pytest.fixture
def served(home):
    """Write two versions of general, one of which was measured."""
    with open_accounts(Home(home), SiteConfig()) as accounts:
        found = Served(accounts.database)
        stable, candidate = (
            variant(since="2026-11-26T11:27:11.473Z"),
            variant("candidate", 2, share=10, tenants=("retail",)),
        )
        found.replace(found.read(), [stable, candidate])
        found.note_figures(candidate, {"questions": 20, "passed": 12, "ttft_p50_s": 0.25, "tokens_per_s": 41.5})


def test_versions_are_shown_with_what_was_measured(run, served):
    shown = run("model", "show", "general")
    assert shown.code == 0, shown.err
    for text in ("serves", "base:1-r1", "2026-11-26 11:27", "candidate", "10 %, retail", "12/20", "250 ms", "41.5"):
        assert text in shown.out
    data = run("model", "show", "general", "--json").json
    assert [(one["slot"], one["share"]) for one in data["variants"]] == [("stable", 0), ("candidate", 10)]
    assert (data["variants"][0]["figures"], data["variants"][1]["figures"]["passed"]) == (None, 12)


def test_a_home_that_was_never_started_has_no_versions(run, home):
    assert run("model", "show", "general", "--json").json == {"alias": "general", "revision": 0, "variants": []}
    assert list(home.iterdir()) == []
    unknown = run("model", "show", "nobody")
    assert unknown.code == ExitCode.REFUSED
    assert "general" in unknown.err


@pytest.mark.parametrize(
    "arguments",
    [("stage", "general", "base"), ("promote", "general"), ("rollback", "general"), ("drop", "general"),
     ("split", "general", "10")],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_nothing_is_switched_while_nothing_runs(run, served, arguments):
    before = run("model", "show", "general", "--json").json
    assert run("model", *arguments).code == ExitCode.NOT_RUNNING
    assert run("model", "show", "general", "--json").json == before


def test_a_percentage_has_its_bounds(run):
    assert run("model", "split", "general", "101").code == ExitCode.USAGE
