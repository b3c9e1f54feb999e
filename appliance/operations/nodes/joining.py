"""Make this machine a node: look before asking, ask, write, fetch packages, start; what fails is taken back.

Until the head has written the node down nothing is changed here. After that, a failure puts the node out again at the
head and takes its files away here; packages that have come stay, and the next attempt need not fetch them again.
"""

import contextlib
import platform
import re
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, TypeVar

from pydantic import ValidationError

from appliance.cluster.certificates import (
    check_authority,
    client_context,
    enrolling_context,
    new_request,
    node_files,
)
from appliance.cluster.enrolment import (
    AUTHORITY_PATH,
    HEARTBEAT_PATH,
    JOIN_PATH,
    LEAVE_PATH,
    OFFER_PATH,
    JoinAnswer,
    JoiningNode,
    Offer,
    Versions,
)
from appliance.cluster.fetching import fetch_packages
from appliance.cluster.membership import Membership, Peer, home_id_of, read_membership
from appliance.cluster.node import RayPorts
from appliance.cluster.peers import NodeClient, shaped, unreachable
from appliance.config.home import Home
from appliance.config.site import ClusterSettings, SiteConfig
from appliance.core.clock import Clock, utc_now
from appliance.core.errors import ApplianceError, ConfigError, InvalidRequest, PermissionDenied, Unavailable
from appliance.core.messages import Message, _
from appliance.core.networks import with_port
from appliance.core.progress import Progress
from appliance.core.units import GIB
from appliance.hardware.choice import choose_accelerator
from appliance.hardware.discovery import discover, read_disk
from appliance.hardware.engines import installed_engine
from appliance.hardware.facts import MachineFacts
from appliance.operations.down import take_down
from appliance.operations.nodes.answering import answering
from appliance.operations.nodes.worker_files import (
    check_home,
    end_joining,
    read_wanted,
    remove_worker_files,
    worker_site,
    write_worker_files,
)
from appliance.operations.preflight import check_certificate, check_disk, check_ports
from appliance.operations.transfer import told
from appliance.packages.sharing import has_whole
from appliance.packages.signed.reading import ROOM
from appliance.state.nodes import new_node_id, read_token

_JOIN_TIMEOUT_S: Final = 60.0
_BEAT_EVERY_S: Final = 30.0
_DISK_NEEDED: Final = 1 * GIB  # logs and sessions, beside packages

Start = Callable[[Home], Iterator[Progress]]
"""Starts what runs on a node, and yields each step's news. Raises `StartFailed`."""
Moves = TypeVar("Moves")


@dataclass(frozen=True)
class JoinWish:
    """What the command line says."""

    head: str
    """HOST, HOST:PORT or [ADDRESS]:PORT; without a port that of the default site file."""
    token: str
    name: str | None = None
    address: str | None = None
    """This node's, as others reach it; None: the one that this machine reaches the head from."""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Joined:
    """The node that this machine has become."""

    node_id: str
    name: str
    address: str
    head: str


def join(home: Home, wish: JoinWish, start: Start, clock: Clock = utc_now) -> Iterator[Progress | Joined]:
    """Make the machine a node of the appliance at `wish.head`; yield each step's news, at last the node.

    Raises the error tree; then nothing of it is left here, nor at the head.
    """
    title = _("Check this machine")
    yield Progress("node.check", title)
    check_home(home)
    _token_id, pin = read_token(wish.token)
    head, port = head_place(wish.head)
    address = _own_address(wish.address, head, port)
    versions = Versions.here().model_dump()
    with NodeClient(head, port, _pinned(head, port, pin), _JOIN_TIMEOUT_S) as client:
        asked = {"token": wish.token, "versions": versions, "address": address}
        offer = shaped(Offer, client.post(OFFER_PATH, asked), client)
        candidate = _look(home, wish, address, offer)
        yield Progress("node.check", title, "done")
        title = _("Join the appliance at {head}", head=client.place)
        yield Progress("node.join", title)
        key, request = new_request(candidate.id, [address])
        nonce = secrets.token_hex(16)
        own_ports = Peer(id=candidate.id, address=address, port=candidate.first_port).ports
        body = {**asked, "request": request.decode(), "nonce": nonce, "node": candidate.model_dump(mode="json")}
        del body["address"]
        with answering(address, own_ports.peer, nonce, clock):
            answer = shaped(JoinAnswer, client.post(JOIN_PATH, body), client)
    with _or_back(home, answer.head):
        membership = _settle(home, wish, candidate, key, answer)
        yield Progress("node.join", title, "done")
        yield from _finish(home, membership, start)
    yield Joined(candidate.id, candidate.name, address, answer.head.address)


