"""`appliance gateway certificate`, and the terminal's file of authorities."""

import pytest

from appliance.cli.exit_codes import ExitCode
from appliance.cluster.certificates import ensure_authority, ensure_node_certificate
from appliance.cluster.gateway_certificate import head_names
from appliance.config.home import Home
from appliance.config.site import load_site
from tests.unit.bank_authority import Bank


@pytest.fixture
def own(home):
    """Give a home with a certificate of the appliance."""
    folders = Home(home)
    folders.create()
    folders.site_file.write_text("gateway: {port: 9443, tls: {names: [ai.bank.example]}}")
    names = head_names(load_site(folders.site_file))
    ensure_node_certificate(folders.secrets, ensure_authority(folders.secrets), "node_head", names)
    return folders


def test_what_callers_must_trust_is_shown_and_written(run, own, tmp_path):
    shown = run("gateway", "certificate")
    assert shown.code == ExitCode.OK
    assert "https://127.0.0.1:9443" in shown.out
    assert "127.0.0.1, ai.bank.example, localhost" in shown.out
    assert own.ca_file.read_text().strip() in shown.out
    assert "on the disk" in shown.err
    written = run("gateway", "certificate", "--export", tmp_path / "ca.pem")
    assert written.code == ExitCode.OK
    assert str(tmp_path / "ca.pem") in written.out
    assert (tmp_path / "ca.pem").read_bytes() == own.ca_file.read_bytes()


def test_as_json(run, own):
    own.shown_certificate_file.write_bytes(own.node_certificate_file.read_bytes())
    told = run("gateway", "certificate", "--json").json
    assert (told["url"], told["issued_by"], told["running"]) == ("https://127.0.0.1:9443", "appliance", True)
    assert told["certificate"]["names"] == ["127.0.0.1", "ai.bank.example", "localhost"]
    assert told["authority"]["sha256"] == ensure_authority(own.secrets).fingerprint
    assert told["authority"]["pem"] == own.ca_file.read_text()


def test_a_certificate_of_the_bank(run, home, tmp_path):
    certificate, key = Bank().write(tmp_path / "tls", "ai.bank.example")
    (home / "site.yaml").write_text(f"gateway: {{tls: {{certificate: {certificate}, key: {key}}}}}")
    shown = run("gateway", "certificate")
    assert "CN=Bank issuing" in shown.out
    assert "authority that issued it" in shown.out
    assert run("gateway", "certificate", "--json").json["authority"] is None
    refused = run("gateway", "certificate", "--export", tmp_path / "ca.pem")
    assert (refused.code, "CN=Bank issuing" in refused.err) == (ExitCode.USAGE, True)


def test_without_tls_it_says_how_there_is_one(run, home):
    refused = run("gateway", "certificate")
    assert (refused.code, refused.out) == (ExitCode.USAGE, "")
    assert "gateway.tls" in refused.err


def test_a_file_of_authorities_that_is_none_is_said_before_the_screen_opens(run, tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    refused = run("tui", "--url", "https://10.20.0.11:8080", "--key", "k", "--ca", tmp_path / "ca.pem")
    assert refused.code == ExitCode.USAGE
    assert "ca.pem" in refused.err
    assert "Traceback" not in refused.err
