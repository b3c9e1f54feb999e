"""Answers that wait for a person: sealed, decided once, seen by those who may."""

import threading
from dataclasses import replace

import pytest

from appliance.core.errors import Conflict, InvalidRequest, NotFound, PermissionDenied, Unavailable
from appliance.core.principal import Principal
from appliance.state.reviews import Held, NewReview, Reviews

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
