"""What a classifier sees of a window besides its embedding: hashed words, and which rules speak about it."""

import re
from collections.abc import Sequence
from itertools import pairwise
from zlib import crc32

import numpy
from numpy.typing import NDArray

from appliance.guardrails.classify.folding import fold
from appliance.guardrails.classify.rules import RuleSet
from appliance.guardrails.verdict import Stage

BUCKETS = 2048
Numbers = NDArray[numpy.float32]
_WORDS = re.compile(r"[\u4e00-\u9fff]|[^\W\d_]+(?:'[a-z]+)?|\d+")


def hashed_words(text: str) -> Numbers:
    """Return float32 of shape (BUCKETS,): words and pairs of words of the folded text, of length 1, or zeros.

    A Chinese character is a word, all numbers are one word.
    """
    words = ["#" if word[0].isdigit() else word for word in _WORDS.findall(text)]
    row = numpy.zeros(BUCKETS, numpy.float32)
    for term in (*(word for word in words if not _is_han(word)), *map(" ".join, pairwise(words))):
        row[crc32(term.encode()) % BUCKETS] = 1.0
    length = float(numpy.linalg.norm(row))
    return row / length if length else row


def dense_rows(texts: Sequence[str], rules: RuleSet, stage: Stage) -> Numbers:
    """Return float32 of shape (texts, BUCKETS + rules): `hashed_words`, then 1 for each rule that hits."""
    rows = numpy.zeros((len(texts), BUCKETS + len(rules.rules)), numpy.float32)
    places = {rule.path: BUCKETS + at for at, rule in enumerate(rules.rules)}
    for row, text in zip(rows, texts, strict=True):
        folded = fold(text)
        row[:BUCKETS] = hashed_words(folded.text)
        for hit in rules.find(folded, stage):
            row[places[hit.rule.path]] = 1.0
    return rows


def _is_han(word: str) -> bool:
    return "\u4e00" <= word[0] <= "\u9fff"
