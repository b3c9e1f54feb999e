"""Measures search and answers on files of questions with known answers, in this process; a tool for developers.

    python -m appliance.knowledge.evaluation.evaluate QUESTIONS... --documents FOLDER [--json]

ingests the documents into a temporary folder, asks every question and prints the figures and each failure.
`appliance kb eval` asks a running appliance.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.principal import PLATFORM_TENANT, Principal
from appliance.core.protocols import Embedder
from appliance.knowledge.bases.store import KnowledgeStore
from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.evaluation.golden import DEPTH, Golden, Outcome, figures, load_questions
from appliance.knowledge.evaluation.manifest import load_series
from appliance.knowledge.models import Answer, Citation, Document, Selection
from appliance.state.database import Database, sqlite_url

DEVELOPER = Principal(PLATFORM_TENANT, "admin", "evaluation")
_BASE = "evaluation"
_CITATIONS = 3


def ingest(store: KnowledgeStore, base: str, folder: Path) -> float:
    """Add and index every file of `folder` with its older versions; return the seconds taken.

    Raises `InvalidRequest` where one cannot be indexed: figures over the rest would mislead.
    """
    began = time.perf_counter()
    store.ensure_base(DEVELOPER, base, base)
    for versions in load_series(folder):
        document: Document | None = None
        for entry in versions:
            content = (folder / entry.file).read_bytes()
            if document is None:
                document = store.add_document(DEVELOPER, base, entry.file, content, entry.details)
            else:
                store.add_version(DEVELOPER, base, document.id, entry.file, content, entry.details)
    for _news in store.index_pending(base):
        pass
    for document in store.documents(DEVELOPER, base):
        if document.status != "indexed":
            raise InvalidRequest(_("{name} was not indexed: {reason}", name=document.name, reason=document.reason))
    return time.perf_counter() - began


def cited_by(answer: Answer) -> list[Citation]:
    """Return the citations that carry an answer's sentences, the best first."""
    used = sorted({place for sentence in answer.sentences for place in sentence.citations})
    return [answer.citations[place] for place in used]


def ask_all(store: KnowledgeStore, base: str, questions: Sequence[Golden]) -> list[Outcome]:
    """Answer every question, and search for it."""
    outcomes = []
    for golden in questions:
        selection = Selection(as_of=golden.as_of)
        began = time.perf_counter()
        answer = store.answer(DEVELOPER, base, golden.question, _CITATIONS, selection)
        seconds = time.perf_counter() - began
        passages = store.search(DEVELOPER, base, golden.question, DEPTH, selection)
        outcomes.append(
            Outcome(golden, answer.answered, answer.confidence, cited_by(answer), passages, answer.short, seconds)
        )
    return outcomes


@contextmanager
def temporary_store(embedder: Embedder) -> Iterator[KnowledgeStore]:
    """Give a store in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(sqlite_url(Path(folder) / "evaluation.db"))
        database.migrate()
        yield KnowledgeStore(database, Path(folder) / "documents", Path(folder) / "indexes", embedder)
        database.close()


def _main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("questions", type=Path, nargs="+")
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    embedder: Embedder = LocalEmbedder(threads=2)
    with temporary_store(embedder) as store:
        seconds = ingest(store, _BASE, options.documents)
        outcomes = {path: ask_all(store, _BASE, load_questions(path)) for path in options.questions}
    reports = {path.name: {"ingestion_s": round(seconds, 1), **figures(found)} for path, found in outcomes.items()}
    if options.json:
        sys.stdout.write(json.dumps(reports) + "\n")
        return
    for found in outcomes.values():
        for outcome in found:
            if not outcome.right:
                sys.stdout.write(_failure(outcome))
    for name, report in reports.items():
        sys.stdout.write(f"\n{name}\n" + "".join(f"{figure:22} {value}\n" for figure, value in report.items()))


def _failure(outcome: Outcome) -> str:
    golden = outcome.golden
    first = f"{outcome.cited[0].document} {outcome.cited[0].quote}" if outcome.cited else "-"
    return (
        f"wrong  {golden.question}\n       wanted {golden.document} {golden.quote} (found at {outcome.found_at})"
        f"\n       got    {outcome.confidence:.2f} {first}\n"
    )


if __name__ == "__main__":
    _main()
