"""Trains the weights of `emotion_weights` on the own turns in evaluation/, without those that are for judging.

    PYTHONPATH=. python -m scenarios.agent_assist.reading.train_emotion

Multinomial logistic regression by gradient descent from zero, so that every run on the same embedder gives the same
weights. Training sets: emotion_{zh,en}.tsv, …_more.tsv and …_calm.tsv; those that end in _fresh.tsv are never read.
"""

from pathlib import Path

import numpy

from appliance.core.protocols import Vectors
from appliance.knowledge.e5 import LocalEmbedder

from .emotion_weights import FILE, LABELS, Weights

_SETS = Path(__file__).with_name("evaluation")
_TRAINING = ("zh", "en", "zh_more", "en_more", "zh_calm", "en_calm")
_DECAY, _RATE, _ROUNDS = 1e-3, 3.0, 3000


def read_turns(name: str) -> list[tuple[str, str]]:
    """Return label and turn of each line of a set."""
    lines = (_SETS / f"emotion_{name}.tsv").read_text(encoding="utf-8").splitlines()
    return [(label, text) for label, _tab, text in (line.partition("\t") for line in lines)]


def train(vectors: Vectors, labels: list[str]) -> Weights:
    """Return the weights for vectors of shape (n, d) and their n labels."""
    wanted = numpy.eye(len(LABELS))[[LABELS.index(label) for label in labels]]
    centre = vectors.mean(axis=0)
    moved = (vectors - centre).astype(numpy.float64)
    moved /= numpy.linalg.norm(moved, axis=1, keepdims=True)
    weights, offsets = numpy.zeros((moved.shape[1], len(LABELS))), numpy.zeros(len(LABELS))
    for _round in range(_ROUNDS):
        sums = moved @ weights + offsets
        powers = numpy.exp(sums - sums.max(axis=1, keepdims=True))
        error = (powers / powers.sum(axis=1, keepdims=True) - wanted) / len(labels)
        weights -= _RATE * (moved.T @ error + _DECAY * weights)
        offsets -= _RATE * error.sum(axis=0)
    return Weights(centre, weights.astype(numpy.float32), offsets.astype(numpy.float32))


def main() -> None:
    """Train and write the weights beside this file."""
    turns = [turn for name in _TRAINING for turn in read_turns(name)]
    vectors = LocalEmbedder(threads=1).embed([text for _label, text in turns], "query")
    made = train(vectors, [label for label, _text in turns])
    half = {name: getattr(made, name).astype(numpy.float16) for name in ("centre", "weights", "offsets")}
    numpy.savez_compressed(FILE, allow_pickle=False, **half)


if __name__ == "__main__":
    main()
