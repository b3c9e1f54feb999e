"""A program of a node's own, beside Ray: `python -m MODULE HOME`, until it is told to end."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.errors import ApplianceError
from appliance.core.messages import set_language
from appliance.serving.gateway import logs

Serve = Callable[[Home, SiteConfig], Coroutine[Any, Any, None]]


def run_node_process(
    module: str, log: str, serve: Serve, run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run
) -> int:
    """Serve the home folder that the command line names; return the exit code, 1 with the reason on stderr.

    SIGTERM and SIGINT cancel `serve` each time they come: the first one ends it, a second one what it still waits for.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("home", type=Path, help="this node's home folder")
    home = Home(parser.parse_args().home.absolute())
    try:
        site = load_site(home.site_file)
        set_language(site.language)
        home.create()
        logs.configure(home.logs, log)
        run(_until_told(serve, home, site))
    except ApplianceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _until_told(serve: Serve, home: Home, site: SiteConfig) -> None:
    serving = asyncio.create_task(serve(home, site))
    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, serving.cancel)
    await asyncio.wait([serving])
    if not serving.cancelled() and (failure := serving.exception()) is not None:
        raise failure
