"""The head's inner port: who may come in, and what is believed of a request that a node hands in."""

import asyncio
import socket
import ssl

import httpx
import pytest

from appliance.cluster.certificates import (
    client_context,
    enrolling_context,
    ensure_node_certificate,
    read_certificate,
)
from appliance.cluster.renewal import Renewed
from appliance.config.home import Home
from appliance.config.site import ClusterSettings, GatewaySettings, SiteConfig
from appliance.core.errors import ConfigError, StartFailed
from appliance.serving.gateway import inner
from appliance.serving.gateway.app import build_app
from appliance.serving.gateway.opening import inner_port
from appliance.serving.gateway.server import HttpServer
from appliance.state.nodes import NodeRecord, Nodes
from tests.unit.serving.ports import free_port
from tests.unit.serving.relays import ADDRESS, Certificates, HeadApp, head_servers, head_with

BROKEN = (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError)  # TLS 1.3 tells a client late


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def app():
    return HeadApp()


def node_client(port, tls):
    return httpx.AsyncClient(base_url=f"https://{ADDRESS}:{port}", verify=tls, timeout=20)


def plain_client(port, key):
    return httpx.AsyncClient(base_url=f"http://{ADDRESS}:{port}", headers={"Authorization": f"Bearer {key}"})


async def test_nobody_comes_in_without_a_certificate_of_this_authority(certificates, app, tmp_path):
    stranger = Certificates(tmp_path)
    own = client_context(stranger.worker)
    own.load_verify_locations(certificates.worker.authority)
    async with head_with(app, certificates) as (_plain, port):
        for tls in (enrolling_context(certificates.authority.pem), own):
            async with node_client(port, tls) as client:
                with pytest.raises(BROKEN):
                    await client.get("/x")
        with pytest.raises(BROKEN):
            async with httpx.AsyncClient() as client:
                await client.get(f"http://{ADDRESS}:{port}/x")
        assert app.scopes == []
        async with node_client(port, client_context(certificates.worker)) as client:
            assert (await client.get("/x")).status_code == 207


async def test_a_node_that_is_removed_is_out_and_one_nobody_knows_never_in(certificates, app, tmp_path, monkeypatch):
    monkeypatch.setattr(inner, "_KNOWN_S", 0.0)
    nodes = {"node_worker"}
    other = certificates.node(tmp_path / "other", "node_other")
    async with head_with(app, certificates, belongs=nodes.__contains__) as (_plain, port):
        async with node_client(port, client_context(other)) as client:
            refused = await client.get("/x")
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "node_not_admitted")
        async with node_client(port, client_context(certificates.worker)) as client:
            assert (await client.get("/x")).status_code == 207
            nodes.clear()
            assert (await client.get("/x")).status_code == 403  # on the same connection
            assert (await client.get("/healthz")).status_code == 403


async def test_the_registry_is_not_asked_for_each_request(certificates, app):
    asked = []

    def belongs(node):
        asked.append(node)
        return True

    tls = client_context(certificates.worker)
    async with head_with(app, certificates, belongs=belongs) as (_plain, port), node_client(port, tls) as client:
        for _number in range(5):
            await client.get("/x")
    assert asked == ["node_worker"]


async def test_only_the_inner_port_believes_where_a_request_came_from(certificates, app):
    said = {"X-Appliance-Caller": "10.1.2.3"}
    async with head_with(app, certificates) as (plain, port):
        async with node_client(port, client_context(certificates.worker)) as client:
            handed = (await client.get("/x", headers=said)).json()
            own = (await client.get("/x")).json()
            odd = (await client.get("/x", headers={"X-Appliance-Caller": "anything"})).json()
        async with httpx.AsyncClient() as client:
            outside = (await client.get(f"http://{ADDRESS}:{plain}/x", headers=said)).json()
    assert (handed["client"], own["client"], outside["client"]) == ("10.1.2.3", ADDRESS, ADDRESS)
    assert odd["client"] == "anything"  # no network has it: keys that are bound to one do not work
    assert "x-appliance-caller" not in dict(handed["headers"])


