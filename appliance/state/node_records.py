"""One node and one join token as they are stored, and what is told of those that cannot be used."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from typing import Any, Final, Literal, get_args

from appliance.core.errors import AuthenticationFailed, Conflict, InvalidRequest, NotFound
from appliance.core.ids import new_id
from appliance.core.messages import _

Role = Literal["head", "worker"]
NodeState = Literal["joining", "ready", "cordoned", "draining", "removed"]
NODE_STATES: Final[tuple[NodeState, ...]] = get_args(NodeState)
TokenState = Literal["active", "used", "expired", "revoked"]
READING: Final = "reading"
"""Fact of a node: what its processors, memory, disk and accelerators did at its last heartbeat."""
PIN_DIGITS: Final = 32
"""Hexadecimal digits of the authority's fingerprint that a join token carries: 128 bits."""

_ANOTHER_TOKEN = _("Make another one on the head node with `appliance node token create`.")
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", re.ASCII)
_TOKEN = re.compile(r"(njt_[0-9a-z]{26})\.[A-Za-z0-9_-]{43}\.([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True)
class NodeRecord:
    """One node. Times are RFC 3339 in UTC; `Nodes` writes those that are left empty."""

    id: str
    name: str
    address: str
    """IP address by which other nodes reach it."""
    role: Role
    version: str
    """Of the appliance there."""
    certificate_serial: str
    certificate_fingerprint: str
    state: NodeState = "joining"
    labels: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """A summary of its hardware; `accelerators` is a list of objects with `name`."""
    joined_at: str = ""
    seen_at: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {**vars(self), "labels": dict(self.labels), "facts": dict(self.facts)}


@dataclass(frozen=True)
class JoinToken:
    """What is kept of a join token: not its secret."""

    id: str
    created_by: str
    created_at: str
    expires_at: str
    revoked_at: str | None = None
    used_at: str | None = None
    used_by: str | None = None
    """The node that joined with it."""

    def state(self, now: str) -> TokenState:
        """Return what it is worth at `now`."""
        if self.used_at is not None:
            return "used"
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= now else "active"

    def to_dict(self, now: str) -> dict[str, Any]:
        """Return plain data."""
        return {**asdict(self), "state": self.state(now)}

    def check_good(self, now: str) -> None:
        """Raise `AuthenticationFailed` (`join_token_used`, `…_revoked`, `…_expired`) where it lets nobody join."""
        state = self.state(now)
        if state == "active":
            return
        told = {
            "used": _("The join token {id} is used: one token lets one node join.", id=self.id),
            "revoked": _("The join token {id} is revoked.", id=self.id),
            "expired": _("The join token {id} has expired.", id=self.id),
        }
        raise AuthenticationFailed(told[state], _ANOTHER_TOKEN, code=f"join_token_{state}")


def new_node_id() -> str:
    """Return an id for a node that joins."""
    return new_id("node")


def read_token(text: str) -> tuple[str, str]:
    """Return a join token's id and the first 32 digits of its authority's fingerprint, the pin.

    Raises `AuthenticationFailed` (`join_token_unknown`) for a text that is not one.
    """
    found = _TOKEN.fullmatch(text)
    if found is None:
        raise unknown_token()
    return found[1], found[2]


def unknown_token() -> AuthenticationFailed:
    """Return the error for a token that is not of this appliance: damaged, forged or of another one."""
    return AuthenticationFailed(
        _("The join token is not one of this appliance."), _ANOTHER_TOKEN, code="join_token_unknown"
    )


def check_node(node: NodeRecord) -> None:
    """Raise `InvalidRequest` where a node's name or address cannot be used."""
    if not _NAME.fullmatch(node.name):
        raise InvalidRequest(
            _("A node's name has up to 63 letters, digits, -, _ and ., the first and last a letter or digit."),
            param="name",
        )
    try:
        usable = str(ip_address(node.address)) == node.address
    except ValueError:
        usable = False
    if not usable:
        raise InvalidRequest(
            _("{address} is not an IP address as it is written.", address=ascii(node.address[:80])), param="address"
        )


def taken(node: NodeRecord, by: NodeRecord) -> Conflict:
    """Return the error for a node whose id, address or name another one has that is not removed."""
    remove = _("Remove that one first with `appliance node remove {name}`, if it is gone.", name=by.name)
    if by.id == node.id:
        return Conflict(
            _("This machine is already the node {name} ({id}, {state}).", name=by.name, id=by.id, state=by.state),
            remove,
            code="node_known",
        )
    if by.address == node.address:
        return Conflict(
            _("The address {address} belongs to the node {name}.", address=by.address, name=by.name),
            remove,
            param="address",
            code="node_address_taken",
        )
    return Conflict(
        _("The name {name} belongs to the node at {address}.", name=by.name, address=by.address),
        _("Join with another name, or remove that node first with `appliance node remove {name}`.", name=by.name),
        param="name",
        code="node_name_taken",
    )


def no_node(name: str) -> NotFound:
    """Return the error for a node that is not there."""
    return NotFound(
        _("There is no node {name}.", name=ascii(name[:80])), _("`appliance node list` shows every node."), param="name"
    )


def no_token(token_id: str) -> NotFound:
    """Return the error for a join token that is not there."""
    return NotFound(
        _("There is no join token {id}.", id=ascii(token_id[:80])),
        _("`appliance node token list` shows every token."),
        param="id",
    )
