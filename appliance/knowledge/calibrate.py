"""Fits the weights of `ranking` on a file of questions with known answers; a tool for developers.

    python -m appliance.knowledge.calibrate QUESTIONS DOCUMENTS

prints the weights to copy there. Each question gives its right sentences and the best-ranked wrong ones; the fit is
a logistic regression held near zero (L2), so that a signal seen in few questions cannot take over.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy
from numpy.typing import NDArray

from appliance.core.protocols import Embedder
from appliance.knowledge.chunks import section_name
from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.evaluate import DEVELOPER, ingest, temporary_store
from appliance.knowledge.evaluation import Golden, load_questions
from appliance.knowledge.models import Selection
from appliance.knowledge.ranking import WEIGHTS, Scored
from appliance.knowledge.store import KnowledgeStore

_BASE = "calibration"
_WRONG_PER_QUESTION = 6
_RIDGE = 0.5
_STEPS = 50
_NAMES = [name for name in WEIGHTS if name != "bias"]


def examples(store: KnowledgeStore, base: str, questions: Sequence[Golden]) -> tuple[NDArray[numpy.float64], ...]:
    """Return signals (rows) with a last column of ones, labels 0/1 and weights of the examples."""
    rows, labels, weights = [], [], []
    for golden in questions:
        ranked = store.ranked(DEVELOPER, base, golden.question, Selection(as_of=golden.as_of))
        right = [scored for scored in ranked if _is_right(golden, scored)]
        wrong = [scored for scored in ranked if scored not in right][:_WRONG_PER_QUESTION]
        graded = [(scored, 1.0, 1 / len(right)) for scored in right]
        # The best wrong one is what would be shown, so it counts as much as all the others together.
        graded += [(scored, 0.0, 0.5 if place == 0 else 0.5 / len(wrong)) for place, scored in enumerate(wrong)]
        for scored, label, weight in graded:
            rows.append(_row(scored))
            labels.append(label)
            weights.append(weight)
    return numpy.array(rows), numpy.array(labels), numpy.array(weights)


def _is_right(golden: Golden, scored: Scored) -> bool:
    """Tell whether a sentence is the one to cite; `as_of` leaves one version of each document."""
    passage = scored.passage
    return (
        passage.document == golden.document
        and golden.quote in scored.quote
        and golden.page in (None, passage.page)
        and golden.section in section_name(passage.headings, scored.sentence.clause)
    )


def _row(scored: Scored) -> list[float]:
    values = vars(scored.signals)
    return [*(values[name] for name in _NAMES), 1.0]


def fit(
    rows: NDArray[numpy.float64], labels: NDArray[numpy.float64], weights: NDArray[numpy.float64]
) -> dict[str, float]:
    """Return the weights by Newton's method; the bias is not held back."""
    ridge = numpy.full(rows.shape[1], _RIDGE)
    ridge[-1] = 1e-6
    beta = numpy.zeros(rows.shape[1])
    for _step in range(_STEPS):
        chance = 1 / (1 + numpy.exp(-numpy.clip(rows @ beta, -30, 30)))
        gradient = rows.T @ (weights * (chance - labels)) + ridge * beta
        curvature = (rows * (weights * chance * (1 - chance))[:, None]).T @ rows + numpy.diag(ridge)
        beta = beta - numpy.linalg.solve(curvature, gradient)
    return dict(zip([*_NAMES, "bias"], numpy.round(beta, 2).tolist(), strict=True))


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("documents", type=Path)
    options = parser.parse_args()
    embedder: Embedder = LocalEmbedder(threads=2)
    with temporary_store(embedder) as store:
        ingest(store, _BASE, options.documents)
        rows, labels, weights = examples(store, _BASE, load_questions(options.questions))
    sys.stdout.write(json.dumps(fit(rows, labels, weights), indent=4) + "\n")


if __name__ == "__main__":
    _main()
