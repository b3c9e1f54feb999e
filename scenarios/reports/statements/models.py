"""What is between a table and its items: blocks of statements, and the amounts in them as they are printed."""

from typing import Literal

from pydantic import Field

from ..models import Check, Conflict, Gap, Item, Part, Place, Question, Scope, Statement

When = Literal["current", "prior", "opening", ""]
UnitFrom = Literal["table", "file", "size", "officer", ""]


class Column(Part):
    """What a column of amounts is about, as its header says."""

    number: int = Field(description="From 0.")
    label: int = Field(description="The column of its accounts' names.")
    header: str = ""
    when: When = ""
    day: str | None = None
    year: int | None = None
    months: int | None = None
    scope: Scope = "unknown"
    restated: Literal["after", "before", ""] = ""
    unit: str | None = None


class Block(Part):
    """One statement in one table, or its part that goes on."""

    id: str = Field(description="File, table and number, such as f03:2:1.")
    file: str
    name: str
    sheet: str | None = None
    statement: Statement
    title: str = ""
    scope: Scope = "unknown"
    unit: str | None = None
    unit_from: UnitFrom = ""
    currency: str = "CNY"
    day: str | None = Field(default=None, description="Closing day of the report, ISO.")
    day_from: Literal["table", "file", "officer", ""] = ""
    months: int | None = None
    audited: bool = False
    columns: tuple[Column, ...] = ()


class Draft(Part):
    """One amount of one account, as it is printed."""

    block: str
    column: int
    account: str
    label: str
    printed: str
    number: float | None = Field(description="Without its unit; null where it cannot be read.")
    decimals: int = 0
    strength: float = Field(description="How surely the name is that of the account, 0 to 1.")
    less: bool = Field(default=False, description="Its name says `减：`.")
    place: Place


class Near(Part):
    """A name that is nearly that of an account which is missing otherwise."""

    block: str
    column: int
    account: str
    label: str
    printed: str
    number: float
    place: Place


class Extraction(Part):
    """The items of all statements of a folder, the checks on them, and what could not be told.

    `blocks`, `drafts` and `near` are what they were made of, so that answers can be applied without reading again.
    """

    items: tuple[Item, ...] = ()
    checks: tuple[Check, ...] = ()
    questions: tuple[Question, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    gaps: tuple[Gap, ...] = Field(default=(), description="Statements that are missing, values that were not saved.")
    asked: tuple[Question, ...] = Field(default=(), description="All questions so far, answered ones too.")
    blocks: tuple[Block, ...] = ()
    drafts: tuple[Draft, ...] = ()
    near: tuple[Near, ...] = ()
    unsaved: tuple[Place, ...] = ()
    unlisted: tuple[str, ...] = Field(
        default=(), description="Blocks with amounts of names that no account stands for."
    )
    titles: dict[str, str] = Field(default_factory=dict, description="Of the accounts, in the report's language.")
    own: str | None = Field(default=None, description="Folder of the bank's own files that it was made with.")
