"""Notes: what the bank's files say about a security or a market, in sections, newest first, each sentence quoted."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import Message, _
from appliance.knowledge.models import Answer as Extract
from appliance.knowledge.models import Citation
from appliance.scenario.pack import Caller, ScenarioContext

from ..api.shapes import lines_of
from ..models import Figure, Source
from .differing import differing
from .finding import Finder, Found, ReadBefore
from .sentences import Row, Said
from .shapes import Disagreement, NotesAnswer, NoteSection, NotesRequest, Quote
from .words import NoteWords, note_words

MOST_QUOTES: Final = 8
"""Of one section."""
MOST_COMPUTED: Final = 3
SAMPLE_BASE: Final = "market-notes"
"""The knowledge base that the pack comes with; a bank may add files of its own to it."""
_SAMPLES: Final = Path(__file__).parents[1] / "documents"
_CJK: Final = re.compile(r"[\u4e00-\u9fff]")


class Noting:
    """Answers from one knowledge base; no model is asked."""

    def __init__(
        self,
        context: ScenarioContext,
        words: NoteWords | None = None,
        withheld: Callable[[str], bool] = lambda _text: False,
    ) -> None:
        """Take what tells of a sentence that it is not to be passed on, beside calls to buy or to sell."""
        self._context = context
        self._withheld = withheld
        self._words = words or note_words()
        self._read_before: ReadBefore = {}

    async def notes(self, request: NotesRequest, base: str, caller: Caller) -> NotesAnswer:
        """Return what the files say. Raises `InvalidRequest` without a question, `NotFound` for the base."""
        query, security = (request.query or "").strip(), (request.security or "").strip()
        if not query and not security:
            raise InvalidRequest(
                _("There is neither a question nor a security."), _("Give `query`, `security` or both."),
                param="query", code="missing_field",
            )  # fmt: skip
        finder = Finder(self._context.knowledge, caller.principal, base, self._words, self._read_before)
        found = await finder.find(query, security, request.as_of, caller.language)
        answer = _Writing(self._words, caller.language, self._withheld)
        answer.take(found.said)
        answer.differ(found.said)
        for row in _newest_rows(found.rows):
            await self._compute(answer, row, found, base, caller)
        return answer.finished(found, security or query, _samples() if base == SAMPLE_BASE else frozenset())

    async def _compute(self, answer: "_Writing", row: Row, found: Found, base: str, caller: Caller) -> None:
        """Have the change from one column of a table to the other computed, where the tables bear it out."""
        name = _in_language(found.names, row.label)
        later, earlier = row.columns[0], row.columns[-1]
        question = (
            f"{name}{row.label}从{earlier}到{later}的变动率是多少？" if _CJK.search(row.label)
            else f"By what percentage did {row.label} of {name} change from {earlier} to {later}?"
        )  # fmt: skip
        only = {"documents": [row.head.document_id]}
        try:
            told = await self._context.knowledge.answer(caller.principal, base, question, 3, only)
        except NotFound:  # the file went while we looked
            return
        extract = Extract.model_validate(told)
        made = extract.calculation
        if extract.answered and made is not None and made.operation == "change_percent" and extract.citations:
            answer.computed(row, extract)


class _Writing:
    """An answer as it comes together."""

    def __init__(self, words: NoteWords, language: str, left_out: Callable[[str], bool]) -> None:
        self._words = words
        self._left_out = left_out
        self._language = language
        self._quotes: dict[str, list[Quote]] = {}
        self._citations: list[Citation] = []
        self._conflicts: list[Disagreement] = []
        self._figures: dict[str, Figure] = {}
        self._withheld = 0

    def take(self, said: Iterable[Said]) -> None:
        """Put sentences into sections, as many as one may hold."""
        seen: set[str] = set()
        for one in said:
            if one.text in seen:
                continue
            seen.add(one.text)
            section = self._words.section(one.heading, one.text, one.head.announces)
            if section is None or len(self._quotes.get(section.name, ())) >= MOST_QUOTES:
                continue
            if self._words.recommends.search(one.text.casefold()) or self._left_out(one.text):
                self._withheld += 1
                continue
            quote = Quote(
                text=one.text, citation=self._cite(one), date=one.head.day, author=one.head.author,
                kind=one.head.kind, opinion=section.opinion or self._is_view(one.text), house=one.head.house,
            )  # fmt: skip
            self._quotes.setdefault(section.name, []).append(quote)

    def differ(self, said: Sequence[Said]) -> None:
        """Add where files give different figures."""
        for group in differing(said, self._words):
            places = tuple(self._cite(one) for one, _shown in group)
            parts = [f"{one.head.day or one.head.document}, {one.head.author or one.head.document}: {shown}"
                     for one, shown in group]  # fmt: skip
            note = _("The files differ: {listed}.", listed="; ".join(parts)).render(self._language)
            self._conflicts.append(Disagreement(citations=places, note=note))

    def computed(self, row: Row, extract: Extract) -> None:
        """Add a figure that was computed from a table."""
        assert extract.calculation is not None, "the caller looked"
        counted, citation = extract.calculation, extract.citations[0]
        # The row and its columns are named as the file names them, the rest is said in the asker's language.
        change = _(
            "{what}, change in per cent from {first} to {last}",
            what=row.label, first=row.columns[-1], last=row.columns[0],
        )  # fmt: skip
        sentence = _("{label}: {value} ({formula}).", label=change, value=counted.text, formula=counted.formula)
        figure = Figure(
            id=f"notes.{len(self._figures) + 1}", name="table_change", title=row.label, value=counted.value / 100.0,
            unit="share", shown=counted.text, formula=counted.formula,
            inputs={one.label: one.value for one in counted.inputs},
            sources=(Source(file=citation.document, sha256="", table="knowledge", rows=citation.section),),
        )  # fmt: skip
        self._figures[figure.id] = figure
        self._citations.append(citation)
        quote = Quote(
            text=self._say(sentence), computed=True, citation=len(self._citations) - 1, date=row.head.day,
            author=row.head.author, kind=row.head.kind, opinion=False, house=False,
        )  # fmt: skip
        self._quotes.setdefault("results", []).append(quote)

    def finished(self, found: Found, asked: str, samples: frozenset[str]) -> NotesAnswer:
        """Return the answer; `samples` are names of files that are made up."""
        titles = {one.name: one.title.within(self._language) for one in self._words.sections}
        sections = tuple(
            NoteSection(name=name, title=titles[name], quotes=tuple(self._quotes[name]))
            for name in self._words.order
            if self._quotes.get(name)
        )
        made_up = any(citation.document in samples for citation in self._citations)
        said = (*self._words.disclosures, *((self._words.made_up,) if made_up else ()))
        disclosures = tuple(one.within(self._language) for one in said)
        security = " / ".join(found.names) if sections and found.names else None
        lines = self._lines(sections, security, asked)
        return NotesAnswer(
            answer=lines_of(lines, "", disclosures), language=self._language, figures=self._figures,
            sources=tuple(dict.fromkeys(one for figure in self._figures.values() for one in figure.sources)),
            disclosures=disclosures, answered=bool(sections), security=security, sections=sections,
            made_up=made_up, conflicts=tuple(self._conflicts), citations=tuple(self._citations),
            withheld=self._withheld,
        )  # fmt: skip

    def _lines(self, sections: Sequence[NoteSection], security: str | None, asked: str) -> list[str]:
        if not sections:
            return [self._say(_("Nothing in the files about {asked}.", asked=asked))]
        lines = [security] if security else []
        for section in sections:
            lines += ["", section.title]
            lines += [f"- {quote.text} [{self._where(quote)}]" for quote in section.quotes]
        if self._conflicts:
            lines += ["", *(one.note for one in self._conflicts)]
        if self._withheld:
            lines += [
                "",
                self._say(_("Left out, as calls to buy or to sell or promises: {count}.", count=self._withheld)),
            ]
        return lines

    def _where(self, quote: Quote) -> str:
        parts = [self._citations[quote.citation].document]
        if quote.opinion:
            parts += [quote.author] if quote.author else []
            parts.append(self._say(_("the bank's house view") if quote.house else _("the author's view")))
        if quote.computed:
            parts.append(self._say(_("computed from its table")))
        return ", ".join(parts)

    def _cite(self, said: Said) -> int:
        passage = said.passage
        citation = Citation(
            **passage.model_dump(exclude={"text", "start", "score"}), quote=said.text, start=said.start,
            end=said.start + len(said.text), score=passage.score,
        )  # fmt: skip
        if citation not in self._citations:
            self._citations.append(citation)
        return self._citations.index(citation)

    def _is_view(self, text: str) -> bool:
        views = next(one for one in self._words.sections if one.opinion)
        return views.cues is not None and views.cues.search(text.casefold()) is not None

    def _say(self, message: Message) -> str:
        return message.render(self._language)


@cache
def _samples() -> frozenset[str]:
    return frozenset(path.name for path in _SAMPLES.iterdir())


def _newest_rows(rows: Sequence[Row]) -> list[Row]:
    """Return rows of the newest file that has a table."""
    return [one for one in rows if one.head.document_id == rows[0].head.document_id][:MOST_COMPUTED]


def _in_language(names: Sequence[str], like: str) -> str:
    """Return the name in the language of another text; its code where there is none."""
    wide = _CJK.search(like) is not None
    named = [one for one in names if not re.fullmatch(r"[A-Z0-9.]+", one)]
    return next((one for one in named if (_CJK.search(one) is not None) == wide), names[0] if names else "")
