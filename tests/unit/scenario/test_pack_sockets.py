"""Sockets and files of a pack: what can be addressed, what is described, what leaves."""

import pytest
from pydantic import BaseModel, ValidationError

from appliance.core.authority import Permission
from appliance.core.errors import ConfigError, ContentFiltered, InvalidRequest, PermissionDenied
from appliance.scenario import downloads
from appliance.scenario.actions import Action, Caller
from appliance.scenario.downloads import Download
from appliance.scenario.numbers import numbers
from appliance.scenario.said import Said
from appliance.scenario.sockets import Socket, check_sockets, socket_events
from tests.unit.knowledge.principals import A_CALLER

CALLER = Caller(A_CALLER, "en")


class Watch(BaseModel):
    model_config = {"extra": "forbid"}
    call_id: str
    all: bool = False


class Turn(BaseModel):
    call_id: str
    text: str
    id: str = ""


class Bare(BaseModel):
    text: str = ""
    stream: bool = False


class Told(BaseModel):
    text: str


async def run(request, caller):
    return Told(text="x")


async def events(request, caller):
    yield "one", Told(text=f"{request.call_id} {request.all}")
    yield "done", Told(text="end")
    raise AssertionError("nothing is wanted behind `done`")


TURN = Action("turn", "Say.", Turn, Told, run, path="calls/{call_id}/turns")


def watch(name="watch", path="calls/{call_id}/stream", **more):
    return Socket(name, "Watch.", path, Watch, events, **more)


async def test_events_end_with_done_and_parameters_are_read():
    found = [event async for event in socket_events(watch(), CALLER, {"call_id": "7", "all": "true"})]
    assert found == [("one", Told(text="7 True")), ("done", Told(text="end"))]
    with pytest.raises(InvalidRequest):
        await anext(socket_events(watch(), CALLER, {"call_id": "7", "colour": "red"}))
    with pytest.raises(PermissionDenied):
        await anext(socket_events(watch(permission=Permission.SCENARIO_SUPERVISE), CALLER, {"call_id": "7"}))


def test_what_is_told_of_a_socket():
    told = watch(message=TURN).describe()
    assert (told["path"], told["permission"]) == ("calls/{call_id}/stream", "scenario.ask")
    assert [(one["name"], one["in"]) for one in told["parameters"]] == [("call_id", "path"), ("all", "query")]
    assert (told["message"]["action"], told["message"]["takes_id"]) == ("turn", True)
    assert set(told["message"]["request"]["properties"]) == {"text", "id"}
    assert told["message"]["request"]["required"] == ["text"]
    assert watch().describe()["message"] is None


@pytest.mark.parametrize(
    "sockets",
    [
        [watch(), watch("other")],
        [watch(), watch(path="other/{call_id}")],
        [watch(path="calls/{call}")],
        [watch(path="calls/{call_id}", message=Action("say", "Say.", Bare, Told, run))],
        [watch(path="found")],
        [watch("find", path="other")],
        [watch(message=Action("find", "Other.", Turn, Told, run))],
        [watch(message=Action("watch", "Same.", Turn, Told, run))],
        [watch(message=Action("say", "Say.", Turn, Download, run))],
        [watch(checks=(numbers("review"),))],
    ],
)
def test_sockets_that_cannot_be_addressed(sockets):
    with pytest.raises(ConfigError):
        check_sockets("pack", sockets, [Action("find", "Find.", Bare, Told, run, method="GET", path="found")])


def test_sockets_that_can():
    check_sockets("pack", [watch(message=TURN), watch("other", "calls/{call_id}/other", message=TURN)], [TURN])
    check_sockets("pack", [watch(message=TURN)], [])


async def test_live_events_leave_at_once_and_each_is_judged():
    check = numbers()
    said = Said(watch(checks=(check,)).listening, {check.name: ["15 yuan"]}, lambda findings: None, live=True)
    assert await said.events("any", {"text": "15 yuan"}) == [("any", {"text": "15 yuan"})]
    with pytest.raises(ContentFiltered):
        await said.events("any", {"text": "16 yuan"})


@pytest.mark.parametrize("filename", ["", "a/b", "a\\b", "a\r\nX: 1", "x" * 201])
def test_names_that_files_cannot_have(filename):
    with pytest.raises(ValidationError):
        Download(filename=filename, media_type="text/csv", content=b"")


@pytest.mark.parametrize("media_type", ["", "csv", "text/csv\r\nX: 1", "text/csv; x=1"])
def test_types_that_files_cannot_have(media_type):
    with pytest.raises(ValidationError):
        Download(filename="a.csv", media_type=media_type, content=b"")


def test_a_file_has_a_largest_size(monkeypatch):
    monkeypatch.setattr(downloads, "MOST_BYTES", 3)
    Download(filename="通话.csv", media_type="text/csv; charset=utf-8", content=b"abc").check_size()
    with pytest.raises(InvalidRequest) as caught:
        Download(filename="a.csv", media_type="text/csv", content=b"abcd").check_size()
    assert caught.value.code == "download_too_large"


@pytest.mark.parametrize("more", [{"stream": events, "method": "POST"}, {"checks": (numbers(),)}])
def test_a_file_has_neither_events_nor_checks(more):
    with pytest.raises(ConfigError):
        check_sockets("pack", [], [Action("export", "Export.", Bare, Download, run, **more)])
