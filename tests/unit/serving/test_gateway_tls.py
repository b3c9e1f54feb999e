"""TLS towards callers, over real sockets: who is served, what is refused, and how a renewed certificate is taken."""

import asyncio
import contextlib
import os
import socket
import ssl
import struct
from contextlib import asynccontextmanager

import httpx
import pytest
import structlog
from websockets.asyncio.client import connect

from appliance.cluster.certificates import client_context, ensure_authority, ensure_node_certificate
from appliance.cluster.gateway_certificate import GatewayFiles, head_names, read_shown
from appliance.cluster.renewal import Renewed
from appliance.config.home import Home
from appliance.config.site import GatewaySettings, SiteConfig
from appliance.config.tls import TlsSettings
from appliance.core.errors import ConfigError
from appliance.operations.gateway_trust import trust_of
from appliance.operations.gateways import base_url, first_healthy
from appliance.serving.gateway import tls as gateway_tls_module
from appliance.serving.gateway.inner import InnerPort
from appliance.serving.gateway.server import server_of
from appliance.serving.gateway.tls import GatewayTls, gateway_tls
from appliance.serving.relay.app import Relay
from appliance.serving.relay.head import Head, HeadPlace
from tests.unit.bank_authority import DAY, NOW, Bank, key_pem, pem, put
from tests.unit.serving.ports import free_port
from tests.unit.serving.relays import ADDRESS, Certificates

