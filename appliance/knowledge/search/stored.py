"""Passages as the index keeps them, and as rows of its table.

What a search compares (folded text, stems) is made once, when a document is indexed: a search segments no passage.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pyarrow

from appliance.core.protocols import Vectors
from appliance.knowledge.content import Box, Cell
from appliance.knowledge.language.terms import Matchable

_LEVELS = 127  # a sentence's vector is kept as one signed byte a dimension and a scale


@dataclass(frozen=True)
class StoredSentence:
    """A sentence or table row: its place in the document, and what a search compares.

    `start`, `end` and the offsets of `cells` count the document's text; `boxes` are the printed lines it touches, in
    points from the page's upper left corner; `caption` is that of its table. `folded` and `stems` as `terms.Matchable`.
    """

    start: int
    end: int
    clause: str = ""
    row: int | None = None
    table: int | None = None
    cells: tuple[Cell, ...] = ()
    boxes: tuple[Box, ...] = ()
    caption: str = ""
    folded: str = ""
    stems: frozenset[str] = frozenset()
    language: str = "zh"


@dataclass(frozen=True)
class StoredPassage:
    """One passage; `version` is the key of the document's version, `document` its file name.

    `context` is the title with the headings, made ready for matching; `vectors` has a row for each sentence. `terms`
    are what full text matches, divided by blanks; they are not read back.
    """

    id: str
    version: int
    document: str
    title: str
    language: str
    page: int | None
    headings: tuple[str, ...]
    text: str
    start: int
    context: Matchable
    sentences: tuple[StoredSentence, ...]
    vectors: Vectors
    terms: str = ""

    @property
    def vector(self) -> Vectors:
        """The mean direction of the sentences, length 1."""
        mean = self.vectors.mean(axis=0)
        return numpy.asarray(mean / numpy.linalg.norm(mean), numpy.float32)

    def quote(self, sentence: StoredSentence) -> str:
        """Return a sentence's words."""
        return self.text[sentence.start - self.start : sentence.end - self.start]


# Columns that make a passage; the others serve to find it, and reading their vectors alone takes twice as long.
PASSAGE_COLUMNS = (
    "id", "version", "document", "title", "language", "page", "headings", "text", "start", "sentences", "vectors",
)  # fmt: skip


def schema(dimensions: int) -> pyarrow.Schema:
    """Return the table's columns; `first_table` and `last_table` are the tables that a passage has rows of."""
    text, number = pyarrow.string(), pyarrow.int64()
    return pyarrow.schema(
        [
            ("id", text),
            ("version", number),
            ("document", text),
            ("title", text),
            ("language", text),
            ("page", number),
            ("headings", pyarrow.list_(text)),
            ("text", text),
            ("start", number),
            ("terms", text),
            ("first_table", number),
            ("last_table", number),
            ("vector", pyarrow.list_(pyarrow.float32(), dimensions)),
            ("sentences", pyarrow.binary()),  # JSON, deflated
            ("vectors", pyarrow.binary()),  # for each sentence a float32 scale, then for each its bytes
        ]
    )


def to_rows(passages: Sequence[StoredPassage], dimensions: int) -> pyarrow.Table:
    """Return passages as rows of the table."""
    return pyarrow.Table.from_pylist([_to_row(passage) for passage in passages], schema=schema(dimensions))


def from_rows(found: pyarrow.Table, dimensions: int) -> list[StoredPassage]:
    """Return rows with `PASSAGE_COLUMNS` as passages."""
    return [_from_row(row, dimensions) for row in found.to_pylist()]


def _to_row(passage: StoredPassage) -> dict[str, Any]:
    tables = [sentence.table for sentence in passage.sentences if sentence.table is not None]
    return {
        **vars(passage),
        "headings": list(passage.headings),
        "first_table": min(tables, default=None),
        "last_table": max(tables, default=None),
        "vector": passage.vector,
        "sentences": _pack_sentences(passage),
        "vectors": pack_vectors(passage.vectors),
    }


def _from_row(row: dict[str, Any], dimensions: int) -> StoredPassage:
    context, sentences = _unpack_sentences(row["sentences"], row["text"], row["start"])
    fields = {name: row[name] for name in PASSAGE_COLUMNS}
    fields["headings"] = tuple(row["headings"])
    fields["context"] = context
    fields["sentences"] = sentences
    fields["vectors"] = unpack_vectors(row["vectors"], dimensions)
    return StoredPassage(**fields)


def pack_vectors(vectors: Vectors) -> bytes:
    """Return vectors as bytes, a quarter of their size; cosines change by less than 0.002."""
    scales = numpy.maximum(numpy.abs(vectors).max(axis=1), 1e-9).astype(numpy.float32) / _LEVELS
    return bytes(scales.tobytes() + numpy.rint(vectors / scales[:, None]).astype(numpy.int8).tobytes())


def unpack_vectors(packed: bytes, dimensions: int) -> Vectors:
    """Return what `pack_vectors` packed, float32 of shape (sentences, dimensions)."""
    count = len(packed) // (dimensions + 4)
    scales = numpy.frombuffer(packed, numpy.float32, count)
    levels = numpy.frombuffer(packed, numpy.int8, offset=4 * count).reshape(count, dimensions)
    return numpy.asarray(levels * scales[:, None], numpy.float32)


def _pack_sentences(passage: StoredPassage) -> bytes:
    """A folded text that equals the words themselves is left out."""
    sentences = [
        [
            sentence.start, sentence.end, sentence.clause, sentence.row, sentence.table,
            [[cell.column, cell.header, cell.start, cell.end] for cell in sentence.cells], sentence.boxes,
            sentence.caption, None if sentence.folded == passage.quote(sentence) else sentence.folded,
            sorted(sentence.stems), sentence.language,
        ]
        for sentence in passage.sentences
    ]  # fmt: skip
    context = [passage.context.folded, sorted(passage.context.stems)]
    return zlib.compress(json.dumps([context, sentences], ensure_ascii=False).encode(), 1)


def _unpack_sentences(packed: bytes, text: str, start: int) -> tuple[Matchable, tuple[StoredSentence, ...]]:
    context, sentences = json.loads(zlib.decompress(packed))
    return Matchable(context[0], frozenset(context[1])), tuple(_sentence(entry, text, start) for entry in sentences)


def _sentence(entry: list[Any], text: str, offset: int) -> StoredSentence:
    start, end, clause, row, table, cells, boxes, caption, folded, stems, language = entry
    return StoredSentence(
        start, end, clause, row, table, tuple(Cell(*cell) for cell in cells), tuple(tuple(box) for box in boxes),
        caption, text[start - offset : end - offset] if folded is None else folded, frozenset(stems), language,
    )  # fmt: skip
