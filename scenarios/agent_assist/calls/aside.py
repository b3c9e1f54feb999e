"""Threads of this pack's own: what computes for longer runs beside the event loop, on which live calls wait.

The replica's common threads wait for the database too; with calls in hundreds a slow query would hold up every turn.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# Python computes on one thread at a time: more would only make each of them later.
_COMPUTING = ThreadPoolExecutor(2, thread_name_prefix="agent-assist")
_EMBEDDING = ThreadPoolExecutor(2, thread_name_prefix="agent-assist-embedding")


async def aside(work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
    """Return what `work` returns, computed in a thread."""
    return await _within(_COMPUTING, lambda: work(*args, **kwargs))


async def embedding(work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
    """Do as `aside`, for what waits for the embedding model."""
    return await _within(_EMBEDDING, lambda: work(*args, **kwargs))


async def _within(pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(pool, contextvars.copy_context().run, work)
