"""What is made when it is first used, so that the first screen is there before what others need has been loaded."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


class Deferred:
    """Stands for what `make` returns, and makes it at the first use of one of its attributes."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it is that was made
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, name)


def later(module: str, name: str, *arguments: object, **named: object) -> Any:  # noqa: ANN401 - what `name` returns
    """Return what `name` of `appliance.tui.MODULE` returns for these arguments; it is called at the first use."""
    return Deferred(lambda: made(module, name)(*arguments, **named))


def made(module: str, name: str) -> Any:  # noqa: ANN401 - whatever has that name
    """Return `name` of `appliance.tui.MODULE`, which is loaded now if it was not yet."""
    return getattr(import_module(f"appliance.tui.{module}"), name)
