"""What must hold of a machine before it becomes a node. Each check passes in silence, or raises why not."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final

import httpx
from pydantic import ValidationError

from appliance.cluster.enrolment import JoinRequest, Versions
from appliance.cluster.membership import Peer
from appliance.config.home import Home
from appliance.core.clock import Clock
from appliance.core.errors import Conflict
from appliance.core.messages import Message, _
from appliance.core.networks import with_port
from appliance.core.units import human_bytes, human_seconds
from appliance.core.validation import invalid_request
from appliance.hardware.choice import driver_fault, vendors_found
from appliance.packages.platform.releases import Installation
from appliance.packages.signed.reading import ROOM
from appliance.state.nodes import NodeRecord

LARGEST_SKEW_S: Final = 5.0
_CALL_BACK_S: Final = 3.0
_LONGEST_ANSWER: Final = 4096


def check_versions(told: object, here: Versions) -> None:
    """Raise `Conflict` where anything that must be the same on both sides is not."""
    found = told if isinstance(told, Mapping) else {}
    names: dict[str, str | Message] = {
        "appliance": "appliance", "release": _("release of the platform"), "python": "Python", "ray": "Ray",
        "vllm": "vLLM",
    }  # fmt: skip
    for name, title in names.items():
        theirs, ours = found.get(name), getattr(here, name)
        if theirs != ours:
            raise Conflict(
                _(
                    "The versions differ: {what} is {theirs} on the node and {ours} on the head.",
                    what=title, theirs=_shown(theirs), ours=_shown(ours),
                ),
                _("Install the same release of the appliance on both, then join again."),
                code="node_version_differs",
            )  # fmt: skip


def check_not_upgrading(home: Home, installation: Installation | None) -> None:
    """Raise `Conflict` while the head's platform is being changed: the node would meet another release."""
    if home.returning_file.exists() or (installation is not None and installation.busy()):
        raise Conflict(
            _("The head node is in the middle of an upgrade."),
            _("Join when it has ended; the token stays good until it expires."),
            code="upgrade_in_progress",
        )


def read_request(body: Mapping[str, Any]) -> JoinRequest:
    """Return what the node says of itself. Raises `InvalidRequest`."""
    told = {name: value for name, value in body.items() if name not in ("token", "versions")}
    try:
        return JoinRequest.model_validate(told)
    except ValidationError as error:
        raise invalid_request(error, told) from error


def check_new(asked: JoinRequest, there: tuple[NodeRecord, ...]) -> None:
    """Raise `Conflict` for a home folder that is a node already. `there`: nodes that are not removed."""
    for node in there:
        if node.facts.get("home_id") == asked.node.home_id:
            raise Conflict(
                _("This machine is already the node {name} ({id}, {state}).", name=node.name, id=node.id,
                  state=node.state),
                _("Remove that one first with `appliance node remove {name}`, if it is gone.", name=node.name),
                code="node_known",
            )  # fmt: skip


def check_address(address: str, head: Peer) -> None:
    """Raise `Conflict` for an address that only one of the two sides could use."""
    if ip_address(head.address).is_loopback and not ip_address(address).is_loopback:
        raise Conflict(
            _("The head node listens on {address} only: no other machine reaches it.", address=head.address),
            _("Set cluster.address in the head's site file to its address in your network and start it again."),
            code="head_on_loopback",
        )
    if ip_address(address).is_loopback and not ip_address(head.address).is_loopback:
        raise Conflict(
            _("Other nodes cannot reach {address}.", address=address),
            _("Join with --address and the node's address in your network."),
            param="address",
            code="node_address_not_reached",
        )


def check_drivers(asked: JoinRequest) -> None:
    """Raise `Conflict` where the node has cards whose driver cannot carry the engine."""
    if asked.node.accelerator == "cpu":
        return
    for vendor in vendors_found(asked.node.facts):
        fault = driver_fault(asked.node.facts, vendor)
        if fault is not None:
            raise Conflict(
                fault,
                _("Mend the driver, or set accelerator: cpu in the node's site file; then join again."),
                code="node_driver_unfit",
            )


def check_disk(asked: JoinRequest) -> None:
    """Raise `Conflict` where the packages do not fit on the node's disk."""
    needed, free = int(asked.node.missing_bytes * ROOM), asked.node.free_bytes
    if free is not None and free < needed:
        raise Conflict(
            _(
                "The packages need {needed} on the node; {free} is free.",
                needed=human_bytes(needed), free=human_bytes(free),
            ),
            _("Free some space there, or set APPLIANCE_HOME to a folder on a larger disk."),
            code="node_disk_full",
        )  # fmt: skip


def call_back(asked: JoinRequest, clock: Clock) -> None:
    """Ask the node at the address that it gave: others will. Raises `Conflict` where it is not there, or its clock off.

    Its clock is compared with the middle between question and answer.
    """
    node = asked.node
    place = with_port(node.address, Peer(id=node.id, address=node.address, port=node.first_port).ports.peer)
    before, begun = clock(), time.monotonic()
    try:
        told = json.loads(_fetched(f"http://{place}/{asked.nonce}"))
        nonce, theirs = told["nonce"], datetime.fromisoformat(told["clock"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, httpx.HTTPError):
            reason = Message("{reason}", (("reason", str(error) or type(error).__name__),))
        else:
            reason = _("something else answers there")
        raise _not_reached(place, reason) from error
    if nonce != asked.nonce or theirs.tzinfo is None:
        raise _not_reached(place, _("another machine answers there"))
    middle = before.timestamp() + (time.monotonic() - begun) / 2
    skew = theirs.astimezone(UTC).timestamp() - middle
    if abs(skew) > LARGEST_SKEW_S:
        shown = {"skew": human_seconds(abs(skew)), "most": human_seconds(LARGEST_SKEW_S)}
        ahead = _("The node's clock is {skew} ahead of the head's; {most} are allowed.", **shown)
        behind = _("The node's clock is {skew} behind the head's; {most} are allowed.", **shown)
        raise Conflict(
            ahead if skew > 0 else behind,
            _("Set both by the same time server (NTP), then join again."),
            code="node_clock_skewed",
        )


def _fetched(url: str) -> bytes:
    """Return a short answer; more than that is nobody's that we asked. Raises httpx's errors, ValueError."""
    with httpx.Client(timeout=_CALL_BACK_S, trust_env=False) as client, client.stream("GET", url) as answer:
        body = b""
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > _LONGEST_ANSWER:
                raise ValueError("too long")
        return body


def _not_reached(place: str, reason: Message) -> Conflict:
    return Conflict(
        _("The head cannot reach the node at {place}: {reason}.", place=place, reason=reason),
        _("Give the address that others reach with --address, and open the port in firewalls between both."),
        param="address",
        code="node_address_not_reached",
    )


def _shown(value: object) -> Message:
    """Return a version as it is told, or that there is none."""
    return _("none") if value is None else Message("{value}", (("value", str(value)[:80]),))
