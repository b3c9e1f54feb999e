"""Rows of bases, documents and versions, on SQLite and PostgreSQL."""

import threading
from dataclasses import replace
from datetime import date

import pytest

from appliance.state.database import Database
from appliance.state.documents import DocumentRow, DocumentRows, NewVersion
from appliance.state.knowledge_bases import BaseRows


@pytest.fixture
def bases(database):
    rows = BaseRows(database)
    rows.ensure("rules", "Rules", "a", ())
    return rows


@pytest.fixture
def rows(database, bases):
    return DocumentRows(database)


def document(number, base="rules"):
    return DocumentRow(f"doc_{number}", base, "2026-01-01T00:00:00.000Z")


def file(content, **more):
    return NewVersion("a.md", "text/markdown", 3, content * 64, **more)


def test_a_base_keeps_its_first_owner_and_changes_only_what_is_told(bases):
    assert bases.ensure("rules", "Other", "b", ("*",)).tenant == "a"
    changed = bases.change("rules", shared_with=("b", "c"), glossary="活期|demand")
    assert (changed.title, changed.shared_with, changed.glossary) == ("Rules", ("b", "c"), "活期|demand")
    assert bases.get("rules") == changed
    assert bases.change("nowhere", title="x") is None


def test_a_document_and_its_versions_come_back_as_they_were_written(rows):
    told = replace(document(1), department="零售部", access=("tenant:b", "role:caller"))
    first = file("1", effective_on=date(2026, 1, 2), expires_on=date(2026, 12, 31))
    filed, added = rows.add(told, first)
    assert added
    assert filed.document == told
    version = filed.newest
    assert (version.number, version.status, version.effective_on, version.expires_on) == (
        1, "pending", date(2026, 1, 2), date(2026, 12, 31),
    )  # fmt: skip
    filed = rows.set_indexed(version.key, pages=3, chunks=4, pictures=(2,), signature=b"\x00\xff")
    assert (filed.newest.status, filed.newest.pictures, filed.newest.signature) == ("indexed", (2,), b"\x00\xff")
    changed = rows.change(replace(told, access=()), replace(filed.newest, expires_on=None))
    assert (changed.document.access, changed.newest.expires_on) == ((), None)
    assert rows.of_base("rules") == [changed] == [rows.get("doc_1")]


def test_the_same_bytes_are_one_document_of_a_base_whoever_is_faster(rows, bases):
    bases.ensure("other", "Other", "a", ())
    results = []
    start = threading.Barrier(4)

    def add(number):
        start.wait()
        results.append(rows.add(document(number), file("1")))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(added for _filed, added in results) == 1
    assert len({filed.document.id for filed, _added in results}) == 1
    assert rows.add(document(9, "other"), file("1"))[1] is True


def test_bytes_of_an_older_version_count_as_there(rows):
    rows.add(document(1), file("1"))
    rows.add_version(document(1), 2, file("2"))
    filed, added = rows.add(document(2), file("1"))
    assert (filed.document.id, added, len(filed.versions)) == ("doc_1", False, 2)


def test_a_key_is_never_given_twice(rows, database):
    keys = [rows.add(document(number), file(str(number)))[0].newest.key for number in range(3)]
    rows.delete("doc_2")  # the one with the highest key
    keys.append(rows.add(document(4), file("4"))[0].newest.key)
    keys.append(rows.add_version(document(4), 2, file("5")).newest.key)
    assert keys == sorted(set(keys))
    restarted = DocumentRows(database)
    restarted.delete("doc_4")
    restarted.never_below(keys)  # what an index still holds
    assert restarted.add(document(6), file("6"))[0].newest.key > max(keys)


def test_attempts_are_counted_and_struck_off(rows):
    key = rows.add(document(1), file("1"))[0].newest.key
    assert [rows.start_attempt(key), rows.start_attempt(key)] == [1, 2]
    rows.take_back_attempt(key)
    assert rows.start_attempt(key) == 2
    rows.set_failed(key, "[]")
    assert rows.get("doc_1").newest.status == "failed"
    rows.set_pending([key])
    assert (rows.get("doc_1").newest.attempts, rows.get("doc_1").newest.reason) == (0, None)
    rows.take_back_attempt(key)
    assert rows.get("doc_1").newest.attempts == 0


def test_what_is_gone_stays_gone(rows, bases):
    key = rows.add(document(1), file("1"))[0].newest.key
    rows.delete("doc_1")
    assert rows.add_version(document(1), 2, file("2")) is None
    assert rows.set_indexed(key, pages=None, chunks=1, pictures=(), signature=b"") is None
    assert rows.set_failed(key, "[]") is None
    assert rows.start_attempt(key) == 0
    rows.add(document(2), file("2"))
    bases.delete("rules")
    assert rows.get("doc_2") is None
    assert bases.all() == []


def test_rows_are_there_after_reopening(rows, url):
    rows.add(document(1), file("1"))
    other = Database.open(url)
    assert [filed.document.id for filed in DocumentRows(other).of_base("rules")] == ["doc_1"]
    other.close()
