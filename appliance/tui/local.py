"""Work on the appliance's own machine: what the command line does there, done in a thread and told step by step."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from appliance.core.messages import speaking
from appliance.core.progress import Progress

if TYPE_CHECKING:
    from appliance.config.home import Home
    from appliance.config.site import SiteConfig

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Local:
    """The home folder of the appliance that the terminal runs beside. Without one only the HTTP API is there."""

    home: "Home"

    def site(self) -> "SiteConfig":
        """Return the site file as it is now. Raises `ConfigError`."""
        from appliance.config.site import load_site

        return load_site(self.home.site_file)


async def in_thread(work: Callable[[], _Result], language: str) -> _Result:
    """Return what `work` returns, done in a thread in the reader's language. Raises what it raises."""

    def run() -> _Result:
        with speaking(language):
            return work()

    return await asyncio.to_thread(run)


async def follow(
    work: Callable[[], Iterator[Progress | _Result]], told: Callable[[Progress], None], language: str
) -> list[_Result]:
    """Run an operation that tells its steps; return what else it yielded. `told` is called on the event loop.

    Cancelling ends it at its next step, where its own clean-up runs. Raises what it raises.
    """
    loop, others, stop = asyncio.get_running_loop(), list[_Result](), False

    def run() -> None:
        with speaking(language):
            steps = work()
            for news in steps:
                if isinstance(news, Progress):
                    loop.call_soon_threadsafe(told, news)
                else:
                    others.append(news)
                if stop:
                    close = getattr(steps, "close", None)
                    if close is not None:
                        close()
                    return

    try:
        await asyncio.to_thread(run)
    except asyncio.CancelledError:
        stop = True
        raise
    return others
