"""A head and a relay in one process, joined by real TLS on loopback."""

import asyncio
import hashlib
import json
from contextlib import asynccontextmanager

from appliance.cluster.certificates import (
    client_context,
    ensure_authority,
    ensure_node_certificate,
    new_request,
    server_context,
    store_node_certificate,
)
from appliance.cluster.membership import Membership, Peer
from appliance.cluster.renewal import Renewed
from appliance.config.site import GatewaySettings, SiteConfig
from appliance.serving.gateway.inner import InnerPort
from appliance.serving.gateway.server import server_of
from appliance.serving.relay.app import Relay
from appliance.serving.relay.head import Head, HeadPlace
from appliance.state.node_records import new_node_id
from tests.unit.serving.ports import free_port

ADDRESS = "127.0.0.1"


class Certificates:
    """An authority, the head's files, and those of a node that has joined."""

    def __init__(self, folder, address=ADDRESS):
        self.authority = ensure_authority(folder / "head")
        self.head = ensure_node_certificate(folder / "head", self.authority, "node_head", [address])
        self.worker = self.node(folder / "worker", "node_worker")

    def node(self, folder, node_id):
        key, request = new_request(node_id, [ADDRESS])
        folder.mkdir()
        return store_node_certificate(
            folder, key, self.authority.issue(request, node_id, [ADDRESS]), self.authority.pem
        )


class HeadApp:
    """What the head's gateway does here: says what it got, and streams what a test tells it."""

    def __init__(self):
        self.scopes = []
        self.ended = []
        self.pieces = asyncio.Queue()
        self.taken = asyncio.Event()
        self.may_take = asyncio.Event()
        self.may_take.set()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.content_type = b"text/event-stream"

    async def __call__(self, scope, receive, send):
        self.scopes.append(scope)
        try:
            if scope["path"].endswith("/refused"):
                await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"2")]})
                await send({"type": "http.response.body", "body": b"no"})
            elif b"stream" in scope["query_string"]:
                await self._stream(receive, send)
            else:
                await self._echo(scope, receive, send)
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        self.ended.append("done")

    async def _stream(self, receive, send):
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-type", self.content_type), (b"connection", b"x-own"), (b"x-own", b"1"), (b"x-kept", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while (piece := await self.pieces.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _echo(self, scope, receive, send):
        digest, length, more = hashlib.sha256(), 0, True
        while more:
            await self.may_take.wait()
            message = await receive()
            digest.update(message["body"])
            length += len(message["body"])
            more = message["more_body"]
            self.taken.set()
        await self.may_answer.wait()
        told = {
            "method": scope["method"],
            "path": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
            "client": scope["client"][0],
            "scheme": scope["scheme"],
            "length": length,
            "digest": digest.hexdigest(),
        }
        body = json.dumps(told).encode()
        headers = [(b"content-length", str(len(body)).encode()), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await send({"type": "http.response.start", "status": 207, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class RawHead:
    """A head that ends connections as its script says: each word is for one request, the last one for all further."""

    def __init__(self, *script):
        self.script = list(script)
        self.requests = []
        self.connections = 0

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
                )
                body = await reader.readexactly(length)
                if head.startswith(b"GET /healthz"):
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                    continue
                self.requests.append((head.split(b"\r\n")[0].decode(), body))
                word = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                if word == "closes":
                    break
                if word == "answers":
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                    continue
                writer.write(word)
                await writer.drain()
                await asyncio.sleep(0.1)
                writer.transport.abort()  # as a process that is killed
                break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def listening(self, certificates, port=0):
        tls = server_context(certificates.head, client_required=True)
        server = await asyncio.start_server(self, ADDRESS, port, ssl=tls)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()


def head_servers(app, certificates, belongs=lambda node: True, port=0, address=ADDRESS, **settings):
    """Bind a plain and an inner port before an application, as a head does."""
    tls = Renewed.server(certificates.head)
    site = SiteConfig(gateway=GatewaySettings(port=free_port(), **settings))
    return server_of(app, site, InnerPort(address, port, tls, belongs))


@asynccontextmanager
async def head_with(app, certificates, **options):
    """Serve an application as a head does; gives the plain and the inner port."""
    servers = head_servers(app, certificates, **options)
    await servers.start()
    try:
        yield servers.ports
    finally:
        await servers.stop(0.2)


@asynccontextmanager
async def relay_to(port, files, leaving=lambda: False, **settings):
    """Serve a relay to a head's inner port; gives its own port."""
    site = SiteConfig(gateway=GatewaySettings(port=free_port(), **settings))
    async with Head(HeadPlace(ADDRESS, port), client_context(files)) as head:
        servers = server_of(Relay(head, site.language, leaving), site)
        await servers.start()
        watching = asyncio.create_task(head.watch())
        try:
            yield servers.ports[0]
        finally:
            await servers.stop(0.2)
            watching.cancel()
            await asyncio.wait([watching])


def worker_home(home, certificates, inner, port, head=ADDRESS, host=ADDRESS):
    """Write the home of a node that has joined, whose gateway is to listen at `host` and `port`."""
    (home / "secrets").mkdir(parents=True)
    for path in (certificates.worker.key, certificates.worker.certificate, certificates.worker.authority):
        (home / "secrets" / path.name).write_bytes(path.read_bytes())
    member = Membership(
        state="joined", node_id=new_node_id(), name="w", address=host,
        head=Peer(id=new_node_id(), address=head, port=inner - 11),
    )  # fmt: skip
    (home / "node.json").write_text(member.model_dump_json())
    (home / "site.yaml").write_text(f"gateway: {{host: {host}, port: {port}}}\n")
    return home
