"""A document's row as callers see it: its state, why it failed, how far indexing is."""

import json
from typing import Literal

from appliance.core.errors import InvalidRequest, RequestError
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.knowledge.models import Document
from appliance.state.documents import DocumentRow


def broke_off(row: DocumentRow) -> InvalidRequest:
    """Return the error for a document whose attempts ended the process."""
    return InvalidRequest(
        _("Indexing {name} broke off twice.", name=row.name),
        _("Split it or export it again; `appliance kb rebuild` tries it once more."),
        code="document_too_costly",
    )


def reason_of(error: RequestError) -> str:
    """Return an error as it is stored: without a language, so that each reader gets their own."""
    parts = [part.to_data() for part in (error.message, error.hint) if part is not None]
    return json.dumps(parts, ensure_ascii=False)


def shown(row: DocumentRow, *, duplicate: bool = False) -> Document:
    """Return a document as it is shown, its reason in the current language."""
    fields = {name: value for name, value in vars(row).items() if name not in ("attempts", "reason")}
    reason = None
    if row.reason is not None:
        reason = " ".join(str(Message.from_data(part)) for part in json.loads(row.reason))
    return Document(**fields, reason=reason, duplicate=duplicate)


def progress(
    row: DocumentRow, state: Literal["running", "done"], fraction: float, failure: RequestError | None = None
) -> Progress:
    """Return the news of one document's indexing."""
    detail = failure.message if failure else None
    return Progress(
        f"index:{row.id}", _("Indexing {name}", name=row.name), "failed" if failure else state, detail, fraction
    )
