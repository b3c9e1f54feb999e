"""Bodies of the routes for held answers."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LONGEST_ANSWER = 100_000
"""Characters of an answer that a reviewer writes."""

WAITING: dict[int | str, dict[str, Any]] = {
    202: {"description": "The answer waits for a reviewer; `status_url` and `Location` say where it comes."}
}
"""What OpenAPI says of routes whose answer may be held."""

FETCHING: dict[int | str, dict[str, Any]] = {
    **WAITING,
    410: {"description": "Nobody decided in time (`review_expired`), or the texts are erased (`review_erased`)."},
}
"""What OpenAPI says of the route where such an answer comes."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ApprovalRequest(_Body):
    """Body of `POST /v1/reviews/{id}/approve`: an empty object."""


class EditRequest(_Body):
    """Body of `POST /v1/reviews/{id}/edit`."""

    text: Annotated[str, StringConstraints(max_length=LONGEST_ANSWER, pattern=r"\S")] = Field(
        description="The answer that the asker gets instead."
    )


class RefusalRequest(_Body):
    """Body of `POST /v1/reviews/{id}/refuse`."""

    reason: Annotated[str, StringConstraints(max_length=2000, pattern=r"\S")] = Field(
        description="Why; the asker reads it."
    )
