"""Files and batches as OpenAI's API shows them, and the bodies of their routes."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance.core.messages import current_language
from appliance.state.batches.records import BatchFault, BatchRecord, FileRecord

Endpoint = Literal["/v1/chat/completions", "/v1/completions", "/v1/embeddings"]
_WINDOW: Final = "24h"
_MOMENTS: Final = ("in_progress_at", "cancelling_at", "finalizing_at")
_ENDS: Final = ("completed", "failed", "expired", "cancelled")

Key = Annotated[str, Field(max_length=64)]
Value = Annotated[str, Field(max_length=512)]


class BatchRequest(BaseModel):
    """Body of `POST /v1/batches`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    input_file_id: str = Field(min_length=1, max_length=100, description="File with purpose `batch`.")
    endpoint: Endpoint = Field(description="Route that each line of the file is for.")
    completion_window: Literal["24h"] = Field(description="Time after which rows are not begun any more.")
    metadata: dict[Key, Value] | None = Field(
        default=None, max_length=16, description="Up to 16 pairs that are kept with the batch."
    )


class FileFields(BaseModel):
    """Fields beside the file of `POST /v1/files`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    purpose: Literal["batch"]


def file_form() -> dict[str, Any]:
    """Return the schema of the form of `POST /v1/files`."""
    return {
        "type": "object",
        "required": ["purpose", "file"],
        "properties": {
            "purpose": {"type": "string", "enum": ["batch"]},
            "file": {"type": "string", "format": "binary", "description": "JSON lines, one request a line."},
        },
    }


def file_object(record: FileRecord) -> dict[str, Any]:
    """Return OpenAI's file object."""
    return {
        "id": record.id,
        "object": "file",
        "bytes": record.size_bytes,
        "created_at": _seconds(record.created_at),
        "filename": record.name,
        "purpose": record.purpose,
        "status": "processed",
    }


def batch_object(record: BatchRecord) -> dict[str, Any]:
    """Return OpenAI's batch object, its errors in the caller's language; `compliance_file_id` is ours."""
    ends = {f"{end}_at": _seconds(record.ended_at) if record.status == end else None for end in _ENDS}
    return {
        "id": record.id,
        "object": "batch",
        "endpoint": record.endpoint,
        "errors": {"object": "list", "data": [_fault(one) for one in record.errors]} if record.errors else None,
        "input_file_id": record.input_file_id,
        "completion_window": _WINDOW,
        "status": record.status,
        "output_file_id": record.output_file_id,
        "error_file_id": record.error_file_id,
        "compliance_file_id": record.compliance_file_id,
        "created_at": _seconds(record.created_at),
        "expires_at": _seconds(record.expires_at),
        **{name: _seconds(getattr(record, name)) for name in _MOMENTS},
        **ends,
        "request_counts": {"total": record.total, "completed": record.completed, "failed": record.failed},
        "metadata": dict(record.labels) or None,
    }


def listed(entries: list[dict[str, Any]], *, more: bool) -> dict[str, Any]:
    """Return OpenAI's list object; `more`: there are entries behind these."""
    return {
        "object": "list",
        "data": entries,
        "first_id": entries[0]["id"] if entries else None,
        "last_id": entries[-1]["id"] if entries else None,
        "has_more": more,
    }


def _fault(fault: BatchFault) -> dict[str, Any]:
    message = fault.message.render(current_language())
    return {"code": fault.code, "message": message, "param": fault.param, "line": fault.line}


def _seconds(moment: str | None) -> int | None:
    return None if moment is None else int(datetime.fromisoformat(moment).timestamp())
