"""Body of the route that refuses a change."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from appliance.state.approval_records import MOST_REASON


class ApprovalRefusal(BaseModel):
    """Body of `POST /v1/approvals/{id}/refuse`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Annotated[str, StringConstraints(max_length=MOST_REASON, pattern=r"\S")] = Field(
        description="Why; the asker reads it."
    )
