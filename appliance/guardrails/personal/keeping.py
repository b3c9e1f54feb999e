"""Texts as they may be kept: personal data replaced for good, whatever the policy lets pass on to a model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from appliance.guardrails.joined import add_pieces, by_lines, places_of, without_gaps
from appliance.guardrails.outcome import in_order
from appliance.guardrails.own_data import hidden
from appliance.guardrails.personal.check import PersonalData
from appliance.guardrails.personal.kinds import DEFAULT_POLICY
from appliance.guardrails.verdict import Finding


@cache
def _check() -> PersonalData:
    return PersonalData({kind: replace(rule, action="mask") for kind, rule in DEFAULT_POLICY.items()})


def masked_for_keeping(text: str) -> str:
    """Return a text with every kind of personal data shown as by `display`; it cannot be put back."""
    return hidden(text, _check().find(text))


def masked_within(value: Any) -> Any:  # noqa: ANN401 - plain data of any shape
    """Return plain data with every text in it masked for keeping; of a conversation also what goes over messages."""
    if isinstance(value, str):
        return masked_for_keeping(value)
    if isinstance(value, Mapping):
        return {name: masked_within(inner) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    masked = [masked_within(inner) for inner in value]
    if masked and all(_is_message(one) for one in masked):
        _mask_read_on(masked)
    return masked


def _is_message(value: object) -> bool:
    """Tell whether plain data is a message as `places_of` reads it: anybody may send what only looks like one."""
    if not isinstance(value, dict) or not isinstance(value.get("role"), str):
        return False
    content, calls = value.get("content"), value.get("tool_calls") or []
    parts = content if isinstance(content, list) else []
    if not isinstance(calls, list):
        return False
    functions = [call.get("function") if isinstance(call, dict) else None for call in calls]
    return _all_have_text(parts, "text") and _all_have_text(functions, "arguments")


def _all_have_text(values: Sequence[object], name: str) -> bool:
    return all(isinstance(one, dict) and isinstance(one.get(name), str) for one in values)


def _mask_read_on(messages: Sequence[dict[str, Any]]) -> None:
    """Mask in place what only shows where parts, or messages of one role, are read one after another."""
    places, runs = places_of(messages)
    texts = [place.text for place in places]
    found: list[list[Finding]] = [[] for _text in texts]
    for run in runs:
        for reading in (by_lines(run, texts), without_gaps(run, texts)):
            add_pieces(found, reading, _check().find(reading.text))
    for place, text, findings in zip(places, texts, found, strict=True):
        place.holder[place.key] = hidden(text, in_order(findings))
