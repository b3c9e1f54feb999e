"""Measures search and answers on a file of questions with known answers.

    python -m appliance.knowledge.evaluate QUESTIONS DOCUMENTS [--json]

ingests the documents into a temporary folder, asks every question and prints the figures and each failure.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import yaml

from appliance.core.protocols import Embedder
from appliance.knowledge.answer import make_answer
from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.models import Answer, Citation
from appliance.knowledge.questions import analyse
from appliance.knowledge.store import KnowledgeStore
from appliance.state.database import Database, sqlite_url

_BASE = "evaluation"
_CITATIONS = 3
_DEPTH = 5


@dataclass(frozen=True)
class Golden:
    """One question. Without `document` the right answer is to decline."""

    question: str
    document: str | None = None
    quote: str = ""
    page: int | None = None
    section: str = ""

    def is_carried_by(self, citation: Citation) -> bool:
        """Tell whether a citation is the right one: document, place and words."""
        return (
            citation.document == self.document
            and self.quote in citation.quote
            and (self.page is None or citation.page == self.page)
            and self.section in citation.section
        )


@dataclass(frozen=True)
class Outcome:
    """What came of one question."""

    golden: Golden
    answer: Answer
    found_at: int | None
    """Rank (from 1) of the first passage from `search` that holds the quote; None where none of 5 does."""
    seconds: float

    @property
    def right(self) -> bool:
        """Answered with the right quotation in first place, or declined where there is no answer."""
        if self.golden.document is None:
            return not self.answer.answered
        return self.answer.answered and self.golden.is_carried_by(self.answer.citations[0])


def load_questions(path: Path) -> list[Golden]:
    """Read a file of questions."""
    return [Golden(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["questions"]]


def ingest(store: KnowledgeStore, base: str, folder: Path) -> float:
    """Add and index every file of `folder`; return the seconds taken."""
    began = time.perf_counter()
    store.ensure_base(base, base)
    for path in sorted(folder.iterdir()):
        store.add_document(base, path.name, path.read_bytes())
    for _news in store.index_pending(base):
        pass
    return time.perf_counter() - began


def ask_all(store: KnowledgeStore, base: str, questions: Sequence[Golden]) -> list[Outcome]:
    """Answer every question, and find where the right passage ranks."""
    outcomes = []
    for golden in questions:
        began = time.perf_counter()
        ranked = store.ranked(base, golden.question)
        answer = make_answer(analyse(golden.question), ranked, _CITATIONS)
        seconds = time.perf_counter() - began
        passages = list(dict.fromkeys((s.passage.id, s.passage.document, s.passage.text) for s in ranked))[:_DEPTH]
        holding = (golden.document == document and golden.quote in text for _id, document, text in passages)
        found_at = next((rank for rank, holds in enumerate(holding, start=1) if holds), None)
        outcomes.append(Outcome(golden, answer, found_at, seconds))
    return outcomes


def figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the figures, shares 0..1 and milliseconds."""
    answerable = [outcome for outcome in outcomes if outcome.golden.document is not None]
    others = [outcome for outcome in outcomes if outcome.golden.document is None]
    times = sorted(outcome.seconds for outcome in outcomes)

    def share(count: int, of: Sequence[Outcome]) -> float:
        return round(count / len(of), 3) if of else 1.0

    return {
        "answerable": len(answerable),
        "recall_at_1": share(sum(outcome.found_at == 1 for outcome in answerable), answerable),
        "recall_at_5": share(sum(outcome.found_at is not None for outcome in answerable), answerable),
        "right_citation_first": share(sum(outcome.right for outcome in answerable), answerable),
        "declined_wrongly": share(sum(not outcome.answer.answered for outcome in answerable), answerable),
        "answered_wrongly": share(sum(outcome.answer.answered and not outcome.right for outcome in outcomes), outcomes),
        "unanswerable": len(others),
        "declined_rightly": share(sum(outcome.right for outcome in others), others),
        "answer_ms_p50": round(median(times) * 1000, 1),
        "answer_ms_p95": round(times[int(len(times) * 0.95)] * 1000, 1),
    }


@contextmanager
def temporary_store(embedder: Embedder) -> Iterator[KnowledgeStore]:
    """Give a store in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(sqlite_url(Path(folder) / "evaluation.db"))
        database.migrate()
        yield KnowledgeStore(database, Path(folder) / "documents", Path(folder) / "indexes", embedder)
        database.close()


def _main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("documents", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    embedder: Embedder = LocalEmbedder(threads=2)
    with temporary_store(embedder) as store:
        seconds = ingest(store, _BASE, options.documents)
        outcomes = ask_all(store, _BASE, load_questions(options.questions))
    report = {"ingestion_s": round(seconds, 1), **figures(outcomes)}
    if options.json:
        sys.stdout.write(json.dumps(report) + "\n")
        return
    for outcome in outcomes:
        if not outcome.right:
            first = outcome.answer.citations[0].quote if outcome.answer.citations else "-"
            sys.stdout.write(
                f"wrong  {outcome.golden.question}\n       wanted {outcome.golden.document} {outcome.golden.quote}"
                f"\n       got    {outcome.answer.confidence:.2f} {first}\n"
            )
    for name, value in report.items():
        sys.stdout.write(f"{name:22} {value}\n")


if __name__ == "__main__":
    _main()
