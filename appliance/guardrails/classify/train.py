"""Fits the classifiers of injection and topics and writes their weights; a tool for developers.

    python -m appliance.guardrails.classify.train --embedder appliance.knowledge.e5:LocalEmbedder \
        [--banking77 train.csv] [--cmrc2018 dev.json]

Attacks and topics are learnt from the sentences in `sentences/` only. The public sets are harmless text: of banking77
its training file, of CMRC2018 every other article, from the first on; the others judge. A fifth of all harmless
templates, utterances and passages is held out of fitting: one in a hundred of these reaches the threshold of injection,
at most as many that of a topic.
"""

import argparse
import csv
import json
import pkgutil
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
from numpy.typing import NDArray

from appliance.core.protocols import Embedder
from appliance.guardrails.classify import injection, topics
from appliance.guardrails.classify.examples import Example, load_examples
from appliance.guardrails.classify.features import BUCKETS, dense_rows
from appliance.guardrails.classify.logistic import Floats, Model, fit, to_json
from appliance.guardrails.classify.rules import RuleSet, load_rules
from appliance.guardrails.classify.windows import MOST_WINDOWS, windows

WEIGHTS = Path(__file__).parent / "weights"
_SEED = 7
_FILLINGS = 6  # texts of each template
_HELD_OUT = 5  # one in so many
_FALSE_POSITIVES = 0.01
_LEAST_OF_TOPICS = 0.5  # a topic is rare: its threshold at one in a hundred would name what is hardly likely
_UTTERANCES = 4000  # of banking77
_RIDGE = {"embedding": 3.0, "words": 3.0, "rules": 1.0}
_WORD_SCALE = 4.0
_OWN_WEIGHT = 2.0  # of a harmless sentence that was written to be close to an attack


@dataclass(frozen=True)
class Group:
    """Texts of one source and label. `held_out` marks, by text, what only sets the threshold."""

    texts: Sequence[str]
    label: bool
    weight: float
    held_out: Sequence[bool]


@dataclass(frozen=True)
class Rows:
    """Windows of all texts of a group: embeddings, dense features, and the number of the text each is of."""

    vectors: Floats
    dense: Floats
    owners: NDArray[numpy.int64]


def own(examples: Sequence[Example], label: bool) -> Group:
    """Return sentences of own writing; harmless ones are held out template by template, the others never."""
    templates = sorted({example.template for example in examples})
    random.Random(_SEED).shuffle(templates)  # noqa: S311 - a split, no secrets
    held = set(() if label else templates[::_HELD_OUT])
    return Group(
        [example.text for example in examples],
        label,
        1.0 if label else _OWN_WEIGHT,
        [example.template in held for example in examples],
    )


def public(texts: Sequence[str]) -> Group:
    """Return harmless texts of a public set, every fifth held out."""
    return Group(texts, False, 1.0, [at % _HELD_OUT == 0 for at in range(len(texts))])


def read_banking77(path: Path) -> list[str]:
    """Return utterances of the set's CSV file in a fixed random order."""
    with path.open(encoding="utf-8", newline="") as lines:
        texts = [row["text"] for row in csv.DictReader(lines)]
    random.Random(_SEED).shuffle(texts)  # noqa: S311 - a sample, no secrets
    return texts


def read_cmrc2018(path: Path, half: int) -> tuple[list[str], list[str]]:
    """Return passages and questions of every other article of the set's JSON file, from number `half` (0 or 1) on."""
    articles = json.loads(path.read_text("utf-8"))["data"][half::2]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    questions = [asked["question"] for paragraph in paragraphs for asked in paragraph["qas"]]
    return [paragraph["context"] for paragraph in paragraphs], questions


def rows_of(texts: Sequence[str], embedder: Embedder, rules: RuleSet) -> Rows:
    """Return the windows of `texts` as the classifiers see them."""
    parts, owners = [], []
    for owner, text in enumerate(texts):
        for window in windows(text)[:MOST_WINDOWS]:
            parts.append(text[window.start : window.end])
            owners.append(owner)
    return Rows(embedder.embed(parts, "query"), dense_rows(parts, rules, "input"), numpy.array(owners))


