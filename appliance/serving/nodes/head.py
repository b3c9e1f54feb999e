"""What only the head's node service has: the registry of nodes, the authority, and what it tells a node that joins."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import appliance
from appliance.cluster.certificates import Authority, ensure_authority, ensure_node_certificate, read_certificate
from appliance.cluster.enrolment import JoiningNode
from appliance.cluster.gateway_certificate import head_names
from appliance.cluster.membership import Peer, home_id_of
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import Clock, iso, utc_now
from appliance.hardware.discovery import discover
from appliance.hardware.facts import MachineFacts
from appliance.packages.sharing import SharedPackage, packages_for
from appliance.state.audit.begun import begun_log
from appliance.state.audit.records import NewRecord
from appliance.state.database import Database, sqlite_url
from appliance.state.nodes import JoinTokens, NodeRecord, Nodes, new_node_id
from appliance.state.secret_files import load_or_create_pepper
from appliance.state.served import Served

FORGOTTEN_AFTER_S: Final = 15 * 60.0
"""How long a node may be silent while it joins, before it counts as not joined."""


@dataclass(frozen=True)
class Registry:
    """The head's open state, as far as nodes go."""

    home: Home
    site: SiteConfig
    nodes: Nodes
    tokens: JoinTokens
    authority: Authority
    head: NodeRecord
    served: Served
    database: Database
    clock: Clock

    @property
    def peer(self) -> Peer:
        """Where the head is."""
        return Peer(id=self.head.id, address=self.site.cluster.address, port=self.site.cluster.port)

    def peers(self) -> tuple[Peer, ...]:
        """Return every node that may have packages, the head first."""
        others = (node for node in self.nodes.list() if node.role == "worker" and node.state != "joining")
        return (self.peer, *(peer_of(node) for node in others))

    def packages(self) -> tuple[SharedPackage, ...]:
        """Return the packages of the site's models and of versions beside them, as far as they are here."""
        variants = [(one.package, one.release_counter) for one in self.served.read().variants]
        return packages_for(self.home, [*((model.package, None) for model in self.site.models.values()), *variants])

    def note(self, action: str, node: NodeRecord, actor: str) -> None:
        """Write a change into the audit, where there is one. Raises `Unavailable`."""
        home = self.home
        log = begun_log(self.database, home.audit_keys, home.audit_public_keys_file, home.audit_witness_file)
        if log is not None:
            data = {"name": node.name, "address": node.address}
            log.append([NewRecord("system.node", None, None, actor, None, action, node.id, "ok", data)])

    def forget_unfinished(self, of_home: str | None = None) -> None:
        """Put out nodes that began to join and were not heard of again; those of one home folder at once."""
        since = iso(self.clock() - timedelta(seconds=FORGOTTEN_AFTER_S))
        for node in self.nodes.list():
            late = node.seen_at < since or (of_home is not None and node.facts.get("home_id") == of_home)
            if node.state == "joining" and late:
                self.nodes.set_state(node.id, "removed")
                self.note("node.forgotten", node, self.head.id)


@contextmanager
def open_registry(home: Home, site: SiteConfig, clock: Clock = utc_now) -> Iterator[Registry]:
    """Open the head's state; what is missing is made. Raises `ConfigError`, `Unavailable`."""
    home.create()
    database = Database.open(site.state.url or sqlite_url(home.database))
    try:
        database.migrate()
        nodes, authority = Nodes(database, clock), ensure_authority(home.secrets)
        tokens = JoinTokens(database, load_or_create_pepper(home.pepper_file), clock)
        head = ensure_head(home, site, nodes, authority)
        yield Registry(home, site, nodes, tokens, authority, head, Served(database), database, clock)
    finally:
        database.close()


def ensure_head(home: Home, site: SiteConfig, nodes: Nodes, authority: Authority) -> NodeRecord:
    """Return the head's own record, with its certificate; made, or brought up to what the site file says.

    Raises `ConfigError`, `Unavailable`, `Conflict` where another node has its address.
    """
    before = next((node for node in nodes.list() if node.role == "head"), None)
    node_id = new_node_id() if before is None else before.id
    files = ensure_node_certificate(home.secrets, authority, node_id, head_names(site))
    shown = read_certificate(files.certificate.read_bytes())
    facts = {
        "home_id": home_id_of(home), "first_port": site.cluster.port, "gateway_port": site.gateway.port,
        **summary_of(discover()),
    }  # fmt: skip
    head = NodeRecord(
        node_id, "head" if before is None else before.name, site.cluster.address, "head", appliance.__version__,
        shown.serial, shown.fingerprint, "ready", site.cluster.labels, facts,
    )  # fmt: skip
    return nodes.record(head) if before is None else nodes.update(head)


def record_of(node: JoiningNode, certificate: bytes) -> NodeRecord:
    """Return what is kept of a node that joins."""
    shown = read_certificate(certificate)
    facts = {
        "home_id": node.home_id, "first_port": node.first_port, "gateway_port": node.gateway_port,
        "architecture": node.architecture, "accelerator": node.accelerator, **summary_of(node.facts),
    }  # fmt: skip
    return NodeRecord(
        node.id, node.name, node.address, "worker", appliance.__version__, shown.serial, shown.fingerprint, "joining",
        node.labels, facts,
    )  # fmt: skip


def peer_of(node: NodeRecord) -> Peer:
    """Return where a recorded node is."""
    return Peer(id=node.id, address=node.address, port=int(node.facts["first_port"]))


def summary_of(facts: MachineFacts) -> dict[str, Any]:
    """Return of a machine what lists of nodes show."""
    return {
        "accelerators": [
            {"name": card.name, "vendor": card.vendor, "memory_total_bytes": card.memory_total_bytes}
            for card in facts.accelerators
        ],
        "drivers": [driver.model_dump() for driver in facts.drivers],
        "cpu": facts.processor.model,
        "cores": facts.processor.usable_cores,
        "memory_total_bytes": facts.memory.total_bytes,
        "operating_system": facts.operating_system,
    }


def settings_for(site: SiteConfig, address: str | None) -> dict[str, dict[str, object] | str]:
    """Return the parts of the head's settings that hold for a worker at `address` too."""
    gateway = site.gateway.model_dump(mode="json")
    if site.gateway.host == site.cluster.address and not site.cluster.alone:  # a worker's is where that worker is
        gateway["host"] = address
        if address is None:
            del gateway["host"]
    shared = ("port", "worker_port_min", "worker_port_max")
    cluster = site.cluster.model_dump(mode="json", include=set(shared))
    return {"language": site.language, "gateway": gateway, "cluster": cluster}
