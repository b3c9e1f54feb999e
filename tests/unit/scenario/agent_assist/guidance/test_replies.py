import pytest

from appliance.core.errors import ConfigError
from scenarios.agent_assist.guidance import ReplyBook
from scenarios.agent_assist.guidance.replies import promises
from scenarios.agent_assist.models import Card
from tests.unit.scenario.agent_assist.guidance.conftest import PACK

SHIPPED = PACK / "guidance" / "replies.yaml"
ZH_CARD = Card(
    text="补卡工本费10元。", document="借记卡服务手册.md", document_id="doc_1", knowledge_base="b", confidence=0.9
)


@pytest.fixture
def book():
    return ReplyBook.load(SHIPPED)


@pytest.fixture
def own(tmp_path):
    def written(text):
        path = tmp_path / "own.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def named(replies):
    return [reply.template for reply in replies]


def test_an_angry_customer_is_met_with_empathy_in_the_language_of_the_turn(book, say):
    zh = book.replies([say("customer", "太气人了", "zh", emotion="angry")], None)
    en = book.replies([say("customer", "This is outrageous", "en", emotion="angry")], None)
    assert zh[0].text.startswith("非常抱歉")
    assert en[0].text.startswith("I am very sorry")
    assert "opening" not in named(zh)


def test_a_card_is_read_out_only_in_the_customers_language(book, say):
    zh = book.replies([say("customer", "补卡多少钱", "zh")], ZH_CARD)
    en = book.replies([say("customer", "How much is a new card", "en")], ZH_CARD)
    assert "补卡工本费10元。" in zh[0].text
    assert "card-answer" not in named(en)


def test_a_wording_whose_value_is_missing_is_not_offered(book, say):
    asked = book.replies([say("customer", "我的钱没到", intent="pending_transfer")], None)
    known = book.replies(
        [
            say(
                "customer",
                "我的五万块没到",
                intent="pending_transfer",
                slots=[("amount", "50000.00 CNY", "五万块", True)],
            )
        ],
        None,
    )
    assert "transfer-amount-asked" in named(asked)
    assert "transfer-amount-noted" not in named(asked)
    assert "transfer-amount-asked" not in named(known)
    assert "五万块" in next(one.text for one in known if one.template == "transfer-amount-noted")


def test_a_value_said_in_the_other_language_is_shown_in_its_plain_form(book, say):
    turns = [
        say("customer", "我转了五万块", slots=[("amount", "50000.00 CNY", "五万块", True)]),
        say("customer", "It has not arrived", "en", intent="pending_transfer"),
    ]
    texts = " ".join(one.text for one in book.replies(turns, None))
    assert "50000.00 CNY" in texts
    assert "五万块" not in texts


def test_an_invalid_value_fills_nothing(book, say):
    slots = [("amount", "x", "x", False)]
    assert "transfer-amount-noted" not in named(
        book.replies([say("customer", "没到", intent="pending_transfer", slots=slots)], None)
    )


def test_at_most_three_and_one_of_a_kind_and_none_after_the_seat(book, say):
    turn = say("customer", "我卡丢了，帮我查一下，没别的事了", intent="lost_or_stolen_card", emotion="angry")
    replies = book.replies([turn], ZH_CARD)
    assert len(replies) == 3
    assert book.replies([turn, say("seat", "好的")], ZH_CARD) == ()
    assert book.replies([], None) == ()


def test_a_quotation_that_promises_is_not_offered(book, say):
    card = ZH_CARD.model_copy(update={"text": "本产品保证收益，稳赚。"})
    denied = ZH_CARD.model_copy(update={"text": "理财产品不保本，不保证收益。"})
    assert "card-answer" not in named(book.replies([say("customer", "保本吗")], card))
    assert "card-answer" in named(book.replies([say("customer", "保本吗")], denied))


@pytest.mark.parametrize(
    "text",
    [
        "我们保证年化收益",
        "这款产品保本",
        "稳赚",
        "we guarantee a return of 5%",
        "it is risk-free",
        "returns are guaranteed",
    ],
)
def test_promises_are_seen(text):
    assert promises(text)


@pytest.mark.parametrize(
    "text", ["不保证收益", "本产品不保本", "we do not guarantee returns", "非保本浮动收益", "帮您保证账户安全"]
)
def test_denials_are_no_promises(text):
    assert promises(text) is None


def test_the_banks_own_wordings_come_first_replace_and_switch_off(own, say):
    book = ReplyBook.load(
        SHIPPED,
        own("""
disabled: [opening]
replies:
  - {name: card-answer, kind: answer, when: {card: true}, text: {en: "Our rule: {card}", zh: "本行规定：{card}"}}
  - {name: sorry, kind: empathy, when: {emotions: [angry]}, text: {en: "Sorry.", zh: "抱歉。"}}
  - {name: etc, kind: advice, when: {intents: [our_intent]}, text: {en: "E", zh: "E"}}
"""),
    )
    replies = book.replies([say("customer", "补卡多少钱", emotion="angry")], ZH_CARD)
    assert [reply.text for reply in replies] == ["本行规定：补卡工本费10元。", "抱歉。"]
    assert "opening" not in named(book.replies([say("customer", "你好")], None))
    assert "our_intent" in str(book.warnings[0])


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            "{name: a, kind: answer, when: {card: true}, text: {en: '{Amount}', zh: '{Amount}'}}",
            ["replies.a.text.en", "{amount}"],
        ),
        ("{name: a, kind: answer, when: {card: true}, text: {en: '{{ x }}', zh: x}}", ["replies.a.text.en"]),
        ("{name: a, kind: answer, when: {card: true}, text: {en: '{amount}', zh: x}}", ["replies.a.text", "amount"]),
        ("{name: a, kind: answer, when: {}, text: {en: x, zh: x}}", ["replies.a.when"]),
        ("{name: a, kind: answer, when: {card: true}, text: {en: x, zh: 保证收益}}", ["replies.a.text.zh", "保证收益"]),
        ("{name: a, kind: odd, when: {card: true}, text: {en: x, zh: x}}", ["1 (a).kind"]),
        ("{name: a, kind: answer, when: {emotion: [angry]}, text: {en: x, zh: x}}", ["1 (a).when.emotion"]),
        ("{name: a, kind: answer, when: {card: true}, text: {en: x}}", ["1 (a).text.zh"]),
    ],
)
def test_a_fault_names_file_entry_and_fix(own, entry, words):
    with pytest.raises(ConfigError) as caught:
        ReplyBook.load(SHIPPED, own(f"replies:\n  - {entry}\n"))
    assert all(word in caught.value.render("en") for word in ["own.yaml", *words]), caught.value.render("en")


def test_a_name_that_is_not_there_cannot_be_switched_off(own):
    with pytest.raises(ConfigError, match="nothing-such"):
        ReplyBook.load(SHIPPED, own("disabled: [nothing-such]\n"))


def test_the_shipped_wordings_name_known_intents(book):
    assert book.warnings == ()


def test_a_weak_intent_calls_for_no_wording(say):
    shipped = ReplyBook.load(SHIPPED)
    sure, weak = (say("customer", "刚才的事", intent="lost_or_stolen_card", sure=sure) for sure in (0.8, 0.4))
    assert "lost-card-block" in [one.template for one in shipped.replies([sure], None)]
    assert "lost-card-block" not in [one.template for one in shipped.replies([weak], None)]
