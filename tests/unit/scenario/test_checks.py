"""Checks of what an action says: bound to facts, failing closed, over whole answers and over streams."""

from dataclasses import replace

import pytest
from pydantic import BaseModel

from appliance.core.errors import ConfigError, ContentFiltered, Unavailable
from appliance.guardrails.verdict import Finding
from appliance.scenario.actions import Action, check_actions
from appliance.scenario.checks import OutputCheck
from appliance.scenario.said import Said


class Ask(BaseModel):
    stream: bool = False


class Advice(BaseModel):
    answer: str


async def run(request, caller):
    raise AssertionError("not run here")


def words(action="block", reviews=False, name="words", **more):
    """Return a check whose facts are words that an answer must not have."""

    def find(text, facts):
        usual = Finding(f"{name}:word", "1", 0, 0, action)
        return [
            replace(usual, **{"start": at, "end": at + len(word), **more})
            for word in facts
            if (at := text.find(word)) >= 0
        ]

    return OutputCheck(name, "1", find, reviews)


def said_of(*checks, facts=None, **more):
    """Return what judges, and the list of findings that it tells of."""
    noted = []
    action = Action("advise", "Advise.", Ask, Advice, run, checks=checks, **more)
    return Said(action, {"words": ["gold"]} if facts is None else facts, noted.extend), noted


async def test_an_answer_that_passes_is_as_it_was():
    said, noted = said_of(words())
    data = {"answer": "silver", "parts": [{"text": "tin", "count": 3}], "none": None}
    assert await said.answer(data) == data
    assert noted == []


@pytest.mark.parametrize(
    "data", [{"answer": "gold"}, {"parts": [{"deep": ["x", "gold"]}]}, {"answer": "golden", "other": "x"}]
)
async def test_a_text_at_any_depth_can_block_the_answer(data):
    said, noted = said_of(words())
    with pytest.raises(ContentFiltered) as caught:
        await said.answer(data)
    assert [one.rule for one in noted] == ["words:word"]
    assert caught.value.details["findings"][0]["rule"] == "words:word"
    assert "gold" not in str(caught.value)


async def test_fields_left_out_are_not_read():
    said, _noted = said_of(words(), unchecked=frozenset({"citations"}))
    data = {"answer": "silver", "citations": [{"quote": "gold"}], "inner": {"citations": "gold"}}
    assert await said.answer(data) == data


@pytest.mark.parametrize("action", ["mask", "warn"])
async def test_what_is_masked_is_masked_in_its_own_field(action):
    said, noted = said_of(words(action), facts={"words": ["gold", "tin"]})
    shown = await said.answer({"first": "all gold here", "second": ["x", "tin"]})
    assert shown == (
        {"first": "all **** here", "second": ["x", "***"]}
        if action == "mask"
        else {"first": "all gold here", "second": ["x", "tin"]}
    )
    assert [(one.start, one.end, one.action) for one in noted] == [(4, 8, action), (16, 19, action)]


def raising(text, facts):
    raise ZeroDivisionError(text)


@pytest.mark.parametrize(
    ("check", "facts"),
    [
        (OutputCheck("words", "1", raising), {"words": []}),
        (words(), {}),  # the action gave none
        (OutputCheck("words", "1", lambda text, facts: None), {"words": []}),
        (words(rule="other:word"), None),
        (words(rule="words"), None),
        (words(version="2"), None),
        (words(end=99), None),
        (words(start=-1), None),
        (words(start=3, end=2), None),
        (words(action="allow"), None),
        (words(action="review"), None),  # it has not said that it may
    ],
)
async def test_a_check_that_cannot_run_blocks_and_says_so(check, facts):
    said, noted = said_of(check, facts=facts)
    with pytest.raises(Unavailable) as caught:
        await said.answer({"answer": "gold"})
    assert caught.value.code == "check_failed"
    assert "chain:words/failed" in str(caught.value)
    assert [(one.rule, one.version, one.action, one.start, one.end) for one in noted] == [
        ("chain:words/failed", "1", "block", 0, 4)
    ]


async def test_a_rule_is_told_before_a_check_that_could_not_run():
    said, noted = said_of(OutputCheck("other", "1", raising), words(), facts={"words": ["gold"], "other": 1})
    with pytest.raises(ContentFiltered):
        await said.answer({"answer": "gold"})
    assert {one.rule for one in noted} == {"chain:other/failed", "words:word"}


