import pytest

from scenarios.agent_assist.guidance.asking import asked_in
from scenarios.agent_assist.guidance.cards import CardFinder
from scenarios.agent_assist.guidance.golden import figures, golden_calls, judge
from tests.unit.knowledge.principals import A_CALLER
from tests.unit.scenario.agent_assist.guidance.conftest import PACK


@pytest.fixture
def finder(knowledge):
    return CardFinder(knowledge, "seat-handbook")


async def test_cards_on_the_judge_set_are_as_good_as_the_documentation_says(finder):
    calls = golden_calls(PACK / "evaluation" / "golden_calls" / "judge.yaml")
    found = figures(await judge(finder, A_CALLER, calls))
    assert found["due"] >= 60
    assert found["not_due"] >= 30
    assert found["precision_at_1"] >= 0.85
    assert found["coverage"] >= 0.6
    assert found["false_cards"] <= 1


@pytest.mark.parametrize("name", ["fit", "judge"])
def test_golden_places_are_words_of_the_documents(name):
    places = [
        place
        for call in golden_calls(PACK / "evaluation" / "golden_calls" / f"{name}.yaml")
        for turn in call.turns
        for place in turn.places
    ]
    missing = [
        (document, words)
        for document, words in places
        if words not in (PACK / "documents" / document).read_text(encoding="utf-8")
    ]
    assert places
    assert missing == []


async def test_a_card_quotes_a_document_with_its_place(finder, near, say):
    turn, analysis = say("customer", "分期手续费是怎么算的？")
    card = await finder.card(A_CALLER, turn, analysis, [])
    assert card.document == "信用卡年费与分期.md"
    assert "0.65%" in card.text
    assert card.section.endswith("账单分期")
    assert card.document_id.startswith("doc_")
    assert card.knowledge_base == "seat-handbook"
    assert 0.5 <= card.confidence <= 1
    assert len(near.asked) == 1


async def test_what_follows_is_completed_from_the_turns_before(finder, say):
    before = [
        say("customer", "我那个稳享180天的理财，买了才一个月，急用钱能提前赎回吗？"),
        say("seat", "持有期内不能赎回。"),
    ]
    turn, analysis = say("customer", "那到期赎回几天到账？")
    alone = asked_in(turn, analysis, [])
    card = await finder.card(A_CALLER, turn, analysis, before)
    assert alone.topic == ""
    assert "T+2" in card.text


async def test_the_intent_tells_between_sentences_that_fit_alike(finder, say):
    turn, analysis = say("customer", "密码不对，我进不去了，怎么弄？", intent="pin_blocked")
    of_card = await finder.card(A_CALLER, turn, analysis, [])
    turn, analysis = say("customer", "密码不对，我进不去了，怎么弄？", intent="mobile_bank_login")
    of_app = await finder.card(A_CALLER, turn, analysis, [])
    assert (of_card and of_card.text) != (of_app and of_app.text)


@pytest.mark.parametrize(
    ("speaker", "text", "language"),
    [
        ("customer", "嗯，好的，谢谢你。", "zh"),
        ("customer", "喂，您好。", "zh"),
        ("customer", "卡号是六二二五 八八零一 二三四五", "zh"),
        ("customer", "1 3 9 1 2 3 4 5 6 7 8", "zh"),
        ("customer", "Okay, thank you very much.", "en"),
        ("customer", "Can you hear me?", "en"),
        ("customer", "It's four four one nine.", "en"),
        ("customer", "My date of birth is the third of May.", "en"),
        ("customer", "我叫李丽，怎么了？", "zh"),
        ("customer", "……", "zh"),
        ("customer", "", "zh"),
        ("seat", "请问补一张卡要多少钱？", "zh"),
    ],
)
async def test_what_asks_nothing_is_not_searched_for(finder, near, say, speaker, text, language):
    turn, analysis = say(speaker, text, language)
    assert await finder.card(A_CALLER, turn, analysis, []) is None
    assert near.asked == []


async def test_nothing_in_the_base_gives_no_card(finder, near, say):
    turn, analysis = say("customer", "How do I claim on my car insurance?", "en")
    assert await finder.card(A_CALLER, turn, analysis, []) is None
    assert len(near.asked) == 1


@pytest.mark.parametrize("text", ["怎么办？" * 20_000, "转账限额" * 25_000 + "是多少？", "x\0y?" * 1000, "？！" * 5000])
async def test_a_long_or_strange_turn_makes_a_short_query_or_none(finder, near, say, text):
    turn, analysis = say("customer", text)
    await finder.card(A_CALLER, turn, analysis, [(turn, analysis)] * 3)
    assert all(len(arguments[2]) <= 400 for arguments in near.asked)


def test_the_answer_to_a_question_of_the_seats_asks_nothing(say):
    before = [say("seat", "请问您的卡是什么时候丢的？")]
    turn, analysis = say("customer", "上周五丢的")
    assert asked_in(turn, analysis, before) is None
    assert asked_in(turn, analysis, []) is not None


async def test_the_document_in_the_turns_language_is_preferred_where_it_says_the_same(finder, say):
    for text, language, document in (
        ("银行卡不知道丢在哪儿了，我好慌", "zh", "借记卡服务手册.md"),
        ("My card was stolen on the train", "en", "debit-card-help.md"),
    ):
        turn, analysis = say("customer", text, language, intent="lost_or_stolen_card")
        assert (await finder.card(A_CALLER, turn, analysis, [])).document == document


async def test_what_the_customer_surely_wanted_before_helps_a_question_whose_intent_is_weak(finder, say):
    turn, analysis = say("customer", "那这个要收费吗，收费的话怎么收？", intent="exchange_charge", sure=0.55)
    lost = [say("customer", "我的卡丢了", intent="lost_or_stolen_card", sure=0.95)]
    unsure = [say("customer", "我的卡丢了", intent="lost_or_stolen_card", sure=0.6)]
    helped = finder._heard(asked_in(turn, analysis, lost), analysis, lost)
    alone = finder._heard(asked_in(turn, analysis, unsure), analysis, unsure)
    assert any("挂失" in words["zh"] for _share, words in helped.wanted)
    assert not any("挂失" in words["zh"] for _share, words in alone.wanted)


async def test_weak_intents_alone_make_no_card(finder, say):
    turn, analysis = say(
        "customer", "那这个贵不贵？半年太长，我再跟家里人商量", intent="credit_limit_increase", sure=0.16
    )
    assert await finder.card(A_CALLER, turn, analysis, []) is None
