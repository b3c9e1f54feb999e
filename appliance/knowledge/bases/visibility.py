"""Which versions of which documents a caller may see on a day: computed before anything is scored.

A `Snapshot` is one state of a base's rows and never changes; a commit puts the next one in its place. A search works
with one snapshot from its beginning to its end, so it meets either the old or the new version of a document.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from appliance.core.clock import utc_now
from appliance.core.principal import Principal
from appliance.knowledge.bases.access import may_read_document, may_write
from appliance.knowledge.models import Selection
from appliance.knowledge.search.index import Scope
from appliance.state.documents import Filed, VersionRow
from appliance.state.knowledge_bases import BaseRow

_MOST_KNOWN = 64
_MOST_CHANGED = 500


def local_day() -> date:
    """Return today by this machine's clock and time zone."""
    return utc_now().astimezone().date()


def in_force(filed: Filed, day: date) -> VersionRow | None:
    """Return the version of a document that holds on `day`, or None.

    Of the searchable versions that have begun to hold it is the newest, unless that one has expired.
    """
    for version in reversed(filed.versions):
        if version.status == "indexed" and (version.effective_on is None or version.effective_on <= day):
            return version if version.expires_on is None or day <= version.expires_on else None
    return None


@dataclass(frozen=True)
class Visible:
    """The keys of the versions that one caller may see; `scope` tells an index the same."""

    keys: frozenset[int]
    scope: Scope


@dataclass(frozen=True)
class _Asked:
    """Everything that a set of visible versions depends on; `names` are those that any access list mentions."""

    writer: bool
    names: frozenset[str]
    day: date
    documents: frozenset[str] | None
    departments: frozenset[str] | None
    media_types: frozenset[str] | None


@dataclass(frozen=True)
class _Known:
    """A set computed for an earlier state, and the keys of each document that has changed since then."""

    visible: Visible
    changed: Mapping[str, frozenset[int]]


class Snapshot:
    """One state of a base: its row, its documents by id, oldest first, and the same by the keys of their versions.

    `of` makes the first one; the others come from it in time that does not grow with the work already done.
    """

    def __init__(
        self,
        base: BaseRow,
        documents: Mapping[str, Filed],
        by_key: Mapping[int, Filed],
        named: frozenset[str],
        remade: frozenset[int],
        known: Mapping[_Asked, _Known],
    ) -> None:
        self.base = base
        self.documents = documents
        self.by_key = by_key
        self.remade = remade
        """Keys of versions that were searchable once and wait to be indexed again."""
        self._named = named
        self._known = dict(known)
        self._lock = threading.Lock()

    @classmethod
    def of(cls, base: BaseRow, documents: Iterable[Filed]) -> "Snapshot":
        """Return the state that the rows give."""
        by_id = {filed.document.id: filed for filed in documents}
        by_key = {version.key: filed for filed in by_id.values() for version in filed.versions}
        named = frozenset(name for filed in by_id.values() for name in filed.document.access)
        remade = frozenset(key for filed in by_id.values() for key in _remade(filed))
        return cls(base, by_id, by_key, named, remade, {})

    def with_base(self, base: BaseRow) -> "Snapshot":
        """Return the state after the base's own row has changed."""
        return Snapshot(base, self.documents, self.by_key, self._named, self.remade, self._kept())

    def with_document(self, filed: Filed) -> "Snapshot":
        """Return the state after a document was added or has changed."""
        document = filed.document
        keys = {version.key: filed for version in filed.versions}
        known = self._kept(document.id, frozenset(keys))
        documents = {**self.documents, document.id: filed}
        remade = (self.remade - keys.keys()) | _remade(filed)
        named = self._named.union(document.access)
        return Snapshot(self.base, documents, {**self.by_key, **keys}, named, remade, known)

    def without_document(self, document_id: str) -> "Snapshot":
        """Return the state after a document was deleted."""
        documents, by_key = dict(self.documents), dict(self.by_key)
        keys = frozenset(version.key for version in documents.pop(document_id).versions)
        for key in keys:
            del by_key[key]
        known = self._kept(document_id, keys)
        return Snapshot(self.base, documents, by_key, self._named, self.remade - keys, known)

    def version(self, key: int) -> VersionRow:
        """Return the version with this key. Raises `KeyError`."""
        return next(version for version in self.by_key[key].versions if version.key == key)

    def readable(self, who: Principal) -> Iterator[Filed]:
        """Yield the documents that `who` may read, oldest first."""
        return (filed for filed in self.documents.values() if may_read_document(who, self.base, filed.document))

    def visible(self, who: Principal, today: date, selection: Selection) -> Visible:
        """Return what `who`, who may read the base, can find among `selection`. Computed once for each state."""
        asked = _Asked(
            writer=may_write(who, self.base),
            names=who.names & self._named,
            day=selection.as_of or today,
            documents=_set(selection.documents),
            departments=_set(selection.departments),
            media_types=_set(selection.media_types),
        )
        with self._lock:
            known = self._known.get(asked)
        if known is not None and not known.changed:
            return known.visible
        keys = self._all_keys(asked) if known is None else self._keys_since(known, asked)
        hidden = self.by_key.keys() - keys
        scope = Scope(only=keys) if len(keys) <= len(hidden) else Scope(without=frozenset(hidden))
        found = Visible(keys, scope)
        with self._lock:
            self._known.pop(asked, None)
            while len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[asked] = _Known(found, {})
        return found

    def _all_keys(self, asked: _Asked) -> frozenset[int]:
        if asked.documents is None:
            candidates = iter(self.documents.values())
        else:
            candidates = (self.documents[name] for name in asked.documents if name in self.documents)
        return frozenset(key for filed in candidates if (key := _key(filed, asked)) is not None)

    def _keys_since(self, known: _Known, asked: _Asked) -> frozenset[int]:
        keys = set(known.visible.keys)
        for document_id, own in known.changed.items():
            keys -= own
            filed = self.documents.get(document_id)
            key = _key(filed, asked) if filed is not None else None
            if key is not None:
                keys.add(key)
        return frozenset(keys)

    def _kept(self, document_id: str | None = None, keys: frozenset[int] = frozenset()) -> dict[_Asked, _Known]:
        """Return what the next state may go on from, when one document has changed (or none)."""
        with self._lock:
            known = dict(self._known)
        if document_id is None:
            return known
        return {
            asked: _Known(entry.visible, {**entry.changed, document_id: keys})
            for asked, entry in known.items()
            if len(entry.changed) < _MOST_CHANGED
        }


def _set(values: list[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _key(filed: Filed, asked: _Asked) -> int | None:
    document = filed.document
    if document.access and not asked.writer and asked.names.isdisjoint(document.access):
        return None
    if asked.departments is not None and document.department not in asked.departments:
        return None
    if asked.documents is not None and document.id not in asked.documents:
        return None
    version = in_force(filed, asked.day)
    if version is None or (asked.media_types is not None and version.media_type not in asked.media_types):
        return None
    return version.key


def _remade(filed: Filed) -> frozenset[int]:
    waiting = (version for version in filed.versions if version.status == "pending" and version.indexed_at)
    return frozenset(version.key for version in waiting)
