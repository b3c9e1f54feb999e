"""Stand-ins with the faces of Serve's deployment handles: the one thing that cannot run in a unit test."""

import asyncio
from types import SimpleNamespace

import numpy


class Stream:
    """A `DeploymentResponseGenerator`: gives the script's items, raises its errors, waits at its events."""

    def __init__(self, script):
        self._script = iter(script)
        self.cancelled = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        for item in self._script:
            if isinstance(item, asyncio.Event):
                await item.wait()
            elif isinstance(item, Exception):
                raise item
            else:
                return item
        raise StopAsyncIteration

    def cancel(self):
        self.cancelled = True


class _Method:
    def __init__(self, call):
        self.remote = call


class Router:
    """A handle's router: each question to its replicas is answered by one list of `answers`; the last one stays.

    `held` requests wait in it for a place; the replicas answer once `arrived` is set.
    """

    def __init__(self, *answers, held=0):
        self._asyncio_router = self
        self._request_router_initialized, self.arrived = asyncio.Event(), asyncio.Event()
        self._request_router_initialized.set()
        self.arrived.set()
        self._metrics_manager = SimpleNamespace(num_queued_requests=held)
        self.answers, self.questions = list(answers), 0

    @property
    def request_router(self):
        self.questions += 1
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return SimpleNamespace(curr_replicas={number: self._replica(answer) for number, answer in enumerate(now)})

    def _replica(self, answer):
        async def tell():
            await self.arrived.wait()
            if isinstance(answer, Exception):
                raise answer
            return answer

        return SimpleNamespace(_actor_handle=SimpleNamespace(record_routing_stats=_Method(tell)))


class ModelDeployment:
    """The streaming handle of a chat model. `scripts` has one list of items for each call; the last one stays."""

    def __init__(self, router=None):
        self._router = router or Router([{"running": 0, "waiting": 0, "kv_use": 0.0}])
        self.scripts = [[]]
        self.calls = []
        self.streams = []
        self.canary_answer = "a"
        self.generate = _Method(self._generate)
        self.canary = _Method(self._canary)

    def _generate(self, *arguments):
        self.calls.append(arguments)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        self.streams.append(Stream(script))
        return self.streams[-1]

    def options(self, **options):
        return self

    def _canary(self):
        self.calls.append("canary")

        async def answer():
            if isinstance(self.canary_answer, Exception):
                raise self.canary_answer
            return self.canary_answer

        return answer()


class PlainDeployment:
    """A handle whose every method returns `answer`, or raises it; `stream` gives the items of `script`."""

    def __init__(self):
        self.answer = {}
        self.script = []
        self.calls = []
        self.streams = []
        self.stream = _Method(self._stream)

    def options(self, **options):
        assert options == {"stream": True}
        return self

    def _stream(self, *arguments):
        self.calls.append(("stream", *arguments))
        self.streams.append(Stream(self.script))
        return self.streams[-1]

    def __getattr__(self, method):
        async def reply(*arguments):
            self.calls.append((method, *arguments))
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return _Method(reply)


class EmbedderDeployment(PlainDeployment):
    """The embedder: a unit vector and as many tokens as characters for each text."""

    def __getattr__(self, method):
        async def reply(texts, kind):
            self.calls.append((texts, kind))
            if isinstance(self.answer, Exception):
                raise self.answer
            vectors = numpy.zeros((len(texts), 3), dtype=numpy.float32)
            vectors[:, 0] = 1
            return {"vectors": vectors, "tokens": [len(text) for text in texts]}

        return _Method(reply)


def chunk(text, **more):
    """Return a chat stream's event as the model's deployment gives it."""
    return f'data: {{"id":"c","choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}\n\n'


USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
USAGE_ITEM = {"usage": {"id": "c", "choices": [], "usage": USAGE}}
WHOLE = {
    "result": {
        "id": "c", "object": "chat.completion", "model": "general", "usage": USAGE,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    }
}  # fmt: skip


class LedgerDeployment:
    """The ledger's own core on a real database, called as by handle."""

    def __init__(self, core):
        self.core = core

    def __getattr__(self, method):
        return _Method(getattr(self.core, method))
