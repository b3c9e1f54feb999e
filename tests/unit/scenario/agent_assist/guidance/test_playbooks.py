import pytest
import yaml

from appliance.core.errors import ConfigError
from scenarios.agent_assist.guidance import PlayBook
from scenarios.agent_assist.guidance.choosing import read_terms
from tests.unit.scenario.agent_assist.guidance.conftest import PACK

SHIPPED = PACK / "guidance" / "playbooks.yaml"
SMALL = """
asks:
  amount: {en: Ask how much., zh: 问金额。}
playbooks:
  - name: lost
    title: {en: Lost card, zh: 丢卡}
    when: {intents: [lost_or_stolen_card], said: {zh: ["卡…丢了"]}}
    steps:
      - id: verify
        text: {en: Check the identity., zh: 核实身份。}
        once_a_call: true
        done_when: {seat_said: {zh: [身份无误], en: [identity confirmed]}}
      - id: block
        text: {en: Block it., zh: 挂失。}
        needs: [amount]
        documents: {en: [Identity card], zh: [身份证]}
        done_when: {seat_said: {zh: [已挂失]}}
      - id: advise
        text: {en: Advise., zh: 提醒。}
        done_when: {customer_said: {zh: [知道了]}}
    hand_over:
      text: {en: Hand over., zh: 转接。}
      customer_said: {zh: [找经理]}
      done_when: {seat_said: {zh: [为您转接]}}
  - name: fee
    title: {en: Fee, zh: 费用}
    when: {intents: [fee_dispute], direction: inbound}
    steps:
      - id: explain
        text: {en: Explain., zh: 解释。}
        done_when: {seat_said: {zh: [费用说明]}}
"""


