"""A linear classifier of emotions on a turn's embedding: hears what no word in the list says.

Its weights (emotion_weights.npz) are trained by train_emotion.py on own sentences only. They belong to the bundled
embedder, multilingual-e5-small with the prefix of queries; a vector of another length is not judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import numpy

from appliance.core.protocols import Vectors

FILE = Path(__file__).with_name("emotion_weights.npz")
Label = Literal["calm", "satisfied", "anxious", "confused", "disappointed", "angry"]
LABELS: tuple[Label, ...] = get_args(Label)


@dataclass(frozen=True)
class Weights:
    """Centre of the training vectors (d,), weights (d, 6) and offsets (6,); the classes are `LABELS`."""

    centre: Vectors
    weights: Vectors
    offsets: Vectors

    def logits(self, vectors: Vectors) -> Vectors:
        """Return float32 of shape (n, 6) for vectors of shape (n, d)."""
        moved = vectors - self.centre
        moved /= numpy.linalg.norm(moved, axis=1, keepdims=True) + 1e-9
        found: Vectors = (moved @ self.weights + self.offsets).astype(numpy.float32)
        return found


@cache
def shipped_weights() -> Weights:
    """Read the shipped weights."""
    with numpy.load(FILE, allow_pickle=False) as arrays:
        return Weights(*(arrays[name].astype(numpy.float32) for name in ("centre", "weights", "offsets")))


def likely(
    vector: Vectors, of_words: Mapping[Label, float], say_of_words: float, calm_ahead: float = 0.0
) -> dict[Label, float] | None:
    """Return how likely each label is, summing to 1, or None for a vector of another embedder.

    `of_words` gives for each label what the list of words found, 0 to 1, and `say_of_words` how much that counts;
    `calm_ahead` are log-odds by which calm is ahead of all else.
    """
    known = shipped_weights()
    row = numpy.asarray(vector, dtype=numpy.float32).reshape(1, -1)
    if row.shape[1] != known.centre.shape[0] or not numpy.isfinite(row).all():
        return None
    sums = known.logits(row)[0] + say_of_words * numpy.array([of_words.get(label, 0.0) for label in LABELS])
    sums[LABELS.index("calm")] += calm_ahead
    powers = numpy.exp(sums - sums.max())
    return dict(zip(LABELS, (powers / powers.sum()).tolist(), strict=True))
