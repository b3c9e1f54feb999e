from datetime import date

import pytest

from appliance.core.errors import ConfigError
from scenarios.agent_assist.reading.slots import read_slots
from scenarios.agent_assist.reading.vocabulary import SHIPPED, Vocabulary

OWN = """
products:
  - {name: mortgage, title: {en: Homestead loan, zh: 安居贷}, also: [安居按揭]}
  - {name: travel-card, title: {en: Travel card, zh: 旅行卡}}
slots:
  - name: case_number
    title: {en: case number, zh: 工单号}
    pattern: "QL-{digits 6-8}"
  - name: policy
    title: {en: policy, zh: 保险单}
    pattern: "{letters 2}{digits 9}"
    after: [保单]
    hide: true
"""


@pytest.fixture
def own(tmp_path):
    def write(text):
        path = tmp_path / "vocabulary.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def _read(text, vocabulary):
    return [(slot.name, slot.value, slot.text) for slot in read_slots(text, date(2026, 11, 27), vocabulary)]


def test_the_banks_own_entries_add_and_replace(own):
    vocabulary = Vocabulary.load(SHIPPED, own(OWN))
    assert _read("安居按揭和旅行卡", vocabulary) == [
        ("product", "mortgage", "安居按揭"),
        ("product", "travel-card", "旅行卡"),
    ]
    assert _read("我的按揭", vocabulary) == []
    assert _read("信用卡", vocabulary) == [("product", "credit-card", "信用卡")]
    assert vocabulary.titles["product", "mortgage"].zh == "安居贷"
    assert vocabulary.titles["case_number", ""].en == "case number"


def test_the_shipped_entries_can_be_left_out(own):
    vocabulary = Vocabulary.load(SHIPPED, own("shipped: false\n" + OWN))
    assert _read("信用卡和安居贷", vocabulary) == [("product", "mortgage", "安居贷")]


def test_own_numbers_are_read_however_they_are_spaced_and_hidden_where_asked(own):
    vocabulary = Vocabulary.load(SHIPPED, own(OWN))
    assert _read("工单 ql 123456 呢", vocabulary) == [("case_number", "QL123456", "ql 123456")]
    assert _read("我的保单AB 123 456 789", vocabulary) == [("policy", "****6789", "****6789")]
    assert _read("代码AB123456789", vocabulary) == []
    assert _read("QL-1234567890", vocabulary) == []


def test_a_missing_own_file_is_none(tmp_path):
    assert Vocabulary.load(SHIPPED, tmp_path / "none.yaml").titles == Vocabulary.load().titles


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("products: [{name: a, title: {en: A}}]", "products.1 (a).title.zh"),
        ("produkts: []", "produkts"),
        (
            "products: [{name: a, title: {en: A, zh: 甲}}, {name: a, title: {en: B, zh: 乙}}]",
            "the name a stands there twice",
        ),
        ("slots: [{name: amount, title: {en: A, zh: 甲}, pattern: 'A{digits 4}'}]", "is there already"),
        ("slots: [{name: a, title: {en: A, zh: 甲}, pattern: '(a+)+$'}]", "slots.1 (a).pattern"),
        ("slots: [{name: a, title: {en: A, zh: 甲}, pattern: 'A{digits 40}'}]", "1 to 32"),
        ("slots: [{name: a, title: {en: A, zh: 甲}}]", "either values or a pattern"),
        ("products: [", "cannot be used"),
        ("- a", "cannot be used"),
    ],
)
def test_a_fault_names_the_file_and_the_entry(own, text, says):
    with pytest.raises(ConfigError) as caught:
        Vocabulary.load(SHIPPED, own(text))
    assert "vocabulary.yaml" in str(caught.value)
    assert says in str(caught.value)
