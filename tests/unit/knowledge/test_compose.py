import pytest

from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.core.protocols import ChatResult
from appliance.knowledge.compose import compose, is_borne_out

QUESTION = "How long can a payment holiday last?"
QUOTE = "You may ask for a payment holiday of up to 6 months once during the term."


class Says:
    """A chat model that gives one answer and notes what it was asked."""

    def __init__(self, text):
        self.text = text
        self.asked = []

    async def chat(self, messages, *, max_tokens, temperature=0.0):
        self.asked.append(messages)
        return ChatResult(self.text, 1, 1, "stop")


class Away:
    async def chat(self, messages, *, max_tokens, temperature=0.0):
        raise Unavailable(_("The model is away."))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A payment holiday can last up to 6 months.", True),
        ("A payment holiday can last up to 12 months.", False),
        ("A payment holiday cannot last 6 months.", False),
        ("A payment holiday at Barclays can last 6 months.", False),
        ("Customers enjoy flexible generous conditions everywhere during 6 months.", False),
        ("", False),
        ("房贷宽限期最长6个月。", False),
        ("A payment holiday " + "can last up to 6 months " * 40, False),
    ],
)
def test_only_what_the_quotations_bear_out_is_kept(text, kept):
    assert is_borne_out(text, QUESTION, QUOTE) is kept


FEE = "Service: Outward transfer at the counter; Charge: 0.1% of the amount; Minimum: 50 yuan; Maximum: 260 yuan"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("An outward transfer at the counter costs 0.1% of the amount.", True),
        ("The minimum is 50 yuan and the maximum 260 yuan.", True),
        ("The maximum is 50 yuan.", False),
        ("A transfer at the counter costs 0.1% of the amount, which is 0.1% of 50 yuan.", False),
        ("A transfer costs 0.1% of 50 yuan.", False),
        ("A transfer at the counter costs 260 yuan minimum.", False),
    ],
)
def test_numbers_stay_beside_their_words(text, kept):
    assert is_borne_out(text, "What does an outward transfer at the counter cost?", FEE) is kept


def test_negation_of_the_source_must_be_kept():
    source = "Cash may not be kept in the boxes."
    assert not is_borne_out("Cash may be kept in the boxes.", "May cash be kept in the boxes?", source)
    assert is_borne_out("Cash may not be kept in the boxes.", "May cash be kept in the boxes?", source)


def test_chinese_is_held_to_the_same():
    source = "婚假为15天，应当在领取结婚证后一年内休完。"
    assert is_borne_out("婚假为15天。", "婚假有几天？", source)
    assert not is_borne_out("婚假为10天。", "婚假有几天？", source)
    assert not is_borne_out("婚假不是15天。", "婚假有几天？", source)


async def test_the_model_gets_the_quotations_as_data():
    chat = Says("A payment holiday can last up to 6 months.")
    assert await compose(QUESTION, [QUOTE], chat, ["en"]) == "A payment holiday can last up to 6 months."
    assert QUOTE in chat.asked[0][-1]["content"]
    assert QUESTION in chat.asked[0][-1]["content"]


async def test_a_model_that_does_not_speak_the_language_is_not_asked():
    chat = Says("婚假为15天。")
    assert await compose("婚假有几天？", ["婚假为15天。"], chat, ["en"]) is None
    assert await compose(QUESTION, ["婚假为15天。"], chat, ["en"]) is None
    assert chat.asked == []
    assert await compose("婚假有几天？", ["婚假为15天。"], chat, ["en", "zh_CN"]) == "婚假为15天。"


async def test_an_answer_does_not_fail_with_the_model():
    assert await compose(QUESTION, [QUOTE], Away(), ["en"]) is None
