"""Fields that several requests share, and whom a record belongs to."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from appliance.scenario.pack import Caller

DEFAULT_BASE = "bank-samples"

Base = Annotated[str, Field(min_length=1, max_length=64)]
Id = Annotated[str, Field(min_length=1, max_length=40)]
Question = Annotated[str, Field(min_length=1, max_length=2000)]
Text = Annotated[str, Field(min_length=1, max_length=8000)]
User = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[^\p{C}/]+$",
        description="Whom the calling system asks for, as it names them; each sees only their own conversations.",
    ),
]
Cursor = Annotated[str | None, Field(max_length=100, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Field(ge=1, le=100, description="How many, newest first.")]


class Request(BaseModel):
    """A request that takes no field it does not name."""

    model_config = ConfigDict(extra="forbid")


class Deleted(BaseModel):
    """What was deleted."""

    id: str = Field(description="Its id.")
    deleted: bool = Field(default=True, description="Always true.")


def owner_of(caller: Caller, user: str | None) -> str:
    """Return whom a record belongs to: the key, or the user that the holder of the key names."""
    return f"{caller.principal.key_id}/{user}" if user else caller.principal.key_id
