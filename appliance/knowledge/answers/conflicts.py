"""Documents in force that answer the same question with different figures, or one with yes and one with no."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import cast

import rjieba

from appliance.core.messages import Message, _
from appliance.core.protocols import Vectors
from appliance.knowledge.asking.questions import Concept, Question, stop_terms
from appliance.knowledge.asking.values import TIME_UNITS, Value, asked_values, conditions_in, values_in
from appliance.knowledge.language.negation import is_negated
from appliance.knowledge.language.siblings import meanings
from appliance.knowledge.language.terms import fold, words
from appliance.knowledge.search.ranking import Scored

_LIKE = {True: 0.90, False: 0.82}  # E5's cosine of sentences about one thing, in one language and across
_SHARED_WORDS = 0.5  # of the shorter sentence's words, without its figures
_SHARED_WHERE_NO_FIGURE = 0.65  # yes against no needs the same statement
_SALIENT = 0.8
_SHOWN = 60  # characters of a source's answer in the note
_YES_OR_NO = re.compile(
    r"吗|是否|能否|可否|能不能|可不可以|是不是|要不要|会不会|有没有"
    r"|^\s*(?:can|may|must|is|are|do|does|did|will|should|shall|could|has|have)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Disagreement:
    """Sentences of different documents, the best first, and a note that says what differs."""

    sources: tuple[Scored, ...]
    note: Message


def find_conflicts(question: Question, ranked: Sequence[Scored]) -> list[Disagreement]:
    """Return where other documents contradict the best sentence. `ranked` are sentences sure enough to be shown.

    Two sentences conflict when they are alike, name the same things of the question, and their figures of the kind
    asked for have nothing in common; or, where yes or no is asked, when one denies what the other states. Sentences
    about different products, levels, channels or conditions are no conflict.
    """
    if not ranked:
        return []
    best = ranked[0]
    found: dict[int, tuple[Scored, str, str]] = {}
    for other in ranked[1:]:
        version = other.passage.version
        if version != best.passage.version and version not in found:
            differing = _difference(question, best, other)
            if differing is not None:
                found[version] = (other, *differing)
    if not found:
        return []
    others = [entry[0] for entry in found.values()]
    shown = [(best, next(iter(found.values()))[1]), *((entry[0], entry[2]) for entry in found.values())]
    listed = "; ".join(f"{scored.passage.document}: {text}" for scored, text in shown)
    return [Disagreement((best, *others), _("The sources differ – {listed}", listed=listed))]


def _difference(question: Question, best: Scored, other: Scored) -> tuple[str, str] | None:
    """Return what each of two sentences says instead of the other, or None where they agree or tell of other things."""
    same_language = best.sentence.language == other.sentence.language
    if _cosine(best, other) < _LIKE[same_language] or not _same_subject(question, best, other):
        return None
    shared = _shared_words(best, other) if same_language else 1.0
    if _YES_OR_NO.search(question.text):
        denied = is_negated(best.quote), is_negated(other.quote)
        if denied[0] != denied[1] and shared >= _SHARED_WHERE_NO_FIGURE:
            return best.quote[:_SHOWN], other.quote[:_SHOWN]
    if question.kind == "person" or shared < _SHARED_WORDS or (same_language and _other_case(question, best, other)):
        return None
    mine, theirs = _stated(question, best.quote), _stated(question, other.quote)
    both = {value.key for value in mine} & {value.key for value in theirs}
    mine = [value for value in mine if value.key not in both]
    theirs = [value for value in theirs if value.key not in both]
    units = {value.unit for value in mine} & {value.unit for value in theirs}
    if not units:
        return None
    return _listed(mine), _listed(theirs)


def _cosine(one: Scored, other: Scored) -> float:
    return float(_vector(one) @ _vector(other))


def _vector(scored: Scored) -> Vectors:
    place = next(at for at, one in enumerate(scored.passage.sentences) if one.start == scored.sentence.start)
    return cast("Vectors", scored.passage.vectors[place])


def _stated(question: Question, quote: str) -> list[Value]:
    """Return the figures of a sentence that may answer, without those that only say for whom it holds."""
    conditions = {value.key for value in conditions_in(quote)}
    return [value for value in asked_values(question, quote) if value.key not in conditions]


def _other_case(question: Question, best: Scored, other: Scored) -> bool:
    """Tell whether the sentences are of different cases: other conditions, or one thing named in another's place."""
    first, second = ({value.key for value in conditions_in(one.quote)} for one in (best, other))
    if first != second:
        return True
    if question.kind in ("money", "percent"):  # a rate for 3 years is another case than one for a year
        spans = [{value.key for value in values_in(one.quote) if value.unit in TIME_UNITS} for one in (best, other)]
        if spans[0] and spans[1] and spans[0] != spans[1]:
            return True
    mine, theirs = _in_order(best.quote), _in_order(other.quote)
    return any(
        tag == "replace" and not all(_is_verb(word) for word in mine[left:right])
        for tag, left, right, _from, _to in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes()
    )


def _is_verb(word: str) -> bool:
    return not word.isascii() and rjieba.tag(word)[0][1].startswith("v")


def _same_subject(question: Question, best: Scored, other: Scored) -> bool:
    """Tell whether both sentences name the same things of the question, and no excluding ones."""
    salient = [concept for concept in question.concepts if concept.salience >= _SALIENT] or question.concepts
    named = [(_names(concept, best), _names(concept, other)) for concept in salient]
    if any(mine != theirs for mine, theirs in named) or not any(mine for mine, _theirs in named):
        return False
    first, second = (meanings(f"{_around(one)} {one.quote}") for one in (best, other))
    own, its = meanings(best.quote), meanings(other.quote)
    both = first.keys() & second.keys()
    return all(first[group] & second[group] for group in both) and all(
        own[group] == its[group] for group in own.keys() & its.keys()
    )


def _around(scored: Scored) -> str:
    return " ".join([scored.passage.title, *scored.passage.headings])


def _names(concept: Concept, scored: Scored) -> bool:
    """Tell whether a sentence or its headings name a concept; unknown across languages counts as named."""
    sentence, context = scored.sentence, scored.passage.context
    if not concept.known_in(sentence.language):
        return True
    folded, stems = sentence.folded + " " + context.folded, sentence.stems | context.stems
    if concept.kind != "word":
        return concept.own in stems
    return any(word in folded for word in concept.chinese) or any(
        all(term in stems for term in phrase) for phrase in concept.english
    )


def _shared_words(one: Scored, other: Scored) -> float:
    first, second = _content(one.quote), _content(other.quote)
    return len(first & second) / max(1, min(len(first), len(second)))


def _content(text: str) -> set[str]:
    return set(_in_order(text))


def _in_order(text: str) -> list[str]:
    """Return the words of a sentence that carry meaning, without its figures."""
    return [
        term
        for kind, term in words(_without_values(text))
        if kind != "number" and term not in stop_terms("zh" if kind == "zh" else "en")
    ]


def _without_values(text: str) -> str:
    folded = fold(text)
    for value in reversed(values_in(text)):
        folded = folded[: value.start] + " " + folded[value.end :]
    return folded


def _listed(values: Sequence[Value]) -> str:
    return ", ".join(dict.fromkeys(value.text for value in values))
