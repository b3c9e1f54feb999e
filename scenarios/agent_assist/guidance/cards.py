"""The knowledge card of a turn: a quotation of the knowledge base that answers what the customer asks."""

from collections.abc import Sequence

from appliance.core.principal import Principal
from appliance.knowledge.answers.answer import joined
from appliance.knowledge.models import Answer, Citation
from appliance.scenario.services import KnowledgeSearch

from ..models import Analysis, Card, Intent, Turn
from .asking import Asked, asked_in
from .choosing import Heard, choose, read_terms

THRESHOLD = 0.5
"""Confidence below which no card is shown."""
_CANDIDATES = 10  # sentences that are chosen from
_REMEMBERED = 8  # turns before whose words count
_WEAK, _STRONG, _CARRIED = 0.7, 0.8, 0.5  # an intent below the first is helped by one before it above the second


class CardFinder:
    """Finds cards in one knowledge base, with one search a turn at most; keeps nothing of a call."""

    def __init__(self, knowledge: KnowledgeSearch, base: str, threshold: float = THRESHOLD) -> None:
        self._knowledge = knowledge
        self._base = base
        self._threshold = threshold
        self._terms = read_terms()

    async def card(
        self, who: Principal, turn: Turn, analysis: Analysis, before: Sequence[tuple[Turn, Analysis]]
    ) -> Card | None:
        """Return the card of a customer's turn, None where nothing is asked or nothing answers.

        `before` are the turns before it in order, of both speakers; the last few count. Raises what the search raises:
        `Unavailable`, `NotFound`.
        """
        asked = asked_in(turn, analysis, before)
        if asked is None:
            return None
        # One search; 0.0 lets the answer's own threshold, which is for written questions, pass.
        found = await self._knowledge.answer(who, self._base, asked.query, _CANDIDATES, None, 0.0)
        heard = self._heard(asked, analysis, before)
        chosen = choose(heard, _sentences(Answer.model_validate(found)), outright=asked.outright)
        if chosen is None or chosen.confidence < self._threshold:
            return None
        best = chosen.best
        return Card(
            text=joined([one.quote for one in chosen.quoted]),
            document=best.document,
            document_id=best.document_id,
            page=best.page,
            section=best.section or None,
            knowledge_base=self._base,
            confidence=round(chosen.confidence, 4),
        )

    def _heard(self, asked: Asked, analysis: Analysis, before: Sequence[tuple[Turn, Analysis]]) -> Heard:
        said = " ".join(turn.text[:500] for turn, _analysis in before[-_REMEMBERED:] if turn.speaker == "customer")
        intents = [*((analysis.intent,) if analysis.intent else ()), *analysis.others]
        if analysis.intent is None or analysis.intent.confidence < _WEAK:
            intents += _carried(before)
        return Heard.of(analysis.language, asked.words, f"{said} {asked.topic}", intents, self._terms)


def _carried(before: Sequence[tuple[Turn, Analysis]]) -> list[Intent]:
    """Return what the customer surely wanted last, counted for less: a question behind it often still belongs to it."""
    for _turn, analysis in reversed(before[-_REMEMBERED:]):
        if analysis.intent is not None and analysis.intent.confidence >= _STRONG:
            return [analysis.intent.model_copy(update={"confidence": _CARRIED * analysis.intent.confidence})]
    return []


def _sentences(answer: Answer) -> list[Citation]:
    """Return what was found but for headings, which answer nothing."""
    return [one for one in answer.citations if one.row is not None or _states(one.quote)]


def _states(quote: str) -> bool:
    return quote.rstrip().endswith(tuple("。！？；.!?;")) or any(char.isdigit() for char in quote) or len(quote) > 40
