"""A scenario's replica: it runs a pack with clients that call by handle, and tells what was spent."""

import asyncio
import json
import pickle

import pytest

from appliance.config.home import Home
from appliance.config.site import GuardrailOverride, GuardrailSettings
from appliance.core.errors import ContentFiltered, EngineFailed, InvalidRequest, Unavailable
from appliance.core.principal import Principal
from appliance.scenario.actions import Caller
from appliance.scenario.pack import ChatFacts
from appliance.serving import scenario as replica
from appliance.state.database import Database, sqlite_url
from tests.unit.serving.canaries import HARMLESS, INJECTED
from tests.unit.serving.deployments import USAGE_ITEM, WHOLE, chunk

CALLER = Caller(Principal("a", "caller", "lma-a"), "zh_CN", "test-1")
DESCRIPTION = """
name: echo
version: 1.0.0
title: {en: Echo, zh_CN: 回声}
description: {en: Echoes., zh_CN: 回声。}
smoke: [{action: say, payload: {text: Hello}}]
"""
PROGRAM = """
from pydantic import BaseModel, Field
from appliance.core.messages import current_language
from appliance.scenario.numbers import numbers
from appliance.scenario.pack import Action
from appliance.scenario.suitability import Suitability, suitability
from appliance.state.records import NewRecord

class Say(BaseModel):
    text: str = Field(min_length=1)
    stream: bool = False

class Said(BaseModel):
    text: str

NUMBERS, SUITABLE = numbers(), suitability()

def create(context):
    def messages(request):
        return [{"role": "user", "content": request.text}]

    async def say(request, caller):
        answer = await context.chat.chat(messages(request), max_tokens=5)
        kept = await context.records.create(caller.principal, NewRecord("note", "o", {"text": answer.text}))
        vector = "none" if context.embedder is None else context.embedder.name
        return Said(text=f"{kept.data['text']} {caller.tenant} {current_language()} {vector}")

    async def tell(request, caller):
        text = ""
        async for piece in context.chat.stream(messages(request), max_tokens=5):
            text += piece
            yield "piece", Said(text=piece)
        await context.knowledge.search(caller.principal, "rules", text, 3, {"departments": ["law"]})
        yield "done", Said(text=text + current_language())

    async def look(request, caller):
        found = await context.knowledge.search(caller.principal, "rules", request.text, 3)
        return Said(text=" ".join(one["text"] for one in found))

    async def follow(request, caller):
        answer = await context.chat.chat(messages(request), max_tokens=5)
        yield "piece", Said(text="first")
        again = await context.chat.chat(messages(request), max_tokens=5)
        yield "done", Said(text=f"{answer.text}/{again.text}")

    def know(request):
        context.facts.give(NUMBERS, [request.text])
        context.facts.give(SUITABLE, Suitability("C2", {"青稳": "R1", "海豚": "R4"}))

    async def advise(request, caller):
        answer = await context.chat.chat(messages(request), max_tokens=5)
        if request.text != "nothing":
            know(request)
        if request.text == "break":
            raise KeyError(request.text)
        return Said(text=answer.text)

    async def advise_aloud(request, caller):
        know(request)
        text = ""
        async for piece in context.chat.stream(messages(request), max_tokens=5):
            text += piece
            yield "piece", Said(text=piece)
        yield "sentence", Said(text="End.")
        if request.text == "break":
            raise KeyError(request.text)
        yield "done", Said(text=text)

    return [
        Action("advise", "Advise.", Say, Said, advise, stream=advise_aloud, checks=(NUMBERS, SUITABLE),
               whole_events=frozenset({"sentence"})),
        Action("say", "Say.", Say, Said, say, stream=tell),
        Action("look", "Look.", Say, Said, look),
        Action("shout", "Shout.", Say, Said, say, stream=follow, generated=lambda said: said.text.startswith("Hi")),
    ]
"""


@pytest.fixture
async def echo(tmp_path, context, monkeypatch):
    """Give a replica of a pack of the site, whose handles lead to the stand-ins."""
    folders = Home(tmp_path)
    folder = tmp_path / "scenarios" / "echo"
    folder.mkdir(parents=True)
    (folder / "scenario.yaml").write_text(DESCRIPTION, encoding="utf-8")
    (folder / "app.py").write_text(PROGRAM, encoding="utf-8")
    folders.database.parent.mkdir(parents=True, exist_ok=True)
    database = Database.open(sqlite_url(folders.database))
    database.migrate()
    database.close()
    monkeypatch.setattr(replica, "Handles", lambda wake_timeouts: context.models)
    lax = GuardrailSettings(tenants={"lax": GuardrailOverride(injection="warn")})
    return replica.Scenario(str(tmp_path), "echo", {"general": ChatFacts(("en",), 7_000_000_000)}, None, lax)


