"""The knowledge bases of this process, opened at first use, each given only to those who may have it."""

import threading
from pathlib import Path

from appliance.core.principal import Principal
from appliance.core.protocols import Embedder
from appliance.knowledge.bases.access import check_may_write, may_read, may_read_document, no_base, no_document
from appliance.knowledge.bases.open_base import OpenBase
from appliance.knowledge.bases.originals import Originals
from appliance.state.documents import DocumentRows, Filed
from appliance.state.knowledge_bases import BaseRows


class Catalogue:
    """Every base by name. Methods raise `NotFound` with the same text for what is hidden and for what is missing."""

    def __init__(
        self, bases: BaseRows, rows: DocumentRows, originals: Originals, indexes_folder: Path, embedder: Embedder
    ) -> None:
        self._bases = bases
        self._rows = rows
        self._originals = originals
        self._indexes_folder = indexes_folder
        self._embedder = embedder
        self._open: dict[str, OpenBase] = {}
        self._lock = threading.Lock()
        self._begun = False

    def names(self, who: Principal) -> list[str]:
        """Return the names of the bases that `who` may read."""
        return [row.name for row in self._bases.all() if may_read(who, row)]

    def all(self) -> list[OpenBase]:
        """Return every base, for the appliance's own work."""
        return [opened for row in self._bases.all() if (opened := self._opened(row.name)) is not None]

    def get(self, name: str) -> OpenBase:
        """Return a base, for the appliance's own work. Raises `NotFound`."""
        opened = self._opened(name)
        if opened is None:
            raise no_base(name, [row.name for row in self._bases.all()])
        return opened

    def readable(self, who: Principal, name: str) -> OpenBase:
        """Return a base that `who` may read. Raises `NotFound`."""
        opened = self._opened(name)
        if opened is None or not may_read(who, opened.snapshot.base):
            raise no_base(name, self.names(who))
        return opened

    def writable(self, who: Principal, name: str) -> OpenBase:
        """Return a base that `who` may change. Raises `NotFound`, `PermissionDenied`."""
        opened = self.readable(who, name)
        check_may_write(who, opened.snapshot.base)
        return opened

    def document(self, who: Principal, name: str, document_id: str) -> tuple[OpenBase, Filed]:
        """Return a base and a document in it that `who` may read. Raises `NotFound`."""
        opened = self.readable(who, name)
        snapshot = opened.snapshot
        filed = snapshot.documents.get(document_id)
        if filed is None or not may_read_document(who, snapshot.base, filed.document):
            raise no_document(name, document_id)
        return opened, filed

    def delete(self, opened: OpenBase) -> None:
        """Delete a base with everything in it."""
        opened.delete()
        with self._lock:
            if self._open.get(opened.name) is opened:
                del self._open[opened.name]

    def _opened(self, name: str) -> OpenBase | None:
        opened = self._open.get(name)
        if opened is not None and not opened.closed:
            return opened
        with self._lock:
            if not self._begun:
                self._originals.finish_deletions([row.name for row in self._bases.all()])
                self._begun = True
            opened = self._open.get(name)
            if opened is None or opened.closed:
                row = self._bases.get(name)
                if row is None:
                    return None
                folder = self._indexes_folder / name
                opened = OpenBase(row, self._bases, self._rows, self._originals, folder, self._embedder)
                self._open[name] = opened
            return opened
