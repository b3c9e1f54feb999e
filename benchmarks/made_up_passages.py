"""Passages that look like a bank's rules to an index: made-up words, Zipf-distributed, in Chinese and English.

Vectors are mixtures of real sentence embeddings with noise, since embedding a million passages takes hours; they crowd
together as real ones do, which is what an approximate index finds hard.
"""

import random
from collections.abc import Iterator
from itertools import accumulate

import numpy

from appliance.core.protocols import Embedder, Vectors
from appliance.knowledge.language.terms import Matchable, pairs
from appliance.knowledge.search.index import StoredPassage, StoredSentence

_CHARACTERS = (
    "账户存贷款利率费用卡证件客户经理审批流程合同期限还清信用风险评级抵押担保支付结算汇兑理财基金保险外币柜台密码"
    "签约授权印章凭条票据贴现承兑保函托管清算对公零售网点机具设备安全监控稽核合规反洗钱培训考勤差旅采购供应商预算"
    "报销税务报表年报季度分行支行总部部门岗位职责权限变更注销开立冻结解付挂失补办限额汇总明细登记备案检查整改通报"
)
_ONSETS = ("b", "c", "cl", "d", "f", "g", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "tr", "v")
_RHYMES = ("a", "al", "an", "e", "en", "er", "i", "in", "o", "on", "or", "u", "un")
_WORDS = 60_000  # of each language
_SENTENCES, _CHINESE_WORDS, _ENGLISH_WORDS = 6, 18, 14  # sentences a passage, words a sentence
_POOL = 150  # embedded sentences of each language
_NOISE = 0.25  # length of the noise against a unit vector
PASSAGES_A_VERSION = 200


class Maker:
    """Makes passages and questions; the same seed gives the same ones."""

    def __init__(self, embedder: Embedder, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._numbers = numpy.random.default_rng(seed)
        self._words = {"zh": self._chinese_words(), "en": self._english_words()}
        self._weights = list(accumulate(1 / (rank + 10) for rank in range(_WORDS)))
        self._pool = {
            language: embedder.embed([self._sentence(language)[0] for _ in range(_POOL)], "passage")
            for language in ("zh", "en")
        }

    def _chinese_words(self) -> list[str]:
        made: dict[str, None] = {}
        while len(made) < _WORDS:
            made["".join(self._random.choices(_CHARACTERS, k=self._random.choice((2, 2, 2, 3, 4))))] = None
        return list(made)

    def _english_words(self) -> list[str]:
        made: dict[str, None] = {}
        while len(made) < _WORDS:
            syllables = range(self._random.choice((2, 2, 3)))
            made["".join(self._random.choice(_ONSETS) + self._random.choice(_RHYMES) for _ in syllables)] = None
        return list(made)

    def _sentence(self, language: str) -> tuple[str, list[str]]:
        """Return a sentence and its terms."""
        count = _CHINESE_WORDS if language == "zh" else _ENGLISH_WORDS
        words = self._random.choices(self._words[language], cum_weights=self._weights, k=count)
        if language == "en":
            return " ".join(words) + ".", words
        text = "".join(words)
        return text + "。", words + [pair for pair in pairs(text) if pair not in words]

    def _vectors(self, language: str, count: int) -> Vectors:
        """Return unit vectors near mixtures of two real ones."""
        pool = self._pool[language]
        one, other = (pool[self._numbers.integers(len(pool), size=count)] for _ in range(2))
        noise = self._numbers.standard_normal((count, pool.shape[1]), dtype=numpy.float32)
        mixed = one + self._numbers.random((count, 1), dtype=numpy.float32) * other
        mixed += _NOISE * noise / numpy.sqrt(numpy.float32(pool.shape[1]))
        return numpy.asarray(mixed / numpy.linalg.norm(mixed, axis=1, keepdims=True), numpy.float32)

    def question(self, passage: StoredPassage) -> str:
        """Return a question about a passage: some words of one of its sentences."""
        sentence = self._random.choice(passage.sentences)
        quote = passage.quote(sentence)
        if passage.language == "zh":
            at = self._random.randrange(max(1, len(quote) - 16))
            return quote[at : at + 14] + "是多少？"
        words = quote.rstrip(".").split()
        at = self._random.randrange(max(1, len(words) - 6))
        return f"What is the {' '.join(words[at : at + 6])}?"

    def version(self, version: int, passages: int = PASSAGES_A_VERSION) -> list[StoredPassage]:
        """Return the passages of one document's version, two thirds of the versions in Chinese."""
        language = "en" if version % 3 == 0 else "zh"
        vectors = self._vectors(language, passages * _SENTENCES).reshape(passages, _SENTENCES, -1)
        return list(self._passages(version, language, vectors))

    def _passages(self, version: int, language: str, vectors: Vectors) -> Iterator[StoredPassage]:
        title = self._sentence(language)[0][:20]
        context = Matchable.of(title)
        start = 0
        for number in range(len(vectors)):
            text, terms, sentences = "", [], []
            for _ in range(_SENTENCES):
                words, more = self._sentence(language)
                stems = frozenset(more if language == "en" else ())
                sentences.append(
                    StoredSentence(
                        start + len(text), start + len(text) + len(words), folded=words, stems=stems, language=language
                    )
                )
                text += words + (" " if language == "en" else "")
                terms.extend(more)
            yield StoredPassage(
                id=f"{version}-{number}", version=version, document=f"{version}.pdf", title=title, language=language,
                page=number // 3 + 1, headings=(title,), text=text, start=start, terms=" ".join(terms),
                context=context, sentences=tuple(sentences), vectors=vectors[number],
            )  # fmt: skip
            start += len(text) + 1
