"""Golden questions, what came of asking them, and the figures: pure, whatever asked them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from appliance.core.days import Day
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.knowledge.language.terms import fold
from appliance.knowledge.models import Citation, Passage

DEPTH = 5
"""Passages that are looked through for the right one: recall@1 and recall@5."""


class Golden(BaseModel):
    """One question with its right answer. Without `document` the right answer is to decline."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str = Field(min_length=1, max_length=2000)
    document: str | None = Field(default=None, description="File name of the document that answers.")
    quote: str = Field(default="", description="Words that a right citation holds, literally.")
    page: int | None = None
    section: str = Field(default="", description="Part of the right citation's section.")
    answer: str | None = Field(default=None, description="The exact short answer, where there is one.")
    as_of: Day | None = None
    version: int | None = None

    @model_validator(mode="after")
    def _quote_with_document(self) -> "Golden":
        if self.document is not None and not self.quote:
            raise ValueError("a question with a document needs the quote that answers it")
        return self

    def is_carried_by(self, citation: Citation) -> bool:
        """Tell whether a citation is the right one: document, version, place and words."""
        return self._is_place(citation) and self.quote in citation.quote

    def is_in(self, passage: Passage) -> bool:
        """Tell whether a passage holds the right words of the right document."""
        return self._is_version(passage) and self.quote in passage.text

    def _is_version(self, place: Citation | Passage) -> bool:
        return place.document == self.document and (self.version is None or place.version == self.version)

    def _is_place(self, citation: Citation) -> bool:
        return (
            self._is_version(citation)
            and (self.page is None or citation.page == self.page)
            and self.section in citation.section
        )


@dataclass(frozen=True)
class Outcome:
    """What came of one question. `cited` are the citations that carry the answer; empty when it was declined."""

    golden: Golden
    answered: bool
    confidence: float
    cited: Sequence[Citation]
    passages: Sequence[Passage]
    """The first `DEPTH` of a search for the question, best first."""
    short: str | None
    seconds: float

    @property
    def found_at(self) -> int | None:
        """Rank (from 1) of the first passage that holds the right words; None where none does."""
        ranks = (rank for rank, passage in enumerate(self.passages, start=1) if self.golden.is_in(passage))
        return next(ranks, None)

    @property
    def right(self) -> bool:
        """Answered with the right quotation in first place, or declined where there is no answer."""
        if self.golden.document is None:
            return not self.answered
        return self.answered and bool(self.cited) and self.golden.is_carried_by(self.cited[0])

    @property
    def wrong(self) -> bool:
        """Answered, and not by the right quotation."""
        return self.answered and not self.right

    @property
    def right_citations(self) -> int:
        """How many of `cited` are right: they hold the golden words, or stand in the passage that holds them."""
        holding = [passage for passage in self.passages if self.golden.is_in(passage)]
        return sum(
            self.golden.is_carried_by(citation) or any(_stands_in(citation, passage) for passage in holding)
            for citation in self.cited
        )


def _stands_in(citation: Citation, passage: Passage) -> bool:
    same = (citation.document_id, citation.version) == (passage.document_id, passage.version)
    return same and passage.start <= citation.start < passage.start + len(passage.text)


def load_questions(path: Path) -> list[Golden]:
    """Read a file of questions (`questions:` and a list). Raises `InvalidRequest`, which names the entry at fault."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))["questions"]
        return [parse_question(number, entry) for number, entry in enumerate(entries, start=1)]
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:  # ValueError: a day that does not exist
        raise _unusable(path, f"no YAML with a list `questions`: {' '.join(str(error).split())}") from error


def parse_question(number: int, entry: object) -> Golden:
    """Return one entry of a golden set; `number` is told when it is wrong. Raises `InvalidRequest`."""
    try:
        return Golden.model_validate(entry)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InvalidRequest(
            _("Golden question {number} is not valid: {reason}.", number=number, reason=f"{place} {fault['msg']}"),
            _("docs/knowledge.md lists the fields."),
            param="questions",
        ) from error


def _unusable(path: Path, reason: str) -> InvalidRequest:
    return InvalidRequest(
        _("The golden set {path} cannot be used: {reason}.", path=path, reason=reason),
        _("docs/knowledge.md shows its format."),
        param="questions",
    )


def figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the figures: counts, shares 0..1 and milliseconds."""
    answerable = [outcome for outcome in outcomes if outcome.golden.document is not None]
    others = [outcome for outcome in outcomes if outcome.golden.document is None]
    answered = [outcome for outcome in answerable if outcome.answered]
    exact = [outcome for outcome in answerable if outcome.golden.answer is not None]
    times = sorted(outcome.seconds for outcome in outcomes)
    cited = sum(len(outcome.cited) for outcome in answered)
    return {
        "answerable": len(answerable),
        "recall_at_1": _share(sum(outcome.found_at == 1 for outcome in answerable), len(answerable)),
        "recall_at_5": _share(sum(outcome.found_at is not None for outcome in answerable), len(answerable)),
        "right_citation_first": _share(sum(outcome.right for outcome in answerable), len(answerable)),
        "citation_precision": _share(sum(outcome.right_citations for outcome in answered), cited),
        "citation_recall": _share(sum(outcome.right_citations > 0 for outcome in answerable), len(answerable)),
        "exact_match": _share(sum(_same(outcome.short, outcome.golden.answer) for outcome in exact), len(exact)),
        "declined_wrongly": _share(len(answerable) - len(answered), len(answerable), none=0.0),
        "answered_wrongly": _share(sum(outcome.wrong for outcome in outcomes), len(outcomes), none=0.0),
        "unanswerable": len(others),
        "declined_rightly": _share(sum(outcome.right for outcome in others), len(others)),
        "answer_ms_p50": round(median(times) * 1000, 1) if times else 0.0,
        "answer_ms_p95": round(times[int(len(times) * 0.95)] * 1000, 1) if times else 0.0,
    }


def _share(count: int, of: int, none: float = 1.0) -> float:
    """Return a share; `none` where nothing was asked that could count."""
    return round(count / of, 3) if of else none


def _same(given: str | None, wanted: str | None) -> bool:
    return given is not None and wanted is not None and "".join(fold(given).split()) == "".join(fold(wanted).split())


def confidences(outcomes: Sequence[Outcome]) -> list[tuple[float, bool]]:
    """Return (confidence, whether an answer from the best passage would be right): what a threshold decides on."""
    return [(outcome.confidence, outcome.found_at == 1) for outcome in outcomes]


@dataclass(frozen=True)
class Breach:
    """A figure outside its gate."""

    figure: str
    value: float
    bound: str


def breaches(measured: Mapping[str, float], gate: Mapping[str, Any]) -> list[Breach]:
    """Return the figures that a gate (`{figure: {min: …, max: …}}`) does not let through. Raises `InvalidRequest`."""
    found = []
    for figure, bounds in gate.items():
        if figure not in measured or not isinstance(bounds, Mapping) or not set(bounds) <= {"min", "max"}:
            raise InvalidRequest(
                _("The gate's entry {figure} cannot be used.", figure=repr(figure)),
                _("Give one of {figures} with `min` or `max`.", figures=", ".join(measured)),
                param="gate",
            )
        value = measured[figure]
        if value < bounds.get("min", value):
            found.append(Breach(figure, value, f">= {bounds['min']}"))
        if value > bounds.get("max", value):
            found.append(Breach(figure, value, f"<= {bounds['max']}"))
    return found
