"""Where the letters of a word stand apart in the text: is that one word spelled out, or honest text that meets?

A gap is what stands between two letters of a match, as marks (folding.py), hidden ones left out. Rules, all needed to
keep 很大麻烦, 。-parted sentences and English phrases from joining:
- No gap is longer than `LONGEST`.
- A gap at a break that the lexicon itself has ("guaranteed return", the syllables of pinyin) may be anything but
  the end of a sentence.
- Every letter stands apart by the same gap: joined from three characters on, four Latin letters, whatever the gap is.
- Every letter stands apart, by whatever gaps: joined from four letters on, six Latin ones.
- One pause (，、/ a quotation mark) in a word of five characters or more parts nothing.
- Chinese characters may be parted by blanks and signs; not by pauses, ends of sentences or lines. Of two characters
  parted by a blank, neither may belong to a word beside it (很大 麻烦; but 买冰 毒吗).
- Latin letters are joined where each stands apart, or across one sign in a word of at least five letters (her*oin).
"""

import re
from collections.abc import Sequence
from typing import Literal

import rjieba

from appliance.guardrails.lexicon.folding import (
    DOT,
    HARD,
    HIDDEN,
    NEWLINE,
    PAUSE,
    SPACE,
    STOP,
    SYMBOL,
    Folded,
    is_wordlike,
)

LONGEST = 3
_LEAST_UNIFORM = 3
_LEAST_SPELLED = 4
_LEAST_APART, _LEAST_APART_LATIN = 4, 6
_LEAST_PAUSED = 5
_LEAST_SIGNED = 5
_TOO_LONG = re.compile(f"(?:{HIDDEN}*[{SPACE}-{NEWLINE}]){{{LONGEST + 1}}}")
_HARD = frozenset(HARD)

Joined = Literal["yes", "no", "apart"]
"""`apart`: yes where `stand_apart` says so."""

REACH = 3
"""Letters to each side of a character in which the word that it belongs to is looked for."""


def gaps_of(aligned: str, places: Sequence[int]) -> list[tuple[int, str]]:
    """Return the gaps between letters at `places`: (how many letters stand before it, its marks)."""
    found = []
    for count in range(1, len(places)):
        if places[count] - places[count - 1] > 1:
            gap = aligned[places[count - 1] + 1 : places[count]].replace(HIDDEN, "")
            if gap:
                found.append((count, gap))
    return found


def joined(key: str, breaks: frozenset[int], gaps: Sequence[tuple[int, str]]) -> Joined:
    """Decide whether the letters of `key`, with these gaps between them in the text, are one word."""
    if any(len(gap) > LONGEST for _at, gap in gaps):
        return "no"
    if is_uniform(len(key), gaps) and len(key) >= (_LEAST_SPELLED if is_wordlike(key[0]) else _LEAST_UNIFORM):
        return "yes"
    if len(gaps) == len(key) - 1 and len(key) >= (_LEAST_APART_LATIN if is_wordlike(key[0]) else _LEAST_APART):
        return "yes"
    if len(gaps) == 1 and gaps[0][1] == PAUSE and len(key) >= _LEAST_PAUSED and not any(map(is_wordlike, key)):
        return "yes"
    inside: list[str] = []
    apart = False
    for at, gap in gaps:
        if at in breaks:
            if STOP in gap or DOT + SPACE in gap or DOT + NEWLINE in gap:
                return "no"
        elif not _HARD.isdisjoint(gap):
            return "no"
        elif is_wordlike(key[at - 1]) and is_wordlike(key[at]):
            inside.append(gap)
        else:
            apart = apart or (len(key) == 2 and SPACE in gap)
    if inside and not _spelled(key, breaks, inside):
        return "no"
    return "apart" if apart else "yes"


def is_uniform(letters: int, gaps: Sequence[tuple[int, str]]) -> bool:
    """Tell whether every letter stands apart by the same gap."""
    return len(gaps) == letters - 1 and len({gap for _at, gap in gaps}) == 1


def _spelled(key: str, breaks: frozenset[int], inside: Sequence[str]) -> bool:
    within = sum(is_wordlike(key[at - 1]) and is_wordlike(key[at]) for at in range(1, len(key)) if at not in breaks)
    if len(inside) == within and len(key) >= _LEAST_SPELLED:
        return True
    return len(inside) == 1 and inside[0] in (SYMBOL, DOT) and len(key) >= _LEAST_SIGNED


def may_join(folded: Folded, start: int) -> bool:
    """Tell whether the letters from `start` on, which begin some word, may turn out to be one with what follows."""
    places = folded.places[start:]
    if len(folded.aligned) - places[0] == len(places):
        return True  # nothing stands between them
    if _TOO_LONG.search(folded.aligned, places[0]):
        return False
    if STOP not in folded.aligned[places[0] :]:
        return True
    gaps = gaps_of(folded.aligned, places)
    if len(gaps) == len(places) - 1:
        return True  # every letter stands apart
    ending = folded.aligned[places[-1] :]
    return STOP not in ending and all(STOP not in gap for _at, gap in gaps)


def stand_apart(folded: Folded, start: int, end: int, final: bool) -> bool | None:
    """Tell whether the first and the last letter of a match are words by themselves, each in its run of letters.

    None where that depends on text still to come.
    """
    left = _run(folded, start, -1)
    right = _run(folded, end - 1, 1)
    if len(left) > 1 and len(rjieba.cut(left, False)[-1]) > 1:
        return False
    if not final and len(right) <= REACH and end - 1 + len(right) == len(folded.places) and _is_open(folded):
        return None
    return len(right) == 1 or len(rjieba.cut(right, False)[0]) == 1


def _run(folded: Folded, letter: int, step: int) -> str:
    """Return a letter with up to `REACH` that stand directly before (-1) or after (1) it."""
    places, aligned = folded.places, folded.aligned
    at = letter
    while 0 <= at + step < len(places) and abs(at - letter) < REACH:
        low, high = sorted((places[at], places[at + step]))
        if aligned[low + 1 : high].strip(HIDDEN):
            break
        at += step
    return folded.skeleton[min(at, letter) : max(at, letter) + 1]


def _is_open(folded: Folded) -> bool:
    """Tell whether the next character may stand directly after the last letter."""
    return not folded.aligned[folded.places[-1] + 1 :].strip(HIDDEN)
