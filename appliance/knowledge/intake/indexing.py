"""One document from its file to the passages that the index keeps: prepared without a model, then embedded."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy

from appliance.core.protocols import Embedder
from appliance.knowledge.content import Extracted
from appliance.knowledge.intake.chunks import Chunk, Sentence, chunk, title_of
from appliance.knowledge.intake.reading import extract
from appliance.knowledge.intake.signature import signature
from appliance.knowledge.language.terms import Matchable, index_terms
from appliance.knowledge.language.text import Language, language_of
from appliance.knowledge.readers.limits import Limits
from appliance.knowledge.search.stored import StoredPassage, StoredSentence

_BATCH = 32
_CAPTION_CHARACTERS = 120  # of a table's caption that are embedded with each row


@dataclass(frozen=True)
class PreparedPassage:
    """A passage before it is embedded; the fields are those of `StoredPassage`."""

    language: Language
    page: int | None
    headings: tuple[str, ...]
    text: str
    start: int
    terms: str
    context: Matchable
    sentences: tuple[StoredSentence, ...]


@dataclass(frozen=True)
class Prepared:
    """A document that has been read, cut and folded; plain values, so it can be made in another process.

    `texts` are what to embed, one for each sentence in order; `signature` is for finding near-duplicates.
    """

    name: str
    title: str
    language: Language
    pages: int | None
    pictures: tuple[int, ...]
    passages: tuple[PreparedPassage, ...]
    texts: tuple[str, ...]
    signature: bytes


Preparer = Callable[[Path, str, Limits], Prepared]


def prepare_file(path: Path, name: str, limits: Limits) -> Prepared:
    """Read a file in a confined process and prepare it. Raises `InvalidRequest` where it cannot be read."""
    return prepare(extract(path, name, limits), name)


def prepare(extracted: Extracted, name: str) -> Prepared:
    """Cut and fold a document that has been read.

    A sentence is embedded with the title and the nearest heading before it, since "每份10元" alone says little; a table
    row with its caption too.
    """
    title = title_of(extracted, name)
    text = extracted.text
    chunks = chunk(extracted)
    return Prepared(
        name=name,
        title=title,
        language=language_of(text),
        pages=extracted.pages,
        pictures=extracted.pictures,
        passages=tuple(_passage(title, text, piece) for piece in chunks),
        texts=tuple(_to_embed(title, piece, sentence, text) for piece in chunks for sentence in piece.sentences),
        signature=signature(text),
    )


def _to_embed(title: str, piece: Chunk, sentence: Sentence, text: str) -> str:
    heading = piece.headings[-1] if piece.headings and piece.headings[-1] != title else ""
    parts = (title, heading, sentence.caption[:_CAPTION_CHARACTERS], text[sentence.start : sentence.end])
    return "\n".join(part for part in parts if part)


def _passage(title: str, text: str, piece: Chunk) -> PreparedPassage:
    own = text[piece.start : piece.end]
    captions = dict.fromkeys(sentence.caption for sentence in piece.sentences if sentence.caption)
    return PreparedPassage(
        language=language_of(own),
        page=piece.page,
        headings=piece.headings,
        text=own,
        start=piece.start,
        terms=" ".join(index_terms(" ".join([title, *piece.headings, *captions, own]))),
        context=Matchable.of(" ".join([title, *piece.headings, *captions])),
        sentences=tuple(_stored(sentence, text[sentence.start : sentence.end]) for sentence in piece.sentences),
    )


def _stored(sentence: Sentence, words: str) -> StoredSentence:
    ready = Matchable.of(words)
    return StoredSentence(**vars(sentence), folded=ready.folded, stems=ready.stems, language=language_of(words))


def embed_prepared(
    prepared: Prepared, version: int, embedder: Embedder, tell: Callable[[float], None]
) -> list[StoredPassage]:
    """Return the passages of a document's version, embedded sentence by sentence; `tell` hears how far it is, 0..1.

    A passage's vector is the mean direction of its sentences', so nothing is embedded twice.
    """
    batches = []
    for at in range(0, len(prepared.texts), _BATCH):
        batches.append(embedder.embed(prepared.texts[at : at + _BATCH], "passage"))
        tell(min(1.0, (at + _BATCH) / len(prepared.texts)))
    vectors = numpy.concatenate(batches) if batches else numpy.zeros((0, embedder.dimensions), numpy.float32)
    stored = []
    at = 0
    for number, passage in enumerate(prepared.passages):
        own = vectors[at : at + len(passage.sentences)]
        at += len(passage.sentences)
        stored.append(
            StoredPassage(
                id=f"{version}-{number}",
                version=version,
                document=prepared.name,
                title=prepared.title,
                vectors=own,
                **vars(passage),
            )
        )
    return stored
