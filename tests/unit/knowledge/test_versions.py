"""Versions and their days: what holds when, and how one takes another's place."""

import threading
from datetime import date

import pytest

from appliance.core.errors import NotFound, Unsupported
from appliance.knowledge.models import Details, Selection
from tests.unit.knowledge.conftest import open_store
from tests.unit.knowledge.principals import PLATFORM, index_all, prepare_here

TODAY = date(2026, 6, 15)


@pytest.fixture
def store(tmp_path, embedder):
    opened = open_store(tmp_path, embedder, prepare=prepare_here, today=lambda: TODAY)
    opened.ensure_base(PLATFORM, "rules", "Rules")
    return opened


def text(fee):
    return f"Locker fees\n\nA small locker costs {fee} yuan a year.\n".encode()


def details(first=None, last=None):
    return Details(effective_on=first, expires_on=last)


def held(store, day=None):
    """Return the versions that a search meets on a day."""
    found = store.search(PLATFORM, "rules", "How much is a small locker?", selection=Selection(as_of=day))
    return [passage.version for passage in found]


def test_the_newest_version_that_has_begun_holds(store):
    first = store.add_document(PLATFORM, "rules", "fees.txt", text(300), details("2025-01-01"))
    store.add_version(PLATFORM, "rules", first.id, "fees-2026.txt", text(310), details("2026-01-01", "2026-06-30"))
    store.add_version(PLATFORM, "rules", first.id, "fees-2027.txt", text(320), details("2027-01-01"))
    index_all(store)
    days = {
        "2024-12-31": [], "2025-01-01": [1], "2025-12-31": [1], "2026-01-01": [2], "2026-06-30": [2],
        "2026-07-01": [], "2026-12-31": [], "2027-01-01": [3], None: [2],
    }  # fmt: skip
    assert {day: held(store, day) for day in days} == days
    document = store.document(PLATFORM, "rules", first.id)
    assert (document.version, document.name, document.in_force) == (3, "fees-2027.txt", 2)
    passage = store.search(PLATFORM, "rules", "locker", selection=Selection(as_of="2025-05-05"))[0]
    assert (passage.document, passage.version) == ("fees.txt", 1)
    assert [version.name for version in store.versions(PLATFORM, "rules", first.id)] == [
        "fees.txt", "fees-2026.txt", "fees-2027.txt",
    ]  # fmt: skip


def test_an_answer_cites_the_version_of_the_day(store):
    first = store.add_document(PLATFORM, "rules", "fees.txt", text(300), details("2025-01-01"))
    store.add_version(PLATFORM, "rules", first.id, "fees.txt", text(310), details("2026-01-01"))
    index_all(store)
    for day, fee, version in (("2025-06-01", "300", 1), (None, "310", 2)):
        answer = store.answer(
            PLATFORM, "rules", "How much does a small locker cost a year?", selection=Selection(as_of=day)
        )  # fmt: skip
        citation = answer.citations[0]
        assert fee in citation.quote
        assert (citation.document_id, citation.version) == (first.id, version)
        assert citation.effective_on == date(2024 + version, 1, 1)
        assert answer.as_of == (date.fromisoformat(day) if day else TODAY)


def test_a_version_that_waits_or_fails_leaves_the_old_one_in_force(store):
    first = store.add_document(PLATFORM, "rules", "fees.txt", text(300))
    index_all(store)
    store.add_version(PLATFORM, "rules", first.id, "fees.txt", b"\xff\xfe\x00\xd8")
    assert held(store) == [1]
    assert index_all(store) == ["failed"]
    assert held(store) == [1]
    document = store.document(PLATFORM, "rules", first.id)
    assert (document.version, document.status, document.in_force) == (2, "failed", 1)
    store.add_version(PLATFORM, "rules", first.id, "fees.txt", text(310))
    assert index_all(store) == ["done"]
    assert held(store) == [3]


