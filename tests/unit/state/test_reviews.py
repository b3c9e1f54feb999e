"""Answers that wait for a person: sealed, decided once, seen by those who may."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.core.errors import Conflict, Gone, InvalidRequest, NotFound, PermissionDenied, Unavailable
from appliance.core.principal import Principal
from appliance.state.review_records import Held, NewReview
from appliance.state.reviews import Reviews

ASKER = Principal("retail", "caller", "lma-asker", user_id="lmu-anna")
REVIEWER = Principal("retail", "admin", "lma-reviewer", user_id="lmu-boris")
SECRET = "保证年化收益百分之十二 UNMISTAKABLE"
QUESTION = "Where do I put 300,000? UNMISTAKABLE"
BODY = {"choices": [{"index": 0, "message": {"role": "assistant", "content": SECRET}}]}


@pytest.fixture
def reviews(database, tmp_path):
    return Reviews(database, tmp_path / "secrets" / "reviews", "international")


def new(who=ASKER, **more):
    given = {"request_id": "r-1", "route": "/v1/chat/completions", "target": "general", "rules": ("model:general",)}
    return NewReview(who, **{**given, **more}, question=QUESTION, held=Held(BODY, SECRET))


def test_what_is_held_comes_back_once_it_is_approved(reviews):
    review_id = reviews.hold(new())
    record = reviews.get(review_id, REVIEWER)
    assert (record.status, record.rules, record.decided_by) == ("pending", ("model:general",), None)
    texts = reviews.texts(record)
    assert (texts.question, texts.held.text, texts.held.editable, texts.edited) == (QUESTION, SECRET, True, None)
    decided = reviews.decide(review_id, "approved", REVIEWER)
    assert (decided.status, decided.decided_by, decided.reason) == ("approved", "lma-reviewer", None)
    assert decided.decided_at >= decided.created_at
    assert reviews.released(reviews.of_asker(review_id, ASKER)) == BODY


def test_an_edit_keeps_both_texts_and_releases_the_new_one(reviews):
    review_id = reviews.hold(new())
    decided = reviews.decide(review_id, "edited", REVIEWER, edited=Held({"choices": []}, "Ask your adviser."))
    texts = reviews.texts(decided)
    assert (texts.held.text, texts.edited) == (SECRET, "Ask your adviser.")
    assert reviews.released(decided) == {"choices": []}


@pytest.mark.parametrize("suite", ["international", "chinese"])
def test_no_text_is_in_the_files_of_the_database(tmp_path, suite):
    from appliance.state.database import Database, sqlite_url

    database = Database.open(sqlite_url(tmp_path / "state.db"))
    database.migrate()
    reviews = Reviews(database, tmp_path / "secrets", suite)
    edited = Held({"text": "EDITED UNMISTAKABLE"}, "EDITED UNMISTAKABLE")
    reviews.decide(reviews.hold(new()), "edited", REVIEWER, edited=edited)
    record = reviews.decide(reviews.hold(new()), "refused", REVIEWER, reason="REASON UNMISTAKABLE")
    database.close()
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("state.db*"))
    assert record.id.encode() in raw
    assert b"UNMISTAKABLE" not in raw
    assert SECRET.encode() not in raw
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()} == {0o600}


def test_without_its_key_a_text_stays_closed_and_the_list_still_works(reviews, database, tmp_path):
    review_id = reviews.hold(new())
    reviews.decide(review_id, "refused", REVIEWER, reason="no")
    (tmp_path / "secrets" / "reviews" / "international").unlink()
    blind = Reviews(database, tmp_path / "secrets" / "reviews", "international")
    record = blind.get(review_id, REVIEWER)
    assert record.reason is None
    with pytest.raises(Unavailable) as refused:
        blind.texts(record)
    assert refused.value.code == "review_sealed"
    assert not (tmp_path / "secrets" / "reviews" / "international").exists()


def test_a_text_cannot_be_moved_to_another_answer(reviews, database):
    from sqlalchemy import select, update

    from appliance.state.review_tables import reviews as table

    first, second = reviews.hold(new()), reviews.hold(new())
    with database.write() as connection:
        taken = connection.scalar(select(table.c.held).where(table.c.id == first))
        connection.execute(update(table).where(table.c.id == second).values(held=taken))
    with pytest.raises(Unavailable):
        reviews.texts(reviews.get(second, REVIEWER))


def test_of_many_reviewers_at_once_one_decides(database, tmp_path):
    review_id = Reviews(database, tmp_path / "keys", "international").hold(new())
    start, outcomes = threading.Barrier(8), []

    def decide(number):
        mine = Reviews(database, tmp_path / "keys", "international")
        start.wait()
        try:
            by = replace(REVIEWER, key_id=f"lma-{number}", user_id=None)
            outcomes.append(mine.decide(review_id, "refused" if number % 2 else "approved", by, reason=f"{number}"))
        except Conflict as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("already_decided") == 7
    (winner,) = [outcome for outcome in outcomes if outcome != "already_decided"]
    assert Reviews(database, tmp_path / "keys", "international").get(review_id, REVIEWER) == winner


@pytest.mark.parametrize(
    "who",
    [
        Principal("retail", "admin", "lma-asker"),
        Principal("retail", "admin", "lma-other", user_id="lmu-anna"),
        Principal("default", "admin", "lmu-anna", user_id="lmu-anna"),
    ],
)
def test_nobody_decides_about_what_they_asked(reviews, who):
    review_id = reviews.hold(new())
    with pytest.raises(PermissionDenied) as refused:
        reviews.decide(review_id, "approved", who)
    assert refused.value.code == "own_answer"
    assert reviews.get(review_id, REVIEWER).status == "pending"


def test_a_tenant_sees_nothing_of_another(reviews):
    branch = Principal("branch", "admin", "lma-branch")
    above = Principal("region", "admin", "lma-region", descendants=frozenset({"retail", "branch"}))
    office = Principal("default", "admin", "lma-office")
    retail, other = reviews.hold(new()), reviews.hold(new(Principal("branch", "caller", "lma-b")))
    assert [one.id for one in reviews.page(REVIEWER)[0]] == [retail]
    assert [one.id for one in reviews.page(branch)[0]] == [other]
    assert [one.id for one in reviews.page(above)[0]] == [one.id for one in reviews.page(office)[0]] == [other, retail]
    for act in (reviews.get, reviews.of_asker):
        with pytest.raises(NotFound):
            act(retail, branch)
    with pytest.raises(NotFound):
        reviews.decide(retail, "approved", branch)
    with pytest.raises(NotFound):  # a reviewer is not the asker
        reviews.of_asker(retail, REVIEWER)


def test_an_asker_is_a_key_or_the_person_behind_it(reviews):
    theirs, nobodys = reviews.hold(new()), reviews.hold(new(replace(ASKER, user_id=None)))
    other_key = replace(ASKER, key_id="lma-second")
    assert reviews.of_asker(theirs, other_key).id == theirs
    with pytest.raises(NotFound):
        reviews.of_asker(nobodys, other_key)
    with pytest.raises(NotFound):
        reviews.of_asker(nobodys, Principal("retail", "caller", "lma-x"))


def test_pages_follow_each_other_both_ways(reviews):
    ids = [reviews.hold(new()) for _number in range(5)]
    reviews.decide(ids[2], "approved", REVIEWER)
    for oldest_first in (False, True):
        seen, after, more = [], None, True
        while more:
            rows, more = reviews.page(REVIEWER, after=after, limit=2, oldest_first=oldest_first)
            seen += [row.id for row in rows]
            after = rows[-1].id
        assert seen == sorted(ids, reverse=not oldest_first)
    assert {row.id for row in reviews.page(REVIEWER, "pending")[0]} == {*ids} - {ids[2]}
    with pytest.raises(InvalidRequest):
        reviews.page(REVIEWER, after="rev_'; DROP TABLE reviews")


@pytest.mark.parametrize("review_id", ["", "rev_x", "rev_" + "0" * 26, "a\x00b", "rev_" + "é" * 26])
def test_an_id_that_is_none_is_not_found(reviews, review_id):
    with pytest.raises(NotFound) as missing:
        reviews.get(review_id, REVIEWER)
    assert missing.value.code == "review_not_found"


class Clock:
    """A clock that the test moves by days."""

    def __init__(self):
        self.now = datetime(2027, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.now

    def wait(self, days):
        self.now += timedelta(days=days)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def kept(database, tmp_path, clock):
    """Give a queue that keeps answers for ten days."""
    return Reviews(database, tmp_path / "secrets" / "reviews", "international", clock, timedelta(days=10))


def gone(act, record, code):
    with pytest.raises(Gone) as refused:
        act(record)
    assert refused.value.code == code


@pytest.mark.parametrize("erased", [False, True])
def test_what_nobody_decided_in_time_is_expired_and_never_released(kept, clock, erased):
    late = kept.hold(new())
    clock.wait(9)
    waiting = kept.hold(new())
    clock.wait(2)
    if erased:
        (lapsed,) = kept.lapsed(10)
        assert kept.erase(lapsed)
    record = kept.of_asker(late, ASKER)
    assert (record.status, record.erased, record.decided_by, record.decided_at) == ("expired", True, None, None)
    gone(kept.texts, record, "review_expired")
    gone(kept.released, record, "review_expired")
    for decision in ("approved", "edited", "refused"):
        with pytest.raises(Conflict) as refused:
            kept.decide(late, decision, REVIEWER, edited=Held(BODY, SECRET))
        assert refused.value.code == "review_expired"
    assert [one.id for one in kept.page(REVIEWER, "pending")[0]] == [waiting]
    assert [one.id for one in kept.page(REVIEWER, "expired")[0]] == [late]
    assert kept.decide(waiting, "approved", REVIEWER).status == "approved"


def test_texts_of_a_decided_answer_go_and_who_decided_stays(kept, clock, database):
    from sqlalchemy import select

    from appliance.state.review_tables import reviews as table

    approved, edited, refused = (kept.hold(new()) for _number in range(3))
    clock.wait(9)  # the decision counts, not the question
    kept.decide(approved, "approved", REVIEWER)
    kept.decide(edited, "edited", REVIEWER, edited=Held({"text": "x"}, "x"))
    decided = kept.decide(refused, "refused", REVIEWER, reason="not suitable")
    clock.wait(9)
    assert kept.lapsed(10) == []
    assert kept.released(kept.of_asker(approved, ASKER)) == BODY
    assert kept.get(refused, REVIEWER).reason == "not suitable"
    clock.wait(2)
    for review_id in (approved, edited):
        gone(kept.released, kept.of_asker(review_id, ASKER), "review_erased")
    some = {one.id for one in kept.lapsed(2)}  # made in one millisecond, so in no order among themselves
    assert len(some) == 2
    assert some < {approved, edited, refused}
    assert [kept.erase(one) for one in kept.lapsed(10)] == [True] * 3
    assert kept.lapsed(10) == []
    with database.read() as connection:
        rows = connection.execute(select(table.c.question, table.c.held, table.c.edited, table.c.reason)).all()
    assert {tuple(row) for row in rows} == {(b"", b"", None, None)}
    record = kept.get(refused, REVIEWER)
    assert (record.status, record.decided_by, record.decided_at) == ("refused", "lma-reviewer", decided.decided_at)
    assert (record.erased, record.reason, record.rules) == (True, None, ("model:general",))
    clock.wait(-30)  # what is erased stays so, whatever the setting becomes
    gone(kept.texts, kept.get(approved, REVIEWER), "review_erased")


def test_what_is_not_lapsed_is_not_erased(kept, clock):
    review_id = kept.hold(new())
    clock.wait(11)
    (lapsed,) = kept.lapsed(10)
    clock.wait(-5)
    assert not kept.erase(lapsed)
    assert kept.texts(kept.get(review_id, REVIEWER)).question == QUESTION


def test_texts_erased_after_a_record_was_read_are_told_as_erased(kept, clock):
    review_id = kept.hold(new())
    kept.decide(review_id, "approved", REVIEWER)
    read = kept.of_asker(review_id, ASKER)
    clock.wait(11)
    assert kept.erase(*kept.lapsed(1))
    gone(kept.released, read, "review_erased")


def test_erased_texts_leave_no_trace_in_the_file(tmp_path, clock):
    from appliance.state.database import Database, sqlite_url

    database = Database.open(sqlite_url(tmp_path / "state.db"))
    database.migrate()
    kept = Reviews(database, tmp_path / "secrets", "international", clock, timedelta(days=10))
    review_id = kept.hold(replace(new(), question="y" * 20_000))
    with database.read() as connection:
        sealed = connection.exec_driver_sql("SELECT question, held FROM reviews").one()
    clock.wait(11)
    assert kept.erase(*kept.lapsed(1))
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
    database.close()
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("state.db*"))
    assert review_id.encode() in raw
    for text in sealed:
        assert all(text[at : at + 40] not in raw for at in range(0, len(text) - 40, 200))
