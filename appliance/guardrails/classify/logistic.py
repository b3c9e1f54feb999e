"""Logistic regression over an embedding and other features: the model as a file, its scores, its fitting."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy
from numpy.typing import NDArray

Floats = NDArray[numpy.float32]
_STEPS = 40
_TOLERANCE = 1e-2
_SETTLED = 1e-5  # the curvature of an example that no step moves any more
_LONGEST_STEP = 8.0  # of Newton's method, which overshoots far from the best


@dataclass(frozen=True)
class Model:
    """Weights of one label. `features` are the names behind the dense weights, `threshold` is a probability."""

    embedder: str
    embedding: Floats
    words: Floats
    rules: Mapping[str, float]
    bias: float
    threshold: float

    @property
    def version(self) -> str:
        """A name that changes with any weight."""
        return hashlib.sha256(to_json(self).encode()).hexdigest()[:12]

    def scores(self, vectors: Floats, dense: Floats, rules: Sequence[str]) -> Floats:
        """Return probabilities of shape (rows,) for embeddings, and words and rule hits of `features.dense_rows`."""
        logits = vectors @ self.embedding + self.without_embedding(dense, rules) + self.bias
        chances = 1 / (1 + numpy.exp(-numpy.clip(logits, -30, 30)))
        return chances.astype(numpy.float32)

    @staticmethod
    def among(scores: Floats, count: Floats) -> Floats:
        """Return the probabilities of windows that are one of `count` in their text: their odds are divided by it.

        So a long text is no more likely to be found by chance than a short one.
        """
        return (scores / (scores + (1 - scores) * count)).astype(numpy.float32)

    def without_embedding(self, dense: Floats, rules: Sequence[str]) -> Floats:
        """Return what words and rule hits alone add to the logits, of shape (rows,)."""
        weights = numpy.concatenate([self.words, numpy.array([self.rules.get(name, 0.0) for name in rules])])
        added: Floats = dense @ weights.astype(numpy.float32)
        return added


def to_json(model: Model) -> str:
    """Return the model as the text of its file."""
    data = {
        "embedder": model.embedder,
        "threshold": model.threshold,
        "bias": round(model.bias, 4),
        "rules": {name: round(weight, 3) for name, weight in model.rules.items()},
        "embedding": [round(float(weight), 3) for weight in model.embedding],
        "words": [round(float(weight), 2) for weight in model.words],
    }
    return json.dumps(data, separators=(",", ":"))


@cache
def load_model(name: str) -> Model:
    """Return the model of the file `weights/NAME.json` beside this module."""
    return from_json((files(__package__) / "weights" / f"{name}.json").read_text("utf-8"))


def from_json(text: str) -> Model:
    """Return the model that `to_json` wrote."""
    data = json.loads(text)
    return Model(
        data["embedder"],
        numpy.array(data["embedding"], numpy.float32),
        numpy.array(data["words"], numpy.float32),
        data["rules"],
        data["bias"],
        data["threshold"],
    )


def fit(rows: Floats, labels: Floats, weights: Floats, ridge: Floats) -> tuple[Floats, float]:
    """Return slopes and bias of the least weighted log loss plus `ridge` · slope² / 2, by Newton's method.

    `rows` has shape (examples, features), `labels` are 0 or 1, `ridge` has one number a feature.
    """
    slopes = numpy.zeros(rows.shape[1] + 1)
    table = numpy.column_stack([rows, numpy.ones(len(rows), numpy.float32)])
    held = numpy.append(ridge, 1e-6).astype(numpy.float64)
    for _step in range(_STEPS):
        chance = 1 / (1 + numpy.exp(-numpy.clip(table @ slopes.astype(numpy.float32), -30, 30)))
        gradient = table.T @ (weights * (chance - labels)) + held * slopes
        bends = (weights * chance * (1 - chance)).astype(numpy.float32)
        open_rows = bends > _SETTLED
        bent = table[open_rows]
        curvature = ((bent * bends[open_rows, None]).T @ bent).astype(numpy.float64) + numpy.diag(held)
        step = numpy.linalg.solve(curvature, gradient)
        slopes -= step * min(1.0, _LONGEST_STEP / float(numpy.linalg.norm(step)))
        if float(numpy.abs(step).max()) < _TOLERANCE:
            break
    return slopes[:-1].astype(numpy.float32), float(slopes[-1])
