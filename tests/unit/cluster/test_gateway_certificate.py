"""A certificate for callers: what is wrong with one is said before it is served."""

import ssl
from datetime import timedelta

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from appliance.cluster.certificates import ensure_authority, ensure_node_certificate, read_certificate
from appliance.cluster.gateway_certificate import (
    GatewayFiles,
    caller_names,
    describe,
    gateway_files,
    head_names,
    read_files,
    server_context,
)
from appliance.config.home import Home
from appliance.config.site import ClusterSettings, GatewaySettings, SiteConfig
from appliance.config.tls import TlsSettings
from appliance.core.errors import ConfigError
from tests.unit.bank_authority import DAY, NOW, Bank, key_pem, new_key, pem, put, signed, weak_key

BANK = Bank()


def site(**gateway):
    return SiteConfig(gateway=GatewaySettings(**gateway))


def files(folder, *names, chain=None, key=None, mode=0o600, **options):
    certificate, own = BANK.issue(*(names or ("ai.bank.example",)), **options)
    return GatewayFiles(*put(folder, chain or pem(certificate, BANK.issuing), key or key_pem(own), mode))


def fault_of(found, clock=lambda: NOW):
    with pytest.raises(ConfigError) as fault:
        read_files(found, clock)
    assert fault.value.code == "tls_certificate"
    assert fault.value.hint is not None
    return str(fault.value.message)


def test_a_good_one_is_served_by_tls_1_2_and_1_3(tmp_path):
    found = read_files(files(tmp_path))
    context = server_context(found)
    assert (context.minimum_version, context.verify_mode) == (ssl.TLSVersion.TLSv1_2, ssl.CERT_NONE)
    assert {cipher["kea"] for cipher in context.get_ciphers()} <= {"kx-any", "kx-ecdhe"}
    told = describe(found.chain[0])
    assert (told.names, told.issuer, len(told.fingerprint)) == (("ai.bank.example",), "CN=Bank issuing", 64)
    assert key_pem(new_key())[:20] not in repr(found).encode()


def test_its_root_may_stand_behind_it(tmp_path):
    certificate, key = BANK.issue("ai.bank.example")
    put(tmp_path, pem(certificate, BANK.issuing, BANK.root), key_pem(key))
    assert len(read_files(GatewayFiles(tmp_path / "gateway.crt", tmp_path / "gateway.key")).chain) == 3


def test_files_that_are_not_there_or_hold_something_else(tmp_path):
    found = files(tmp_path)
    found.key.unlink()
    assert "gateway.key cannot be read: No such file" in fault_of(found)
    found.certificate.unlink()
    assert "gateway.crt cannot be read" in fault_of(found)
    assert "holds no certificate" in fault_of(files(tmp_path, chain=b"\x30\x82\x01"))
    assert "holds no private key" in fault_of(files(tmp_path, key=b"-----BEGIN PRIVATE KEY-----\nAAAA\n"))


def test_a_key_of_another_certificate(tmp_path):
    assert "is not that of the certificate" in fault_of(files(tmp_path, key=key_pem(new_key())))


def test_a_key_with_a_password_asks_nobody_for_it(tmp_path):
    assert "has a password" in fault_of(files(tmp_path, key=key_pem(new_key(), b"secret")))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_may_read(tmp_path, mode):
    found = files(tmp_path, mode=mode)
    assert "Other users of this machine may read the key" in fault_of(found)
    found.key.chmod(0o400)
    read_files(found)


def test_one_that_has_ended_or_has_not_begun(tmp_path):
    found = files(tmp_path, starts=NOW - 9 * DAY, ends=NOW + DAY)
    read_files(found)
    assert "ended on" in fault_of(found, lambda: NOW + DAY)
    assert "good only from" in fault_of(found, lambda: NOW - 10 * DAY)


def test_an_issuer_that_has_ended(tmp_path):
    assert "Bank issuing ended on" in fault_of(files(tmp_path, ends=NOW + 5000 * DAY), lambda: NOW + 901 * DAY)


def test_a_chain_in_another_order(tmp_path):
    certificate, key = BANK.issue("ai.bank.example")
    for chain in (
        (BANK.issuing, certificate), (certificate, BANK.root), (certificate, BANK.root, BANK.issuing),
        (certificate, Bank().issuing),
    ):  # fmt: skip
        assert "not in order" in fault_of(files(tmp_path, chain=pem(*chain), key=key_pem(key)))


