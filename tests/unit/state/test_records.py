"""Records of scenarios, on both databases."""

import threading

import pytest

from appliance.core.errors import Conflict, InvalidRequest, NotFound
from appliance.core.principal import Principal
from appliance.state.records import ANYONE, NewRecord, RecordRows, Tally

LI = Principal("a", "caller", "lma-li")
WANG = Principal("a", "caller", "lma-wang")
ADMIN = Principal("a", "admin", "lma-admin")
OTHER = Principal("b", "admin", "lma-other")


@pytest.fixture
def rows(database):
    return RecordRows(database, "qa")


def note(text="hello", owner=LI.key_id, **more):
    return NewRecord("note", owner, {"text": text, **more})


def test_a_record_is_read_by_its_owner_and_by_admins_of_the_tenant(rows):
    made = rows.create(LI, note("你好"))
    assert made.id.startswith("note_")
    assert made.revision == 1
    assert rows.get(LI, "note", made.id) == made == rows.get(ADMIN, "note", made.id)
    assert rows.get(WANG, "note", made.id, ANYONE) == made


def test_what_one_may_not_read_looks_like_what_is_not_there(rows, database):
    made = rows.create(LI, note())
    unknown = "note_" + "0" * 26
    refused = [
        (rows, WANG, "note", made.id, None),
        (rows, ADMIN, "note", made.id, WANG.key_id),
        (rows, OTHER, "note", made.id, None),
        (rows, OTHER, "note", made.id, ANYONE),
        (rows, LI, "golden", made.id, None),
        (RecordRows(database, "other"), LI, "note", made.id, None),
    ]
    for reader, who, kind, record_id, owner in refused:
        with pytest.raises(NotFound) as caught:
            reader.get(who, kind, record_id, owner)
        with pytest.raises(NotFound) as missing:
            reader.get(who, kind, unknown, owner)
        assert str(caught.value).replace(made.id, "") == str(missing.value).replace(unknown, "")


@pytest.mark.parametrize("record_id", ["", "../../etc/passwd", "note_\x00", "x" * 5000, "' OR 1=1 --"])
def test_an_id_that_nobody_was_given(rows, record_id):
    with pytest.raises(NotFound) as caught:
        rows.get(ADMIN, "note", record_id)
    assert len(str(caught.value)) < 200


def test_of_two_changes_to_one_reading_the_second_is_refused(rows):
    made = rows.create(LI, note("one"))
    changed = rows.update(made, {"text": "two"})
    assert (changed.revision, changed.data) == (2, {"text": "two"})
    with pytest.raises(Conflict) as caught:
        rows.update(made, {"text": "three"}, [NewRecord("turn", made.id, {})])
    assert caught.value.code == "changed_meanwhile"
    assert rows.get(LI, "note", made.id) == changed
    assert rows.page(LI, "turn", made.id).records == ()


def test_many_writers_lose_no_change(rows):
    made = rows.create(LI, note(count=0))

    def add():
        for _turn in range(5):
            while True:
                now = rows.get(LI, "note", made.id)
                try:
                    rows.update(now, {"count": now.data["count"] + 1}, [NewRecord("turn", made.id, {})])
                    break
                except Conflict:
                    continue

    threads = [threading.Thread(target=add) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows.get(LI, "note", made.id).data["count"] == 20
    assert len(rows.page(LI, "turn", made.id, limit=100).records) == 20


def test_parts_go_with_their_record(rows):
    made, other = rows.create(LI, note()), rows.create(LI, note())
    for whole in (made, other):
        rows.update(whole, {}, [NewRecord("turn", whole.id, {}), NewRecord("turn", whole.id, {})])
    rows.delete(made)
    rows.delete(made)
    assert [record.id for record in rows.page(ADMIN, "note").records] == [other.id]
    assert {record.owner for record in rows.page(ADMIN, "turn").records} == {other.id}
    with pytest.raises(NotFound):
        rows.update(made, {})


def test_a_delete_stays_within_its_tenant(rows):
    made = rows.create(LI, note())
    stranger = rows.create(OTHER, NewRecord("note", made.id, {}))
    rows.delete(made)
    assert rows.get(OTHER, "note", stranger.id) == stranger


def test_pages_go_from_the_newest_to_the_oldest_without_gaps(rows):
    made = [rows.create(LI, note(str(number))).id for number in range(7)]
    rows.create(WANG, note(owner=WANG.key_id))
    seen, cursor = [], None
    while True:
        page = rows.page(LI, "note", cursor=cursor, limit=3)
        seen += [record.id for record in page.records]
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.records) == 3
    assert sorted(seen) == sorted(made)
    newest_first = [record.created_at for record in rows.page(LI, "note").records]
    assert newest_first == sorted(newest_first, reverse=True)


def test_pages_of_those_with_a_text(rows):
    for number in range(4):
        rows.create(LI, note(status="open" if number % 2 else "done", number=number))
    found = rows.page(ADMIN, "note", where={"status": "open"}).records
    assert sorted(record.data["number"] for record in found) == [1, 3]
    assert rows.page(ADMIN, "note", where={"status": "open' OR '1'='1"}).records == ()
    assert rows.page(ADMIN, "note", where={"nothing": "open"}).records == ()


