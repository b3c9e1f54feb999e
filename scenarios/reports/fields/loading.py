"""What fields there are: fields.yaml and over it the bank's own."""

from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from appliance.core.messages import _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import checked, read_words, read_yaml, refuse

SHIPPED: Final = Path(__file__).with_name("fields.yaml")
FILE: Final = "fields.yaml"
_WORDS: Final = Path(__file__).with_name("words.yaml")

FieldType = Literal["text", "name", "money", "share", "day", "count", "months", "year", "code", "sentence"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Meaning(_Strict):
    """One of few values, and the words that stand for it."""

    title: Words
    words: tuple[str, ...] = Field(min_length=1, max_length=40)


class FieldForm(_Strict):
    """One field that a company has once."""

    title: Words
    type: FieldType
    where: tuple[str, ...] = Field(min_length=1)
    labels: tuple[str, ...] = ()
    labels_in: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    clauses: tuple[str, ...] = ()
    means: dict[str, Meaning] = Field(default_factory=dict)
    ends: tuple[str, ...] = ()
    """Endings by which names of this field are known, such as 会计师事务所."""
    last_day: bool = False
    """The last line that is a day and nothing else."""
    runs_on: bool = False
    """The value may go on in the lines below."""
    none: float | None = None
    """What 无 or none stands for."""
    never: tuple[str, ...] = ()
    """Words that no value has."""
    leads: int = Field(default=1, ge=0, le=30)
    """How many kinds of `where` count before all others, whatever their day; of the others the later counts."""
    latest: bool = False
    """Each paper has its own: the latest paper counts, and others are no conflict."""
    check: Literal["credit_code", "past_day", "positive", "company"] | None = None
    same_by: Literal["value", "company", "inner", "similar", "near"] = "value"
    most: int = Field(default=300, ge=1, le=2000)
    expected: bool = False

    @model_validator(mode="after")
    def _clauses_hold_the_value(self) -> "FieldForm":
        _demand_placeholders(self.clauses, ("value",))
        return self


class ColumnForm(_Strict):
    """One column of a list."""

    title: Words
    type: FieldType
    labels: tuple[str, ...] = Field(min_length=1)


class Total(_Strict):
    """What a column must add up to."""

    column: str
    must_be: float
    tolerance: float = Field(ge=0)


class Apart(_Strict):
    """A column whose values of one year are of several sorts, told by words in a paper's title, such as taxes."""

    column: str
    name: str
    """The column that holds the sort."""
    words: tuple[str, ...] = Field(min_length=1)


class ListForm(_Strict):
    """Fields that a company has several times, such as its shareholders."""

    title: Words
    where: tuple[str, ...] = Field(min_length=1)
    key: str
    columns: dict[str, ColumnForm]
    ignored: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    total: Total | None = None
    complete: bool = False
    """Who is not in the list is none: papers that list others differ."""
    single: bool = False
    """A paper is about one entry."""
    other_party: bool = False
    """The key is a party of the paper that is not the subject."""
    apart: Apart | None = None
    group_by_year: bool = False
    """Entries are named by their year, not by their number."""

    @model_validator(mode="after")
    def _columns_are_known(self) -> "ListForm":
        if self.key not in self.columns or (self.total is not None and self.total.column not in self.columns):
            raise ValueError(_("its key and the column of its total must be columns of it"))
        _demand_placeholders(self.clauses, tuple(self.columns))
        return self


class QuoteForm(_Strict):
    """Sentences of a kind of paper that a report may quote."""

    title: Words
    where: tuple[str, ...] = Field(min_length=1)
    most: int = Field(default=40, ge=1, le=500)


class Reasons(_Strict):
    """Why one of several papers holds."""

    kind: Words
    later: Words
    agreed: Words
    unclear: Words


class Fields(_Strict):
    """The content of fields.yaml."""

    company_papers: tuple[str, ...]
    reasons: Reasons
    paper_days: tuple[str, ...]
    other_labels: tuple[str, ...] = ()
    """Labels that are no field's: a value ends before them."""
    fields: dict[str, FieldForm]
    lists: dict[str, ListForm] = Field(default_factory=dict)
    quotes: dict[str, QuoteForm] = Field(default_factory=dict)

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "Fields":
        """Read the shipped file and over it the bank's own, which need not exist. Raises `ConfigError`.

        A field, list or quotation of the bank's takes the place of the shipped one of its name.
        """
        values, source = read_yaml(shipped), shipped
        if own is not None and own.is_file():
            source, over = own, read_yaml(own)
            for part in ("fields", "lists", "quotes", "reasons"):
                if isinstance(over.get(part), dict):
                    over[part] = {**values.get(part, {}), **over[part]}
            values |= over
        form = checked(source, cls, values)
        names = [*form.fields, *(name for one in form.lists.values() for name in one.columns), *form.quotes]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            refuse(source, twice, _("a field of this name is there twice"))
        return form

    def title_of(self, name: str, language: str) -> str:
        """Return what a field is called."""
        forms: dict[str, FieldForm | QuoteForm | ColumnForm] = {**self.fields, **self.quotes}
        for one in self.lists.values():
            forms |= one.columns
        return forms[name].title.within(language) if name in forms else name


def fields_in_force(own: Path | None) -> Fields:
    """Return the fields with those of the bank's folder over them; read again when its file changes."""
    file = own / FILE if own is not None else None
    stamp = (file.stat().st_mtime_ns, file.stat().st_size) if file is not None and file.is_file() else None
    return _kept(file if stamp is not None else None, stamp)


@lru_cache(maxsize=8)
def _kept(own: Path | None, _stamp: tuple[int, int] | None) -> Fields:
    return Fields.load(SHIPPED, own)


def say(text: str, language: str, /, **values: str) -> str:
    """Return a text of words.yaml with its values."""
    return read_words(_WORDS)[text].within(language).format(**values)


def _demand_placeholders(clauses: tuple[str, ...], names: tuple[str, ...]) -> None:
    for clause in clauses:
        if not any(f"{{{name}}}" in clause for name in names):
            raise ValueError(_("the clause {clause} holds no value in braces", clause=clause[:60]))
