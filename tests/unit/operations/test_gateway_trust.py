"""Our own callers: what they trust, and what they say where a certificate does not hold."""

import asyncio
import contextlib
import http.server
import json
import ssl
import threading

import pytest

from appliance.cluster.certificates import ensure_authority, ensure_node_certificate
from appliance.cluster.gateway_certificate import gateway_files as files_of
from appliance.cluster.gateway_certificate import head_names, read_files, server_context
from appliance.config.home import Home
from appliance.config.site import GatewaySettings, SiteConfig
from appliance.config.tls import TlsSettings
from appliance.core.errors import ConfigError, NotRunning
from appliance.operations.client import ApplianceClient
from appliance.operations.doctor.tls import check_tls
from appliance.operations.gateway_certificate import callers_certificate, export_authority
from appliance.operations.gateway_trust import trust_elsewhere, trust_of
from appliance.operations.gateways import base_url, first_healthy, gateway_urls, write_gateways
from appliance.operations.support_bundle.secrets import known_secrets
from appliance.tui.connection import HttpConnection
from tests.unit.bank_authority import DAY, NOW, Bank, pem
from tests.unit.serving.ports import free_port

BANK = Bank()


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"status": "ok", "data": [{"id": "general"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        pass


@contextlib.contextmanager
def gateway(home, site, *, plain=False):
    """Answer at the site's address, with TLS as the site file says."""
    server = http.server.ThreadingHTTPServer((site.gateway.host, site.gateway.port), Answers)
    if not plain:
        context = server_context(read_files(files_of(home, site)))
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    home.create()
    home.admin_key_file.write_text("lma-key")
    return home


def own(home):
    site = SiteConfig(gateway=GatewaySettings(port=free_port(), tls=TlsSettings()))
    ensure_node_certificate(home.secrets, ensure_authority(home.secrets), "node_head", head_names(site))
    return site


def of_the_bank(home, *, port=None, **options):
    certificate, key = BANK.write(home.root / "tls", "ai.bank.example", **options)
    tls = TlsSettings(certificate=str(certificate), key=str(key))
    return SiteConfig(gateway=GatewaySettings(port=port or free_port(), tls=tls))


@pytest.mark.parametrize("kind", [own, of_the_bank])
def test_the_command_line_and_the_terminal_speak_with_the_gateway_of_their_home(home, kind):
    site = kind(home)
    assert base_url(site) == f"https://127.0.0.1:{site.gateway.port}"
    with gateway(home, site):
        with ApplianceClient.for_home(home, site) as client:
            assert client.models() == [{"id": "general"}]
        assert first_healthy([base_url(site), "https://127.0.0.1:1"], trust_of(home, site)) == base_url(site)
        answer = asyncio.run(asked_by_the_terminal(base_url(site), trust_of(home, site)))
    assert answer.status_code == 200


async def asked_by_the_terminal(url, trust):
    connection = HttpConnection(url, "lma-key", trust=trust)
    try:
        return await connection.send("GET", "/healthz")
    finally:
        await connection.close()


@pytest.mark.parametrize("kind", [own, of_the_bank])
def test_another_appliances_certificate_is_not_trusted(home, tmp_path, kind):
    site, other = kind(home), Home(tmp_path / "other")
    other.create()
    false = own(other)
    false = false.model_copy(update={"gateway": false.gateway.model_copy(update={"port": site.gateway.port})})
    with gateway(other, false):
        with ApplianceClient.for_home(home, site) as client, pytest.raises(ConfigError) as fault:
            client.models()
        with pytest.raises(ConfigError) as seen:
            asyncio.run(asked_by_the_terminal(base_url(site), trust_of(home, site)))
    assert fault.value.code == seen.value.code == "gateway_not_trusted"
    assert "appliance doctor" in str(fault.value.hint)


def test_another_certificate_of_the_banks_authority_is_not_the_gateways(home, tmp_path):
    site, other = of_the_bank(home), Home(tmp_path / "other")
    other.create()
    with (
        gateway(other, of_the_bank(other, port=site.gateway.port)),
        ApplianceClient.for_home(home, site) as client,
        pytest.raises(ConfigError) as fault,
    ):
        client.models()
    assert fault.value.code == "gateway_not_trusted"


def test_plain_http_where_tls_is_asked_for_is_said_to_be_that(home):
    site = own(home)
    with (
        gateway(home, site, plain=True),
        ApplianceClient.for_home(home, site) as client,
        pytest.raises(ConfigError) as fault,
    ):
        client.models()
    assert (fault.value.code, "http://" in str(fault.value.hint)) == ("gateway_without_tls", True)


def test_nothing_there_is_still_said_to_be_nothing_there(home):
    with ApplianceClient.for_home(home, own(home)) as client, pytest.raises(NotRunning):
        client.models()


def test_from_elsewhere_the_authority_is_named_or_the_systems(home, tmp_path, monkeypatch):
    site = own(home)
    assert trust_elsewhere("http://10.20.0.11:8080") is None
    with gateway(home, site):
        named = trust_elsewhere(base_url(site), home.ca_file)
        assert asyncio.run(asked_by_the_terminal(base_url(site), named)).status_code == 200
        with pytest.raises(ConfigError, match="not trusted"):
            asyncio.run(asked_by_the_terminal(base_url(site), trust_elsewhere(base_url(site))))
        monkeypatch.setenv("SSL_CERT_FILE", str(home.ca_file))
        assert asyncio.run(asked_by_the_terminal(base_url(site), trust_elsewhere(base_url(site)))).status_code == 200
    (tmp_path / "empty").write_bytes(b"")
    for wrong in (tmp_path / "empty", tmp_path / "none", home.secrets):
        with pytest.raises(ConfigError, match="authority's certificate"):
            trust_elsewhere(base_url(site), wrong)


def test_without_a_certificate_that_can_be_read_what_the_gateway_shows_is_trusted(home):
    site = of_the_bank(home)
    with gateway(home, site):
        certificate = home.root / "tls/gateway.crt"
        home.shown_certificate_file.write_bytes(certificate.read_bytes())
        certificate.unlink()
        with ApplianceClient.for_home(home, site) as client:
            assert client.models() == [{"id": "general"}]


def test_the_issuing_authority_is_nobody_who_is_trusted(home):
    trust = trust_of(home, of_the_bank(home))
    assert len(trust.context.get_ca_certs()) == 0  # the certificate itself, and it is no authority
    assert trust.context.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN


def test_the_list_of_gateways_says_https(home):
    site = own(home)
    write_gateways(home, site, [("w1", "10.0.0.2", {})])
    assert gateway_urls(home, site)[1] == f"https://10.0.0.2:{site.gateway.port}"


def test_the_doctor_warns_of_plain_http_that_others_reach(home):
    for host, state in (("127.0.0.1", "ok"), ("::1", "ok"), ("localhost", "ok"), ("10.20.0.11", "warning"),
                        ("0.0.0.0", "warning")):  # fmt: skip
        check = check_tls(home, SiteConfig(gateway=GatewaySettings(host=host)))
        assert (check.id, check.state, check.remedy is None) == ("gateway.tls", state, state == "ok")


@pytest.mark.parametrize(("days", "state"), [(90, "ok"), (31, "ok"), (29, "warning"), (-1, "failed")])
def test_the_doctor_warns_30_days_before_a_certificate_ends(home, days, state):
    check = check_tls(home, of_the_bank(home, starts=NOW - 9 * DAY, ends=NOW + days * DAY))
    assert (check.state, check.remedy is None) == (state, state == "ok")


def test_the_doctor_tells_that_the_gateway_goes_on_with_the_one_before(home):
    site = of_the_bank(home)
    home.shown_certificate_file.write_bytes((home.root / "tls/gateway.crt").read_bytes())
    (home.root / "tls/gateway.key").chmod(0o644)
    check = check_tls(home, site)
    assert check.state == "failed"
    assert "shows the one before, until" in str(check.found)
    assert "chmod 600" in str(check.remedy)


def test_the_doctor_leaves_the_own_certificate_to_the_node_that_renews_it(home):
    site = SiteConfig(gateway=GatewaySettings(tls=TlsSettings()))
    assert check_tls(home, site).state == "ok"
    site = own(home)
    home.shown_certificate_file.write_bytes(home.node_certificate_file.read_bytes())
    for days, state in ((200, "ok"), (29.5, "ok"), (28, "warning"), (-1, "failed")):
        assert check_tls(home, site, lambda left=days: NOW + (365 - left) * DAY).state == state


def test_what_callers_must_trust(home, tmp_path):
    site = own(home)
    found = callers_certificate(home, site)
    assert (found.own, found.running, found.shown.names) == (True, False, ("127.0.0.1", "localhost"))
    assert found.authority_fingerprint == ensure_authority(home.secrets).fingerprint
    export_authority(found, tmp_path / "ca.pem")
    assert (tmp_path / "ca.pem").read_bytes() == home.ca_file.read_bytes()
    assert (tmp_path / "ca.pem").stat().st_mode & 0o777 == 0o644
    with pytest.raises(ConfigError, match="cannot be written"):
        export_authority(found, home.ca_file / "under-a-file")


def test_a_banks_authority_is_here_only_where_its_chain_ends_with_it(home, tmp_path):
    site = of_the_bank(home)
    with pytest.raises(ConfigError, match="CN=Bank issuing"):
        export_authority(callers_certificate(home, site), tmp_path / "ca.pem")
    with (home.root / "tls/gateway.crt").open("ab") as chain:
        chain.write(pem(BANK.root))
    export_authority(callers_certificate(home, site), tmp_path / "ca.pem")
    assert (tmp_path / "ca.pem").read_bytes() == pem(BANK.root)


def test_without_tls_there_is_nothing_to_trust(home):
    with pytest.raises(ConfigError, match=r"gateway\.tls"):
        callers_certificate(home, SiteConfig())
    with pytest.raises(NotRunning):
        callers_certificate(home, SiteConfig(gateway=GatewaySettings(tls=TlsSettings())))


def test_the_banks_key_is_a_secret_that_no_support_bundle_holds(home):
    site = of_the_bank(home)
    assert (home.root / "tls/gateway.key").read_bytes() in set(known_secrets(home, site))
