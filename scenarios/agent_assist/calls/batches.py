"""Work that is cheaper for many at once than one by one: gathered for some milliseconds, then done together."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from appliance.core.errors import PreflightError, Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Group(Generic[Item, Result]):
    """Items that were given together, and who waits for their results."""

    items: Sequence[Item]
    results: "asyncio.Future[list[Result]]"


class Batches(Generic[Item, Result]):
    """Gathers items of many tasks of one event loop; while one batch runs, the next one gathers.

    What is given together is done together, in one batch, so that it is done wholly or not at all.
    """

    def __init__(
        self, run: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], *, wait_s: float, most: int
    ) -> None:
        """Take what works on items and returns as many results in their order; a batch has about `most` of them."""
        self._run = run
        self._wait_s = wait_s
        self._most = most
        self._waiting: list[_Group[Item, Result]] = []
        self._working: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Return the result for `item`. Raises what its batch raised."""
        (result,) = await self.add_all([item])
        return result

    async def add_all(self, items: Sequence[Item]) -> list[Result]:
        """Return the results for `items`, in their order. Raises what was raised for them."""
        if not items:
            return []
        loop = asyncio.get_running_loop()
        group = _Group[Item, Result](items, loop.create_future())
        self._waiting.append(group)
        if self._working is None:
            # Nobody's own work: it keeps neither the run nor the language of the request that happened to come first.
            self._working = loop.create_task(self._work(), context=contextvars.Context())
        return await group.results

    async def _work(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(self._wait_s)
                await self._settle(self._taken())
        finally:
            self._working = None

    def _taken(self) -> list[_Group[Item, Result]]:
        """Take the groups that fit into a batch; one that is larger is a batch of its own."""
        taken, number = [self._waiting[0]], len(self._waiting[0].items)
        for group in self._waiting[1:]:
            number += len(group.items)
            if number > self._most:
                break
            taken.append(group)
        self._waiting = self._waiting[len(taken) :]
        return taken

    async def _settle(self, taken: Sequence[_Group[Item, Result]]) -> None:
        try:
            results = await self._results([item for group in taken for item in group.items])
        except (Unavailable, PreflightError) as error:  # nothing works now: of no use to try each alone
            _fail(taken, error)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait; the next batch may well go
            if len(taken) == 1:
                _fail(taken, error)
                return
            for group in taken:  # one of them is at fault: the others go without it
                await self._settle([group])
        else:
            for group in taken:
                own, results = results[: len(group.items)], results[len(group.items) :]
                if not group.results.done():  # whoever waited may be gone
                    group.results.set_result(own)

    async def _results(self, items: Sequence[Item]) -> list[Result]:
        results = list(await self._run(items))
        if len(results) != len(items):
            raise RuntimeError(f"{len(items)} items have {len(results)} results")
        return results


def _fail(groups: Sequence[_Group[Item, Result]], error: Exception) -> None:
    for group in groups:
        if not group.results.done():
            group.results.set_exception(error)
