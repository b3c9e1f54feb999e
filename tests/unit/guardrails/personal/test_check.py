from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.errors import ConfigError
from appliance.guardrails.personal.check import VERSION, PersonalData
from appliance.guardrails.personal.kinds import KINDS, PLACEHOLDER_NAMES, Rule
from appliance.guardrails.personal.spans import Span, settle
from appliance.guardrails.verdict import Check

TEXT = "客户张伟，手机13912345678，邮箱a.b@example.com"


def test_a_finding_says_rule_version_place_and_action():
    check: Check = PersonalData({"phone": Rule("block"), "email": Rule("warn")})
    phone, email = check.find(TEXT)
    assert (phone.rule, phone.version, phone.action) == ("personal:phone", VERSION, "block")
    assert TEXT[phone.start : phone.end] == "13912345678"
    assert (email.rule, email.action) == ("personal:email", "warn")


def test_the_least_score_lets_unsure_places_pass():
    assert PersonalData({"person": Rule("mask", 0.9)}).find("客户张伟来过") == []
    assert PersonalData({"person": Rule("mask", 0.7)}).find("客户张伟来过") != []


def test_places_count_in_the_text_as_given():
    text = "\u200b手\u200b机１３９\u200b１２３４５６７８。"
    (span,) = PersonalData({"phone": Rule("mask")}).spans(text)
    assert text[span.start : span.end] == "１３９\u200b１２３４５６７８"


def test_an_unknown_kind_and_a_wrong_score_are_refused():
    with pytest.raises(ConfigError, match="shoe_size"):
        PersonalData({"shoe_size": Rule("mask")})  # type: ignore[dict-item]
    with pytest.raises(ConfigError, match=r"1\.5"):
        PersonalData({"phone": Rule("mask", 1.5)})


def test_every_kind_has_two_names_of_its_own():
    names = [name for kind in KINDS for name in PLACEHOLDER_NAMES[kind]]
    assert len(set(names)) == 2 * len(KINDS)


def test_of_overlapping_places_the_surer_stands():
    low, high, beside = Span("phone", 0, 12, 0.5), Span("cn_id", 4, 20, 0.9), Span("email", 20, 30, 0.4)
    assert settle([low, beside, high]) == [high, beside]


@settings(deadline=None)  # the first call loads a dictionary
@given(st.text(alphabet="客户张伟先生·于12 0-+()@.:/AaJohn Mr路号京\u200b１\n", max_size=60))
def test_any_text_can_be_checked_and_places_lie_within_it(text):
    spans = PersonalData().spans(text)
    assert all(0 <= span.start < span.end <= len(text) and 0 < span.score <= 1 for span in spans)
    assert all(before.end <= behind.start for before, behind in pairwise(spans))
