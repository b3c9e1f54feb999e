"""Pictures of the knowledge bases. After a change that is meant: look at the report, then pytest --snapshot-update."""

import asyncio
from pathlib import Path

import pytest

from tests.tui.knowledge_double import KnowledgeDouble
from tests.tui.recorded import AUDITOR, screen_text, settled
from tests.tui.screens_of_knowledge import app_with
from tests.tui.test_knowledge import CALLER

SIZES = [(80, 24), (160, 48)]


@pytest.fixture
def double():
    return KnowledgeDouble()


@pytest.fixture
def shot(snap_compare, double, tmp_path, monkeypatch):
    """Return a function that presses keys, each after what came before has settled, and compares."""
    monkeypatch.chdir(tmp_path)
    Path("admin.key").write_text("key-1")

    def take(*press, language="en", size=(80, 24), line="", text="", then=(), until="", **more):
        app = app_with(knowledge=double.source(Path("admin.key")), language=language, mode="knowledge", **more)

        async def keys(pilot, wanted):
            for key in wanted:
                await pilot.press(key)
                await settled(pilot)

        async def before(pilot):
            await settled(pilot)
            await keys(pilot, press)
            if line:
                app.screen.query_one(line).value = text
            await keys(pilot, then)
            for _turn in range(100 if until else 0):
                if until in screen_text(app):
                    break
                await asyncio.sleep(0.05)
                await settled(pilot)

        return snap_compare(app, terminal_size=size, run_before=before)

    return take


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "160x48"])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
class TestEachSizeAndLanguage:
    def test_bases(self, shot, language, size):
        assert shot(language=language, size=size)

    def test_documents(self, shot, language, size):
        assert shot("enter", language=language, size=size)

    def test_document(self, shot, language, size):
        assert shot("enter", *["down"] * 5, "enter", language=language, size=size)

    def test_intake(self, shot, language, size):
        assert shot("i", "down", "down", language=language, size=size)

    def test_search(self, shot, language, size):
        search = {"line": "#search-line", "text": "借记卡挂失 lost card", "then": ("enter",)}
        assert shot("s", **search, language=language, size=size)

    def test_delete(self, shot, language, size):
        assert shot("enter", "d", language=language, size=size)

    def test_uploaded(self, shot, language, size):
        Path("papers").mkdir()
        for name in ("收费标准-2027.xlsx", "terms-2027.pdf", "notes.xyz"):
            (Path("papers") / name).write_bytes(b"%PDF-1.7")
        upload = {"line": "PathLine", "text": "papers", "then": ("enter", "y")}
        upload["until"] = {"en": "were not taken", "zh_CN": "未被接收"}[language]
        assert shot("u", **upload, language=language, size=size)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_upload(shot, language):
    assert shot("u", then=("enter",), language=language)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_rebuild(shot, language):
    assert shot("b", language=language)


def test_who_may_only_read(shot):
    assert shot("enter", who=CALLER)


def test_an_auditor(shot, double):
    double.refusal = (403, "permission_denied", "no")
    assert shot(who=AUDITOR)


def test_no_base(shot, double):
    double.bases = []
    assert shot()


@pytest.mark.parametrize(
    "press",
    [(), ("enter",), ("enter", "enter"), ("enter", "d"), ("u",)],
    ids=["bases", "base", "one", "delete", "path"],
)
def test_small(shot, press):
    assert shot(*press, size=(40, 12))


def test_without_colour(shot, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert shot("enter")


def test_help(shot):
    assert shot("enter", "question_mark")
