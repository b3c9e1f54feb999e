import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.guardrails.personal.check import PersonalData
from appliance.guardrails.personal.kinds import Rule
from appliance.guardrails.personal.sentence_gate import NUMBERS as WATCHED
from appliance.guardrails.personal.sentence_gate import SentenceGate

CHECK = PersonalData({kind: Rule("block") for kind in ("cn_id", "bank_card", "phone")})
NUMBERS = ("11010519491231002X", "6222021234567890128", "4111 1111 1111 1111", "13912345678")
FILLER = st.text(alphabet="好的呢是账户，、 ab", max_size=60)
ENDS = st.sampled_from(["", "", "", "。", "！", ". ", "\n", "."])


@st.composite
def streams(draw):
    parts = []
    for _ in range(draw(st.integers(1, 6))):
        parts += [draw(FILLER), "，", draw(st.sampled_from(NUMBERS)), "，", draw(FILLER), draw(ENDS)]
    text = "".join(parts)
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return text, [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def run(gate, pieces):
    return [part for piece in pieces for part in gate.push(piece)] + gate.close()


@settings(max_examples=150, deadline=None)
@given(streams())
def test_no_number_slips_through_however_the_stream_is_cut(stream):
    text, pieces = stream
    parts = run(SentenceGate(CHECK, cap=80, overlap=40), pieces)
    assert "".join(part.text for part in parts) == text
    place, found = 0, set()
    for part in parts:
        found |= {(place + one.start, place + one.end) for one in part.findings}
        place += len(part.text)
    assert found == {(one.start, one.end) for one in CHECK.find(text)}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NUMBERS), st.integers(0, 200))
def test_an_endless_sentence_pushed_by_characters_hides_no_number(number, before):
    text = "啊" * before + "，" + number + "，" + "啊" * 150
    parts = run(SentenceGate(CHECK, cap=100, overlap=40), text)
    (part,) = [part for part in parts if part.findings]
    assert part.text[part.findings[0].start : part.findings[0].end] == number


def test_whole_sentences_leave_at_once_and_the_rest_waits():
    gate = SentenceGate(CHECK)
    assert gate.push("你好") == []
    (first,) = gate.push("。余额3.5万")
    assert (first.text, first.findings) == ("你好。", ())
    assert [part.text for part in gate.push("元.\n再见")] == ["余额3.5万元.", "\n"]
    assert [part.text for part in gate.close()] == ["再见"]


def test_digits_that_run_on_over_a_cut_are_no_number_of_their_own():
    text = "9" * 70 + "13912345678" + "9" * 70
    assert all(not part.findings for part in run(SentenceGate(CHECK, cap=80, overlap=40), text))


def test_words_of_the_sentence_before_count():
    gate = SentenceGate(PersonalData({"cn_id": Rule("mask")}))
    parts = gate.push("我的身份证号如下。\n110105194912310021\n\n") + gate.close()
    assert [len(part.findings) for part in parts if "1101" in part.text] == [1]


def test_an_overlap_as_long_as_the_cap_is_refused():
    with pytest.raises(ValueError, match="overlap"):
        SentenceGate(CHECK, cap=10, overlap=10)


def test_with_a_place_to_watch_only_what_may_be_personal_waits():
    gate = SentenceGate(CHECK, watch=WATCHED)
    assert "".join(part.text for part in gate.push("我们的客户经理")) == "我们的客户经理"
    assert "".join(part.text for part in gate.push("电话是139")) == "电话是"
    assert gate.push("12345678") == []
    (part, *_rest) = gate.push("，请拨打。好")
    assert (part.text, [(one.start, one.end) for one in part.findings]) == ("13912345678，请拨打。", [(0, 11)])


@settings(max_examples=100, deadline=None)
@given(streams())
def test_watched_or_not_no_number_slips_through(stream):
    text, pieces = stream
    parts = run(SentenceGate(CHECK, cap=80, overlap=40, watch=WATCHED), pieces)
    assert "".join(part.text for part in parts) == text
    place, found = 0, set()
    for part in parts:
        found |= {(place + one.start, place + one.end) for one in part.findings}
        place += len(part.text)
    assert found == {(one.start, one.end) for one in CHECK.find(text)}
