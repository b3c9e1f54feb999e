"""Work that is cheaper for many at once than one by one: gathered for some milliseconds, then done together."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batches(Generic[Item, Result]):
    """Gathers items of many tasks of one event loop; while one batch runs, the next one gathers."""

    def __init__(
        self, run: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], *, wait_s: float, most: int
    ) -> None:
        """Take what works on up to `most` items and returns as many results in their order."""
        self._run = run
        self._wait_s = wait_s
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._working: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Return the result for `item`. Raises what its batch raised."""
        (result,) = await self.add_all([item])
        return result

    async def add_all(self, items: Sequence[Item]) -> list[Result]:
        """Return the results for `items`, in their order. Raises what their batch raised."""
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Result]] = [loop.create_future() for _item in items]
        self._waiting += zip(items, futures, strict=True)
        if self._working is None and self._waiting:
            # Nobody's own work: it keeps neither the run nor the language of the request that happened to come first.
            self._working = loop.create_task(self._work(), context=contextvars.Context())
        return list(await asyncio.gather(*futures))

    async def _work(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(self._wait_s)
                taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._settle(taken)
        finally:
            self._working = None

    async def _settle(self, taken: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        futures = [future for _item, future in taken]
        try:
            results = await self._run([item for item, _future in taken])
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait; the next batch may well go
            for future in futures:
                if not future.done():
                    future.set_exception(error)
            return
        for future, result in zip(futures, results, strict=True):
            if not future.done():  # whoever waited may be gone
                future.set_result(result)
