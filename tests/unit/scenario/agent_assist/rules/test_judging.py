import math
from collections.abc import Callable

import pytest

from scenarios.agent_assist.rules import Judgement, Marks, RuleBook, difference

from .conftest import SHIPPED, Bench, analysis, entry, turn

Make = Callable[..., Bench]

GREET = entry(kind="must_say", say={"en": ["hello"]}, within={"seconds": 10, "turns": 1})
WARN = entry(kind="must_say", say={"en": ["risk"]}, when={"seat_said": {"en": ["fund"]}}, within={"turns": 2})


def customer(text: str, start: float, end: float | None = None):
    return turn(text, start, end, by="customer")


def alerts(judgement: Judgement) -> list[tuple[str, str]]:
    return [(alert.key, alert.severity) for alert in judgement.alerts]


class TestMustSay:
    def test_in_time_and_late(self, bench: Make) -> None:
        greet = bench(GREET)
        assert greet.state(turn("hello", 9)) == "met"
        assert greet.state(turn("hello", 11)) == "broken"
        assert greet.state(turn("what", 1), turn("hello", 5)) == "broken"
        assert greet.state(customer("hello", 1), turn("hello", 5)) == "met"

    def test_is_reminded_of_at_half_time_and_broken_when_late(self, bench: Make) -> None:
        greet = bench(GREET)
        call = customer("anybody there", 0, 2)
        assert alerts(greet.judge(call, ended=False, now=4)) == []
        due = greet.judge(call, ended=False, now=6)
        assert alerts(due) == [("rule:due", "notice")]
        assert due.alerts[0].text == "Say it."
        late = greet.judge(call, ended=False, now=11)
        assert late.of("rule").state == "broken"
        assert [(alert.key, alert.text, alert.hint) for alert in late.alerts] == [
            ("rule:broken", "It was broken.", "Say it.")
        ]

    def test_of_turns_it_is_reminded_of_once_half_are_over_or_the_customer_has_answered(self, bench: Make) -> None:
        purpose = bench(entry(kind="must_say", say={"en": ["calling about"]}, within={"turns": 3}))
        first, second = turn("hello", 0), turn("how are you", 3)
        assert alerts(purpose.judge(first, ended=False, now=2)) == []
        assert alerts(purpose.judge(first, second, ended=False, now=5)) == [("rule:due", "notice")]
        assert alerts(purpose.judge(first, customer("yes?", 3), ended=False, now=5)) == [("rule:due", "notice")]

    def test_is_due_from_the_turn_that_makes_it_so(self, bench: Make) -> None:
        warn = bench(WARN)
        first = [turn("hi", 0), customer("yes", 3)]
        assert warn.state(*first) == "not_applicable"
        told = [*first, turn("buy this fund", 6, name="told")]
        due = warn.judge(*told, ended=False, now=8)
        assert due.of("rule").state == "open"
        assert alerts(due) == [("rule:due:told", "notice")]
        assert warn.state(*told, turn("well", 9), turn("risk", 12)) == "met"
        assert warn.state(*told, turn("well", 9), turn("so", 12), turn("risk", 15)) == "broken"
        assert warn.state(turn("there is risk in this fund", 0)) == "met"
        assert warn.state(turn("risk", 0), *told) == "met"

    def test_a_late_word_keeps_the_key_of_the_alert(self, bench: Make) -> None:
        warn = bench(WARN)
        call = [turn("fund", 0, name="told"), turn("a", 3), turn("b", 6)]
        missing = warn.judge(*call, ended=False, now=9)
        late = warn.judge(*call, turn("risk", 9), ended=False, now=11)
        assert alerts(missing) == alerts(late) == [("rule:broken:told", "warning")]
        assert late.of("rule").turns == ("s9",)

    def test_anew_counts_only_what_comes_after(self, bench: Make) -> None:
        sorry = bench(entry(kind="must_say", say={"en": ["sorry"]}, when={"emotion": ["angry"]}, anew=True))
        angry = (customer("no!", 3), analysis(emotion="angry"))
        assert sorry.state(turn("sorry", 0), angry) == "broken"
        assert sorry.state(turn("sorry", 0), angry, turn("sorry", 6)) == "met"

    def test_closing_is_judged_by_the_last_turns(self, bench: Make) -> None:
        close = bench(entry(kind="must_say", say={"en": ["goodbye"]}, last_turns=2, remind_when={"en": ["that's all"]}))
        assert close.state(turn("goodbye", 0), turn("a", 3), turn("b", 6)) == "broken"
        assert close.state(turn("a", 0), turn("goodbye", 3), turn("b", 6)) == "met"
        near = close.judge(turn("a", 0), customer("that's all", 3), ended=False, now=5)
        assert alerts(near) == [("rule:due:c3", "notice")]

    @pytest.mark.parametrize(
        ("condition", "read"),
        [
            ({"intent": ["other", "loan"]}, analysis(intent="loan")),
            ({"slot": ["amount"]}, analysis(slots=(("amount", "5"),))),
            ({"product": ["fund_a"]}, analysis(slots=(("product", "fund_a"),))),
            ({"emotion": ["angry"]}, analysis(emotion="angry")),
            ({"language": "zh"}, analysis("zh")),
            ({"customer_said": {"en": ["money"]}}, analysis()),
            ({"direction": "inbound", "intent": ["loan"]}, analysis(intent="loan")),
        ],
    )
    def test_each_condition_makes_it_due_and_each_exception_excuses(self, bench: Make, condition, read) -> None:
        call = [turn("hi", 0), (customer("some money", 3), read)]
        other = [turn("hi", 0), (customer("nothing", 3), analysis())]
        duty = entry(kind="must_say", say={"en": ["risk"]})
        assert bench(duty | {"when": condition}).state(*call) == "broken"
        assert bench(duty | {"when": condition}).state(*other) == "not_applicable"
        assert bench(duty | {"unless": condition}).state(*call) == "not_applicable"
        assert bench(duty | {"unless": condition}).state(*other) == "broken"

    def test_direction(self, bench: Make) -> None:
        outbound = bench(GREET | {"when": {"direction": "outbound"}})
        assert outbound.state(turn("x")) == "not_applicable"
        assert outbound.state(turn("x"), direction="outbound") == "broken"


