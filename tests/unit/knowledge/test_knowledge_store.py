import shutil
import threading

import pytest

from appliance.core.errors import BodyTooLarge, InvalidRequest, NotFound, Unavailable, Unsupported
from appliance.core.messages import speaking
from appliance.knowledge.limits import Limits
from appliance.knowledge.store import KnowledgeStore
from appliance.state.database import Database, sqlite_url

RULES = b"# Lockers\n\nA small locker costs 300 yuan a year. The key deposit is 500 yuan.\n"
LEAVE = "# 休假规定\n\n婚假为15天，应当在领取结婚证后一年内休完。\n".encode()


def reopened(folder, embedder):
    database = Database.open(sqlite_url(folder / "state.db"))
    return KnowledgeStore(database, folder / "documents", folder / "indexes", embedder)


def indexed(store, base="rules"):
    return [news.state for news in store.index_pending(base) if news.state != "running"]


def test_a_document_is_kept_indexed_found_and_gone_again(store, tmp_path):
    added = store.add_document("rules", "lockers.md", RULES)
    assert added.status == "pending"
    assert store.original("rules", added.id).read_bytes() == RULES
    assert store.search("rules", "locker rent") == []
    assert indexed(store) == ["done"]
    assert store.documents("rules")[0].status == "indexed"
    found = store.search("rules", "What is the rent of a small locker?")[0]
    assert found.document == "lockers.md"
    assert store.extracted("rules", added.id).text[found.start :].startswith(found.text)
    store.delete_document("rules", added.id)
    assert store.documents("rules") == []
    assert store.search("rules", "locker rent") == []
    assert list((tmp_path / "documents" / "rules").iterdir()) == []


def test_the_same_bytes_twice_are_one_document(store):
    first = store.add_document("rules", "a.md", RULES)
    second = store.add_document("rules", "b.md", RULES)
    assert (second.id, second.name, second.duplicate) == (first.id, "a.md", True)
    assert first.duplicate is False


def test_uploads_of_the_same_bytes_at_once_are_one_document(store, tmp_path):
    results = []
    start = threading.Barrier(6)

    def add(number):
        start.wait()
        results.append(store.add_document("rules", f"{number}.md", RULES))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({document.id for document in results}) == 1
    assert sum(not document.duplicate for document in results) == 1
    assert len(list((tmp_path / "documents" / "rules").iterdir())) == 1


@pytest.mark.parametrize(
    "name", ["../a.md", "a/b.md", "a\\b.md", "a\n.md", "a\u202e.md", "x" * 5000 + ".md", "", ".md/..", "a\x00.md"]
)
def test_file_names_that_could_harm_are_refused(store, name):
    with pytest.raises((InvalidRequest, Unsupported)) as caught:
        store.add_document("rules", name, RULES)
    assert caught.value.param == "name"
    assert store.documents("rules") == []


@pytest.mark.parametrize("name", ["Rules", "../rules", "", "a" * 65, "规定"])
def test_names_of_bases_are_checked(store, name):
    with pytest.raises(InvalidRequest):
        store.ensure_base(name, "x")
    with pytest.raises(NotFound):
        store.search(name, "locker")


def test_a_base_is_made_once(store):
    assert store.ensure_base("rules", "Another title").title == "Rules"
    assert [base.name for base in store.bases()] == ["rules"]


def test_types_and_sizes_are_checked_at_upload(tmp_path, embedder):
    database = Database.open(sqlite_url(tmp_path / "state.db"))
    database.migrate()
    store = KnowledgeStore(database, tmp_path / "d", tmp_path / "i", embedder, Limits(file_bytes=100))
    store.ensure_base("rules", "Rules")
    with pytest.raises(Unsupported):
        store.add_document("rules", "a.exe", RULES)
    with pytest.raises(BodyTooLarge):
        store.add_document("rules", "a.md", b"x" * 101)
    with pytest.raises(NotFound):
        store.add_document("nowhere", "a.md", RULES)


def test_a_document_that_cannot_be_read_is_set_aside_for_good(store, tmp_path, embedder):
    store.add_document("rules", "broken.pdf", b"%PDF-1.7 and nothing more")
    store.add_document("rules", "lockers.md", RULES)
    assert indexed(store) == ["failed", "done"]
    assert indexed(store) == []
    for opened in (store, reopened(tmp_path, embedder)):
        failed = opened.documents("rules")[0]
        assert failed.status == "failed"
        assert "broken.pdf cannot be read" in failed.reason
        assert opened.search("rules", "locker")[0].document == "lockers.md"


