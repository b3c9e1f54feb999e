"""Held answers after a while, and who read them: what is erased, what is told then, what the audit holds of it."""

import asyncio
import json
from datetime import timedelta

import pytest

from appliance.core.clock import utc_now
from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.serving.gateway import review_retention
from appliance.serving.gateway.review_retention import erase_for_ever, erase_lapsed
from tests.unit.serving import test_reviews
from tests.unit.serving.readings import error_of
from tests.unit.serving.test_reviews import held, records, whole

reviewing, gateway, client = test_reviews.reviewing, test_reviews.gateway, test_reviews.client  # fixtures


async def test_who_reads_a_held_text_and_who_fetches_it_is_in_the_audit(client, model, ring):
    model.scripts = [[whole("Into bonds.")]]
    asker, reviewer = client("reviewed", **{"X-Request-ID": "asked-1"}), client("reviewed", "admin")
    address = f"/v1/reviews/{await held(asker)}"
    await reviewer.get("/v1/reviews")
    await asker.get(f"{address}/answer")
    assert records(ring, "admin.review.read") == records(ring, "admin.review.fetched") == []
    shown = (await reviewer.get(address)).json()
    await reviewer.post(f"{address}/approve", json={})
    await asker.get(f"{address}/answer")
    await asker.get(f"{address}/answer")
    (read,), fetched = records(ring, "admin.review.read"), records(ring, "admin.review.fetched")
    assert (read.action, read.target, read.outcome, read.tenant) == ("review read", shown["id"], "ok", "reviewed")
    assert (read.actor.startswith("lma-"), read.role, read.actor != shown["asked_by"]) == (True, "admin", True)
    assert {(one.action, one.target, one.actor) for one in fetched} == {
        ("review fetch", shown["id"], shown["asked_by"])
    }
    assert len(fetched) == 2
    for record in (read, *fetched):
        assert json.loads(record.data)["answers"] == "asked-1"
        assert "bonds" not in record.data
        assert "money" not in record.data


async def test_a_text_that_may_not_be_read_is_not_in_the_audit_as_read(client, model, ring):
    model.scripts = [[whole("Into bonds.")]]
    both = client("reviewed", "admin")
    address = f"/v1/reviews/{await held(both)}"
    error_of(await both.get(address), 403, "own_answer")
    error_of(await client("other", "admin").get(address), 404, "review_not_found")
    assert records(ring, "admin.review.read") == []


async def test_what_is_not_written_in_the_audit_is_not_read(client, model, gateway, monkeypatch):
    model.scripts = [[whole("Into bonds.")]]
    asker, reviewer = client("reviewed"), client("reviewed", "admin")
    address = f"/v1/reviews/{await held(asker)}"

    async def broken(method, *arguments):
        raise Unavailable(_("The disk is full."), code="disk_full")

    with monkeypatch.context() as patched:
        patched.setattr(gateway.models, "ledger", broken)
        response = await reviewer.get(address)
        error_of(response, 503, "disk_full")
        assert "bonds" not in response.text
    await reviewer.post(f"{address}/approve", json={})
    with monkeypatch.context() as patched:
        patched.setattr(gateway.models, "ledger", broken)
        response = await asker.get(f"{address}/answer")
        error_of(response, 503, "disk_full")
        assert "bonds" not in response.text


def later(gateway, days):
    gateway.reviews._clock = lambda: utc_now() + timedelta(days=days)


@pytest.mark.parametrize("erased", [False, True])
async def test_nobody_decided_in_time(client, model, gateway, ring, erased):
    model.scripts = [[whole("Into bonds.")]]
    asker, reviewer = client("reviewed"), client("reviewed", "admin")
    review_id = await held(asker)
    address = f"/v1/reviews/{review_id}"
    later(gateway, 31)
    if erased:
        assert await erase_lapsed(gateway) == 1
        assert await erase_lapsed(gateway) == 0
        (record,) = records(ring, "system.review")
        assert (record.action, record.target, record.tenant, record.outcome) == (
            "review expire", review_id, "reviewed", "done"
        )  # fmt: skip
    response = await asker.get(f"{address}/answer")
    error_of(response, 410, "review_expired")
    assert "bonds" not in response.text
    shown = (await reviewer.get(address)).json()
    assert (shown["status"], shown["erased"], shown["question"], shown["answer"]) == ("expired", True, None, None)
    for action, body in (("approve", {}), ("edit", {"text": "x"}), ("refuse", {"reason": "x"})):
        error_of(await reviewer.post(f"{address}/{action}", json=body), 409, "review_expired")
    assert records(ring, "admin.review") == records(ring, "admin.review.read") == []
    listed = {
        status: [row["id"] for row in (await reviewer.get("/v1/reviews", params={"status": status})).json()["data"]]
        for status in ("pending", "expired")
    }
    assert listed == {"pending": [], "expired": [review_id]}


async def test_an_erased_answer_is_told_as_erased(client, model, gateway, ring):
    model.scripts = [[whole("Into bonds.")]]
    asker, reviewer = client("reviewed"), client("reviewed", "admin")
    approved, refused = [f"/v1/reviews/{await held(asker)}" for _number in range(2)]
    await reviewer.post(f"{approved}/approve", json={})
    await reviewer.post(f"{refused}/refuse", json={"reason": "Not suitable."})
    later(gateway, 31)
    assert await erase_lapsed(gateway) == 2
    assert [one.action for one in records(ring, "system.review")] == ["review erase"] * 2
    error_of(await asker.get(f"{approved}/answer"), 410, "review_erased")
    assert error_of(await asker.get(f"{refused}/answer"), 403, "review_refused")["reason"] is None
    shown = (await reviewer.get(approved)).json()
    assert (shown["status"], shown["answer"], shown["decided_by"][:4]) == ("approved", None, "lma-")
    assert records(ring, "admin.review.read") == []


async def test_what_is_not_written_down_is_not_erased_and_is_tried_again(client, model, gateway, monkeypatch, settle):
    model.scripts = [[whole("Into bonds.")]]
    await held(client("reviewed"))
    later(gateway, 31)
    monkeypatch.setattr(review_retention, "_LOOK_AGAIN_S", 0.01)
    ledger, calls = gateway.models.ledger, []

    async def broken_once(method, *arguments):
        calls.append(method)
        if len(calls) == 1:
            raise Unavailable(_("The disk is full."), code="disk_full")
        return await ledger(method, *arguments)

    monkeypatch.setattr(gateway.models, "ledger", broken_once)
    task = asyncio.create_task(erase_for_ever(gateway))
    await settle(lambda: calls)
    assert len(gateway.reviews.lapsed(10)) == 1 or len(calls) > 1
    await settle(lambda: not gateway.reviews.lapsed(10))
    assert not task.done()
    task.cancel()
