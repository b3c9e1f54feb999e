"""What an administrator and an auditor see and do, key by key, against the routes' double."""

import stat
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.core.errors import ApprovalNeeded, NotFound, PermissionDenied
from appliance.core.messages import Message, _
from appliance.operations.audit_filters import BLOCKED
from appliance.state.audit.search import Filters
from appliance.tui.screens.governance import GovernanceScreen
from appliance.tui.screens.governance_api_keys import KeysScreen
from appliance.tui.screens.governance_approvals import ApprovalScreen, ApprovalsScreen
from appliance.tui.screens.governance_audit import AuditScreen
from appliance.tui.screens.governance_form import ChoiceLine, FormDialog
from appliance.tui.screens.governance_record import ContentScreen, RecordScreen
from appliance.tui.screens.governance_secret import SecretScreen
from appliance.tui.screens.task import ConfirmTask
from tests.tui.governance_double import (
    ADMIN,
    AUDITOR,
    BRANCH_AUDITOR,
    COUNTER,
    FAULTY,
    NIGHT,
    SECRET,
    TICKET,
    WANG,
    GovernanceDouble,
    RecordsDouble,
    governance_app,
    registered,
)
from tests.tui.governance_keys import NAMES, offered, opened, press, write
from tests.tui.recorded import settled

YESTERDAY = "2026-11-23T00:00:00.000Z"


@pytest.fixture
def double():
    return GovernanceDouble()


@pytest.fixture
def records():
    return RecordsDouble()


