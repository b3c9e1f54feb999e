"""Answers that a policy holds: the caller's 202, the reviewers' queue, decisions, and what the asker gets then."""

import asyncio
import json

import httpx
import pytest

from appliance.config.site import GuardrailSettings
from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.core.principal import Scopes
from appliance.guardrails.chain import Chain
from appliance.serving.gateway.holding import held_scenario
from appliance.state.audit.search import Filters, search
from appliance.state.usage import read_totals
from tests.unit.serving.deployments import USAGE, USAGE_ITEM, WHOLE, chunk
from tests.unit.serving.readings import error_of, gauges, requests_counted

PATH = "/v1/chat/completions"
PRODUCER = "001191350100M000100Y4300000"
FORBIDDEN = "卖银行卡"
PROMISE = "这款理财保证收益，绝不亏损。"
TENANTS = {
    "reviewed": {"review": ["model:general"]},
    "topical": {"review": ["topic:*", "lexicon:own/*", "scenario:knowledge-qa"]},
    "careful": {"review": ["personal:bank_card"]},
    "off": {"enabled": False, "review": ["model:gen*"]},
    "elsewhere": {"review": ["model:other", "scenario:other"]},
}


@pytest.fixture(scope="module")
def reviewing():
    return Chain(GuardrailSettings.model_validate({"tenants": TENANTS}), None)


@pytest.fixture
def gateway(context, reviewing):
    """Give the replica's context with tenants whose answers are held."""
    context.chain = reviewing
    return context


@pytest.fixture
def client(app, gateway, accounts):
    """Give a function that returns a client of a tenant, with a key of its own."""
    for tenant in (*TENANTS, "other"):
        accounts.tenants.add(tenant)

    def make(tenant, role="caller", **headers):
        _record, key = gateway.accounts.keys.create(f"{tenant} {role}", tenant, role)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers["Authorization"] = f"Bearer {key}"
        return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers)

    return make


def chat(text="Where do I put my money?", **more):
    return {"model": "general", "messages": [{"role": "user", "content": text}], **more}


def whole(*texts, ends="stop", **more):
    choices = [
        {"index": index, "message": {"role": "assistant", "content": text}, "finish_reason": ends}
        for index, text in enumerate(texts)
    ]
    return {"result": {**WHOLE["result"], "choices": choices, **more}}


