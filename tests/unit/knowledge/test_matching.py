import pytest

from appliance.knowledge.asking.matching import Matcher
from appliance.knowledge.asking.questions import Concept, analyse
from appliance.knowledge.language.terms import Matchable


@pytest.mark.parametrize(
    ("concept", "text", "degree"),
    [
        (Concept("word", ("信用卡",), (("credit", "card"),)), "信 用 卡年费", 1.0),
        (Concept("word", ("信用卡",), (("credit", "card"),)), "The card is a credit to us.", 1.0),
        (Concept("word", ("信用卡",)), "信用额度", 0.35),  # one of its two pairs
        (Concept("word", (), (("remit",),)), "Remittance is free.", 0.7),
        (Concept("word", (), (("remit",),)), "Remote work", 0.0),
        (Concept("number", own="50000"), "不超过5万元", 1.0),
        (Concept("name", own="swift"), "swiftly", 0.0),
    ],
)
def test_how_far_a_text_names_a_concept(concept, text, degree):
    ready = Matchable.of(text)
    assert Matcher([concept]).degrees(ready.folded, ready.stems) == [pytest.approx(degree)]


def test_a_chinese_question_is_matched_in_an_english_text():
    question = analyse("信用卡的年费是多少？")
    ready = Matchable.of("The annual fee of a credit card is 300 yuan.")
    assert Matcher(question.concepts).degrees(ready.folded, ready.stems) == [1.0] * len(question.concepts)
