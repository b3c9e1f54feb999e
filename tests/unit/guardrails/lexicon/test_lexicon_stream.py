"""A stream releases the whole text masked up to the first blocked word, however it is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.guardrails.lexicon import Entry, Lexicon, LexiconStream
from appliance.guardrails.lexicon.compiled import masked

LINES = Lexicon(
    [
        Entry("法轮功", "cult", "block"),
        Entry("法轮", "cult", "mask"),
        Entry("冰毒", "drugs", "block"),
        Entry("heroin", "drugs", "block"),
        Entry("大麻", "drugs", "mask", allow=("很大麻烦", "大麻袋")),
        Entry("pot", "drugs", "mask", only_near=("卖", "buy"), near=5),
        Entry("毒轮", "other", "mask", unless_near=("功", "an"), near=4),
        Entry("轮功卖", "other", "mask"),
        Entry("sure win", "promises", "mask"),
        Entry("win", "promises", "warn"),
        Entry("in", "other", "mask", whole_word=False),
    ],
    allow=("无法轮换",),
)
# Words long enough for first letters of pinyin, and for letters parted by whatever stands between.
LONG = Lexicon(
    [
        Entry("冰毒大麻", "drugs", "block"),
        Entry("法轮功卖", "cult", "mask"),
        Entry("大麻换", "drugs", "mask"),
    ]
)
_PARTS = [
    *"法轮功冰毒大麻很烦袋卖无换买輪ｈß㎏ﬁ", *"heroinpbuysw10", *" .。，*-\n\u200b\u0301🙂\ud83d",
    "fa", "lun", "gong", "bing", "du", "sure win", "heroin", "法轮功", "大麻烦", "无法轮换", "    ", "冰d大m", "f轮功m",
    "冰。毒", "大，麻", "大m换",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(_PARTS), max_size=24).map("".join)


def stream(lexicon, pieces):
    """Return the released texts of the pieces and of the end, the findings, and whether it was blocked."""
    running = LexiconStream(lexicon)
    released = [*(running.push(piece) for piece in pieces), running.close()]
    return (
        [one.text for one in released],
        [found for one in released for found in one.findings],
        released[-1].blocked,
    )


@pytest.mark.parametrize("lexicon", [LINES, LONG], ids=["lines", "long"])
@given(text=TEXTS, lengths=st.lists(st.integers(1, 7), min_size=1))
@settings(max_examples=500, deadline=None)
def test_every_cutting_releases_the_masked_text_up_to_the_first_block(lexicon, text, lengths):
    pieces = []
    at = 0
    while at < len(text):
        pieces.append(text[at : at + lengths[len(pieces) % len(lengths)]])
        at += len(pieces[-1])
    texts, findings, blocked = stream(lexicon, pieces)
    whole = [hit.finding for hit in lexicon.read(text).hits]
    end = next((found.start for found in whole if found.action == "block"), len(text))
    assert "".join(texts) == masked(text[:end], [(one.start, one.end) for one in whole if one.action == "mask"])
    assert blocked == any(found.action == "block" for found in whole)
    if not blocked:
        assert findings == lexicon.find(text)


@given(
    TEXTS,
    TEXTS,
    st.sampled_from(["冰。毒，大🙂麻", "冰d大m", "b毒大麻", "b1ngdudama", "冰 、毒 大-麻"]),
    st.integers(1, 5),
)
@settings(max_examples=150, deadline=None)
def test_a_word_in_mixed_spelling_never_leaves(before, after, word, length):
    text = f"{before} {word} {after}"
    texts, _findings, blocked = stream(LONG, [text[at : at + length] for at in range(0, len(text), length)])
    assert blocked
    assert len("".join(texts)) <= len(before) + 1


@given(TEXTS, TEXTS, st.sampled_from(["法轮功", "法 輪 功", "fa lun 功", "冰\u200b毒", "ｈeroin"]), st.integers(1, 5))
@settings(max_examples=150, deadline=None)
def test_a_blocked_word_never_leaves(before, after, word, length):
    text = f"{before} {word} {after}"
    texts, _findings, blocked = stream(LINES, [text[at : at + length] for at in range(0, len(text), length)])
    assert blocked
    released = "".join(texts)
    assert len(released) <= len(before) + 1
    # A word put together over what was masked is none: its middle does not stand there. Nor is one that the mask parts
    # from the letters before or after it (winfa轮功 with "in" masked).
    # A word to mask may be none because of what comes behind it; one that the whole text masks never leaves either.
    to_mask = {(found.start, found.end) for found in LINES.find(text) if found.action == "mask"}
    left = [found for found in LINES.find(released) if found.action == "mask"]
    assert not to_mask & {(found.start, found.end) for found in left}
    words = [found for found in LINES.find(released) if found.action == "block"]
    assert all("*" in released[max(0, found.start - 1) : found.end + 1] for found in words)


def test_only_the_beginning_of_a_word_is_held_back():
    texts, _findings, _blocked = stream(LINES, ["今天法", "轮", "到他了", "，he", "r name"])
    assert texts == ["今天", "", "**到他了", "，", "her name", ""]


def test_a_latin_word_waits_for_its_end_and_a_longer_one_goes():
    lines = Lexicon([Entry("heroin", "drugs", "block")])
    assert stream(lines, ["the ", "heroin", "e ran"])[0] == ["the ", "", "heroine ran", ""]
    assert stream(lines, ["the ", "heroin", " ran"])[2]


def test_a_context_rule_waits_for_its_letters_and_no_longer():
    assert stream(LINES, ["a pot", " of te", "a x"])[0] == ["a ", "", "pot of tea x", ""]
    assert stream(LINES, ["a pot", " to buy"])[0] == ["a ", "*** to buy", ""]


def test_an_allowed_phrase_waits_for_its_rest():
    assert stream(LINES, ["很大麻", "烦"])[0] == ["很", "大麻烦", ""]
    assert stream(LINES, ["很大麻", "叶"])[0] == ["很", "**叶", ""]


def test_a_mark_that_comes_in_a_later_piece_still_belongs_to_the_word():
    texts, findings, blocked = stream(LINES, ["he", "\u0301", "ro", "\u200b", "i", "n", "."])
    assert "".join(texts) == ""
    assert blocked
    assert (findings[0].start, findings[0].end) == (0, 8)


def test_after_a_block_nothing_leaves():
    running = LexiconStream(LINES)
    assert running.push("说冰毒").text == "说"
    assert running.blocked
    assert running.push("更多") == running.close()
    assert running.push("更多").text == ""


def test_positions_count_characters_of_the_whole_text():
    _texts, findings, _blocked = stream(LINES, ["一二三", "大", "麻四大", "麻"])
    assert [(found.start, found.end) for found in findings] == [(3, 5), (6, 8)]