BANK = Bank()
NAME = "ai.bank.example"


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        text = (await receive())["text"]
        await send({"type": "websocket.send", "text": f"{scope['scheme']} {text}"})
        await send({"type": "websocket.close", "code": 1000})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for piece in (scope["scheme"].encode(), b" ", b"x" * 300_000 if scope["path"] == "/long" else b"done"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    home.create()
    return home


def bank_site(home, *names, **options):
    """Return a site with the bank's files, which lie in the home folder."""
    BANK.write(home.root / "tls", *(names or (NAME,)), **options)
    tls = TlsSettings(certificate="tls/gateway.crt", key="tls/gateway.key")
    return SiteConfig(gateway=GatewaySettings(port=free_port(), tls=tls))


def own_site(home, *names):
    """Return a site with the appliance's own certificate, which is made here."""
    site = SiteConfig(gateway=GatewaySettings(port=free_port(), tls=TlsSettings(names=names)))
    ensure_node_certificate(home.secrets, ensure_authority(home.secrets), "node_head", head_names(site))
    return site


@asynccontextmanager
async def serving(home, site):
    server = server_of(app, site, tls=gateway_tls(home, site))
    await server.start()
    try:
        yield server
    finally:
        await server.stop(1.0)


def trusting(*authorities, name=True):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = name
    if authorities:
        context.load_verify_locations(cadata=pem(*authorities).decode())
    return context


async def shown(port, context, name=NAME):
    """Return the open connection's TLS, as a client of `name` sees it."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    found = writer.get_extra_info("ssl_object")
    told = found.version(), found.selected_alpn_protocol(), found.getpeercert(binary_form=True)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return told


async def test_a_client_of_the_banks_authority_is_served_and_told_https(home):
    site = bank_site(home)
    context = trusting(BANK.root)
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with serving(home, site):
        version, protocol, _certificate = await shown(site.gateway.port, context)
        assert (version, protocol) == ("TLSv1.3", "http/1.1")
        async with httpx.AsyncClient(verify=trust_of(home, site).context) as client:
            answer = await client.get(f"{base_url(site)}/long")
            assert answer.text[:6] == "https "
            assert len(answer.content) > 300_000


async def test_a_websocket_is_secure_too(home):
    site = own_site(home)
    async with serving(home, site), connect(
        base_url(site).replace("https", "wss") + "/live", ssl=trust_of(home, site).context, proxy=None
    ) as opened:  # fmt: skip
        await opened.send("hello")
        assert await opened.recv() == "wss hello"


@pytest.mark.parametrize(("highest", "good"), [("TLSv1_2", True), ("TLSv1_1", False), ("TLSv1", False)])
async def test_old_versions_are_refused(home, highest, good):
    site = bank_site(home)
    context = trusting(BANK.root)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion[highest]
    async with serving(home, site):
        if good:
            assert (await shown(site.gateway.port, context))[0] == "TLSv1.2"
        else:
            with pytest.raises((ssl.SSLError, OSError)):
                await shown(site.gateway.port, context)


async def test_ciphers_without_forward_secrecy_are_refused(home):
    site = bank_site(home)
    context = trusting(BANK.root)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with serving(home, site):
        for ciphers in ("AES256-SHA", "ECDHE-ECDSA-AES256-SHA"):
            context.set_ciphers(ciphers)
            with pytest.raises((ssl.SSLError, OSError)):
                await shown(site.gateway.port, context)


async def test_clients_that_know_another_authority_or_name_turn_away(home):
    site = bank_site(home)
    async with serving(home, site):
        with pytest.raises(ssl.SSLCertVerificationError, match=r"self-signed|unable to get local issuer"):
            await shown(site.gateway.port, trusting(Bank("Other").root))
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            await shown(site.gateway.port, trusting(BANK.root), "other.example")
        await shown(site.gateway.port, trusting(BANK.root))


async def test_the_own_certificate_holds_for_every_name_and_a_strict_client(home):
    site = own_site(home, NAME)
    async with serving(home, site):
        for name in (NAME, "localhost", "127.0.0.1"):
            context = trusting()
            context.load_verify_locations(cafile=home.ca_file)
            context.verify_flags |= ssl.VERIFY_X509_STRICT
            await shown(site.gateway.port, context, name)
        assert read_shown(home).names == ("127.0.0.1", NAME, "localhost")
        assert first_healthy([base_url(site), "https://127.0.0.1:1"], trust_of(home, site)) == base_url(site)


async def test_plain_http_gets_no_answer_and_disturbs_nobody(home):
    site = own_site(home)
    async with serving(home, site):
        with pytest.raises(httpx.TransportError):
            async with httpx.AsyncClient() as client:
                await client.get(base_url(site).replace("https", "http"))
        async with httpx.AsyncClient(verify=trust_of(home, site).context) as client:
            assert (await client.get(base_url(site))).text == "https done"


async def test_many_handshakes_that_never_end_keep_nobody_waiting(home):
    site = own_site(home)
    async with serving(home, site):
        idle = []
        for number in range(200):
            one = socket.create_connection(("127.0.0.1", site.gateway.port))
            one.send([b"", b"\x16\x03\x01", b"\x16\x03\x01\x40\x00\x01", os.urandom(40)][number % 4])
            idle.append(one)
        async with httpx.AsyncClient(verify=trust_of(home, site).context, timeout=20) as client:
            answers = await asyncio.gather(*(client.get(base_url(site)) for _number in range(20)))
        assert {answer.text for answer in answers} == {"https done"}
        for one in idle:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()


async def test_a_renewed_certificate_is_taken_over_while_connections_go_on(home):
    site = bank_site(home)
    async with serving(home, site) as server:
        trust = trust_of(home, site)
        async with httpx.AsyncClient(verify=trust.context) as client:
            await client.get(base_url(site))
            before = (await shown(site.gateway.port, trusting(BANK.root)))[2]
            BANK.write(home.root / "tls", NAME, ends=NOW + 300 * DAY)
            server.check()
            assert (await shown(site.gateway.port, trusting(BANK.root)))[2] != before
            await client.get(base_url(site))
        trust.look()
        async with httpx.AsyncClient(verify=trust.context) as client:  # and a new connection knows the new one
            assert (await client.get(base_url(site))).text == "https done"
    assert read_shown(home).ends_at.date() == (NOW + 300 * DAY).date()


async def test_a_caller_on_this_machine_still_knows_the_certificate_that_a_second_replica_shows(home):
    site = bank_site(home)
    async with serving(home, site):
        other = gateway_tls(home, site)
        BANK.write(home.root / "tls", NAME)
        other.look()  # the one that listens has not looked yet
        gateway_tls(home, site)
        async with httpx.AsyncClient(verify=trust_of(home, site).context) as client:
            assert (await client.get(base_url(site))).text == "https done"


def broken_chain(folder):
    put(folder, b"-----BEGIN CERTIFICATE-----\nAAAA\n", (folder / "gateway.key").read_bytes())


def other_key(folder):
    certificate, _key = BANK.issue(NAME)
    put(folder, pem(certificate, BANK.issuing), (folder / "gateway.key").read_bytes())


def ended(folder):
    BANK.write(folder, NAME, starts=NOW - 9 * DAY, ends=NOW - DAY)


def opened(folder):
    certificate, key = BANK.issue(NAME)
    put(folder, pem(certificate, BANK.issuing), key_pem(key), 0o644)


def gone(folder):
    (folder / "gateway.crt").unlink()


@pytest.mark.parametrize("harm", [broken_chain, other_key, ended, opened, gone])
async def test_one_that_cannot_be_served_leaves_the_one_before(home, harm):
    site = bank_site(home)
    async with serving(home, site) as server:
        before = (await shown(site.gateway.port, trusting(BANK.root)))[2]
        harm(home.root / "tls")
        with structlog.testing.capture_logs() as logs:
            server.check()
            server.check()
        assert [(line["event"], line["log_level"]) for line in logs] == [("certificate_not_taken", "warning")]
        assert (await shown(site.gateway.port, trusting(BANK.root)))[2] == before
        async with httpx.AsyncClient(verify=trust_of(home, site).context) as client:  # what is on the disk is no help
            assert (await client.get(base_url(site))).text == "https done"
        with pytest.raises(ConfigError):
            gateway_tls(home, site)
        BANK.write(home.root / "tls", NAME)
        server.check()
        assert (await shown(site.gateway.port, trusting(BANK.root)))[2] != before


def test_one_that_is_good_from_later_on_is_taken_then(home, monkeypatch):
    monkeypatch.setattr(gateway_tls_module, "_TRY_AGAIN_S", 0.0)
    site = bank_site(home)
    tls = gateway_tls(home, site)
    certificate, key = put(home.root / "tls", b"", b"")
    tls.look()
    before = certificate.stat()
    chain, own = BANK.issue(NAME)
    with certificate.open("r+b") as file, key.open("r+b") as secret:
        file.write(pem(chain, BANK.issuing))
        secret.write(key_pem(own))
    os.utime(certificate, ns=(before.st_atime_ns, before.st_mtime_ns))
    tls.look()
    assert read_shown(home).fingerprint == chain.fingerprint(chain.signature_hash_algorithm).hex()


def test_files_of_mode_0600_beside_it_are_all_that_is_written(home):
    site = bank_site(home)
    GatewayTls(GatewayFiles(home.root / "tls/gateway.crt", home.root / "tls/gateway.key"), home.shown_certificate_file)
    assert b"PRIVATE" not in home.shown_certificate_file.read_bytes()
    assert home.shown_certificate_file.stat().st_mode & 0o077 == 0
    assert gateway_tls(home, SiteConfig()) is None
    assert site.gateway.tls is not None


async def test_a_callers_request_through_another_node_is_https_all_the_way(home, tmp_path):
    (tmp_path / "nodes").mkdir()
    certificates, site = Certificates(tmp_path / "nodes"), bank_site(home)
    inner = InnerPort(ADDRESS, 0, Renewed.server(certificates.head), lambda _node: True)
    at_head = server_of(app, own_site(Home(tmp_path / "head")), inner, gateway_tls(home, site))
    await at_head.start()
    async with Head(HeadPlace(ADDRESS, at_head.ports[1]), client_context(certificates.worker)) as head:
        at_worker = server_of(Relay(head, "en"), site, tls=gateway_tls(home, site))
        await at_worker.start()
        async with httpx.AsyncClient(verify=trust_of(home, site).context) as client:
            answer = await client.get(f"{base_url(site)}/x")
        url = base_url(site).replace("https", "wss") + "/live"
        async with connect(url, ssl=trust_of(home, site).context, proxy=None) as opened:
            await opened.send("hello")
            assert await opened.recv() == "wss hello"
        await at_worker.stop(1.0)
    await at_head.stop(1.0)
    assert answer.text == "https done"
