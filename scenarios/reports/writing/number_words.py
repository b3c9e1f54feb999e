"""Numbers in English words, such as twenty-five or three hundred."""

import re
from typing import Final

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES: Final = {
    **{word: float(at) for at, word in enumerate(_ONES)},
    **{word: 10.0 * at for at, word in enumerate(_TENS, start=2)},
    "dozen": 12.0,
}
_SCALES: Final = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_WORD: Final = "|".join(sorted([*_VALUES, *_SCALES], key=len, reverse=True))
PATTERN: Final = re.compile(
    rf"(?<![\w-])(?<!within )(?:{_WORD})(?:(?:\s+and\s+|[\s-]+)(?:{_WORD}))*(?![\w-])"
    r"(?P<percent>\s*(?:%|per ?cent\b))?",
    re.IGNORECASE,
)
_NOUN: Final = re.compile(
    r"\s+(?:\w+\s+)?(?:banks?|borrowers?|branch|cases?|checks?|clients?|compan\w+|contracts?|courts?|customers?|days?|documents?"
    r"|employees?|figures?|files?|findings?|funds?|guarantees?|lawsuits?|lenders?|loans?|matters?|months?|owners?"
    r"|payments?|people|person|points?|quarters?|shareholders?|subsidiar\w+|suppliers?|times?|warnings?|weeks?|years?)\b",
    re.IGNORECASE,
)


def value_of(match: re.Match[str], text: str) -> float | None:
    """Return what a match of `PATTERN` says; None where it is no number, such as a pronoun or CNY million."""
    words = re.findall(r"[a-z]+", match[0].partition("%")[0].lower())
    words = [word for word in words if word in _VALUES or word in _SCALES]
    if len(words) == 1 and words[0] in ("one", "zero") and not (match["percent"] or _NOUN.match(text, match.end())):
        return None
    if all(word in _SCALES for word in words):
        return None  # CNY million is a unit
    total, part = 0.0, 0.0
    for word in words:
        if word in _VALUES:
            part += _VALUES[word]
        elif word == "hundred":
            part = (part or 1.0) * 100.0
        else:
            total, part = total + (part or 1.0) * _SCALES[word], 0.0
    return total + part
