"""The embedder as a Serve deployment."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from appliance.knowledge.e5 import LocalEmbedder


class Embedding:
    """One replica. The library computes outside the interpreter lock, one call at a time."""

    def __init__(self, threads: int) -> None:
        # OpenMP's threads spin while they wait for each other; beside an engine that takes a third of their time.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        self._model = LocalEmbedder(threads)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embed")

    async def embed(self, texts: list[str], kind: Literal["query", "passage"]) -> dict[str, Any]:
        """Return `{"vectors": float32 (len(texts), 384), "tokens": [int]}`; texts over 512 tokens are cut."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._embed, texts, kind)

    def _embed(self, texts: list[str], kind: Literal["query", "passage"]) -> dict[str, Any]:
        return {"vectors": self._model.embed(texts, kind), "tokens": self._model.count_tokens(texts, kind)}

    async def check_health(self) -> None:
        """Fail when the worker thread is stuck."""
        await asyncio.get_running_loop().run_in_executor(self._worker, lambda: None)
