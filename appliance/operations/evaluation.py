"""Ask a running appliance golden questions and measure what it answers."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from appliance.core.clock import iso, utc_now
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.knowledge.evaluation.golden import (
    DEPTH,
    Breach,
    Golden,
    Outcome,
    breaches,
    confidences,
    figures,
    load_questions,
    parse_question,
)
from appliance.knowledge.evaluation.risk import risk_coverage
from appliance.knowledge.models import Citation, Passage, Selection
from appliance.operations.client import ApplianceClient
from appliance.operations.knowledge_client import Json

_MOST_CITATIONS = 3


@dataclass(frozen=True)
class Evaluation:
    """What came of a golden set."""

    base: str
    asked_at: str
    outcomes: Sequence[Outcome]
    breaches: Sequence[Breach]

    @property
    def figures(self) -> dict[str, float]:
        """Counts, shares 0..1 and milliseconds."""
        return figures(self.outcomes)

    @property
    def curve(self) -> list[tuple[float, float, float]]:
        """Risk over coverage as (coverage, risk, threshold), from the most confident answer on."""
        return risk_coverage(confidences(self.outcomes))

    @property
    def failures(self) -> list[Outcome]:
        """The outcomes that are not right."""
        return [outcome for outcome in self.outcomes if not outcome.right]

    def to_dict(self) -> dict[str, object]:
        """Return what `appliance kb eval --json` prints."""
        return {
            "knowledge_base": self.base,
            "asked_at": self.asked_at,
            "figures": self.figures,
            "breaches": [vars(breach) for breach in self.breaches],
            "risk_coverage": [
                {"coverage": coverage, "risk": risk, "threshold": threshold} for coverage, risk, threshold in self.curve
            ],
            "failures": [
                {"question": outcome.golden.question, "wanted": outcome.golden.quote or None,
                 "answered": outcome.answered, "confidence": outcome.confidence,
                 "got": outcome.cited[0].quote if outcome.cited else None, "found_at": outcome.found_at}
                for outcome in self.failures
            ],
        }  # fmt: skip


def collect_questions(client: ApplianceClient, base: str, files: Sequence[Path], *, reviewed: bool) -> list[Golden]:
    """Return the questions of the files, and with `reviewed` those made from feedback.

    Raises `InvalidRequest` for a file that cannot be used, and where there is no question at all.
    """
    questions = [question for path in files for question in load_questions(path)]
    if reviewed:
        made = client.knowledge.golden(base)
        questions += [parse_question(number, entry) for number, entry in enumerate(made, start=1)]
    if not questions:
        raise InvalidRequest(
            _("There is no golden question to ask."),
            _("Name a file of questions, or review feedback into the golden set and use --reviewed."),
        )
    return questions


def evaluate(
    client: ApplianceClient, base: str, questions: Sequence[Golden], gate: Mapping[str, Any]
) -> Iterator[Progress | Evaluation]:
    """Ask every question and yield the news, at last the `Evaluation`. Raises as the client does."""
    title = _("Ask {count} golden questions", count=len(questions))
    began = iso(utc_now())
    outcomes = []
    for number, golden in enumerate(questions):
        yield Progress("evaluate", title, "running", None, number / len(questions))
        outcomes.append(_ask(client, base, golden))
    yield Progress("evaluate", title, "done")
    yield Evaluation(base, began, outcomes, breaches(figures(outcomes), gate))


def _ask(client: ApplianceClient, base: str, golden: Golden) -> Outcome:
    selection = Selection(as_of=golden.as_of)
    started = time.perf_counter()
    answer = client.knowledge.ask(golden.question, base, selection=selection, max_citations=_MOST_CITATIONS)
    seconds = time.perf_counter() - started
    passages = client.knowledge.search(base, golden.question, DEPTH, selection)
    return Outcome(
        golden,
        bool(answer["answered"]),
        float(answer["confidence"]),
        _cited(answer),
        [Passage.model_validate(passage) for passage in passages],
        answer.get("short"),
        seconds,
    )


def _cited(answer: Json) -> list[Citation]:
    """Return the citations that the answer's sentences rest on, the best first."""
    used = sorted({place for sentence in answer["sentences"] for place in sentence["citations"]})
    return [Citation.model_validate(answer["citations"][place]) for place in used]


def load_gate(path: Path) -> dict[str, Any]:
    """Read a gate: figures with `min` or `max`. Raises `InvalidRequest`."""
    try:
        gate = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unusable(path) from error
    if not isinstance(gate, dict):
        raise _unusable(path)
    breaches(figures([]), gate)  # an entry that no figure has is found before any question is asked
    return gate


def _unusable(path: Path) -> InvalidRequest:
    return InvalidRequest(
        _("The gate {path} cannot be read as YAML.", path=path), _("docs/knowledge.md shows its format."), param="gate"
    )
