"""Clauses of articles, letters and notes: a sentence with values in braces, found in running text.

`公司注册资本为{value}` finds the amount behind these words; `…` stands for up to 30 characters of the same sentence.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from .numerals import CHARACTERS

LONGEST: Final = 1500
"""Characters of a paragraph that are looked at."""
_AMOUNT: Final = (
    r"(?:(?:人民币|RMB|CNY|USD|HKD|EUR|美元)\s*)?(?:[（(]大写[）)]\s*[:：]?\s*)?[￥¥]?\s*(?:\d[\d,，]*(?:\.\d+)?\s*(?:百万|千万|亿|万|千)?(?:美元|港元|元|圆)?"
    r"(?:\s*(?:million|billion|thousand|yuan))?|["
    + CHARACTERS
    + r"]{1,24}[元圆](?:["
    + CHARACTERS
    + r"角分]{1,6})?[整正]?)"
)
_PATTERNS: Final = {
    "money": _AMOUNT,
    "share": rf"(?:\d+(?:\.\d+)?\s*(?:[%％]|per ?cent)|百分之[{CHARACTERS}]+(?:点[{CHARACTERS}]+)?)",
    "day": r"(?:\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}日?|"
    r"[二一][〇○零一二三四五六七八九]{3}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日|"
    r"\d{1,2} [A-Z][a-z]{2,8},? \d{4}|[A-Z][a-z]{2,8} \d{1,2}, \d{4})",
    "count": rf"(?:\d[\d,]*|[{CHARACTERS}]{{1,8}})",
    "months": r"(?:\d{1,3}\s*(?:个月|月|年|months?|years?)|[一二三四五六七八九十两壹贰叁肆伍]{1,3}(?:个月|年))",
    "year": r"(?:19|20)\d\d",
    "code": r"[0-9A-Z]{6,30}",
    "name": r"[^\s，,。；;：:、“”\"]{2,40}(?: (?:[A-Z][A-Za-z&,()'-]*(?:\.(?= ?[a-z,]))?|of|and|&)){0,7}",
    "text": r"[^。；;\n]{1,600}",
    "sentence": r"[^。\n]{1,600}",
}


@lru_cache(maxsize=2000)
def clause_pattern(clause: str, types: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """Return the pattern of a clause; `types` are the types of its placeholders."""
    kinds = dict(types)
    parts = []
    for part in re.split(r"(\{\w+\}|…)", clause):
        if part == "…":
            parts.append(r"[^。；;\n]{0,30}?")
        elif part.startswith("{") and part[1:-1] in kinds:
            pattern = _PATTERNS[kinds[part[1:-1]]]
            free = kinds[part[1:-1]] != "name"  # an English name ends where words in small letters begin
            parts.append(rf"(?P<{part[1:-1]}>{f'(?i:{pattern})' if free else pattern})")
        else:
            parts.append(f"(?i:{_flexible(part)})")
    return re.compile("".join(parts))


def matches(text: str, clauses: tuple[str, ...], types: Mapping[str, str]) -> Iterator[tuple[dict[str, str], str]]:
    """Yield the values of every clause found in a paragraph, and the words found; no place is read twice."""
    line = re.sub(r"(?<=[\u4e00-\u9fff])[ \t]+(?=[\u4e00-\u9fff\d])", "", text[:LONGEST])
    taken: list[tuple[int, int]] = []
    order = tuple(types.items())
    lowered = line.lower()
    for clause in clauses:
        if any(word not in lowered for word in _words(clause)):
            continue
        for match in clause_pattern(clause, order).finditer(line):
            start, end = match.span()
            if all(end <= left or start >= right for left, right in taken):
                taken.append((start, end))
                yield {name: value for name, value in match.groupdict().items() if value}, match.group()


@lru_cache(maxsize=2000)
def _words(clause: str) -> tuple[str, ...]:
    """Return words that a paragraph must hold for a clause to be in it: a quick look before the pattern's."""
    return tuple(
        word.lower() for part in re.split(r"\{\w+\}|…", clause) for word in re.split(r"[\s：:]+", part) if word
    )


class Budget:
    """How much text of one paper is searched for clauses, so that a hostile one takes seconds and not hours."""

    def __init__(self, characters: int = 120_000) -> None:
        self._left = characters

    def allows(self, text: str) -> bool:
        """Say whether a paragraph is still searched, and count it."""
        self._left -= min(len(text), LONGEST)
        return self._left > 0


def _flexible(part: str) -> str:
    """Return the pattern of plain words: any spaces, half or full width of a colon."""
    pattern = r"\s*".join(re.escape(word) for word in part.split()) if part.strip() else ""
    lead = r"\s*" if part[:1].isspace() else ""
    tail = r"\s*" if part[-1:].isspace() else ""
    return lead + pattern.replace("：", r"\s*[：:]\s*").replace(r"\:", r"\s*[：:]\s*") + tail
