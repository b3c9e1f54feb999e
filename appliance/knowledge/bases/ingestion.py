"""From a pending version to a searchable one: documents are read two at once and embedded one after the other."""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from appliance.core.errors import RequestError
from appliance.core.progress import Progress
from appliance.core.protocols import Embedder
from appliance.knowledge.bases.open_base import OpenBase
from appliance.knowledge.bases.originals import Originals
from appliance.knowledge.bases.records import WAITING, Stage, broke_off, progress, reason_of
from appliance.knowledge.intake.indexing import Prepared, Preparer, embed_prepared
from appliance.knowledge.readers.limits import Limits
from appliance.state.documents import DocumentRows, VersionRow

_ATTEMPTS = 2
_AT_ONCE = 2
_AHEAD = _AT_ONCE + 1  # so that reading goes on while a document is embedded
_OFTEN = 2000  # passages after which a long run brings the index up to date


class Ingestion:
    """Works through pending versions. `stage` tells of each what it is at.

    A version whose reading fails twice is set aside with the reason. A reading is counted before it begins and struck
    off when it ends well, so that one that ends this process counts, and a power cut while embedding does not.
    """

    def __init__(
        self, rows: DocumentRows, originals: Originals, embedder: Embedder, limits: Limits, prepare: Preparer
    ) -> None:
        self._rows = rows
        self._originals = originals
        self._embedder = embedder
        self._limits = limits
        self._prepare = prepare
        self._stages: dict[int, Stage] = {}

    def stage(self, key: int) -> Stage:
        """Return what a pending version is at."""
        return self._stages.get(key, WAITING)

    def run(self, base: OpenBase) -> Iterator[Progress]:
        """Index every pending version of a base, and tell of each.

        Raises `Unavailable` or `DiskFull` for faults of the machine, which leave the rest pending.
        """
        base.index()  # notices one that is lost or damaged: its versions become pending
        waiting = pending_of(base)
        queue = iter(waiting)
        reading: dict[Future[Prepared | None], VersionRow] = {}
        done = unfinished = 0
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="prepare") as pool:
            try:
                while True:
                    while len(reading) < _AHEAD and (version := next(queue, None)) is not None:
                        yield progress(version, "running", done / len(waiting))
                        reading[pool.submit(self._read, base, version)] = version
                    if not reading:
                        break
                    for future in wait(reading, return_when=FIRST_COMPLETED).done:
                        version = reading.pop(future)
                        passages, failure = self._take_over(base, version, future)
                        done, unfinished = done + 1, unfinished + passages
                        if unfinished > max(_OFTEN, base.index().passages // 4):
                            base.finish()
                            unfinished = 0
                        yield progress(version, "done", done / len(waiting), failure)
            finally:
                for future in reading:
                    future.cancel()
        if waiting:
            base.finish()

    def _read(self, base: OpenBase, version: VersionRow) -> Prepared | None:
        """Read and prepare a version; None where it was deleted meanwhile."""
        path = self._originals.path_of(base.name, version)
        self._stages[version.key] = Stage("reading")
        try:
            while version.key in base.snapshot.by_key:
                attempt = self._rows.start_attempt(version.key)
                if attempt > _ATTEMPTS:  # the attempts before this one never came to an end
                    raise broke_off(version.name)
                try:
                    prepared = self._prepare(path, version.name, self._limits)
                except RequestError:
                    if attempt < _ATTEMPTS:
                        continue
                    raise
                except BaseException:  # the machine's fault, not the document's
                    self._rows.take_back_attempt(version.key)
                    raise
                self._rows.take_back_attempt(version.key)
                return prepared
            return None
        finally:
            self._stages.pop(version.key, None)

    def _take_over(
        self, base: OpenBase, version: VersionRow, future: Future[Prepared | None]
    ) -> tuple[int, RequestError | None]:
        """Embed and store what was read; return the number of passages, and why a version was set aside."""
        try:
            prepared = future.result()
        except RequestError as error:
            base.set_failed(version, reason_of(error))
            return 0, error
        if prepared is None:
            return 0, None
        try:
            self._tell(version, 0.0)
            passages = embed_prepared(
                prepared, version.key, self._embedder, lambda fraction: self._tell(version, fraction)
            )
            base.put(version, prepared, passages)
        finally:
            self._stages.pop(version.key, None)
        return len(passages), None

    def _tell(self, version: VersionRow, fraction: float) -> None:
        self._stages[version.key] = Stage("embedding", fraction)


def pending_of(base: OpenBase) -> list[VersionRow]:
    """Return the versions of a base that wait to be indexed, oldest first."""
    versions = (version for filed in base.snapshot.documents.values() for version in filed.versions)
    return sorted((version for version in versions if version.status == "pending"), key=lambda version: version.key)
