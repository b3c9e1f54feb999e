"""Weighs sentences against a question: the signals of each, and what they are worth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from appliance.core.protocols import Vectors
from appliance.knowledge.asking.demands import Demands
from appliance.knowledge.asking.matching import Matcher, OwnWords
from appliance.knowledge.asking.questions import Concept, Question
from appliance.knowledge.language.amounts import amounts, fits_ranges
from appliance.knowledge.language.terms import fold, pairs
from appliance.knowledge.language.text import Language
from appliance.knowledge.search.stored import StoredPassage, StoredSentence

if TYPE_CHECKING:
    from appliance.knowledge.search.index import BaseIndex

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
_HARDLY = 0.3  # a degree below which a concept is not named
_NOUN = 0.8  # the least salience of a noun
_SHORT_CHINESE, _SHORT_ENGLISH = 8, 30  # characters


@dataclass(frozen=True)
class Signals:
    """Why a sentence may answer a question; every part is 0..1 but `likeness` and `lead`.

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
    any_kind: float
    """1 where no kind is asked."""
    range_fits: float
    """1 where a range that the sentence states holds an amount of the question, -1 where none does, else 0."""
    thin: float
    """How little the question asks about: 1 for nothing that the base could tell apart."""
    short: float
    """1 for a fragment too short to state anything."""
    overlap: float
    """Part of the question's own words, by rarity, that the sentence has as they are; 0 across languages."""
    lacking: float
    """1 where a year, unit, attribute, reason or frequency that the question names is not there."""
    missing_parts: float
    """How many of the question's nouns are hardly named, of four."""


@dataclass(frozen=True)
class Scored:
    """One sentence with its signals."""

    passage: StoredPassage
    sentence: StoredSentence
    signals: Signals
    shift: float = 0.0
    """What makes the score of one ranking's sentences log-odds (`certainty`)."""

    @cached_property
    def score(self) -> float:
        """The log-odds that this sentence answers the question."""
        return score_of(self.signals) + self.shift

    @property
    def quote(self) -> str:
        """The sentence's words."""
        return self.passage.quote(self.sentence)

    @property
    def chance(self) -> float:
        """The score as a chance, 0..1."""
        return chance_of(self.score)


def chance_of(log_odds: float) -> float:
    """Return log-odds as a chance, 0..1."""
    return 1 / (1 + math.exp(-log_odds))


def _usual_cosine(cosines: Vectors, usual: tuple[float, float]) -> tuple[float, float]:
    """Return mean and deviation of the base's cosines, filled up with the usual ones where it has few."""
    own, missing = len(cosines), max(0, _ENOUGH - len(cosines))
    if missing == 0:
        return float(cosines.mean()), max(float(cosines.std()), _SMALLEST_DEVIATION)
    total = own + missing
    mean = (float(cosines.sum()) + missing * usual[0]) / total
    squares = float(((cosines - mean) ** 2).sum()) + missing * (usual[1] ** 2 + (usual[0] - mean) ** 2)
    return mean, max(math.sqrt(squares / total), _SMALLEST_DEVIATION)


def _rarity_of(index: "BaseIndex", frequency: int) -> float:
    """Return 0..1 for a term that stands in so many passages."""
    passages = max(index.passages, _ENOUGH)  # in a small base every word would seem common
    return math.log(1 + passages / (frequency + 1)) / math.log(2 + passages)


