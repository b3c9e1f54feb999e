"""Rows as callers see them: a document's state, why it failed, how far indexing is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from appliance.core.errors import InvalidRequest, RequestError
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.knowledge.bases.visibility import in_force
from appliance.knowledge.models import Document, DocumentVersion, KnowledgeBase, Similar
from appliance.state.documents import Filed, VersionRow
from appliance.state.knowledge_bases import BaseRow


@dataclass(frozen=True)
class Stage:
    """What a pending version is at, and how far, 0..1."""

    name: Literal["waiting", "reading", "embedding"]
    fraction: float = 0.0


WAITING = Stage("waiting")
_SHOWN_AS_IT_IS = (
    "name", "media_type", "size_bytes", "sha256", "status", "pages", "chunks", "effective_on", "expires_on",
    "created_at", "indexed_at",
)  # fmt: skip


def broke_off(name: str) -> InvalidRequest:
    """Return the error for a document whose attempts ended the process."""
    return InvalidRequest(
        _("Indexing {name} broke off twice.", name=name),
        _("Split it or export it again; `appliance kb rebuild` tries it once more."),
        code="document_too_costly",
    )


def reason_of(error: RequestError) -> str:
    """Return an error as it is stored: without a language, so that each reader gets their own."""
    parts = [part.to_data() for part in (error.message, error.hint) if part is not None]
    return json.dumps(parts, ensure_ascii=False)


def base_shown(row: BaseRow, documents: int) -> KnowledgeBase:
    """Return a base as it is shown to somebody who may read `documents` of its documents."""
    return KnowledgeBase(
        name=row.name,
        title=row.title,
        tenant=row.tenant,
        shared_with=list(row.shared_with),
        documents=documents,
        created_at=row.created_at,
    )


def version_shown(row: VersionRow, stage: Stage = WAITING) -> DocumentVersion:
    """Return a version as it is shown, its reason in the current language."""
    return DocumentVersion(**_fields(row, stage))


def shown(
    filed: Filed, today: date, stage: Stage = WAITING, similar: Sequence[Similar] = (), *, duplicate: bool = False
) -> Document:
    """Return a document as it is shown; `stage` is that of its newest version."""
    document, current = filed.document, in_force(filed, today)
    return Document(
        **_fields(filed.newest, stage),
        id=document.id,
        knowledge_base=document.knowledge_base,
        department=document.department,
        access=list(document.access),
        in_force=current.number if current else None,
        similar=list(similar),
        duplicate=duplicate,
    )


def _fields(row: VersionRow, stage: Stage) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(row, name) for name in _SHOWN_AS_IT_IS}
    if row.status == "pending":
        fields |= {"stage": stage.name, "progress": round(stage.fraction, 3)}
    if row.reason is not None:
        fields["reason"] = " ".join(str(Message.from_data(part)) for part in json.loads(row.reason))
    return {**fields, "version": row.number, "picture_pages": list(row.pictures)}


def progress(
    row: VersionRow, state: Literal["running", "done"], fraction: float, failure: RequestError | None = None
) -> Progress:
    """Return the news of one version's indexing."""
    detail = failure.message if failure else None
    return Progress(
        f"index:{row.document_id}:{row.number}",
        _("Indexing {name}", name=row.name),
        "failed" if failure else state,
        detail,
        fraction,
    )
