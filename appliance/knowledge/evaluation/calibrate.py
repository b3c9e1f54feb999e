"""Fits the weights of `weighing` and `certainty` on questions with known answers; a tool for developers.

    python -m appliance.knowledge.evaluation.calibrate QUESTIONS... --documents FOLDER

prints the weights to copy there. The ranking is a conditional logit: of all sentences found, the right ones should
weigh most. The certainty is a logistic regression on the best sentence of each question, so the sets need as many
questions without an answer as with one. Both are held near zero (L2) in standard deviations, so that a signal seen in
few questions cannot take over.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy
from numpy.typing import NDArray

from appliance.core.protocols import Embedder
from appliance.knowledge.bases.store import KnowledgeStore
from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.evaluation.evaluate import DEVELOPER, ingest, temporary_store
from appliance.knowledge.evaluation.golden import Golden, load_questions
from appliance.knowledge.intake.chunks import section_name
from appliance.knowledge.models import Selection
from appliance.knowledge.search.certainty import CERTAINTY, measures
from appliance.knowledge.search.weighing import WEIGHTS, Scored

_BASE = "calibration"
_RANKING_RIDGE, _CERTAINTY_RIDGE = 10.0, 4.0
_STEPS = 100
_LONGEST_STEP = 0.5  # of Newton's method, which overshoots far from the best

Numbers = NDArray[numpy.float64]
Asked = tuple[Golden, list[Scored]]


def ask(store: KnowledgeStore, base: str, questions: Sequence[Golden]) -> list[Asked]:
    """Return the sentences found for each question, as the weights in use rank them."""
    return [
        (golden, store.ranked(DEVELOPER, base, golden.question, Selection(as_of=golden.as_of))) for golden in questions
    ]


def _is_right(golden: Golden, scored: Scored) -> bool:
    """Tell whether a sentence is the one to cite; `as_of` leaves one version of each document."""
    passage = scored.passage
    return (
        passage.document == golden.document
        and golden.quote in scored.quote
        and golden.page in (None, passage.page)
        and golden.section in section_name(passage.headings, scored.sentence.clause)
    )


def fit_ranking(asked: Sequence[Asked]) -> dict[str, float]:
    """Return `WEIGHTS`: a conditional logit by Newton's method. The bias is of no account and stays 0."""
    names = [name for name in WEIGHTS if name != "bias"]
    groups = []
    for golden, found in asked:
        right = numpy.array([_is_right(golden, scored) for scored in found], bool)
        if right.any():
            rows = numpy.array([[vars(scored.signals)[name] for name in names] for scored in found])
            groups.append((rows, right))
    spread = numpy.concatenate([rows for rows, _right in groups]).std(axis=0) + 1e-6
    ridge = numpy.full(len(names), _RANKING_RIDGE)
    beta = numpy.zeros(len(names))
    for _step in range(_STEPS):
        gradient, curvature = ridge * beta, numpy.diag(ridge)
        for rows, right in groups:
            scaled = rows / spread
            shares = numpy.exp(scaled @ beta - (scaled @ beta).max())
            shares /= shares.sum()
            wanted = shares * right / (shares * right).sum()
            gradient += scaled.T @ (shares - wanted)
            mean = shares @ scaled
            curvature += (scaled * shares[:, None]).T @ scaled - numpy.outer(mean, mean)
        step = numpy.linalg.solve(curvature, gradient)
        beta = beta - step * min(1.0, _LONGEST_STEP / float(numpy.linalg.norm(step)))
    return {**_rounded(names, beta / spread), "bias": 0.0}


def rerank(asked: Sequence[Asked], weights: dict[str, float]) -> list[Asked]:
    """Return the same sentences in the order of other weights, their scores moved by what these differ."""
    again = []
    for golden, found in asked:
        scores = {id(one): _weighed(one, weights) for one in found}
        moved = [replace(one, shift=scores[id(one)] + one.shift - one.score) for one in found]
        again.append((golden, sorted(moved, key=lambda one: -one.score)))
    return again


def _weighed(scored: Scored, weights: dict[str, float]) -> float:
    signals: dict[str, float] = vars(scored.signals)
    return sum(weight * signals[name] for name, weight in weights.items() if name != "bias")


def fit_certainty(asked: Sequence[Asked]) -> dict[str, float]:
    """Return `CERTAINTY`: a logistic regression by Newton's method; the bias is not held back."""
    names = [name for name in CERTAINTY if name != "bias"]
    known = [(golden, found) for golden, found in asked if found]
    rows = [[measured[name] for name in names] for measured in (measures(found) for _golden, found in known)]
    labels = [float(_is_right(golden, found[0])) for golden, found in known]
    table = numpy.array(rows)
    mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-6
    scaled = numpy.column_stack([(table - mean) / spread, numpy.ones(len(table))])
    beta = _logistic(scaled, numpy.array(labels))
    slopes = beta[:-1] / spread
    return {**_rounded(names, slopes), "bias": round(float(beta[-1] - slopes @ mean), 3)}


def _logistic(rows: Numbers, labels: Numbers) -> Numbers:
    ridge = numpy.full(rows.shape[1], _CERTAINTY_RIDGE)
    ridge[-1] = 1e-6
    beta = numpy.zeros(rows.shape[1])
    for _step in range(_STEPS):
        chance = 1 / (1 + numpy.exp(-numpy.clip(rows @ beta, -30, 30)))
        gradient = rows.T @ (chance - labels) + ridge * beta
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + numpy.diag(ridge)
        beta = beta - numpy.linalg.solve(curvature, gradient)
    return beta


def _rounded(names: Sequence[str], values: Numbers) -> dict[str, float]:
    return dict(zip(names, numpy.round(values, 3).tolist(), strict=True))


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("questions", type=Path, nargs="+")
    parser.add_argument("--documents", type=Path, required=True)
    options = parser.parse_args()
    embedder: Embedder = LocalEmbedder(threads=2)
    with temporary_store(embedder) as store:
        ingest(store, _BASE, options.documents)
        asked = ask(store, _BASE, [golden for path in options.questions for golden in load_questions(path)])
    weights = fit_ranking(asked)
    fitted = {"WEIGHTS": weights, "CERTAINTY": fit_certainty(rerank(asked, weights))}
    sys.stdout.write(json.dumps(fitted, indent=4) + "\n")


if __name__ == "__main__":
    _main()
