"""Knowledge bases: documents kept durably, indexed, searched and quoted, for those who may."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from appliance.core.clock import iso, utc_now
from appliance.core.errors import Conflict
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.core.progress import Progress
from appliance.core.protocols import Embedder
from appliance.knowledge.answers.answer import THRESHOLD
from appliance.knowledge.bases.access import check_may_make, check_may_write, check_tenants, may_read
from appliance.knowledge.bases.catalogue import Catalogue
from appliance.knowledge.bases.ingestion import Ingestion, pending_of
from appliance.knowledge.bases.names import check_base_name, check_glossary, check_title
from appliance.knowledge.bases.open_base import OpenBase
from appliance.knowledge.bases.originals import Originals
from appliance.knowledge.bases.records import base_shown, shown, version_shown
from appliance.knowledge.bases.searching import Search, check_count, marks_on, passages_from
from appliance.knowledge.bases.similar import similar_to
from appliance.knowledge.bases.uploads import changed, described, new_version, numbered
from appliance.knowledge.bases.visibility import Snapshot, local_day
from appliance.knowledge.intake.indexing import Preparer, prepare_file
from appliance.knowledge.intake.pictures import page_png
from appliance.knowledge.models import Answer, Details, Document, DocumentVersion, KnowledgeBase, Passage, Selection
from appliance.knowledge.readers.limits import DEFAULT_LIMITS, Limits
from appliance.knowledge.search.ranking import Scored
from appliance.state.database import Database
from appliance.state.documents import DocumentRow, DocumentRows, Filed
from appliance.state.knowledge_bases import BaseRows

_NO_DETAILS = Details()
_EVERYTHING = Selection()


class KnowledgeStore:
    """All knowledge bases of one appliance. One process owns the folders; its methods may be called by many threads.

    Files and database rows are the truth. An index that is missing, damaged or made with another embedder or schema
    is made again: its documents become `pending`, and `index_pending` works through them.

    `who` is who asks. Every method with it raises `NotFound` for what `who` may not read, as for what is not there, and
    `PermissionDenied` for a change of what `who` may only read.
    """

    def __init__(
        self,
        database: Database,
        documents_folder: Path,
        indexes_folder: Path,
        embedder: Embedder,
        limits: Limits = DEFAULT_LIMITS,
        prepare: Preparer = prepare_file,
        query_embedder: Embedder | None = None,
        today: Callable[[], date] = local_day,
    ) -> None:
        self._bases = BaseRows(database)
        self._rows = DocumentRows(database)
        self._originals = Originals(documents_folder)
        self._catalogue = Catalogue(self._bases, self._rows, self._originals, indexes_folder, embedder)
        self._limits = limits
        self._ingestion = Ingestion(self._rows, self._originals, embedder, limits, prepare)
        self._search = Search(query_embedder or embedder, today)
        self._today = today

    def ensure_base(self, who: Principal, name: str, title: str, shared_with: Sequence[str] = ()) -> KnowledgeBase:
        """Return the base, made now for the tenant of `who` where it does not exist.

        Raises `InvalidRequest`; `Conflict` where another tenant has the name.
        """
        check_may_make(who)
        check_base_name(name)
        row = self._bases.ensure(name, check_title(title), who.tenant, check_tenants(shared_with))
        if not may_read(who, row):  # names are unique, so this much cannot be hidden
            raise Conflict(
                _("The name {name} is taken.", name=name), _("Choose another."), param="name", code="name_taken"
            )
        check_may_write(who, row)
        return self.base(who, name)

    def change_base(
        self, who: Principal, name: str, title: str | None = None, shared_with: Sequence[str] | None = None
    ) -> KnowledgeBase:
        """Set what is not None. Raises `InvalidRequest`."""
        opened = self._catalogue.writable(who, name)
        tenants = None if shared_with is None else check_tenants(shared_with)
        opened.change(title=None if title is None else check_title(title), shared_with=tenants)
        return self.base(who, name)

    def delete_base(self, who: Principal, name: str) -> None:
        """Delete a base with all its documents."""
        self._catalogue.delete(self._catalogue.writable(who, name))

    def bases(self, who: Principal) -> list[KnowledgeBase]:
        """Return the bases that `who` may read, by name."""
        snapshots = (opened.snapshot for opened in self._catalogue.all())
        return [_base_shown(who, snapshot) for snapshot in snapshots if may_read(who, snapshot.base)]

    def base(self, who: Principal, name: str) -> KnowledgeBase:
        """Return one base."""
        return _base_shown(who, self._catalogue.readable(who, name).snapshot)

    def glossary(self, who: Principal, base: str) -> str:
        """Return the bank's own terms, one `中文,别名|english,other` a line."""
        return self._catalogue.readable(who, base).snapshot.base.glossary

    def set_glossary(self, who: Principal, base: str, text: str) -> None:
        """Replace the bank's own terms. Raises `InvalidRequest`, which names the line at fault."""
        self._catalogue.writable(who, base).change(glossary=check_glossary(text))

    def add_document(
        self, who: Principal, base: str, name: str, content: bytes, details: Details = _NO_DETAILS
    ) -> Document:
        """Keep a document; when this returns it survives a power cut. Indexing is `index_pending`'s work.

        The same bytes twice in a base give the first document as it is, flagged `duplicate`. Raises `Unsupported`,
        `InvalidRequest`, `BodyTooLarge`, `DiskFull`.
        """
        opened = self._catalogue.writable(who, base)
        file = new_version(name, content, details, self._limits)
        document = described(DocumentRow(new_id("doc"), base, iso(utc_now())), details)
        filed, added = opened.add(document, file, content)
        return self._shown(who, opened, filed, duplicate=not added)

    def add_version(
        self, who: Principal, base: str, document_id: str, name: str, content: bytes, details: Details = _NO_DETAILS
    ) -> Document:
        """Keep the next version of a document; it takes over once it is indexed and holds. Raises as `add_document`.

        Where the newest version has these bytes and dates, it is returned flagged `duplicate`. The department and
        access list of `details` are the document's from now on.
        """
        opened = self._catalogue.writable(who, base)
        file = new_version(name, content, details, self._limits)
        filed, added = opened.add_version(document_id, lambda now: described(now, details), file, content)
        return self._shown(who, opened, filed, duplicate=not added)

    def documents(self, who: Principal, base: str) -> list[Document]:
        """Return a base's documents that `who` may read, oldest first; `similar` is told of single ones only."""
        today = self._today()
        readable = self._catalogue.readable(who, base).snapshot.readable(who)
        return [shown(filed, today, self._ingestion.stage(filed.newest.key)) for filed in readable]

    def document(self, who: Principal, base: str, document_id: str) -> Document:
        """Return one document."""
        opened, filed = self._catalogue.document(who, base, document_id)
        return self._shown(who, opened, filed)

    def readable(self, who: Principal, base: str, document_ids: Sequence[str]) -> list[str]:
        """Return those of the documents that are there and that `who` may read."""
        there = {filed.document.id for filed in self._catalogue.readable(who, base).snapshot.readable(who)}
        return [document_id for document_id in document_ids if document_id in there]

    def versions(self, who: Principal, base: str, document_id: str) -> list[DocumentVersion]:
        """Return a document's versions, oldest first."""
        _opened, filed = self._catalogue.document(who, base, document_id)
        return [version_shown(version, self._ingestion.stage(version.key)) for version in filed.versions]

    def change_document(self, who: Principal, base: str, document_id: str, details: Details) -> Document:
        """Set what is not None of a document; dates are those of its newest version. Raises `InvalidRequest`."""
        opened = self._catalogue.writable(who, base)
        filed = opened.change_document(document_id, lambda now: changed(now, details))
        return self._shown(who, opened, filed)

    def delete_document(self, who: Principal, base: str, document_id: str) -> None:
        """Delete a document with all its versions: gone from searches when this returns."""
        self._catalogue.writable(who, base).delete_document(document_id)

    def original(
        self, who: Principal, base: str, document_id: str, version: int | None = None
    ) -> tuple[Path, DocumentVersion]:
        """Return where the file of a version is, and the version; the newest by default."""
        _opened, filed = self._catalogue.document(who, base, document_id)
        row = numbered(filed, version)
        return self._originals.path_of(base, row), version_shown(row, self._ingestion.stage(row.key))

    def page_picture(
        self,
        who: Principal,
        base: str,
        document_id: str,
        page: int,
        version: int | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> bytes:
        """Return a page of a version as PNG, the lines from `start` to `end` of the document's text highlighted.

        Raises `InvalidRequest` for formats without pages, `Unavailable`.
        """
        opened, filed = self._catalogue.document(who, base, document_id)
        row = numbered(filed, version)
        marks = marks_on(opened, row.key, page, start, end)
        return page_png(self._originals.path_of(base, row), page, marks, self._limits)

    def index_pending(self, base: str | None = None) -> Iterator[Progress]:
        """Index every pending version and tell of each; one that fails twice is set aside.

        This is the appliance's own work, nobody's request. Raises `Unavailable` or `DiskFull` for faults of the
        machine, which leave the rest pending.
        """
        for opened in self._chosen(base):
            if not opened.closed:
                yield from self._ingestion.run(opened)

    def pending(self, base: str | None = None) -> int:
        """Return how many versions wait to be indexed; opens the index and so notices one that is damaged."""
        opened = self._chosen(base)
        for one in opened:
            one.index()
        return sum(len(pending_of(one)) for one in opened)

    def rebuild(self, who: Principal, base: str) -> None:
        """Throw a base's index away: `index_pending` makes it again from the documents, the failed ones too."""
        self._catalogue.writable(who, base).start_again()

    def search(
        self, who: Principal, base: str, query: str, k: int = 8, selection: Selection = _EVERYTHING
    ) -> list[Passage]:
        """Return up to `k` passages, best first. Raises `InvalidRequest`, `Unavailable`."""
        check_count(k)
        return passages_from(self._search.ranked(who, self._catalogue.readable(who, base), query, selection), k)

    def answer(
        self,
        who: Principal,
        base: str,
        question: str,
        max_citations: int = 3,
        selection: Selection = _EVERYTHING,
        min_confidence: float = THRESHOLD,
    ) -> Answer:
        """Answer by quotation or from tables, or say that the documents do not. Raises as `search` does."""
        opened = self._catalogue.readable(who, base)
        return self._search.answer(who, opened, question, max_citations, selection, min_confidence)

    def ranked(self, who: Principal, base: str, question: str, selection: Selection = _EVERYTHING) -> list[Scored]:
        """Return the sentences that may answer, best first, with their signals. Raises as `search` does."""
        return list(self._search.ranked(who, self._catalogue.readable(who, base), question, selection).scored)

    def _chosen(self, base: str | None) -> list[OpenBase]:
        return self._catalogue.all() if base is None else [self._catalogue.get(base)]

    def _shown(self, who: Principal, opened: OpenBase, filed: Filed, *, duplicate: bool = False) -> Document:
        stage = self._ingestion.stage(filed.newest.key)
        similar = similar_to(filed, opened.snapshot.readable(who))
        return shown(filed, self._today(), stage, similar, duplicate=duplicate)


def _base_shown(who: Principal, snapshot: Snapshot) -> KnowledgeBase:
    return base_shown(snapshot.base, sum(1 for _filed in snapshot.readable(who)))
