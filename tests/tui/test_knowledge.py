"""What somebody sees of knowledge bases and does, key by key, against the routes' double."""

import asyncio

import pytest

from appliance.core.authority import PERMISSIONS
from appliance.tui.identity import Who
from appliance.tui.screens.knowledge import KnowledgeScreen
from appliance.tui.screens.knowledge_dialogs import PathDialog
from appliance.tui.screens.knowledge_document import DocumentScreen
from appliance.tui.screens.knowledge_documents import BaseScreen, IntakeScreen
from appliance.tui.screens.knowledge_search import SearchScreen
from appliance.tui.screens.task import ConfirmTask, RunTask
from tests.tui.knowledge_double import BROKEN, FEES, KnowledgeDouble
from tests.tui.recorded import AUDITOR, screen_text, settled
from tests.tui.screens_of_knowledge import app_with, opened, press, write

CALLER = Who(tenant="bank", role="caller", permissions=frozenset(one.value for one in PERMISSIONS["caller"]))
CHANGES = {"knowledge.upload", "knowledge.delete", "knowledge.rebuild"}


@pytest.fixture
def double():
    return KnowledgeDouble()


@pytest.fixture
def key_file(tmp_path):
    (tmp_path / "a.key").write_text("key-1")
    return tmp_path / "a.key"


@pytest.fixture
def app(double, key_file):
    return app_with(knowledge=double.source(key_file), mode="knowledge")


def keys_of(app):
    return {entry.binding.id for entry in app.screen.active_bindings.values() if entry.enabled}


async def finished(pilot, words):
    """Wait for a task that works in a thread."""
    for _turn in range(100):
        await asyncio.sleep(0.05)
        await settled(pilot)
        if words in " ".join(screen_text(pilot.app).split()):
            return
    raise AssertionError(screen_text(pilot.app))


async def test_bases_with_size_and_state(app):
    async with app.run_test(size=(120, 30)) as pilot:
        text = await opened(pilot)
        for words in ("▲ failures 1", "bank-rules", "1.1 MiB", "● ready", "◐ waiting 2", "$ appliance kb list"):
            assert words in text


async def test_documents_of_a_base_with_what_is_wrong(app, double):
    async with app.run_test(size=(140, 30)) as pilot:
        text = await opened(pilot, "enter")
        assert isinstance(app.screen, BaseScreen)
        for words in (
            "计划财务部", "from 2026-04-01", "2026-01-01…2026-12-31", "◐ indexing 62%",
            "✖ The file is protected with a password.", "$ appliance kb list bank-rules",
        ):  # fmt: skip
            assert words in text
        assert text.index("old-loan-rules.pdf") < text.index("treasury-limits.pdf") < text.index("card-terms-2026.pdf")
        assert "It waits its turn" in await press(pilot, "down")
        assert "Its sentences are being put" in await press(pilot, "down")
        assert "Pages that are scans without text are not searched: 2, 3" in await press(pilot, "down")
        text = await press(pilot, "f")
        assert "card-terms-2026.pdf" not in text
        assert "bank-rules: not searchable yet" in text
        double.documents["bank-rules"] = [FEES]
        assert "Every document can be searched." in await press(pilot, "r")
        double.documents["bank-rules"] = []
        assert "`u` uploads some" in await press(pilot, "f", "r")


async def test_one_document_with_its_versions(app):
    async with app.run_test(size=(120, 30)) as pilot:
        text = await opened(pilot, "enter", *["down"] * 5, "enter")
        assert isinstance(app.screen, DocumentScreen)
        for words in ("fees-2025.xlsx", "Version in force today 2", "whoever reads the base", "2025-04-01…2026-03-31"):
            assert words in text
        assert f"$ appliance kb show {FEES['id']} --kb bank-rules" in text
        await press(pilot, "escape")
        assert isinstance(app.screen, BaseScreen)
        await press(pilot, "escape")
        assert isinstance(app.screen, KnowledgeScreen)


