"""Actions of a pack: addresses, parameters, who may, events."""

from dataclasses import replace
from datetime import date

import pytest
from pydantic import BaseModel, Field

from appliance.core.authority import Permission
from appliance.core.errors import ConfigError, InvalidRequest, PermissionDenied
from appliance.scenario.actions import Action, Caller, check_actions, invoke, stream
from appliance.scenario.routes import address_of, is_template, match, placeholders
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER

CALLER = Caller(A_CALLER, "en")


class Find(BaseModel):
    model_config = {"extra": "forbid"}
    call_id: str = Field(max_length=8)
    turn: int = Field(default=1, ge=1, le=9)
    all: bool = False
    on: date | None = None
    stream: bool = False


class Found(BaseModel):
    text: str


async def run(request, caller):
    return Found(text=repr((request.call_id, request.turn, request.all, request.on)))


def find(name="find", **more):
    return Action(name, "Find.", Find, Found, run, **{"method": "GET", "path": "calls/{call_id}/turns", **more})


async def test_parameters_are_read_from_text():
    parameters = {"call_id": "7", "turn": "3", "all": "true", "on": "2026-02-01"}
    found = await invoke(find(), None, CALLER, parameters)
    assert found["text"] == repr(("7", 3, True, date(2026, 2, 1)))


async def test_a_body_stays_strict_beside_parameters():
    action = find(method="POST")
    assert (await invoke(action, {"turn": 3}, CALLER, {"call_id": "7"}))["text"].startswith("('7', 3")
    with pytest.raises(InvalidRequest) as caught:
        await invoke(action, {"turn": "3"}, CALLER, {"call_id": "7"})
    assert caught.value.param == "turn"


@pytest.mark.parametrize(
    ("payload", "parameters", "param", "code"),
    [
        (None, {"call_id": "7", "turn": "x"}, "turn", "invalid_value"),
        (None, {"call_id": "7", "turn": "10"}, "turn", "invalid_value"),
        (None, {"call_id": "7", "turn": "1" * 5000}, "turn", "invalid_value"),
        (None, {"call_id": "7", "all": "perhaps"}, "all", "invalid_value"),
        (None, {"call_id": "7", "on": "2026-02-30"}, "on", "invalid_value"),
        (None, {"call_id": "x" * 9}, "call_id", "invalid_value"),
        (None, {"call_id": "7", "colour": "red"}, "colour", "unsupported_field"),
        (None, {}, "call_id", "missing_field"),
        ({"call_id": "8"}, {"call_id": "7"}, "call_id", "unsupported_field"),
        ([], {"call_id": "7"}, None, "invalid_body"),
        ("x", {"call_id": "7"}, None, "invalid_body"),
    ],
)
async def test_a_wrong_request_names_the_field(payload, parameters, param, code):
    with pytest.raises(InvalidRequest) as caught:
        await invoke(find(), payload, CALLER, parameters)
    assert (caught.value.param, caught.value.code) == (param, code)
    assert len(str(caught.value)) < 300


async def test_an_admins_action_refuses_others_before_it_looks_at_the_request():
    with pytest.raises(PermissionDenied):
        await invoke(find(permission=Permission.KNOWLEDGE_REVIEW), {"nonsense": 1}, CALLER)
    assert await invoke(find(permission=Permission.KNOWLEDGE_REVIEW), None, Caller(A_ADMIN, "en"), {"call_id": "7"})


async def tell(request, caller):
    yield "part", Found(text="a")
    yield "done", Found(text="ab")
    raise AssertionError("nothing is wanted behind `done`")


async def test_a_stream_ends_with_done():
    action = find(method="POST", path="find", stream=tell)
    events = [event async for event in stream(action, {"call_id": "7"}, CALLER)]
    assert events == [("part", {"text": "a"}), ("done", {"text": "ab"})]


async def test_a_stream_without_done_is_a_fault_of_the_pack():
    async def broken(request, caller):
        yield "part", Found(text="a")

    with pytest.raises(RuntimeError, match="done"):
        _events = [event async for event in stream(find(method="POST", stream=broken), {"call_id": "7"}, CALLER)]


@pytest.mark.parametrize(
    "actions",
    [
        [find(), find(name="other")],
        [find(), find(name="other", path="calls/{turn}/turns")],
        [find(path="a"), find(path="b")],
        [find(path="calls/{nobody}")],
        [find(path="calls/{call_id}/{call_id}")],
        [find(path="/calls")],
        [find(path="calls//turns")],
        [find(path="Calls")],
        [find(path="..")],
        [find(stream=tell)],
        [Action("find", "Find.", Found, Found, run, stream=tell)],
    ],
)
def test_actions_that_cannot_be_told_apart_or_addressed(actions):
    with pytest.raises(ConfigError, match=r"find|other"):
        check_actions("pack", actions)


def test_one_path_may_take_several_methods():
    check_actions("pack", [find(), find(name="add", method="POST"), find(name="newest", path="calls/newest/turns")])


def test_what_a_description_tells():
    told = find().describe()
    assert (told["method"], told["path"], told["status"], told["request"]) == (
        "GET",
        "calls/{call_id}/turns",
        200,
        None,
    )
    places = {parameter["name"]: (parameter["in"], parameter["required"]) for parameter in told["parameters"]}
    assert places["call_id"] == ("path", True)
    assert places["turn"] == ("query", False)
    posted = find(method="POST", status=201).describe()
    assert [parameter["name"] for parameter in posted["parameters"]] == ["call_id"]
    assert "call_id" not in posted["request"]["properties"]
    assert posted["request"]["required"] == []


def test_templates():
    assert placeholders("calls/{call_id}/turns") == ("call_id",)
    assert match("calls/{call_id}/turns", "calls/7/turns") == {"call_id": "7"}
    assert match("calls/{call_id}/turns", "calls//turns") is None
    assert match("calls/{call_id}", "calls/7/turns") is None
    assert match("calls", "calls") == {}
    assert is_template("funds/{id}/diagnosis")
    assert not is_template("funds/{ID}")
    assert not is_template("funds/")


def test_the_own_address_of_a_scenario():
    begin = find(method="POST", path="/")
    assert begin.template == ""
    assert begin.describe()["path"] == ""
    assert is_template("")
    assert (match("", ""), match("", "calls"), match("{call_id}", "")) == ({}, None, None)
    assert address_of("calls", "") == "/v1/scenarios/calls"
    assert address_of("calls", "open/{id}") == "/v1/scenarios/calls/open/{id}"
    with pytest.raises(ConfigError):
        check_actions("pack", [begin, replace(begin, name="other")])


@pytest.mark.parametrize(
    ("generated", "asked", "holds"),
    [
        (None, True, True),
        (None, False, False),
        (lambda _answer: True, False, True),
        (lambda _answer: False, True, False),
    ],
)
def test_a_models_words_are_taken_to_be_in_an_answer_unless_the_action_knows_better(generated, asked, holds):
    action = Action("a", "A.", Find, Found, run=lambda *_given: None, generated=generated)
    assert action.holds_generated(Find(call_id="c"), asked=asked) is holds