async def test_an_action_is_run_in_the_callers_language_and_its_tokens_are_told(echo, model):
    model.scripts = [[WHOLE]]
    told = await echo.invoke("say", {"text": "Hello"}, CALLER, {})
    text = told["reply"]["text"]
    assert text.startswith("Hi a zh_CN ")
    assert not text.endswith("none")
    assert (told["tokens"], told["findings"], told["generated"]) == ({"general": [7, 2]}, [], True)


async def test_events_and_with_the_last_one_the_tokens(echo, model, knowledge):
    model.scripts = [[chunk("One. "), chunk("Two. "), USAGE_ITEM]]
    knowledge.answer = []
    items = [item async for item in echo.stream("say", {"text": "Hello", "stream": True}, CALLER, {})]
    end = items.pop()
    assert {(item["event"], *item["findings"]) for item in items} == {("piece",)}
    assert "".join(item["data"]["text"] for item in items) == "One. Two. "
    assert end == {
        "event": "done", "data": {"text": "One. Two. zh_CN"}, "tokens": {"general": [7, 2]}, "findings": [],
        "generated": True,
    }  # fmt: skip
    ((method, who, base, text, k, selection),) = knowledge.calls
    assert (method, who, base, text, k) == ("search", CALLER.principal, "rules", "One. Two. ", 3)
    assert selection.departments == ["law"]


async def test_a_stream_that_is_left_ends_the_models_work(echo, model, settle):
    model.scripts = [[chunk("One. "), chunk("Two. ")]]
    events = echo.stream("say", {"text": "Hello", "stream": True}, CALLER, {})
    await anext(events)
    await events.aclose()
    await settle(lambda: model.streams[0].cancelled)


async def test_what_fails_is_raised_before_and_between_events(echo, model):
    with pytest.raises(InvalidRequest):
        await anext(echo.stream("say", {"text": "", "stream": True}, CALLER, {}))
    model.scripts = [[chunk("One. "), {"error": {"message": "x", "code": 500}}]]
    events = echo.stream("say", {"text": "Hello", "stream": True}, CALLER, {})
    assert (await anext(events))["event"] == "piece"
    with pytest.raises(EngineFailed):
        await anext(events)


def of(tenant):
    return Caller(Principal(tenant, "caller", f"lma-{tenant}"), "en", "test-1")


def whole(text):
    result = json.loads(json.dumps(WHOLE["result"]))
    result["choices"][0]["message"]["content"] = text
    return {"result": result}


async def test_whether_a_models_words_are_in_the_answer(echo, model, knowledge):
    knowledge.answer = []
    assert not (await echo.invoke("look", {"text": "x"}, CALLER, {}))["generated"]  # no model was asked
    model.scripts = [[WHOLE]]
    assert (await echo.invoke("say", {"text": "x"}, CALLER, {}))["generated"]  # one was, and nobody says otherwise
    assert (await echo.invoke("shout", {"text": "x"}, CALLER, {}))["generated"]
    model.scripts = [[whole("Bye")]]
    told = await echo.invoke("shout", {"text": "x"}, CALLER, {})
    assert (told["generated"], told["tokens"]) == (False, {"general": [7, 2]})


async def test_what_is_found_is_told_once(echo, model, knowledge):
    knowledge.answer = [{"text": text} for text in (*INJECTED, HARMLESS[0])]
    told = await echo.invoke("look", {"text": "x"}, CALLER, {})
    assert told["reply"]["text"] == HARMLESS[0]
    assert {(one["stage"], one["action"]) for one in told["findings"]} == {("retrieved", "block")}
    model.scripts = [[whole("这里卖银行卡。")], [WHOLE]]
    items = [item async for item in echo.stream("shout", {"text": "x", "stream": True}, CALLER, {})]
    assert [len(item["findings"]) for item in items] == [1, 0]
    assert items[-1]["data"]["text"] == "这里/Hi"


async def test_two_tenants_in_one_replica_each_under_their_policy(echo, model, knowledge):
    knowledge.answer = [{"text": text} for text in (INJECTED[0], HARMLESS[0])]
    names = ["a", "lax"] * 5
    told = await asyncio.gather(*(echo.invoke("look", {"text": "x"}, of(name), {}) for name in names))
    assert [one["reply"]["text"] for one in told] == [HARMLESS[0], f"{INJECTED[0]} {HARMLESS[0]}"] * 5
    assert [one["findings"][0]["action"] for one in told] == ["block", "warn"] * 5


async def test_streams_that_one_task_reads_in_turns_keep_apart(echo, model):
    model.scripts = [[WHOLE]]
    asked = {"text": INJECTED[0], "stream": True}
    strict, lax = (echo.stream("shout", asked, of(name), {}) for name in ("a", "lax"))
    await anext(strict)
    await anext(lax)
    assert (await anext(strict))["data"]["text"] == "/"
    end = await anext(lax)
    assert (end["data"]["text"], end["tokens"]) == ("Hi/Hi", {"general": [14, 4]})


