"""The LanceDB table of one base's passages, with its indexes for full text, vectors and filters."""

import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import lancedb
import pyarrow
from lancedb.index import FTS, Bitmap, BTree, IvfSq

from appliance.core.protocols import Vectors
from appliance.knowledge.search.scope import Scope
from appliance.knowledge.search.stored import PASSAGE_COLUMNS, schema
from appliance.knowledge.search.vectors import Place

SCHEMA_VERSION = 2
_TABLE = "passages"
_MANIFEST = "manifest.json"
_KEEP_VERSIONS = timedelta(minutes=5)  # a search that began before a write still finds its files
_WORDS, _VECTORS, _VERSION, _LANGUAGE = "words", "vectors", "version", "language"  # names of the indexes
# Rows that no index covers are searched one by one. Covering them rewrites the table, so it waits until they are
# this many and this share of it: for searches to stay fast, and during a long run of additions.
_UNCOVERED = {"idle": (500, 0.01), "busy": (10_000, 0.25)}
_PROBES, _REFINE = 24, 3  # partitions that a search by vector reads, and times the limit that are compared exactly

# What LanceDB raises for a table whose files are missing or damaged; it has no error tree of its own.
DAMAGE = (OSError, RuntimeError, ValueError, pyarrow.ArrowException)


class PassageTable:
    """The table in `folder`, made now where it is missing, damaged or made otherwise. One thread writes at a time."""

    def __init__(self, folder: Path, embedder: str, dimensions: int) -> None:
        self._folder = folder
        self._embedder = embedder
        self._dimensions = dimensions
        self._manifest = {"schema": SCHEMA_VERSION, "embedder": embedder, "dimensions": dimensions}
        self._table = self._open()
        self._indexes = {index.name for index in self._table.list_indices()}

    def _open(self) -> Any:  # noqa: ANN401 - LanceDB has no types
        if self._made_alike():
            try:
                table = lancedb.connect(self._folder / "lance").open_table(_TABLE)
                table.search().select(["id"]).limit(1).to_arrow()
            except DAMAGE:
                pass
            else:
                return table
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._folder.mkdir(parents=True, mode=0o700)
        table = lancedb.connect(self._folder / "lance").create_table(
            _TABLE, schema=schema(self._dimensions), storage_options={"new_table_enable_stable_row_ids": "true"}
        )
        (self._folder / _MANIFEST).write_text(json.dumps(self._manifest), encoding="utf-8")
        return table

    def _made_alike(self) -> bool:
        try:
            manifest = json.loads((self._folder / _MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(manifest == self._manifest)

    def start_again(self) -> "PassageTable":
        """Return a new and empty table in the same folder."""
        (self._folder / _MANIFEST).unlink(missing_ok=True)
        return PassageTable(self._folder, self._embedder, self._dimensions)

    def __len__(self) -> int:
        """Number of rows."""
        return int(self._table.count_rows())

    def add(self, rows: pyarrow.Table) -> None:
        """Add rows; they are found at once."""
        self._table.add(rows)
        if _WORDS not in self._indexes:  # without it there is no search by words at all
            self._table.create_index("terms", config=_full_text(), name=_WORDS)
            self._indexes.add(_WORDS)

    def delete(self, condition: str) -> None:
        """Delete rows."""
        self._table.delete(condition)

    def tidy(self, when: Literal["idle", "busy"], approximate: bool) -> None:
        """Cover new rows by the indexes where they have become many; `approximate` asks for an index of the vectors."""
        most, share = _UNCOVERED[when]
        wanted = {_WORDS, _VERSION, _LANGUAGE} | ({_VECTORS} if approximate else set())
        uncovered = self._table.index_stats(_WORDS).num_unindexed_rows if _WORDS in self._indexes else 0
        if (wanted <= self._indexes or when == "busy") and uncovered <= max(most, share * len(self)):
            return
        self._table.optimize(cleanup_older_than=_KEEP_VERSIONS)
        for name, column, config in (
            (_VERSION, "version", BTree()),
            (_LANGUAGE, "language", Bitmap()),
            (_VECTORS, "vector", IvfSq(distance_type="dot")),
        ):
            if name in wanted - self._indexes and len(self):
                self._table.create_index(column, config=config, name=name)
                self._indexes.add(name)

    def scan(self, columns: Sequence[str], condition: str | None = None, limit: int | None = None) -> Iterator[Any]:
        """Yield record batches of some columns, with `_rowid` where it is among them."""
        search = self._table.search().select([name for name in columns if name != "_rowid"])
        if condition is not None:
            search = search.where(condition)
        yield from search.with_row_id("_rowid" in columns).limit(limit).to_batches()

    def read(self, condition: str) -> pyarrow.Table:
        """Return the passages for which a condition holds."""
        return self._table.search().select(list(PASSAGE_COLUMNS)).where(condition).limit(None).to_arrow()

    def take(self, rows: Sequence[int]) -> pyarrow.Table:
        """Return the passages with these row ids, in any order, without those that are no longer there."""
        return self._table.take_row_ids(list(rows)).select(list(PASSAGE_COLUMNS)).to_arrow()

    def nearest(self, vector: Vectors, language: str, limit: int, scope: Scope) -> list[Place]:
        """Return the places of the passages in a language and scope that are nearest to a unit vector, nearly all."""
        search = self._table.search(vector, vector_column_name="vector").distance_type("dot")
        conditions = [f"language = '{language}'", *([scope.condition] if scope.condition is not None else [])]
        search = search.where(" AND ".join(conditions), prefilter=True).nprobes(_PROBES).refine_factor(_REFINE)
        return _places(search, limit, "_distance")

    def matching(self, terms: Sequence[str], limit: int, scope: Scope) -> list[Place]:
        """Return the places of the passages in a scope with most of `terms` by BM25, best first."""
        if _WORDS not in self._indexes:
            return []
        search = self._table.search(" ".join(terms), query_type="fts")
        if scope.condition is not None:
            search = search.where(scope.condition, prefilter=True)
        return _places(search, limit, "_score")


def _full_text() -> FTS:
    return FTS(
        base_tokenizer="whitespace",
        lower_case=False,
        stem=False,
        remove_stop_words=False,
        ascii_folding=False,
        with_position=False,
    )


def _places(search: Any, limit: int, measure: str) -> list[Place]:  # noqa: ANN401 - LanceDB has no types
    found = search.select(["id", measure]).with_row_id(True).limit(limit).to_arrow()
    return [Place(row, name) for row, name in zip(found["_rowid"].to_pylist(), found["id"].to_pylist(), strict=True)]
