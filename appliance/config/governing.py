"""Settings of batches, held answers and second approvals."""

from typing import Literal

from pydantic import Field

from appliance.config.section import Section
from appliance.core.units import MIB

ApprovalKind = Literal["key.export", "model.switch", "policy.change", "retention.change"]


class BatchSettings(Section):
    """Files of requests that run when nobody waits (`/v1/files`, `/v1/batches`)."""

    concurrent_rows: int = Field(default=4, ge=1)
    """Requests of all batches that run at once while no caller waits for the model; while one does, a single one."""
    max_file_bytes: int = Field(default=100 * MIB, ge=1024)
    """Largest file that may be uploaded."""
    max_rows: int = Field(default=50_000, ge=1)
    """Most requests in one batch."""
    keep_days: int = Field(default=30, ge=1)
    """Days after which files and finished batches are deleted."""


class ReviewSettings(Section):
    """Answers that `guardrails.review` holds for a person."""

    keep_days: int = Field(default=30, ge=1, le=3650)
    """Days that an answer waits for a decision, after which it is expired and never released, and that the texts of a
    decided one are kept after the decision; then they are erased. Who decided, when and how stays."""


class ApprovalSettings(Section):
    """Changes that need a second person."""

    require: tuple[ApprovalKind, ...] = ()
    """key.export: keys that are made or rotated; model.switch: the models served; policy.change: guardrails, quotas,
    labels, audit, sign-in and this section; retention.change: deleting from the audit, and how long
    held answers are kept."""
    expire_hours: int = Field(default=72, ge=1)
    """Hours that a request for approval, and an approval that was given, are good for."""
