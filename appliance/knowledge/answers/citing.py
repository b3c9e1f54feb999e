"""The citations of an answer: made by code from the index and the documents' rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from appliance.knowledge.intake.chunks import section_name
from appliance.knowledge.models import AnswerSentence, Calculation, Citation, CitedCell
from appliance.knowledge.search.ranking import Scored
from appliance.knowledge.search.stored import StoredPassage, StoredSentence


@dataclass(frozen=True)
class SourceFacts:
    """What a citation tells of the version it quotes; `document` is the file name."""

    document_id: str
    document: str
    version: int
    effective_on: date | None = None
    expires_on: date | None = None
    department: str | None = None


@dataclass(frozen=True)
class Made:
    """The sentences of an answer and the words that stand out."""

    sentences: tuple[AnswerSentence, ...]
    short: str | None
    calculation: Calculation | None = None


class Cited:
    """The citations of one answer, each place once, at most `most`. `source_of` gives a version's facts by its key."""

    def __init__(self, most: int, source_of: Callable[[int], SourceFacts]) -> None:
        self.citations: list[Citation] = []
        self.most = most
        self._source_of = source_of
        self._places: dict[tuple[int, int], int] = {}

    def add(
        self, passage: StoredPassage, sentence: StoredSentence, chance: float, cells: Sequence[CitedCell] = ()
    ) -> int | None:
        """Cite a sentence and return its place among the citations; None where there is no room for it."""
        key = passage.version, sentence.start
        if key not in self._places:
            if len(self.citations) >= self.most:
                return None
            self._places[key] = len(self.citations)
            self.citations.append(_citation(passage, sentence, chance, self._source_of(passage.version), cells))
        return self._places[key]

    def add_scored(self, scored: Scored) -> int | None:
        """Cite a weighed sentence as `add` does."""
        return self.add(scored.passage, scored.sentence, scored.chance)


def citation_of(scored: Scored, source: SourceFacts) -> Citation:
    """Return the citation that a weighed sentence makes."""
    return _citation(scored.passage, scored.sentence, scored.chance, source, ())


def _citation(
    passage: StoredPassage, sentence: StoredSentence, chance: float, source: SourceFacts, cells: Sequence[CitedCell]
) -> Citation:
    return Citation(
        document_id=source.document_id,
        document=source.document,
        version=source.version,
        page=passage.page,
        boxes=list(sentence.boxes),
        section=section_name(passage.headings, sentence.clause),
        row=sentence.row,
        quote=passage.quote(sentence),
        start=sentence.start,
        end=sentence.end,
        cells=list(cells),
        score=round(chance, 4),
        effective_on=source.effective_on,
        expires_on=source.expires_on,
        department=source.department,
    )
