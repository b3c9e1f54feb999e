"""Put files into a knowledge base, one by one, telling how each went."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appliance.core.errors import ApplianceError, BodyTooLarge, InvalidRequest, PermissionDenied, Unsupported
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.core.units import human_bytes
from appliance.knowledge.models import Details
from appliance.operations.client import ApplianceClient, Json


@dataclass(frozen=True)
class AddedDocument:
    """One file: the row that the appliance gave it, or why it was not taken."""

    path: Path
    document: Json | None
    error: ApplianceError | None

    @property
    def ok(self) -> bool:
        """Whether the file can be searched now, or will be soon."""
        return self.document is not None and self.document.get("status") != "failed"

    def to_dict(self) -> dict[str, object]:
        """Return the fields, as `appliance kb add --json` prints them."""
        error = str(self.error) if self.error else None
        if error is None and not self.ok and self.document is not None:
            error = str(self.document.get("reason"))
        return {"file": str(self.path), "ok": self.ok, "error": error, "document": self.document}


def add_documents(
    client: ApplianceClient,
    knowledge_base: str,
    paths: Iterable[Path],
    *,
    wait: bool = True,
    details: Details | None = None,
    version_of: str | None = None,
) -> Iterator[Progress | AddedDocument]:
    """Upload each file, and each file below each folder; a file that is refused does not stop the others.

    A knowledge base that does not exist yet is made, with its name as its title. With `version_of`, the id or file
    name of a document, the files become its new versions in their order.
    Raises what concerns them all: `NotRunning`, `AuthenticationFailed`, `NotFound`, `Unavailable`.
    """
    with suppress(PermissionDenied):  # who may add documents need not be one who may make bases
        client.knowledge.ensure_base(knowledge_base, knowledge_base)
    document_id = None
    if version_of is not None:
        document_id = str(client.knowledge.find_document(knowledge_base, version_of)["id"])
    upload = partial(client.knowledge.add_document, knowledge_base, wait=wait, details=details, version_of=document_id)
    for number, path in enumerate(_files(paths), start=1):
        title = _("{path}", path=path)
        step = f"file.{number}"
        yield Progress(step, title, "running", _("{size}, reading and indexing", size=_size(path)))
        added = _add(upload, path)
        yield Progress(step, title, "done" if added.ok else "failed", _outcome(added))
        yield added


def _add(upload: Callable[[Path], Json], path: Path) -> AddedDocument:
    try:
        return AddedDocument(path, upload(path), None)
    except (InvalidRequest, Unsupported, BodyTooLarge) as error:
        return AddedDocument(path, None, error)


def _outcome(added: AddedDocument) -> Message:
    if added.error is not None:
        return _("{reason}", reason=added.error)
    document = added.document or {}
    if document.get("status") == "failed":
        return _("cannot be indexed: {reason}", reason=document.get("reason"))
    if document.get("duplicate"):
        return _("already there as {name}", name=document.get("name"))
    if document.get("status") == "indexed":
        return _("indexed, passages: {count}", count=document.get("chunks"))
    return _("stored, will be indexed")


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Each path that is not a folder, and the visible files below each that is, by name."""
    for path in paths:
        if path.is_dir():
            yield from (
                file
                for file in sorted(path.rglob("*"))
                if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
            )
        else:
            yield path


def _size(path: Path) -> str:
    try:
        return human_bytes(path.stat().st_size)
    except OSError:
        return "?"
