"""A head and machines that join it, on loopback: each its own home folder, address and ports, over real TLS."""

import asyncio
import contextlib
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import yaml

from appliance.cluster.certificates import client_context, ensure_authority, node_files
from appliance.cluster.membership import Peer, read_membership
from appliance.cluster.peers import NodeClient
from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import ApplianceError
from appliance.operations.nodes.joining import Joined, JoinWish, join
from appliance.serving.nodes.service import serve_node
from appliance.state.database import Database, sqlite_url
from appliance.state.nodes import JoinTokens, Nodes
from appliance.state.secret_files import load_or_create_pepper
from tests.unit.operations.small_models import write_model
from tests.unit.serving.ports import free_port, free_ports

HEAD = "127.0.0.1"
PORTS = 12


def write_site(home: Home, **settings) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    home.site_file.write_text(yaml.safe_dump(settings), encoding="utf-8")


@contextmanager
def running(home: Home):
    """Run a node's service in a thread until the block ends."""
    loop, up, failure = asyncio.new_event_loop(), threading.Event(), []

    async def serve():
        await serve_node(home, load_site(home.site_file), up.set)

    task = loop.create_task(serve())

    def work():
        try:
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        except ApplianceError as error:
            failure.append(error)
        finally:
            up.set()
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    up.wait()
    try:
        if failure:
            raise failure[0]
        yield
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)
        thread.join()


class Cluster:
    """The head's home, and what tests ask of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "head")
        self.first_port = free_ports(PORTS)
        write_site(
            self.home,
            language="zh_CN",
            gateway={"port": free_port()},
            cluster={"port": self.first_port, "address": HEAD},
            models={"general": {"package": "base"}},
        )
        write_model(self.home.models / "base", weights=b"{" + b" " * (6 << 20) + b"}")
        self.home.create()
        self.database = Database.open(sqlite_url(self.home.database))
        self.database.migrate()
        self.nodes = Nodes(self.database)
        self.tokens = JoinTokens(self.database, load_or_create_pepper(self.home.pepper_file))
        self.fingerprint = ensure_authority(self.home.secrets).fingerprint

    @property
    def peer(self) -> Peer:
        head = next(node for node in self.nodes.list() if node.role == "head")
        return Peer(id=head.id, address=HEAD, port=self.first_port)

    def token(self, valid_s: float = 600, fingerprint: str | None = None) -> str:
        _record, text = self.tokens.create("test", valid_s, fingerprint or self.fingerprint)
        return text

    def machine(self, name: str, **settings) -> Home:
        """Return a home folder for a machine that is to join, with ports of its own."""
        home = Home(self.folder / name)
        write_site(home, cluster={"port": free_ports(PORTS)}, gateway={"port": free_port()}, **settings)
        return home

    def join(self, home: Home, token: str, address: str, start=lambda _home: iter(()), **more) -> list:
        """Join, and return everything that was told."""
        wish = JoinWish(f"{HEAD}:{self.first_port + 9}", token, home.root.name, address, more.pop("labels", {}))
        return list(join(home, wish, start, **more))

    def joined(self, name: str, address: str) -> Home:
        home = self.machine(name)
        *_news, joined = self.join(home, self.token(), address)
        assert isinstance(joined, Joined)
        return home

    def workers(self):
        return [node for node in self.nodes.list() if node.role == "worker"]


@contextmanager
def running_cluster(folder: Path):
    """Give a head whose node service runs until the block ends."""
    found = Cluster(folder)
    with closing(found.database), running(found.home):
        yield found


def called(home: Home, peer: Peer) -> NodeClient:
    """Return a client of `peer` with the certificate of a node."""
    return NodeClient(peer.address, peer.ports.peer, client_context(node_files(home.secrets)))


def left_in(home: Home) -> set[str]:
    """Return what of joining is in a home folder."""
    traces = [home.node_file, *home.secrets.glob("*"), *home.models.glob("*"), *home.root.glob("*.before-join")]
    return {path.name for path in traces if path.exists()}


def is_worker(home: Home) -> bool:
    found = read_membership(home)
    return found is not None and found.state == "joined"
