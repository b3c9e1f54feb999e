"""The knowledge service: one replica that owns documents and indexes, called by gateway and scenarios."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel

from appliance.config.home import Home
from appliance.core.errors import ApplianceError
from appliance.core.messages import speaking
from appliance.core.principal import Principal
from appliance.core.protocols import Vectors
from appliance.knowledge.answers.answer import THRESHOLD
from appliance.knowledge.bases.store import KnowledgeStore
from appliance.knowledge.models import Details, Selection
from appliance.knowledge.readers.limits import DEFAULT_LIMITS
from appliance.serving.embedders import QueryEmbedder, RemoteEmbedder
from appliance.serving.handles import Handles
from appliance.serving.preparation import prepare_by_task
from appliance.state.database import Database, sqlite_url

log: structlog.stdlib.BoundLogger = structlog.get_logger("knowledge")

Result = TypeVar("Result")
Json = dict[str, Any]

_RETRY_S = 30.0
_LONGEST_WAIT_S = 120.0  # an embedder that is down must not hold uploads, and with them searches, for ever
_LOOK_AGAIN_S = 5.0
_SEARCHES_AT_ONCE = 4
_QUERY_THREADS = 2
_NO_DETAILS = Details()
_EVERYTHING = Selection()


class Knowledge:
    """The store's methods by handle; `who` is the caller of the gateway, and each call is checked against it.

    Searches, indexing and the rest have threads of their own, so that none of them waits for another.
    """

    def __init__(self, home: str, database_url: str | None) -> None:
        folders = Home(Path(home))
        database = Database.open(database_url or sqlite_url(folders.database))
        loop = asyncio.get_event_loop()
        self._questions = QueryEmbedder(min(_QUERY_THREADS, os.cpu_count() or 1))
        self._store = KnowledgeStore(
            database,
            folders.documents,
            folders.indexes,
            RemoteEmbedder(loop, Handles()),
            DEFAULT_LIMITS,
            prepare_by_task,
            self._questions,
        )
        self._searches = ThreadPoolExecutor(_SEARCHES_AT_ONCE, thread_name_prefix="search")
        self._indexing = ThreadPoolExecutor(1, thread_name_prefix="index")
        self._work = asyncio.Event()
        self._work.set()  # documents may wait from before a restart
        self._indexed = asyncio.Condition()
        self._indexer = loop.create_task(self._index_for_ever())

    async def bases(self, who: Principal) -> list[Json]:
        """Return the knowledge bases that `who` may read."""
        return _dumped(await asyncio.to_thread(self._store.bases, who))

    async def base(self, who: Principal, name: str) -> Json:
        """Return one knowledge base."""
        return _json(await asyncio.to_thread(self._store.base, who, name))

    async def ensure_base(self, who: Principal, name: str, title: str, shared_with: Sequence[str] = ()) -> Json:
        """Return the base, made if it does not exist."""
        return _json(await asyncio.to_thread(self._store.ensure_base, who, name, title, shared_with))

    async def change_base(
        self, who: Principal, name: str, title: str | None = None, shared_with: Sequence[str] | None = None
    ) -> Json:
        """Set what is not None."""
        return _json(await asyncio.to_thread(self._store.change_base, who, name, title, shared_with))

    async def delete_base(self, who: Principal, name: str) -> None:
        """Delete a base with all its documents."""
        await asyncio.to_thread(self._store.delete_base, who, name)

    async def glossary(self, who: Principal, base: str) -> str:
        """Return the bank's own terms."""
        return await asyncio.to_thread(self._store.glossary, who, base)

    async def set_glossary(self, who: Principal, base: str, text: str) -> None:
        """Replace the bank's own terms."""
        await asyncio.to_thread(self._store.set_glossary, who, base, text)

    async def rebuild(self, who: Principal, base: str) -> int:
        """Throw a base's index away and begin to make it again; return how many versions wait."""
        await asyncio.to_thread(self._store.rebuild, who, base)
        self._work.set()
        return await asyncio.to_thread(self._store.pending, base)

    async def documents(self, who: Principal, base: str, language: str) -> list[Json]:
        """Return the documents that `who` may read; why one failed is told in `language`."""
        with speaking(language):
            return _dumped(await asyncio.to_thread(self._store.documents, who, base))

    async def document(self, who: Principal, base: str, document_id: str, language: str) -> Json:
        """Return one document."""
        with speaking(language):
            return _json(await asyncio.to_thread(self._store.document, who, base, document_id))

    async def versions(self, who: Principal, base: str, document_id: str, language: str) -> list[Json]:
        """Return a document's versions, oldest first."""
        with speaking(language):
            return _dumped(await asyncio.to_thread(self._store.versions, who, base, document_id))

    async def add_document(
        self,
        who: Principal,
        base: str,
        name: str,
        content: bytes,
        details: Details = _NO_DETAILS,
        language: str = "en",
        wait: bool = False,
    ) -> Json:
        """Keep a document durably; with `wait`, return once it is indexed or set aside, at most 2 minutes later."""
        added = await asyncio.to_thread(self._store.add_document, who, base, name, content, details)
        return await self._settled(who, _json(added), language, wait=wait)

    async def add_version(
        self,
        who: Principal,
        base: str,
        document_id: str,
        name: str,
        content: bytes,
        details: Details = _NO_DETAILS,
        language: str = "en",
        wait: bool = False,
    ) -> Json:
        """Keep the next version of a document durably; `wait` as for `add_document`."""
        added = await asyncio.to_thread(self._store.add_version, who, base, document_id, name, content, details)
        return await self._settled(who, _json(added), language, wait=wait)

    async def change_document(
        self, who: Principal, base: str, document_id: str, details: Details, language: str
    ) -> Json:
        """Set what is not None of a document."""
        with speaking(language):
            return _json(await asyncio.to_thread(self._store.change_document, who, base, document_id, details))

    async def delete_document(self, who: Principal, base: str, document_id: str) -> None:
        """Delete a document with all its versions."""
        await asyncio.to_thread(self._store.delete_document, who, base, document_id)

    async def readable(self, who: Principal, base: str, document_ids: Sequence[str]) -> list[str]:
        """Return those of the documents that are there and that `who` may read."""
        return await asyncio.to_thread(self._store.readable, who, base, document_ids)

    async def file(self, who: Principal, base: str, document_id: str, version: int | None) -> Json:
        """Return the version whose file `file_part` gives."""
        _path, found = await asyncio.to_thread(self._store.original, who, base, document_id, version)
        return _json(found)

    async def file_part(
        self, who: Principal, base: str, document_id: str, version: int, offset: int, length: int
    ) -> bytes:
        """Return up to `length` bytes of an original file; the gateway may be on another machine."""

        def read() -> bytes:
            path, _found = self._store.original(who, base, document_id, version)
            with path.open("rb") as file:
                file.seek(offset)
                return file.read(length)

        return await asyncio.to_thread(read)

    async def page_picture(
        self,
        who: Principal,
        base: str,
        document_id: str,
        page: int,
        version: int | None,
        start: int | None,
        end: int | None,
    ) -> bytes:
        """Return a page as PNG, the lines from `start` to `end` highlighted."""
        return await asyncio.to_thread(
            self._store.page_picture, who, base, document_id, page, version, start, end
        )  # fmt: skip

    async def search(
        self, who: Principal, base: str, query: str, k: int, selection: Selection = _EVERYTHING
    ) -> list[Json]:
        """Return the `k` best passages."""
        return _dumped(await self._searched(lambda: self._store.search(who, base, query, k, selection)))

    async def answer(
        self,
        who: Principal,
        base: str,
        question: str,
        max_citations: int,
        selection: Selection = _EVERYTHING,
        min_confidence: float = THRESHOLD,
    ) -> Json:
        """Answer by quotation."""
        asked = who, base, question, max_citations, selection, min_confidence
        return _json(await self._searched(lambda: self._store.answer(*asked)))

    async def query_vectors(self, texts: list[str]) -> Vectors:
        """Return the vectors of questions, float32 (len(texts), 384): a search with the same text has its own then."""
        return await self._searched(lambda: self._questions.embed(texts, "query"))

    async def check_health(self) -> None:
        """Fail when the background task is gone: documents would wait for ever."""
        if self._indexer.done():
            raise RuntimeError(f"the indexer ended: {self._indexer.exception()!r}")

    async def _searched(self, search: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._searches, search)

    async def _settled(self, who: Principal, added: Json, language: str, *, wait: bool) -> Json:
        """Return an upload as it is, or with `wait` once it is indexed or set aside."""
        self._work.set()
        deadline = time.monotonic() + (_LONGEST_WAIT_S if wait else 0.0)
        while True:
            document = await self.document(who, added["knowledge_base"], added["id"], language)
            left = min(deadline - time.monotonic(), _LOOK_AGAIN_S)
            if document["status"] != "pending" or left <= 0:
                return {**document, "duplicate": added["duplicate"]}
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left), self._indexed:
                    await self._indexed.wait()

    async def _index_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                await loop.run_in_executor(self._indexing, self._index_once)
            except ApplianceError as error:
                # A full disk or an embedder that restarts: the documents stay pending and are tried again.
                log.warning("indexing waits", code=error.code, reason=str(error))
                await asyncio.sleep(_RETRY_S)
                self._work.set()
            await self._tell()

    def _index_once(self) -> None:
        loop = self._indexer.get_loop()
        for _progress in self._store.index_pending():
            asyncio.run_coroutine_threadsafe(self._tell(), loop).result()

    async def _tell(self) -> None:
        async with self._indexed:
            self._indexed.notify_all()


def _json(value: BaseModel) -> Json:
    return value.model_dump(mode="json")


def _dumped(values: Sequence[BaseModel]) -> list[Json]:
    return [_json(value) for value in values]
