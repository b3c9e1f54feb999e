"""Actions of a scenario through the gateway's application: addresses, parameters, statuses, events."""

import asyncio
import json

import pytest

from appliance.config.site import GuardrailSettings
from appliance.core.errors import ContentFiltered, InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.guardrails.chain import Chain
from appliance.state.reviews import Reviews
from tests.unit.serving.readings import audited, error_of, gauges, requests_counted, task_error
from tests.unit.serving.test_stream import Caller

PRODUCER = "001191350100M000100Y4300000"
BASE = "/v1/scenarios/knowledge-qa"
ROUTE = "/v1/scenarios/{scenario}/ask"
SENTENCE = {"event": "sentence", "data": {"text": "你好"}, "findings": []}
DONE = {"event": "done", "data": {"answer": "a"}, "tokens": {"general": [11, 3]}, "findings": [], "generated": True}
TELL = {"question": "?", "stream": True}


def reply(findings=(), generated=False, **answer):
    """Return what a scenario's replica gives for an action."""
    return {"reply": answer, "tokens": {}, "findings": list(findings), "generated": generated}


def read(text):
    """Return (name, data) of each event."""
    blocks = text.split("\n\n")
    assert blocks.pop() == ""
    found = []
    for block in blocks:
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_parameters_come_from_path_and_query(http, scenario):
    scenario.answer = reply()
    await http.get(f"{BASE}/conversations/c1?user=li&limit=5")
    assert scenario.calls[0][:3] == ("invoke", "conversation", None)
    assert scenario.calls[0][4] == {"conversation_id": "c1", "user": "li", "limit": "5"}


async def test_a_body_leaves_no_room_for_a_query(http, scenario):
    scenario.answer = reply()
    await http.post(f"{BASE}/ask?question=other", json={"question": "?"})
    assert scenario.calls[0][2] == {"question": "?"}
    assert scenario.calls[0][4] == {}


@pytest.mark.parametrize("address", [BASE, f"{BASE}/"])
async def test_an_action_at_the_scenarios_own_address(http, context, scenario, address):
    scenario.answer = reply()
    assert (await http.post(address, json={"question": "?"})).status_code == 202
    assert scenario.calls[0][:3] == ("invoke", "begin", {"question": "?"})
    assert requests_counted(context) == {("knowledge-qa", "/v1/scenarios/{scenario}", "202"): 1.0}


async def test_the_own_address_wants_a_key_and_a_known_scenario(http, scenario):
    error_of(await http.post(BASE, json={}, headers={"authorization": "Bearer none"}), 401, "invalid_api_key")
    error_of(await http.post("/v1/scenarios/none", json={}), 404, "scenario_not_found")
    error_of(await http.patch(BASE, json={}), 405, "method_not_allowed")
    assert scenario.calls == []


async def test_a_parameter_given_twice(http, scenario):
    for query in ("user=a&user=b", "conversation_id=c2"):
        error_of(await http.get(f"{BASE}/conversations/c1?{query}"), 400, "invalid_value")
    assert scenario.calls == []


async def test_an_action_has_its_own_status(admin, context, scenario):
    scenario.answer = reply(id="c1")
    assert (await admin.post(f"{BASE}/conversations", json={})).status_code == 201
    assert requests_counted(context) == {("knowledge-qa", "/v1/scenarios/{scenario}/conversations", "201"): 1}