def test_must_not_say_alerts_once_for_each_turn_and_quotes_the_words(bench: Make) -> None:
    never = bench(entry(kind="must_not_say", say={"en": ["free money"], "zh": ["保本"]}))
    judgement = never.judge(turn("Free money!", 0), customer("free money", 3), turn("这个保本的", 6), ended=False)
    assert alerts(judgement) == [("rule:broken:s0", "warning"), ("rule:broken:s6", "warning")]
    assert judgement.of("rule").said == ("Free money", "保本")
    assert never.state(turn("no"), ended=False) == "open"
    assert never.state(turn("no")) == "met"


class TestOrder:
    @pytest.fixture
    def order(self, bench: Make) -> Bench:
        return bench(entry(kind="order", first={"en": ["who are you"]}, then={"en": ["balance is"]}, answered=True))

    def test_first_answer_then(self, order: Bench) -> None:
        ask, tell = turn("who are you", 0), turn("balance is 5", 6)
        assert order.state(ask, customer("me", 3), tell) == "met"
        assert order.state(ask, tell) == "broken"
        assert order.state(tell, customer("me", 9)) == "broken"
        assert order.state(turn("who are you, balance is 5"), customer("me", 3)) == "broken"

    def test_nothing_told_is_no_order(self, order: Bench) -> None:
        assert order.state(turn("who are you")) == "not_applicable"

    def test_within_one_turn_the_place_decides(self, bench: Make) -> None:
        order = bench(entry(kind="order", first={"en": ["one"]}, then={"en": ["two"]}))
        assert order.state(turn("one two")) == "met"
        assert order.state(turn("two one")) == "broken"


class TestWithin:
    @pytest.fixture
    def hold(self, bench: Make) -> Bench:
        return bench(entry(kind="within", after={"en": ["hold on"]}, within={"seconds": 30}))

    def test_each_time(self, hold: Bench) -> None:
        one, back = turn("hold on", 0), turn("here", 20)
        assert hold.state(one, back) == "met"
        again = [one, back, turn("hold on", 30, name="again"), customer("ok", 33), turn("here", 70)]
        judgement = hold.judge(*again)
        assert judgement.of("rule").turns == ("again",)
        assert judgement.of("rule").value == 38

    def test_is_reminded_of_and_late_while_nobody_answers(self, hold: Bench) -> None:
        one = turn("hold on", 0, 2)
        assert alerts(hold.judge(one, ended=False, now=10)) == []
        assert alerts(hold.judge(one, ended=False, now=20)) == [("rule:due:s0", "notice")]
        assert alerts(hold.judge(one, ended=False, now=40)) == [("rule:broken:s0", "warning")]

    def test_an_answer_in_words_of_the_other_side(self, bench: Make) -> None:
        stop = bench(
            entry(
                kind="within",
                after={"en": ["stop calling"]},
                after_by="customer",
                say={"en": ["will not call"]},
                within={"turns": 1},
            )
        )
        asked = customer("stop calling", 0)
        assert stop.state(asked, turn("we will not call", 3)) == "met"
        assert stop.state(asked, turn("but", 3), turn("we will not call", 6)) == "broken"
        assert stop.state(asked, turn("but", 3), ended=False) == "broken"
        assert stop.state(asked) == "broken"
        assert stop.state(asked, ended=False) == "open"
        assert stop.state(turn("hi")) == "not_applicable"


