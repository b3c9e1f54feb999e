"""Give the workers the packages that models are served from, before a replica may start there."""

from collections.abc import Iterator

from appliance.cluster.certificates import client_context, node_files
from appliance.cluster.fetching import fetch_at
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ApplianceError
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.gateways import write_gateways
from appliance.operations.transfer import told
from appliance.serving.nodes.head import open_registry, peer_of

_STEP = "nodes.packages"


def supply(home: Home, site: SiteConfig) -> Iterator[Progress]:
    """Let each worker fetch what it lacks of the site's models and of versions beside them; list all gateways here.

    A worker that cannot is told and passed over: it has no replica of what it lacks. Raises `ConfigError`,
    `Unavailable` where the head's own state cannot be read.
    """
    with open_registry(home, site) as registry:
        known = registry.nodes.list()
        write_gateways(home, site, [(node.name, node.address, node.facts) for node in known])
        workers = [node for node in known if node.role == "worker" and node.state != "joining"]
        if not workers:
            return
        context, packages, peers = client_context(node_files(home.secrets)), registry.packages(), registry.peers()
        for node in workers:
            title = _("Packages of {name}", name=node.name)
            step = f"{_STEP}.{node.id}"
            try:
                yield from told(step, title, fetch_at(peer_of(node), packages, peers, context))
            except ApplianceError as error:
                yield Progress(step, title, "skipped", error.message)