async def test_the_intake_of_all_bases(app, double):
    async with app.run_test() as pilot:
        text = await opened(pilot, "i")
        assert isinstance(app.screen, IntakeScreen)
        assert "old-loan-rules.pdf" in text
        assert "card-terms-2026.pdf" not in text
        await press(pilot, "enter")
        assert isinstance(app.screen, DocumentScreen)
        double.documents["bank-rules"] = [FEES]
        text = await press(pilot, "escape", "r")
        assert "Nothing waits: every document can be searched." in text


async def test_a_search_with_passages_and_places(app, double):
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, "s")
        assert isinstance(app.screen, SearchScreen)
        await write(pilot, "lost card")
        text = await press(pilot, "enter")
        for words in (
            "[1] 个人业务收费标准.xlsx · version 2 · row 14 · 银行卡 > 挂失", "挂失手续费 10 元/次",
            "[2] card-terms-2026.pdf · page 3 · Lost cards",
            "$ appliance kb search 'lost card' --kb bank-rules --count 8",
        ):  # fmt: skip
            assert words in text
        double.passages = []
        assert "Nothing found." in await press(pilot, "enter")
        double.refusal = (503, "index_rebuilding", "The index is being made.")
        assert "answered with HTTP 503" in await press(pilot, "enter")
        await press(pilot, "escape")
        assert isinstance(app.screen, KnowledgeScreen)


async def test_a_document_is_deleted_by_name(app, double):
    async with app.run_test() as pilot:
        text = await opened(pilot, "enter", "d")
        assert isinstance(app.screen, ConfirmTask)
        assert "Delete old-loan-rules.pdf with all its versions from bank-rules?" in text
        assert f"$ appliance kb delete {BROKEN['id']} --kb bank-rules" in text
        await press(pilot, "enter", "escape")
        assert not [one for one in double.asked if one[0] == "DELETE"]
        text = await press(pilot, "d", "y")
        assert double.asked[-2] == ("DELETE", f"/bank-rules/documents/{BROKEN['id']}")
        assert "✓ old-loan-rules.pdf is deleted from bank-rules." in text
        assert "✖ failed" not in text


async def test_a_document_is_deleted_where_it_is_shown(app):
    async with app.run_test() as pilot:
        text = await opened(pilot, "enter", "enter", "d", "y")
        assert isinstance(app.screen, BaseScreen)
        assert "✓ old-loan-rules.pdf is deleted from bank-rules." in text


async def test_what_the_appliance_refuses_is_told(app, double):
    async with app.run_test() as pilot:
        await opened(pilot, "enter", "enter")
        double.refusal = (403, "permission_denied", "no", ("DELETE", "POST"))
        text = " ".join((await press(pilot, "d", "y")).split())
        assert isinstance(app.screen, RunTask)
        assert "may not do this with knowledge bases" in text
        text = " ".join((await press(pilot, "escape")).split())
        assert isinstance(app.screen, DocumentScreen)
        assert "Use a key whose role holds knowledge.write" in text


async def test_an_index_is_made_again(app, double):
    async with app.run_test() as pilot:
        text = await opened(pilot, "b")
        assert "Make the search index of bank-rules again from its documents?" in text
        assert "are refused" in text
        text = await press(pilot, "y")
        assert ("POST", "/bank-rules/rebuild") in double.asked
        assert "✓ bank-rules is being indexed again: 6 documents." in text


