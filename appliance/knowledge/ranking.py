"""Hybrid search: full text and vectors, fused by rank, then each sentence weighed against the question."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from appliance.core.protocols import Vectors
from appliance.knowledge.amounts import fits_ranges
from appliance.knowledge.index import BaseIndex, StoredPassage, StoredSentence
from appliance.knowledge.questions import Concept, Question
from appliance.knowledge.terms import fold, pairs, words
from appliance.knowledge.text import Language, language_of

_DEPTH = 32  # candidates that each of the two searches gives
_RRF = 60.0  # the usual constant of reciprocal rank fusion
_RESCORED = 20  # passages whose sentences are weighed
_PART_OF_WORD = 0.7
_IN_CONTEXT = 0.85  # what a concept counts that only the headings name
_IN_PASSAGE = 0.5  # … or only the neighbouring sentences
_UNKNOWN = 0.4  # … or whose spelling in the sentence's language is not known
_SMALLEST_DEVIATION = 0.01
# Mean and deviation of E5's cosines between an unrelated question and a sentence, by the languages of both: measured
# on the sample bank. A base with few sentences has no statistics of its own, so these fill it up to `_ENOUGH`.
_USUAL: dict[tuple[Language, str], tuple[float, float]] = {
    ("zh", "zh"): (0.843, 0.0157),
    ("zh", "en"): (0.773, 0.0193),
    ("en", "en"): (0.776, 0.0205),
    ("en", "zh"): (0.740, 0.0145),
}
_ENOUGH = 60  # sentences, and passages
_LEAD_OF_ONE = 1.0  # deviations that the best of other passages usually reaches, where a base has no other
_SHORT_CHINESE, _SHORT_ENGLISH = 8, 30  # characters


@dataclass(frozen=True)
class Text:
    """A text made ready for matching: folded, and as a set of stems."""

    folded: str
    stems: frozenset[str]
    language: str

    @classmethod
    def of(cls, text: str) -> "Text":
        """Make `text` ready."""
        folded = fold(text)
        return cls(
            "".join(folded.split()),
            frozenset(term for kind, term in words(text) if kind != "zh"),
            language_of(text),
        )


@dataclass(frozen=True)
class Signals:
    """Why a sentence may answer a question; every part is 0..1 but `likeness`.

    `likeness` is the cosine in standard deviations above what the base's sentences of that language have on average
    with this question, since E5's cosines crowd between 0.75 and 0.95 and are lower across languages.
    """

    likeness: float
    lead: float
    """How far `likeness` is ahead of every other passage of the same language, -1..2."""
    coverage: float
    """Part of the question's concepts that the sentence, its headings or its passage names, by rarity; squared."""
    own_coverage: float
    """The same for the sentence alone."""
    missing: float
    """Weight of the weightiest concept that is named nowhere near."""
    missing_name: float
    missing_number: float
    unknown: float
    """Part of the concepts that have no known spelling in the sentence's language."""
    other_language: float
    """1 where question and sentence are in different languages."""
    kind_fits: float
    """1 where the sentence holds the kind of thing asked for (an amount, a time, a person …), or no kind is asked."""
    range_fits: float
    """1 where a range that the sentence states holds an amount of the question, -1 where none does, else 0."""
    thin: float
    """How little the question asks about: 1 for nothing that the base could tell apart."""
    short: float
    """1 for a fragment too short to state anything."""


@dataclass(frozen=True)
class Scored:
    """One sentence with its signals."""

    passage: StoredPassage
    sentence: StoredSentence
    signals: Signals

    @cached_property
    def score(self) -> float:
        """The log-odds that this sentence answers the question."""
        return score_of(self.signals)

    @property
    def quote(self) -> str:
        """The sentence's words."""
        start = self.passage.start
        return self.passage.text[self.sentence.start - start : self.sentence.end - start]

    @property
    def chance(self) -> float:
        """The score as a chance, 0..1."""
        return 1 / (1 + math.exp(-self.score))


