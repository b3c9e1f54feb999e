"""The embedders of the knowledge service: passages go to the embedder's deployment, questions stay here."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Literal

from appliance.core.protocols import Vectors
from appliance.knowledge.e5 import DIMENSIONS, LocalEmbedder, model_name
from appliance.serving.handles import Handles


class RemoteEmbedder:
    """`core.protocols.Embedder` over the embedder's deployment, for worker threads of a replica."""

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


class QueryEmbedder:
    """The model in this process, so that a question never queues behind passages; it computes one call at a time."""

    def __init__(self, threads: int) -> None:
        self._model = LocalEmbedder(threads)
        self._lock = threading.Lock()
        self.name = self._model.name
        self.dimensions = self._model.dimensions

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Return float32 of shape (len(texts), 384)."""
        with self._lock:
            return self._model.embed(texts, kind)
