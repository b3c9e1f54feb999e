"""The knowledge service: one replica that owns documents and indexes, called by gateway and scenarios."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import structlog

from appliance.config.home import Home
from appliance.core.errors import ApplianceError
from appliance.core.messages import speaking
from appliance.core.protocols import Vectors
from appliance.knowledge.e5 import DIMENSIONS, model_name
from appliance.knowledge.store import KnowledgeStore
from appliance.serving.handles import Handles
from appliance.state.database import Database, sqlite_url

log: structlog.stdlib.BoundLogger = structlog.get_logger("knowledge")

_RETRY_S = 30.0
_LONGEST_WAIT_S = 120.0  # an embedder that is down must not hold uploads, and with them searches, for ever
_LOOK_AGAIN_S = 5.0


class RemoteEmbedder:
    """`core.protocols.Embedder` over the embedder's deployment, for worker threads of this replica."""

    def __init__(self, loop: asyncio.AbstractEventLoop, handles: Handles) -> None:
        self._loop = loop
        self._handles = handles
        self.name = model_name()
        self.dimensions = DIMENSIONS

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Return float32 of shape (len(texts), 384). Raises `Unavailable`."""
        reply = asyncio.run_coroutine_threadsafe(self._handles.embed(list(texts), kind), self._loop).result()
        vectors: Vectors = reply["vectors"]
        return vectors


class Knowledge:
    """The store's methods by handle. Reading and ranking run in threads, indexing in the background."""

    def __init__(self, home: str, database_url: str | None) -> None:
        folders = Home(Path(home))
        database = Database.open(database_url or sqlite_url(folders.database))
        loop = asyncio.get_event_loop()
        embedder = RemoteEmbedder(loop, Handles())
        self._store = KnowledgeStore(database, folders.documents, folders.indexes, embedder)
        self._work = asyncio.Event()
        self._work.set()  # documents may wait from before a restart
        self._indexed = asyncio.Condition()
        self._indexer = loop.create_task(self._index_for_ever())

    async def bases(self) -> list[dict[str, Any]]:
        """Return every knowledge base."""
        return [base.model_dump() for base in await asyncio.to_thread(self._store.bases)]

    async def ensure_base(self, name: str, title: str) -> dict[str, Any]:
        """Return the base, made if it does not exist."""
        return (await asyncio.to_thread(self._store.ensure_base, name, title)).model_dump()

    async def documents(self, base: str, language: str) -> list[dict[str, Any]]:
        """Return a base's documents; why one failed is told in `language`."""
        with speaking(language):
            return [document.model_dump() for document in await asyncio.to_thread(self._store.documents, base)]

    async def document(self, base: str, document_id: str, language: str) -> dict[str, Any]:
        """Return one document."""
        with speaking(language):
            return (await asyncio.to_thread(self._store.document, base, document_id)).model_dump()

    async def add_document(self, base: str, name: str, content: bytes, language: str, wait: bool) -> dict[str, Any]:
        """Keep a document durably; with `wait`, return once it is indexed or set aside, at most 2 minutes later."""
        document = await asyncio.to_thread(self._store.add_document, base, name, content)
        self._work.set()
        if not wait:
            return document.model_dump()
        deadline = time.monotonic() + _LONGEST_WAIT_S
        while True:
            row = await self.document(base, document.id, language)
            left = min(deadline - time.monotonic(), _LOOK_AGAIN_S)
            if row["status"] != "pending" or left <= 0:
                return {**row, "duplicate": document.duplicate}
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left), self._indexed:
                    await self._indexed.wait()

    async def delete_document(self, base: str, document_id: str) -> None:
        """Delete a document."""
        await asyncio.to_thread(self._store.delete_document, base, document_id)

    async def search(self, base: str, query: str, k: int) -> list[dict[str, Any]]:
        """Return the `k` best passages."""
        return [passage.model_dump() for passage in await asyncio.to_thread(self._store.search, base, query, k)]

    async def answer(self, base: str, question: str, max_citations: int) -> dict[str, Any]:
        """Answer by quotation."""
        return (await asyncio.to_thread(self._store.answer, base, question, max_citations)).model_dump()

    async def check_health(self) -> None:
        """Fail when the background task is gone: documents would wait for ever."""
        if self._indexer.done():
            raise RuntimeError(f"the indexer ended: {self._indexer.exception()!r}")

    async def _index_for_ever(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                await asyncio.to_thread(self._index_once)
            except ApplianceError as error:
                # A full disk or an embedder that restarts: the documents stay pending and are tried again.
                log.warning("indexing waits", code=error.code, reason=str(error))
                await asyncio.sleep(_RETRY_S)
                self._work.set()
            async with self._indexed:
                self._indexed.notify_all()

    def _index_once(self) -> None:
        for _progress in self._store.index_pending():
            asyncio.run_coroutine_threadsafe(self._tell(), self._loop_of()).result()

    async def _tell(self) -> None:
        async with self._indexed:
            self._indexed.notify_all()

    def _loop_of(self) -> asyncio.AbstractEventLoop:
        return self._indexer.get_loop()
