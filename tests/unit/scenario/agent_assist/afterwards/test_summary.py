"""Summaries: the sections of calls in both languages, what makes a promise, and what is never a line."""

import pytest

from appliance.scenario.words import Words
from scenarios.agent_assist.afterwards.clauses import statements
from scenarios.agent_assist.afterwards.contacts import next_contact
from scenarios.agent_assist.afterwards.summarising import section_titles, summarise
from tests.unit.scenario.agent_assist.afterwards.spoken import WEDNESDAY, call

CHARGED = call(
    "S Good morning, thank you for calling Qinglan Bank, how can I help?",
    "C Um, hi, I was charged twice at the hotel and I want one of them back.",
    "S Which payment is it?",
    "C It's 240 euros, on the 27th of February.",
    "S I'll raise a dispute today. You'll receive a text message within five working days.",
    "C Okay, thanks. Bye.",
)


def summary_of(turns, direction="inbound", titles=None, language="en"):
    return summarise(turns, direction=direction, titles=titles or {}, language=language, today=WEDNESDAY)


def texts(summary, name):
    (section,) = [one for one in summary.sections if one.name == name]
    return [line.text for line in section.lines]


def lines(summary, name):
    (section,) = [one for one in summary.sections if one.name == name]
    return section.lines


def test_sections_hold_what_was_said():
    summary = summary_of(CHARGED)
    assert texts(summary, "reason") == ["I was charged twice at the hotel and I want one of them back."]
    assert texts(summary, "facts") == ["It's 240 euros, on the 27th of February."]
    assert [line.turns for line in lines(summary, "promised")] == [("t5",), ("t5",)]
    assert summary.outcome == "pending"


def test_titles_and_computed_lines_are_in_the_asked_language():
    summary = summary_of(CHARGED, language="zh_CN")
    assert [section.title for section in summary.sections] == [
        title.render("zh_CN") for title in section_titles().values()
    ]
    assert texts(summary, "facts") == ["It's 240 euros, on the 27th of February."]


def test_a_promise_has_who_and_by_when():
    summary = summary_of(call("C 我的转账没到账", "S 我登记一下，后台专员会在三个工作日内给您回电"))
    (promise,) = lines(summary, "promised")
    assert (promise.by, promise.due.date, promise.due.said) == ("后台", "2026-03-09", "三个工作日内")


@pytest.mark.parametrize(
    "said",
    [
        "我帮您查一下，请稍等",
        "Let me check that for you.",
        "如果您提前支取，系统会退还差额",
        "I won't be able to refund that.",
        "We can't send it to another address.",
        "请问您需要我们给您寄一张新卡吗",
        "已经为您登记了",
    ],
)
def test_what_is_done_at_once_refused_or_only_possible_is_no_promise(said):
    assert texts(summary_of(call("C 我的卡丢了怎么办", f"S {said}", "C 好")), "promised") == []


def test_an_offer_with_a_time_is_a_promise_once_the_customer_takes_it():
    offer = "S 下周一下午给您回个电话可以吗？"
    assert texts(summary_of(call("C 我想了解养老金", offer, "C 可以")), "promised") == [
        "下周一下午给您回个电话可以吗？"
    ]
    assert texts(summary_of(call("C 我想了解养老金", offer, "C 不用了")), "promised") == []


def test_a_corrected_amount_is_computed_and_names_the_one_before():
    turns = call("C 我想提前还房贷", "S 还多少？", "C 还十万吧。哦不对，是十五万，我说错了", "S 好的，十五万元")
    (line,) = [line for line in lines(summary_of(turns), "facts") if line.kind == "computed"]
    assert line.text == "Amount: 十五万 = 150000.00 CNY (said before: 十万)"
    assert line.turns == ("t3", "t4")


def test_the_reason_of_an_outbound_call_is_the_seats():
    turns = call("S 您好，给您来电是介绍一下大额存单", "C 利率多少？")
    assert texts(summary_of(turns, "outbound"), "reason") == ["给您来电是介绍一下大额存单"]


