"""Open what a gateway's application works on: for the replicas that listen, and for the runner of batches."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from starlette.concurrency import run_in_threadpool

from appliance import __version__
from appliance.cluster.certificates import node_files
from appliance.cluster.node import RayPorts
from appliance.cluster.renewal import Renewed
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ApplianceError
from appliance.guardrails.chain import Chain
from appliance.identity.callers import Callers
from appliance.serving.embedders import QueryEmbedder
from appliance.serving.gateway.accounts import open_accounts
from appliance.serving.gateway.approving import lexicon_gate, rules_of
from appliance.serving.gateway.batches import open_batches
from appliance.serving.gateway.context import GatewayContext
from appliance.serving.gateway.inner import InnerPort
from appliance.serving.handles import Handles
from appliance.serving.ledger_channel import LedgerChannel
from appliance.serving.routing import ServedView
from appliance.state.database import Database, sqlite_url
from appliance.state.reviews import Reviews
from appliance.state.secret_files import load_or_create_pepper
from appliance.state.served import Served

if TYPE_CHECKING:
    from appliance.state.nodes import Nodes

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

LOOK_AGAIN_S: Final = 10.0
_EMBEDDER_THREADS: Final = 1  # for the guardrails: the engine needs the cores more


def open_context(home: Home, site: SiteConfig, models: Handles) -> GatewayContext:
    """Return the context of one process; it loads the guardrails, a second or two, blocking.

    Raises `ConfigError`, `Unavailable`.
    """
    pepper = load_or_create_pepper(home.pepper_file)
    database = Database.open(site.state.url or sqlite_url(home.database))
    accounts = open_accounts(database, pepper, site.sign_in, home.root, rules_of(site))
    models.channel = LedgerChannel(home.ledger_socket)
    models.served = ServedView(Served(database))
    models.served.take(models.served.load())
    return GatewayContext(
        callers=Callers(accounts.keys, accounts.sessions),
        accounts=accounts,
        batches=open_batches(database, home.files, site.batch),
        reviews=Reviews(database, home.review_keys, site.audit.suite, keep=timedelta(days=site.reviews.keep_days)),
        pepper=pepper,
        models=models,
        version=__version__,
        chain=Chain(
            site.guardrails,
            QueryEmbedder(_EMBEDDER_THREADS) if _classifies(site) else None,
            lexicon_gate(database, site),
        ),
        guards_slowly=_classifies(site),
        audit_content=site.audit.content,
        label_producer=site.labels.producer,
        default_language=site.language,
        disk_folder=str(home.root),
        generation_timeout_s=site.gateway.generation_timeout_s,
        trusted_proxies=site.gateway.trusted_proxies,
        keys_far_away=database.dialect != "sqlite",
        nodes=_nodes(site, database),
    )


def _nodes(site: SiteConfig, database: Database) -> "Nodes | None":
    if site.cluster.alone:
        return None
    from appliance.state.nodes import Nodes  # what few replicas need is not loaded by all

    return Nodes(database)


def inner_port(home: Home, site: SiteConfig, nodes: "Nodes | None") -> InnerPort | None:
    """Return where gateways of other nodes hand requests in; None on a node that others cannot reach.

    `nodes` are those of the process's context. Raises `ConfigError` where the node's certificate cannot be used.
    """
    if nodes is None:
        return None
    tls = Renewed.server(node_files(home.secrets))
    return InnerPort(site.cluster.address, RayPorts.from_settings(site.cluster).gateway, tls, nodes.belongs)


def _classifies(site: SiteConfig) -> bool:
    """Tell whether any tenant's requests are read by the classifier."""
    settings = site.guardrails
    return (settings.enabled and settings.classifier != "off") or any(
        one.classifier not in (None, "off") for one in settings.tenants.values()
    )


def background(context: GatewayContext) -> list[asyncio.Task[None]]:
    """Begin what a process does beside its requests; whoever calls keeps the tasks: others may be collected."""
    loop = asyncio.get_event_loop()
    served = context.models.served
    following = [] if served is None else [loop.create_task(served.follow_for_ever())]
    return [loop.create_task(look_after_for_ever(context)), *following]


async def look_after_for_ever(context: GatewayContext) -> None:
    """Take over a lexicon that has changed, and note on which days keys were used."""
    while True:
        await asyncio.sleep(LOOK_AGAIN_S)
        try:
            await run_in_threadpool(context.chain.refresh)
            if context.accounts is not None:
                await run_in_threadpool(context.accounts.keys.write_last_used)
        except ApplianceError as error:
            log.warning("looking after failed", code=error.code)
