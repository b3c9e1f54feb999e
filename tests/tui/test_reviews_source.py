import pytest

from appliance.core.errors import (
    ApplianceError,
    AuthenticationFailed,
    Conflict,
    NotFound,
    NotRunning,
    PermissionDenied,
    RequestError,
    Unavailable,
)
from appliance.tui.reviews_source import OWN_ANSWER, Decision
from tests.tui.reviews_double import FIRST, RECORDS, SECOND, THIRD, ReviewsDouble


@pytest.fixture
def double():
    return ReviewsDouble()


@pytest.fixture
def source(double, tmp_path):
    key_file = tmp_path / "a.key"
    key_file.write_text("key-1\n")
    return double.source(key_file)


async def test_pending_ones_and_all(source, double):
    assert [review.id for review in (await source.find("pending")).reviews] == [FIRST, SECOND]
    found = await source.find(None)
    assert [review.id for review in found.reviews] == [FIRST, SECOND, THIRD]
    assert not found.more
    assert found.reviews[2].decided_by == "user_li.wei"
    assert [query for _method, _path, query in double.asked] == [
        {"limit": "100", "order": "asc", "status": "pending"},
        {"limit": "100", "order": "desc"},
    ]


async def test_pages_are_followed_and_bounded(tmp_path):
    (tmp_path / "key").write_text("k")
    many = [RECORDS[0] | {"id": f"rev_{number:04}"} for number in range(1200)]
    double = ReviewsDouble(many)
    found = await double.source(tmp_path / "key").find("pending")
    assert len(found.reviews) == 500
    assert found.more
    assert len(double.asked) == 5
    assert len({review.id for review in found.reviews}) == 500


async def test_each_decision_is_sent_as_the_api_takes_it(source, double):
    assert (await source.decide(FIRST, Decision("edit", "别的文字"))).status == "edited"
    assert (await source.decide(SECOND, Decision("refuse", "不准确"))).reason == "不准确"
    double.records[THIRD]["status"] = "pending"
    assert (await source.decide(THIRD, Decision("approve"))).status == "approved"
    assert double.asked == [
        ("POST", f"/v1/reviews/{FIRST}/edit", {"text": "别的文字"}),
        ("POST", f"/v1/reviews/{SECOND}/refuse", {"reason": "不准确"}),
        ("POST", f"/v1/reviews/{THIRD}/approve", {}),
    ]


async def test_one_that_nobody_decided_about_is_read_without_its_texts(source, double):
    double.records[FIRST] |= {"status": "expired", "erased": True, "question": None, "answer": None}
    read = await source.read(FIRST)
    assert (read.status, read.question, read.answer) == ("expired", None, None)
    assert FIRST in [review.id for review in (await source.find(None)).reviews]


async def test_decided_by_another(source, double):
    double.settle(FIRST, "approve")
    with pytest.raises(Conflict):
        await source.decide(FIRST, Decision("refuse", "no"))


@pytest.mark.parametrize(
    ("refusal", "error", "code"),
    [
        ((401, "authentication_failed"), AuthenticationFailed, None),
        ((403, "permission_denied"), PermissionDenied, None),
        ((403, OWN_ANSWER), PermissionDenied, OWN_ANSWER),
        ((400, "content_filtered"), RequestError, "content_filtered"),
        ((500, "appliance_error"), Unavailable, None),
        ((503, "unavailable"), Unavailable, None),
    ],
)
async def test_refusals(source, double, refusal, error, code):
    double.deciding = refusal
    with pytest.raises(error) as caught:
        await source.decide(FIRST, Decision("approve"))
    assert code is None or caught.value.code == code
    assert isinstance(caught.value, ApplianceError)
    assert "key-1" not in str(caught.value)


async def test_reason_of_the_appliance_is_told(source, double):
    double.deciding = (400, "text_too_long")
    with pytest.raises(RequestError, match="longer than 20,000"):
        await source.decide(FIRST, Decision("edit", "x"))


async def test_review_that_is_gone_and_one_with_a_strange_id(source, double):
    with pytest.raises(NotFound):
        await source.read("rev_none")
    with pytest.raises(ApplianceError):
        await source.read("../status?x=1")
    assert len(double.asked) == 1, "an id with a slash in it reaches no other route"


async def test_nothing_listens(source, double):
    double.down = True
    with pytest.raises(NotRunning):
        await source.find(None)


async def test_appliance_without_reviews(source, double):
    double.listing = (404, "not_found")
    with pytest.raises(Unavailable, match="not an appliance of this version"):
        await source.find(None)


@pytest.mark.parametrize(
    "change", [{"created_at": "yesterday"}, {"created_at": "2026-11-24T05:58:40"}, {"status": "lost"}, {"rules": None}]
)
async def test_record_of_another_form(source, double, change):
    double.records[FIRST] |= change
    with pytest.raises(Unavailable, match="not an appliance of this version"):
        await source.find(None)


async def test_page_that_leads_to_itself_ends(tmp_path):
    (tmp_path / "key").write_text("k")
    double = ReviewsDouble(page=1)
    endless = double.source(tmp_path / "key")
    double.records = {name: record | {"id": FIRST} for name, record in double.records.items()}
    with pytest.raises(Unavailable):
        await endless.find(None)
    assert len(double.asked) == 2
