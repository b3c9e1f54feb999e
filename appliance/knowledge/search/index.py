"""The search index of one knowledge base: full text over our own words and vectors, both within a scope.

It does not fsync, so this is a cache: whatever is lost or damaged is made again from the documents.
"""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy
import pyarrow

from appliance.core.protocols import Vectors
from appliance.knowledge.search.corpus import SAMPLE, Corpus, Counted
from appliance.knowledge.search.passage_table import DAMAGE, PassageTable
from appliance.knowledge.search.scope import EVERYTHING, Scope, listed
from appliance.knowledge.search.stored import StoredPassage, StoredSentence, from_rows, pack_vectors, to_rows
from appliance.knowledge.search.vectors import Place, Rows, VectorMemory

__all__ = ["DAMAGE", "EVERYTHING", "BaseIndex", "Place", "Scope", "StoredPassage", "StoredSentence"]

_CORPUS = "corpus.npz"
_COUNTED = ("id", "version", "language", "terms", "vectors")
_IN_MEMORY = 200_000  # passages, 300 MB; a larger base has an approximate index of its vectors


class BaseIndex:
    """One base's index in `folder`. Writes queue on a lock; searches run beside them.

    Methods raise one of `DAMAGE` where files are missing or broken; the store then makes the index again.
    """

    def __init__(self, folder: Path, embedder: str, dimensions: int) -> None:
        self._corpus_file = folder / _CORPUS
        self._dimensions = dimensions
        self._lock = threading.Lock()
        with self._lock:
            self._load(PassageTable(folder, embedder, dimensions))

    def _load(self, table: PassageTable) -> None:
        self._table = table
        self._corpus = Corpus.load(self._corpus_file, self._dimensions)
        inside = self.versions()
        self._corpus.remove(self._corpus.versions - inside, ())  # lost by the table: a power cut
        if uncounted := inside - self._corpus.versions:  # put, but the process ended before `finish`
            for batch in table.scan(_COUNTED, f"version IN ({listed(uncounted)})"):
                self._corpus.add(Counted(**row) for row in batch.to_pylist())
        self._memory: VectorMemory | None = None
        if len(table) <= _IN_MEMORY:
            self._memory = VectorMemory(self._dimensions, len(table))
            self._remember(self._memory)

    def _remember(self, memory: VectorMemory, condition: str | None = None) -> None:
        for batch in self._table.scan(("_rowid", "id", "version", "language", "vector"), condition):
            memory.add(
                Rows(
                    batch["id"].to_pylist(),
                    batch["_rowid"].to_numpy().astype(numpy.int64),
                    batch["version"].to_numpy(),
                    batch["language"].to_pylist(),
                    batch["vector"].flatten().to_numpy().reshape(-1, self._dimensions),
                )
            )

    def clear(self) -> None:
        """Start again from nothing."""
        with self._lock:
            self._load(self._table.start_again())

    def versions(self) -> set[int]:
        """Return the keys of the versions inside."""
        found: set[int] = set()
        for batch in self._table.scan(("version",)):
            found.update(batch["version"].unique().to_pylist())
        return found

    def put(self, version: int, passages: Sequence[StoredPassage]) -> None:
        """Replace a version's passages; they are found at once."""
        with self._lock:
            self._remove({version})
            if not passages:
                return
            self._table.add(to_rows(passages, self._dimensions))
            self._corpus.add(
                Counted(passage.id, version, passage.language, passage.terms, pack_vectors(passage.vectors))
                for passage in passages
            )
            if self._memory is not None and len(self._memory) + len(passages) > _IN_MEMORY:
                self._memory = None
            if self._memory is not None:
                self._remember(self._memory, f"version = {int(version)}")
            self._table.tidy("busy", approximate=self._memory is None)

    def remove(self, versions: Iterable[int]) -> None:
        """Take versions out; keys that are not inside do nothing."""
        with self._lock:
            self._remove(set(versions))

    def _remove(self, versions: set[int]) -> None:
        inside = versions & self._corpus.versions
        if not inside:
            return
        condition = f"version IN ({listed(inside)})"
        terms = [entry for batch in self._table.scan(("terms",), condition) for entry in batch["terms"].to_pylist()]
        self._corpus.remove(inside, terms)
        self._corpus.save(self._corpus_file)  # before the rows go: what is there and not counted is counted at opening
        if self._memory is not None:
            self._memory.remove(inside)
        self._table.delete(condition)

    def finish(self) -> None:
        """Bring indexes and figures up to date after a run of `put` and `remove`."""
        with self._lock:
            self._table.tidy("idle", approximate=self._memory is None)
            for language in self._corpus.thin_samples():
                for batch in self._table.scan(_COUNTED, f"language = '{language}'", SAMPLE):
                    self._corpus.resample(Counted(**row) for row in batch.to_pylist())
            self._corpus.save(self._corpus_file)

    @property
    def passages(self) -> int:
        """Number of passages, of all versions."""
        return self._corpus.passages

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the passages."""
        return self._corpus.languages

    def background(self, language: str) -> Vectors:
        """Return vectors of some sentences in a language: what an unrelated question resembles."""
        return self._corpus.background(language)

    def frequency(self, term: str) -> int:
        """Return in how many passages a term stands."""
        return self._corpus.frequency(term)

    def by_vector(self, vector: Vectors, limit: int, scope: Scope = EVERYTHING) -> list[list[Place]]:
        """Return, for each language, the places of the passages in scope nearest to a unit vector, best first."""
        if scope.is_empty:
            return []
        if (memory := self._memory) is not None:
            return memory.nearest(vector, limit, scope)
        return [self._table.nearest(vector, language, limit, scope) for language in self.languages]

    def by_terms(self, terms: Sequence[str], limit: int, scope: Scope = EVERYTHING) -> list[Place]:
        """Return the places of the passages in scope with most of `terms` by BM25, best first."""
        return [] if scope.is_empty or not terms else self._table.matching(terms, limit, scope)

    def read(self, places: Sequence[Place]) -> list[StoredPassage]:
        """Return the passages at these places, in their order, without those that were removed meanwhile."""
        if not places:
            return []
        found = {passage.id: passage for passage in self._passages(self._table.take([place.row for place in places]))}
        return [found[place.id] for place in places if place.id in found]

    def table(self, version: int, number: int) -> list[tuple[StoredPassage, StoredSentence]]:
        """Return all rows of one table of a version, in order."""
        condition = f"version = {int(version)} AND first_table <= {int(number)} AND last_table >= {int(number)}"
        rows = [
            (passage, sentence)
            for passage in self._passages(self._table.read(condition))
            for sentence in passage.sentences
            if sentence.table == number
        ]
        return sorted(rows, key=lambda row: row[1].start)

    def on_page(self, version: int, page: int) -> list[StoredPassage]:
        """Return the passages on a page of a version, in order."""
        rows = self._table.read(f"version = {int(version)} AND page = {int(page)}")
        return sorted(self._passages(rows), key=lambda passage: passage.start)

    def _passages(self, rows: pyarrow.Table) -> list[StoredPassage]:
        return from_rows(rows, self._dimensions)