def told(response):
    """Return the events of a stream as data, which must end as OpenAI's do."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert events.pop() == "[DONE]"
    return [json.loads(one) for one in events]


def records(ring, kind):
    return sorted((one for one in search(ring._database, Filters()).records if one.kind == kind), key=lambda r: r.seq)


async def held(asker, **more):
    response = await asker.post(PATH, json=chat(**more))
    assert response.status_code == 202, response.text
    return response.json()["id"]


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_is_held_approved_and_fetched(client, gateway, model, ring, stream):
    gateway.label_producer = PRODUCER
    model.scripts = [[whole("Into bonds.")]]
    asker, reviewer = client("reviewed", **{"X-Request-ID": "asked-1"}), client("reviewed", "admin")
    response = await asker.post(PATH, json=chat(stream=stream))
    assert response.status_code == 202
    waiting = response.json()
    address = f"/v1/reviews/{waiting['id']}/answer"
    assert waiting == {"id": waiting["id"], "object": "review", "status": "pending", "status_url": address}
    assert response.headers["location"] == address
    assert "bonds" not in response.text
    assert model.calls[0][1].get("stream", False) is False  # nothing that streams could be held
    again = await asker.get(address)
    assert (again.status_code, again.json()) == (202, waiting)

    (row,) = (await reviewer.get("/v1/reviews", params={"status": "pending"})).json()["data"]
    assert (row["id"], row["target"], row["route"], row["rules"]) == (waiting["id"], "general", PATH, ["model:general"])
    assert "answer" not in row
    shown = (await reviewer.get(f"/v1/reviews/{row['id']}")).json()
    assert (shown["question"], shown["answer"]) == ("Where do I put my money?", "Into bonds.")
    decided = (await reviewer.post(f"/v1/reviews/{row['id']}/approve", json={})).json()
    assert (decided["status"], decided["asked_by"]) == ("approved", row["asked_by"])
    assert decided["decided_by"].startswith("lma-")
    assert decided["decided_at"]
    answer = (await asker.get(address)).json()
    assert answer["choices"][0]["message"]["content"] == "Into bonds."
    assert (answer["usage"], answer["AIGC"]["ContentProducer"]) == (USAGE, PRODUCER)


async def test_the_ledger_knows_that_it_was_held_and_who_decided(client, gateway, model, ring):
    model.scripts = [[whole("Into bonds.")]]
    asker, reviewer = client("reviewed", **{"X-Request-ID": "asked-1"}), client("reviewed", "admin")
    review_id = await held(asker)
    (ended,) = records(ring, "request.completed")
    assert (ended.outcome, json.loads(ended.data)["status"]) == ("held", 202)
    (total,) = read_totals(ring._database)
    assert (total.tenant, total.completion_tokens, total.errors) == ("reviewed", 2, 0)
    assert requests_counted(gateway)["general", PATH, "202"] == 1
    assert gauges(gateway) == {}
    assert 'appliance_answers_held_total{target="general",tenant="reviewed"} 1.0' in (
        gateway.metrics.exposition().decode()
    )
    await reviewer.post(f"/v1/reviews/{review_id}/refuse", json={"reason": "not suitable for 138"})
    (record,) = records(ring, "admin.review")
    data = json.loads(record.data)
    assert (record.action, record.target, record.outcome, record.tenant) == (
        "review refuse",
        review_id,
        "ok",
        "reviewed",
    )
    assert (data["answers"], data["rules"]) == ("asked-1", ["model:general"])
    assert "suitable" not in record.data
    assert [one.action for one in records(ring, "admin.request")] == ["POST /v1/reviews/{review_id}/refuse"]


async def test_an_edit_is_what_the_asker_gets(client, model):
    model.scripts = [[whole("Into bonds.", "Into shares.")]]
    asker, reviewer = client("reviewed"), client("reviewed", "admin")
    review_id = await held(asker, n=2)
    shown = (await reviewer.get(f"/v1/reviews/{review_id}")).json()
    assert shown["answer"] == "[1] Into bonds.\n\n[2] Into shares."
    done = await reviewer.post(f"/v1/reviews/{review_id}/edit", json={"text": "Ask your adviser."})
    assert done.json()["status"] == "edited"
    answer = (await asker.get(f"/v1/reviews/{review_id}/answer")).json()
    assert [choice["message"]["content"] for choice in answer["choices"]] == ["Ask your adviser."]
    assert "bonds" not in json.dumps(answer)
    assert (await reviewer.get(f"/v1/reviews/{review_id}")).json()["edited"] == "Ask your adviser."


async def test_a_refusal_tells_the_asker_why(client, model):
    model.scripts = [[whole("Into bonds.")]]
    asker, reviewer = client("reviewed"), client("reviewed", "admin")
    review_id = await held(asker)
    await reviewer.post(f"/v1/reviews/{review_id}/refuse", json={"reason": "Not suitable."})
    response = await asker.get(f"/v1/reviews/{review_id}/answer")
    assert error_of(response, 403, "review_refused")["reason"] == "Not suitable."
    assert "bonds" not in response.text


async def test_tool_calls_are_held_shown_and_replaced(client, model):
    call = {"id": "c1", "type": "function", "function": {"name": "transfer", "arguments": '{"amount": 5}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    result = whole("", choices=[{"index": 0, "message": message, "finish_reason": "tool_calls"}])
    model.scripts = [[result]]
    asker, reviewer = client("reviewed"), client("reviewed", "admin")
    review_id = await held(asker)
    assert (await reviewer.get(f"/v1/reviews/{review_id}")).json()["answer"] == 'transfer({"amount": 5})'
    await reviewer.post(f"/v1/reviews/{review_id}/edit", json={"text": "No transfer."})
    (choice,) = (await asker.get(f"/v1/reviews/{review_id}/answer")).json()["choices"]
    assert (choice["message"], choice["finish_reason"]) == ({"role": "assistant", "content": "No transfer."}, "stop")


async def test_completions_are_held_too_and_several_prompts_cannot_be_edited_as_one(client, model):
    choices = [{"index": index, "text": f"answer {index}", "finish_reason": "stop"} for index in range(2)]
    model.scripts = [[whole("", object="text_completion", choices=choices)]]
    asker, reviewer = client("reviewed"), client("reviewed", "admin")
    response = await asker.post("/v1/completions", json={"model": "general", "prompt": ["one", "two"]})
    assert response.status_code == 202
    address = f"/v1/reviews/{response.json()['id']}"
    shown = (await reviewer.get(address)).json()
    assert (shown["question"], shown["answer"]) == ("one\n\ntwo", "[1] answer 0\n\n[2] answer 1")
    assert shown["editable"] is False
    error_of(await reviewer.post(f"{address}/edit", json={"text": "x"}), 400, "not_editable")
    await reviewer.post(f"{address}/approve", json={})
    assert (await asker.get(f"{address}/answer")).json()["choices"] == choices


async def test_only_what_matches_is_held(client, model, gateway):
    model.scripts = [[whole("Into bonds.")], [whole(PROMISE)]]
    asker, reviewer = client("topical"), client("topical", "admin")
    assert (await asker.post(PATH, json=chat())).json()["choices"][0]["message"]["content"] == "Into bonds."
    assert (await asker.post(PATH, json=chat())).status_code == 202
    (row,) = (await reviewer.get("/v1/reviews")).json()["data"]
    assert all(rule.startswith("topic:") for rule in row["rules"])
    assert row["rules"]


async def test_a_finding_in_the_question_holds_the_answer(client, model):
    model.scripts = [[whole("Yes.")]]
    asker, reviewer = client("careful"), client("careful", "admin")
    assert (await asker.post(PATH, json=chat("Is my card blocked?"))).status_code == 200
    review_id = await held(asker, text="Is my card 4111 1111 1111 1111 blocked?")
    assert (await reviewer.get(f"/v1/reviews/{review_id}")).json()["rules"] == ["personal:bank_card"]


async def test_answers_are_held_also_where_the_checks_are_off(client, model):
    model.scripts = [[whole("Into bonds.")]]
    assert await held(client("off"))


@pytest.mark.parametrize("tenant", ["other", "elsewhere"])
async def test_a_tenant_whose_answers_cannot_be_held_streams_as_ever(client, model, tenant):
    model.scripts = [[chunk("Into "), chunk("bonds"), ENDING, USAGE_ITEM]]
    events = told(await client(tenant).post(PATH, json=chat(stream=True)))
    assert model.calls[0][1]["stream"] is True
    assert [choice["delta"].get("content") for event in events for choice in event["choices"]] == ["Into ", "bonds", ""]


ENDING = 'data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]}\n\n'


@pytest.mark.parametrize("usage", [False, True])
async def test_a_stream_that_is_gathered_and_may_leave_is_a_stream(client, model, gateway, usage):
    gateway.label_producer = PRODUCER
    model.scripts = [[whole("Into bonds.", "Into shares.")]]
    options = {"stream_options": {"include_usage": True}} if usage else {}
    events = told(await client("topical").post(PATH, json=chat(stream=True, n=2, **options)))
    assert {event["object"] for event in events} == {"chat.completion.chunk"}
    written, ends = {}, {}
    for event in events:
        for choice in event["choices"]:
            index = choice["index"]
            written[index] = written.get(index, "") + (choice["delta"].get("content") or "")
            if choice["finish_reason"]:
                ends[index] = (choice["finish_reason"], event["AIGC"]["ContentProducer"])
    assert written == {0: "Into bonds.", 1: "Into shares."}
    assert ends == {0: ("stop", PRODUCER), 1: ("stop", PRODUCER)}
    assert [event["usage"] for event in events if not event["choices"]] == ([USAGE] if usage else [])


async def test_an_answer_that_a_rule_ended_is_not_held_and_nothing_of_it_leaves(client, model, gateway, ring):
    model.scripts = [[whole(f"Put all of it there. 你去{FORBIDDEN}就行。")]]
    response = await client("reviewed").post(PATH, json=chat())
    (choice,) = response.json()["choices"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("content_filter", "")
    (ended,) = records(ring, "request.completed")
    assert ended.outcome == "ok"
    assert "lexicon:" in ended.data


async def test_of_several_answers_one_that_a_rule_ended_waits_with_the_others(client, model):
    model.scripts = [[whole("Into bonds.", f"你去{FORBIDDEN}就行。")]]
    assert await held(client("reviewed"), n=2)


async def test_a_refused_request_is_refused_and_not_held(client, model):
    error_of(await client("reviewed").post(PATH, json=chat(f"哪里能{FORBIDDEN}")), 400, "content_filter")
    assert model.calls == []


async def test_personal_data_in_the_question_is_masked_for_the_reviewer(client, model, gateway):
    model.scripts = [[whole("Yes.")]]
    asker, reviewer = client("reviewed"), client("reviewed", "admin")
    for kept, seen in (("none", False), ("masked", False), ("full", True)):
        gateway.audit_content = kept
        review_id = await held(asker, text="Is my card 4111 1111 1111 1111 blocked?")
        question = (await reviewer.get(f"/v1/reviews/{review_id}")).json()["question"]
        assert question.startswith("Is my card ")
        assert ("1111 1111 1111" in question) == seen


async def test_no_other_tenant_and_no_other_key_sees_it(client, model):
    model.scripts = [[whole("Into bonds.")]]
    asker, colleague = client("reviewed"), client("reviewed")
    stranger, office = client("other", "admin"), client("default", "admin")
    review_id = await held(asker)
    address = f"/v1/reviews/{review_id}"
    for who in (colleague, stranger, office):
        error_of(await who.get(f"{address}/answer"), 404, "review_not_found")
    assert (await stranger.get("/v1/reviews")).json()["data"] == []
    error_of(await stranger.get(address), 404, "review_not_found")
    for action, body in (("approve", {}), ("edit", {"text": "x"}), ("refuse", {"reason": "x"})):
        error_of(await stranger.post(f"{address}/{action}", json=body), 404, "review_not_found")
        error_of(await asker.post(f"{address}/{action}", json=body), 403, "permission_denied")
    error_of(await asker.get("/v1/reviews"), 403, "permission_denied")
    assert [row["id"] for row in (await office.get("/v1/reviews")).json()["data"]] == [review_id]
    assert (await office.post(f"{address}/approve", json={})).status_code == 200


async def test_a_reviewer_neither_reads_nor_releases_what_they_asked(client, model):
    model.scripts = [[whole("Into bonds.")]]
    both = client("reviewed", "admin")
    review_id = await held(both)
    error_of(await both.get(f"/v1/reviews/{review_id}"), 403, "own_answer")
    for action, body in (("approve", {}), ("edit", {"text": "x"}), ("refuse", {"reason": "x"})):
        error_of(await both.post(f"/v1/reviews/{review_id}/{action}", json=body), 403, "own_answer")
    assert (await both.get(f"/v1/reviews/{review_id}/answer")).status_code == 202


async def test_two_reviewers_at_once(client, model, ring):
    model.scripts = [[whole("Into bonds.")]]
    review_id = await held(client("reviewed"))
    first, second = client("reviewed", "admin"), client("reviewed", "admin")
    answers = await asyncio.gather(
        first.post(f"/v1/reviews/{review_id}/approve", json={}),
        second.post(f"/v1/reviews/{review_id}/refuse", json={"reason": "no"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    (lost,) = (answer for answer in answers if answer.status_code == 409)
    assert error_of(lost, 409, "already_decided")["decided_by"] == won["decided_by"]
    outcomes = [one.outcome for one in records(ring, "admin.review")]
    assert outcomes.count("ok") - outcomes.count("overtaken") == 1


async def test_what_is_decided_stays_decided(client, model, ring):
    model.scripts = [[whole("Into bonds.")]]
    reviewer = client("reviewed", "admin")
    address = f"/v1/reviews/{await held(client('reviewed'))}"
    await reviewer.post(f"{address}/refuse", json={"reason": "no"})
    for action, body in (("approve", {}), ("edit", {"text": "x"}), ("refuse", {"reason": "x"})):
        assert error_of(await reviewer.post(f"{address}/{action}", json=body), 409, "already_decided")
    assert len(records(ring, "admin.review")) == 1
    assert (await reviewer.get(address)).json()["status"] == "refused"


@pytest.mark.parametrize(
    ("action", "body", "param"),
    [
        ("edit", {}, "text"),
        ("edit", {"text": ""}, "text"),
        ("edit", {"text": " \n\t"}, "text"),
        ("edit", {"text": 5}, "text"),
        ("edit", {"text": "x" * 100_001}, "text"),
        ("edit", {"text": "x", "more": 1}, "more"),
        ("refuse", {}, "reason"),
        ("refuse", {"reason": ""}, "reason"),
        ("refuse", {"reason": "x" * 2001}, "reason"),
        ("approve", {"text": "x"}, "text"),
        ("edit", {"text": f"你去{FORBIDDEN}就行"}, "text"),
    ],
)
async def test_what_a_reviewer_must_not_send(client, model, ring, action, body, param):
    model.scripts = [[whole("Into bonds.")]]
    reviewer = client("reviewed", "admin")
    address = f"/v1/reviews/{await held(client('reviewed'))}"
    response = await reviewer.post(f"{address}/{action}", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
    assert (await reviewer.get(address)).json()["status"] == "pending"
    assert records(ring, "admin.review") == []


async def test_a_long_edit_is_taken(client, model):
    model.scripts = [[whole("Into bonds.")]]
    asker = client("reviewed")
    review_id = await held(asker)
    text = "好" * 100_000
    done = await client("reviewed", "admin").post(f"/v1/reviews/{review_id}/edit", json={"text": text})
    assert done.status_code == 200
    answer = (await asker.get(f"/v1/reviews/{review_id}/answer")).json()
    assert answer["choices"][0]["message"]["content"] == text


@pytest.mark.parametrize("review_id", ["rev_unknown", "rev_" + "0" * 26, "%00", "..%2F..", "a" * 5000])
async def test_an_unknown_answer(client, review_id):
    reviewer = client("reviewed", "admin")
    for response in (
        await reviewer.get(f"/v1/reviews/{review_id}"),
        await reviewer.get(f"/v1/reviews/{review_id}/answer"),
        await reviewer.post(f"/v1/reviews/{review_id}/approve", json={}),
    ):
        assert response.status_code == 404


@pytest.mark.parametrize(
    "params", [{"status": "open"}, {"limit": 0}, {"limit": 101}, {"limit": "x"}, {"after": "x"}, {"order": "up"}]
)
async def test_a_list_that_cannot_be_given(client, params):
    (name,) = params
    assert (
        error_of(
            await client("reviewed", "admin").get("/v1/reviews", params=params),
            400,
            ("invalid_request" if name == "after" else "invalid_value"),
        )["param"]
        == name
    )


async def test_the_pages_of_the_queue(client, model):
    model.scripts = [[whole("Into bonds.")]]
    asker, reviewer = client("reviewed"), client("reviewed", "admin")
    ids = {await held(asker) for _number in range(3)}
    page = (await reviewer.get("/v1/reviews", params={"limit": 2})).json()
    assert page["has_more"] is True
    rest = (await reviewer.get("/v1/reviews", params={"limit": 2, "after": page["data"][-1]["id"]})).json()
    assert rest["has_more"] is False
    assert {row["id"] for row in (*page["data"], *rest["data"])} == ids


async def test_what_cannot_be_kept_does_not_leave(client, model, gateway, monkeypatch):
    model.scripts = [[whole("Into bonds.")]]

    def broken(new):
        raise Unavailable(_("The disk is full."), code="disk_full")

    monkeypatch.setattr(gateway.reviews, "hold", broken)
    response = await client("reviewed").post(PATH, json=chat())
    error_of(response, 503, "disk_full")
    gateway.reviews = None
    response = await client("reviewed").post(PATH, json=chat(stream=True))
    error_of(response, 503, "unavailable")
    assert gauges(gateway) == {}


async def test_what_is_not_written_in_the_audit_is_not_decided(client, model, gateway, monkeypatch):
    model.scripts = [[whole("Into bonds.")]]
    review_id, reviewer = await held(client("reviewed")), client("reviewed", "admin")

    async def broken(method, *arguments):
        raise Unavailable(_("The disk is full."), code="disk_full")

    with monkeypatch.context() as patched:
        patched.setattr(gateway.models, "ledger", broken)
        error_of(await reviewer.post(f"/v1/reviews/{review_id}/approve", json={}), 503, "disk_full")
    assert (await reviewer.get(f"/v1/reviews/{review_id}")).json()["status"] == "pending"


REPLY = {"answer": "5 yuan.", "citations": [{"page": 3}], "sentences": [{"text": "5 yuan."}], "model_text": "Five."}


class TestScenarios:
    @pytest.fixture
    def exchange(self, gateway, client, accounts):
        from appliance.core.principal import Principal
        from appliance.serving.gateway.exchange import Exchange

        def make(tenant):
            who = Principal(tenant, "caller", "lma-asker", Scopes())
            return Exchange(gateway.metrics, "s-1", "/v1/scenarios/{scenario}/ask", "knowledge-qa", who)

        return make

    async def test_a_scenarios_answer_is_held_and_edited(self, gateway, client, exchange):
        response = await held_scenario(gateway, exchange("topical"), [], {"question": "How much?"}, REPLY, 200)
        assert response.status_code == 202
        review_id, reviewer = json.loads(response.body)["id"], client("topical", "admin")
        shown = (await reviewer.get(f"/v1/reviews/{review_id}")).json()
        assert (shown["question"], shown["answer"]) == ("How much?", "5 yuan.\n\nFive.")
        assert shown["rules"] == ["scenario:knowledge-qa"]
        await reviewer.post(f"/v1/reviews/{review_id}/edit", json={"text": "6 yuan."})
        record = gateway.reviews.get(review_id, exchange("topical").who)
        body = gateway.reviews.released(record)
        assert body == {"answer": "6 yuan.", "citations": [{"page": 3}], "sentences": [], "model_text": None}

    async def test_what_is_no_answer_or_not_asked_for_leaves(self, gateway, exchange):
        assert await held_scenario(gateway, exchange("topical"), [], None, {"conversations": []}, 200) is None
        assert await held_scenario(gateway, exchange("reviewed"), [], None, REPLY, 200) is None

    async def test_answers_inside_a_conversation_are_held_but_not_edited(self, gateway, client, exchange):
        reply = {"turns": [{"question": "q", "answer": {"answer": "5 yuan."}}]}
        response = await held_scenario(gateway, exchange("topical"), [], None, reply, 200)
        address = f"/v1/reviews/{json.loads(response.body)['id']}"
        reviewer = client("topical", "admin")
        assert (await reviewer.get(address)).json()["answer"] == "5 yuan."
        error_of(await reviewer.post(f"{address}/edit", json={"text": "x"}), 400, "not_editable")
