import pytest

from appliance.knowledge.asking.questions import analyse
from appliance.knowledge.language.amounts import amounts, fits_ranges
from appliance.knowledge.language.terms import fold, index_terms, stem
from appliance.knowledge.language.text import clean, language_of, one_line, sentences


def split(text):
    return [text[start:end] for start, end in sentences(text)]


def test_sentences_end_at_full_stops_of_both_languages():
    assert split("Pay by 5 p.m. on Monday. The fee is 3.5% a year! 客户须持证件。“好。”另行通知") == [
        "Pay by 5 p.m. on Monday.",
        "The fee is 3.5% a year!",
        "客户须持证件。",
        "“好。”",
        "另行通知",
    ]


def test_a_list_number_stays_with_its_item():
    assert split("3. Apply at the branch. Bring a card.") == ["3. Apply at the branch.", "Bring a card."]


def test_clean_drops_what_is_not_seen_and_keeps_full_width_marks():
    assert clean("费用\u200b：\u202e5\u0000元（含）\u00a0⽉") == "费用：5元（含） 月"


def test_lines_are_joined_without_a_blank_in_chinese_and_hyphens_are_undone():
    assert one_line("应当在三个\n工作日内") == "应当在三个工作日内"
    assert one_line("early re-\npayment of\na loan") == "early repayment of a loan"


@pytest.mark.parametrize(
    ("text", "language"), [("房贷利率", "zh"), ("the LPR rate", "en"), ("手机银行APP怎么登录", "zh"), ("123", "en")]
)
def test_language(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("one", "other"),
    [("三個月", "3个月"), ("５萬元", "50,000元"), ("三年期", "3年"), ("第十二条", "第12条"), ("二〇二六年", "2026年")],
)
def test_spellings_of_one_thing_fold_to_one(one, other):
    assert fold(one) == fold(other)


def test_english_words_match_across_their_endings():
    assert stem("fees") == stem("fee")
    assert stem("charged") == stem("charges") == stem("charging") == stem("charge")
    assert stem("policies") == stem("policy")


def test_chinese_is_found_by_words_and_by_pairs_of_characters():
    terms = index_terms("反洗钱培训")
    assert "反洗钱" in terms
    assert "洗钱" in terms
    assert "钱培" in terms


@pytest.mark.parametrize(
    ("question", "rule", "fits"),
    [
        ("转账5万元手续费多少", "1万元至10万元（含）每笔10元", 1),
        ("转账5万元手续费多少", "1万元以下（含）每笔5元", -1),
        ("取8万元要预约吗", "一次提取现金5万元以上的，应当预约", 1),
        ("工作满12年的年休假", "满10年不满20年的，每年10天", 1),
        ("a transfer of 6,000 yuan", "limited to at most 5,000 yuan", -1),
        ("手续费多少", "1万元以下（含）每笔5元", 0),
    ],
)
def test_amounts_fall_into_ranges(question, rule, fits):
    assert fits_ranges(amounts(fold(question)), fold(rule)) == fits


def test_a_question_is_searched_in_both_languages():
    terms = analyse("信用卡的年费是多少？").search_terms()
    assert {"credit", "card", "annual", "fee", "年费"} <= set(terms)
    assert "多少" not in terms
