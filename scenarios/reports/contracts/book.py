"""The standards that contracts are checked against: their YAML form, and where they are found."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from appliance.core.messages import _
from appliance.core.validation import Fault
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_as, refuse

SHIPPED: Final = Path(__file__).with_name("standards")
OWN: Final = "clauses"
"""Folder of the bank's own standards below its files of this pack."""


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise Fault(_("{text} is no regular expression: {reason}", text=text, reason=str(error))) from error
    return text


Pattern = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_pattern)]
Phrase = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
ElementType = Literal["money", "rate", "term", "date", "place", "choice", "text"]
Severity = Literal["info", "warning", "serious"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Element(_Entry):
    """What a clause must say: a value that is read, and what it may be."""

    id: Name
    title: Words
    type: ElementType
    near: tuple[Phrase, ...] = Field(min_length=1, description="Words that stand before (or after) the value.")
    required: bool = True
    least: float | None = Field(default=None, description="Money in its basic unit, rates as shares a year, months.")
    most: float | None = Field(default=None, description="As `least`.")
    allowed: tuple[Pattern, ...] = Field(default=(), description="One of these wordings must be there.")
    same: bool = Field(default=False, description="Must have one value throughout the contract.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.least is not None and self.most is not None and self.least > self.most:
            raise Fault(_("least is above most"))
        if (self.least is not None or self.most is not None) and self.type not in ("money", "rate", "term"):
            raise Fault(_("least and most go with money, rate and term only"))
        if self.type in ("choice", "text") and not self.allowed:
            raise Fault(_("the types choice and text need `allowed`"))
        return self


class Forbidden(_Entry):
    """A wording that must not be there."""

    words: Pattern
    why: Words
    severity: Severity = "serious"


class ClauseRule(_Entry):
    """One clause of a standard."""

    id: Name
    title: Words
    required: bool = True
    severity: Severity = Field(default="serious", description="Of its absence.")
    headings: tuple[Phrase, ...] = Field(min_length=1, description="Titles that it has, in both languages.")
    keywords: tuple[Phrase, ...] = Field(
        default=(), description="Where no title fits, a paragraph with two of these is the clause."
    )
    wording: Words | None = Field(default=None, description="The standard's text; {slots} stand for anything.")
    elements: tuple[Element, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()


class PartyRule(_Entry):
    """A party, by the names that contracts give its part."""

    id: Name
    title: Words
    labels: tuple[Phrase, ...] = Field(min_length=1)
    required: bool = True


class Order(_Entry):
    """Two dates, elements of this standard, of which one must not be after the other."""

    first: Name
    then: Name
    term: Name | None = Field(default=None, description="The element that says how long it is from one to the other.")

    @property
    def names(self) -> tuple[str, ...]:
        """The elements that it is about."""
        return tuple(filter(None, (self.first, self.then, self.term)))


class ClauseBook(_Entry):
    """A standard: what a kind of contract must and must not say."""

    name: Name
    version: Annotated[str, Field(min_length=1, max_length=40)]
    title: Words
    fits: tuple[Phrase, ...] = Field(min_length=1, description="Words in the title of contracts that it is for.")
    ordered: bool = Field(default=True, description="The clauses stand in the standard's order.")
    parties: tuple[PartyRule, ...] = ()
    clauses: tuple[ClauseRule, ...] = Field(min_length=1)
    terms: tuple[Phrase, ...] = Field(default=(), description="Words that the contract must define where it uses them.")
    weighty: tuple[Phrase, ...] = Field(default=(), description="Words that make a difference in wording serious.")
    dates: tuple[Order, ...] = ()
    forbidden: tuple[Forbidden, ...] = Field(default=(), description="Anywhere in the contract.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        ids = [clause.id for clause in self.clauses]
        elements = [element.id for clause in self.clauses for element in clause.elements]
        for names in (ids, elements):
            twice = next((one for one in names if names.count(one) > 1), None)
            if twice is not None:
                raise Fault(_("{name} is given twice", name=twice))
        unknown = next((one for order in self.dates for one in order.names if one not in elements), None)
        if unknown is not None:
            raise Fault(_("there is no element {name}", name=unknown))
        return self

    def element(self, element_id: str) -> Element:
        """Return an element. Raises `StopIteration` for an id that the standard does not have."""
        return next(one for clause in self.clauses for one in clause.elements if one.id == element_id)


def standards(shipped: Path = SHIPPED, own: Path | None = None) -> Mapping[str, ClauseBook]:
    """Return all standards by name, the bank's own before ours. Raises `ConfigError` with file, entry and fix.

    `own` is the bank's folder of this pack; its standards are in `clauses/<name>.yaml`, and need not exist.
    """
    books: dict[str, ClauseBook] = {}
    for folder in (shipped, *([] if own is None else [own / OWN])):
        for file in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
            book = read_as(file, ClauseBook)
            if book.name != file.stem:
                refuse(file, "name", _("it must be the file's name, {name}", name=file.stem))
            books[book.name] = book
    return MappingProxyType(books)
