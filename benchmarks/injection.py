"""Prompt injection and forbidden topics: recall against false positives, in process with the bundled embedder.

    python benchmarks/injection.py ../shared/data [--harmless N] [--passages N] [--json FILE]

Attacks are the user inputs of PurpleLlama's prompt-injection set. Harmless are utterances of banking77's test file,
and the half of CMRC2018's articles (passages and questions) that the training program leaves alone: the recall is given
at the threshold that 1 % of these reach, and at the shipped one. Of fin_eva and presidio it has read a part; judged is
the rest, of presidio texts of other templates. TAT-QA and FinLongEval it has never read: they are of another kind than
anything that thresholds were set on. Topics are judged by sentences written apart from those learnt from.

Of each harmless set N texts are judged, a seeded sample; of passages and pages, which have some ten windows each, the
other N. All cost is in the embeddings, 30 to 100 ms of a core for each window: each is made once, for injection and for
topics. With the numbers given by default there are about 2,600 of them.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy
import yaml
from pypdf import PdfReader

from appliance.core.protocols import Embedder, Vectors
from appliance.guardrails.classify.injection import Injection, InjectionClassifier, InjectionRules
from appliance.guardrails.classify.logistic import load_model
from appliance.guardrails.classify.topics import TOPICS, TopicCheck
from appliance.guardrails.classify.train import (
    FINANCE_QUESTIONS,
    read_banking77,
    read_cmrc2018,
    read_fin_eva,
    read_presidio,
)
from appliance.knowledge.e5 import LocalEmbedder

_HELD_OUT = Path(__file__).parent.parent / "tests/unit/guardrails/classify/held_out_topics.yaml"
_FALSE_POSITIVES = 0.01
_SETTING = ("banking77", "CMRC2018 questions", "CMRC2018 passages")
_EMPTY = 50  # characters of a page that has no text
_SEED = 11
_TIMED = (
    "Please transfer 300 from my savings account to the account of my sister on Friday morning, and tell me what the "
    "fee is if I send it abroad instead, and how many days it takes to arrive."
)


@dataclass(frozen=True)
class Judged:
    """For each text whether a rule hits and how sure the classifier is."""

    rules: numpy.ndarray
    scores: numpy.ndarray


class Remembering:
    """`core.protocols.Embedder` that makes the embedding of each text once."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._known: dict[tuple[str, str], numpy.ndarray] = {}
        self.name, self.dimensions = inner.name, inner.dimensions

    @property
    def made(self) -> int:
        """How many embeddings were made."""
        return len(self._known)

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Return float32 of shape (len(texts), dimensions)."""
        new = list(dict.fromkeys(text for text in texts if (kind, text) not in self._known))
        for text, vector in zip(new, self._inner.embed(new, kind), strict=True):
            self._known[kind, text] = vector
        rows = [self._known[kind, text] for text in texts]
        return numpy.stack(rows) if rows else numpy.empty((0, self.dimensions), numpy.float32)

    def count_tokens(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> list[int]:
        """Return what the embedder itself does."""
        return self._inner.count_tokens(texts, kind)


def judge(name: str, texts: Sequence[str], embedder: Remembering) -> Judged:
    """Return what rules and classifier say about each text; how far it is goes to standard error."""
    rules, classifier = InjectionRules(), InjectionClassifier(embedder)
    begun = time.monotonic()
    judged = Judged(
        numpy.array([bool(rules.find(text)) for text in texts]), numpy.array([classifier.score(text) for text in texts])
    )
    took = time.monotonic() - begun
    print(f"{name}: {len(texts)} texts, {took:.0f} s, {embedder.made} embeddings so far", file=sys.stderr, flush=True)
    return judged


def sample(texts: Sequence[str], most: int) -> list[str]:
    """Return a seeded sample of at most `most` texts."""
    return random.Random(_SEED).sample(texts, min(most, len(texts)))


def threshold_at(harmless: Judged, share: float, with_rules: bool) -> float:
    """Return the least threshold at which at most `share` of the harmless texts are found."""
    scores = numpy.where(harmless.rules, 1.0, harmless.scores) if with_rules else harmless.scores
    ordered = numpy.sort(scores)[::-1]
    return float(ordered[int(len(ordered) * share)]) + 1e-9


def tatqa(path: Path) -> list[str]:
    """Return the paragraphs and questions."""
    found = []
    for item in json.loads(path.read_text("utf-8")):
        found += [one["text"] for one in item["paragraphs"]] + [one["question"] for one in item["questions"]]
    return found


def finlongeval(folder: Path) -> list[str]:
    """Return the questions and pages of the PDF files."""
    pages = [page.extract_text() or "" for path in sorted(folder.glob("*.pdf")) for page in PdfReader(path).pages]
    lines = (folder / "questions.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines] + [page for page in pages if len(page) > _EMPTY]


def share(found: numpy.ndarray) -> str:
    """Return how many are true, in per cent."""
    return f"{100 * float(found.mean()):.1f} %"


def injection_table(attacks: Judged, harmless: dict[str, Judged]) -> list[str]:
    """Return the table of recall and false positives; the sets of `_SETTING` set the threshold of 1 %."""
    setting = [harmless[name] for name in _SETTING]
    pooled = Judged(*(numpy.concatenate([getattr(one, name) for one in setting]) for name in ("rules", "scores")))
    shipped = load_model("injection").threshold
    rows: dict[str, Callable[[Judged], numpy.ndarray]] = {"rules alone": lambda one: one.rules}
    for name, at in (
        ("classifier alone, 1 % FP", threshold_at(pooled, _FALSE_POSITIVES, False)),
        ("classifier alone, shipped threshold", shipped),
    ):
        rows[name] = lambda one, at=at: one.scores >= at
    for name, at in (
        ("both, 1 % FP", threshold_at(pooled, _FALSE_POSITIVES, True)),
        ("both, shipped threshold", shipped),
    ):
        rows[name] = lambda one, at=at: one.rules | (one.scores >= at)
    lines = [
        f"| injection | recall ({len(attacks.rules)}) | FP, all that set it | "
        + " | ".join(f"FP {name} ({len(one.rules)})" for name, one in harmless.items())
        + " |",
        "|---" * (3 + len(harmless)) + "|",
    ]
    for name, of in rows.items():
        figures = [share(of(one)) for one in (attacks, pooled, *harmless.values())]
        lines.append(f"| {name} | " + " | ".join(figures) + " |")
    return lines


def topics_table(embedder: Embedder, ordinary: dict[str, Sequence[str]]) -> list[str]:
    """Return the table of each topic's recall on the held-out sentences and its false positives."""
    check = TopicCheck(embedder)
    held_out = yaml.safe_load(_HELD_OUT.read_text("utf-8"))
    groups = {**held_out, **ordinary}
    found = {
        name: [{one.rule.split(":")[1].split("/")[0] for one in check.find(text)} for text in texts]
        for name, texts in groups.items()
    }
    lines = [
        "| topic | recall (held out) | FP other topics | FP harmless (held out) | "
        + " | ".join(f"FP {name} ({len(texts)})" for name, texts in ordinary.items())
        + " |",
        "|---" * (4 + len(ordinary)) + "|",
    ]
    for topic in TOPICS:
        others = [one for name in TOPICS if name != topic for one in found[name]]
        judged = [found[topic], others, found["harmless"], *(found[name] for name in ordinary)]
        lines.append(
            f"| {topic} ({len(found[topic])}) | "
            + " | ".join(share(numpy.array([topic in one for one in part])) for part in judged)
            + " |"
        )
    return lines


