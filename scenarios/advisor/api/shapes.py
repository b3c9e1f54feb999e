"""What is asked and what is answered: fields that several requests share, and what every answer has."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance.core.days import Day
from appliance.scenario.pack import Caller

from ..models import Figure, Part, Source

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\p{C}/]+$")]
RecordId = Annotated[str, Field(min_length=1, max_length=40)]
AsOf = Annotated[Day | None, Field(description="The day to go by, YYYY-MM-DD; the newest of the data by default.")]
Charts = Annotated[bool, Field(description="Draw charts: PNG in base64 and Vega-Lite. Not for models.")]
Brief = Annotated[bool, Field(description="Answer with the text and the figures that stand in it alone. For models.")]
Page = Annotated[int, Field(ge=1, le=100_000, description="From 1.")]
Limit = Annotated[int, Field(ge=1, le=200, description="How many a page.")]
User = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[^\p{C}/]+$",
        description="Whom the calling system asks for, as it names them; each sees only their own conversations.",
    ),
]
UNCHECKED = frozenset(
    {"id", "figures", "sources", "charts", "png_base64", "vega_lite", "sha256", "conversation_id", "rules_version"}
)
"""Fields that no check of texts reads: ids, digests, pictures, and the figures that texts are held against."""


class Request(BaseModel):
    """A request that takes no field it does not name."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Request):
    """A request that asks nothing in particular."""


class Answer(Part):
    """What every answer of the assistant has."""

    answer: str = Field(description="The whole answer as lines to read; each number in it is a figure's `shown`.")
    language: str
    figures: dict[str, Figure] = Field(default_factory=dict, description="By id, with formula, inputs and sources.")
    sources: tuple[Source, ...] = Field(default=(), description="Files and rows that the figures come from.")
    disclosures: tuple[str, ...] = Field(default=(), description="What has to be said with it; part of `answer` too.")
    made_up: bool = Field(default=False, description="The sample bank answers: nobody and nothing in it exists.")


class Deleted(BaseModel):
    """What was deleted."""

    id: str = Field(description="Its id.")
    deleted: Literal[True] = Field(default=True, description="Always true.")


def sources_of(figures: Mapping[str, Figure], more: Iterable[Source] = ()) -> tuple[Source, ...]:
    """Return each source of figures once, in their order."""
    found = [*more, *(source for figure in figures.values() for source in figure.sources)]
    return tuple(dict.fromkeys(found))


def lines_of(*parts: str | Iterable[str]) -> str:
    """Return lines joined, empty ones at the edges and doubled ones left out."""
    lines: list[str] = []
    for part in parts:
        for line in [part] if isinstance(part, str) else part:
            if line or (lines and lines[-1]):
                lines.append(line)
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines)


def owner_of(caller: Caller, user: str | None) -> str:
    """Return whom a record belongs to: the key, or the user that the holder of the key names."""
    return f"{caller.principal.key_id}/{user}" if user else caller.principal.key_id


def said_in(answer: str, figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """Return the figures whose values stand in a text."""
    return {key: one for key, one in figures.items() if one.value is not None and one.shown in answer}