class TestTimes:
    def test_silence_between_turns(self, bench: Make) -> None:
        silence = bench(entry(kind="silence", longer_than_s=10, not_after={"en": ["hold on"]}))
        assert silence.state(turn("a", 0, 2), customer("b", 12, 13)) == "met"
        judgement = silence.judge(turn("a", 0, 2), customer("b", 13, 14))
        assert (judgement.of("rule").turns, judgement.of("rule").value) == (("c13",), 11)
        assert silence.state(turn("hold on", 0, 2), customer("ok", 3, 4), turn("b", 40, 41)) == "met"
        assert silence.state(customer("long", 0, 30), turn("short", 3, 4), turn("b", 35, 36)) == "met"

    def test_silence_now_is_a_reminder(self, bench: Make) -> None:
        silence = bench(entry(kind="silence", longer_than_s=10))
        assert alerts(silence.judge(turn("a", 0, 2), ended=False, now=20)) == [("rule:due:s0", "notice")]
        assert alerts(silence.judge(turn("a", 0, 2), ended=True, now=20)) == []

    @pytest.mark.parametrize("late_listed", [False, True])
    def test_interruption_in_whichever_order_the_turns_are_listed(self, bench: Make, late_listed: bool) -> None:
        rule = bench(entry(kind="interruption", ignore_words=1))
        long, short = customer("I was going to say", 0, 10), turn("no you listen", 5, 7)
        call = [short, long] if late_listed else [long, short]
        assert rule.judge(*call).of("rule").turns == ("s5",)
        assert rule.state(long, turn("right", 5, 7)) == "met"
        assert rule.state(long, turn("no you listen", 9.7, 12)) == "met"
        assert rule.state(turn("I was going to say", 0, 10), customer("no you listen", 5, 7)) == "met"

    def test_talk_ratio(self, bench: Make) -> None:
        ratio = bench(entry(kind="talk_ratio", lowest=0.3, highest=0.7, after_s=10))
        assert ratio.state(turn("a", 0, 6), customer("b", 6, 12)) == "met"
        assert ratio.judge(turn("a", 0, 18), customer("b", 18, 20)).of("rule").value == 0.9
        assert ratio.state(turn("a", 0, 18), customer("b", 18, 20)) == "broken"
        assert ratio.state(turn("a", 0, 2), customer("b", 18, 40)) == "broken"
        assert ratio.state(turn("a", 0, 9)) == "not_applicable"
        assert ratio.state(turn("a", 0, 18), ended=False) == "open"

    def test_repeat(self, bench: Make) -> None:
        repeat = bench(entry(kind="repeat", say={"en": ["hold on"]}, at_most=2))
        twice = turn("hold on, hold on", 0)
        assert repeat.state(twice) == "met"
        judgement = repeat.judge(twice, turn("hold on", 3), turn("hold on", 6), ended=False)
        assert alerts(judgement) == [("rule:broken:s3", "warning")]
        assert judgement.of("rule").value == 4


class TestWrongClock:
    KINDS = (
        GREET,
        entry(name="hold", kind="within", after={"en": ["hold on"]}, within={"seconds": 30}),
        entry(name="silence", kind="silence", longer_than_s=10),
        entry(name="interruption", kind="interruption"),
        entry(name="ratio", kind="talk_ratio", after_s=0, highest=0.9),
    )

    @pytest.mark.parametrize(
        ("call", "part"),
        [
            ([turn("hello, hold on", 100), turn("a", 50)], "the clock runs backwards at turn s50"),
            ([turn("hello, hold on", 10, 5), turn("a", 20)], "turn s10 ends before it begins"),
            ([turn("hello, hold on", math.nan, 5), turn("a", 20)], "has a time that cannot be"),
            ([turn("hello, hold on", -3, 5), turn("a", 20)], "has a time that cannot be"),
            ([turn("hello, hold on", 1, math.inf), turn("a", 20)], "has a time that cannot be"),
        ],
    )
    def test_rules_of_time_are_not_judged_and_say_why(self, bench: Make, call, part: str) -> None:
        judgement = bench(*self.KINDS).judge(*call, now=60)
        for outcome in judgement.outcomes:
            assert outcome.state == "not_judged", outcome
            assert part in outcome.note
        assert judgement.sheet.possible == 0
        assert Judgement.model_validate_json(judgement.model_dump_json()) == judgement

    def test_what_was_never_said_is_broken_by_any_clock(self, bench: Make) -> None:
        assert bench(GREET).state(turn("a", 100), turn("b", 50)) == "broken"

    def test_missing_ends_leave_what_needs_only_beginnings(self, bench: Make) -> None:
        book = bench(*self.KINDS)
        judgement = book.judge(turn("hello, hold on", 1, 1), turn("here", 20, 20))
        states = {outcome.rule: outcome.state for outcome in judgement.outcomes}
        assert states == {
            "rule": "met",
            "hold": "met",
            "silence": "not_judged",
            "interruption": "not_judged",
            "ratio": "not_judged",
        }

    @pytest.mark.parametrize("now", [math.nan, math.inf, -5.0, 0.0])
    def test_a_wrong_now_is_the_end_of_the_last_turn(self, bench: Make, now: float) -> None:
        assert bench(GREET).judge(turn("a", 0, 4), ended=False, now=now).at_s == 4