@pytest.mark.parametrize("cursor", ["", "x", "2026-01-01T00:00:00.000Z~", "2026-01-01T00:00:00.000Z~note_1' OR 1=1"])
def test_a_cursor_of_ones_own_making(rows, cursor):
    with pytest.raises(InvalidRequest) as caught:
        rows.page(LI, "note", cursor=cursor)
    assert caught.value.param == "cursor"


def test_a_record_has_a_limit_in_bytes(rows):
    made = rows.create(LI, note("字" * 340_000))
    for write in (lambda: rows.create(LI, note("字" * 350_000)), lambda: rows.update(made, {"text": "字" * 350_000})):
        with pytest.raises(InvalidRequest) as caught:
            write()
        assert caught.value.code == "record_too_large"
    assert rows.page(LI, "note").records == (made,)


def test_kinds_begin_ids_so_they_are_short_words():
    for kind in ("", "Note", "a-b", "x" * 13):
        with pytest.raises(ValueError, match="kind"):
            NewRecord(kind, "o", {})


def test_many_are_kept_in_one_transaction_or_none_of_them(rows):
    made = rows.create_many([(LI, note("one")), (WANG, note("two", WANG.key_id)), (OTHER, note("three", "x"))])
    assert [one.data["text"] for one in made] == ["one", "two", "three"]
    assert [one.tenant for one in made] == ["a", "a", "b"]
    assert rows.get(WANG, "note", made[1].id) == made[1]
    assert rows.create_many([]) == []
    twice = NewRecord("note", LI.key_id, {"text": "again"})
    with pytest.raises(Exception, match=r"(?i)unique"):
        rows.create_many([(LI, note("first")), (LI, twice), (LI, twice)])
    assert len(rows.page(ADMIN, "note").records) == 2


def test_a_page_of_a_time(rows, monkeypatch):
    made = []
    for minute in range(4):
        monkeypatch.setattr("appliance.state.records.iso", lambda _now, m=minute: f"2026-01-01T10:0{m}:00.000Z")
        made.append(rows.create(LI, note(str(minute))))
    page = rows.page(LI, "note", since=made[1].created_at, until=made[3].created_at)
    assert [one.data["text"] for one in page.records] == ["2", "1"]
    assert [one.count for one in rows.tally(LI, "note", [], since=made[1].created_at)] == [3]


def test_records_are_counted_by_texts_and_their_numbers_added(rows):
    for intent, seat, seconds in (("loss", "7", 30), ("loss", "7", 1.5), ("loss", "8", "long"), ("rate", "7", None)):
        rows.create(LI, NewRecord("call", LI.key_id, {"intent": intent, "seat": seat, "seconds": seconds}))
    rows.create(LI, NewRecord("call", LI.key_id, {"seat": "7", "seconds": [1]}))
    rows.create(OTHER, NewRecord("call", "x", {"intent": "loss", "seat": "7"}))
    assert rows.tally(ADMIN, "call", ["intent", "seat"], sums=["seconds", "none"]) == [
        Tally(("loss", "7"), 2, (31.5, 0.0)),
        Tally((None, "7"), 1, (0.0, 0.0)),
        Tally(("loss", "8"), 1, (0.0, 0.0)),
        Tally(("rate", "7"), 1, (0.0, 0.0)),
    ]
    assert rows.tally(ADMIN, "call", ["seat"], where={"intent": "loss"}) == [Tally(("7",), 2), Tally(("8",), 1)]
    assert rows.tally(ADMIN, "call", []) == [Tally((), 5)]
    assert rows.tally(WANG, "call", ["seat"]) == []
    assert rows.tally(WANG, "call", ["seat"], ANYONE) == [Tally(("7",), 4), Tally(("8",), 1)]


@pytest.mark.parametrize("name", ["a.b", 'a"b', "$", "x'; DROP TABLE scenario_records; --", "意图", ""])
def test_only_plain_names_are_counted_by(rows, name):
    for names in ({"by": [name]}, {"by": [], "sums": [name]}):
        with pytest.raises(ValueError, match="field"):
            rows.tally(LI, "call", **names)


def test_all_parts_of_a_record_are_found_by_an_index(rows, database):
    whole = rows.create(LI, note("whole"))
    rows.create_many([(LI, NewRecord("part", whole.id, {})) for _ in range(3)])
    if database.dialect == "sqlite":
        sql = (
            "EXPLAIN QUERY PLAN SELECT * FROM scenario_records WHERE scenario = 'qa' AND tenant = 'a' AND owner = 'o' "
            "AND kind = 'part' ORDER BY created_at DESC"
        )
        with database.read() as connection:
            plan = " ".join(str(row) for row in connection.exec_driver_sql(sql))
        assert "scenario_records_owner" in plan
        assert "TEMP B-TREE" not in plan
    assert len(rows.page(LI, "part", whole.id).records) == 3
