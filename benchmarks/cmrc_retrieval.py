"""Finding the right paragraph of CMRC2018 for its questions: BM25 alone, vectors alone, both fused, and re-scored.

    python benchmarks/cmrc_retrieval.py dev.json [--paragraphs N] [--questions N] [--vectors FOLDER] [--json FILE]

Every paragraph becomes a document of its own. It drives the index in process, since the parts of a search cannot be
asked for over HTTP. Vectors are kept in FOLDER, so a second run takes a minute. Nothing is fitted to these questions.
"""

import argparse
import hashlib
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
from machine import describe

from appliance.core.protocols import Vectors
from appliance.knowledge.asking.questions import analyse
from appliance.knowledge.content import Block, Extracted
from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.intake.indexing import embed_prepared, prepare
from appliance.knowledge.search.index import BaseIndex, StoredPassage
from appliance.knowledge.search.ranking import fuse, rank_sentences

_DEPTH = 32
_RANKS = (1, 5)


@dataclass(frozen=True)
class Asked:
    """A question, and the number of the paragraph that answers it."""

    text: str
    paragraph: int


class Kept:
    """Gives vectors by text, embedded beforehand and kept in a file."""

    def __init__(self, embedder: LocalEmbedder, folder: Path | None) -> None:
        self._embedder = embedder
        self._folder = folder
        self.name = embedder.name
        self.dimensions = embedder.dimensions

    def embed(self, texts: Sequence[str], kind: str) -> Vectors:
        """As `core.protocols.Embedder`."""
        if self._folder is None:
            return self._embedder.embed(texts, "query" if kind == "query" else "passage")
        digest = hashlib.sha256("\0".join([kind, *texts]).encode()).hexdigest()[:24]
        path = self._folder / f"{digest}.npy"
        if path.is_file():
            return numpy.asarray(numpy.load(path), numpy.float32)
        vectors = self._embedder.embed(texts, "query" if kind == "query" else "passage")
        numpy.save(path, vectors)
        return vectors


def load(path: Path) -> tuple[list[str], list[Asked]]:
    """Return the paragraphs and the questions."""
    paragraphs, asked = [], []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            paragraphs.append(paragraph["context"])
            asked.extend(Asked(question["question"], len(paragraphs)) for question in paragraph["qas"])
    return paragraphs, asked


def fill(index: BaseIndex, paragraphs: Sequence[str], embedder: Kept) -> None:
    """Put each paragraph into the index as the version of its number."""
    for number, paragraph in enumerate(paragraphs, start=1):
        prepared = prepare(Extracted((Block(" ".join(paragraph.split())),)), "paragraph.txt")
        index.put(number, embed_prepared(prepared, number, embedder, lambda _share: None))
    index.finish()


def orders(index: BaseIndex, question: str, vector: Vectors) -> Iterator[tuple[str, list[StoredPassage]]]:
    """Yield the passages that each way of searching puts first."""
    analysed = analyse(question)
    words = index.by_terms(analysed.search_terms(), _DEPTH)
    near = index.by_vector(vector, _DEPTH)
    yield "bm25", index.read(words)
    yield "vectors", index.read(fuse(near))
    yield "fused", index.read(fuse([*near, words])[:_DEPTH])
    yield "rescored", [scored.passage for scored in rank_sentences(index, analysed, vector)]


def recalls(index: BaseIndex, asked: Sequence[Asked], embedder: Kept) -> dict[str, dict[str, float]]:
    """Return recall at each rank, counted in paragraphs, for each way of searching."""
    hits: dict[str, dict[int, int]] = {}
    for question in asked:
        vector = embedder.embed([question.text], "query")[0]
        for name, passages in orders(index, question.text, vector):
            found = list(dict.fromkeys(passage.version for passage in passages))
            counted = hits.setdefault(name, dict.fromkeys(_RANKS, 0))
            for rank in _RANKS:
                counted[rank] += question.paragraph in found[:rank]
    return {
        name: {f"recall_at_{rank}": round(count / len(asked), 4) for rank, count in counted.items()}
        for name, counted in hits.items()
    }


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--paragraphs", type=int, help="use only the first so many")
    parser.add_argument("--questions", type=int, help="ask only so many, chosen at random")
    parser.add_argument("--vectors", type=Path, help="folder that keeps vectors between runs")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.vectors:
        options.vectors.mkdir(parents=True, exist_ok=True)
    embedder = Kept(LocalEmbedder(threads=2), options.vectors)
    paragraphs, asked = load(options.data)
    paragraphs = paragraphs[: options.paragraphs]
    asked = [question for question in asked if question.paragraph <= len(paragraphs)]
    if options.questions:
        asked = random.Random(1).sample(asked, options.questions)
    with tempfile.TemporaryDirectory() as folder:
        index = BaseIndex(Path(folder) / "index", embedder.name, embedder.dimensions)
        fill(index, paragraphs, embedder)
        found = recalls(index, asked, embedder)
        size = {"paragraphs": len(paragraphs), "passages": index.passages, "questions": len(asked)}
    sys.stdout.write(", ".join(f"{name} {count}" for name, count in size.items()) + "\n")
    for name, figures in found.items():
        sys.stdout.write(f"{name:9} " + "  ".join(f"{key} {value:.4f}" for key, value in figures.items()) + "\n")
    if options.json:
        report = {"machine": describe(), **size, "found": found}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