def _fuse(lists: Sequence[Sequence[StoredPassage]]) -> list[StoredPassage]:
    """Return the passages of several ranked lists by reciprocal rank fusion, best first."""
    scores: dict[str, float] = {}
    passages: dict[str, StoredPassage] = {}
    for found in lists:
        for rank, passage in enumerate(found, start=1):
            passages[passage.id] = passage
            scores[passage.id] = scores.get(passage.id, 0.0) + 1 / (_RRF + rank)
    return [passages[key] for key in sorted(scores, key=lambda key: -scores[key])]


def retrieve(index: BaseIndex, question: Question, vector: Vectors, limit: int) -> list[StoredPassage]:
    """Return the passages for a question, best first; each language is searched on its own, so none crowds one out."""
    lists = [index.by_vector(vector, language, _DEPTH) for language in index.languages]
    lists.append(index.by_terms(question.search_terms(), _DEPTH))
    return _fuse(lists)[:limit]


def _match(concept: Concept, text: Text) -> float:
    """Return how far a text names a concept, in any of its spellings."""
    if concept.kind != "word":
        return 1.0 if concept.own in text.stems else 0.0
    if any(word in text.folded for word in concept.chinese):
        return 1.0
    if any(all(term in text.stems for term in phrase) for phrase in concept.english):
        return 1.0
    partly = [
        sum(pair in text.folded for pair in pairs(word)) / (len(word) - 1) for word in concept.chinese if len(word) > 2
    ]
    for phrase in concept.english:
        for term in phrase if len(phrase) == 1 else ():
            if len(term) >= 5 and any(stem[:5] == term[:5] for stem in text.stems if len(stem) >= 5):
                partly.append(1.0)
    return _PART_OF_WORD * max(partly, default=0.0)


def _usual_cosine(cosines: Vectors, usual: tuple[float, float]) -> tuple[float, float]:
    """Return mean and deviation of the base's cosines, filled up with the usual ones where it has few."""
    own, missing = len(cosines), max(0, _ENOUGH - len(cosines))
    if missing == 0:
        return float(cosines.mean()), max(float(cosines.std()), _SMALLEST_DEVIATION)
    total = own + missing
    mean = (float(cosines.sum()) + missing * usual[0]) / total
    squares = float(((cosines - mean) ** 2).sum()) + missing * (usual[1] ** 2 + (usual[0] - mean) ** 2)
    return mean, max(math.sqrt(squares / total), _SMALLEST_DEVIATION)


