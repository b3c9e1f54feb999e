"""Answers made by code: sentences quoted from the documents, figures of their tables, or a plain refusal."""

from collections.abc import Callable, Sequence
from datetime import date

from appliance.core.messages import _
from appliance.knowledge.answers.citing import Cited, Made, SourceFacts, citation_of
from appliance.knowledge.answers.conflicts import Disagreement, find_conflicts
from appliance.knowledge.answers.spans import is_figure, short_answer
from appliance.knowledge.answers.table_answers import Rows, from_table
from appliance.knowledge.asking.questions import Question
from appliance.knowledge.language.text import Language, is_wide
from appliance.knowledge.models import Answer, AnswerSentence, Citation, Conflict
from appliance.knowledge.search.certainty import log_odds
from appliance.knowledge.search.ranking import Scored
from appliance.knowledge.search.weighing import chance_of

__all__ = ["LOCALES", "THRESHOLD", "SourceFacts", "citation_of", "joined", "make_answer", "refusal", "rivals"]

THRESHOLD = 0.8  # fewer than 3 % of answers are wrong there; docs/knowledge.md has the curve
LOCALES: dict[Language, str] = {"zh": "zh_CN", "en": "en"}
_MOST_QUOTED = 3
_MOST_NEAREST = 3
_RIVALS = 20  # sentences among which others are looked for that contradict the best
_AS_MUCH = 0.8  # of what the best names of the question, at least, that such a one names
_CLOSE = 1.2  # log-odds below the best at which a further sentence is still quoted in the answer


def refusal(language: Language) -> str:
    """Return "not in the documents" in the asker's language."""
    return _("The documents do not answer this question.").render(LOCALES[language])


def rivals(ranked: Sequence[Scored]) -> list[Scored]:
    """Return the best sentence and others that speak of the same: they name as much and hold the kind of thing asked.

    Their chance does not tell, since it is that of being better than the best.
    """
    best = ranked[0].signals
    return [
        scored
        for scored in ranked[:_RIVALS]
        if scored is ranked[0]
        or (scored.signals.own_coverage >= _AS_MUCH * best.own_coverage and scored.signals.kind_fits >= best.kind_fits)
    ]


def make_answer(
    question: Question,
    ranked: Sequence[Scored],
    most_citations: int,
    rows_of: Callable[[Scored], Rows],
    as_of: date,
    source_of: Callable[[int], SourceFacts],
    least: float = THRESHOLD,
) -> Answer:
    """Return the answer from weighed sentences, best first, where its chance to be right is at least `least`.

    The first citation is the best sentence, or the table row with the cell that answers. `rows_of` gives all rows of
    the table that a sentence is a row of, `source_of` the facts of a version by its key. Sentences of documents that
    contradict the best one are cited before others that agree with it.
    """
    table = from_table(question, ranked[0], rows_of) if ranked else None
    confidence = round(table.confidence if table else ranked[0].chance, 4) if ranked else 0.0
    disagreements = find_conflicts(question, rivals(ranked)) if ranked else []
    if table is None and disagreements:
        confidence = max(confidence, round(_apart_from(ranked, disagreements), 4))
    sure = [scored for scored in ranked if scored.chance >= least]
    if confidence >= least:
        sure = sure or [ranked[0]]
    if not sure:
        nearest = _nearest(ranked, min(most_citations, _MOST_NEAREST), source_of)
        return _declined(question, confidence, nearest, as_of)
    cited = Cited(most_citations, source_of)
    kept_free = sum(len(disagreement.sources) - 1 for disagreement in disagreements)
    made = table.make(cited) if table else None
    made = made or _from_sentences(question, sure, most_citations - kept_free, cited)
    conflicts = _conflicts(question, disagreements, cited)
    for scored in sure:
        cited.add_scored(scored)
    return Answer(
        question=question.text,
        answered=True,
        text=_shown(question.language, sure[0], made.sentences),
        short=made.short,
        confidence=confidence,
        language=question.language,
        sentences=made.sentences,
        citations=tuple(cited.citations),
        calculation=made.calculation,
        conflicts=conflicts,
        as_of=as_of,
    )


def _apart_from(ranked: Sequence[Scored], disagreements: Sequence[Disagreement]) -> float:
    """Return the chance of the best sentence without those that contradict it: that they are near is no doubt in it."""
    contradicting = {one.passage.id for each in disagreements for one in each.sources} - {ranked[0].passage.id}
    return chance_of(log_odds([one for one in ranked if one.passage.id not in contradicting]))


def _declined(question: Question, confidence: float, nearest: tuple[Citation, ...], as_of: date) -> Answer:
    return Answer(
        question=question.text,
        answered=False,
        text=refusal(question.language),
        confidence=confidence,
        language=question.language,
        citations=(),
        nearest=nearest,
        as_of=as_of,
    )


def _nearest(ranked: Sequence[Scored], most: int, source_of: Callable[[int], SourceFacts]) -> tuple[Citation, ...]:
    """Return the best sentence of each of the best passages: who asks may look there, but it is not held to answer."""
    best: dict[str, Scored] = {}
    for scored in ranked:
        best.setdefault(scored.passage.id, scored)
    return tuple(citation_of(scored, source_of(scored.passage.version)) for scored in list(best.values())[:most])


def _from_sentences(question: Question, sure: Sequence[Scored], most: int, cited: Cited) -> Made:
    """Quote the best sentence, and others close to it from the same place, in the document's order."""
    best = sure[0]
    near = [
        scored
        for scored in sure[1:]
        if scored.passage.id == best.passage.id and scored.score >= best.score - _CLOSE and scored.quote != best.quote
    ]
    quoted = [best, *near[: max(0, min(_MOST_QUOTED, most) - 1)]]
    placed = [(one, cited.add_scored(one)) for one in quoted]
    sentences = tuple(
        AnswerSentence(text=one.quote, kind="quoted", citations=[place])
        for one, place in sorted(placed, key=lambda entry: entry[0].sentence.start)
        if place is not None
    )
    return Made(sentences, _short(question, best))


def _short(question: Question, best: Scored) -> str | None:
    """Return the words that answer; of a table row, and of a source in another language, only figures."""
    short = short_answer(question, best.quote)
    only_figures = best.sentence.language != question.language or best.sentence.table is not None
    return None if short is None or (only_figures and not is_figure(short)) else short


def _conflicts(question: Question, disagreements: Sequence[Disagreement], cited: Cited) -> tuple[Conflict, ...]:
    """Cite the sources that disagree; a conflict of which only one source finds room is not told."""
    told = []
    for disagreement in disagreements:
        places = [cited.add_scored(one) for one in disagreement.sources]
        known = [place for place in places if place is not None]
        if len(known) > 1:
            told.append(Conflict(citations=known, note=disagreement.note.render(LOCALES[question.language])))
    return tuple(told)


def _shown(language: Language, best: Scored, sentences: Sequence[AnswerSentence]) -> str:
    """Return the sentences as one text; a quotation in the other language is introduced in the asker's."""
    text = joined([sentence.text for sentence in sentences])
    if best.sentence.language == language or any(sentence.kind == "computed" for sentence in sentences):
        return text
    if language == "zh":
        return _("The document states (in English): {quotation}", quotation=text).render(LOCALES[language])
    return _("The document states (in Chinese): {quotation}", quotation=text).render(LOCALES[language])


def joined(quotes: Sequence[str]) -> str:
    """Return sentences as one text, with spaces where their script has them."""
    text = ""
    for quote in quotes:
        text += ("" if not text or is_wide(text[-1]) else " ") + quote
    return text