def can_go_on(home: Home) -> bool:
    """Tell whether a join was cut here, by a power cut or a kill, after the head had let the node in."""
    membership = read_membership(home)
    return membership is not None and membership.state == "joining" and read_wanted(home) is not None


def go_on(home: Home, start: Start) -> Iterator[Progress | Joined]:
    """Go on with a join that was cut, without a token: its certificate is one. As `join`; see `can_go_on`.

    A head that is away is no failure: nothing is taken back, and this may be tried again. Raises `Unavailable` then.
    """
    membership = read_membership(home)
    assert membership is not None, "who calls has asked `can_go_on`"
    title = _("Join the appliance at {head}", head=membership.head.address)
    yield Progress("node.join", title)
    try:
        _beat(membership.head, client_context(node_files(home.secrets)))
    except PermissionDenied as error:  # it was away for too long, and is put out
        leave(home, membership.head)
        raise _taken_back(error, heard=True) from error
    yield Progress("node.join", title, "skipped", _("it goes on where it was cut"))
    with _or_back(home, membership.head):
        yield from _finish(home, membership, start)
    yield Joined(membership.node_id, membership.name, membership.address, membership.head.address)


def head_place(text: str) -> tuple[str, int]:
    """Return address and join port of the head. Raises `InvalidRequest`, `ConfigError` for a name nobody knows."""
    found = re.fullmatch(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]\s/]+))(?::(?P<port>[0-9]{1,5}))?", text)
    bare = _is_address(text)
    if found is None and not bare:
        raise InvalidRequest(
            _("{text} is not an address.", text=ascii(text[:80])),
            _("Write HOST or HOST:PORT, an IPv6 address in brackets: [2001:db8::1]:6389."),
            param="head",
        )
    host = text if bare or found is None else found["six"] or found["host"]
    written = None if bare or found is None else found["port"]
    port = int(written) if written else RayPorts.from_settings(ClusterSettings()).join
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, OverflowError, UnicodeError) as error:
        raise ConfigError(
            _("The name {host} has no address.", host=ascii(host[:80])),
            _("Write the head's IP address, or have the name put into DNS."),
        ) from error
    # Certificates name addresses: a name is only a way to find one.
    return str(infos[0][4][0]), port


@contextlib.contextmanager
def _or_back(home: Home, head: Peer) -> Iterator[None]:
    """Take back what fails inside, and raise it with what became of the node."""
    try:
        yield
    except ApplianceError as error:
        raise _taken_back(error, heard=leave(home, head)) from error
    except BaseException:  # Ctrl-C, or the caller has gone away
        leave(home, head)
        raise


def leave(home: Home, head: Peer) -> bool:
    """End what runs here, put the node out at the head, take its files away; tell whether the head has heard of it."""
    heard = False
    with contextlib.suppress(ApplianceError):  # the reason for leaving is what people must read
        for _step in take_down(home):
            pass
    with contextlib.suppress(ApplianceError):  # the head forgets by itself a node that never ended joining
        context = client_context(node_files(home.secrets))
        with NodeClient(head.address, head.ports.peer, context) as client:
            client.post(LEAVE_PATH, {})
            heard = True
    remove_worker_files(home)
    return heard


def _settle(home: Home, wish: JoinWish, node: JoiningNode, key: bytes, answer: JoinAnswer) -> Membership:
    """Write what makes this machine a node, once the head has written it down."""
    _site, text = worker_site(home, answer.settings, node.address, wish.labels)
    membership = Membership(
        state="joining", node_id=node.id, name=node.name, address=node.address, head=answer.head,
        had_site=home.site_file.exists(),
    )  # fmt: skip
    home.create()
    write_worker_files(home, membership, key, answer, text)
    return membership


def _finish(home: Home, membership: Membership, start: Start) -> Iterator[Progress]:
    """Fetch what is missing and start; a power cut in it costs nothing."""
    context, wanted = client_context(node_files(home.secrets)), read_wanted(home)
    assert wanted is not None, "written with the other files"
    moves = fetch_packages(home, wanted.packages, wanted.peers, context)
    yield from told("node.packages", _("Fetch packages"), _beating(moves, membership.head, context))
    yield from start(home)
    _beat(membership.head, context, ready=True)
    end_joining(home, membership)


