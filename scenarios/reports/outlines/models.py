"""The shape of an outline.yaml: sections with parts, and texts with references in braces."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from appliance.core.messages import _
from appliance.scenario.words import Words

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Operand = Annotated[str, Field(min_length=1, max_length=120)]
CONTENTS: Final = ("text", "table", "chart", "quotes", "findings", "opinion", "each")
SOURCES: Final = ("figure", "item", "fact", "count", "findings", "kind", "period")


class Form(BaseModel):
    """An entry of an outline; what it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)


def _as_tuple(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


class Condition(Form):
    """When something is written: one source with one or more tests, or all, any or none of other conditions."""

    all: tuple["Condition", ...] = ()
    any: tuple["Condition", ...] = ()
    none: tuple["Condition", ...] = ()
    figure: Operand | None = Field(default=None, description="name@period, such as current_ratio@last.")
    item: Operand | None = Field(default=None, description="code@period, such as revenue@last.")
    fact: Operand | None = Field(default=None, description="Name of a field, such as registered_capital.")
    count: Operand | None = Field(default=None, description="Of a group of fields or a list, such as case or gaps.")
    findings: Literal["warnings", "payments", "all"] | None = None
    kind: Operand | None = Field(default=None, description="A document of this kind is in the folder.")
    period: Operand | None = Field(default=None, description="There is such a period, such as prior.")
    severity: tuple[Literal["info", "warning", "serious"], ...] = Field(default=(), description="Of `findings`.")
    rule: str | None = Field(default=None, description="Of `findings`: only those of this rule.")
    above: float | Operand | None = Field(default=None, description="A number, or a reference such as item:x@prior.")
    below: float | Operand | None = None
    at_least: float | Operand | None = None
    at_most: float | Operand | None = None
    equals: float | Operand | None = None
    contains: str | None = Field(default=None, description="Of a fact: its text has this in it.")
    present: bool | None = None
    missing: bool | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "Condition":
        named = [name for name in (*SOURCES, "all", "any", "none") if getattr(self, name)]
        if len(named) != 1:
            raise ValueError(_("a condition names one of {names}", names=", ".join((*SOURCES, "all", "any", "none"))))
        return self


class Compare(Form):
    """What decides between {moved}'s words: how a value changed, or how it stands to another."""

    of: Operand = Field(description="A change, such as figure:growth.revenue@last, or with `to` the later value.")
    to: Operand | None = Field(default=None, description="The value that it is compared with.")
    up: Words | None = Field(default=None, description="What {moved} says of a rise; else rose, 上升.")
    down: Words | None = Field(default=None, description="What {moved} says of a fall; else fell, 下降.")


class Line(Form):
    """One sentence in both languages."""

    en: str = Field(min_length=1, max_length=1000)
    zh: str = Field(min_length=1, max_length=1000)
    when: Condition | None = None
    compare: Compare | None = None
    same: Words | None = Field(default=None, description="With `compare`: the sentence when nothing changed.")
    otherwise: Words | Literal["gap", "leave"] = Field(
        default="leave", alias="else", description="When a reference is missing; gap: a sentence says what is missing."
    )
    style: Literal["text", "item", "warning"] = "text"

    @property
    def words(self) -> Words:
        """The sentence."""
        return Words(en=self.en, zh=self.zh)

    def texts(self) -> Iterator[tuple[str, Words]]:
        """Yield every text with the name of its entry."""
        yield "", self.words
        if self.same is not None:
            yield "same", self.same
        if isinstance(self.otherwise, Words):
            yield "else", self.otherwise


Lines = Annotated[tuple[Line, ...], BeforeValidator(_as_tuple), Field(min_length=1)]


class TablePart(Form):
    """A table; exactly one of items, statement, figures, facts, group, payments, findings, formulas and of."""

    caption: Words
    note: Words | None = None
    items: tuple[str, ...] = Field(default=(), description="Codes of accounts, one a row; a column for each period.")
    statement: Literal["balance", "income", "cash_flow"] | None = Field(default=None, description="All its accounts.")
    figures: tuple[str, ...] = Field(default=(), description="Names, one a row; name.* with `by: key` one a column.")
    facts: tuple[str, ...] = Field(default=(), description="Names of fields: title, value and source.")
    group: str | None = Field(default=None, description="A group of fields, such as case: one entry a row.")
    columns: tuple[str, ...] = Field(default=(), description="With `group`: names of fields, one a column.")
    payments: Literal["largest", "all"] | None = Field(default=None, description="Lines of bank statements.")
    findings: Literal["warnings", "payments", "all"] | None = None
    formulas: Literal["all"] | tuple[str, ...] = Field(default=(), description="Figures with formula and inputs.")
    without: tuple[str, ...] = Field(default=(), description="With `formulas`: families left out, such as weight.")
    of: Literal["conflicts", "gaps", "questions", "sources", "checks"] | None = None
    periods: int | Literal["all"] = Field(default=3, description="The latest years.")
    by: Literal["period", "key"] = "period"
    change: bool = Field(default=False, description="With `items`: a column for the change on the year before.")
    most: int = Field(default=200, ge=1, le=2000, description="Rows.")

    @model_validator(mode="after")
    def _one_content(self) -> "TablePart":
        names = ("items", "statement", "figures", "facts", "group", "payments", "findings", "formulas", "of")
        if sum(bool(getattr(self, name)) for name in names) != 1:
            raise ValueError(_("a table has one of {names}", names=", ".join(names)))
        if self.group and not self.columns:
            raise ValueError(_("a table of a group names its columns"))
        return self


class ChartPart(Form):
    """A chart of accounts or figures over the years, or of a family of figures (name.*) by key."""

    kind: Literal["bar", "line", "stacked", "waterfall", "share"]
    caption: Words
    items: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    periods: int | Literal["all"] = 3

    @model_validator(mode="after")
    def _one_content(self) -> "ChartPart":
        if bool(self.items) == bool(self.figures):
            raise ValueError(_("a chart has one of {names}", names="items, figures"))
        return self


class QuotesPart(Form):
    """Sentences of documents, word for word."""

    facts: tuple[str, ...] = Field(min_length=1, description="Names such as site_visit_note: every entry of them.")
    about: Words | None = Field(default=None, description="The sentence before them.")
    most: int = Field(default=5, ge=1, le=50)


class FindingsPart(Form):
    """What rules found, one sentence each, the most serious first."""

    source: Literal["warnings", "payments", "all"] = Field(default="all", alias="from")
    severity: tuple[Literal["info", "warning", "serious"], ...] = ("info", "warning", "serious")
    most: int = Field(default=30, ge=1, le=200)
    none: Words | None = Field(default=None, description="What is said when there is none.")


class OpinionPart(Form):
    """A judgement, marked as one; without all that it rests on it is left out."""

    en: str = Field(min_length=1, max_length=1000)
    zh: str = Field(min_length=1, max_length=1000)
    rests_on: tuple[str, ...] = Field(
        default=(), description="References such as figure:roe@last, finding:<rule> or warnings; none: this section."
    )
    when: Condition | None = None

    @property
    def words(self) -> Words:
        """The judgement."""
        return Words(en=self.en, zh=self.zh)


class EachPart(Form):
    """Sentences for each entry of a group of fields; {fact:…} means the entry's own."""

    group: str
    text: Lines
    most: int = Field(default=10, ge=1, le=200)
    none: Words | None = Field(default=None, description="What is said when there is no entry.")


class Part(Form):
    """One part of a section: one content, and perhaps a condition."""

    when: Condition | None = None
    text: Lines | None = None
    table: TablePart | None = None
    chart: ChartPart | None = None
    quotes: QuotesPart | None = None
    findings: FindingsPart | None = None
    opinion: OpinionPart | None = None
    each: EachPart | None = None

    @model_validator(mode="after")
    def _one_content(self) -> "Part":
        if sum(getattr(self, name) is not None for name in CONTENTS) != 1:
            raise ValueError(_("a part has one of {names}", names=", ".join(CONTENTS)))
        return self


class SectionPlan(Form):
    """A section: without one document of each of its `needs` it says so itself."""

    id: Name
    title: Words
    level: int = Field(default=1, ge=1, le=3)
    needs: tuple[str, ...] = Field(default=(), description="Kinds of documents; a|b: one of them is enough.")
    parts: tuple[Part, ...] = ()


class Document(Form):
    """A document that the folder should hold."""

    kind: str = Field(description="Of kinds.yaml; a|b: one of them is enough.")
    required: bool = False
    why: Words


class Outline(Form):
    """A whole outline.yaml."""

    name: Name
    version: str = Field(min_length=1, max_length=20)
    title: Words = Field(description="May hold {subject}.")
    audience: Words
    tone: Words = Field(description="What a model that phrases is told.")
    sign_off: Literal["required", "optional"] = "required"
    literal: tuple[str, ...] = Field(default=(), description="Texts with numbers that may be written, such as a law's.")
    documents: tuple[Document, ...] = ()
    sections: tuple[SectionPlan, ...] = Field(min_length=1)

    def section(self, section_id: str) -> SectionPlan:
        """Return a section. Raises `KeyError`."""
        for one in self.sections:
            if one.id == section_id:
                return one
        raise KeyError(section_id)


def texts_of(part: Part) -> Iterator[tuple[str, Words]]:
    """Yield every text of a part with the name of its entry."""
    if part.text is not None:
        for at, line in enumerate(part.text):
            yield from ((f"text.{at}.{name}".rstrip("."), words) for name, words in line.texts())
    if part.each is not None:
        for at, line in enumerate(part.each.text):
            yield from ((f"each.text.{at}.{name}".rstrip("."), words) for name, words in line.texts())
    if part.opinion is not None:
        yield "opinion", part.opinion.words
    for name, words in _captions(part):
        if words is not None:
            yield name, words


def _captions(part: Part) -> Iterator[tuple[str, Words | None]]:
    if part.table is not None:
        yield "table.caption", part.table.caption
        yield "table.note", part.table.note
    if part.chart is not None:
        yield "chart.caption", part.chart.caption
    if part.quotes is not None:
        yield "quotes.about", part.quotes.about
    for name in ("findings", "each"):
        content = getattr(part, name)
        if content is not None:
            yield f"{name}.none", content.none
