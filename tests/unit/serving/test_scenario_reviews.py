"""What a scenario leaves for reviewers: they change no word of it, and who asked does not decide."""

import json

import httpx
import pytest

from appliance.core.errors import NotFound
from appliance.core.principal import Principal
from appliance.scenario.services import ReviewState, Submission
from appliance.serving.scenario_services import StoredReviews
from appliance.state.audit.search import Filters, search
from tests.unit.serving.readings import error_of

ROUTE = "/v1/scenarios/reports/jobs/{job_id}/submission"
TEXT = "# 尽职调查报告\n\n营业收入为1,234.50万元。"
BODY = {"object": "report", "id": "job_1", "version": 2}


@pytest.fixture
def who(accounts, context):
    """Give a function that makes a key and returns its holder and a client with it."""
    for tenant in ("retail", "other"):
        accounts.tenants.add(tenant)

    def make(app, tenant="retail", role="caller"):
        record, key = context.accounts.keys.create(f"{tenant} {role}", tenant, role)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {key}"}
        client = httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers)
        return Principal(tenant, role, record.id), client

    return make


@pytest.fixture
def queue(context):
    return StoredReviews(context.reviews, "reports")


async def submitted(queue, by):
    question = Submission("Sign off: 尽职调查报告", TEXT, BODY, ROUTE, ("sign-off",))
    return await queue.submit(by, "req-7", question)


async def test_a_reviewer_reads_and_releases_it(app, queue, who, ring):
    (author, mine), (boss, theirs) = who(app), who(app, role="admin")
    review_id = await submitted(queue, author)
    assert await queue.state(author, review_id) == ReviewState("pending")
    (listed,) = (await theirs.get("/v1/reviews")).json()["data"]
    assert (listed["target"], listed["route"], listed["rules"]) == ("reports", ROUTE, ["sign-off"])
    shown = (await theirs.get(f"/v1/reviews/{review_id}")).json()
    assert (shown["question"], shown["answer"], shown["editable"]) == ("Sign off: 尽职调查报告", TEXT, False)
    assert (await mine.get(f"/v1/reviews/{review_id}/answer")).status_code == 202
    assert (await theirs.post(f"/v1/reviews/{review_id}/approve", json={})).status_code == 200
    state = await queue.state(author, review_id)
    assert (state.status, state.by) == ("approved", boss.key_id)
    assert state.at is not None
    assert (await mine.get(f"/v1/reviews/{review_id}/answer")).json() == BODY
    (decided,) = search(ring._database, Filters(kind="admin.review")).records
    assert json.loads(decided.data)["answers"] == "req-7"


async def test_no_reviewer_puts_other_words_in_its_place(app, queue, who):
    (author, _mine), (_boss, theirs) = who(app), who(app, role="admin")
    review_id = await submitted(queue, author)
    error_of(await theirs.post(f"/v1/reviews/{review_id}/edit", json={"text": "other"}), 400, "not_editable")
    assert (await queue.state(author, review_id)).status == "pending"


async def test_who_asked_cannot_decide_even_as_an_admin(app, queue, who):
    author, mine = who(app, role="admin")
    review_id = await submitted(queue, author)
    for act, body in (("approve", {}), ("refuse", {"reason": "no"})):
        error_of(await mine.post(f"/v1/reviews/{review_id}/{act}", json=body), 403, "own_answer")
    assert (await queue.state(author, review_id)).status == "pending"


async def test_a_refusal_comes_with_its_reason(app, queue, who):
    (author, mine), (_boss, theirs) = who(app), who(app, role="admin")
    review_id = await submitted(queue, author)
    await theirs.post(f"/v1/reviews/{review_id}/refuse", json={"reason": "Chapter 3 is thin."})
    state = await queue.state(author, review_id)
    assert (state.status, state.reason) == ("refused", "Chapter 3 is thin.")
    error_of(await mine.get(f"/v1/reviews/{review_id}/answer"), 403, "review_refused")


async def test_other_scenarios_and_other_tenants_know_nothing_of_it(app, context, queue, who):
    (author, _mine), (stranger, _theirs) = who(app), who(app, "other", "admin")
    review_id = await submitted(queue, author)
    head = Principal("default", "admin", "lma-head")
    for other, by in (
        (StoredReviews(context.reviews, "advisor"), author), (queue, stranger), (queue, head),
    ):  # fmt: skip
        with pytest.raises(NotFound) as refused:
            await other.state(by, review_id)
        assert refused.value.code == "review_not_found"
    with pytest.raises(NotFound):
        await queue.state(author, "rev_../../etc")
