"""Cuts a text into words: each Chinese character, word of another script, number, and end of a sentence."""

import re
from typing import NamedTuple

END = "."
"""Stands for every end of a sentence; no phrase reaches over it."""
MAX_WORDS = 5_000
"""Of one turn; what comes behind is not read. Nobody speaks for twenty minutes without a break."""

_NUMERALS = frozenset("零〇一二两三四五六七八九十百千万亿半点")
_NUMBERS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million
"""
_SPOKEN = frozenset(_NUMBERS.split())
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | str.maketrans("’【】", "'[]")
_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇"
_TOKEN = re.compile(rf"[{_CHINESE}]|\d+(?:[.,]\d+)*|[^\W\d_{_CHINESE}]+(?:'[^\W\d_{_CHINESE}]+)*|(?P<end>[.!?。;\n])|%")


class Tokens(NamedTuple):
    """The words of a text in lower case, and where each begins and ends in it."""

    words: list[str]
    starts: list[int]
    ends: list[int]


def narrow(text: str) -> str:
    """Return the text with full-width letters, digits and signs as ASCII, character by character."""
    return text.translate(_WIDE)


def tokens_of(text: str) -> Tokens:
    """Cut a text; commas, quotation marks and spaces are left out."""
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for found in _TOKEN.finditer(narrow(text)):
        if len(words) == MAX_WORDS:
            break
        words.append(END if found.lastgroup else found[0].lower())
        starts.append(found.start())
        ends.append(found.end())
    return Tokens(words, starts, ends)


def is_number(word: str) -> bool:
    """Tell whether a word is digits, a Chinese numeral or an English one."""
    return word in _NUMERALS or word in _SPOKEN or word[0].isdigit()