def test_an_intent_names_the_reason_where_no_words_do():
    turns = call("C 卡", "S 您好", intents={"t1": "card_arrival"})
    titles = {"card_arrival": Words(en="Card not arrived", zh="卡片未到")}
    assert texts(summary_of(turns, titles=titles), "reason") == ["The customer asked about: Card not arrived"]
    assert "卡片未到" in texts(summary_of(turns, titles=titles, language="zh_CN"), "reason")[0]


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        (["S 已经为您解锁成功了", "C 好的，可以登录了"], "resolved"),
        (["S 这个我们处理不了", "C 我不接受，我要投诉"], "not_resolved"),
        (["S 专员明天会给您回电", "C 好的"], "pending"),
        (["S 嗯", "C 再见"], "unclear"),
        (["S I have unlocked it now.", "C It still doesn't work."], "not_resolved"),
        (["S Someone will call you tomorrow.", "C It works now, thank you."], "resolved"),
    ],
)
def test_the_outcome_is_the_last_word_on_it(ending, outcome):
    assert summary_of(call("C 我的账户登不上", *ending)).outcome == outcome


def test_greetings_fillers_and_noise_are_no_lines_and_nothing_is_said_twice():
    turns = call(
        "S 您好，很高兴为您服务",
        "C 喂，嗯，[noise] 我我的卡丢了",
        "S 好的",
        "C 我的卡丢了，听见了吗",
        "S 谢谢您的来电，再见",
    )
    summary = summary_of(turns)
    said = [line.text for section in summary.sections for line in section.lines if line.kind == "quoted"]
    assert said == ["我的卡丢了"]


def test_an_empty_call_has_an_empty_summary():
    summary = summary_of([])
    assert [section.lines for section in summary.sections] == [()] * 5
    assert summary.outcome == "unclear"


def test_a_long_call_has_a_short_summary():
    rows = [
        row
        for number in range(60)
        for row in (f"C 我第{number}次转账{number + 1}000元没有到账", f"S 我会在{number + 1}天内给您回电")
    ]
    summary = summary_of(call(*rows))
    assert sum(len(section.lines) for section in summary.sections) <= 13


def test_a_number_said_over_two_turns_is_masked():
    turns = call("C 我的卡号是4111 1111", "S 嗯", "C 1111 1111，昨天被扣了两千块")
    assert "1111 1111，" not in str(summary_of(turns))


def test_a_short_statement_that_points_back_stands_with_the_one_before_it():
    summary = summary_of(call("C There is a payment of 90 yuan that I don't recognise. I never made it.", "S I see."))
    assert texts(summary, "reason") == ["There is a payment of 90 yuan that I don't recognise. I never made it."]
    assert texts(summary, "facts") == []


def test_two_promises_in_one_sentence_are_a_line():
    said = "I will register your complaint as well and call you back tomorrow with the case number."
    (line,) = lines(summary_of(call("C I want to complain about the delay.", f"S {said}", "C Fine.")), "promised")
    assert (line.text, line.due.date) == (said, "2026-03-05")


def test_what_the_customer_may_do_within_a_time_is_no_promise_and_no_contact():
    turns = call("C 卡又找到了怎么办", "S 您本人可以在挂失后30天内到网点解除挂失", "C 行，明白了")
    assert texts(summary_of(turns), "promised") == []
    assert next_contact(statements(turns), turns, WEDNESDAY) is None


def test_no_blank_stands_behind_a_chinese_comma():
    summary = summary_of(call("C 我昨天转了500，到现在对方还没收到钱", "S 我查到了"))
    assert texts(summary, "reason") == ["我昨天转了500，到现在对方还没收到钱"]


def test_how_the_call_is_held_is_no_fact():
    summary = summary_of(call("S 为保证服务质量，本次通话将被录音。", "C 我的转账三天了没到账", "S 好的"))
    assert texts(summary, "facts") == []