async def test_a_folder_is_uploaded_step_by_step(app, double, tmp_path):
    folder = tmp_path / "p"
    folder.mkdir()
    for name in ("a.pdf", "b.pdf"):
        (folder / name).write_bytes(b"%PDF-1.7")
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot, "u")
        assert isinstance(app.screen, PathDialog)
        assert "Write the path" in await press(pilot, "enter")
        await write(pilot, "/nothing/here")
        assert "There is no such file or folder" in await press(pilot, "enter")
        app.screen.query_one("PathLine").value = str(folder)
        text = " ".join((await press(pilot, "enter")).split())
        assert "Put all files below" in text
        assert "$ appliance kb add" in text
        await press(pilot, "y")
        await finished(pilot, "Files stored: 2.")
        assert "stored, will be indexed" in screen_text(app)
        assert "✓ Files stored: 2." in await press(pilot, "escape")
        assert [one[2] for one in double.asked if len(one) > 3] == ["a.pdf", "b.pdf"]


async def test_files_that_are_not_taken_are_told(app, double, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"x")
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot, "u")
        app.screen.query_one("PathLine").value = str(tmp_path / "a.pdf")
        await press(pilot, "enter")
        double.uploaded = "failed"
        await press(pilot, "y")
        await finished(pilot, "The file was not taken.")
        (tmp_path / "none").mkdir()
        await press(pilot, "escape", "u")
        app.screen.query_one("PathLine").value = str(tmp_path / "none")
        await press(pilot, "enter", "y")
        await finished(pilot, "There are no files in")
        await press(pilot, "escape", "u", "escape")
        assert isinstance(app.screen, KnowledgeScreen)


async def test_who_may_only_read_has_no_keys_that_change(double, key_file):
    app = app_with(knowledge=double.source(key_file), who=CALLER, mode="knowledge")
    async with app.run_test() as pilot:
        assert "Read only: this key may not change knowledge bases." in await opened(pilot)
        assert not CHANGES & keys_of(app)
        await press(pilot, "enter", "d", "u", "b")
        assert isinstance(app.screen, BaseScreen)
        assert not CHANGES & keys_of(app)
        assert "knowledge.search" in keys_of(app)
        await press(pilot, "enter", "d")
        assert isinstance(app.screen, DocumentScreen)
        assert not [one for one in double.asked if one[0] in ("DELETE", "POST")]


async def test_an_auditor_reads_no_knowledge(double, key_file):
    double.refusal = (403, "permission_denied", "no")
    app = app_with(knowledge=double.source(key_file), who=AUDITOR, mode="knowledge")
    async with app.run_test() as pilot:
        text = " ".join((await opened(pilot)).split())
        assert "may not do this with knowledge bases" in text
        assert "Use a key whose role holds knowledge.read." in text
        assert "● connected" in text
        assert not CHANGES & keys_of(app)


async def test_the_last_reading_stays_when_the_appliance_goes_away(app, double):
    async with app.run_test() as pilot:
        await opened(pilot)
        double.down = True
        text = await press(pilot, "r")
        for words in ("No appliance answers", "Last seen", "bank-rules"):
            assert words in text
        assert app.screen.has_class("-stale")
        text = await press(pilot, "enter")
        assert "No appliance answers" in text
        double.down = False
        text = await press(pilot, "r")
        assert "No appliance answers" not in text
        assert "old-loan-rules.pdf" in text


async def test_names_cannot_draw(app, double):
    double.documents["bank-rules"] = [FEES | {"name": "a\x1b[2J[bold]b\u202e.pdf"}]
    async with app.run_test() as pilot:
        text = await opened(pilot, "enter")
        assert "a⟨U+001B⟩[2J" in text
        assert "a⟨U+001B⟩[2J[bold]b⟨U+202E⟩.pdf" in await press(pilot, "enter")


async def test_small_and_back(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "enter")
        await pilot.resize_terminal(40, 12)
        await settled(pilot)
        assert "old-loan" in screen_text(app)
        await press(pilot, "enter")
        await pilot.resize_terminal(160, 48)
        await settled(pilot)
        assert "Version in force today" in screen_text(app)


async def test_both_languages_at_once(app):
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot, "enter", "l")
        assert app.language == "zh_CN"
        assert "个人业务收费标准.xlsx" in screen_text(app)