def test_one_that_is_not_a_servers(tmp_path):
    assert "not one for a server" in fault_of(files(tmp_path, usage=ExtendedKeyUsageOID.CLIENT_AUTH))


def test_one_that_is_too_weak(tmp_path):
    key = weak_key()
    certificate, _key = BANK.issue("ai.bank.example", key=key)
    assert "cannot be served" in fault_of(files(tmp_path, chain=pem(certificate, BANK.issuing), key=key_pem(key)))


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        (("ai.bank.example",), "ai.bank.example"), (("*.bank.example",), "ai.bank.example"),
        (("AI.bank.example", "10.20.0.11"), "10.20.0.11"), (("AI.bank.example",), "ai.bank.example"),
    ],
)  # fmt: skip
def test_names_that_it_holds_for(tmp_path, held, asked):
    found = files(tmp_path, *held)
    read_files(GatewayFiles(found.certificate, found.key, (asked,)))


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        (("ai.bank.example",), "other.example"), (("*.bank.example",), "a.b.bank.example"),
        (("*.bank.example",), "bank.example"), (("ai.bank.example",), "10.20.0.11"),
    ],
)  # fmt: skip
def test_names_that_it_does_not_hold_for(tmp_path, held, asked):
    found = files(tmp_path, *held)
    told = fault_of(GatewayFiles(found.certificate, found.key, (asked,)))
    assert f"does not hold for {asked}" in told
    assert held[0] in told


def test_one_without_names_is_one_that_no_client_takes(tmp_path):
    key = new_key()
    nameless = signed("ai.bank.example", key, BANK.issuing, BANK.issuing_key)
    assert "does not hold for" in fault_of(files(tmp_path, chain=pem(nameless, BANK.issuing), key=key_pem(key)))


def test_where_the_files_are(tmp_path):
    home = Home(tmp_path)
    assert gateway_files(home, site()) is None
    own = gateway_files(home, site(tls=TlsSettings(names=("ai.bank.example",))))
    assert (own.certificate, own.key) == (home.node_certificate_file, home.node_key_file)
    given = TlsSettings(certificate="tls/a.pem", key="/etc/b.key", names=("ai.bank.example",))
    found = gateway_files(home, site(tls=given))
    assert (str(found.certificate), str(found.key)) == (str(tmp_path / "tls/a.pem"), "/etc/b.key")
    assert found.names == ("ai.bank.example",)


def test_what_the_heads_own_certificate_holds_for():
    cluster = ClusterSettings(address="10.20.0.11")
    own = TlsSettings(names=("ai.bank.example",))
    assert head_names(SiteConfig(cluster=cluster)) == ("10.20.0.11",)
    bound = SiteConfig(cluster=cluster, gateway=GatewaySettings(host="[fd00::1]", tls=own))
    assert set(head_names(bound)) == {"10.20.0.11", "fd00::1", "localhost", "ai.bank.example"}
    anywhere = SiteConfig(cluster=cluster, gateway=GatewaySettings(host="::", tls=own))
    assert {"10.20.0.11", "::1", "localhost", "ai.bank.example"} <= set(head_names(anywhere))
    files_of_the_bank = TlsSettings(certificate="a", key="b", names=("ai.bank.example",))
    assert head_names(site(tls=files_of_the_bank)) == ("127.0.0.1",)
    assert caller_names(site(tls=files_of_the_bank)) == caller_names(site()) == ()


def test_the_own_one_is_made_anew_for_other_names_and_renewed_in_time(tmp_path):
    clock = [NOW]

    def ensured(*names):
        wanted = head_names(site(tls=TlsSettings(names=names)))
        made = ensure_node_certificate(
            tmp_path, ensure_authority(tmp_path, lambda: clock[0]), "n", wanted, lambda: clock[0]
        )
        return read_certificate(made.certificate.read_bytes())

    first = ensured("ai.bank.example")
    assert first.addresses == {"127.0.0.1", "localhost", "ai.bank.example"}
    assert ensured("ai.bank.example").serial == first.serial
    assert ensured("other.example").addresses == {"127.0.0.1", "localhost", "other.example"}
    before = ensured("other.example")
    clock[0] = before.ends_at - timedelta(days=29)
    assert ensured("other.example").ends_at > before.ends_at