def train(groups: Sequence[Group], embedder: Embedder, rules: RuleSet, least: float) -> Model:
    """Return the model of one label, fitted on what is not held out, with its threshold."""
    names = [rule.path for rule in rules.rules]
    all_rows = [rows_of(group.texts, embedder, rules) for group in groups]
    kept = [~numpy.array(group.held_out)[rows.owners] for group, rows in zip(groups, all_rows, strict=True)]
    vectors = numpy.concatenate([rows.vectors[use] for rows, use in zip(all_rows, kept, strict=True)])
    dense = numpy.concatenate([rows.dense[use] for rows, use in zip(all_rows, kept, strict=True)])
    labels = numpy.concatenate([numpy.full(use.sum(), group.label) for group, use in zip(groups, kept, strict=True)])
    weights = numpy.concatenate([numpy.full(use.sum(), group.weight) for group, use in zip(groups, kept, strict=True)])
    mean, scale = vectors.mean(axis=0), 1 / vectors.std(axis=0).mean()
    dense[:, :BUCKETS] *= _WORD_SCALE
    table = numpy.concatenate([(vectors - mean) * scale, dense], axis=1)
    ridge = numpy.repeat(list(_RIDGE.values()), [vectors.shape[1], BUCKETS, len(names)])
    slopes, bias = fit(table, labels.astype(numpy.float32), weights.astype(numpy.float32), ridge)
    embedding = slopes[: len(mean)] * scale
    of_rules = slopes[len(mean) + BUCKETS :].tolist()
    model = Model(
        embedder.name,
        embedding,
        slopes[len(mean) : len(mean) + BUCKETS] * _WORD_SCALE,
        dict(zip(names, of_rules, strict=True)),
        bias - float(embedding @ mean),
        0.5,
    )
    return _with_threshold(model, groups, all_rows, names, least)


def _with_threshold(
    model: Model, groups: Sequence[Group], all_rows: Sequence[Rows], names: Sequence[str], least: float
) -> Model:
    """Return the model with the threshold that one in a hundred harmless held-out texts reaches, or `least`."""
    best = []
    for group, rows in zip(groups, all_rows, strict=True):
        highest = numpy.zeros(len(group.texts))
        count = numpy.bincount(rows.owners, minlength=len(group.texts))[rows.owners].astype(numpy.float32)
        numpy.maximum.at(highest, rows.owners, model.among(model.scores(rows.vectors, rows.dense, names), count))
        best.append(highest[numpy.array(group.held_out)])
    threshold = max(float(numpy.quantile(numpy.concatenate(best), 1 - _FALSE_POSITIVES)), least)
    return Model(model.embedder, model.embedding, model.words, model.rules, model.bias, round(threshold, 4))


def _all_groups(harmless: Sequence[Group]) -> dict[str, tuple[str, list[Group]]]:
    """Return by the name of the weights the file of rules and the groups to learn from."""
    attacks = own(load_examples("injection_attacks", ("texts",), _FILLINGS, _SEED), True)
    near = own(load_examples("injection_harmless", ("texts",), _FILLINGS, _SEED), False)
    found = {"injection": (injection.RULES, [attacks, near, *harmless])}
    ordinary = own(load_examples("topics", ("harmless",), _FILLINGS, _SEED), False)
    for topic in topics.TOPICS:
        wanted = own(load_examples("topics", ("topics", topic), _FILLINGS, _SEED), True)
        others = [
            own(load_examples("topics", ("topics", other), _FILLINGS, _SEED), False)
            for other in topics.TOPICS
            if other != topic
        ]
        found[f"topic_{topic}"] = (topics.RULES, [wanted, *others, ordinary, near, *harmless])
    return found


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--embedder", required=True, help="MODULE:CLASS of an Embedder that takes `threads`")
    parser.add_argument("--banking77", type=Path)
    parser.add_argument("--cmrc2018", type=Path)
    parser.add_argument("--only", nargs="*", help="names of weights to fit; all without it")
    options = parser.parse_args()
    embedder: Embedder = pkgutil.resolve_name(options.embedder)(threads=2)
    harmless = [public(read_banking77(options.banking77)[:_UTTERANCES])] if options.banking77 else []
    if options.cmrc2018:
        harmless += map(public, read_cmrc2018(options.cmrc2018, 0))
    for name, (rules, groups) in _all_groups(harmless).items():
        if not options.only or name in options.only:
            model = train(groups, embedder, load_rules(rules), _LEAST_OF_TOPICS if rules == topics.RULES else 0.0)
            (WEIGHTS / f"{name}.json").write_text(to_json(model) + "\n", "utf-8")
            sys.stdout.write(f"{name}: threshold {model.threshold}, version {model.version}\n")


if __name__ == "__main__":
    _main()