async def test_a_wrong_method_names_the_right_ones(http, context):
    response = await http.delete(f"{BASE}/conversations")
    error_of(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET, POST"
    error = error_of(await http.get(f"{BASE}/nothing"), 404, "action_not_found")
    assert "POST ask" in error["actions"]
    assert gauges(context) == {}


@pytest.mark.parametrize("body", [b"", b"{", b'{"question": NaN}', b"\xff"])
async def test_a_body_that_is_not_json(http, scenario, body):
    error_of(await http.post(f"{BASE}/ask", content=body), 400, "invalid_json")
    assert scenario.calls == []


async def test_events_and_then_done(http, context, scenario):
    scenario.script = [SENTENCE, DONE]
    response = await http.post(f"{BASE}/ask", json=TELL)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert read(response.text) == [("sentence", {"text": "你好"}), ("done", {"answer": "a"})]
    assert scenario.calls[0][:3] == ("stream", "ask", TELL)
    spent = context.metrics.traffic("general")
    assert (spent.prompt_tokens_total, spent.completion_tokens_total) == (11, 3)
    assert requests_counted(context) == {("knowledge-qa", ROUTE, "200"): 1}
    assert gauges(context) == {}
    assert not scenario.streams[0].cancelled


@pytest.mark.parametrize("wanted", ["yes", 1, None, False])
async def test_only_true_streams(http, scenario, wanted):
    scenario.answer = reply()
    await http.post(f"{BASE}/ask", json={**TELL, "stream": wanted})
    assert scenario.calls[0][0] == "invoke"


async def test_an_error_before_the_first_event_is_an_answer(http, context, scenario):
    wrong = InvalidRequest(_("The field {param} is missing.", param="question"), param="question", code="missing_field")
    scenario.script = [task_error(wrong)]
    error_of(await http.post(f"{BASE}/ask", json={"stream": True}), 400, "missing_field")
    assert requests_counted(context) == {("knowledge-qa", ROUTE, "400"): 1}
    assert gauges(context) == {}


async def test_an_error_later_is_the_last_event(http, context, scenario):
    gone = task_error(NotFound(_("There is no scenario {name} here.", name="x"), code="base_not_found"))
    scenario.script = [SENTENCE, gone]
    events = read((await http.post(f"{BASE}/ask", json=TELL)).text)
    assert [name for name, _data in events] == ["sentence", "error"]
    assert events[-1][1]["error"]["code"] == "base_not_found"
    assert requests_counted(context) == {("knowledge-qa", ROUTE, "404"): 1}


async def test_a_stream_that_ends_without_done_is_an_error(http, scenario):
    scenario.script = [SENTENCE]
    events = read((await http.post(f"{BASE}/ask", json=TELL)).text)
    assert [name for name, _data in events] == ["sentence", "error"]
    assert events[-1][1]["error"]["code"] == "engine_failed"


async def test_a_caller_who_goes_away_ends_the_scenarios_work(app, context, keys, scenario, settle):
    scenario.script = [SENTENCE, asyncio.Event()]
    caller = Caller(keys["caller"], **TELL)
    caller.scope |= {"path": f"{BASE}/ask", "raw_path": f"{BASE}/ask".encode()}
    request = asyncio.create_task(app(caller.scope, caller.receive, caller.send))
    await settle(lambda: len(caller.sent) == 2)
    caller.gone.set()
    await request
    assert scenario.streams[0].cancelled
    assert gauges(context) == {}
    assert requests_counted(context) == {("knowledge-qa", ROUTE, "499"): 1}


FINDING = {"rule": "lexicon:x/1", "version": "1", "start": 0, "end": 2, "action": "block", "stage": "output"}


@pytest.mark.parametrize("generated", [True, False])
@pytest.mark.parametrize("streaming", [True, False])
async def test_an_answer_has_a_label_where_a_model_wrote_of_it(http, context, scenario, generated, streaming):
    context.label_producer = PRODUCER
    told = {"tokens": {"general": [1, 1]}, "findings": [], "generated": generated}
    scenario.answer = {"reply": {"answer": "a"}, **told}
    scenario.script = [SENTENCE, {"event": "done", "data": {"answer": "a"}, **told}]
    response = await http.post(f"{BASE}/ask", json={"question": "?", "stream": streaming})
    if streaming:
        (_name, sentence), (_name, answer) = read(response.text)
        assert sentence == {"text": "你好"}
    else:
        answer = response.json()
    label = answer.pop("AIGC", None)
    assert answer == {"answer": "a"}
    assert (label is not None) == generated
    if generated:
        assert (label["Label"], label["ContentProducer"], label["ProduceID"]) == ("1", PRODUCER, "test-1")


async def test_without_a_provider_code_there_is_no_label(http, scenario):
    scenario.answer = reply(generated=True, answer="a")
    assert (await http.post(f"{BASE}/ask", json={"question": "?"})).json() == {"answer": "a"}


@pytest.mark.parametrize("streaming", [True, False])
async def test_what_a_scenario_found_is_in_the_audit(http, ring, scenario, streaming):
    scenario.answer = reply([FINDING], answer="a")
    scenario.script = [{**SENTENCE, "findings": [FINDING]}, {**DONE, "findings": [{**FINDING, "start": 1}]}]
    await http.post(f"{BASE}/ask", json={"question": "?", "stream": streaming})
    ((_record, data),) = audited(ring)
    assert data["verdicts"] == ([FINDING, {**FINDING, "start": 1}] if streaming else [FINDING])


def failed(error, findings=(FINDING,)):
    """Return what comes of an action that raises: its error, with what had been found and used."""
    error.for_records = {"findings": list(findings), "tokens": {"general": [11, 3]}}
    return task_error(error)


def recorded(ring):
    """Return outcome, rules' places and tokens of the one request in the audit."""
    ((record, data),) = audited(ring)
    places = [one["start"] for one in data["verdicts"]]
    return record.outcome, data["status"], places, data["prompt_tokens"], data["completion_tokens"]


async def test_what_a_failing_action_had_found_and_used_is_recorded(http, context, ring, scenario):
    scenario.answer = failed(NotFound(_("There is no scenario {name} here.", name="x"), code="base_not_found"))
    error = error_of(await http.post(f"{BASE}/ask", json={"question": "?"}), 404, "base_not_found")
    assert "findings" not in error
    assert recorded(ring) == ("base_not_found", 404, [0], 11, 3)
    spent = context.metrics.traffic("general")
    assert (spent.prompt_tokens_total, spent.completion_tokens_total) == (11, 3)
    assert requests_counted(context) == {("knowledge-qa", ROUTE, "404"): 1}
    assert gauges(context) == {}


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("gathered", [True, False])
async def test_what_a_failing_stream_had_found_is_recorded(http, context, ring, scenario, before, gathered):
    if gathered:
        context.chain = Chain(GuardrailSettings(review=("topic:*",)), None)
    told = [{**SENTENCE, "findings": [{**FINDING, "start": 1}]}] * before
    refused = ContentFiltered(_("The answer was refused by the rule {rule}.", rule="numbers:not_given"))
    scenario.script = [*told, failed(refused)]
    response = await http.post(f"{BASE}/ask", json=TELL)
    if before and not gathered:
        assert [name for name, _data in read(response.text)] == ["sentence", "error"]
    else:
        error_of(response, 400, "content_filter")
    assert recorded(ring) == ("content_filter", 400, [1] * before + [0], 11, 3)


async def test_a_failure_that_brings_nothing_is_recorded_as_it_is(http, ring, scenario):
    scenario.answer = task_error(InvalidRequest(_("The field {param} is missing.", param="question")))
    error_of(await http.post(f"{BASE}/ask", json={}), 400, "invalid_request")
    assert recorded(ring)[:3] == ("invalid_request", 400, [])


REVIEW = {**FINDING, "rule": "suitability:R4/C2", "action": "review"}


@pytest.mark.parametrize("answer", [{"answer": "a secret"}, {"text": "a secret"}])
@pytest.mark.parametrize("streaming", [True, False])
async def test_an_answer_that_a_check_wants_reviewed_waits(http, context, ring, scenario, streaming, answer):
    """The policy of the tenant names nothing."""
    (entry,) = context.directory.scenarios
    asking = entry.actions["ask"].model_copy(update={"reviews": True})
    entry = entry.model_copy(update={"actions": {**entry.actions, "ask": asking}})
    context.directory = context.directory.model_copy(update={"scenarios": (entry,)})
    scenario.answer = reply([REVIEW], generated=True, **answer)
    scenario.script = [SENTENCE, {**DONE, "data": answer, "findings": [REVIEW]}]
    held = await http.post(f"{BASE}/ask", json={"question": "?", "stream": streaming})
    assert (held.status_code, held.json()["status"]) == (202, "pending")
    assert "secret" not in held.text
    ((_record, data),) = audited(ring)
    assert (data["status"], [one["action"] for one in data["verdicts"]]) == (202, ["review"])
    scenario.answer = reply(**answer)
    scenario.script = [SENTENCE, {**DONE, "data": answer}]
    assert (await http.post(f"{BASE}/ask", json={"question": "?", "stream": streaming})).status_code == 200


@pytest.mark.parametrize("streaming", [True, False])
async def test_an_answer_that_a_policy_wants_reviewed_waits(http, context, ring, scenario, tmp_path, streaming):
    context.chain = Chain(GuardrailSettings(review=("lexicon:*",)), None)
    context.reviews = Reviews(ring._database, tmp_path / "reviews", "international")
    found = {"tokens": {"general": [1, 1]}, "findings": [FINDING], "generated": True}
    scenario.answer = {"reply": {"answer": "a secret"}, **found}
    scenario.script = [SENTENCE, {"event": "done", "data": {"answer": "a secret"}, **found}]
    held = await http.post(f"{BASE}/ask", json={"question": "?", "stream": streaming})
    assert (held.status_code, held.json()["status"]) == (202, "pending")
    assert "secret" not in held.text
    scenario.answer = reply(answer="fine")
    scenario.script = [SENTENCE, DONE]
    free = await http.post(f"{BASE}/ask", json={"question": "?", "stream": streaming})
    assert free.status_code == 200
    if streaming:
        assert read(free.text) == [("sentence", {"text": "你好"}), ("done", {"answer": "a"})]


async def test_what_was_held_is_held_again_when_a_conversation_gives_it_back(http, context, ring, scenario, tmp_path):
    context.chain = Chain(GuardrailSettings(review=("topic:*",)), None)
    context.reviews = Reviews(ring._database, tmp_path / "reviews", "international")
    promise = "这款产品保本保收益，年化收益率稳赚不赔，绝对没有风险。"
    scenario.answer = reply(generated=True, turns=[{"question": "?", "answer": promise}])
    held = await http.post(f"{BASE}/ask", json={"question": "?"})
    assert (held.status_code, held.json()["object"]) == (202, "review")
    # What no model wrote is the bank's own word.
    scenario.answer = reply(turns=[{"question": "?", "answer": promise}])
    assert (await http.post(f"{BASE}/ask", json={"question": "?"})).status_code == 200