@pytest.fixture
def write(tmp_path):
    def written(text, name="own.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def book(write):
    return PlayBook.load(write(SMALL, "shipped.yaml"))


def ids(steps):
    return [step.step for step in steps]


def test_the_shipped_playbooks_load_and_name_known_intents():
    book = PlayBook.load(SHIPPED)
    assert len(book.titles) >= 15
    assert book.warnings == ()


def test_steps_are_shown_in_the_seats_language_until_they_are_done(book, say):
    turns = [say("customer", "你好")]
    assert book.steps(turns, "en") == ()
    turns.append(say("customer", "我的卡昨天丢了"))
    first = book.steps(turns, "zh_CN")
    assert ids(first) == ["verify", "ask-amount", "block"]
    assert [step.text for step in first] == ["核实身份。", "问金额。", "挂失。"]
    assert first[2].documents == ("身份证",)
    assert book.steps(turns, "en")[2].documents == ("Identity card",)
    turns.append(say("seat", "好的，身份无误。"))
    assert ids(book.steps(turns, "en")) == ["ask-amount", "block", "advise"]
    turns.append(say("customer", "五百块", slots=[("amount", "500.00 CNY", "五百块", True)]))
    assert ids(book.steps(turns, "en")) == ["block", "advise"]
    turns.append(say("seat", "卡已挂失，知道了吗"))
    assert ids(book.steps(turns, "en")) == ["advise"]
    turns.append(say("customer", "知道了"))
    assert ids(book.steps(turns, "en")) == ["hand_over"]
    turns.append(say("seat", "为您转接"))
    assert book.steps(turns, "en") == ()


def test_words_of_the_customers_hand_over_at_once(book, say):
    turns = [say("customer", "卡丢了", intent="lost_or_stolen_card"), say("customer", "我要找经理")]
    assert ids(book.steps(turns, "en")) == ["hand_over"]


def test_words_count_only_from_the_speaker_they_are_asked_of(book, say):
    turns = [say("customer", "卡丢了", intent="lost_or_stolen_card"), say("customer", "身份无误")]
    assert ids(book.steps(turns, "en"))[0] == "verify"


def test_the_latest_subject_leads_and_what_was_done_once_stays_done(book, say):
    turns = [
        say("seat", "身份无误，费用说明也给您。"),
        say("customer", "还有个收费不对", intent="fee_dispute"),
    ]
    assert ids(book.steps(turns, "en")) == ["explain"]
    turns.append(say("customer", "再说，卡也丢了"))
    assert ids(book.steps(turns, "en")) == ["ask-amount", "block", "advise"]
    assert book.steps(turns, "en")[0].playbook == "lost"


def test_an_invalid_value_is_asked_for_again(book, say):
    turns = [say("customer", "卡丢了", intent="lost_or_stolen_card", slots=[("amount", "x", "x", False)])]
    assert "ask-amount" in ids(book.steps(turns, "en"))


def test_a_playbook_keeps_to_its_direction(book, say):
    turns = [say("customer", "收费不对", intent="fee_dispute")]
    assert book.steps(turns, "en", direction="outbound") == ()
    assert ids(book.steps(turns, "en", direction="inbound")) == ["explain"]


def test_marks_change_nothing_and_those_of_another_book_are_made_anew(book, write, say):
    turns = [say("customer", "我的卡昨天丢了"), say("seat", "身份无误")]
    other = PlayBook.load(write(SMALL.replace("卡…丢了", "别的"), "other.yaml"))
    expected = book.steps(turns, "en")
    assert book.steps(turns, "en", marks=[book.mark(*one) for one in turns]) == expected
    assert book.steps(turns, "en", marks=[other.mark(*one) for one in turns]) == expected
    assert ids(expected) == ["ask-amount", "block", "advise"]


def test_a_bank_adds_one_step_to_a_shipped_playbook(write, say):
    own = write("""
extensions:
  - extends: lost-card
    steps:
      - id: travel
        after: block
        text: {en: Ask whether the customer is abroad., zh: 询问客户是否在境外。}
        done_when: {seat_said: {en: [abroad], zh: [境外]}}
""")
    book = PlayBook.load(SHIPPED, own)
    turns = [
        say("customer", "我的卡丢了，尾号1234", slots=[("card", "1234", "1234", True)]),
        say("seat", "身份核实通过了，已经帮您挂失。"),
    ]
    assert ids(book.steps(turns, "zh_CN"))[0] == "travel"
    assert ids(PlayBook.load(SHIPPED).steps(turns, "zh_CN"))[0] == "last-payments"


def test_a_bank_replaces_adds_and_switches_off(write, say):
    own = write("""
disabled: [lost]
playbooks:
  - name: fee
    title: {en: Fee, zh: 费用}
    when: {intents: [our_own_intent]}
    steps: [{id: only, text: {en: Only., zh: 只此。}, done_when: {slots: [amount]}}]
""")
    book = PlayBook.load(write(SMALL, "shipped.yaml"), own)
    assert book.steps([say("customer", "卡丢了", intent="lost_or_stolen_card")], "en") == ()
    assert ids(book.steps([say("customer", "x", intent="our_own_intent")], "en")) == ["only"]
    assert "our_own_intent" in str(book.warnings[0])


def test_an_extension_replaces_in_place_and_leaves_out(write, say):
    own = write("""
extensions:
  - extends: lost
    when: {intents: [card_swallowed]}
    without: [advise]
    steps: [{id: verify, text: {en: New., zh: 新。}, done_when: {slots: [card]}}]
""")
    book = PlayBook.load(write(SMALL, "shipped.yaml"), own)
    steps = book.steps([say("customer", "吞了", intent="card_swallowed")], "en")
    assert [(step.step, step.text) for step in steps] == [
        ("verify", "New."),
        ("ask-amount", "Ask how much."),
        ("block", "Block it."),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("playbooks: [{name: a}]", ["own.yaml", "1 (a).title"]),
        ("playbok: []", ["own.yaml", "playbok", "not known"]),
        ("extensions: [{extends: nowhere}]", ["extensions", "nowhere", "lost"]),
        ("extensions: [{extends: lost, without: [nothing]}]", ["extensions.lost.without", "nothing", "verify"]),
        ("disabled: [nowhere]", ["disabled", "nowhere"]),
        (
            "extensions: [{extends: lost, steps: [{id: x, after: y, text: {en: X, zh: X}, done_when: {slots: [a]}}]}]",
            ["extensions.lost.steps.x.after", "y"],
        ),
        (
            "extensions: [{extends: lost, steps: [{id: x, text: {en: X, zh: X}, done_when: {}}]}]",
            ["playbooks.lost.steps.x.done_when", "seat_said"],
        ),
        (
            "extensions: [{extends: lost, steps: [{id: x, text: {en: a, zh: a}, done_when: "
            "{seat_said: {zh: ['[']}}}]}]",
            ["steps.x.done_when.seat_said.zh", "["],
        ),
        ("extensions: [{extends: lost, when: {said: {fr: [oui]}}}]", ["extensions", "fr"]),
        ("playbooks: {", ["own.yaml"]),
        ("- a", ["own.yaml"]),
    ],
)
def test_a_fault_names_file_entry_and_fix(write, text, words):
    with pytest.raises(ConfigError) as caught:
        PlayBook.load(write(SMALL, "shipped.yaml"), write(text))
    assert all(word in caught.value.render("en") for word in words), caught.value.render("en")


