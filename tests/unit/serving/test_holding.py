"""What a policy holds, and what becomes of an answer's body: without a gateway around it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from appliance.serving.gateway.held_answers import answer_text, as_events, edited, question_text
from appliance.serving.gateway.holding import holds, may_hold
from appliance.state.review_records import Held
from tests.unit.serving.deployments import USAGE


def test_tool_calls_and_texts_as_events():
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "reasoning_content": "Hm.", "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    events = list(as_events({"id": "x", "object": "chat.completion", "choices": [choice]}, usage=False))
    deltas = [json.loads(event[6:])["choices"][0]["delta"] for event in events[:-1]]
    assert deltas[1] == {"reasoning_content": "Hm.", "tool_calls": [{**call, "index": 0}]}
    text = {"index": 0, "text": "abc", "finish_reason": "length"}
    events = list(as_events({"id": "x", "object": "text_completion", "choices": [text]}, usage=False))
    chunks = [json.loads(event[6:])["choices"][0] for event in events[:-1]]
    assert [(one["text"], one["finish_reason"]) for one in chunks] == [("abc", None), ("", "length")]


def test_patterns_and_what_they_match():
    rules = ["topic:insider/x", "topic:insider/x", "lexicon:own/17"]
    findings = [{"rule": rule, "action": "warn"} for rule in rules]
    assert holds((), "general", "model", findings) == []
    assert holds(("topic:*",), "general", "model", findings) == ["topic:insider/x"]
    assert holds(("lexicon:own/*", "model:general"), "general", "model", findings) == [
        "model:general",
        "lexicon:own/17",
    ]
    assert holds(("model:general",), "general", "scenario", findings) == []
    assert holds(("Topic:*", "lexicon:other/*"), "general", "model", findings) == []
    asked = [{"rule": "numbers:not_given", "action": "review"}]  # by a scenario's check, whatever the policy names
    assert holds((), "advisor", "scenario", asked) == ["numbers:not_given"]
    assert may_hold(("topic:*",), "general", "model")
    assert may_hold(("model:gen*",), "general", "model")
    assert not may_hold(("model:other", "scenario:general"), "general", "model")
    assert not may_hold((), "general", "model")


def test_an_edited_answer_says_nothing_of_the_first():
    choice = {
        "index": 0, "finish_reason": "length", "logprobs": {"content": ["bonds"]},
        "message": {"role": "assistant", "content": "bonds", "reasoning_content": "bonds", "refusal": "bonds"},
    }  # fmt: skip
    body = edited(Held({"choices": [choice], "usage": USAGE}, "bonds"), "No.").body
    assert "bonds" not in json.dumps(body)
    assert body["usage"] == USAGE


RULES = st.sampled_from(["topic:insider/x", "topic:promise/y", "lexicon:own/17", "personal:bank_card"])
PATTERNS = st.sampled_from(["topic:*", "lexicon:own/*", "model:general", "model:other", "scenario:*", "*", "*:general"])


@given(st.lists(PATTERNS), st.lists(RULES))
def test_what_is_held_could_be_held_before_anything_was_found(patterns, rules):
    """Otherwise an answer would have been streamed before it is found to be one that waits."""
    found = holds(patterns, "general", "model", [{"rule": rule, "action": "warn"} for rule in rules])
    assert may_hold(patterns, "general", "model") or not found


def test_questions_as_a_reviewer_reads_them():
    assert question_text("Where?") == "Where?"
    assert question_text(["one", "two"]) == "one\n\ntwo"
    assert question_text({"question": "Where?", "language": "en"}) == "Where?"
    assert json.loads(question_text({"text": "Where?"})) == {"text": "Where?"}
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Where"}, {"type": "text", "text": "to?"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
    ]
    assert question_text(messages) == "[system] Be brief.\n\n[user] Where\nto?\n\n[assistant] f({})"
    assert question_text(messages[:1]) == "Be brief."


def test_every_text_of_an_answer_is_shown():
    message = {"role": "assistant", "content": "Bonds.", "reasoning_content": "Hm.", "refusal": "No."}
    shown = answer_text({"choices": [{"index": 0, "message": message}]})
    assert shown == "Hm.\n\nBonds.\n\nNo."
    assert answer_text({"choices": []}) == ""
