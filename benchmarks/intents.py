"""Intents of agent assist: banking77's test file, our own held-out sentences, own intents by examples, fin_eva.

    python benchmarks/intents.py ../shared/data [--vectors FILE] [--seeds N] [--json FILE]

The shipped weights have never read banking77's test file nor the held-out sentences, which are written apart from those
learnt from (the same hand wrote both). Shown are the turns whose confidence reaches the shipped threshold. For own
intents ten of the 77 are left out of the base, which is fitted again, and given back by examples of the training file;
each seed leaves out others and takes a minute or two. Of fin_eva the option is taken whose embedding is nearest to the
question's, each without the mean of its kind; nothing was learnt from it. The file of vectors keeps embeddings from one
run to the next.
"""

import argparse
import csv
import json
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
import yaml
from machine import describe

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from appliance.knowledge.e5 import LocalEmbedder  # noqa: E402
from scenarios.agent_assist.intents import SHIPPED, IntentBook  # noqa: E402
from scenarios.agent_assist.intents.book import WEIGHTS  # noqa: E402
from scenarios.agent_assist.intents.learning import fit  # noqa: E402
from scenarios.agent_assist.intents.own import Entry, OwnIntents, read_shipped  # noqa: E402
from scenarios.agent_assist.intents.train import (  # noqa: E402
    Remembering,
    examples_of,
    read_banking77,
    read_sentences,
)
from scenarios.agent_assist.intents.weights import Weights  # noqa: E402
from scenarios.agent_assist.models import Words  # noqa: E402

_HELD_OUT = ROOT / "tests/unit/scenario/agent_assist/intents"
_OF_FIN_EVA = ("金融意图理解", "保险意图理解")
_LEFT_OUT = 10
_PUBLIC = 77
_BINS = 10

Row = tuple[str, str, str]
"""Text, intent (empty for none), language."""


def read_held_out() -> dict[str, list[Row]]:
    """Return the held-out sentences by what they measure."""
    chinese = yaml.safe_load((_HELD_OUT / "held_out_zh.yaml").read_text("utf-8"))
    other = yaml.safe_load((_HELD_OUT / "held_out.yaml").read_text("utf-8"))
    rows = [(text, name, "zh") for name, texts in chinese.items() for text in texts]
    new = set(other["en"])
    return {
        "held out zh, the 77": [row for row in rows if row[1] not in new],
        "held out zh, the 31 more": [row for row in rows if row[1] in new],
        "held out en, the 31 more": [(text, name, "en") for name, texts in other["en"].items() for text in texts],
        "asks for nothing zh": [(text, "", "zh") for text in other["outside"]["zh"]],
        "asks for nothing en": [(text, "", "en") for text in other["outside"]["en"]],
    }


def judge(book: IntentBook, rows: Sequence[Row], embed: Remembering) -> dict[str, float]:
    """Return the figures of one set."""
    vectors = embed([text for text, _name, _language in rows])
    ranked = [book.classify(vector, *row[::2]) for vector, row in zip(vectors, rows, strict=True)]
    right = numpy.array([found[0][0] == row[1] for found, row in zip(ranked, rows, strict=True)])
    sure = numpy.array([found[0][1] for found in ranked])
    shown = sure >= book.threshold
    figures = {"rows": len(rows), "shown": float(shown.mean())}
    if not rows[0][1]:
        return figures
    told = [found[0][0] for found in ranked]
    return figures | {
        "accuracy": float(right.mean()),
        "macro_f1": macro_f1([name for _text, name, _language in rows], told),
        "top_5": statistics.fmean(
            row[1] in {name for name, _sure in found} for found, row in zip(ranked, rows, strict=True)
        ),
        "right_of_shown": float(right[shown].mean()),
        "calibration_error": calibration_error(right, sure),
    }


def macro_f1(gold: Sequence[str], told: Sequence[str]) -> float:
    """Return the mean of the F1 of each intent that occurs in `gold`."""
    scores = []
    for name in sorted(set(gold)):
        hits = sum(one == other == name for one, other in zip(gold, told, strict=True))
        scores.append(2 * hits / (gold.count(name) + told.count(name)))
    return statistics.fmean(scores)


def calibration_error(right: numpy.ndarray, sure: numpy.ndarray) -> float:
    """Return the expected calibration error over ten bins of equal width."""
    bins = numpy.minimum((sure * _BINS).astype(int), _BINS - 1)
    parts = [
        (bins == at).mean() * abs(right[bins == at].mean() - sure[bins == at].mean())
        for at in range(_BINS)
        if (bins == at).any()
    ]
    return float(sum(parts))


def own_intents(data: Path, embed: Remembering, seed: int) -> list[dict[str, Any]]:
    """Leave ten public intents out, give them back by examples, and return the accuracy on both kinds of test rows."""
    titles = read_shipped(SHIPPED)
    names = list(titles)
    left = sorted(random.Random(seed).sample(names[:_PUBLIC], _LEFT_OUT))
    kept = [name for name in names if name not in left]
    public = read_banking77(data / "banking77" / "train.csv")
    shipped = Weights.read(SHIPPED.with_name(WEIGHTS))
    base_examples = examples_of(
        [row for row in public if row[1] not in left],
        [row for row in read_sentences() if row[1] not in left],
        kept,
        embed,
    )
    fitted = fit(base_examples, kept, str(shipped.embedder))
    base = Weights(**vars(fitted) | {name: getattr(shipped, name) for name in ("temperature", "threshold")})
    test = [(text, name, "en") for text, name in read_banking77(data / "banking77" / "test.csv")]
    groups = {
        "own": [row for row in test if row[1] in left],
        "others": [row for row in test if row[1] not in left],
        "outside": [row for kind, rows in read_held_out().items() if kind.startswith("asks") for row in rows],
    }
    found = [_with_own(base, titles, {}, groups, embed)]
    for count in (10, 20):
        given: dict[str, list[str]] = {name: [] for name in left}
        for text, name in random.Random(seed).sample(public, len(public)):
            if name in given and len(given[name]) < count:
                given[name].append(text)
        found.append(_with_own(base, titles, given, groups, embed))
    return found


