"""Work that an action has done elsewhere: functions of the pack, called by address with plain data."""

import asyncio
import pickle
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import islice
from typing import Any

from appliance.core.errors import ApplianceError, ConfigError
from appliance.core.messages import _, current_language, speaking

_ADDRESS = re.compile(r"([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*):([a-z_][a-z0-9_]*)", re.IGNORECASE)

Run = Callable[[str, Mapping[str, Any]], Awaitable[Any]]


def function_in(package: str, function: str) -> Callable[..., Any]:
    """Return the top-level function `module.path:name` of a loaded package. Raises `ConfigError` where it has none."""
    address = _ADDRESS.fullmatch(function)
    if address is None:
        raise _no_function(function)
    module_name = f"{package}.{address[1]}"
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # the module is there, something that it imports is not
        raise _no_function(function) from error
    found = getattr(module, address[2], None)
    if not callable(found):
        raise _no_function(function)
    return found  # type: ignore[no-any-return]


def _no_function(function: str) -> ConfigError:
    return ConfigError(
        _("The scenario has no function {function}.", function=repr(function[:200])),
        _("Its address is module.path:name: a module inside the pack and a function at the module's top."),
    )


async def as_they_end(
    run: Run, function: str, items: Sequence[Mapping[str, Any]], most_at_once: int
) -> AsyncGenerator[tuple[int, Any], None]:
    """Yield (index, result) of `run(function, item)` for each item, at most `most_at_once` at a time, as they end.

    The first failure ends it and is raised; what runs then, or when the generator is closed, is cancelled.
    """
    waiting = iter(enumerate(items))
    running: dict[asyncio.Task[Any], int] = {}
    try:
        while True:
            for index, item in islice(waiting, most_at_once - len(running)):
                running[asyncio.ensure_future(run(function, item))] = index
            if not running:
                return
            ended, _others = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                yield running.pop(task), task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class LocalTasks:
    """`services.Tasks` in threads of this process, for tests of packs and for commands without a cluster.

    Arguments and results are pickled all the same, so that what could not travel to another process fails here too.
    """

    def __init__(self, package: str, most_at_once: int = 2) -> None:
        """Take the import name of the pack's package, such as `scenarios.advisor` in tests."""
        self._package = package
        self._most = most_at_once
        self._threads = ThreadPoolExecutor(most_at_once, thread_name_prefix="task")

    async def run(self, function: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the function's result
        """Run a function in a thread. Raises what it raises."""
        sent = pickle.dumps(dict(arguments))
        made = await asyncio.get_running_loop().run_in_executor(
            self._threads, _called, self._package, function, sent, current_language()
        )
        return pickle.loads(made)  # noqa: S301 - made in this process

    def map(
        self, function: str, items: Sequence[Mapping[str, Any]], *, most_at_once: int = 0
    ) -> AsyncGenerator[tuple[int, Any], None]:
        """Yield (index, result) as they end."""
        return as_they_end(self.run, function, items, min(most_at_once or self._most, self._most))


def _called(package: str, function: str, arguments: bytes, language: str) -> bytes:
    try:
        with speaking(language):
            made = function_in(package, function)(**pickle.loads(arguments))  # noqa: S301 - made in this process
    except ApplianceError as error:
        raise pickle.loads(pickle.dumps(error)) from error  # noqa: S301 - as it comes from another process
    return pickle.dumps(made)


class NoTasks:
    """`services.Tasks` of a context that was given none."""

    async def run(self, function: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as `Tasks`
        """Raise `RuntimeError`."""
        raise RuntimeError(f"this context has no tasks to run {function} by")

    def map(
        self, function: str, items: Sequence[Mapping[str, Any]], *, most_at_once: int = 0
    ) -> AsyncGenerator[tuple[int, Any], None]:
        """Raise `RuntimeError` at the first step."""
        return as_they_end(self.run, function, items, max(1, most_at_once))
