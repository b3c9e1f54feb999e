"""One document from its file to the passages that the index keeps."""

from pathlib import Path

import numpy

from appliance.core.protocols import Embedder, Vectors
from appliance.knowledge.chunks import Chunk, chunk, title_of
from appliance.knowledge.content import Extracted
from appliance.knowledge.index import StoredPassage, StoredSentence
from appliance.knowledge.limits import Limits
from appliance.knowledge.reading import extract
from appliance.knowledge.terms import index_terms
from appliance.knowledge.text import language_of

_BATCH = 32


def read_document(path: Path, name: str, limits: Limits) -> Extracted:
    """Return a document's blocks. Raises `InvalidRequest` where it cannot be read."""
    return extract(path, name, limits)


def passages_of(document_id: str, name: str, extracted: Extracted, embedder: Embedder) -> list[StoredPassage]:
    """Return the passages of a document, embedded sentence by sentence.

    A sentence is embedded with the title and the nearest heading before it, since "每份10元" alone says little; a
    passage's vector is the mean direction of its sentences', so nothing is embedded twice.
    """
    title = title_of(extracted, name)
    text = extracted.text
    chunks = chunk(extracted)
    texts = [_with_context(title, piece, text[s.start : s.end]) for piece in chunks for s in piece.sentences]
    batches = [embedder.embed(texts[at : at + _BATCH], "passage") for at in range(0, len(texts), _BATCH)]
    vectors = numpy.concatenate(batches) if batches else numpy.zeros((0, embedder.dimensions), numpy.float32)
    passages = []
    at = 0
    for number, piece in enumerate(chunks):
        own = vectors[at : at + len(piece.sentences)]
        at += len(piece.sentences)
        passages.append(_passage(f"{document_id}-{number}", document_id, name, title, text, piece, own))
    return passages


def _with_context(title: str, piece: Chunk, sentence: str) -> str:
    heading = piece.headings[-1] if piece.headings and piece.headings[-1] != title else ""
    return "\n".join(part for part in (title, heading, sentence) if part)


def _passage(
    passage_id: str, document_id: str, name: str, title: str, text: str, piece: Chunk, vectors: Vectors
) -> StoredPassage:
    words = " ".join([title, *piece.headings, text[piece.start : piece.end]])
    mean = vectors.mean(axis=0)
    return StoredPassage(
        id=passage_id,
        document_id=document_id,
        document=name,
        title=title,
        language=language_of(text[piece.start : piece.end]),
        page=piece.page,
        headings=piece.headings,
        text=text[piece.start : piece.end],
        start=piece.start,
        terms=" ".join(index_terms(words)),
        vector=numpy.asarray(mean / numpy.linalg.norm(mean), numpy.float32),
        sentences=tuple(StoredSentence(s.start, s.end, s.clause, s.row) for s in piece.sentences),
        vectors=vectors,
    )
