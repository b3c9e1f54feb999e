"""A relay's process: it listens where a gateway does, until it is told to end."""

import asyncio
from typing import Final

from appliance.cluster.certificates import node_files
from appliance.cluster.membership import read_standing
from appliance.cluster.renewal import Renewed
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.serving.gateway.server import server_of
from appliance.serving.gateway.tls import GatewayTls, gateway_tls
from appliance.serving.relay.app import Relay
from appliance.serving.relay.head import Head, read_place

_CHECK_EVERY_S: Final = 1.0


async def serve_relay(home: Home, site: SiteConfig) -> None:
    """Serve the gateway's address of a worker node until the task is cancelled; requests that run then may end.

    Raises `ConfigError`, `StartFailed`, and `RuntimeError` where the server ends by itself.
    """
    place, tls = read_place(home), Renewed.client(node_files(home.secrets))
    async with Head(place, tls.context) as head:
        watching = asyncio.create_task(head.watch())
        try:
            relay = Relay(head, site.language, lambda: _is_leaving(home))
            await _serve(relay, site, watching, tls, gateway_tls(home, site))
        finally:
            watching.cancel()
            await asyncio.wait([watching])


def _is_leaving(home: Home) -> bool:
    standing = read_standing(home)
    return standing is not None and standing.state == "draining"


async def _serve(
    relay: Relay, site: SiteConfig, watching: asyncio.Task[None], tls: Renewed, towards_callers: GatewayTls | None
) -> None:
    server = server_of(relay, site, tls=towards_callers)
    try:
        await server.start()
        while not watching.done():
            await asyncio.wait([watching], timeout=_CHECK_EVERY_S)
            server.check()
            tls.look()
        watching.result()
    finally:
        await server.stop(site.gateway.generation_timeout_s)
