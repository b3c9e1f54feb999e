import pytest

from scenarios.advisor.api.chatting import spoken_in


@pytest.mark.parametrize(
    ("message", "otherwise", "language"),
    [
        ("给客户C0007做账户诊断", "en", "zh_CN"),
        ("Diagnose the account of C0007", "zh_CN", "en"),
        ("C0007", "zh_CN", "zh_CN"),
        ("C0007 20,000 P008", "en", "en"),
        ("P012呢", "en", "zh_CN"),
    ],
)
def test_an_answer_is_in_the_language_of_the_turn(message, otherwise, language):
    assert spoken_in(message, otherwise) == language