def _with_own(
    base: Weights,
    titles: Mapping[str, Words],
    given: Mapping[str, Sequence[str]],
    groups: Mapping[str, Sequence[Row]],
    embed: Remembering,
) -> dict[str, Any]:
    begun = time.perf_counter()
    vectors = {name: embed(texts) for name, texts in given.items()}
    taught = time.perf_counter()
    own = OwnIntents.learn(base, [(name, base.centred(rows, "en")) for name, rows in vectors.items()])
    learning = time.perf_counter() - taught
    entries = [Entry(name=name, title=titles[name], examples=tuple(texts)) for name, texts in given.items()]
    book = IntentBook(base, titles, entries, own if given else None)
    figures = {name: judge(book, rows, embed) for name, rows in groups.items()}
    return {
        "examples": len(next(iter(given.values()), [])),
        "own": figures["own"]["accuracy"],
        "others": figures["others"]["accuracy"],
        "outside_shown": figures["outside"]["shown"],
        "learning_ms": 1000 * learning,
        "embedding_s": taught - begun,
    }


def fin_eva(path: Path, embed: Remembering) -> dict[str, float]:
    """Return how often the option nearest to the question is the right one, with and without the means taken off."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    questions = embed([row["question"] for row in rows])
    options = embed([row[letter] for row in rows for letter in "ABCD"]).reshape(len(rows), 4, -1)
    gold = numpy.array(["ABCD".index(row["answer"].strip()) for row in rows])
    plain = numpy.einsum("rd,rod->ro", questions, options).argmax(axis=1)
    centred = options - options.mean(axis=(0, 1))
    near = numpy.einsum("rd,rod->ro", questions - questions.mean(axis=0), centred)
    near /= numpy.linalg.norm(centred, axis=2)
    return {
        "rows": len(rows),
        "cosine": float((plain == gold).mean()),
        "without_means": float((near.argmax(axis=1) == gold).mean()),
    }


def milliseconds(book: IntentBook, rows: Sequence[Row], embed: Remembering) -> float:
    """Return the median of this process's processor time for one turn, its embedding not included."""
    spent = []
    for vector, (text, _name, language) in zip(embed([row[0] for row in rows]), rows, strict=True):
        begun = time.process_time()
        book.classify(vector, text, language)
        spent.append(1000 * (time.process_time() - begun))
    return statistics.median(spent)


def show(report: Mapping[str, Any]) -> None:
    """Print the tables."""
    columns = ("rows", "accuracy", "macro_f1", "top_5", "shown", "right_of_shown", "calibration_error")
    print("| set | " + " | ".join(columns) + " |\n" + "|---" * (len(columns) + 1) + "|")
    for name, figures in report["sets"].items():
        cells = [
            f"{figures[column]:.3f}" if isinstance(figures.get(column), float) else str(figures.get(column, ""))
            for column in columns
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")
    print("\n| own intents, seed | examples each | accuracy own | accuracy others | outside shown | learning ms |")
    print("|---|---|---|---|---|---|")
    for seed, rows in report["own_intents"].items():
        for row in rows:
            print(
                f"| {seed} | {row['examples']} | {row['own']:.3f} | {row['others']:.3f} | {row['outside_shown']:.3f} | "
                f"{row['learning_ms']:.0f} |"
            )
    print("\n| fin_eva, 4 options | rows | cosine | without means |\n|---|---|---|---|")
    for name, figures in report["fin_eva"].items():
        print(f"| {name} | {figures['rows']} | {figures['cosine']:.3f} | {figures['without_means']:.3f} |")
    print(f"\nclassifying one turn: {report['classify_ms']:.2f} ms of processor time, without its embedding")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder of public data sets")
    parser.add_argument("--vectors", type=Path, help="file that keeps embeddings from one run to the next")
    parser.add_argument("--seeds", type=int, default=1, help="of the experiment with own intents")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    embed = Remembering(LocalEmbedder(threads=1), options.vectors)
    book = IntentBook.load(SHIPPED, None, embed)
    test: list[Row] = [(text, name, "en") for text, name in read_banking77(options.data / "banking77" / "test.csv")]
    report: dict[str, Any] = {"machine": describe(), "threshold": book.threshold}
    sets = {"banking77 test": test} | read_held_out()
    report["sets"] = {name: judge(book, rows, embed) for name, rows in sets.items()}
    report["classify_ms"] = milliseconds(book, test[:500], embed)
    folder = options.data / "fin_eva"
    report["fin_eva"] = {name: fin_eva(folder / f"Ant_金融认知_{name}.csv", embed) for name in _OF_FIN_EVA}
    report["own_intents"] = {seed: own_intents(options.data, embed, seed) for seed in range(options.seeds)}
    print(report["machine"], f"threshold {book.threshold}\n")
    show(report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
