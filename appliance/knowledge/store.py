"""Knowledge bases: documents kept durably, indexed, searched and quoted."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from appliance.core.clock import iso, utc_now
from appliance.core.errors import BodyTooLarge, InvalidRequest, NotFound, RequestError, Unavailable
from appliance.core.files import fsync_folder, reporting_full_disk, write_durably
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.core.protocols import Embedder
from appliance.core.units import human_bytes
from appliance.knowledge.answer import make_answer
from appliance.knowledge.chunks import section_name
from appliance.knowledge.content import Extracted
from appliance.knowledge.formats import check_first_bytes, format_of
from appliance.knowledge.index import DAMAGE, BaseIndex
from appliance.knowledge.indexing import passages_of, read_document
from appliance.knowledge.limits import DEFAULT_LIMITS, Limits
from appliance.knowledge.models import Answer, Document, KnowledgeBase, Passage
from appliance.knowledge.names import check_base_name, check_file_name
from appliance.knowledge.questions import analyse
from appliance.knowledge.ranking import Scored, rank_sentences
from appliance.knowledge.records import broke_off, progress, reason_of, shown
from appliance.state.database import Database
from appliance.state.documents import BaseRow, DocumentRow, DocumentRows

_ATTEMPTS = 2
_LONGEST_QUESTION = 2000
_MOST_PASSAGES = 100


class KnowledgeStore:
    """All knowledge bases of one appliance. One process owns the folders; its methods may be called by many threads.

    Files and database rows are the truth. An index that is missing, damaged or made with another embedder or schema
    is made again: its documents become `pending`, and `index_pending` works through them.
    """

    def __init__(
        self,
        database: Database,
        documents_folder: Path,
        indexes_folder: Path,
        embedder: Embedder,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._rows = DocumentRows(database)
        self._documents_folder = documents_folder
        self._indexes_folder = indexes_folder
        self._embedder = embedder
        self._limits = limits
        self._indexes: dict[str, BaseIndex] = {}
        self._opening = threading.Lock()
        self._indexing = threading.RLock()

    def ensure_base(self, name: str, title: str) -> KnowledgeBase:
        """Return the base, made now where it does not exist. Raises `InvalidRequest` for a bad name."""
        row = self._rows.ensure_base(check_base_name(name), title)
        return self._base(row)

    def bases(self) -> list[KnowledgeBase]:
        """Return every base by name."""
        return [self._base(row) for row in self._rows.bases()]

    def add_document(self, base: str, name: str, content: bytes) -> Document:
        """Keep a document; when this returns it survives a power cut. Indexing is `index_pending`'s work.

        The same bytes twice in a base give the first document, flagged `duplicate`. Raises `NotFound`,
        `Unsupported`, `InvalidRequest`, `BodyTooLarge`, `DiskFull`.
        """
        self._known(base)
        name = check_file_name(name)
        kind = format_of(name)
        if len(content) > self._limits.file_bytes:
            raise BodyTooLarge(
                _("{name} is larger than {limit}.", name=name, limit=human_bytes(self._limits.file_bytes)),
                _("Split it and add the parts."),
                param="file",
            )
        check_first_bytes(name, content)
        digest = hashlib.sha256(content).hexdigest()
        if (present := self._rows.by_content(base, digest)) is not None:
            return shown(present, duplicate=True)
        row = DocumentRow(
            id=new_id("doc"), knowledge_base=base, name=name, media_type=kind.media_type, size_bytes=len(content),
            sha256=digest, status="pending", reason=None, attempts=0, pages=None, chunks=None,
            created_at=iso(utc_now()), indexed_at=None,
        )  # fmt: skip
        path = self._path(row)
        write_durably(path, content)
        if not self._rows.add(row):  # another upload of these bytes was faster
            path.unlink(missing_ok=True)
            present = self._rows.by_content(base, digest)
            return shown(present or row, duplicate=True)
        return shown(row)

    def documents(self, base: str) -> list[Document]:
        """Return a base's documents, oldest first. Raises `NotFound`."""
        self._known(base)
        return [shown(row) for row in self._rows.of_base(base)]

    def document(self, base: str, document_id: str) -> Document:
        """Return one document. Raises `NotFound`."""
        return shown(self._row(base, document_id))

    def original(self, base: str, document_id: str) -> Path:
        """Return where the original file is. Raises `NotFound`."""
        return self._path(self._row(base, document_id))

    def extracted(self, base: str, document_id: str) -> Extracted:
        """Read a document anew; citations' offsets count its `text`. Raises `NotFound`, `InvalidRequest`."""
        row = self._row(base, document_id)
        return read_document(self._path(row), row.name, self._limits)

    def delete_document(self, base: str, document_id: str) -> None:
        """Delete a document: gone from searches when this returns. Raises `NotFound`."""
        row = self._row(base, document_id)
        index = self._index(base)
        with self._indexing:
            self._rows.delete(row.id)
            try:
                index.remove([row.id])
            except DAMAGE:
                self._start_again(base)
        path = self._path(row)
        path.unlink(missing_ok=True)
        fsync_folder(path.parent)

    def index_pending(self, base: str | None = None) -> Iterator[Progress]:
        """Index every pending document, one at a time, and tell of each; a document that fails twice is set aside.

        Raises `Unavailable` or `DiskFull` for faults of the machine, which leave the rest pending.
        """
        for name in [base] if base is not None else [row.name for row in self._rows.bases()]:
            index = self._index(name)
            waiting = self._rows.of_base(name, "pending")
            for number, row in enumerate(waiting):
                yield progress(row, "running", number / len(waiting))
                failure = self._index_document(index, row)
                yield progress(row, "done", (number + 1) / len(waiting), failure)
            if waiting:
                with self._indexing, self._guarding(name):
                    index.finish()

    def rebuild(self, base: str) -> Iterator[Progress]:
        """Throw a base's index away and make it again from the documents, the failed ones too. Raises `NotFound`."""
        self._known(base)
        with self._indexing:
            self._start_again(base)
        yield from self.index_pending(base)

    def pending(self, base: str | None = None) -> int:
        """Return how many documents wait to be indexed; opens the index and so notices one that is damaged."""
        names = [base] if base is not None else [row.name for row in self._rows.bases()]
        for name in names:
            self._index(name)
        return sum(len(self._rows.of_base(name, "pending")) for name in names)

    def search(self, base: str, query: str, k: int = 8) -> list[Passage]:
        """Return up to `k` passages, best first. Raises `NotFound`, `InvalidRequest`, `Unavailable`."""
        if not 1 <= k <= _MOST_PASSAGES:
            raise InvalidRequest(_("k must be between 1 and {most}.", most=_MOST_PASSAGES), param="k")
        found: dict[str, Passage] = {}
        for scored in self.ranked(base, query):
            stored = scored.passage
            if stored.id not in found and len(found) < k:
                found[stored.id] = Passage(
                    document_id=stored.document_id, document=stored.document, page=stored.page,
                    section=section_name(stored.headings), row=stored.sentences[0].row, text=stored.text,
                    start=stored.start, score=round(scored.chance, 4),
                )  # fmt: skip
        return list(found.values())

    def answer(self, base: str, question: str, max_citations: int = 3) -> Answer:
        """Answer by quotation, or say that the documents do not. Raises as `search` does."""
        return make_answer(analyse(question), self.ranked(base, question), max_citations)

    def ranked(self, base: str, question: str) -> list[Scored]:
        """Return the sentences that may answer, best first, with their signals. Raises as `search` does."""
        if not any(char.isalnum() for char in question) or len(question) > _LONGEST_QUESTION:
            raise InvalidRequest(
                _("A question has 1 to {most} characters, with at least one letter or digit.", most=_LONGEST_QUESTION),
                param="question",
            )
        self._known(base)
        vector = self._embedder.embed([question], "query")[0]
        index = self._index(base)
        with self._guarding(base):
            return rank_sentences(index, analyse(question), vector)

    def _known(self, base: str) -> None:
        known = [row.name for row in self._rows.bases()]
        if base not in known:
            raise NotFound(
                _("There is no knowledge base {name}.", name=repr(base[:80])),
                _("Known: {names}.", names=", ".join(known) or "-"),
                param="knowledge_base",
                details={"knowledge_bases": known},
            )

    def _row(self, base: str, document_id: str) -> DocumentRow:
        self._known(base)
        row = self._rows.get(document_id)
        if row is None or row.knowledge_base != base:
            raise NotFound(
                _("There is no document {id} in {base}.", id=repr(document_id[:80]), base=base), param="document_id"
            )
        return row

    def _base(self, row: BaseRow) -> KnowledgeBase:
        return KnowledgeBase(
            name=row.name, title=row.title, documents=self._rows.count(row.name), created_at=row.created_at
        )

    def _path(self, row: DocumentRow) -> Path:
        return self._documents_folder / row.knowledge_base / f"{row.id}{PurePosixPath(row.name).suffix.lower()}"

    def _index(self, base: str) -> BaseIndex:
        """Return the base's index, opened and made to agree with the rows at first use."""
        with self._opening:
            index = self._indexes.get(base)
            if index is None:
                self._known(base)
                self._drop_strays(base)
                folder = self._indexes_folder / base
                with reporting_full_disk(folder):
                    index = BaseIndex(folder, self._embedder.name, self._embedder.dimensions)
                    self._agree(base, index)
                self._indexes[base] = index
            return index

    def _agree(self, base: str, index: BaseIndex) -> None:
        inside = index.document_ids()
        indexed = {row.id for row in self._rows.of_base(base, "indexed")}
        self._rows.set_pending(sorted(indexed - inside))
        index.remove(inside - indexed)

    def _drop_strays(self, base: str) -> None:
        """Delete files without a row: uploads that a power cut ended before they were acknowledged."""
        folder = self._documents_folder / base
        if folder.is_dir():
            kept = {self._path(row).name for row in self._rows.of_base(base)}
            for path in folder.iterdir():
                if path.name not in kept:
                    path.unlink()

    def _index_document(self, index: BaseIndex, row: DocumentRow) -> RequestError | None:
        """Index one document; return why it was set aside, or None."""
        with self._indexing:
            while True:
                current = self._rows.get(row.id)
                if current is None or current.status != "pending":  # deleted or done meanwhile
                    return None
                attempt = self._rows.start_attempt(row.id)
                try:
                    if attempt > _ATTEMPTS:  # the attempts before this one never came to an end
                        raise broke_off(row)
                    extracted = read_document(self._path(row), row.name, self._limits)
                except RequestError as error:
                    if attempt < _ATTEMPTS:
                        continue
                    self._rows.set_reason(row.id, "failed", reason_of(error))
                    return error
                passages = passages_of(row.id, row.name, extracted, self._embedder)
                with self._guarding(row.knowledge_base):
                    index.put(row.id, passages)
                self._rows.set_indexed(row.id, extracted.pages, len(passages))
                return None

    def _start_again(self, base: str) -> None:
        index = self._index(base)
        index.clear()
        self._rows.set_pending([row.id for row in self._rows.of_base(base)])

    @contextmanager
    def _guarding(self, base: str) -> Iterator[None]:
        """Start a damaged index again and say so; a full disk is no damage. Raises `Unavailable`, `DiskFull`."""
        try:
            with reporting_full_disk(self._indexes_folder):
                yield
        except DAMAGE as error:
            raise self._damaged(base) from error

    def _damaged(self, base: str) -> Unavailable:
        with self._indexing:
            self._start_again(base)
        return Unavailable(
            _("The search index of {base} was damaged and is being made again.", base=base),
            _("Try again in a few minutes; `appliance kb list` shows how far it is."),
            code="index_rebuilding",
        )
