"""Pictures of governance. After a change that is meant: look at the report, then pytest --snapshot-update."""

from pathlib import Path

import pytest

from tests.tui.governance_double import (
    ADMIN,
    AUDITOR,
    FAULTY,
    GovernanceDouble,
    RecordsDouble,
    governance_app,
    registered,
)
from tests.tui.recorded import settled

SIZES = [(80, 24), (160, 48)]
PARTS = ("tenants", "keys", "users", "quotas", "usage", "guardrails", "approvals", "audit")


@pytest.fixture
def double():
    return GovernanceDouble()


@pytest.fixture
def records():
    return RecordsDouble()


@pytest.fixture
def shot(snap_compare, double, records, tmp_path, monkeypatch):
    """Return a function that goes to governance, presses keys, each after what came before has settled."""
    monkeypatch.chdir(tmp_path)
    key_file = Path("admin.key")
    key_file.write_text("key-1")

    def take(*press, language="en", size=(80, 24), who=ADMIN, local=True):
        app = governance_app(double.source(key_file, records if local else None), who, language)

        async def before(pilot):
            await pilot.pause()
            for key in ("6", *press):
                await pilot.press(key)
                await settled(pilot)
            assert app._exception is None

        return snap_compare(app, terminal_size=size, run_before=before)

    with registered(monkeypatch):
        yield take


def opened(part, *press):
    return (*("down",) * PARTS.index(part), "enter", *press)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "160x48"])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
class TestEachSizeAndLanguage:
    def test_glance(self, shot, language, size):
        assert shot(language=language, size=size)

    @pytest.mark.parametrize("part", PARTS)
    def test_part(self, shot, language, size, part):
        assert shot(*opened(part), language=language, size=size)


@pytest.mark.parametrize(("language", "size"), [("en", (80, 24)), ("zh_CN", (160, 48))], ids=["80x24", "160x48"])
class TestInside:
    def test_key_form(self, shot, language, size):
        assert shot(*opened("keys", "n"), language=language, size=size)

    def test_secret(self, shot, language, size):
        assert shot(*opened("keys", "o", "ctrl+s", "y"), language=language, size=size)

    def test_key_facts(self, shot, language, size):
        assert shot(*opened("keys", "enter"), language=language, size=size)

    def test_revoke(self, shot, language, size):
        assert shot(*opened("keys", "x"), language=language, size=size)

    def test_quota_form(self, shot, language, size):
        assert shot(*opened("quotas", "down", "s"), language=language, size=size)

    def test_usage_by_tenant(self, shot, language, size):
        assert shot(*opened("usage", "p", "g"), language=language, size=size)

    def test_approval(self, shot, language, size):
        assert shot(*opened("approvals", "enter"), language=language, size=size)

    def test_record(self, shot, language, size):
        assert shot("b", "down", "enter", language=language, size=size)

    def test_content(self, shot, language, size):
        assert shot("b", "down", "enter", "o", "down", "enter", "c", language=language, size=size)

    def test_ready_filters(self, shot, language, size):
        assert shot("b", "f", language=language, size=size)

    def test_search_form(self, shot, language, size):
        assert shot("b", "s", language=language, size=size)

    def test_whole_log(self, shot, language, size):
        assert shot("v", language=language, size=size)

    def test_faults_of_the_log(self, shot, records, language, size):
        records.report = FAULTY
        assert shot("v", language=language, size=size)

    def test_auditor(self, shot, language, size):
        assert shot(language=language, size=size, who=AUDITOR)


def test_from_elsewhere(shot):
    assert shot(*("down",) * 3, "enter", local=False)


@pytest.mark.parametrize("press", [(), opened("keys"), opened("keys", "n"), ("b", "enter"), opened("usage")])
def test_small(shot, press):
    assert shot(*press, size=(40, 12))


def test_without_colour(shot, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert shot()


def test_help(shot):
    assert shot(*opened("keys", "question_mark"))