class Weigher:
    """Weighs sentences of one base against one question."""

    def __init__(self, index: BaseIndex, question: Question, vector: Vectors) -> None:
        self._question = question
        self._vector = vector
        self._usual: dict[str, tuple[float, float]] = {}
        for language in index.languages:
            cosines = index.background(language) @ vector
            self._usual[language] = _usual_cosine(cosines, _USUAL[question.language, language])
        self._weights = [concept.salience * self._rarity(index, concept) for concept in question.concepts]

    def _rarity(self, index: BaseIndex, concept: Concept) -> float:
        """Return 0..1: rare concepts tell more, and one that the base never names tells most."""
        frequencies = [index.frequency(concept.own)]
        for word in concept.chinese:
            frequencies.append(index.frequency(word) or min(index.frequency(pair) for pair in pairs(word)))
        frequencies.extend(min(index.frequency(term) for term in phrase) for phrase in concept.english if phrase)
        passages = max(index.passages, _ENOUGH)  # in a small base every word would seem common
        return math.log(1 + passages / (max(frequencies) + 1)) / math.log(2 + passages)

    def weigh(self, passage: StoredPassage) -> list[Scored]:
        """Return each sentence of a passage with its score."""
        context = Text.of(" ".join([passage.title, *passage.headings]))
        whole = Text.of(passage.text)
        mean, deviation = self._usual[passage.language]
        likenesses = (passage.vectors @ self._vector - mean) / deviation
        found = []
        for sentence, likeness in zip(passage.sentences, likenesses, strict=True):
            quote = passage.text[sentence.start - passage.start : sentence.end - passage.start]
            signals = self._signals(Text.of(quote), context, whole, float(likeness), quote)
            found.append(Scored(passage, sentence, signals))
        return found

    def _signals(self, text: Text, context: Text, whole: Text, likeness: float, quote: str) -> Signals:
        covered = own = total = unknown = missing = missing_name = missing_number = 0.0
        for concept, weight in zip(self._question.concepts, self._weights, strict=True):
            total += weight
            if not concept.known_in(text.language):
                unknown += weight
                covered += weight * _UNKNOWN
                own += weight * _UNKNOWN
                continue
            here = _match(concept, text)
            best = max(here, _IN_CONTEXT * _match(concept, context), _IN_PASSAGE * _match(concept, whole))
            covered += weight * best
            own += weight * here
            if concept.kind == "number":  # often an example, which a rule covers without naming it
                missing_number = max(missing_number, float(best == 0))
            else:
                missing = max(missing, weight * (1 - best))
            if concept.kind == "name":
                missing_name = max(missing_name, float(best == 0))
        return Signals(
            likeness=likeness,
            lead=0.0,
            coverage=(covered / total) ** 2 if total else 0.0,
            own_coverage=own / total if total else 0.0,
            missing=missing,
            missing_name=missing_name,
            missing_number=missing_number,
            unknown=unknown / total if total else 1.0,
            other_language=float(text.language != self._question.language),
            kind_fits=float(self._question.kind == "any" or self._question.fits_kind(quote)),
            range_fits=float(fits_ranges(self._question.text, quote)),
            thin=max(0.0, 1.0 - total),
            short=float(len(text.folded) < (_SHORT_CHINESE if text.language == "zh" else _SHORT_ENGLISH)),
        )


# Fitted by `python -m appliance.knowledge.calibrate` on the sample bank's questions; docs/knowledge.md tells how.
WEIGHTS: dict[str, float] = {
    "likeness": 0.86,
    "lead": 0.76,
    "coverage": 2.75,
    "own_coverage": 2.77,
    "missing": -0.46,
    "missing_name": -0.18,
    "missing_number": -0.52,
    "unknown": -1.13,
    "other_language": 0.45,
    "kind_fits": 1.61,
    "range_fits": 1.32,
    "thin": -0.8,
    "short": -0.08,
    "bias": -7.95,
}


def score_of(signals: Signals) -> float:
    """Return the log-odds that a sentence with these signals answers the question."""
    values: dict[str, float] = vars(signals)
    return WEIGHTS["bias"] + sum(weight * values[name] for name, weight in WEIGHTS.items() if name != "bias")


def rank_sentences(index: BaseIndex, question: Question, vector: Vectors) -> list[Scored]:
    """Return the sentences that may answer, best first."""
    weigher = Weigher(index, question, vector)
    found = [scored for passage in retrieve(index, question, vector, _RESCORED) for scored in weigher.weigh(passage)]
    return sorted(_with_lead(found), key=lambda scored: -scored.score)


def _with_lead(found: Sequence[Scored]) -> list[Scored]:
    """Fill in the signal `lead`, which needs all sentences."""
    best: dict[str, dict[str, float]] = {}
    for scored in found:
        passages = best.setdefault(scored.passage.language, {})
        passages[scored.passage.id] = max(passages.get(scored.passage.id, -9.0), scored.signals.likeness)
    completed = []
    for scored in found:
        others = [value for key, value in best[scored.passage.language].items() if key != scored.passage.id]
        ahead = scored.signals.likeness - max(others, default=_LEAD_OF_ONE)
        completed.append(replace(scored, signals=replace(scored.signals, lead=min(max(ahead, -1.0), 2.0))))
    return completed