class TestSheet:
    def test_points_of_what_concerns_the_call(self, bench: Make) -> None:
        book = bench(
            entry(name="kept", kind="must_not_say", say={"en": ["never"]}, points=6),
            entry(name="lost", kind="must_say", say={"en": ["hello"]}, points=3),
            entry(name="other", kind="must_say", say={"en": ["x"]}, when={"intent": ["loan"]}, points=50),
            entry(name="pointless", kind="must_say", say={"en": ["x"]}, points=0),
        )
        sheet = book.judge(turn("a")).sheet
        assert [(item.rule, item.got, item.points) for item in sheet.items] == [("kept", 6, 6), ("lost", 0, 3)]
        assert (sheet.score, sheet.capped_by) == (66.7, ())

    def test_a_critical_rule_caps_the_score_even_without_points(self, bench: Make) -> None:
        rules = [
            entry(name="kept", kind="must_not_say", say={"en": ["never"]}),
            entry(name="grave", kind="must_not_say", say={"en": ["pin"]}, points=0, critical=True),
        ]
        book = bench(*rules, critical_cap=40)
        assert book.judge(turn("a")).sheet.score == 100
        sheet = book.judge(turn("your pin")).sheet
        assert (sheet.score, sheet.capped_by) == (40, ("grave",))

    def test_only_an_ended_call_has_one(self, bench: Make) -> None:
        assert bench(GREET).judge(turn("hello"), ended=False).sheet is None

    def test_a_call_without_turns_breaks_nothing(self, bench: Make) -> None:
        judgement = bench(GREET).judge()
        assert (judgement.broken(), judgement.sheet.score) == ((), 100)


def test_texts_come_in_the_language_of_whoever_asks(bench: Make) -> None:
    book = bench(GREET, entry(name="silence", kind="silence", longer_than_s=1))
    call = [turn("a", 100), turn("b", 50)]
    chinese = book.judge(*call, language="zh_CN")
    assert chinese.alerts[0].text == "违反规则。"
    assert chinese.sheet.items[0].title == "规则"


def test_marks_of_another_book_are_made_anew(bench: Make) -> None:
    book = bench(entry(kind="must_not_say", say={"en": ["never"]})).book
    one = turn("never")
    judgement = book.judge(
        [(one, analysis(), Marks("older", 1, {}))], direction="inbound", ended=True, now_s=2, language="en"
    )
    assert judgement.broken() == ("rule",)


def test_a_second_run_with_changed_rules_shows_what_differs(bench: Make) -> None:
    call = [turn("never mind", 0)]
    before = bench(
        entry(kind="must_not_say", say={"en": ["never"]}),
        entry(name="gone", kind="must_say", say={"en": ["x"]}),
        entry(name="same", kind="must_not_say", say={"en": ["x"]}),
    ).judge(*call)
    after = bench(
        entry(kind="must_not_say", say={"en": ["never"], "but_not": {"en": ["never mind"]}}),
        entry(name="new", kind="must_say", say={"en": ["x"]}),
        entry(name="same", kind="must_not_say", say={"en": ["x"]}),
    ).judge(*call)
    found = difference(Judgement.model_validate_json(before.model_dump_json()), after)
    assert [(change.rule, change.before, change.after) for change in found.changes] == [
        ("rule", "broken", "met"),
        ("new", None, "broken"),
        ("gone", "broken", None),
    ]
    assert found.changes[0].turns_before == ("s0",)
    assert (found.score_before, found.score_after, found.score_change) == (33.3, 66.7, 33.4)
    assert found.version_before != found.version_after
    assert difference(after, after).changes == ()


def test_a_turn_of_hundred_thousand_characters_is_marked_in_bounds() -> None:
    book = RuleBook.load(SHIPPED, None)
    marks = book.mark(turn("您的余额保证收益" * 12_500), analysis("zh"))
    assert marks.words == 5000
    assert sum(len(spans) for spans in marks.hits.values()) < 200
