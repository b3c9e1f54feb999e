"""`python -m appliance.serving.nodes.service HOME`: this node's service, outside Ray; it runs until it is told to end.

The head listens at the join port and the peer port, a worker at the peer port alone.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from starlette.types import ASGIApp

from appliance.cluster.certificates import ensure_node_certificate, node_files, server_context
from appliance.cluster.enrolment import Versions
from appliance.cluster.gateway_certificate import caller_names, head_names
from appliance.cluster.membership import Membership, read_membership
from appliance.cluster.node import RayPorts
from appliance.cluster.renewal import Renewed
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ApplianceError, StartFailed
from appliance.core.messages import _
from appliance.packages.platform.releases import Installation
from appliance.serving.gateway.server import HttpServer, ensure_free
from appliance.serving.node_process import run_node_process
from appliance.serving.nodes.answers import log
from appliance.serving.nodes.head import Registry, open_registry
from appliance.serving.nodes.head_routes import HeadDesk
from appliance.serving.nodes.join_app import JoinDesk
from appliance.serving.nodes.peer_app import PeerDesk
from appliance.serving.nodes.worker import Watch

_CHECK_EVERY_S: Final = 1.0
_LAST_WORDS_S: Final = 5.0
_TIDY_EVERY_S: Final = 60.0


async def serve_node(home: Home, site: SiteConfig, started: Callable[[], None] = lambda: None) -> None:
    """Serve until the task is cancelled; `started` is called when every port answers.

    Raises `ConfigError`, `StartFailed`, `Unavailable`, `RuntimeError` where a server ends by itself, and what the work
    beside the servers did not foresee: a node that no longer shows that it is there must not look well.
    """
    membership = await asyncio.to_thread(read_membership, home)
    async with AsyncExitStack() as stack:
        if membership is None:
            registry = stack.enter_context(open_registry(home, site))
            servers, beside = await _head(stack, home, site, registry)
        else:
            servers, beside = await _worker(stack, home, site, membership)
        started()
        while True:
            await asyncio.sleep(_CHECK_EVERY_S)
            for server in servers:
                server.check()
            if beside.done():
                beside.result()


_Running = tuple[list[HttpServer], asyncio.Task[None]]


async def _head(stack: AsyncExitStack, home: Home, site: SiteConfig, registry: Registry) -> _Running:
    files = node_files(home.secrets)
    ports, address = RayPorts.from_settings(site.cluster), site.cluster.address
    join = JoinDesk(registry, Versions.here(), Installation.of_this_program()).app()
    open_to_all = Renewed(server_context(files, client_required=False), files)
    peers = PeerDesk(home, None).app(registry.nodes.belongs, *HeadDesk(registry).routes())
    servers = [
        await stack.enter_async_context(_serving(join, address, ports.join, open_to_all)),
        await stack.enter_async_context(_serving(peers, address, ports.peer, Renewed.server(files))),
    ]
    return servers, await stack.enter_async_context(_beside(_tidy(home, registry)))


async def _worker(stack: AsyncExitStack, home: Home, site: SiteConfig, membership: Membership) -> _Running:
    watch = Watch(home, membership, caller_names(site))
    peers = PeerDesk(home, membership.head.id).app(watch.belongs)
    port, tls = RayPorts.from_settings(site.cluster).peer, Renewed.server(node_files(home.secrets))
    server = await stack.enter_async_context(_serving(peers, site.cluster.address, port, tls))
    return [server], await stack.enter_async_context(_beside(watch.run()))


@asynccontextmanager
async def _serving(app: ASGIApp, host: str, port: int, tls: Renewed) -> AsyncIterator[HttpServer]:
    """Listen; a port that another service of this user has is not shared with it. Raises `StartFailed`."""
    try:
        ensure_free(host, port)
        server = HttpServer(app, host, port, tls)
    except StartFailed as error:
        reason = error.__cause__.strerror if isinstance(error.__cause__, OSError) else str(error)
        raise StartFailed(
            _("The node service cannot listen on {host}:{port}: {reason}", host=host, port=port, reason=reason),
            _("Choose another cluster.address or cluster.port in the site file."),
        ) from error
    await server.start()
    try:
        yield server
    finally:
        await server.stop(_LAST_WORDS_S)


@asynccontextmanager
async def _beside(work: Coroutine[None, None, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run `work` until the block ends."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _tidy(home: Home, registry: Registry) -> None:
    """Put out nodes that did not end joining, and keep the head's own certificate good."""
    while True:
        await asyncio.sleep(_TIDY_EVERY_S)
        try:
            await asyncio.to_thread(registry.forget_unfinished)
            await asyncio.to_thread(registry.nodes.seen, registry.head.id)  # the others beat
            ensure_node_certificate(home.secrets, registry.authority, registry.head.id, head_names(registry.site))
        except ApplianceError as error:
            log.warning("tidying_failed", code=error.code, reason=error.message.render("en"))


def main() -> int:
    """Run until told to end; return the exit code, 1 with the reason on stderr where it cannot."""
    return run_node_process("appliance.serving.nodes.service", "node", serve_node)


if __name__ == "__main__":
    sys.exit(main())
