"""The words of a turn, hashed: what the classifier sees besides the embedding."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

import numpy
from numpy.typing import NDArray
from pypinyin import lazy_pinyin

BUCKETS = 2048
MOST_CHARACTERS = 2000
"""What follows in a turn is not read: nobody says more without naming what they want."""
_TERM = re.compile(r"[\u4e00-\u9fff]|[^\W\d_]+|\d+")


def buckets_of(text: str) -> NDArray[numpy.intp]:
    """Return, in order and once each, the buckets of the words and pairs of words of a text.

    A Chinese character is a word, which goes by its sound in pairs: speech recognition mistakes words for others of the
    same sound. All numbers are one word; case does not count.
    """
    found = _TERM.findall(text[:MOST_CHARACTERS].lower().replace("'", "").replace("’", ""))
    words = ["#" if word[0].isdigit() else word for word in found]
    terms = [*words, *map(" ".join, pairwise(map(_sound, words)))]
    return numpy.array(sorted({crc32(term.encode()) % BUCKETS for term in terms}), numpy.intp)


def hashed(texts: Sequence[str]) -> NDArray[numpy.float32]:
    """Return float32 of shape (len(texts), BUCKETS), 1 for each bucket that a text has."""
    rows = numpy.zeros((len(texts), BUCKETS), numpy.float32)
    for row, text in zip(rows, texts, strict=True):
        row[buckets_of(text)] = 1.0
    return rows


@lru_cache(maxsize=10_000)
def _sound(word: str) -> str:
    """Return the syllable of a Chinese character without its tone; any other word as it is."""
    return lazy_pinyin(word)[0] if "\u4e00" <= word[0] <= "\u9fff" else word