def test_an_attempt_that_killed_the_process_counts(store, tmp_path, embedder):
    added = store.add_document("rules", "lockers.md", RULES)
    for _death in range(2):
        store._rows.start_attempt(added.id)  # as far as a process gets that dies while reading
    assert indexed(reopened(tmp_path, embedder)) == ["failed"]


def test_documents_wait_over_a_restart(store, tmp_path, embedder):
    store.add_document("rules", "lockers.md", RULES)
    again = reopened(tmp_path, embedder)
    assert again.pending() == 1
    assert indexed(again) == ["done"]
    assert again.pending() == 0


@pytest.mark.parametrize("harm", ["removed", "emptied", "scribbled"])
def test_a_lost_or_damaged_index_is_made_again(store, tmp_path, embedder, harm):
    store.add_document("rules", "lockers.md", RULES)
    indexed(store)
    folder = tmp_path / "indexes" / "rules"
    if harm == "removed":
        shutil.rmtree(folder)
    else:
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix != ".json":
                path.write_bytes(b"" if harm == "emptied" else b"\x00scribble")
    again = reopened(tmp_path, embedder)
    assert again.pending() == 1
    assert indexed(again) == ["done"]
    assert again.search("rules", "locker")[0].document == "lockers.md"


def test_damage_met_by_a_search_is_told_and_mended(store, tmp_path):
    store.add_document("rules", "lockers.md", RULES)
    indexed(store)
    shutil.rmtree(tmp_path / "indexes" / "rules" / "lance")
    with pytest.raises(Unavailable) as caught:
        store.search("rules", "locker")
    assert caught.value.code == "index_rebuilding"
    assert indexed(store) == ["done"]
    assert store.search("rules", "locker")[0].document == "lockers.md"


def test_another_embedder_means_another_index(store, tmp_path, embedder):
    store.add_document("rules", "lockers.md", RULES)
    indexed(store)

    class Renamed:
        name = "other-1"
        dimensions = embedder.dimensions
        embed = staticmethod(embedder.embed)

    assert reopened(tmp_path, embedder).pending() == 0
    assert reopened(tmp_path, Renamed()).pending() == 1


def test_index_and_rows_are_brought_to_agree(store, tmp_path, embedder):
    kept = store.add_document("rules", "lockers.md", RULES)
    dropped = store.add_document("rules", "leave.md", LEAVE)
    indexed(store)
    store._rows.delete(dropped.id)  # a power cut after the row was deleted and before the index and the file were
    (tmp_path / "documents" / "rules" / ".x.part").write_bytes(b"an upload that was cut off")
    again = reopened(tmp_path, embedder)
    assert {passage.document for passage in again.search("rules", "婚假几天")} == {"lockers.md"}
    assert [path.stem for path in (tmp_path / "documents" / "rules").iterdir()] == [kept.id]


def test_rebuild_tries_the_failed_ones_again(store):
    store.add_document("rules", "broken.pdf", b"%PDF-1.7 and nothing more")
    store.add_document("rules", "lockers.md", RULES)
    indexed(store)
    assert [news.state for news in store.rebuild("rules") if news.state != "running"] == ["failed", "done"]
    assert store.search("rules", "locker")[0].document == "lockers.md"


def test_reasons_are_told_in_the_readers_language(store):
    store.add_document("rules", "broken.pdf", b"%PDF-1.7 and nothing more")
    indexed(store)
    with speaking("en"):
        assert "export it again" in store.documents("rules")[0].reason


def test_documents_of_another_base_are_not_found(store):
    added = store.add_document("rules", "lockers.md", RULES)
    store.ensure_base("other", "Other")
    indexed(store)
    assert store.search("other", "locker") == []
    with pytest.raises(NotFound):
        store.delete_document("other", added.id)


@pytest.mark.parametrize("question", ["", "   ", "？！", "x" * 2001])
def test_questions_are_checked(store, question):
    with pytest.raises(InvalidRequest) as caught:
        store.answer("rules", question)
    assert caught.value.param == "question"


def test_an_empty_base_declines(store):
    answer = store.answer("rules", "婚假几天？")
    assert answer.answered is False
    assert answer.language == "zh"
