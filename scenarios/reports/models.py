"""What the report generator reads, computes and writes: the shapes that every part of this pack shares.

Money is in the currency's basic unit (yuan, not 万元), shares are shares (0.05 is 5 %), days are ISO. Whatever a report
says is one of three: an `Item` or `Field` read out of a document, with its `Place`; a `Figure` that code computed from
such, with formula and inputs; or a text of an outline. Nothing else may hold a number.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["en", "zh_CN"]
Confidence = Annotated[float, Field(ge=0.0, le=1.0)]
SURE = 0.8
"""What is read with less confidence is asked, not used."""


class Part(BaseModel):
    """A part of a dossier or a report."""

    model_config = ConfigDict(frozen=True)


# What was read -------------------------------------------------------------------------------------------------------


class Place(Part):
    """Where in a source something stands."""

    file: str = Field(description="Id of the source file, such as f03; `officer` for an answer that a person gave.")
    name: str = Field(description="Name of the file as it was supplied.")
    page: int | None = Field(default=None, description="From 1; PDF and slides.")
    sheet: str | None = None
    cell: str | None = Field(default=None, description="Such as C12; of a table in a PDF row and column, such as R4C2.")
    line: int | None = Field(default=None, description="Row of a CSV, or block of a text, from 1.")
    quote: str = Field(default="", max_length=600, description="What stands there, as it is printed.")
    unit: str = Field(
        default="", description="What an amount there is in, where not it but its header says so: 万元, %."
    )


class SourceFile(Part):
    """One file of the folder."""

    id: str = Field(description="f01, f02, … in the order of the names.")
    name: str
    sha256: str
    size: int
    kind: str = Field(default="other", description="A kind of sorting/kinds.yaml, such as balance_sheet or licence.")
    kind_confidence: Confidence = 0.0
    pages: int | None = None
    scanned: tuple[int, ...] = Field(default=(), description="Pages that are pictures without text.")
    fault: str | None = Field(default=None, description="Why nothing was read of it, in the report's language.")
    company: str | None = Field(default=None, description="Whose paper it is, as it says.")


class Passage(Part):
    """A heading, paragraph or item of a text, in the order of the document."""

    text: str
    line: int = Field(description="Number of the block, from 1.")
    page: int | None = None
    level: int = Field(default=0, description="Depth of a heading; 0: no heading.")


class Grid(Part):
    """A sheet or a table as it stands: every row as wide as the widest, empty cells are empty texts.

    Merged cells hold their text in each cell that they cover. Header rows are rows like all others.
    """

    number: int = Field(description="From 1 within the file.")
    sheet: str | None = None
    above: tuple[str, ...] = Field(default=(), description="Lines that stand right above a table of a PDF or a text.")
    rows: tuple[tuple[str, ...], ...]
    row_numbers: tuple[int, ...] = Field(description="Number of each row in its sheet or table, from 1.")
    pages: tuple[int | None, ...] = Field(description="Page of each row.")
    unsaved: tuple[str, ...] = Field(default=(), description="Cells of formulas whose value was not saved; read empty.")


class Reading(Part):
    """What is in one file."""

    file: SourceFile
    passages: tuple[Passage, ...] = ()
    grids: tuple[Grid, ...] = ()


Statement = Literal["balance", "income", "cash_flow"]
Scope = Literal["consolidated", "parent", "unknown"]


class Item(Part):
    """One value of one account in one period, as one source gives it."""

    account: str = Field(description="A code of the chart of accounts, such as total_assets.")
    statement: Statement
    period: str = Field(description="Last day of the period, such as 2025-12-31.")
    months: int = Field(description="How long the period is: 12, 9, 6, 3, 1; 0 for a balance.")
    scope: Scope = "unknown"
    restated: bool = Field(default=False, description="Given later and otherwise than first.")
    value: float = Field(description="In the currency's basic unit.")
    currency: str = "CNY"
    printed: str = Field(description="As it stands there, such as 1,234.50.")
    unit: str = Field(description="The unit that it is printed in: 元, 千元, 万元, 百万元, 亿元.")
    label: str = Field(description="Name of the account as it is printed.")
    confidence: Confidence
    place: Place
    also: tuple[Place, ...] = Field(default=(), description="Other places that give the same value.")


class Check(Part):
    """A test that two sides are equal, such as assets against liabilities and equity."""

    name: str = Field(description="Of statements/checks.yaml.")
    title: str
    period: str
    scope: Scope
    holds: bool
    left: float
    right: float
    difference: float
    tolerance: float
    places: tuple[Place, ...]
    information: bool = Field(default=False, description="Its difference has causes of its own and is no fault.")


class Question(Part):
    """What a person is asked because no source says it clearly; `POST …/answers` answers by id."""

    id: str = Field(description="The same for the same question at every run, such as q_1f3a….")
    text: str
    about: str = Field(description="What the answer sets: item:revenue@2024-12-31 or field:legal_representative.")
    choices: tuple[str, ...] = Field(default=(), description="What the sources could mean; any other value goes too.")
    places: tuple[Place, ...] = ()


class Fact(Part):
    """A field that a document states, such as the registered capital."""

    name: str = Field(description="Of fields/fields.yaml, such as registered_capital.")
    title: str
    value: str = Field(description="Normalised: days ISO, names without spaces.")
    number: float | None = Field(default=None, description="Of an amount or a share; money in its basic unit.")
    unit: str = Field(default="", description="share, CNY and other currencies, days, count; empty for texts.")
    shown: str = Field(description="As texts write it.")
    group: str = Field(default="", description="Sets entries of a list apart, such as one court case: litigation.3.")
    confidence: Confidence
    place: Place


class Conflict(Part):
    """Sources that say different things about one."""

    about: str = Field(description="As in `Question`.")
    title: str
    values: tuple[str, ...] = Field(description="As texts write them, one for each place.")
    places: tuple[Place, ...]
    used: int | None = Field(default=None, description="Which of them the report goes by; null: none.")
    reason: str = Field(default="", description="Why that one, in the report's language.")


class Gap(Part):
    """What the report should rest on and nobody supplied, or cannot be used."""

    about: str = Field(description="kind:audit_report, item:revenue@2023-12-31, file:f07 or field:…")
    title: str
    reason: str
    needed_for: tuple[str, ...] = Field(default=(), description="Ids of sections.")
    required: bool = False


class Payment(Part):
    """One line of a bank statement."""

    day: str
    time: str = Field(default="", description="Such as 23:14; empty where the statement gives none.")
    amount: float = Field(description="Positive: received.")
    balance: float | None = None
    counterparty: str = ""
    purpose: str = ""
    account: str = ""
    currency: str = "CNY"
    place: Place


class Finding(Part):
    """What a rule found, in payments or in figures."""

    rule: str = Field(description="Name in the YAML file.")
    severity: Literal["info", "warning", "serious"]
    title: str
    text: str = Field(description="A sentence in the report's language; its numbers are those of figures and places.")
    figures: tuple[str, ...] = Field(default=(), description="Ids of figures that it rests on.")
    places: tuple[Place, ...] = ()


# What was computed ---------------------------------------------------------------------------------------------------


class Input(Part):
    """What went into a figure."""

    symbol: str
    value: float
    shown: str
    place: Place | None = Field(default=None, description="Where it was read; null for what was computed itself.")
    figure: str | None = Field(default=None, description="Id of the figure that it is.")


class Figure(Part):
    """One computed value, with all that is needed to compute it again."""

    id: str = Field(description="name@period or name.key@period, such as current_ratio@2025-12-31; unique in a report.")
    name: str
    title: str
    period: str = ""
    value: float | None = Field(description="Null where it cannot be computed, and `note` says why.")
    unit: str = Field(description="share, CNY and the other currencies, ratio, days, count, text.")
    shown: str = Field(description="As texts write it; the only way in which it may be written.")
    formula: str
    inputs: tuple[Input, ...] = ()
    note: str | None = None

    @property
    def places(self) -> tuple[Place, ...]:
        """Where its inputs were read, each once."""
        return tuple(dict.fromkeys(one.place for one in self.inputs if one.place is not None))


class Cell(Part):
    """A cell of a table of a report."""

    text: str
    figure: str | None = None
    figures: tuple[str, ...] = Field(default=(), description="Of a text with several values, such as a finding's.")
    place: Place | None = None
    places: tuple[Place, ...] = Field(default=(), description="Of a text with several sources.")
    strong: bool = False


class Table(Part):
    """A table: `widths` are shares of the text's width; numbers stand to the right."""

    id: str
    caption: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[float, ...] = ()
    note: str = ""


