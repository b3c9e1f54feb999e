"""Search and answers within what the asker may see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.core.protocols import Embedder
from appliance.knowledge.answers.answer import SourceFacts, make_answer
from appliance.knowledge.asking.questions import Question, analyse
from appliance.knowledge.bases.open_base import OpenBase
from appliance.knowledge.bases.visibility import Snapshot
from appliance.knowledge.content import Box
from appliance.knowledge.intake.chunks import section_name
from appliance.knowledge.models import Answer, Passage, Selection
from appliance.knowledge.search.index import BaseIndex, StoredPassage, StoredSentence
from appliance.knowledge.search.ranking import Scored, rank_sentences

_LONGEST_QUESTION = 2000
_MOST_PASSAGES = 100


@dataclass(frozen=True)
class Found:
    """What a search found: sentences, best first, in one state of the base."""

    scored: Sequence[Scored]
    snapshot: Snapshot
    index: BaseIndex
    as_of: date

    def source(self, key: int) -> SourceFacts:
        """Return what a citation tells of the version with this key."""
        document, version = self.snapshot.by_key[key].document, self.snapshot.version(key)
        return SourceFacts(
            document_id=document.id,
            document=version.name,
            version=version.number,
            effective_on=version.effective_on,
            expires_on=version.expires_on,
            department=document.department,
        )

    def rows(self, scored: Scored) -> list[tuple[StoredPassage, StoredSentence]]:
        """Return all rows of the table that a scored row belongs to."""
        table = scored.sentence.table
        return [] if table is None else self.index.table(scored.passage.version, table)


class Search:
    """Searches bases; `embedder` is for questions only."""

    def __init__(self, embedder: Embedder, today: Callable[[], date]) -> None:
        self._embedder = embedder
        self._today = today

    def ranked(self, who: Principal, base: OpenBase, question: str, selection: Selection) -> Found:
        """Return the sentences that may answer. Raises `InvalidRequest`, `Unavailable`."""
        return self._ranked(who, base, _analysed(question, base), selection)

    def answer(
        self, who: Principal, base: OpenBase, question: str, most: int, selection: Selection, least: float
    ) -> Answer:
        """Answer by quotation or from tables, or say that the documents do not. Raises as `ranked` does."""
        asked = _analysed(question, base)
        found = self._ranked(who, base, asked, selection)
        with base.guarding():
            return make_answer(asked, found.scored, most, found.rows, found.as_of, found.source, least)

    def _ranked(self, who: Principal, base: OpenBase, question: Question, selection: Selection) -> Found:
        index = base.index()
        vector = self._embedder.embed([question.text], "query")[0]
        snapshot, today = base.snapshot, self._today()
        if snapshot.remade:
            raise base.being_made_again()
        visible = snapshot.visible(who, today, selection)
        scored: list[Scored] = []
        if visible.keys:
            with base.guarding():
                scored = rank_sentences(index, question, vector, visible.scope)
        # The index may have got versions that this snapshot does not know, so its scope cannot name them.
        allowed = [one for one in scored if one.passage.version in visible.keys]
        return Found(allowed, snapshot, index, selection.as_of or today)


def _analysed(question: str, base: OpenBase) -> Question:
    if not any(char.isalnum() for char in question) or len(question) > _LONGEST_QUESTION:
        raise InvalidRequest(
            _("A question has 1 to {most} characters, with at least one letter or digit.", most=_LONGEST_QUESTION),
            param="question",
        )
    return analyse(question, base.snapshot.base.glossary)


def check_count(k: int) -> None:
    """Raise `InvalidRequest` unless a search may give `k` passages."""
    if not 1 <= k <= _MOST_PASSAGES:
        raise InvalidRequest(_("k must be between 1 and {most}.", most=_MOST_PASSAGES), param="k")


def passages_from(found: Found, k: int) -> list[Passage]:
    """Return the first `k` passages that hold the sentences found."""
    passages: dict[str, Passage] = {}
    for scored in found.scored:
        stored = scored.passage
        if stored.id in passages or len(passages) >= k:
            continue
        version = found.snapshot.version(stored.version)
        passages[stored.id] = Passage(
            document_id=version.document_id, document=version.name, version=version.number, page=stored.page,
            boxes=list(dict.fromkeys(box for sentence in stored.sentences for box in sentence.boxes)),
            section=section_name(stored.headings), row=stored.sentences[0].row, text=stored.text, start=stored.start,
            score=round(scored.chance, 4),
        )  # fmt: skip
    return list(passages.values())


def marks_on(base: OpenBase, key: int, page: int, start: int | None, end: int | None) -> list[Box]:
    """Return the boxes of the printed lines on a page that hold the characters from `start` to `end` of a version."""
    if start is None or end is None:
        return []
    with base.guarding():
        passages = base.index().on_page(key, page)
    sentences = (sentence for passage in passages for sentence in passage.sentences)
    return list(dict.fromkeys(box for one in sentences if one.start < end and start < one.end for box in one.boxes))
