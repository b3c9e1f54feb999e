"""Whatever is said: nothing raises, every line has turns, and no card number gets out."""

import random
import re

import pytest

from scenarios.agent_assist.afterwards.clauses import keepable, pieces_of
from scenarios.agent_assist.afterwards.forms import FormBook, fill_form
from scenarios.agent_assist.afterwards.outbound import outbound_result
from scenarios.agent_assist.afterwards.summarising import summarise
from scenarios.agent_assist.afterwards.tags import TagBook, tags_of
from tests.unit.scenario.agent_assist.afterwards.spoken import SHIPPED, WEDNESDAY, call

FORMS = FormBook.load(SHIPPED / "forms.yaml", None)
TAGS = TagBook.load(SHIPPED / "tags.yaml", None)
CARDS = ["4111 1111 1111 1111", "4111111111111111", "6222 0210 0111 2233 445", "四一一一一一一一一一一一一一一一",
         "four one one one one one one one one one one one one one one one"]  # fmt: skip
PIECES = [
    *CARDS, "我的卡丢了", "昨天转了五万块", "没有收到", "不对，是三万", "对", "我会在三个工作日内给您回电",
    "明天下午三点", "31月45号", "99点99分", "I was charged twice", "call me on Friday", "stop calling me", "no",
    "I'll send it tomorrow", "on 31 February", "{intent}", "%s", "|||", "\x00\x07", "\U0001f600", "。。。！？", ",,,,",
    "\n\n", "\u3000", "卡号是", "工号3021", "两千零零零", "一" * 300, "a" * 300, "的 " * 200, "我要投诉", "十十十号",
    "零月零号",
]  # fmt: skip


def some_call(seed):
    source = random.Random(seed)
    rows = []
    for _turn in range(source.randint(0, 14)):
        rows.append(
            source.choice("SC")
            + " "
            + source.choice(["", "，", " "]).join(source.choices(PIECES, k=source.randint(0, 6)))
        )
    return call(*rows)


def everything(turns, language):
    return [
        *(
            summarise(turns, direction=way, titles={}, language=language, today=WEDNESDAY)
            for way in ("inbound", "outbound")
        ),
        *(fill_form(form, turns, language, WEDNESDAY) for form in FORMS.forms.values()),
        *tags_of(turns, TAGS, language=language),
        outbound_result(turns, language, WEDNESDAY),
        outbound_result(turns, language),
    ]


@pytest.mark.parametrize("seed", range(30))
def test_nothing_raises_every_line_has_turns_and_no_card_number_gets_out(seed):
    turns = some_call(seed)
    ids = {turn.id for turn, _analysis in turns}
    for one in everything(turns, ("en", "zh_CN")[seed % 2]):
        if one is None:
            continue
        told = one.model_dump_json()
        assert not any(card in told for card in CARDS)
        assert re.search(r"\d(?:[ -]?\d){12,}", told) is None
        for section in getattr(one, "sections", ()):
            for line in section.lines:
                assert line.text.strip()
                assert line.turns
                assert set(line.turns) <= ids


@pytest.mark.parametrize("card", CARDS)
def test_card_numbers_are_masked_even_where_their_check_digit_is_wrong(card):
    assert card not in keepable(f"我的卡号是{card}，谢谢")


def test_a_turn_of_a_hundred_thousand_characters_is_read_in_part():
    turns = call("C " + "我昨天转了五万块没有收到，" * 8000)
    summary = summarise(turns, direction="inbound", titles={}, language="en", today=WEDNESDAY)
    assert all(len(line.text) < 400 for section in summary.sections for line in section.lines)


def test_words_without_marks_are_cut():
    assert all(len(piece) <= 90 for piece in pieces_of("我昨天去网点取钱然后机器就坏了" * 20))
    assert all(len(piece) <= 160 for piece in pieces_of("i went to the branch and then the machine broke " * 20))


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("So you have sixty days, so you are in time.", "you have sixty days, so you are in time."),
        ("And I paid twice, um, and nobody called.", "I paid twice, and nobody called."),
        ("然后我去了网点，嗯，然后我等了一个小时", "我去了网点，然后我等了一个小时"),
    ],
)
def test_what_links_clauses_is_dropped_only_at_the_beginning_of_a_line(said, line):
    assert pieces_of(said) == [line]
