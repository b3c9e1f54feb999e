from dataclasses import replace

import pytest

from appliance.core.errors import InvalidRequest
from appliance.labels.content import ContentLabel, make_label, parse_label
from appliance.labels.integrity import check_integrity, integrity_code
from appliance.labels.provider import parse_provider_code, provider_code, provider_fault

CREDIT_CODE = "91320118MAK93FC72D"


@pytest.mark.parametrize("credit_code", [CREDIT_CODE, "91110000802100433B"])
def test_a_true_credit_code_makes_a_provider_code(credit_code):
    code = provider_code(credit_code)
    assert code == f"0011{credit_code}00000"
    assert parse_provider_code(code).credit_code == credit_code
    assert parse_provider_code(code).role == "unspecified"


def test_a_provider_code_is_taken_apart():
    found = parse_provider_code(f"0011{CREDIT_CODE}2a007")
    assert (found.credit_code, found.service_code, found.role) == (CREDIT_CODE, "2a007", "propagate")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("", "0 characters"),
        (f"0011{CREDIT_CODE}0000", "26 characters"),
        (f"0012{CREDIT_CODE}00000", "begin with 0011"),
        ("001191320118MAK93FC72O00000", "without I, O, S, V, Z"),
        ("001191320118MAK93FC72C00000", "check character"),
        ("001191320181MAK93FC72D00000", "check character"),  # two digits swapped
        (f"0011{CREDIT_CODE}30001", "service code"),
        (f"0011{CREDIT_CODE}00001", "service code"),
        (f"0011{CREDIT_CODE}1000行", "service code"),
        (f"0011{CREDIT_CODE}1000\n", "service code"),
    ],
)
def test_what_is_wrong_with_a_provider_code_is_told(code, told):
    assert told in str(provider_fault(code))
    with pytest.raises(InvalidRequest) as refused:
        parse_provider_code(code)
    assert told in str(refused.value)


def test_at_the_first_writing_the_propagator_is_the_producer(code):
    label = make_label(code, "req_01")
    assert label.to_json() == (
        f'{{"AIGC":{{"Label":"1","ContentProducer":"{code}","ProduceID":"req_01","ReservedCode1":"",'
        f'"ContentPropagator":"{code}","PropagateID":"req_01","ReservedCode2":""}}}}'
    )


@pytest.mark.parametrize("bad", ["", "a b", 'a"b', "a\\b", "编号", "a\x7f", "a\n", "x" * 1025])
def test_an_id_that_a_label_may_not_hold_is_refused(code, bad):
    with pytest.raises(InvalidRequest, match="ProduceID"):
        make_label(code, bad)


@pytest.mark.parametrize("edge", ["!", "#", "[", "]", "~"])
def test_the_edges_of_the_allowed_characters_are_allowed(code, edge):
    assert make_label(code, edge).faults() == ()


@pytest.mark.parametrize("form", ["wrapped", "bare", "text", "bare text", "text inside"])
def test_both_forms_are_read(label, form):
    value = {
        "wrapped": label.to_object(),
        "bare": label.fields(),
        "text": label.to_json(),
        "bare text": label.to_value(),
        "text inside": {"AIGC": label.to_value()},
    }[form]
    assert parse_label(value) == (label, ())


def test_a_foreign_label_is_read_with_its_faults(label):
    foreign = {"Label": "AIGC", "ContentProducer": "某公司", "ProduceID": 7, "ContentPropagator": ""}
    found, faults = parse_label(foreign)
    assert (found.label, found.content_producer, found.produce_id) == ("AIGC", "某公司", "7")
    told = [str(fault) for fault in faults]
    for part in (
        "Label must be 1, 2 or 3",
        "ContentProducer has characters",
        "ContentProducer is no provider code",
        "ProduceID is not a text",
        "ContentPropagator is empty",
        "PropagateID is missing",
        "ReservedCode1 is missing",
    ):
        assert sum(part in line for line in told) == 1, part
    assert not any("PropagateID is empty" in line for line in told)


@pytest.mark.parametrize(
    "value", ["", "{", "[]", "3", '{"a": 1}', "[" * 100_000, '{"AIGC": null}', '{"Label":"' + "1" * 20_000 + '"}', None]
)
def test_what_is_no_label_is_refused(value):
    with pytest.raises(InvalidRequest, match="place of the label"):
        parse_label(value)


def test_a_label_with_faults_is_not_written(label):
    with pytest.raises(InvalidRequest, match="Label must be"):
        replace(label, label="4").checked()
    assert ContentLabel("1", "x", "y").faults() != ()


def test_the_integrity_code_is_of_the_words():
    code = integrity_code("费用 5 元。\n\nCafé\n")
    assert check_integrity(code, "\ufeff费用 5 元。  \r\n\r\nCafe\u0301") == "intact"
    assert check_integrity(code, "费用 6 元。\n\nCafé\n") == "changed"
    assert check_integrity("", "x") == "no_code"
    assert check_integrity(code, None) == "unchecked"
    assert check_integrity("3045ab", "x") == "unchecked"
