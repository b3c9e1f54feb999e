"""Extractive answers: one to three sentences quoted from the documents, or a plain refusal."""

from collections.abc import Sequence

from appliance.core.messages import _
from appliance.knowledge.chunks import section_name
from appliance.knowledge.models import Answer, Citation
from appliance.knowledge.questions import Question
from appliance.knowledge.ranking import Scored
from appliance.knowledge.text import Language, is_wide

THRESHOLD = 0.4  # where declining and answering err about equally often on the sample questions
_MOST_QUOTED = 3
_CLOSE = 1.2  # log-odds below the best at which a further sentence is still quoted in the answer
LOCALES: dict[Language, str] = {"zh": "zh_CN", "en": "en"}


def citation_of(scored: Scored) -> Citation:
    """Return the citation that a weighed sentence makes."""
    return Citation(
        document_id=scored.passage.document_id,
        document=scored.passage.document,
        page=scored.passage.page,
        section=section_name(scored.passage.headings, scored.sentence.clause),
        row=scored.sentence.row,
        quote=scored.quote,
        start=scored.sentence.start,
        end=scored.sentence.end,
        score=round(scored.chance, 4),
    )


def refusal(language: Language) -> str:
    """Return "not in the documents" in the asker's language."""
    return _("The documents do not answer this question.").render(LOCALES[language])


def _quoted(ranked: Sequence[Scored]) -> list[Scored]:
    """Return the sentences that make the answer: the best, and others close to it from the same place."""
    best = ranked[0]
    near = [
        scored
        for scored in ranked[1:]
        if scored.passage.id == best.passage.id
        and scored.score >= best.score - _CLOSE
        and scored.chance >= THRESHOLD
        and scored.quote != best.quote
    ]
    return sorted([best, *near[: _MOST_QUOTED - 1]], key=lambda scored: scored.sentence.start)


def _join(quotes: Sequence[str]) -> str:
    text = ""
    for quote in quotes:
        text += ("" if not text or is_wide(text[-1]) else " ") + quote
    return text


def make_answer(question: Question, ranked: Sequence[Scored], most_citations: int) -> Answer:
    """Return the answer from weighed sentences, best first. The first citation is always the best sentence."""
    confidence = round(ranked[0].chance, 4) if ranked else 0.0
    if confidence < THRESHOLD:
        return Answer(
            question=question.text,
            answered=False,
            text=refusal(question.language),
            confidence=confidence,
            language=question.language,
            citations=(),
        )
    quoted = _quoted(ranked)[:most_citations]
    first = [ranked[0], *(scored for scored in quoted if scored is not ranked[0])]
    further = [scored for scored in ranked[1:] if scored.chance >= THRESHOLD and scored not in first]
    citations = [citation_of(scored) for scored in [*first, *further][:most_citations]]
    return Answer(
        question=question.text,
        answered=True,
        text=_join([scored.quote for scored in quoted]),
        confidence=confidence,
        language=question.language,
        citations=tuple(citations),
    )
