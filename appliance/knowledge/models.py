"""What knowledge bases give over HTTP; stable."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KnowledgeBase(_Value):
    """One knowledge base."""

    name: str = Field(description="Name in addresses: lower case letters, digits and hyphens.")
    title: str = Field(description="Title that people read.")
    documents: int = Field(description="How many documents it holds.")
    created_at: str = Field(description="RFC 3339, UTC.")


class Document(_Value):
    """One document of a knowledge base."""

    id: str = Field(description="Document id, `doc_…`.")
    knowledge_base: str = Field(description="The base that holds it.")
    name: str = Field(description="File name as uploaded.")
    media_type: str = Field(description="MIME type, by the file name's ending.")
    size_bytes: int = Field(description="Size of the original file in bytes.")
    sha256: str = Field(description="SHA-256 of the original file, hexadecimal.")
    status: Literal["pending", "indexed", "failed"] = Field(description="Only `indexed` documents are searched.")
    reason: str | None = Field(default=None, description="Why it failed, and what to do.")
    pages: int | None = Field(default=None, description="Number of pages, for formats that have them.")
    chunks: int | None = Field(default=None, description="Number of passages in the index.")
    created_at: str = Field(description="RFC 3339, UTC.")
    indexed_at: str | None = Field(default=None, description="RFC 3339, UTC.")
    duplicate: bool = Field(default=False, description="True in an upload's answer when these bytes were here already.")


class Passage(_Value):
    """A piece of a document that fits a query."""

    document_id: str = Field(description="Document id.")
    document: str = Field(description="File name.")
    page: int | None = Field(default=None, description="Page, from 1, for PDF.")
    section: str = Field(
        description="Headings and clause that lead to it, joined by ` > `; empty where there are none."
    )
    row: int | None = Field(default=None, description="First row of the table or sheet, from 1.")
    text: str = Field(description="The passage, literally from the document's text.")
    start: int = Field(description="Offset of `text` in the document's text, in characters.")
    score: float = Field(description="Fitness, 0..1; comparable within one answer only.")


class Citation(_Value):
    """A quotation that carries an answer."""

    document_id: str = Field(description="Document id.")
    document: str = Field(description="File name.")
    page: int | None = Field(default=None, description="Page, from 1, for PDF.")
    section: str = Field(
        description="Headings and clause that lead to it, joined by ` > `; empty where there are none."
    )
    row: int | None = Field(default=None, description="Row of the table or sheet, from 1.")
    quote: str = Field(description="The quoted words, literally from the document's text.")
    start: int = Field(description="Offset of the quotation in the document's text, in characters.")
    end: int = Field(description="Offset behind its last character.")
    score: float = Field(description="How well it answers, 0..1.")


class Answer(_Value):
    """An extractive answer: quoted sentences, or a refusal when the documents do not hold it."""

    question: str = Field(description="The question as asked.")
    answered: bool = Field(description="False: the documents do not answer the question.")
    text: str = Field(description="The quoted sentences, or the refusal in the asker's language.")
    confidence: float = Field(description="Calibrated chance that the first citation answers the question, 0..1.")
    language: Literal["zh", "en"] = Field(description="The asker's language.")
    citations: tuple[Citation, ...] = Field(description="Best first; empty when not answered.")