def test_a_missing_own_file_is_none(write, tmp_path):
    assert PlayBook.load(write(SMALL, "shipped.yaml"), tmp_path / "none.yaml").titles.keys() == {"lost", "fee"}


def test_every_shipped_intent_has_search_terms_in_both_languages():
    terms = read_terms()
    shipped = yaml.safe_load((PACK / "intents" / "intents.yaml").read_text(encoding="utf-8"))["intents"]
    assert {intent["name"] for intent in shipped} == terms.keys()
    assert all(words["en"] and words["zh"] for words in terms.values())


ASKS_A_NUMBER = """
playbooks:
  - name: lost
    title: {en: Lost card, zh: 丢卡}
    when: {intents: [lost_or_stolen_card]}
    steps:
      - id: verify
        text: {en: Check the identity., zh: 核实身份。}
        once_a_call: true
        done_when: {number_asked: {zh: ["身份证…后#位"], en: ["last # digits"]}}
      - id: block
        text: {en: Block it., zh: 挂失。}
        done_when: {seat_said: {zh: [已挂失]}}
"""


@pytest.mark.parametrize(
    ("asked", "answer", "first"),
    [
        ("请报一下身份证后四位", "3826。", "block"),
        ("请报一下身份证后四位", "三八二六", "block"),
        ("The last four digits, please?", "It is four four one zero.", "block"),
        ("请报一下身份证后四位", "为什么要报这个？", "verify"),
        ("请问怎么称呼", "3826。", "verify"),
    ],
)
def test_a_number_that_was_asked_for_and_given_is_a_step_done_once_the_seat_goes_on(write, say, asked, answer, first):
    book = PlayBook.load(write(ASKS_A_NUMBER, "shipped.yaml"))
    turns = [say("customer", "卡没了", intent="lost_or_stolen_card"), say("seat", asked), say("customer", answer)]
    assert ids(book.steps(turns, "en"))[0] == "verify"
    turns.append(say("seat", "好的，请稍等。"))
    assert ids(book.steps(turns, "en"))[0] == first


def test_an_intent_that_is_not_sure_begins_nothing_and_leads_away_from_nothing(book, say):
    assert book.steps([say("customer", "嗯", intent="fee_dispute", sure=0.4)], "en") == ()
    begun = [say("customer", "嗯", intent="fee_dispute", sure=0.6)]
    assert ids(book.steps(begun, "en")) == ["explain"]
    weak = [*begun, say("customer", "那呢", intent="lost_or_stolen_card", sure=0.6)]
    assert ids(book.steps(weak, "en")) == ["explain"]
    strong = [*begun, say("customer", "那呢", intent="lost_or_stolen_card", sure=0.8)]
    assert ids(book.steps(strong, "en"))[0] == "verify"


@pytest.mark.parametrize("said", ["好的，身份核实通过。", "Thank you, that matches.", "Perfect, that's all correct."])
def test_the_shipped_identity_check_is_done_when_the_seat_says_so(say, said):
    turns = [say("customer", "卡被偷了", intent="lost_or_stolen_card"), say("seat", said)]
    assert "verify" not in ids(PlayBook.load(SHIPPED).steps(turns, "en"))


@pytest.mark.parametrize(
    ("said", "is_done"),
    [("请问现在为您办理电话挂失吗？", False), ("我已经帮您把卡挂失了。", True), ("Shall I block the card now?", False)],
)
def test_to_ask_whether_to_block_a_card_is_not_to_block_it(say, said, is_done):
    turns = [say("customer", "卡被偷了", intent="lost_or_stolen_card"), say("seat", said)]
    assert ("block" not in ids(PlayBook.load(SHIPPED).steps(turns, "en"))) is is_done


def test_an_offer_by_telephone_stays_with_its_own_steps(say):
    turns = [
        say("customer", "定期多少利率？", intent="deposit_rates"),
        say("customer", "之前买理财亏了不少", intent="investment_loss_complaint"),
    ]
    book = PlayBook.load(SHIPPED)
    assert {one.playbook for one in book.steps(turns, "en", direction="outbound")} == {"outbound-product"}
    assert {one.playbook for one in book.steps(turns, "en")} == {"wealth-redemption"}
