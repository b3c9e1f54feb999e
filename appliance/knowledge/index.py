"""The search index of one knowledge base, in LanceDB: full text over our own words, and vectors.

LanceDB does both here, so one store is kept and one is damaged, not two. It does not fsync, so this is a cache:
whatever is lost or damaged is made again from the documents.
"""

import json
import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import lancedb
import numpy
import pyarrow
from lancedb.index import FTS

from appliance.core.protocols import Vectors

SCHEMA_VERSION = 1
_TABLE = "passages"
_MANIFEST = "manifest.json"
_KEEP_VERSIONS = timedelta(minutes=5)  # a search that began before a write still finds its files
_BACKGROUND_PASSAGES = 200  # a language's sample of what an unrelated question resembles

# What LanceDB raises for a table whose files are missing or damaged; it has no error tree of its own.
DAMAGE = (OSError, RuntimeError, ValueError, pyarrow.ArrowException)


@dataclass(frozen=True)
class StoredSentence:
    """A sentence's place: offsets in the document's text, its clause and its table row."""

    start: int
    end: int
    clause: str
    row: int | None


@dataclass(frozen=True)
class StoredPassage:
    """One passage as the index keeps it; `vectors` has a row for each sentence."""

    id: str
    document_id: str
    document: str
    title: str
    language: str
    page: int | None
    headings: tuple[str, ...]
    text: str
    start: int
    terms: str
    vector: Vectors
    sentences: tuple[StoredSentence, ...]
    vectors: Vectors


def _schema(dimensions: int) -> pyarrow.Schema:
    text = pyarrow.string()
    sentence = pyarrow.struct(
        [("start", pyarrow.int64()), ("end", pyarrow.int64()), ("clause", text), ("row", pyarrow.int64())]
    )
    return pyarrow.schema(
        [
            ("id", text),
            ("document_id", text),
            ("document", text),
            ("title", text),
            ("language", text),
            ("page", pyarrow.int64()),
            ("headings", pyarrow.list_(text)),
            ("text", text),
            ("start", pyarrow.int64()),
            ("terms", text),
            ("vector", pyarrow.list_(pyarrow.float32(), dimensions)),
            ("sentences", pyarrow.list_(sentence)),
            ("vectors", pyarrow.binary()),  # float16, one row a sentence
        ]
    )


def _to_row(passage: StoredPassage) -> dict[str, Any]:
    row = dict(vars(passage))
    row["headings"] = list(passage.headings)
    row["vector"] = passage.vector.tolist()
    row["sentences"] = [vars(sentence) for sentence in passage.sentences]
    row["vectors"] = passage.vectors.astype(numpy.float16).tobytes()
    return row


def _from_row(row: dict[str, Any], dimensions: int) -> StoredPassage:
    fields = {name: row[name] for name in StoredPassage.__dataclass_fields__}
    fields["headings"] = tuple(row["headings"])
    fields["vector"] = numpy.asarray(row["vector"], numpy.float32)
    fields["sentences"] = tuple(StoredSentence(**sentence) for sentence in row["sentences"])
    fields["vectors"] = numpy.frombuffer(row["vectors"], numpy.float16).astype(numpy.float32).reshape(-1, dimensions)
    return StoredPassage(**fields)


