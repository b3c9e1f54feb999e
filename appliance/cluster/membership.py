"""What a worker keeps of the cluster that it belongs to: `node.json` in its home folder."""

import hashlib
import json
import platform
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.cluster.node import RayPorts
from appliance.config.home import Home
from appliance.config.scaling import Label
from appliance.config.site import Address, ClusterSettings, Port
from appliance.core.errors import ConfigError
from appliance.core.files import write_durably
from appliance.core.messages import _

_MACHINE_ID: Final = Path("/etc/machine-id")

NodeId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
NodeName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")]


class Wire(BaseModel):
    """Frozen, refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Peer(Wire):
    """Where another node is."""

    id: NodeId
    address: Address
    port: Port
    """First of its twelve ports, `cluster.port` there."""

    @property
    def ports(self) -> RayPorts:
        """All of them. Raises `ConfigError`."""
        return RayPorts.from_settings(ClusterSettings(port=self.port))


class Membership(Wire):
    """`node.json` of a worker."""

    role: Literal["worker"] = "worker"
    state: Literal["joining", "joined", "removed"]
    """`joining`: what was begun and not ended. `removed`: the head has put it out. Joining again clears both away."""
    node_id: NodeId
    name: NodeName
    address: Address
    head: Peer
    had_site: bool = False
    """Whether there was a site file before; joining keeps it beside its own."""


class NodeStanding(Wire):
    """What the head said of this worker at the last heartbeat."""

    state: str
    """As in the head's registry: ready, cordoned, draining, …"""
    labels: dict[Label, Label] = Field(default_factory=dict)
    """Labels of the node, the site file's and those that were put on it later; they count from the next start on."""


def read_standing(home: Home) -> NodeStanding | None:
    """Return what the head said last; None before the first time."""
    try:
        return NodeStanding.model_validate_json(home.node_state_file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def read_membership(home: Home) -> Membership | None:
    """Return what a worker keeps; None on the head and on a node that never joined. Raises `ConfigError`."""
    try:
        return Membership.model_validate_json(home.node_file.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise ConfigError(
            _("The file {path} is damaged.", path=home.node_file),
            _("Remove the node on the head with `appliance node remove`, delete the file, and let it join again."),
        ) from error


def write_membership(home: Home, membership: Membership) -> None:
    """Keep it durably. Raises `DiskFull`."""
    write_durably(home.node_file, json.dumps(membership.model_dump(mode="json"), indent=2).encode())


def home_id_of(home: Home, machine_id: Path = _MACHINE_ID) -> str:
    """Return what tells one home folder on one machine from every other, 64 hexadecimal digits."""
    try:
        machine = machine_id.read_text(encoding="ascii").strip()
    except OSError:
        machine = platform.node()
    return hashlib.sha256(f"{machine}\n{home.root.resolve()}".encode()).hexdigest()
