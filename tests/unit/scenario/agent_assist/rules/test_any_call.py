from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.agent_assist.models import Analysis, Emotion, Intent, Turn
from scenarios.agent_assist.rules import Judgement, RuleBook, difference
from scenarios.agent_assist.rules.evaluation import scripted_calls
from scenarios.agent_assist.rules.phrases import PhraseError, read_phrase
from scenarios.agent_assist.rules.scanning import Scanner

from .conftest import PACK, SHIPPED

BOOK = RuleBook.load(SHIPPED, None)
SPOKEN = [turn.text for call in scripted_calls(PACK / "evaluation" / "rule_calls") for turn, _read in call.course()]

times = st.one_of(st.floats(0, 600), st.floats(allow_nan=True, allow_infinity=True), st.just(0.0))
turns = st.builds(
    Turn,
    id=st.text(min_size=1, max_size=3),
    revision=st.just(1),
    speaker=st.sampled_from(["seat", "customer"]),
    text=st.one_of(st.sampled_from(SPOKEN), st.text(max_size=40)),
    start_s=times,
    end_s=times,
)
readings = st.builds(
    Analysis,
    language=st.sampled_from(["en", "zh"]),
    intent=st.one_of(st.none(), st.just(Intent(name="lost_or_stolen_card", title="x", confidence=1.0))),
    emotion=st.one_of(st.none(), st.just(Emotion(label="angry", score=-1.0))),
)
calls = st.lists(st.tuples(turns, readings), max_size=30)
directions = st.sampled_from(["inbound", "outbound"])


@settings(max_examples=150, deadline=None)
@given(calls, directions, st.booleans(), times)
def test_any_turns_are_judged_alike_each_time_and_alike_turn_by_turn(call, direction, ended, now) -> None:
    marked = [(turn, read, BOOK.mark(turn, read)) for turn, read in call]
    course = BOOK.course(direction)
    for number, one in enumerate(marked):
        course.add(*one)
        so_far = BOOK.judge_course(course, ended=False, now_s=now, language="zh_CN")
        whole = BOOK.judge(marked[: number + 1], direction=direction, ended=False, now_s=now, language="zh_CN")
        assert so_far == whole
    last = BOOK.judge_course(course, ended=ended, now_s=now, language="en")
    assert last == BOOK.judge(marked, direction=direction, ended=ended, now_s=now, language="en")
    assert Judgement.model_validate_json(last.model_dump_json()) == last
    assert difference(last, last).changes == ()
    assert len({alert.key for alert in last.alerts}) <= len(last.alerts)
    if ended:
        assert last.sheet is not None
        assert all(outcome.state != "open" for outcome in last.outcomes)


@settings(max_examples=150, deadline=None)
@given(calls)
def test_what_must_not_be_said_stays_broken_as_the_call_goes_on(call) -> None:
    course = BOOK.course("inbound")
    before: set[str] = set()
    for turn, read in call:
        course.add(turn, read, BOOK.mark(turn, read))
        judgement = BOOK.judge_course(course, ended=False, now_s=0, language="en")
        keys = {alert.key for alert in judgement.alerts if alert.rule in ("ask_secret", "promise_of_return")}
        assert before <= keys
        before = keys


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab[]()|…<>{}#* 12保证，.", max_size=30), st.text(alphabet="ab12 保证.", max_size=60))
def test_any_phrase_is_read_or_refused_and_any_text_searched(phrase: str, text: str) -> None:
    try:
        read = read_phrase(phrase, "en", {})
    except PhraseError:
        return
    scanner = Scanner()
    group = scanner.add([read], [])
    _words, hits = scanner.scan(text)
    for begin, end in hits.get(group, ()):
        assert 0 <= begin < end <= len(text)