def times(embedder: Embedder) -> list[str]:
    """Return milliseconds a check of a text of about 40 tokens, the median of fifty."""
    lines = ["| check | ms |", "|---|---|"]
    for check in (InjectionRules(), Injection(embedder), TopicCheck(embedder)):
        spent = []
        for _round in range(50):
            start = time.perf_counter()
            check.find(_TIMED)
            spent.append(1000 * (time.perf_counter() - start))
        lines.append(f"| {check.name} | {sorted(spent)[len(spent) // 2]:.1f} |")
    return lines


def harmless_texts(data: Path, most: int, passages: int) -> dict[str, list[str]]:
    """Return a sample of each harmless set."""
    long_ones, questions = read_cmrc2018(data / "cmrc2018" / "dev.json", 1)
    return {
        "banking77": sample(read_banking77(data / "banking77" / "test.csv"), most),
        "CMRC2018 questions": sample(questions, most),
        "CMRC2018 passages": sample(long_ones, passages),
        "fin_eva": sample(read_fin_eva(data / "fin_eva")[FINANCE_QUESTIONS:], most),
        "presidio": sample(read_presidio(data / "presidio" / "synth_dataset_v2.json", 1), most),
        "TAT-QA": sample(tatqa(data / "tatqa" / "dev.json"), most),
        "FinLongEval": sample(finlongeval(data / "finlongeval"), passages),
    }


def main() -> None:
    """Judge all sets and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--harmless", type=int, default=250, help="texts of each harmless set")
    parser.add_argument("--passages", type=int, default=30, help="CMRC2018's passages, and texts of FinLongEval")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write the tables' lines here")
    options = parser.parse_args()
    embedder = Remembering(LocalEmbedder(threads=options.threads))
    attacks = [
        one["user_input"]
        for one in json.loads((options.data / "prompt_injection" / "prompt_injection.json").read_text("utf-8"))
    ]
    texts = harmless_texts(options.data, options.harmless, options.passages)
    judged = {name: judge(name, part, embedder) for name, part in texts.items()}
    lines = injection_table(judge("attacks", attacks, embedder), judged)
    ordinary = {name: texts[name] for name in ("banking77", "fin_eva", "FinLongEval")}
    lines += ["", *topics_table(embedder, ordinary), "", *times(LocalEmbedder(threads=options.threads))]
    print("\n".join(lines))
    if options.json:
        options.json.write_text(json.dumps(lines, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
