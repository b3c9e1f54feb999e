"""A scenario's replica: it runs a pack with clients that call by handle, and tells what was spent."""

import pytest

from appliance.config.home import Home
from appliance.core.errors import EngineFailed, InvalidRequest
from appliance.core.principal import Principal
from appliance.scenario.actions import Caller
from appliance.scenario.pack import ChatFacts
from appliance.serving import scenario as replica
from appliance.state.database import Database, sqlite_url
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
from appliance.scenario.pack import Action
from appliance.state.records import NewRecord

class Say(BaseModel):
    text: str = Field(min_length=1)
    stream: bool = False

class Said(BaseModel):
    text: str

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

    return [Action("say", "Say.", Say, Said, say, stream=tell)]
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
    monkeypatch.setattr(replica, "Handles", lambda: context.models)
    return replica.Scenario(str(tmp_path), "echo", {"general": ChatFacts(("en",), 7_000_000_000)})


async def test_an_action_is_run_in_the_callers_language_and_its_tokens_are_told(echo, model):
    model.scripts = [[WHOLE]]
    told = await echo.invoke("say", {"text": "Hello"}, CALLER, {})
    text = told["reply"]["text"]
    assert text.startswith("Hi a zh_CN ")
    assert not text.endswith("none")
    assert told["tokens"] == {"general": [7, 2]}


async def test_events_and_with_the_last_one_the_tokens(echo, model, knowledge):
    model.scripts = [[chunk("a"), chunk("b"), USAGE_ITEM]]
    items = [item async for item in echo.stream("say", {"text": "Hello", "stream": True}, CALLER, {})]
    assert items == [
        {"event": "piece", "data": {"text": "a"}},
        {"event": "piece", "data": {"text": "b"}},
        {"event": "done", "data": {"text": "abzh_CN"}, "tokens": {"general": [7, 2]}},
    ]
    ((method, who, base, text, k, selection),) = knowledge.calls
    assert (method, who, base, text, k) == ("search", CALLER.principal, "rules", "ab", 3)
    assert selection.departments == ["law"]


async def test_a_stream_that_is_left_ends_the_models_work(echo, model, settle):
    model.scripts = [[chunk("a"), chunk("b")]]
    events = echo.stream("say", {"text": "Hello", "stream": True}, CALLER, {})
    await anext(events)
    await events.aclose()
    await settle(lambda: model.streams[0].cancelled)


async def test_what_fails_is_raised_before_and_between_events(echo, model):
    with pytest.raises(InvalidRequest):
        await anext(echo.stream("say", {"text": "", "stream": True}, CALLER, {}))
    model.scripts = [[chunk("a"), {"error": {"message": "x", "code": 500}}]]
    events = echo.stream("say", {"text": "Hello", "stream": True}, CALLER, {})
    assert (await anext(events))["event"] == "piece"
    with pytest.raises(EngineFailed):
        await anext(events)
