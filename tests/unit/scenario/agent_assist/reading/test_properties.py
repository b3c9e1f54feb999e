from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.guardrails.personal.checksums import luhn
from scenarios.agent_assist.models import Analysis, Turn
from scenarios.agent_assist.reading.emotion import read_emotion
from scenarios.agent_assist.reading.language import language_of
from scenarios.agent_assist.reading.risk import RiskRules
from scenarios.agent_assist.reading.slots import read_slots
from scenarios.agent_assist.reading.vocabulary import Vocabulary

VOCABULARY = Vocabulary.load()
RULES = RiskRules.load()
STEADY = settings(derandomize=True, deadline=None, max_examples=150)
_PIECES = st.sampled_from(
    [
        "五万三", "3万5", "6222 ", "0212", "一二三", "twenty ", "five ", "thousand ", "march ", "3rd ", "上周", "五",
        "号", "月", "年", "30", "块", "元", "$", "，", ",", ".", " ", "double ", "oh ", "尾号", "ending in ", "in ",
        "ago ", "不", "投诉", "!", "12/", "9999", "\u200b", "İ", "０", "٣", "百分之", "亿", "half a ", "cents ",
    ]
)  # fmt: skip
TURNS = st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=40).map("".join))
DAYS = st.dates(min_value=date(1950, 1, 1), max_value=date(2150, 12, 31))


@STEADY
@given(TURNS, DAYS)
def test_slots_lie_in_the_text_and_do_not_overlap(text, today):
    behind = 0
    for slot in read_slots(text, today, VOCABULARY):
        assert behind <= slot.start < slot.end <= len(text)
        assert slot.text == text[slot.start : slot.end] or "*" in slot.text
        behind = slot.end


@STEADY
@given(TURNS)
def test_every_text_has_a_language_an_emotion_and_marks(text):
    assert language_of(text) in ("en", "zh")
    emotion = read_emotion(text)
    assert all(words in text for words in emotion.evidence)
    turn = Turn(id="1", revision=1, speaker="customer", text=text, start_s=0, end_s=1)
    RULES.risk([RULES.mark(turn, Analysis(language="zh", emotion=emotion))], "en")


def _with_check_digit(digits):
    return next(digits + str(last) for last in range(10) if luhn(digits + str(last)))


_WRITTEN = {
    "plain": lambda digits: digits,
    "groups": lambda digits: " ".join(digits[at : at + 4] for at in range(0, len(digits), 4)),
    "hyphens": lambda digits: "-".join(digits[at : at + 4] for at in range(0, len(digits), 4)),
    "chinese": lambda digits: "".join("零一二三四五六七八九"[int(digit)] for digit in digits),
    "english": lambda digits: " ".join(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"][int(digit)] for digit in digits
    ),
}


@STEADY
@given(
    st.sampled_from(["62", "4", "51", "35"]),
    st.text("0123456789", min_size=14, max_size=16),
    st.sampled_from(sorted(_WRITTEN)),
    st.sampled_from(["我的卡号是{}", "转{}元", "card {} please", "{}", "保单 AB{}", "流水号{}号", "TS{}"]),
)
def test_a_card_is_never_shown_in_full(issuer, rest, written, sentence):
    digits = _with_check_digit((issuer + rest)[:15] if len(issuer + rest) < 18 else (issuer + rest)[:18])
    said = _WRITTEN[written](digits)
    for slot in read_slots(sentence.format(said), date(2026, 11, 27), VOCABULARY):
        assert said not in slot.text
        assert digits not in slot.value
        assert digits[:12] not in slot.value


@pytest.mark.parametrize(
    "piece",
    [
        "1 ",
        "一",
        "one ",
        "我转了五万",
        "6222 ",
        "march 3 ",
        "1,",
        "12/",
        "上周",
        "投诉",
        "want a ",
        "打了",
        "(",
        "\u200b5",
        "尾号",
    ],
)
def test_a_very_long_turn_of_any_sort_is_read(piece):
    text = (piece * 10_000)[:20_000]
    read_slots(text, date(2026, 11, 27), VOCABULARY)
    read_emotion(text)
    turn = Turn(id="1", revision=1, speaker="customer", text=text, start_s=0, end_s=1)
    RULES.mark(turn, Analysis(language="zh"))
