"""How search time, memory and size grow with the number of passages.

    python benchmarks/search_scale.py [--million] [--questions N] [--json FILE]

builds bases of made-up passages and asks them questions made from their own words, embedded by the real embedder. It
drives the index in process: the stages can only be told apart there, and uploading a million passages over HTTP would
measure the embedder. Each base is searched whole, and with a scope that hides every other version.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from figures import percentile
from machine import describe
from made_up_passages import PASSAGES_A_VERSION, Maker

from appliance.core.protocols import Vectors
from appliance.knowledge.asking.questions import Question, analyse
from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.search.index import EVERYTHING, BaseIndex, Scope, StoredPassage
from appliance.knowledge.search.ranking import Weigher, rank_sentences, retrieve

_SIZES = (1_000, 10_000, 100_000)


@dataclass(frozen=True)
class Built:
    """An index that has been filled, some of its passages, and what that took."""

    index: BaseIndex
    examples: list[StoredPassage]
    facts: dict[str, Any]


def build(folder: Path, embedder: LocalEmbedder, maker: Maker, passages: int) -> Built:
    """Fill an index; seconds are without the making up of the passages."""
    index = BaseIndex(folder, embedder.name, embedder.dimensions)
    seconds = 0.0
    examples = []
    for version in range(1, passages // PASSAGES_A_VERSION + 1):
        made = maker.version(version)
        examples.append(made[version % len(made)])
        seconds += timed(partial(index.put, version, made))[1]
    seconds += timed(index.finish)[1]
    one_more = maker.version(passages, 20)
    more = timed(partial(index.put, passages, one_more))[1] + timed(index.finish)[1]
    again, opening = timed(lambda: BaseIndex(folder, embedder.name, embedder.dimensions))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    facts = {
        "passages": again.passages,
        "build_s": round(seconds, 1),
        "one_more_document_s": round(more, 2),
        "open_s": round(opening, 2),
        "size_mb": round(size / 1e6),
    }
    return Built(again, examples, facts)


def timed(run: Callable[[], Any]) -> tuple[Any, float]:
    """Return what `run` gives, and the seconds it took."""
    began = time.perf_counter()
    given = run()
    return given, time.perf_counter() - began


def ask(index: BaseIndex, text: str, vector: Vectors, scope: Scope) -> dict[str, float]:
    """Ask one question; return the milliseconds of the search, then of each stage when done again one by one.

    `search_cpu` is processor time of all threads: other work on the machine stretches the others.
    """
    used = time.process_time()
    _scored, search = timed(lambda: rank_sentences(index, analyse(text), vector, scope))
    took = {"search": search, "search_cpu": time.process_time() - used}
    question, took["analyse"] = timed(lambda: analyse(text))
    _places, took["vectors"] = timed(lambda: index.by_vector(vector, 32, scope))
    places, took["words"] = timed(lambda: index.by_terms(question.search_terms(), 32, scope))
    _passages, took["read"] = timed(lambda: index.read(places[:20]))
    found = retrieve(index, question, vector, 20, scope)
    _weighed, took["weigh"] = timed(lambda: weigh(index, question, vector, found))
    return {name: seconds * 1000 for name, seconds in took.items()}


def embed(embedder: LocalEmbedder, text: str) -> Vectors:
    """Return a question's vector."""
    return embedder.embed([text], "query")[0]


def weigh(index: BaseIndex, question: Question, vector: Vectors, passages: Sequence[StoredPassage]) -> None:
    """Weigh every sentence of some passages."""
    weigher = Weigher(index, question, vector)
    for passage in passages:
        weigher.weigh(passage)


def measure(passages: int, questions: int, embedder: LocalEmbedder, maker: Maker) -> dict[str, Any]:
    """Return the figures of one size; `all` is the embedding of a question and its search together."""
    with tempfile.TemporaryDirectory() as folder:
        built = build(Path(folder) / "index", embedder, maker, passages)
        index, row = built.index, built.facts
        texts = [maker.question(passage) for passage in random.Random(3).choices(built.examples, k=questions)]
        vectors = [timed(partial(embed, embedder, text)) for text in texts]
        scopes = {"everything": EVERYTHING, "half hidden": Scope(without=frozenset(sorted(index.versions())[::2]))}
        for name, scope in scopes.items():
            for text, (vector, _seconds) in list(zip(texts, vectors, strict=True))[:3]:
                ask(index, text, vector, scope)
            times = []
            for text, (vector, seconds) in zip(texts, vectors, strict=True):
                took = ask(index, text, vector, scope)
                times.append({"all": seconds * 1000 + took["search"], "embed": seconds * 1000, **took})
            row[name] = {
                stage: [round(percentile([one[stage] for one in times], share), 1) for share in (0.5, 0.95, 0.99)]
                for stage in times[0]
            }
    row["resident_mb"] = round(psutil.Process().memory_info().rss / 1e6)
    return row


def _print(row: dict[str, Any]) -> None:
    facts = ", ".join(f"{name} {value}" for name, value in row.items() if not isinstance(value, dict))
    sys.stdout.write(facts + "\n")
    for name, stages in row.items():
        if isinstance(stages, dict):
            shown = "  ".join(f"{stage} {'/'.join(map(str, figures))}" for stage, figures in stages.items())
            sys.stdout.write(f"  {name}: {shown}\n")
    sys.stdout.flush()


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(_SIZES))
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    embedder = LocalEmbedder(threads=2)
    maker = Maker(embedder)
    rows = []
    sys.stdout.write("Vectors of the passages are made up. Milliseconds as p50/p95/p99.\n")
    for passages in [*options.sizes, *([1_000_000] if options.million else [])]:
        rows.append(measure(passages, options.questions, embedder, maker))
        _print(rows[-1])
    if options.json:
        report = {"machine": describe(), "passage_vectors": "made up", "sizes": rows}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
