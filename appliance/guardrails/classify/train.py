"""Fits the classifiers of injection and topics and writes their weights; a tool for developers.

    python -m appliance.guardrails.classify.train --embedder appliance.knowledge.e5:LocalEmbedder \
        [--banking77 train.csv] [--cmrc2018 dev.json] [--presidio synth_dataset_v2.json] [--fin-eva FOLDER]

Attacks and topics are learnt from the sentences in `sentences/` only. The public sets are harmless text: of banking77
its training file, of CMRC2018 every other article, of presidio the texts of every other template, of fin_eva a seeded
sample; the rest of each judges. Thresholds come from models fitted without a third of the ordinary texts: that of
injection is the one that three in a hundred of these reach in the worst of the public sets; that of a topic the one
that one in a hundred of all reaches, or 0.15.
"""

import argparse
import csv
import json
import pkgutil
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy
from numpy.typing import NDArray

from appliance.core.protocols import Embedder
from appliance.guardrails.classify import injection, topics
from appliance.guardrails.classify.examples import Example, families, load_examples
from appliance.guardrails.classify.features import BUCKETS, dense_rows
from appliance.guardrails.classify.logistic import Floats, Model, fit, to_json
from appliance.guardrails.classify.rules import RuleSet, load_rules
from appliance.guardrails.classify.windows import MOST_WINDOWS, windows

WEIGHTS = Path(__file__).parent / "weights"
_SEED = 7
_QUESTIONS_SEED = 11
_FILLINGS = 3  # texts of each template
_FILLINGS_OF_MANY = 2  # the same of files with many templates
_FOLDS = 3
_FALSE_POSITIVES = 0.01
_IN_WORST_SET = 0.03  # a model that has read less is wrong more often than the one that is written
_LEAST_OF_TOPICS = 0.15  # a topic is rare: its threshold at one in a hundred would name what is hardly likely
_UTTERANCES = 3000  # of banking77
_ROWS_OF_PRESIDIO = 500
FINANCE_QUESTIONS = 200
"""How many of fin_eva's questions, in the order of `read_fin_eva`, the classifiers learn from."""
_RIDGE = {"embedding": 100.0, "words": 30.0, "rules": 3.0}
_RIDGE_OF_TOPICS = {"embedding": 10.0, "words": 5.0, "rules": 1.0}
_OF_TOPICS = (600, 300, 80)  # utterances, questions and passages: fewer, beside fewer sentences
_WORD_SCALE = 4.0
_OWN_WEIGHT = 2.0  # of a harmless sentence that was written to be close to an attack


@dataclass(frozen=True)
class Group:
    """Texts of one source and label. `folds` says by text when it is held out to set the threshold; -1 is never."""

    texts: Sequence[str]
    label: bool
    weight: float
    folds: Sequence[int]


@dataclass(frozen=True)
class Rows:
    """Windows of all texts of a group: embeddings, dense features, and the number of the text each is of."""

    vectors: Floats
    dense: Floats
    owners: NDArray[numpy.int64]


def own(examples: Sequence[Example], label: bool, ordinary: bool = False) -> Group:
    """Return sentences of own writing; ordinary ones are held out template by template, others never.

    What was written to be close to an attack or a topic sets no threshold: it is not what a threshold has to stand.
    """
    templates = sorted({example.template for example in examples})
    random.Random(_SEED).shuffle(templates)  # noqa: S311 - a split, no secrets
    folds = {template: at % _FOLDS if ordinary else -1 for at, template in enumerate(templates)}
    return Group(
        [example.text for example in examples],
        label,
        1.0 if label else _OWN_WEIGHT,
        [folds[example.template] for example in examples],
    )


def public(texts: Sequence[str]) -> Group:
    """Return harmless texts of a public set."""
    return Group(texts, False, 1.0, [at % _FOLDS for at in range(len(texts))])


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


def read_presidio(path: Path, half: int) -> list[str]:
    """Return the texts, among the first of the set's JSON file, of every other template, from number `half` on."""
    rows = json.loads(path.read_text("utf-8"))
    templates = set(sorted({row["template_id"] for row in rows})[half::2])
    return [row["full_text"] for row in rows[:_ROWS_OF_PRESIDIO] if row["template_id"] in templates]


