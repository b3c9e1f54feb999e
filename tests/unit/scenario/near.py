"""The knowledge service in this process: its methods over a store, and `Handles` that reach it without Ray."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from appliance.serving.knowledge import Knowledge


class Service(Knowledge):
    """The service's methods over a store; nothing runs in the background."""

    def __init__(self, store):
        self._store = store
        self._searches = ThreadPoolExecutor(1)
        self._work = asyncio.Event()


class Near:
    """`Handles` to a service in this process."""

    def __init__(self, service):
        self._service = service

    async def knowledge(self, method, *arguments):
        return await getattr(self._service, method)(*arguments)
