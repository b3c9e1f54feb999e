"""Fits the two models of the intents; used by `train.py` only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse

from appliance.core.protocols import Vectors

from .weights import LANGUAGES, Floats, Weights
from .words import BUCKETS, buckets_of

Numbers = NDArray[numpy.intp]
_RIDGE_OF_EMBEDDING = 10.0
_RIDGE_OF_WORDS = 1.0
_WORD_SCALE = 3.0  # of a row of words, whose length is 1, beside embeddings of unit variance
_STEPS = 150
_SHRUNK = 0.1  # share of the mean variance added to each direction within an intent
_OWN_TEMPERATURE = 4.0  # best on a part of the public training file, with ten intents left out and given back
_LEAST_SPREAD = 0.05  # of means, in directions in which the shipped intents do not differ but others may


@dataclass(frozen=True, eq=False)
class Examples:
    """Texts with their embeddings (n, d), languages, classes (the last is that of asking for nothing) and weights."""

    texts: Sequence[str]
    vectors: Vectors
    languages: Numbers
    classes: Numbers
    weights: Floats

    def part(self, chosen: NDArray[numpy.bool_]) -> "Examples":
        """Return the chosen ones."""
        texts = [text for text, use in zip(self.texts, chosen, strict=True) if use]
        return Examples(texts, self.vectors[chosen], self.languages[chosen], self.classes[chosen], self.weights[chosen])


def fit(examples: Examples, names: Sequence[str], embedder: str) -> Weights:
    """Return both models; the first one's temperature is 1 and the threshold 0."""
    centres = numpy.stack([examples.vectors[examples.languages == at].mean(axis=0) for at in range(len(LANGUAGES))])
    centred = examples.vectors - centres[examples.languages]
    scale = 1 / float(centred.std(axis=0).mean())
    table = _table(examples.texts)
    rarity = numpy.log((1 + len(examples.texts)) / (1 + numpy.asarray((table > 0).sum(axis=0)).ravel()))
    slopes, of_words, bias = _regression(centred * scale, _weighed(table, rarity), examples, len(names) + 1)
    space, spread, means, counts = _discriminant(centred, examples.classes, len(names) + 1)
    one = numpy.array(1.0)
    return Weights(
        numpy.array(embedder), numpy.array(list(names)), _single(centres), _single(slopes * scale),
        _single(of_words * _WORD_SCALE), _single(rarity), _single(bias), one, _single(space), _single(spread),
        _single(means), _single(counts), numpy.array(_OWN_TEMPERATURE), numpy.array(0.0),
    )  # fmt: skip


def _single(numbers: NDArray[numpy.floating]) -> Floats:
    return numbers.astype(numpy.float32)


def _table(texts: Sequence[str]) -> sparse.csr_matrix:
    found = [buckets_of(text) for text in texts]
    ends = numpy.cumsum([0, *map(len, found)])
    columns = numpy.concatenate(found)
    return sparse.csr_matrix((numpy.ones(len(columns)), columns, ends), shape=(len(texts), BUCKETS))


def _weighed(table: sparse.csr_matrix, rarity: NDArray[numpy.float64]) -> sparse.csr_matrix:
    """Return rows of length `_WORD_SCALE`."""
    rows = table.multiply(rarity).tocsr()
    lengths = numpy.sqrt(numpy.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return (sparse.diags(_WORD_SCALE / numpy.where(lengths > 0, lengths, 1.0)) @ rows).astype(numpy.float32).tocsr()


def _regression(dense: Floats, words: sparse.csr_matrix, examples: Examples, classes: int) -> tuple[Floats, ...]:
    """Return slopes of embedding and words, and the bias, of the least weighted log loss with ridges, by L-BFGS."""
    count, d = dense.shape
    rows = numpy.arange(count)
    turned = words.T.tocsr()
    ridge = numpy.concatenate([numpy.full(d, _RIDGE_OF_EMBEDDING), numpy.full(BUCKETS, _RIDGE_OF_WORDS), [0.0]])
    held = ridge.astype(numpy.float32)[:, None]

    def loss(flat: NDArray[numpy.float64]) -> tuple[float, NDArray[numpy.float64]]:
        weights = flat.reshape(-1, classes).astype(numpy.float32)
        logits = dense @ weights[:d] + words @ weights[d:-1] + weights[-1]
        logits -= logits.max(axis=1, keepdims=True)
        chances = numpy.exp(logits)
        sums = chances.sum(axis=1, keepdims=True)
        lost = float((examples.weights * (numpy.log(sums[:, 0]) - logits[rows, examples.classes])).sum())
        chances /= sums
        chances[rows, examples.classes] -= 1
        chances *= examples.weights[:, None]
        slopes = numpy.concatenate([dense.T @ chances, turned @ chances, chances.sum(axis=0)[None]]) + held * weights
        return lost + 0.5 * float((held * weights * weights).sum()), slopes.ravel().astype(numpy.float64)

    start = numpy.zeros((d + BUCKETS + 1) * classes)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    found = found.reshape(-1, classes)
    return found[:d], found[d:-1], found[-1]


def _discriminant(centred: Floats, classes: Numbers, number: int) -> tuple[NDArray[numpy.float64], ...]:
    """Return the space of the second model, the spread of means in it, the means and the numbers of examples."""
    table = centred.astype(numpy.float64)
    counts = numpy.bincount(classes, minlength=number).astype(float)
    means = numpy.stack([table[classes == at].mean(axis=0) for at in range(number)])
    apart = table - means[classes]
    within = apart.T @ apart / (len(table) - number)
    middle = means - means.mean(axis=0)
    between = middle.T @ middle / (number - 1) - within * float((1 / counts).mean())
    within += numpy.eye(len(within)) * _SHRUNK * within.trace() / len(within)
    spread, space = linalg.eigh(between, within)
    return space, numpy.maximum(spread, _LEAST_SPREAD), means @ space, counts


def logits(weights: Weights, examples: Examples) -> Floats:
    """Return the first model's logits, of shape (n, k + 1)."""
    rows = zip(examples.texts, examples.vectors, examples.languages, strict=True)
    return numpy.stack([weights.logits(weights.centred(vector, LANGUAGES[at]), text) for text, vector, at in rows])


def temperature(logits: Floats, classes: Numbers, weights: Floats) -> float:
    """Return what to divide logits by, so that the held-out examples are likeliest."""

    def lost(log: float) -> float:
        scaled = logits / numpy.exp(log)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        right = scaled[numpy.arange(len(scaled)), classes]
        return float((weights * (numpy.log(numpy.exp(scaled).sum(axis=1)) - right)).sum())

    return float(numpy.exp(optimize.minimize_scalar(lost, bounds=(-2.0, 3.0), method="bounded").x))