async def test_a_check_may_ask_for_a_person():
    said, noted = said_of(words("review", reviews=True))
    assert await said.answer({"answer": "gold"}) == {"answer": "gold"}
    assert [one.action for one in noted] == ["review"]


async def played(said, *events):
    """Return after which event each event left, and what it said."""
    left = []
    for place, (name, data) in enumerate(events):
        left += [(place, one, shown) for one, shown in await said.events(name, data)]
    return left


DONE = ("done", {"answer": "all said"})


async def test_without_checks_a_stream_is_as_it_comes():
    said, _noted = said_of()
    assert await played(said, ("piece", {"text": "gold"}), DONE) == [(0, "piece", {"text": "gold"}), (1, *DONE)]


async def test_pieces_wait_for_the_end_and_are_one_text():
    said, noted = said_of(words("mask"))
    events = [("piece", {"text": "a go"}), ("step", {"count": 1}), ("piece", {"text": "ld ring"}), DONE]
    assert await played(said, *events) == [
        (3, "piece", {"text": "a **"}),
        (3, "step", {"count": 1}),
        (3, "piece", {"text": "** ring"}),
        (3, *DONE),
    ]
    assert len(noted) == 1
    said, _noted = said_of(words())
    assert await played(said, *events[:3]) == []
    with pytest.raises(ContentFiltered):
        await said.events(*DONE)


async def test_pieces_of_two_names_are_two_texts():
    said, noted = said_of(words())
    events = [("left", {"text": "go"}), ("right", {"text": "ld"}), DONE]
    assert [name for _place, name, _data in await played(said, *events)] == ["left", "right", "done"]
    assert noted == []


async def test_a_whole_event_leaves_when_it_has_passed_and_not_before():
    said, _noted = said_of(words(), whole_events=frozenset({"sentence"}))
    first = ("sentence", {"text": "silver"})
    assert await played(said, ("step", {"count": 1}), first) == [(0, "step", {"count": 1}), (1, *first)]
    with pytest.raises(ContentFiltered):
        await said.events("sentence", {"text": "gold"})


async def test_nothing_overtakes_what_waits():
    said, _noted = said_of(words("mask"), whole_events=frozenset({"sentence"}))
    events = [("piece", {"text": "x"}), ("sentence", {"text": "gold"}), ("step", {"count": 1}), DONE]
    left = await played(said, *events)
    assert [(place, name) for place, name, _data in left] == [
        (3, "piece"),
        (3, "sentence"),
        (3, "step"),
        (3, "done"),
    ]
    assert left[1][2] == {"text": "****"}


async def test_the_whole_answer_is_judged_where_its_pieces_passed():
    said, _noted = said_of(words(), whole_events=frozenset({"sentence"}))
    await said.events("sentence", {"text": "silver"})
    with pytest.raises(ContentFiltered):
        await said.events("done", {"answer": "silver and gold"})


async def test_facts_count_that_are_there_when_a_text_is_judged():
    facts = {}
    said, _noted = said_of(words(), facts=facts, whole_events=frozenset({"sentence"}))
    with pytest.raises(Unavailable):
        await said.events("sentence", {"text": "silver"})
    facts["words"] = ["gold"]
    assert await said.events("sentence", {"text": "silver"}) == [("sentence", {"text": "silver"})]


async def test_what_says_nothing_needs_no_facts():
    said, noted = said_of(words(), facts={})
    assert await said.events("step", {"count": 1}) == [("step", {"count": 1})]
    assert await said.answer({"count": 2, "none": None, "parts": []}) == {"count": 2, "none": None, "parts": []}
    assert noted == []


@pytest.mark.parametrize("name", ["lexicon", "chain", "model", "", "Words", "a:b", "1st", "x" * 41])
def test_a_check_has_a_name_of_its_own(name):
    with pytest.raises(ConfigError):
        check_actions("pack", [Action("advise", "Advise.", Ask, Advice, run, checks=(words(name=name),))])


def test_two_checks_of_one_name():
    with pytest.raises(ConfigError):
        check_actions("pack", [Action("advise", "Advise.", Ask, Advice, run, checks=(words(), words()))])
    check_actions("pack", [Action("advise", "Advise.", Ask, Advice, run, checks=(words(), words(name="more")))])


def test_whether_an_answer_may_wait_is_described():
    def described(*checks):
        return Action("advise", "Advise.", Ask, Advice, run, checks=checks).describe()["reviews"]

    assert (described(), described(words()), described(words("review", reviews=True))) == (False, False, True)
