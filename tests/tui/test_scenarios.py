"""What somebody sees of scenarios and tries, key by key, against the routes' double."""

import asyncio

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import NotRunning
from appliance.core.messages import _
from appliance.operations.audit import find_records, open_audit
from appliance.state.audit.records import NewRecord
from appliance.state.audit.search import Filters
from appliance.tui.identity import Who
from appliance.tui.local import Local
from appliance.tui.screens.scenarios import ScenariosScreen
from appliance.tui.screens.scenarios_one import ScenarioScreen
from tests.tui.recorded import AUDITOR, screen_text, settled
from tests.tui.scenarios_double import ScenariosDouble
from tests.tui.screens_of_knowledge import app_with, opened, press

CALLER = Who(tenant="bank", role="caller", permissions=frozenset({"scenario.ask"}))


@pytest.fixture
def double():
    return ScenariosDouble()


@pytest.fixture
def key_file(tmp_path):
    (tmp_path / "a.key").write_text("key-1")
    return tmp_path / "a.key"


@pytest.fixture
def app(double, key_file):
    return app_with(scenarios=double.source(key_file))


def keys_of(app):
    return {entry.binding.id for entry in app.screen.active_bindings.values() if entry.enabled}


async def test_the_list_with_states_and_counts(app):
    async with app.run_test(size=(120, 30)) as pilot:
        text = await opened(pilot)
        for words in ("Knowledge Q&A", "● running", "2/2", "30.4k", "▲ unhealthy", "◌ asleep", "$ appliance status"):
            assert words in text
        assert "▲ reports  The replica was restarted twice" in text
        assert isinstance(app.screen, ScenariosScreen)
        assert "智能知识问答" in await press(pilot, "l")


async def test_who_may_not_see_the_status_sees_the_scenarios(double, key_file):
    refused = NotRunning(_("The key may not."), _("Use an admin key."))
    app = app_with(scenarios=double.source(key_file), who=CALLER, refused=refused)
    async with app.run_test() as pilot:
        text = await opened(pilot)
        assert "Knowledge Q&A" in text
        assert "States and counts are for administrators." in text
        assert "scenarios.try" in keys_of(app)


async def test_an_auditor_tries_nothing(double, key_file):
    app = app_with(scenarios=double.source(key_file), who=AUDITOR)
    async with app.run_test() as pilot:
        assert "Read only: this key may not ask scenarios." in await opened(pilot)
        assert "scenarios.try" not in keys_of(app)
        await press(pilot, "t")
        assert isinstance(app.screen, ScenariosScreen)
        text = " ".join((await press(pilot, "down", "down", "down", "enter", "enter")).split())
        assert "The call of ask is in the clipboard." in text


async def test_the_last_list_stays_when_the_appliance_goes_away(app, double):
    async with app.run_test() as pilot:
        await opened(pilot)
        double.down = True
        text = await press(pilot, "r")
        for words in ("No appliance answers", "Last seen", "Trying again every 10 s", "Knowledge Q&A"):
            assert words in text
        assert app.screen.has_class("-stale")
        double.down = False
        assert "No appliance answers" not in await press(pilot, "r")


async def test_one_scenario_with_a_call_to_copy(app):
    async with app.run_test(size=(100, 40)) as pilot:
        text = await opened(pilot, "down", "down", "down", "enter")
        assert isinstance(app.screen, ScenarioScreen)
        for words in (
            "Actions below /v1/scenarios/knowledge-qa", "POST /ask", "curl -s -H", "$APPLIANCE_KEY", "payment holiday",
            "30412 requests, 9 errors", "Each error is in the audit log",
        ):  # fmt: skip
            assert words in text
        text = await press(pilot, "c")
        assert "The call of ask is in the clipboard." in text
        assert app.clipboard.startswith('curl -s -H "Authorization: Bearer $APPLIANCE_KEY"')
        assert "http://127.0.0.1:8080/v1/scenarios/knowledge-qa/ask" in app.clipboard
        text = await press(pilot, "down", "down")
        assert "decision" in text
        assert "FEEDBACK_ID/review" in text
        await press(pilot, "escape")
        assert isinstance(app.screen, ScenariosScreen)


async def test_the_last_errors_on_the_appliance_itself(double, key_file, tmp_path):
    home = Home(tmp_path / "home")
    with open_audit(home, SiteConfig(), begin=True) as audit:
        outcome = NewRecord("request.completed", "req_77", "bank", target="knowledge-qa", outcome="content_filter")
        well = NewRecord("request.completed", "req_78", "bank", target="knowledge-qa", outcome="ok")
        audit.log.append([outcome, well])
    app = app_with(scenarios=double.source(key_file), local=Local(home))
    async with app.run_test(size=(160, 48)) as pilot:
        await opened(pilot, "down", "down", "down", "enter")
        for _turn in range(50):
            await asyncio.sleep(0.05)
            await settled(pilot)
            if "req_77" in screen_text(app):
                break
        text = screen_text(app)
        for words in ("✖ content_filter", "a rule of the policy", "req_77"):
            assert words in text
        assert "req_78" not in text
        assert "appliance audit search --target knowledge-qa --failed" in text
        failed = find_records(home, SiteConfig(), Filters(target="knowledge-qa", failed=True), None, 10)
        assert [one.request_id for one in failed.records] == ["req_77"], "the command finds what the screen shows"


async def test_an_audit_log_that_cannot_be_read_hides_nothing_else(double, key_file, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "site.yaml").write_text("nonsense: [", encoding="utf-8")
    app = app_with(scenarios=double.source(key_file), local=Local(Home(home)))
    async with app.run_test(size=(100, 40)) as pilot:
        await opened(pilot, "down", "down", "down", "enter")
        for _turn in range(50):
            await asyncio.sleep(0.05)
            await settled(pilot)
            if "site.yaml" in screen_text(app):
                break
        text = screen_text(app)
        assert "POST /ask" in text
        assert "site.yaml" in text


async def test_small_and_back(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "down", "down", "down", "enter")
        await pilot.resize_terminal(40, 12)
        await settled(pilot)
        assert "ask" in screen_text(app)
        await press(pilot, "t")
        await pilot.resize_terminal(160, 48)
        await settled(pilot)
        assert "payment holiday" in screen_text(app)