@pytest.mark.parametrize(("priority", "number"), [("interactive", 0), ("batch", 1)])
async def test_the_engine_is_asked_with_the_priority_of_the_callers_key(echo, model, priority, number):
    model.scripts = [[WHOLE], [chunk("Hi"), USAGE_ITEM]]
    caller = Caller(Principal("a", "caller", "lma-a", priority=priority), "en")
    await echo.invoke("shout", {"text": "x"}, caller, {})
    _events = [item async for item in echo.stream("advise", {"text": "x", "stream": True}, caller, {})]
    assert [call[1]["priority"] for call in model.calls] == [number, number]


async def test_callers_at_once_have_each_their_own_priority(echo, model):
    model.scripts = [[WHOLE]]
    callers = [Caller(Principal("a", "caller", "lma-a", priority=one), "en") for one in ("batch", "interactive") * 3]
    texts = [{"text": str(number)} for number in range(6)]
    await asyncio.gather(*(echo.invoke("shout", text, who, {}) for text, who in zip(texts, callers, strict=True)))
    asked = {call[1]["messages"][0]["content"]: call[1]["priority"] for call in model.calls}
    assert asked == {"0": 1, "1": 0, "2": 1, "3": 0, "4": 1, "5": 0}


async def test_an_answer_is_judged_by_what_its_action_knows(echo, model):
    model.scripts = [[whole("青稳，年化3.2%")]]
    told = await echo.invoke("advise", {"text": "3.2%是多少？"}, CALLER, {})
    assert (told["reply"]["text"], told["findings"]) == ("青稳，年化3.2%", [])
    model.scripts = [[whole("海豚，年化3.5%")]]
    with pytest.raises(ContentFiltered) as caught:
        await echo.invoke("advise", {"text": "3.2%是多少？"}, CALLER, {})
    records = caught.value.for_records
    assert [(one["rule"], one["action"], one["stage"]) for one in records["findings"]] == [
        ("suitability:R4/C2", "block", "output"),
        ("numbers:not_given", "block", "output"),
    ]
    assert records["tokens"] == {"general": [7, 2]}


async def test_without_facts_nothing_leaves(echo, model):
    model.scripts = [[WHOLE]]
    with pytest.raises(Unavailable) as caught:
        await echo.invoke("advise", {"text": "nothing"}, CALLER, {})
    assert caught.value.code == "check_failed"
    assert {one["rule"] for one in caught.value.for_records["findings"]} == {
        "chain:numbers/failed", "chain:suitability/failed",
    }  # fmt: skip


async def test_a_stream_holds_back_what_no_check_has_seen(echo, model):
    asked = {"text": "15 yuan?", "stream": True}
    model.scripts = [[chunk("It costs 1"), chunk("5 yuan. "), USAGE_ITEM]]
    items = [item async for item in echo.stream("advise", asked, CALLER, {})]
    assert {item["event"] for item in items} == {"piece", "sentence", "done"}
    assert "".join(item["data"]["text"] for item in items[:-1]) == "It costs 15 yuan. End."
    assert ("tokens" in items[-1], ["tokens" in item for item in items[:-1]].count(True)) == (True, 0)
    model.scripts = [[chunk("It costs 1"), chunk("6 yuan. "), USAGE_ITEM]]
    with pytest.raises(ContentFiltered) as caught:
        await anext(echo.stream("advise", asked, CALLER, {}))  # nothing leaves before that
    assert [one["rule"] for one in caught.value.for_records["findings"]] == ["numbers:not_given"]


@pytest.mark.parametrize("streaming", [True, False])
async def test_what_was_found_goes_along_with_a_failure(echo, model, streaming):
    asked = {"text": "break", "stream": streaming}
    model.scripts = [[chunk("这里卖"), chunk("银行卡。"), USAGE_ITEM] if streaming else [whole("这里卖银行卡。")]]
    failing = anext(echo.stream("advise", asked, CALLER, {})) if streaming else echo.invoke("advise", asked, CALLER, {})
    with pytest.raises(ContentFiltered if streaming else Unavailable) as caught:
        await failing
    records = caught.value.for_records
    assert [(one["stage"], one["action"]) for one in records["findings"]] == [("output", "block")]
    assert list(records["tokens"]) == ["general"]
    again = pickle.loads(pickle.dumps(caught.value))  # as it comes from another process
    assert again.for_records == records


async def test_what_an_event_has_told_is_not_told_again(echo, model):
    model.scripts = [[whole("这里卖银行卡。")], [{"error": {"message": "x", "code": 500}}]]
    events = echo.stream("shout", {"text": "x", "stream": True}, CALLER, {})
    assert len((await anext(events))["findings"]) == 1
    with pytest.raises(EngineFailed) as caught:
        await anext(events)
    assert caught.value.for_records == {"findings": [], "tokens": {"general": [7, 2]}}
