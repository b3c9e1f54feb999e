"""What is asked about a security or a market, and what is answered from the bank's files."""

import datetime

from pydantic import Field

from appliance.core.days import Day
from appliance.knowledge.models import Citation

from ..api.shapes import Answer, Id, Request
from ..models import Part


class NotesRequest(Request):
    """A question, a security, or both."""

    query: str | None = Field(default=None, min_length=1, max_length=1000, description="What to look for.")
    security: Id | None = Field(default=None, description="Code or name of a security.")
    knowledge_base: Id | None = Field(
        default=None, description="Where to look; the base in the bank's settings by default."
    )
    as_of: Day | None = Field(default=None, description="Leave out what is dated later, YYYY-MM-DD.")


class Quote(Part):
    """A sentence as it stands in a file, or a figure that code computed from a table there."""

    text: str
    computed: bool = Field(default=False, description="Computed by code from cited cells, not quoted.")
    citation: int = Field(description="Place in `citations`, from 0.")
    date: datetime.date | None = Field(description="Of the file; null where it does not say.")
    author: str | None
    kind: str | None = Field(description="As the file calls itself, such as announcement.")
    opinion: bool = Field(description="Somebody's opinion, not a fact.")
    house: bool = Field(description="The bank's own house view.")


class NoteSection(Part):
    """What the files say about one side of it, newest first."""

    name: str
    title: str
    quotes: tuple[Quote, ...]


class Disagreement(Part):
    """Files that give different figures for one thing."""

    citations: tuple[int, ...]
    note: str


class NotesAnswer(Answer):
    """What the files say; nothing of it is written by a model."""

    answered: bool = Field(description="False: nothing in the files.")
    security: str | None = Field(description="The security as the files name it; null: none was asked for or found.")
    sections: tuple[NoteSection, ...] = ()
    conflicts: tuple[Disagreement, ...] = ()
    citations: tuple[Citation, ...] = ()
    withheld: int = Field(
        default=0, description="Sentences left out: calls to buy or to sell, and promises of returns."
    )
