"""Fits the intents and writes `weights.npz`; a tool for developers, run from the root of the repository.

    python -m scenarios.agent_assist.intents.train DATA [--vectors FILE] [--out FILE]

DATA is the folder of public data sets; learnt from are banking77's `train.csv` and our own `sentences/`. Temperatures
and the threshold come from models fitted without a quarter of the examples, each quarter once. The file of vectors
keeps embeddings from one run to the next: the ten thousand take some minutes.
"""

import argparse
import csv
import hashlib
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy
import yaml

from appliance.core.protocols import Embedder, Vectors
from appliance.knowledge.e5 import LocalEmbedder

from .book import SHIPPED, WEIGHTS
from .learning import Examples, fit, logits, temperature
from .own import read_shipped
from .weights import LANGUAGES, Floats, Weights

SENTENCES = Path(__file__).with_name("sentences")
OUTSIDE = "outside"
"""The file of sentences that ask for nothing."""
_FOLDS = 4
_SEED = 7
_OWN_WEIGHT = 8.0  # of our own sentences, of which there are a tenth as many an intent
_OUTSIDE_SHOWN = 0.05  # share of held-out sentences that ask for nothing and still get an intent
_BATCH = 32

Embed = Callable[[Sequence[str]], Vectors]


def read_banking77(path: Path) -> list[tuple[str, str]]:
    """Return texts and names of intents of one of the set's CSV files."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [(row["text"], row["category"]) for row in csv.DictReader(lines)]


def read_sentences(folder: Path = SENTENCES) -> list[tuple[str, str, str]]:
    """Return our own texts with the names of their intents, empty for none, and their languages."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        data = yaml.safe_load(path.read_text("utf-8"))
        for name, by_language in {"": data}.items() if path.stem == OUTSIDE else data.items():
            found += [(text, name, language) for language, texts in by_language.items() for text in texts]
    return found


class Remembering:
    """Embeddings as queries, made once; with a file also from one run to the next."""

    def __init__(self, embedder: Embedder, path: Path | None = None) -> None:
        self._embedder = embedder
        self._path = path
        self._known: dict[str, Vectors] = {}
        if path is not None and path.exists():
            with numpy.load(path, allow_pickle=False) as file:
                self._known = dict(zip(file["key"].tolist(), file["vec"], strict=True))

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dimensions)."""
        keys = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        by_length = sorted(new.items(), key=lambda item: (len(item[1]), item[0]))  # a batch costs its longest text
        for start in range(0, len(by_length), _BATCH):
            batch = by_length[start : start + _BATCH]
            vectors = self._embedder.embed([text for _key, text in batch], "query")
            self._known.update(zip([key for key, _text in batch], vectors, strict=True))
        if new and self._path is not None:
            numpy.savez(self._path, key=numpy.array(list(self._known)), vec=numpy.stack(list(self._known.values())))
        return numpy.stack([self._known[key] for key in keys])


def examples_of(
    public: Sequence[tuple[str, str]], own: Sequence[tuple[str, str, str]], names: Sequence[str], embed: Embed
) -> Examples:
    """Return all that is learnt from, the public set's first."""
    texts = [*(text for text, _name in public), *(text for text, _name, _language in own)]
    place = {name: at for at, name in enumerate(names)} | {"": len(names)}
    return Examples(
        texts,
        embed(texts),
        numpy.array([0] * len(public) + [LANGUAGES.index(language) for _text, _name, language in own]),
        numpy.array([place[name] for _text, name in public] + [place[name] for _text, name, _language in own]),
        numpy.array([1.0] * len(public) + [_OWN_WEIGHT] * len(own), numpy.float32),
    )


def folds_of(examples: Examples) -> numpy.ndarray:
    """Return for each example in which quarter it is held out; of each intent and language a quarter each."""
    order = list(range(len(examples.texts)))
    random.Random(_SEED).shuffle(order)  # noqa: S311 - a split, no secrets
    seen: dict[tuple[int, int, float], int] = {}
    folds = numpy.zeros(len(order), numpy.intp)
    for at in order:
        kind = (int(examples.classes[at]), int(examples.languages[at]), float(examples.weights[at]))
        folds[at] = seen.get(kind, 0) % _FOLDS
        seen[kind] = seen.get(kind, 0) + 1
    return folds


def train(examples: Examples, names: Sequence[str], embedder: str) -> Weights:
    """Return the weights fitted on all, with what models fitted on three quarters say about the fourth."""
    folds = folds_of(examples)
    held, first = [], []
    for fold in range(_FOLDS):
        weights = fit(examples.part(folds != fold), names, embedder)
        held.append(examples.part(folds == fold))
        first.append(logits(weights, held[-1]))
        right = first[-1].argmax(axis=1) == held[-1].classes
        public = held[-1].weights == 1
        sys.stdout.write(f"quarter {fold + 1}: {right[public].mean():.4f} public, {right[~public].mean():.4f} own\n")
        sys.stdout.flush()
    classes = numpy.concatenate([one.classes for one in held])
    shares = numpy.concatenate([one.weights for one in held])
    warm = temperature(numpy.concatenate(first), classes, shares)
    return replace(
        fit(examples, names, embedder),
        temperature=numpy.array(round(warm, 3)),
        threshold=numpy.array(round(threshold(numpy.concatenate(first) / warm, classes, len(names)), 3)),
    )


def threshold(scaled: Floats, classes: numpy.ndarray, outside: int) -> float:
    """Return the confidence that so many sentences that ask for nothing reach."""
    chances = numpy.exp(scaled - scaled.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    best = chances[:, :outside].max(axis=1)
    return float(numpy.quantile(best[classes == outside], 1 - _OUTSIDE_SHOWN))


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder of public data sets")
    parser.add_argument("--vectors", type=Path, help="file that keeps embeddings from one run to the next")
    parser.add_argument("--out", type=Path, default=SHIPPED.with_name(WEIGHTS))
    options = parser.parse_args()
    embedder = LocalEmbedder(threads=2)
    names = tuple(read_shipped(SHIPPED))
    public = read_banking77(options.data / "banking77" / "train.csv")
    examples = examples_of(public, read_sentences(), names, Remembering(embedder, options.vectors))
    weights = train(examples, names, embedder.name)
    weights.write(options.out)
    sys.stdout.write(
        f"{len(names)} intents from {len(examples.texts)} examples; temperature {weights.temperature}, "
        f"threshold {weights.threshold}\n"
    )


if __name__ == "__main__":
    _main()
