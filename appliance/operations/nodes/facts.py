"""What the machines of the appliance are, for the planner: this one by discovery, the others by their node services."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from json import dumps
from ssl import SSLContext
from typing import Final

from pydantic import ValidationError

from appliance.catalogue.devices import Node
from appliance.cluster.certificates import client_context, node_files
from appliance.cluster.enrolment import FACTS_PATH
from appliance.cluster.peers import NodeClient
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.hardware.discovery import discover
from appliance.hardware.facts import MachineFacts
from appliance.operations.nodes.listing import list_nodes
from appliance.serving.nodes.head import peer_of
from appliance.state.nodes import NodeRecord

_AT_ONCE: Final = 16
"""Nodes that are asked at the same time: of those that are down each takes its whole timeout."""


def nodes_to_plan_on(home: Home, site: SiteConfig) -> tuple[tuple[Node, ...], tuple[Message, ...]]:
    """Return the machines that models may be placed on, under their names, and what is to be said of the others.

    That is this machine alone where there are no workers, else each node that is ready and answers. Raises
    `ConfigError` for certificates that cannot be used, `Unavailable` where the database cannot be asked.
    """
    records = () if home.node_file.exists() else list_nodes(home, site)
    if all(record.role == "head" for record in records):
        return (Node("node-1", discover(folders=(home.root,))),), ()
    ready = [record for record in records if record.state == "ready"]
    closed = [_closed(record) for record in records if record.state in ("cordoned", "draining")]
    found = _facts_of(home, ready)
    nodes = tuple(Node(record.name, facts) for record, facts in found if isinstance(facts, MachineFacts))
    silent = [_silent(record, facts) for record, facts in found if isinstance(facts, Message)]
    return nodes, (*closed, *silent)


def _facts_of(home: Home, records: Sequence[NodeRecord]) -> list[tuple[NodeRecord, MachineFacts | Message]]:
    """Return of each node what it is, or why that is not known."""
    context = client_context(node_files(home.secrets))
    with ThreadPoolExecutor(_AT_ONCE) as threads:  # each in a context of its own: the language is one's
        asked = [threads.submit(copy_context().run, partial(_ask, home, record, context)) for record in records]
        return [(record, answer.result()) for record, answer in zip(records, asked, strict=True)]


def _ask(home: Home, record: NodeRecord, context: SSLContext) -> MachineFacts | Message:
    if record.role == "head":
        return discover(folders=(home.root,))
    peer = peer_of(record)
    try:
        with NodeClient(peer.address, peer.ports.peer, context) as client:
            return MachineFacts.model_validate_json(dumps(client.get(FACTS_PATH)))
    except ApplianceError as error:
        return error.message
    except ValidationError:
        return _("its facts are not those of this version")


def _closed(record: NodeRecord) -> Message:
    return _("{node}: nothing is planned on it: it takes no new work.", node=record.name)


def _silent(record: NodeRecord, reason: Message) -> Message:
    return _("{node}: nothing is planned on it: {reason}", node=record.name, reason=reason)
