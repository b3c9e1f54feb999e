"""One knowledge base of this process: its rows in memory, its files and its index, changed together."""

import errno
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from appliance.core.errors import Unavailable
from appliance.core.files import reporting_full_disk
from appliance.core.messages import _
from appliance.core.protocols import Embedder
from appliance.knowledge.bases.access import no_base, no_document
from appliance.knowledge.bases.originals import Originals
from appliance.knowledge.bases.visibility import Snapshot
from appliance.knowledge.intake.indexing import Prepared
from appliance.knowledge.search.index import DAMAGE, BaseIndex
from appliance.knowledge.search.stored import StoredPassage
from appliance.state.documents import DocumentRow, DocumentRows, Filed, NewVersion, VersionRow
from appliance.state.knowledge_bases import BaseRow, BaseRows

_NO_SPACE = "No space left on device"


class OpenBase:
    """A base whose rows are mirrored in `snapshot`. Searches read that and wait for nobody.

    Two locks, taken in this order: `_writing` around a change of the index, which may take seconds; `_lock` around the
    commit of a change and the swap of the snapshot, which takes a moment. Uploads need the second only.
    """

    def __init__(
        self,
        base: BaseRow,
        bases: BaseRows,
        rows: DocumentRows,
        originals: Originals,
        index_folder: Path,
        embedder: Embedder,
    ) -> None:
        self.name = base.name
        self._bases = bases
        self._rows = rows
        self._originals = originals
        self._index_folder = index_folder
        self._embedder = embedder
        self._index: BaseIndex | None = None
        self._times_cleared = 0
        self.closed = False
        """The base was deleted."""
        self._opening = threading.Lock()
        self._writing = threading.RLock()
        self._lock = threading.RLock()
        documents = rows.of_base(base.name)
        originals.drop_strays(base.name, (version for filed in documents for version in filed.versions))
        self.snapshot = Snapshot.of(base, documents)

    def change(
        self, *, title: str | None = None, shared_with: Sequence[str] | None = None, glossary: str | None = None
    ) -> BaseRow:
        """Set what is not None of the base's own row. Raises `NotFound`."""
        with self._changing():
            row = self._bases.change(self.name, title=title, shared_with=shared_with, glossary=glossary)
            if row is None:
                raise no_base(self.name, ())
            self.snapshot = self.snapshot.with_base(row)
            return row

    def add(self, document: DocumentRow, file: NewVersion, content: bytes) -> tuple[Filed, bool]:
        """Keep a document durably; return it and True, or the one with the same bytes and False.

        Raises `DiskFull`, `NotFound`; then nothing is left behind.
        """
        path = self._originals.path(self.name, document.id, 1, file.name)
        with self._staged(content) as staged, self._changing():
            self._originals.keep(staged, path)
            try:
                filed, added = self._rows.add(document, file)
            except BaseException:
                self._originals.remove([path])
                raise
            if added:
                self.snapshot = self.snapshot.with_document(filed)
            else:
                self._originals.remove([path])
            return filed, added

    def add_version(
        self, document_id: str, describe: Callable[[DocumentRow], DocumentRow], file: NewVersion, content: bytes
    ) -> tuple[Filed, bool]:
        """Keep the next version of a document durably; return the document, which `describe` may change, and True.

        Where the newest version has the same bytes and dates, return the document as it is and False. Raises as `add`.
        """
        self._filed(document_id)
        with self._staged(content) as staged, self._changing():
            filed = self._filed(document_id)
            document, newest = describe(filed.document), filed.newest
            same = (newest.sha256, newest.effective_on, newest.expires_on)
            if same == (file.sha256, file.effective_on, file.expires_on):
                return filed, False
            path = self._originals.path(self.name, document_id, newest.number + 1, file.name)
            self._originals.keep(staged, path)
            try:
                made = self._rows.add_version(document, newest.number + 1, file)
            except BaseException:
                self._originals.remove([path])
                raise
            return self._swap(document_id, made), True

    def change_document(self, document_id: str, change: Callable[[Filed], tuple[DocumentRow, VersionRow]]) -> Filed:
        """Set the department, access list and newest version's dates to what `change` makes of them."""
        with self._changing():
            return self._swap(document_id, self._rows.change(*change(self._filed(document_id))))

    def delete_document(self, document_id: str) -> None:
        """Delete a document with all its versions: no search that begins afterwards finds it. Raises `NotFound`."""
        with self._changing():
            versions = self._filed(document_id).versions
            self._rows.delete(document_id)
            self.snapshot = self.snapshot.without_document(document_id)
        self._originals.remove(self._originals.path_of(self.name, version) for version in versions)
        with self._writing:
            if self._index is not None and not self.closed:
                try:
                    self._index.remove(version.key for version in versions)
                except DAMAGE:
                    self.start_again()

    def delete(self) -> None:
        """Delete the base with everything in it."""
        with self._writing:
            with self._changing():
                aside = self._originals.set_aside(self.name)
                try:
                    self._bases.delete(self.name)
                except BaseException:
                    self._originals.put_back(self.name, aside)
                    raise
                self.closed = True
                self.snapshot = Snapshot.of(self.snapshot.base, ())
            shutil.rmtree(self._index_folder, ignore_errors=True)
        self._originals.discard(aside)

    def index(self) -> BaseIndex:
        """Return the index, opened and made to agree with the rows at first use. Raises `DiskFull`."""
        with self._opening:
            if self.closed:
                raise no_base(self.name, ())
            if self._index is None:
                with self._reporting_full_disk():
                    index = BaseIndex(self._index_folder, self._embedder.name, self._embedder.dimensions)
                    self._agree(index)
                self._index = index
            return self._index

    def put(self, version: VersionRow, prepared: Prepared, passages: Sequence[StoredPassage]) -> None:
        """Put a version into the index and mark it searchable: it takes over from its forerunner in that moment.

        Raises `Unavailable` where the index is damaged, `DiskFull`; the version then stays pending.
        """
        index = self.index()
        with self._writing:
            if self.closed or version.key not in self.snapshot.by_key:  # deleted meanwhile
                return
            with self.guarding():
                index.put(version.key, passages)
            with self._lock:
                filed = self._rows.set_indexed(
                    version.key, pages=prepared.pages, chunks=len(passages), pictures=prepared.pictures,
                    signature=prepared.signature,
                )  # fmt: skip
                if filed is not None:
                    self.snapshot = self.snapshot.with_document(filed)
            if filed is None:
                index.remove([version.key])

    def set_failed(self, version: VersionRow, reason: str) -> None:
        """Set a version aside, and note why."""
        with self._lock:
            filed = self._rows.set_failed(version.key, reason)
            if filed is not None and not self.closed:
                self.snapshot = self.snapshot.with_document(filed)

    def finish(self) -> None:
        """Bring the index up to date after a run of `put`. Raises as `put` does."""
        index = self.index()
        with self._writing:
            if not self.closed:
                with self.guarding():
                    index.finish()

    def start_again(self) -> None:
        """Empty the index; every version waits to be indexed again."""
        index = self.index()
        with self._writing:
            if self.closed:
                return
            index.clear()
            self._times_cleared += 1
            with self._lock:
                self._rows.set_pending(list(self.snapshot.by_key))
                self._reload()

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Start a damaged index again and say so; a full disk is no damage. Raises `Unavailable`, `DiskFull`."""
        before = self._times_cleared
        try:
            with self._reporting_full_disk():
                yield
        except DAMAGE as error:
            if self.closed:
                raise no_base(self.name, ()) from error
            with self._writing:
                if self._times_cleared == before:  # nobody else has met the damage and mended it
                    self.start_again()
            raise self.being_made_again() from error

    def being_made_again(self) -> Unavailable:
        """Return the error for a search while documents that were searchable wait to be indexed again."""
        return Unavailable(
            _("The search index of {base} is being made again.", base=self.name),
            _("Try again in a few minutes; `appliance kb list` shows how far it is."),
            code="index_rebuilding",
        )

    @contextmanager
    def _staged(self, content: bytes) -> Iterator[Path]:
        staged = self._originals.stage(self.name, content)
        try:
            yield staged
        finally:
            staged.unlink(missing_ok=True)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock:
            if self.closed:
                raise no_base(self.name, ())
            yield

    def _filed(self, document_id: str) -> Filed:
        filed = self.snapshot.documents.get(document_id)
        if filed is None:
            raise no_document(self.name, document_id)
        return filed

    def _swap(self, document_id: str, filed: Filed | None) -> Filed:
        if filed is None:
            raise no_document(self.name, document_id)
        self.snapshot = self.snapshot.with_document(filed)
        return filed

    def _agree(self, index: BaseIndex) -> None:
        """Take out what has no row; what is missing waits to be indexed again."""
        with self._lock:
            versions = [version for filed in self.snapshot.documents.values() for version in filed.versions]
            indexed = {version.key for version in versions if version.status == "indexed"}
            try:
                inside = index.versions()
                index.remove(inside - indexed)
            except DAMAGE:
                index.clear()
                inside = set()
            self._rows.never_below(inside)
            wanted = {version.key for version in versions if version.status == "indexed" and version.chunks}
            if missing := sorted(wanted - inside):
                self._rows.set_pending(missing)
                self._reload()

    @contextmanager
    def _reporting_full_disk(self) -> Iterator[None]:
        """Raise `DiskFull` also for what LanceDB raises then: an error without a number."""
        with reporting_full_disk(self._index_folder):
            try:
                yield
            except DAMAGE as error:
                if _NO_SPACE in str(error):
                    raise OSError(errno.ENOSPC, str(error)) from error
                raise

    def _reload(self) -> None:
        self.snapshot = Snapshot.of(self.snapshot.base, self._rows.of_base(self.name))
