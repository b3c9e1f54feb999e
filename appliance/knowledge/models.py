"""What knowledge bases give over HTTP; stable."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance.core.days import Day

Name = Annotated[str, Field(min_length=1, max_length=100)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KnowledgeBase(_Value):
    """One knowledge base."""

    name: str = Field(description="Name in addresses: lower case letters, digits and hyphens.")
    title: str = Field(description="Title that people read.")
    tenant: str = Field(description="Tenant that owns it; its admins may change it.")
    shared_with: list[str] = Field(description='Further tenants that may read it; "*" is every tenant.')
    documents: int = Field(description="How many of its documents the caller may read.")
    created_at: str = Field(description="RFC 3339, UTC.")


class Similar(_Value):
    """Another document with nearly the same text."""

    document_id: str = Field(description="Document id.")
    document: str = Field(description="File name.")
    similarity: float = Field(description="Estimated share of common word sequences (Jaccard), 0..1.")


class DocumentVersion(_Value):
    """One version of a document: a file, and the days on which it holds."""

    version: int = Field(description="Number of the version, from 1.")
    name: str = Field(description="File name as uploaded.")
    media_type: str = Field(description="MIME type, by the file name's ending.")
    size_bytes: int = Field(description="Size of the original file in bytes.")
    sha256: str = Field(description="SHA-256 of the original file, hexadecimal.")
    status: Literal["pending", "indexed", "failed"] = Field(description="Only `indexed` versions are searched.")
    stage: Literal["waiting", "reading", "embedding"] | None = Field(
        default=None, description="What a pending version is at."
    )
    progress: float | None = Field(default=None, description="How far a pending version is, 0..1.")
    reason: str | None = Field(default=None, description="Why it failed, and what to do.")
    pages: int | None = Field(default=None, description="Number of pages, for formats that have them.")
    picture_pages: list[int] = Field(
        default_factory=list, description="Pages that are scans without text: their words are not searched."
    )
    chunks: int | None = Field(default=None, description="Number of passages in the index.")
    effective_on: Day | None = Field(default=None, description="First day on which it holds; null: always did.")
    expires_on: Day | None = Field(default=None, description="Last day on which it holds; null: for ever.")
    created_at: str = Field(description="RFC 3339, UTC.")
    indexed_at: str | None = Field(default=None, description="RFC 3339, UTC.")


class Document(DocumentVersion):
    """One document of a knowledge base; the fields of a version are those of its newest."""

    id: str = Field(description="Document id, `doc_…`.")
    knowledge_base: str = Field(description="The base that holds it.")
    department: str | None = Field(default=None, description="Department that answers for it.")
    access: list[str] = Field(
        default_factory=list,
        description="Who may read it, as `tenant:…`, `role:…` or `key:…`; empty: whoever reads the base.",
    )
    in_force: int | None = Field(default=None, description="Number of the version that holds today; null: none does.")
    similar: list[Similar] = Field(default_factory=list, description="Documents with nearly the same text.")
    duplicate: bool = Field(default=False, description="True in an upload's answer when these bytes were here already.")


class Details(_Value):
    """What is told of a document beside its file; also the body of a change, where null leaves a value as it is."""

    department: Name | None = Field(default=None, description="Department that answers for it.")
    access: list[Name] | None = Field(
        default=None,
        max_length=100,
        description="Who may read it, as `tenant:…`, `role:…` or `key:…`; empty: whoever reads the base.",
    )
    effective_on: Day | None = Field(default=None, description="First day on which this version holds.")
    expires_on: Day | None = Field(default=None, description="Last day on which this version holds.")


class Selection(_Value):
    """Which documents a search or an answer may draw from; what the caller may not read is never among them."""

    as_of: Day | None = Field(default=None, description="Day whose versions count, YYYY-MM-DD; today by default.")
    documents: list[Name] | None = Field(default=None, max_length=1000, description="Only these document ids.")
    departments: list[Name] | None = Field(default=None, max_length=100, description="Only of these departments.")
    media_types: list[Name] | None = Field(default=None, max_length=20, description="Only of these MIME types.")


class Place(_Value):
    """Where a piece of text stands."""

    document_id: str = Field(description="Document id.")
    document: str = Field(description="File name.")
    version: int = Field(description="Number of the document's version.")
    page: int | None = Field(default=None, description="Page or slide, from 1, for PDF and presentations.")
    boxes: list[tuple[float, float, float, float]] = Field(
        default_factory=list,
        description="Left, top, right, bottom of each printed line of a PDF, in points from the page's upper left.",
    )
    section: str = Field(
        description="Headings and clause that lead to it, joined by ` > `; empty where there are none."
    )
    row: int | None = Field(default=None, description="Row of the table or sheet, from 1.")


class Passage(Place):
    """A piece of a document that fits a query."""

    text: str = Field(description="The passage, literally from the document's text.")
    start: int = Field(description="Offset of `text` in the document's text, in characters.")
    score: float = Field(description="Fitness, 0..1; comparable within one answer only.")


class CitedCell(_Value):
    """A table cell that an answer rests on."""

    row: str = Field(description="What the row is about: its first cell.")
    column: str = Field(description="The column's header.")
    text: str = Field(description="The cell, literally.")
    unit: str | None = Field(default=None, description="Unit from the cell, the header or the table's caption.")
    start: int = Field(description="Offset of the cell in the document's text, in characters.")
    end: int = Field(description="Offset behind its last character.")


class Citation(Place):
    """A quotation that carries an answer."""

    quote: str = Field(description="The quoted words, literally from the document's text.")
    start: int = Field(description="Offset of the quotation in the document's text, in characters.")
    end: int = Field(description="Offset behind its last character.")
    cells: list[CitedCell] = Field(default_factory=list, description="The cells of a table row that answer.")
    score: float = Field(description="How well it answers, 0..1.")
    effective_on: Day | None = Field(default=None, description="First day on which the cited version holds.")
    expires_on: Day | None = Field(default=None, description="Last day on which the cited version holds.")
    department: str | None = Field(default=None, description="Department that answers for the document.")


class AnswerSentence(_Value):
    """One sentence of an answer with what carries it."""

    text: str = Field(description="The sentence.")
    kind: Literal["quoted", "computed", "written"] = Field(
        description="Quoted literally, computed by code from cited cells, or written by the model and checked."
    )
    citations: list[int] = Field(description="Places in `citations`, from 0.")


class Conflict(_Value):
    """Sources that answer the question differently."""

    citations: list[int] = Field(description="Places in `citations`, from 0; two or more.")
    note: str = Field(description="What differs, in the asker's language.")


class CalculationInput(_Value):
    """A figure that a calculation uses."""

    label: str = Field(description="Row and column of the figure.")
    text: str = Field(description="The figure as printed.")
    value: float = Field(description="The figure as a number.")
    citation: int = Field(description="Place in `citations`, from 0.")


class Calculation(_Value):
    """A figure that code computed from table cells."""

    operation: Literal["difference", "change_percent", "sum", "average", "ratio", "share_percent", "count"] = Field(
        description="What was computed."
    )
    formula: str = Field(description="The formula with its figures, such as `(120 - 100) / 100 × 100`.")
    value: float = Field(description="The result.")
    unit: str | None = Field(default=None, description="Unit of the result.")
    text: str = Field(description="The result as it is shown, with its unit.")
    inputs: list[CalculationInput] = Field(description="The figures in the formula's order.")


class Answer(_Value):
    """An extractive answer: quoted sentences, or a refusal when the documents do not hold it."""

    question: str = Field(description="The question as asked.")
    answered: bool = Field(description="False: the documents do not answer the question.")
    text: str = Field(description="The quoted or computed sentences, or the refusal in the asker's language.")
    short: str | None = Field(
        default=None, description="The words of the first quotation that answer, where they stand out."
    )
    confidence: float = Field(description="Calibrated chance that the first citation answers the question, 0..1.")
    language: Literal["zh", "en"] = Field(description="The asker's language.")
    sentences: tuple[AnswerSentence, ...] = Field(default=(), description="`text` sentence by sentence.")
    citations: tuple[Citation, ...] = Field(description="Best first; empty when not answered.")
    calculation: Calculation | None = Field(default=None, description="How a computed answer came about.")
    conflicts: tuple[Conflict, ...] = Field(default=(), description="Sources that answer differently.")
    nearest: tuple[Citation, ...] = Field(
        default=(), description="Where to look, best first, when not answered: places that may be near, no answer."
    )
    as_of: Day = Field(description="Day whose versions of the documents were asked.")
