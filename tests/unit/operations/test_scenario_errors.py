"""The last errors of a scenario, out of the audit log."""

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.operations.audit import open_audit
from appliance.operations.scenario_errors import ScenarioError, last_errors
from appliance.state.audit.records import NewRecord


def record(request, outcome, target="advisor", kind="request.completed"):
    return NewRecord(kind, request, "bank", "lma-a", "caller", "POST /v1/scenarios", target, outcome)


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    with open_audit(home, SiteConfig(), begin=True) as audit:
        audit.log.append(
            [
                record("req_1", "ok"),
                record("req_2", "content_filter"),
                record("req_3", "unavailable", target="reports"),
                record("req_4", "held"),
                record("req_5", "internal_error"),
                record("req_6", "unavailable", kind="request.aborted"),
                *(record(f"req_ok_{number}", "ok") for number in range(250)),
            ]
        )
    return home


def test_those_of_one_scenario_newest_first(home):
    found = last_errors(home, SiteConfig(), "advisor")
    assert [(one.code, one.request_id) for one in found] == [("internal_error", "req_5"), ("content_filter", "req_2")]
    assert all(isinstance(one, ScenarioError) and one.at.endswith("Z") for one in found)
    assert [one.request_id for one in last_errors(home, SiteConfig(), "advisor", most=1)] == ["req_5"]


def test_an_appliance_that_never_started_has_none(tmp_path):
    assert last_errors(Home(tmp_path / "new"), SiteConfig(), "advisor") == ()
    assert not (tmp_path / "new").exists()
