"""Texts as they may be kept: personal data replaced for good, whatever the policy lets pass on to a model."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from appliance.guardrails.own_data import hidden
from appliance.guardrails.personal.check import PersonalData
from appliance.guardrails.personal.kinds import DEFAULT_POLICY


@cache
def _check() -> PersonalData:
    return PersonalData({kind: replace(rule, action="mask") for kind, rule in DEFAULT_POLICY.items()})


def masked_for_keeping(text: str) -> str:
    """Return a text with every kind of personal data shown as by `display`; it cannot be put back."""
    return hidden(text, _check().find(text))


def masked_within(value: Any) -> Any:  # noqa: ANN401 - plain data of any shape
    """Return plain data with every text in it masked for keeping."""
    if isinstance(value, str):
        return masked_for_keeping(value)
    if isinstance(value, Mapping):
        return {name: masked_within(inner) for name, inner in value.items()}
    return [masked_within(inner) for inner in value] if isinstance(value, list) else value
