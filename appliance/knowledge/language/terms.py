"""Words to look for: Chinese by dictionary and character pairs, English lightly stemmed, numbers made alike."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Protocol, cast

import rjieba
from opencc_purepy import OpenCC

_TOKEN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|\d+(?:[.:]\d+)*%?|[^\W\d_\u3400-\u9fff]+(?:['’][a-z]+)?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_CHINESE_NUMBER = re.compile(
    "([零〇一二两三四五六七八九十百千]+)(?=[万亿]|个|年|月|日|天|元|次|名|位|小时|分钟|倍|级|条|章|周|岁|笔|张|份|家|期|档|类)"
)
_PERIOD = re.compile("((?<=\\d)(?:年|个月|天))期(?!限)")  # 三年期 and 三年 are one
_TEN_THOUSANDS = re.compile(r"(\d+(?:\.\d+)?)万")  # 5万 is the 50,000 of an English text
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000}
_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30", "sixty": "60",
    "ninety": "90", "hundred": "100",
}  # fmt: skip


_BESIDE_CHINESE = re.compile(r"(?<=[\u3400-\u9fff])\s+|\s+(?=[\u3400-\u9fff])")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _to_simplified() -> _Converter:
    return cast("_Converter", OpenCC("t2s"))


def _arabic(match: re.Match[str]) -> str:
    """Return a Chinese number below ten thousand in digits; 一 alone too."""
    total, digit = 0, 0
    text = match.group(1)
    if len(text) > 1 and not any(char in _SCALES for char in text):
        return "".join(str(_DIGITS[char]) for char in text)  # 二〇二六
    for char in text:
        if char in _SCALES:
            total += (digit or 1) * _SCALES[char]
            digit = 0
        else:
            digit = _DIGITS[char]
    return str(total + digit)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return `text` in half width, lower case, simplified characters, thousands without commas, numbers in digits."""
    text = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).lower())
    if any(char > "\u2e80" for char in text):
        text = _to_simplified().convert(text)
        text = _PERIOD.sub(r"\1", _CHINESE_NUMBER.sub(_arabic, text))
        text = _TEN_THOUSANDS.sub(lambda match: f"{float(match.group(1)) * 10_000:.0f}", text)
    return text


def stem(word: str) -> str:
    """Return an English word without its plural, -ing or -ed ending; enough to match, not a dictionary form."""
    word = re.sub(r"['’]s?$", "", word)
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and re.search(r"(?:ss|sh|ch|x|z)es$", word):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        base = word[: -len(ending)]
        if word.endswith(ending) and len(base) >= 3 and re.search(r"[aeiouy]", base):
            if base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            return base.removesuffix("e")
    return word.removesuffix("e") if len(word) > 4 else word


def _is_chinese(token: str) -> bool:
    return "\u3400" <= token[0] <= "\u9fff"


def _plain(token: str) -> tuple[str, str]:
    """Return (kind, term) for a token that is not Chinese."""
    if token[0].isdigit():
        return "number", token
    number = _NUMBER_WORDS.get(token)
    return ("number", number) if number else ("en", stem(token))


def words(text: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, term) for each word of `text`, kind `zh`, `en` or `number`; terms are folded and stemmed."""
    for token in _TOKEN.findall(fold(text)):
        if _is_chinese(token):
            for word in rjieba.cut(token):
                yield "zh", word
        else:
            yield _plain(token)


def pairs(word: str) -> list[str]:
    """Return the character pairs of a Chinese word; the word itself where it has one character."""
    return [word[at : at + 2] for at in range(len(word) - 1)] or [word]


def index_terms(text: str) -> list[str]:
    """Return what full-text search matches `text` by: words, and pairs of neighbouring Chinese characters."""
    found = [term for _kind, term in words(text)]
    singles = set(found)  # a two-character word is its own pair: count it once
    for run in _TOKEN.findall(fold(text)):
        if _is_chinese(run) and len(run) > 1:
            found.extend(pair for pair in pairs(run) if pair not in singles)
    return found


@dataclass(frozen=True)
class Matchable:
    """A text made ready for matching: folded, without blanks beside Chinese; and its English stems and numbers."""

    folded: str
    stems: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "Matchable":
        """Make `text` ready."""
        folded = fold(text)
        stems = frozenset(_plain(token)[1] for token in _TOKEN.findall(folded) if not _is_chinese(token))
        return cls(_BESIDE_CHINESE.sub("", folded), stems)
