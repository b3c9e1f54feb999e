"""The acceptance gate: what counts as right, what as worse, and how both versions are asked."""

import json

import httpx
import pytest

from appliance.config.home import Home
from appliance.core.errors import Conflict, InvalidRequest, Unavailable
from appliance.core.messages import LANGUAGES
from appliance.operations import acceptance
from appliance.operations.acceptance import (
    SHIPPED,
    Acceptance,
    Callers,
    Check,
    Figures,
    Question,
    compare,
    questions_of,
    read_questions,
)

GOOD = Figures(20, 12, (), 0.2, 40.0)


@pytest.mark.parametrize(
    ("check", "answer", "right"),
    [
        ({"exact": "invoice"}, " Invoice.\n", True),
        ({"exact": "invoice"}, "the invoice", False),
        ({"regex": r"\b12\b"}, "It is 12.", True),
        ({"regex": r"\b12\b"}, "It is 120.", False),
        ({"regex": "巴黎"}, "法国的首都是巴黎。", True),
        ({"json": {"age": 31}}, '```json\n{"age": 31, "name": "Anna"}\n```', True),
        ({"json": {"age": 31}}, '{"age": "31"}', False),
        ({"json": {"age": 31}}, "{age: 31}", False),
        ({"json": {"age": 31}}, "31", False),
        ({"json": {"age": 31}}, "", False),
    ],
)
def test_an_answer_is_right_or_wrong(check, answer, right):
    assert Check.model_validate(check).passes(answer) is right


def test_the_shipped_questions_can_be_read():
    questions = read_questions(SHIPPED)
    assert len(questions) >= 20
    assert len({one.id for one in questions}) == len(questions)
    assert any("\u4e00" <= char <= "\u9fff" for one in questions for char in one.ask)


def test_a_site_has_its_own(tmp_path):
    home = Home(tmp_path)
    assert questions_of(home, None) == read_questions(SHIPPED)
    home.acceptance_file.write_text('- {id: own, ask: "x", check: {exact: "y"}}')
    assert [one.id for one in questions_of(home, None)] == ["own"]
    assert questions_of(home, SHIPPED) == read_questions(SHIPPED)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "5", "- {id: a}", "- {id: a, ask: b, check: {}}", "- {id: a, ask: b, check: {exact: c, regex: d}}",
     "- {id: a, ask: b, check: {regex: '('}}", "- {id: a, ask: b, check: {exact: c}, more: 1}", "\x00", "- ["],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_told(tmp_path, text):
    file = tmp_path / "q.yaml"
    file.write_text(text)
    with pytest.raises(InvalidRequest):
        read_questions(file)
    with pytest.raises(InvalidRequest):
        read_questions(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("candidate", "faults"),
    [
        (GOOD, 0),
        (Figures(20, 11, ("a",), 0.2, 40.0), 0),
        (Figures(20, 10, ("a", "b"), 0.2, 40.0), 1),
        (Figures(20, 20, (), 0.05, 90.0), 0),
        (Figures(20, 12, (), 0.39, 40.0), 0),
        (Figures(20, 12, (), 0.41, 40.0), 1),
        (Figures(20, 12, (), 0.2, 28.1), 0),
        (Figures(20, 12, (), 0.2, 27.0), 1),
        (Figures(20, 0, (), 9.0, 1.0), 3),
    ],
)
def test_what_is_worse_than_it_may_be(candidate, faults):
    found = Acceptance("general", GOOD, candidate)
    assert len(found.faults()) == faults
    if not faults:
        found.check()
        return
    with pytest.raises(Conflict) as caught:
        found.check()
    assert caught.value.details["candidate"]["passed"] == candidate.passed
    assert all(caught.value.render(language) for language in LANGUAGES)


class Versions:
    """The stable version knows everything; the candidate only what `knows` says."""

    def __init__(self, knows=""):
        self.knows = knows
        self.asked = []

    def answer(self, model, question, max_tokens):
        self.asked.append((model, question))
        return "yes" if model == "general@stable" or question in self.knows else "no"

    def stream(self, model, question, max_tokens):
        return (0.1 if model == "general@stable" else 0.3), max_tokens


def test_both_are_asked_the_same_and_measured_in_turn():
    versions = Versions(knows="b")
    questions = [Question(id=name, ask=name, check=Check(exact="yes"), max_tokens=5) for name in "abc"]
    found = list(compare(versions, "general", questions))[-1]
    assert [model for model, _question in versions.asked] == ["general@stable", "general@candidate"] * 3
    assert (found.stable.passed, found.candidate.passed, found.candidate.failed) == (3, 1, ("a", "c"))
    assert (found.stable.ttft_p50_s, found.candidate.ttft_p50_s) == (0.1, 0.3)
    assert found.stable.tokens_per_s > 0


def callers(*answers):
    left = list(answers)
    return Callers("http://gateway", "lma-x", httpx.MockTransport(lambda request: left.pop(0)))


def whole(text):
    return httpx.Response(200, json={"choices": [{"message": {"content": text}}]})


def test_a_full_queue_is_waited_for(monkeypatch):
    monkeypatch.setattr(acceptance.time, "sleep", lambda seconds: None)
    full = httpx.Response(429, json={"error": {"message": "full", "code": "queue_full"}})
    with callers(full, full, whole("Paris")) as asking:
        assert asking.answer("general@stable", "x", 5) == "Paris"


def test_an_answer_that_is_held_counts_as_none():
    with callers(httpx.Response(202, json={"id": "review"})) as asking:
        assert asking.answer("general@stable", "x", 5) == ""


def test_a_stream_is_measured_by_its_events():
    events = [{"choices": [{"delta": {"content": "a"}}]}, {"choices": [], "usage": {"completion_tokens": 7}}]
    text = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    with callers(httpx.Response(200, text=text), httpx.Response(503, json={})) as asking:
        seconds, tokens = asking.stream("general@stable", "x", 5)
        assert seconds > 0
        assert tokens == 7
        with pytest.raises(Unavailable):
            asking.stream("general@stable", "x", 5)