def _look(home: Home, wish: JoinWish, address: str, offer: Offer) -> JoiningNode:
    """Check here what can be checked before asking, and return what to say. Raises `PreflightError`, `ConfigError`."""
    site, _text = worker_site(home, offer.settings, address, wish.labels)
    ports = RayPorts.from_settings(site.cluster)
    own = (
        ports.node_manager, ports.object_manager, ports.agent_grpc, ports.agent_http, ports.runtime_env_agent,
        ports.metrics, ports.peer,
    )  # fmt: skip
    check_ports(
        [(site.gateway.host, site.gateway.port, "gateway.port"), *((address, port, "cluster.port") for port in own)]
    )
    check_certificate(home, site)
    facts = discover()
    choose_accelerator(site.accelerator, facts, installed_engine())
    missing = sum(package.size for package in offer.packages if not has_whole(home, package))
    check_disk(home.root, int(missing * ROOM) + _DISK_NEEDED)
    return _said(home, wish, address, site, facts, missing)


def _said(home: Home, wish: JoinWish, address: str, site: SiteConfig, facts: MachineFacts, missing: int) -> JoiningNode:
    name = _own_name() if wish.name is None else wish.name
    said = {
        "id": new_node_id(), "name": name, "address": address, "home_id": home_id_of(home),
        "architecture": platform.machine(), "accelerator": site.accelerator, "facts": facts,
        "free_bytes": read_disk(home.root).free_bytes, "missing_bytes": missing, "first_port": site.cluster.port,
        "gateway_port": site.gateway.port, "labels": dict(site.cluster.labels),
    }  # fmt: skip
    try:
        return JoiningNode.model_validate(said)
    except ValidationError as error:
        raise InvalidRequest(
            _("{name} cannot be a node's name.", name=ascii(name[:80])),
            _("Use up to 63 letters, digits, -, _ and ., the first and last a letter or digit."),
            param="name",
        ) from error


def _pinned(head: str, port: int, pin: str) -> ssl.SSLContext:
    """Return what trusts the one authority that the token names. Raises `ConfigError` where another answers."""
    with NodeClient(head, port, enrolling_context()) as client:
        authority = client.text(AUTHORITY_PATH)
    check_authority(authority, pin)
    return enrolling_context(authority)


def _own_address(wanted: str | None, head: str, port: int) -> str:
    """Return this node's address. Raises `InvalidRequest`, `Unavailable` where the head is out of reach."""
    if wanted is not None:
        if not _is_address(wanted):
            raise InvalidRequest(
                _("{address} is not an IP address as it is written.", address=ascii(wanted[:80])), param="address"
            )
        return str(ip_address(wanted))
    try:
        with socket.create_connection((head, port), timeout=5) as connection:
            return str(ip_address(connection.getsockname()[0].partition("%")[0]))
    except OSError as error:
        raise unreachable(with_port(head, port), error.strerror or str(error)) from error


def _own_name() -> str:
    """Return the machine's name, as far as it can be a node's."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", platform.node().partition(".")[0])[:63].strip("-") or "node"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _beating(moves: Iterable[Moves], head: Peer, context: ssl.SSLContext) -> Iterator[Moves]:
    """Pass moves on, and tell the head now and then that this goes on."""
    beaten = time.monotonic()
    for move in moves:
        if time.monotonic() - beaten >= _BEAT_EVERY_S:
            beaten = time.monotonic()
            with contextlib.suppress(Unavailable):  # it has to be there at the end
                _beat(head, context)
        yield move


def _beat(head: Peer, context: ssl.SSLContext, *, ready: bool = False) -> None:
    with NodeClient(head.address, head.ports.peer, context) as client:
        client.post(HEARTBEAT_PATH, {"ready": ready})


def _taken_back(error: ApplianceError, *, heard: bool) -> ApplianceError:
    """Return the failure with what became of the node."""
    if heard:
        back = _("The node was taken back. Make a new token with `appliance node token create` and join again.")
    else:
        back = _(
            "The head does not answer: it puts the node out by itself in 15 minutes. Then make a new token with "
            "`appliance node token create` and join again."
        )
    hint = back if error.hint is None else Message("{first} {second}", (("first", error.hint), ("second", back)))
    return type(error)(error.message, hint, code=error.code)
