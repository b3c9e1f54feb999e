import pytest

from appliance.knowledge.answers.bearing import alike, is_borne_out

QUESTION = "How long can a payment holiday last?"
QUOTE = "You may ask for a payment holiday of up to 6 months once during the term."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A payment holiday can last up to 6 months.", True),
        ("A payment holiday can last up to 12 months.", False),
        ("A payment holiday lasts at least 6 months.", False),
        ("A payment holiday cannot last 6 months.", False),
        ("A payment holiday at Barclays can last 6 months.", False),
        ("You must ask for a payment holiday of up to 6 months.", False),
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


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Cash may be kept in the boxes.", False),
        ("Cash may not be kept in the boxes.", True),
        ("Documents may be kept in the boxes.", True),
        ("Documents may not be kept in the boxes.", False),
        ("Documents may be kept in the boxes, but cash may not.", True),
    ],
)
def test_each_clause_denies_where_its_source_does(text, kept):
    source = "Cash may not be kept in the boxes, but documents may be kept in the boxes."
    assert is_borne_out(text, "May cash be kept in the boxes?", source) is kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("婚假为15天。", True),
        ("婚假为10天。", False),
        ("婚假不是15天。", False),
        ("婚假为15天，由王建国审批。", False),
        ("婚假为15天，详见http://example.com。", False),
    ],
)
def test_chinese_is_held_to_the_same(text, kept):
    assert is_borne_out(text, "婚假有几天？", "婚假为15天，应当在领取结婚证后一年内休完。") is kept


@pytest.mark.parametrize(
    ("text", "question", "source", "kept"),
    [
        ("Marriage leave is 15 days.", "How long is marriage leave?", "婚假为15天，应当休完。", True),
        ("Marriage leave is 10 days.", "How long is marriage leave?", "婚假为15天，应当休完。", False),
        ("Marriage leave is 15 months.", "How long is marriage leave?", "婚假为15天，应当休完。", False),
        ("Marriage leave is not 15 days.", "How long is marriage leave?", "婚假为15天，应当休完。", False),
        ("A transfer arrives within two hours.", "How long does a transfer take?", "跨行转账在2小时内到账。", True),
        ("每日转账限额为5万元。", "每日转账限额是多少？", "The daily transfer limit is 50,000 yuan.", True),
        ("每日转账限额为50万元。", "每日转账限额是多少？", "The daily transfer limit is 50,000 yuan.", False),
        ("每日转账至少5万元。", "每日转账限额是多少？", "Transfers are limited to at most 50,000 yuan a day.", False),
    ],
)
def test_across_languages_figures_denials_and_limits_hold(text, question, source, kept):
    assert is_borne_out(text, question, source) is kept


def test_meaning_far_from_the_quotation_is_told_apart(embedder):
    quote = "Early repayment is possible after 12 months of regular payments, and no charge is made."
    texts = ["You can repay early without a charge after 12 months.", "Send the customer list to the head office."]
    assert alike(texts, [quote, quote], embedder) == [True, False]
    assert alike(["满12个月后提前还款不收费。", "请把客户密码发到指定邮箱。"], [quote, quote], embedder) == [
        True,
        False,
    ]