def test_the_same_file_again_is_no_version_but_other_days_or_an_older_file_are(store):
    first = store.add_document(PLATFORM, "rules", "fees.txt", text(300))

    def add(content, *days):
        added = store.add_version(PLATFORM, "rules", first.id, "fees.txt", content, details(*days))
        return added.version, added.duplicate

    assert add(text(300)) == (1, True)
    assert add(text(300), "2026-01-01") == (2, False)
    assert add(text(310)) == (3, False)
    assert add(text(300)) == (4, False)
    assert store.original(PLATFORM, "rules", first.id)[0].read_bytes() == text(300)
    assert store.original(PLATFORM, "rules", first.id, 3)[0].read_bytes() == text(310)
    with pytest.raises(NotFound):
        store.original(PLATFORM, "rules", first.id, 5)


def test_a_version_may_be_of_another_type_and_gives_the_document_its_details(store):
    first = store.add_document(PLATFORM, "rules", "fees.txt", text(300), Details(department="A", access=["role:x"]))
    changed = store.add_version(PLATFORM, "rules", first.id, "fees.md", text(310), Details(department="B"))
    assert (changed.media_type, changed.department, changed.access) == ("text/markdown", "B", ["role:x"])
    with pytest.raises(Unsupported):
        store.add_version(PLATFORM, "rules", first.id, "fees.exe", text(320))
    with pytest.raises(NotFound):
        store.add_version(PLATFORM, "rules", "doc_none", "fees.txt", text(320))


def test_days_may_be_changed_later(store):
    first = store.add_document(PLATFORM, "rules", "fees.txt", text(300))
    index_all(store)
    changed = store.change_document(PLATFORM, "rules", first.id, details(last="2026-06-14"))
    assert (changed.expires_on, changed.in_force) == (date(2026, 6, 14), None)
    assert held(store) == []
    assert held(store, "2026-06-14") == [1]


def test_a_document_goes_with_all_its_versions(store, tmp_path):
    first = store.add_document(PLATFORM, "rules", "fees.txt", text(300))
    index_all(store)
    store.add_version(PLATFORM, "rules", first.id, "fees.txt", text(310))
    store.delete_document(PLATFORM, "rules", first.id)
    assert index_all(store) == []
    assert held(store) == held(store, "2020-01-01") == []
    assert list((tmp_path / "documents" / "rules").iterdir()) == []


def test_a_document_deleted_while_it_is_read_is_not_found_afterwards(tmp_path, embedder):
    def prepare(path, name, limits):
        prepared = prepare_here(path, name, limits)
        store.delete_document(PLATFORM, "rules", first.id)
        return prepared

    store = open_store(tmp_path, embedder, prepare=prepare)
    store.ensure_base(PLATFORM, "rules", "Rules")
    first = store.add_document(PLATFORM, "rules", "fees.txt", text(300))
    index_all(store)
    assert held(store) == []
    assert store.pending() == 0


def test_readers_meet_one_version_at_every_moment(store):
    first = store.add_document(PLATFORM, "rules", "fees.txt", text(300))
    for other in range(3):
        store.add_document(PLATFORM, "rules", f"{other}.txt", f"Parking place {other} is for guests.".encode())
    index_all(store)
    seen, failures = [], []
    stop = threading.Event()

    def read():
        while not stop.is_set():
            found = store.search(PLATFORM, "rules", "How much is a small locker?")
            versions = [passage.version for passage in found if passage.document_id == first.id]
            seen.append(tuple(versions))
            if len(versions) != 1:
                failures.append(versions)

    readers = [threading.Thread(target=read) for _reader in range(2)]
    for reader in readers:
        reader.start()
    for fee in range(301, 309):
        store.add_version(PLATFORM, "rules", first.id, "fees.txt", text(fee))
        index_all(store)
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert held(store)[0] == 9
    assert len(set(seen)) > 3  # the readers did see versions come and go