class BaseIndex:
    """One base's index in `folder`. Writes queue on a lock; searches run beside them.

    Methods raise one of `DAMAGE` where files are missing or broken; the store then makes the index again.
    """

    def __init__(self, folder: Path, embedder: str, dimensions: int) -> None:
        self._folder = folder
        self._dimensions = dimensions
        self._manifest = {"schema": SCHEMA_VERSION, "embedder": embedder, "dimensions": dimensions}
        self._lock = threading.Lock()
        self._document_frequency: Counter[str] = Counter()
        self._passages = 0
        self._background: dict[str, Vectors] = {}
        self._table = self._open()
        self._refresh()

    def _open(self) -> Any:  # noqa: ANN401 - LanceDB has no types
        if self._made_alike():
            try:
                table = lancedb.connect(self._folder / "lance").open_table(_TABLE)
                table.search().select(["id"]).limit(1).to_arrow()
            except DAMAGE:
                pass
            else:
                return table
        self._clear_folder()
        table = lancedb.connect(self._folder / "lance").create_table(_TABLE, schema=_schema(self._dimensions))
        (self._folder / _MANIFEST).write_text(json.dumps(self._manifest), encoding="utf-8")
        return table

    def _made_alike(self) -> bool:
        try:
            manifest = json.loads((self._folder / _MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(manifest == self._manifest)

    def _clear_folder(self) -> None:
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._folder.mkdir(parents=True, mode=0o700)

    def clear(self) -> None:
        """Start again from nothing."""
        with self._lock:
            (self._folder / _MANIFEST).unlink(missing_ok=True)
            self._table = self._open()
            self._refresh()

    def document_ids(self) -> set[str]:
        """Return the ids of the documents inside."""
        found = self._table.search().select(["document_id"]).limit(None).to_arrow()
        return set(found["document_id"].to_pylist())

    def put(self, document_id: str, passages: Sequence[StoredPassage]) -> None:
        """Replace a document's passages."""
        with self._lock:
            self._table.delete(_is_document(document_id))
            if passages:
                rows = [_to_row(passage) for passage in passages]
                self._table.add(pyarrow.Table.from_pylist(rows, schema=_schema(self._dimensions)))

    def remove(self, document_ids: Iterable[str]) -> None:
        """Take documents out; ids that are not inside do nothing."""
        with self._lock:
            for document_id in document_ids:
                self._table.delete(_is_document(document_id))

    def finish(self) -> None:
        """Bring the full-text index and the word counts up to date after a run of `put` and `remove`."""
        with self._lock:
            words = FTS(
                base_tokenizer="whitespace",
                lower_case=False,
                stem=False,
                remove_stop_words=False,
                ascii_folding=False,
                with_position=False,
            )
            if self._table.count_rows():
                self._table.create_index("terms", config=words, replace=True)
            self._table.optimize(cleanup_older_than=_KEEP_VERSIONS)
            self._refresh()

    def _refresh(self) -> None:
        rows = self._table.search().select(["language", "terms", "vectors"]).limit(None).to_arrow()
        frequency: Counter[str] = Counter()
        samples: dict[str, list[bytes]] = {}
        for row in rows.to_pylist():
            frequency.update(set(row["terms"].split(" ")))
            sample = samples.setdefault(row["language"], [])
            if len(sample) < _BACKGROUND_PASSAGES:
                sample.append(row["vectors"])
        self._background = {language: self._vectors(b"".join(sample)) for language, sample in samples.items()}
        self._document_frequency, self._passages = frequency, rows.num_rows

    def _vectors(self, stored: bytes) -> Vectors:
        return numpy.frombuffer(stored, numpy.float16).astype(numpy.float32).reshape(-1, self._dimensions)

    @property
    def passages(self) -> int:
        """Number of passages."""
        return self._passages

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the passages."""
        return tuple(self._background)

    def background(self, language: str) -> Vectors:
        """Return vectors of some sentences in a language: what an unrelated question resembles."""
        return self._background[language]

    def frequency(self, term: str) -> int:
        """Return in how many passages a term stands."""
        return self._document_frequency[term]

    def by_vector(self, vector: Vectors, language: str, limit: int) -> list[StoredPassage]:
        """Return the passages in a language that are nearest to a unit vector, best first."""
        search = self._table.search(vector).distance_type("cosine").where(f"language = '{language}'", prefilter=True)
        return self._read(search.limit(limit).to_arrow())

    def by_terms(self, terms: Sequence[str], limit: int) -> list[StoredPassage]:
        """Return the passages with most of `terms` by BM25, best first."""
        if not terms or not self._passages:
            return []
        found = self._table.search(" ".join(terms), query_type="fts").limit(limit).to_arrow()
        return self._read(found)

    def _read(self, found: pyarrow.Table) -> list[StoredPassage]:
        return [_from_row(row, self._dimensions) for row in found.to_pylist()]


def _is_document(document_id: str) -> str:
    return "document_id = '" + document_id.replace("'", "''") + "'"
