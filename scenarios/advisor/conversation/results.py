"""What a tool gave, in the form that answers are written from."""

from typing import Any, Protocol

from pydantic import Field

from ..models import Chart, Figure, Part
from ..suitability import Decision
from .tools import ToolName


class Noted(Part):
    """What the bank's reports say: sentences as they stand there, and where."""

    sentences: tuple[str, ...] = ()
    citations: tuple[dict[str, Any], ...] = ()


class NotesSource(Protocol):
    """The bank's reports, as the caller may read them."""

    async def __call__(self, query: str, security: str | None, language: str) -> Noted:
        """Return what they say. Raises `NotFound`, `InvalidRequest` and `Unavailable`."""
        ...


class Result(Part):
    """The result of one tool, in one language.

    `facts` are further texts whose numbers may be said: ids, names, rules, quotations; those of figures are added.
    """

    tool: ToolName
    lead: tuple[str, ...] = Field(default=(), description="The answer, in sentences.")
    figures: tuple[Figure, ...] = Field(default=(), description="Every figure whose value may be said.")
    shown: tuple[Figure, ...] = Field(default=(), description="Those that a table shows, in order.")
    decision: Decision | None = None
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()
    disclosures: tuple[str, ...] = ()
    citations: tuple[dict[str, Any], ...] = ()
    suggestions: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
