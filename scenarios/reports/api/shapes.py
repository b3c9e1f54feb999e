"""What is asked and what is answered: fields that several requests share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

RecordId = Annotated[str, Field(min_length=1, max_length=40)]
Name = Annotated[str, Field(min_length=1, max_length=200, description="Plain name of a file with its ending.")]
SectionId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Request(BaseModel):
    """A request that takes no field it does not name."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Request):
    """A request that asks nothing in particular."""


class OneFolder(Request):
    """One folder."""

    folder_id: RecordId


class OneJob(Request):
    """One job."""

    job_id: RecordId


class Deleted(BaseModel):
    """What was deleted."""

    id: str = Field(description="Its id, or its name.")
    deleted: Literal[True] = Field(default=True, description="Always true.")