def read_fin_eva(folder: Path) -> list[str]:
    """Return the questions of all of the set's CSV files in a fixed random order."""
    found: list[str] = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            found += [row["question"] for row in csv.DictReader(lines) if row.get("question")]
    random.Random(_QUESTIONS_SEED).shuffle(found)  # noqa: S311 - a sample, no secrets
    return found


def rows_of(texts: Sequence[str], embedder: Embedder, rules: RuleSet) -> Rows:
    """Return the windows of `texts` as the classifiers see them."""
    parts, owners = [], []
    for owner, text in enumerate(texts):
        for window in windows(text)[:MOST_WINDOWS]:
            parts.append(text[window.start : window.end])
            owners.append(owner)
    return Rows(embedder.embed(parts, "query"), dense_rows(parts, rules, "input"), numpy.array(owners))


def train(
    groups: Sequence[Group], embedder: Embedder, rules: RuleSet, ridge: Mapping[str, float], least: float | None
) -> Model:
    """Return the model of one label, fitted on all, with the threshold that models fitted on parts set for the rest.

    The threshold is that of the worst set, or, where `least` is given, that of all together but no less than `least`.
    """
    names = [rule.path for rule in rules.rules]
    all_rows = [rows_of(group.texts, embedder, rules) for group in groups]
    best: list[list[Floats]] = [[] for _group in groups]
    for fold in range(_FOLDS if least is None else 1):
        part = _fitted(groups, all_rows, names, ridge, embedder.name, without=fold)
        for scores, group, rows in zip(best, groups, all_rows, strict=True):
            scores.append(_highest(part, rows, names, len(group.texts))[numpy.array(group.folds) == fold])
    model = _fitted(groups, all_rows, names, ridge, embedder.name)
    return replace(model, threshold=round(threshold([numpy.concatenate(scores) for scores in best], least), 4))


def _fitted(
    groups: Sequence[Group],
    all_rows: Sequence[Rows],
    names: Sequence[str],
    ridge: Mapping[str, float],
    embedder: str,
    without: int | None = None,
) -> Model:
    """Return the model fitted on all but the texts of the fold `without`, its threshold not yet set."""
    pairs = list(zip(groups, all_rows, strict=True))
    kept = [numpy.array([fold != without for fold in group.folds])[rows.owners] for group, rows in pairs]
    vectors = numpy.concatenate([rows.vectors[use] for rows, use in zip(all_rows, kept, strict=True)])
    dense = numpy.concatenate([rows.dense[use] for rows, use in zip(all_rows, kept, strict=True)])
    labels = numpy.concatenate([numpy.full(use.sum(), group.label) for group, use in zip(groups, kept, strict=True)])
    weights = numpy.concatenate([numpy.full(use.sum(), group.weight) for group, use in zip(groups, kept, strict=True)])
    mean, scale = vectors.mean(axis=0), 1 / vectors.std(axis=0).mean()
    dense[:, :BUCKETS] *= _WORD_SCALE
    table = numpy.concatenate([(vectors - mean) * scale, dense], axis=1)
    held = numpy.repeat(list(ridge.values()), [vectors.shape[1], BUCKETS, len(names)])
    slopes, bias = fit(table, labels.astype(numpy.float32), weights.astype(numpy.float32), held)
    embedding = slopes[: len(mean)] * scale
    of_rules = slopes[len(mean) + BUCKETS :].tolist()
    return Model(
        embedder,
        embedding,
        slopes[len(mean) : len(mean) + BUCKETS] * _WORD_SCALE,
        dict(zip(names, of_rules, strict=True)),
        bias - float(embedding @ mean),
        0.5,
    )


def threshold(best: Sequence[Floats], least: float | None) -> float:
    """Return the threshold for the scores of harmless held-out texts, one array a set; empty ones do not count."""
    if least is None:
        return max(float(numpy.quantile(scores, 1 - _IN_WORST_SET)) for scores in best if len(scores))
    return max(float(numpy.quantile(numpy.concatenate(list(best)), 1 - _FALSE_POSITIVES)), least)


def _highest(model: Model, rows: Rows, names: Sequence[str], texts: int) -> Floats:
    """Return the highest score of any window for each text."""
    highest = numpy.zeros(texts, numpy.float32)
    count = numpy.bincount(rows.owners, minlength=texts)[rows.owners].astype(numpy.float32)
    numpy.maximum.at(highest, rows.owners, model.among(model.scores(rows.vectors, rows.dense, names), count))
    return highest