class Weigher:
    """Weighs sentences of one base against one question."""

    def __init__(self, index: "BaseIndex", question: Question, vector: Vectors) -> None:
        self._question = question
        self._vector = vector
        self._matcher = Matcher(question.concepts)
        self._own_words = OwnWords(question, lambda term: _rarity_of(index, index.frequency(term)))
        self._demands = Demands(question.text)
        self._asked = amounts(fold(question.text))
        self._usual: dict[str, tuple[float, float]] = {}
        for language in index.languages:
            cosines = index.background(language) @ vector
            self._usual[language] = _usual_cosine(cosines, _USUAL[question.language, language])
        self._weights = [concept.salience * self._rarity(index, concept) for concept in question.concepts]

    def _rarity(self, index: "BaseIndex", concept: Concept) -> float:
        """Return 0..1: rare concepts tell more, and one that the base never names tells most."""
        frequencies = [index.frequency(concept.own)]
        for word in concept.chinese:
            frequencies.append(index.frequency(word) or min(index.frequency(pair) for pair in pairs(word)))
        frequencies.extend(min(index.frequency(term) for term in phrase) for phrase in concept.english if phrase)
        return _rarity_of(index, max(frequencies))

    def weigh(self, passage: StoredPassage) -> list[Scored]:
        """Return each sentence of a passage with its score."""
        in_context = self._matcher.degrees(passage.context.folded, passage.context.stems)
        in_passage = self._matcher.degrees(
            " ".join(sentence.folded for sentence in passage.sentences),
            frozenset[str]().union(*(sentence.stems for sentence in passage.sentences)),
        )
        around = [
            max(_IN_CONTEXT * context, _IN_PASSAGE * near) for context, near in zip(in_context, in_passage, strict=True)
        ]
        usual = self._usual.get(passage.language)  # None for a language that came while this search ran
        mean, deviation = usual or _USUAL[self._question.language, passage.language]
        likenesses = (passage.vectors @ self._vector - mean) / deviation
        found = []
        for sentence, likeness in zip(passage.sentences, likenesses, strict=True):
            signals = self._signals(sentence, around, float(likeness), passage)
            found.append(Scored(passage, sentence, signals))
        return found

    def _signals(
        self, text: StoredSentence, around: Sequence[float], likeness: float, passage: StoredPassage
    ) -> Signals:
        """Return a sentence's signals.

        `around` is how far headings and neighbours name each concept.
        """
        question = self._question
        return Signals(
            likeness=likeness,
            lead=0.0,
            **self._named(text, around),
            other_language=float(text.language != question.language),
            kind_fits=float(question.kind == "any" or question.fits_kind(passage.quote(text))),
            any_kind=float(question.kind == "any"),
            range_fits=float(fits_ranges(self._asked, text.folded)),
            short=float(_is_short(text)),
            overlap=self._own_words.part_in(text.folded, text.stems),
            lacking=self._lacking(text, passage),
        )

    def _lacking(self, text: StoredSentence, passage: StoredPassage) -> float:
        alike = text.language == self._question.language
        around, row = passage.context, text.table is not None
        return self._demands.lacking(passage.quote(text), text, around, row=row, same_language=alike)

    def _named(self, text: StoredSentence, around: Sequence[float]) -> dict[str, float]:
        """Return the signals that say which concepts of the question a sentence, or what is around it, names."""
        concepts = zip(
            self._question.concepts, self._weights, self._matcher.degrees(text.folded, text.stems), around, strict=True
        )
        covered = own = total = unknown = missing = missing_name = missing_number = 0.0
        missing_parts = 0
        for concept, weight, here, nearby in concepts:
            total += weight
            if not concept.known_in(text.language):
                unknown += weight
                covered += weight * _UNKNOWN
                own += weight * _UNKNOWN
                continue
            best = max(here, nearby)
            covered += weight * best
            own += weight * here
            if concept.kind == "number":  # often an example, which a rule covers without naming it
                missing_number = max(missing_number, float(best == 0))
            else:
                missing = max(missing, weight * (1 - best))
                missing_parts += best < _HARDLY and concept.salience >= _NOUN
            if concept.kind == "name":
                missing_name = max(missing_name, float(best == 0))
        return {
            "coverage": (covered / total) ** 2 if total else 0.0,
            "own_coverage": own / total if total else 0.0,
            "missing": missing,
            "missing_name": missing_name,
            "missing_number": missing_number,
            "unknown": unknown / total if total else 1.0,
            "thin": max(0.0, 1.0 - total),
            "missing_parts": min(missing_parts, 4) / 4,
        }


def _is_short(text: StoredSentence) -> bool:
    least = _SHORT_CHINESE if text.language == "zh" else _SHORT_ENGLISH
    return len(text.folded) - text.folded.count(" ") < least


# Fitted by `python -m appliance.knowledge.evaluation.calibrate` on the sample bank; docs/knowledge.md tells how.
WEIGHTS: dict[str, float] = {
    "likeness": 0.812,
    "lead": 1.218,
    "coverage": 9.599,
    "own_coverage": 3.183,
    "missing": -0.561,
    "missing_name": -0.003,
    "missing_number": -0.283,
    "unknown": -2.766,
    "other_language": -0.352,
    "kind_fits": 1.175,
    "range_fits": 1.638,
    "thin": -0.0,
    "short": -0.4,
    "lacking": 0.16,
    "bias": 0.0,
}


def score_of(signals: Signals) -> float:
    """Return the log-odds that a sentence with these signals answers the question."""
    values: dict[str, float] = vars(signals)
    return WEIGHTS["bias"] + sum(weight * values[name] for name, weight in WEIGHTS.items() if name != "bias")
