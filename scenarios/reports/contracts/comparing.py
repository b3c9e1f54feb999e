"""A clause against the wording of the standard: sentence against sentence, word against word."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final, Literal

from .text import Clause, Line

_SENTENCE: Final = re.compile(r"(?<=[。；;])|(?<=[.!?])\s+(?=[A-Z(])|\n")
_TOKEN: Final = re.compile(r"\{[a-z_]+\}|[A-Za-z]+(?:'[a-z]+)?|\d+(?:[.,]\d+)*%?|[\u4e00-\u9fff]|[%％]")
_HEAD: Final = re.compile(r"^(?:\d{1,2}[.．]\d{1,2}(?:[.．]\d{1,2})?|[（(]?[一二三四五六七八九十\d]{1,2}[)）.、])\s*")
_LIKE: Final = 0.55
_LONGEST: Final = 1000
"""Of a longer sentence only the words are compared: slots could be tried for too long."""
_SLOT: Final = re.compile(r"\{[a-z_]+\}")


@dataclass(frozen=True)
class Difference:
    """A sentence that is not as the standard has it; `〔-…-〕` marks what is left out, `〔+…+〕` what is added."""

    kind: Literal["changed", "omitted", "added"]
    standard: str
    standard_marked: str
    contract: str
    contract_marked: str
    line: Line | None
    weighty: bool


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int


def differences(wording: str, clause: Clause, weighty: Sequence[str]) -> list[Difference]:
    """Return how a clause differs from the standard's wording, in the standard's order; additions come last."""
    theirs = _sentences(clause)
    used: set[int] = set()
    found: list[Difference] = []
    for sentence in filter(None, map(str.strip, _SENTENCE.split(wording))):
        best, at = _nearest(sentence, [text for text, _line in theirs], used)
        if best < _LIKE:
            found.append(Difference("omitted", sentence, f"〔-{sentence}-〕", "", "", None, weighty=True))
            continue
        used.add(at)
        text, line = theirs[at]
        difference = _compared(sentence, text, line, weighty)
        if difference is not None:
            found.append(difference)
    for at, (text, line) in enumerate(theirs):
        if at not in used and len(_tokens(text)) > 3:
            found.append(Difference("added", "", "", text, f"〔+{text}+〕", line, _weighs(text, weighty)))
    return found


def _sentences(clause: Clause) -> list[tuple[str, Line]]:
    """Return the sentences of a clause without its number and title."""
    found = []
    for position, line in enumerate(clause.lines):
        text = line.text
        if position == 0:
            text = text.removeprefix(clause.printed).lstrip(" 、:：.．\t")
            text = text.removeprefix(clause.title).lstrip(" :：.．。\t\n")
        text = _HEAD.sub("", text)
        found += [(part.strip(), line) for part in _SENTENCE.split(text) if part.strip()]
    return found


def _nearest(sentence: str, theirs: Sequence[str], used: set[int]) -> tuple[float, int]:
    own = [token.text for token in _tokens(sentence) if not _SLOT.fullmatch(token.text)]
    best, where = 0.0, -1
    for at, text in enumerate(theirs):
        if at in used:
            continue
        matcher = SequenceMatcher(None, own, [token.text for token in _tokens(text)], autojunk=False)
        if matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
            best, where = ratio, at
    return best, where


def _compared(sentence: str, text: str, line: Line, weighty: Sequence[str]) -> Difference | None:
    if len(text) <= _LONGEST and _pattern(sentence).fullmatch(_joined(text)):
        return None
    own, theirs = _tokens(sentence), _tokens(text)
    cuts: list[tuple[int, int]] = []
    additions: list[tuple[int, int]] = []
    matcher = SequenceMatcher(None, [one.text for one in own], [one.text for one in theirs], autojunk=False)
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            continue
        beside_slot = any(_SLOT.fullmatch(one.text) for one in own[max(0, i1 - 1) : i2 + 1])
        words = [one for one in own[i1:i2] if not _SLOT.fullmatch(one.text)]
        if beside_slot and not words:
            continue
        if i2 > i1:
            cuts.append((own[i1].start, own[i2 - 1].end))
        if j2 > j1:
            additions.append((theirs[j1].start, theirs[j2 - 1].end))
    if not cuts and not additions:
        return None
    changed = [*(sentence[a:b] for a, b in cuts), *(text[a:b] for a, b in additions)]
    return Difference(
        "changed",
        sentence,
        _marked(sentence, cuts, "-"),
        text,
        _marked(text, additions, "+"),
        line,
        any(_weighs(part, weighty) for part in changed),
    )


def _weighs(text: str, weighty: Sequence[str]) -> bool:
    lowered = text.lower()
    return any(
        re.search(rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word), lowered) for word in weighty
    ) or (re.search(r"\d", text) is not None)


def _marked(text: str, spans: Sequence[tuple[int, int]], sign: str) -> str:
    for start, end in reversed(spans):
        text = f"{text[:start]}〔{sign}{text[start:end]}{sign}〕{text[end:]}"
    return text


def _joined(text: str) -> str:
    return "".join(token.text for token in _tokens(text))


@lru_cache(maxsize=512)
def _pattern(sentence: str) -> re.Pattern[str]:
    parts = [".{1,200}?" if _SLOT.fullmatch(one.text) else re.escape(one.text) for one in _tokens(sentence)]
    return re.compile("".join(parts))


def _tokens(text: str) -> list[_Token]:
    """Return words, numbers and Chinese characters; punctuation makes no difference."""
    same_length = "".join(
        folded if len(folded := unicodedata.normalize("NFKC", char)) == 1 else char for char in text
    ).lower()
    return [_Token(found.group(), found.start(), found.end()) for found in _TOKEN.finditer(same_length)]