def _injection_groups(harmless: Sequence[Group]) -> list[Group]:
    attacks = load_examples("injection_attacks", ("texts",), _FILLINGS, _SEED)
    for family in families("injection_families", ("families",)):
        attacks += load_examples("injection_families", ("families", family), _FILLINGS, _SEED)
    ordinary = _ordinary()  # has traps on purpose, so it sets no threshold
    return [own(attacks, True), _near(), replace(ordinary, folds=[-1] * len(ordinary.texts)), *harmless]


def _topic_groups(harmless: Sequence[Group]) -> dict[str, list[Group]]:
    """Return the groups of each topic: its sentences, and as harmless those of the other topics and all else."""
    sentences = {topic: list(topic_families(topic).values()) for topic in topics.TOPICS}
    close = load_examples("topics", ("harmless",), _FILLINGS_OF_MANY, _SEED)
    for family in families("topic_families", ("harmless",)):
        close += load_examples("topic_families", ("harmless", family), _FILLINGS_OF_MANY, _SEED)
    shared = [own(close, False), _near(), _ordinary(), *harmless]
    return {
        topic: [
            *(own(found, True) for found in sentences[topic]),
            *(own(found, False) for other in topics.TOPICS if other != topic for found in sentences[other]),
            *shared,
        ]
        for topic in topics.TOPICS
    }


def topic_families(topic: str) -> dict[str, list[Example]]:
    """Return the sentences of a topic by the family that says how it is said."""
    found = {"": load_examples("topics", ("topics", topic), _FILLINGS_OF_MANY, _SEED)}
    for family in families("topic_families", ("topics", topic)):
        found[family] = load_examples("topic_families", ("topics", topic, family), _FILLINGS_OF_MANY, _SEED)
    return found


def _near() -> Group:
    return own(load_examples("injection_harmless", ("texts",), _FILLINGS, _SEED), False)


def _ordinary() -> Group:
    found: list[Example] = []
    for domain in families("ordinary", ("domains",)):
        found += load_examples("ordinary", ("domains", domain), _FILLINGS_OF_MANY, _SEED)
    return own(found, False, ordinary=True)


def _public(options: argparse.Namespace) -> tuple[list[Group], list[Group]]:
    """Return the public harmless sets for injection, and the part of them for topics."""
    every: list[Group] = []
    for_topics: list[Group] = []
    if options.banking77:
        utterances = read_banking77(options.banking77)
        every.append(public(utterances[:_UTTERANCES]))
        for_topics.append(public(utterances[: _OF_TOPICS[0]]))
    if options.cmrc2018:
        passages, questions = read_cmrc2018(options.cmrc2018, 0)
        every += [public(questions), public(passages)]
        for_topics += [public(questions[: _OF_TOPICS[1]]), public(passages[: _OF_TOPICS[2]])]
    if options.presidio:
        every.append(public(read_presidio(options.presidio, 0)))
    if options.fin_eva:
        every.append(public(read_fin_eva(options.fin_eva)[:FINANCE_QUESTIONS]))
        for_topics.append(every[-1])
    return every, for_topics


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--embedder", required=True, help="MODULE:CLASS of an Embedder that takes `threads`")
    parser.add_argument("--banking77", type=Path)
    parser.add_argument("--cmrc2018", type=Path)
    parser.add_argument("--presidio", type=Path)
    parser.add_argument("--fin-eva", type=Path)
    parser.add_argument("--only", nargs="*", help="names of weights to fit; all without it")
    options = parser.parse_args()
    embedder: Embedder = pkgutil.resolve_name(options.embedder)(threads=2)
    harmless, harmless_to_topics = _public(options)
    wanted = {"injection": (injection.RULES, _injection_groups(harmless), _RIDGE, None)} | {
        f"topic_{topic}": (topics.RULES, groups, _RIDGE_OF_TOPICS, _LEAST_OF_TOPICS)
        for topic, groups in _topic_groups(harmless_to_topics).items()
    }
    for name, (rules, groups, ridge, least) in wanted.items():
        if not options.only or name in options.only:
            model = train(groups, embedder, load_rules(rules), ridge, least)
            (WEIGHTS / f"{name}.json").write_text(to_json(model) + "\n", "utf-8")
            sys.stdout.write(f"{name}: threshold {model.threshold}, version {model.version}\n")


if __name__ == "__main__":
    _main()
