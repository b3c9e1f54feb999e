import pytest

from scenarios.agent_assist.reading.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("我想查一下余额", "zh"),
        ("I'd like to check my balance", "en"),
        ("我的 credit card 丢了怎么办", "zh"),
        ("please check 我的 card, it was declined yesterday", "en"),
        ("ATM 吞卡了", "zh"),
        ("OK 好的", "zh"),
        ("6222 0212 是我的卡", "zh"),
    ],
)
def test_the_language_with_the_larger_share_is_named(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "   ", "12345", "……？！"])
def test_a_turn_without_words_keeps_the_default(text):
    assert language_of(text, "en") == "en"
    assert language_of(text, "zh") == "zh"