class Picture(Part):
    """A chart, as a vector and as pixels."""

    id: str
    caption: str
    svg: str
    png_base64: str
    alt: str = Field(description="What it shows, in a sentence without numbers.")
    figures: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    note: str = ""


class Dossier(Part):
    """All that was read out of one folder, before anything is written. Texts are in `language`."""

    language: Language
    subject: str = Field(description="Name of the company, fund or case that the report is about.")
    as_of: str = Field(description="Day that the report is made for.")
    files: tuple[SourceFile, ...]
    items: tuple[Item, ...] = ()
    checks: tuple[Check, ...] = ()
    facts: tuple[Fact, ...] = ()
    payments: tuple[Payment, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    gaps: tuple[Gap, ...] = ()
    questions: tuple[Question, ...] = ()
    answers: dict[str, str] = Field(default_factory=dict, description="What the officer answered, by question.")


class Analysis(Part):
    """What code made of a dossier."""

    figures: tuple[Figure, ...] = ()
    findings: tuple[Finding, ...] = ()
    periods: tuple[str, ...] = Field(default=(), description="Ends of the years that have statements, oldest first.")
    gaps: tuple[Gap, ...] = Field(default=(), description="What the analysis had nothing to rest on, such as peers.")

    def figure(self, figure_id: str) -> Figure | None:
        """Return a figure by its id."""
        return next((one for one in self.figures if one.id == figure_id), None)


# What is written -----------------------------------------------------------------------------------------------------

SentenceKind = Literal["fact", "figure", "quotation", "finding", "conflict", "gap", "opinion", "text"]


class Sentence(Part):
    """One sentence and what it rests on; `text` sentences come from the outline and state nothing of the subject."""

    id: str = Field(description="Unique in the report, such as solvency.2.1.")
    text: str
    kind: SentenceKind
    figures: tuple[str, ...] = ()
    places: tuple[Place, ...] = Field(default=(), description="All sources, those of the figures too, each once.")
    by: Literal["code", "model"] = "code"
    rests_on: tuple[str, ...] = Field(
        default=(), description="Of an opinion or summary: ids of other sentences or findings."
    )


class Paragraph(Part):
    """Sentences that stand together."""

    type: Literal["paragraph"] = "paragraph"
    style: Literal["text", "item", "opinion", "warning", "quotation"] = "text"
    sentences: tuple[Sentence, ...]


class TableBlock(Part):
    """A table in its place."""

    type: Literal["table"] = "table"
    table: Table


class PictureBlock(Part):
    """A chart in its place."""

    type: Literal["picture"] = "picture"
    picture: Picture


Block = Annotated[Paragraph | TableBlock | PictureBlock, Field(discriminator="type")]


class Section(Part):
    """One section as it stands in the report."""

    id: str
    title: str
    level: int = Field(ge=1, le=3)
    blocks: tuple[Block, ...]
    seconds: float = Field(default=0.0, description="Time that its writing took.")
    written_at: str = ""
    edited_by: str | None = Field(default=None, description="Key id of who changed its text.")


class SignOff(Part):
    """Who released the report."""

    review: str = Field(description="Id in the review queue.")
    status: Literal["pending", "approved", "refused", "expired"]
    by: str | None = None
    at: str | None = None
    reason: str | None = None


class Report(Part):
    """A whole report of one version."""

    id: str
    version: int = 1
    template: str
    template_version: str
    title: str
    subject: str
    language: Language
    as_of: str
    made_at: str
    author: str = Field(description="Who asked for it.")
    bank: str = ""
    sections: tuple[Section, ...]
    figures: tuple[Figure, ...]
    conflicts: tuple[Conflict, ...]
    gaps: tuple[Gap, ...]
    questions: tuple[Question, ...]
    files: tuple[SourceFile, ...]
    by_model: bool = Field(default=False, description="Whether a model phrased any of it.")
    sign_off: SignOff | None = None
    comments: tuple[dict[str, Any], ...] = ()
