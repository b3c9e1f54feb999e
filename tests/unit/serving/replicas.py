"""A scenario's real replica behind the face of a deployment handle, in the test's own process."""

import asyncio

from ray.exceptions import RayTaskError

_END = object()


class Running:
    """A `DeploymentResponseGenerator` over a replica's own generator, which runs in a task as Serve has it."""

    def __init__(self, items):
        self._queue = asyncio.Queue()
        self.cancelled = False
        self.task = asyncio.ensure_future(self._run(items))

    async def _run(self, items):
        try:
            async for item in items:
                self._queue.put_nowait(item)
        except Exception as error:  # noqa: BLE001 - as Serve, which carries over whatever it is
            self._queue.put_nowait(error)
        finally:
            await items.aclose()
            self._queue.put_nowait(_END)

    def __aiter__(self):
        return self

    async def __anext__(self):
        item = await self._queue.get()
        if item is _END:
            raise StopAsyncIteration
        if isinstance(item, Exception):
            raise RayTaskError("listen", "traceback", item)
        return item

    def cancel(self):
        self.cancelled = True
        self.task.cancel()


class _Method:
    def __init__(self, call):
        self.remote = call


class ReplicaDeployment:
    """The handle of a scenario whose replica is `replica`; `runs` has the streams that were asked for."""

    def __init__(self, replica):
        self.replica = replica
        self.runs = []

    def options(self, **options):
        return self

    @property
    def invoke(self):
        async def call(*arguments):
            try:
                return await self.replica.invoke(*arguments)
            except Exception as error:
                raise RayTaskError("invoke", "traceback", error) from error

        return _Method(call)

    @property
    def listen(self):
        return _Method(lambda *arguments: self._begin(self.replica.listen(*arguments)))

    @property
    def stream(self):
        return _Method(lambda *arguments: self._begin(self.replica.stream(*arguments)))

    def _begin(self, items):
        self.runs.append(Running(items))
        return self.runs[-1]