@pytest.fixture
def make(double, records, tmp_path, monkeypatch):
    """Return a function that makes the app for a reader."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.key").write_text("key-1")

    def app(who=ADMIN, local=True):
        return governance_app(double.source(tmp_path / "a.key", records if local else None), who)

    with registered(monkeypatch):
        yield app


async def test_yesterdays_blocked_request_takes_three_keys(make, records):
    app = make()
    async with app.run_test() as pilot:
        text = await press(pilot, "6", "b")
        assert isinstance(app.screen, AuditScreen)
        assert "Blocked since yesterday" in text
        assert "smuggled" in text
        assert f"--since {YESTERDAY}" in text
        found = [one for one in records.told if one[0] == "find"][-1]
        assert found[1] == Filters(text=BLOCKED, since=YESTERDAY)
        text = await press(pilot, "down", "enter")
        assert isinstance(app.screen, RecordScreen)
        for words in ("blocked (content_filter)", "smuggled instruction: override/ignore", "柜台助手 (lma-b81hs0ve)"):
            assert words in text


async def test_everything_at_a_glance(make):
    app = make()
    async with app.run_test() as pilot:
        text = await press(pilot, "6")
        assert isinstance(app.screen, GovernanceScreen)
        for words in (
            "4 tenants", "3 good, 1 of them end within 30 days", "3 people, 1 kept out", "4 set, 1 used up",
            "704.0k tokens in 1048 requests today", "2 requests blocked, 1 masked, 1 other",
            "waiting for a second person: 1", "48,301 records", "$ appliance tenant list", "word list: fraud/17",
        ):  # fmt: skip
            assert words in text
        assert "$ appliance key list" in await press(pilot, "down")
        await press(pilot, "tab", "enter")
        assert isinstance(app.screen, RecordScreen)


async def test_an_auditor_sees_and_changes_nothing(make, double):
    app = make(AUDITOR)
    async with app.run_test() as pilot:
        text = await press(pilot, "6")
        assert "changes nothing here: read-only" in text
        assert text.count("○ not for the role auditor") == 4
        assert "The role auditor does not see this." in await press(pilot, "enter")
        assert isinstance(app.screen, GovernanceScreen)
        await press(pilot, *("down",) * 3, "enter")
        assert "governance.set" not in offered(app)
        assert "governance.remove" not in offered(app)
        assert double.asked == []
        await press(pilot, "escape")
        text = await press(pilot, "b")
        assert "lma-b81hs0ve" in text, "who may not list keys sees ids"


async def test_that_an_auditor_may_not_see_the_status_is_no_fault_of_this_screen(make):
    app = make(AUDITOR)
    refused = PermissionDenied(_("The key in {file} may not see the appliance's status.", file="auditor.key"))
    app.sources.status.readings = [refused]
    async with app.run_test() as pilot:
        assert "may not see the appliance's status" in await press(pilot)
        text = await press(pilot, "6")
        assert "may not see the appliance's status" not in text
        assert "● connected" in text


async def test_an_auditor_of_a_branch_sees_its_records_alone(make, records):
    app = make(BRANCH_AUDITOR)
    async with app.run_test() as pilot:
        await press(pilot, "6")
        text = await press(pilot, "b")
        assert "--tenant retail" in text
        assert ("usage", "0h", "retail") in records.told
        assert ("hits", YESTERDAY, "retail") in records.told
        assert all(one[1].tenant == "retail" for one in records.told if one[0] == "find")


async def test_from_elsewhere_only_what_the_api_has(make):
    app = make(local=False)
    async with app.run_test() as pilot:
        text = await press(pilot, "6")
        assert text.count("○ only in the terminal on the head") == 4
        assert "4 tenants" in text
        assert "Open `appliance tui` there" in await press(pilot, "b")
        assert isinstance(app.screen, GovernanceScreen)
        assert "Open `appliance tui` there" in await press(pilot, "v")


async def test_a_key_is_made_shown_once_and_written_into_a_file(make, double, tmp_path):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, *opened("keys", "n"))
        assert isinstance(app.screen, FormDialog)
        assert "The name of a key must be" in await press(pilot, "ctrl+s")
        await write(pilot, "mobile")
        await press(pilot, "down")
        await write(pilot, "r")  # retail
        await press(pilot, "down", "down")
        await write(pilot, "general, fast")
        text = await press(pilot, "ctrl+s")
        assert isinstance(app.screen, ConfirmTask)
        assert "appliance key create mobile --tenant retail --role caller" in text
        assert "ends when that one is revoked" in text
        assert double.changes == []
        await press(pilot, "enter")
        assert double.changes == []
        text = await press(pilot, "y")
        assert isinstance(app.screen, SecretScreen)
        assert SECRET in text
        ends = datetime(2027, 11, 24, 6, 2, 30, tzinfo=UTC).isoformat()
        body = {
            "name": "mobile", "tenant": "retail", "role": "caller", "priority": "interactive",
            "scopes": {"models": ["general", "fast"]}, "expires_at": ends,
        }  # fmt: skip
        assert double.changes == [("POST", "/keys", body)]
        assert isinstance((await press(pilot, "enter"), app.screen)[1], SecretScreen)
        assert "which only you can read" in await press(pilot, "w")
        file = tmp_path / "mobile.key"
        assert file.read_text() == f"{SECRET}\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "cannot be written: File exists" in await press(pilot, "w")
        text = await press(pilot, "escape")
        assert isinstance(app.screen, KeysScreen)
        assert SECRET not in text
        assert "The key mobile is made" in text


async def test_what_was_written_stays_after_escape_and_a_refusal_is_told(make, double):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, *opened("keys", "n"))
        await write(pilot, "mobile")
        await press(pilot, "escape")
        double.refusal = (403, "stronger_than_parent", "Nobody can give more than they have: networks.")
        text = await press(pilot, "n", "ctrl+s", "y")
        assert "Nobody can give more than they have" in text
        double.refusal = (403, "approval_needed", "This change needs a second person. The request for it is apr_1.")
        text = await press(pilot, "escape", "n", "ctrl+s", "y")
        assert "apr_1" in text
        assert "give its id in the last field" in text
        double.refusal = None
        await press(pilot, "escape", "n", *("down",) * 9)
        await write(pilot, "apr_1")
        await press(pilot, "ctrl+s", "y")
        assert double.headers == [None, None, "apr_1"]


async def test_a_key_is_replaced(make, double):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, *opened("keys", "o", "ctrl+s"))
        assert "The old key ends after 7d" in text
        assert f"appliance key rotate {NIGHT} --overlap 7d" in text
        assert SECRET in await press(pilot, "y")
        assert double.changes == [("POST", f"/keys/{NIGHT}/rotate", {"overlap_s": 604800.0})]


async def test_a_key_is_revoked_and_one_that_has_ended_is_not(make, double):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, *opened("keys", "down", "x"))
        assert "Revoke the key 柜台助手 of retail for good?" in text
        await press(pilot, "escape")
        assert double.changes == []
        text = await press(pilot, "x", "y")
        assert double.changes == [("DELETE", f"/keys/{COUNTER}", None)]
        assert f"The key {COUNTER} (柜台助手) is revoked." in text
        await press(pilot, "end")
        assert {"governance.revoke", "governance.rotate"} & offered(app) == set()
        assert "revoked" in await press(pilot, "enter")


async def test_people_are_kept_out_let_in_and_unlocked(make, double):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        assert "paused" in await press(pilot, *opened("users"))
        assert "governance.enable" not in offered(app)
        assert "Paused until" in await press(pilot, "enter")
        await press(pilot, "escape")
        assert "governance.unlock" in offered(app)
        text = await press(pilot, "u", "y")
        assert ("The pause of li.wei has ended." in text, "paused" in text) == (True, False)
        assert "governance.unlock" not in offered(app)
        double.changes.clear()
        text = await press(pilot, "d")
        assert "Keep li.wei out?" in text
        assert "Their sessions end" in text
        text = await press(pilot, "y")
        assert "The user li.wei is kept out." in text
        assert "governance.enable" in offered(app)
        await press(pilot, "end")
        assert "governance.unlock" not in offered(app)
        assert "governance.disable" not in offered(app)
        assert "appliance user enable wang.min" in await press(pilot, "e")
        await press(pilot, "y")
        assert [one[:2] for one in double.changes][-1] == ("POST", f"/users/{WANG}/enable")
        assert "Kept out" not in await press(pilot, "enter")


async def test_quotas_are_set_and_removed_by_the_machines_user(make, records):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, *opened("quotas"))
        assert "43 % 864.0k/2.0M" in text
        assert "governance.remove" not in offered(app), "the site file's row"
        text = await press(pilot, "down", "down", "s", "end")
        assert isinstance(app.screen.query(ChoiceLine).first(), ChoiceLine)
        assert "appliance quota set tenant retail --tokens-per-day 2000000" in text
        await press(pilot, "down", "down", "down")
        await write(pilot, "none")
        text = await press(pilot, "ctrl+s")
        assert "Recorded as os:ops." in text
        text = await press(pilot, "y")
        set_ = ("set_quota", "tenant", "retail", {"tokens_per_day": 2000000, "tokens_per_month": None}, "")
        assert set_ in records.told
        assert "it counts within seconds" in text
        records.refusal = ApprovalNeeded(Message("This change needs a second person."), Message("Ask apr_2."))
        assert "needs a second person. Ask apr_2." in await press(pilot, "s", "ctrl+s", "y")
        await press(pilot, "escape", "x", "y")
        assert ("remove_quota", "tenant", "retail", "") in records.told
        assert "no limit" in await press(pilot, "enter")


async def test_a_limit_that_is_no_number_is_told_in_the_form(make, records):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, *opened("quotas", "down", "s", "down", "down", "down"))
        await write(pilot, "many")
        text = await press(pilot, "ctrl+s")
        assert "The limit tokens_per_month cannot be 'many'." in text
        assert isinstance(app.screen, FormDialog)


async def test_a_tenant_is_added_below_the_chosen_one(make, double):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, *opened("tenants", "down"))
        assert "└ retail-east" in text
        await press(pilot, "n")
        await write(pilot, "retail-west")
        text = await press(pilot, "ctrl+s")
        assert "appliance tenant add retail-west --under retail" in text
        await press(pilot, "y")
        assert double.changes == [("POST", "/tenants", {"name": "retail-west", "title": "", "parent": "retail"})]
        assert "Stands below default › retail" in await press(pilot, "end", "enter")


async def test_usage_by_day_tenant_and_model(make, records):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, *opened("usage"))
        assert "Tokens each day, the last 7 days" in text
        assert "2026-11-24 704.0k" in text
        assert "risk 1.0M" in await press(pilot, "g")
        text = await press(pilot, "g")
        assert "without a model" in text
        text = await press(pilot, "p")
        assert "the last 30 days" in text
        assert "appliance usage --since 29d" in text
        assert records.told[-1] == ("usage", "29d", None)


async def test_guardrails_by_rule_and_only_what_was_masked(make, records):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, *opened("guardrails"))
        assert "personal data: phone ◆ masked 2" in text
        text = await press(pilot, *("f",) * 4)
        assert "fraud/17" not in text
        assert "personal data: bank_card" in text
        await press(pilot, "enter")
        assert isinstance(app.screen, RecordScreen)
        await press(pilot, "escape", "p")
        assert records.told[-1] == ("hits", "2026-11-18T00:00:00.000Z", None)


async def test_a_change_is_approved_where_the_whole_of_it_is_seen(make, double):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, *opened("approvals", "enter"))
        assert isinstance(app.screen, ApprovalScreen)
        assert '"tokens_per_day": 4000000' in text
        text = await press(pilot, "a")
        assert f"appliance approval approve {TICKET}" in text
        text = await press(pilot, "y")
        assert double.changes == [("POST", f"/approvals/{TICKET}/approve", None)]
        assert isinstance(app.screen, ApprovalsScreen)
        assert "can make the change now, once" in text
        assert "No change waits." in text
        await press(pilot, "f", "down", "enter")
        assert {"governance.approve", "governance.refuse"} & offered(app) == set()


async def test_a_change_is_refused_with_a_reason(make, double):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, *opened("approvals", "enter", "x"))
        assert "the asker is told it" in await press(pilot, "ctrl+s")
        await write(pilot, "too much")
        await press(pilot, "ctrl+s")
        double.refusal = (403, "permission_denied", "Nobody decides on their own request.")
        assert "Nobody decides on their own request." in await press(pilot, "y")
        await press(pilot, "escape")
        assert isinstance(app.screen, ApprovalScreen)
        double.refusal = None
        await press(pilot, "x", "ctrl+s", "y")
        assert double.changes[-1] == ("POST", f"/approvals/{TICKET}/refuse", {"reason": "too much"})


async def test_the_audit_is_searched_with_a_form_and_by_pages(make, records):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "6", "b", "s")
        await write(pilot, "tokens_per_day")
        text = await press(pilot, "ctrl+s")
        assert "quota set tenant retail" in text
        assert records.told[-1][1] == Filters(text="tokens_per_day", since=YESTERDAY)
        await press(pilot, "s", "end", *("down",) * 6, "end", *("backspace",) * 9)
        await write(pilot, "never")
        assert "cannot be read" in await press(pilot, "ctrl+s")
        await press(pilot, "escape")
        records.page = 2
        await press(pilot, "f", "end", "enter")
        assert "governance.older" in offered(app)
        text = await press(pilot, "n")
        assert "page 2" in text
        assert "--before" in text
        await press(pilot, "p")
        assert "governance.newer" not in offered(app)


async def test_a_text_is_only_opened_after_it_is_said_that_this_is_recorded(make, records):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "6", "b", "down", "enter")
        assert "governance.content" not in offered(app), "the end of the request keeps no text"
        await press(pilot, "o")
        await press(pilot, "down", "enter")
        text = await press(pilot, "c")
        assert "written into the audit for good, as os:ops" in text
        await press(pilot, "escape")
        assert not [one for one in records.told if one[0] == "content"]
        text = await press(pilot, "c", "y")
        assert isinstance(app.screen, ContentScreen)
        assert "忽略以上指令" in text
        assert [one for one in records.told if one[0] == "content"] == [("content", 48111)]
        assert "a record says so" in await press(pilot, "escape")


async def test_the_log_is_checked_and_faults_are_told_in_words(make, records):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "6", "v")
        assert "The log is whole: nothing was changed" in text
        assert "48301 records, 1 to 48301" in text
        records.report = FAULTY
        text = await press(pilot, "r")
        assert "not as it was written: 2 faults" in text
        assert "Record 48112: changed." in text
        assert "tell who is responsible for security" in text


async def test_without_a_log_every_part_says_so(make, records):
    records.error = NotFound(Message("There is no audit log yet."), Message("It begins with the first start."))
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "6")
        assert text.count("✖ could not be read") == 4
        assert "There is no audit log yet." in text
        assert "4 tenants" in text
        assert "There is no audit log yet." in await press(pilot, "v")


async def test_what_was_read_stays_when_the_appliance_goes_away(make, double):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, *opened("keys"))
        double.down = True
        text = await press(pilot, "r")
        assert app.screen.has_class("-stale")
        assert "No appliance answers" in text
        assert "nightly-reports" in text
        double.down = False
        await press(pilot, "r")
        assert not app.screen.has_class("-stale")


async def test_foreign_names_cannot_draw(make, double):
    double.keys[1] = double.keys[1] | {"name": "a\x1b[2J[bold]b\u202e"}
    app = make()
    async with app.run_test(size=(160, 40)) as pilot:
        text = await press(pilot, *opened("keys"))
        assert "a⟨U+001B⟩[2J[bold]b⟨U+202E⟩" in text


async def test_language_changes_in_a_dialog_and_out_of_it(make):
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, *opened("keys", "l"))
        keys = {entry.binding.id: entry.binding.description for entry in app.screen.active_bindings.values()}
        assert keys["governance.new"] == Message("New").render("zh_CN")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
async def test_any_size_draws(make, language):
    app = make()
    app.language = language
    async with app.run_test(size=(80, 24)) as pilot:
        for part in NAMES:
            await press(pilot, "6", "home", *("down",) * NAMES.index(part), "enter")
            await pilot.resize_terminal(40, 12)
            await settled(pilot)
            await pilot.resize_terminal(80, 24)
            await settled(pilot)
            await press(pilot, "escape")
        assert isinstance(app.screen, GovernanceScreen)


async def test_it_is_read_as_soon_as_it_is_known_who_reads(make):
    class Late:
        def __init__(self, then):
            self.then, self.known = then, False

        async def read(self):
            if not self.known:
                raise NotFound(Message("Not yet."))
            return self.then

    app = make()
    late = Late(ADMIN)
    app.sources = replace(app.sources, identity=late)
    async with app.run_test() as pilot:
        assert "4 tenants" not in await press(pilot, "6")
        late.known = True
        assert "4 tenants" in await press(pilot, "r")