async def test_a_key_of_one_network_works_from_there_through_another_node(certificates, context, ring):
    _key, text = ring.create("branch", role="caller", networks=("10.1.0.0/16",))
    key = {"Authorization": f"Bearer {text}"}
    async with head_with(build_app(context), certificates) as (plain, port):
        async with node_client(port, client_context(certificates.worker)) as client:
            for address, status in (("10.1.2.3", 200), ("10.2.2.3", 401)):
                answer = await client.get("/v1/models", headers={**key, "X-Appliance-Caller": address})
                assert answer.status_code == status
        async with plain_client(plain, text) as client:
            assert (await client.get("/v1/models", headers={"X-Appliance-Caller": "10.1.2.3"})).status_code == 401


async def test_a_head_without_a_free_place_still_says_that_it_lives(certificates, app):
    app.may_answer.clear()
    tls = client_context(certificates.worker)
    async with (
        head_with(app, certificates, max_ongoing_requests=1) as (plain, port),
        plain_client(plain, "x") as outside,
        node_client(port, tls) as client,
    ):
        holding = asyncio.create_task(outside.get("/x"))
        await app.taken.wait()
        waiting = asyncio.create_task(client.get("/x"))  # both ports share the places
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert len(app.scopes) == 1
        app.may_answer.set()
        assert [(await one).status_code for one in (holding, waiting)] == [207, 207]


async def test_a_renewed_certificate_is_taken_over(app, tmp_path):
    certificates = Certificates(tmp_path)
    servers = head_servers(app, certificates)
    await servers.start()
    port = servers.ports[1]

    def shown():
        tls = client_context(certificates.worker)
        plain = socket.create_connection((ADDRESS, port), 5)
        with tls.wrap_socket(plain, server_hostname=ADDRESS) as connection:
            return read_certificate(connection.getpeercert(binary_form=True)).addresses

    assert await asyncio.to_thread(shown) == {ADDRESS}
    certificates.head.certificate.write_bytes(b"half of it")
    servers.check()
    assert await asyncio.to_thread(shown) == {ADDRESS}
    ensure_node_certificate(tmp_path / "head", certificates.authority, "node_head", ["10.0.0.7"])
    servers.check()
    assert await asyncio.to_thread(shown) == {ADDRESS, "10.0.0.7"}
    await servers.stop(1)


@pytest.fixture
def home(tmp_path, certificates):
    found = Home(tmp_path / "home")
    found.create()
    for path in (certificates.head.key, certificates.head.certificate, certificates.head.authority):
        (found.secrets / path.name).write_bytes(path.read_bytes())
    return found


def reachable(port=6380):
    return SiteConfig(cluster=ClusterSettings(address="10.0.0.5", port=port), gateway=GatewaySettings(port=free_port()))


def test_a_node_that_nobody_can_reach_has_none(home):
    assert inner_port(home, SiteConfig(), None) is None


def test_the_registry_says_which_nodes_come_in(home, ring):
    nodes = Nodes(ring._database)
    found = inner_port(home, reachable(7000), nodes)
    assert (found.host, found.port, found.tls.context.verify_mode) == ("10.0.0.5", 7011, ssl.CERT_REQUIRED)
    nodes.record(NodeRecord("node_a", "a", "10.0.0.6", "worker", "1", "aa", "bb"))
    assert found.belongs("node_a")
    assert not found.belongs("node_b")
    nodes.set_state("node_a", "cordoned")
    assert found.belongs("node_a")
    nodes.set_state("node_a", "removed")
    assert not found.belongs("node_a")


def test_a_head_without_its_certificate_says_so(ring, tmp_path):
    with pytest.raises(ConfigError):
        inner_port(Home(tmp_path), reachable(), Nodes(ring._database))


def test_a_taken_address_is_said_to_be_the_clusters(certificates):
    with pytest.raises(StartFailed, match=r"cluster\.address"):
        HttpServer(None, "no.such.host.invalid", 1, Renewed.client(certificates.worker))
