"""The appliance's own authority, over real connections: who is let in, and who is not."""

import contextlib
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from appliance.cluster import certificates
from appliance.cluster.certificates import (
    check_authority,
    client_context,
    enrolling_context,
    ensure_authority,
    ensure_node_certificate,
    must_renew,
    new_request,
    node_files,
    read_certificate,
    request_for,
    server_context,
    store_node_certificate,
)
from appliance.core.clock import utc_now
from appliance.core.errors import ConfigError, InvalidRequest

ID = "node_01jtest"
LONG_AGO = datetime.now(UTC) - timedelta(days=500)


def head(folder, addresses=("127.0.0.1",), clock=utc_now):
    """Give the files of a head node, and its authority."""
    authority = ensure_authority(folder, clock)
    return ensure_node_certificate(folder, authority, "node_head", addresses, clock), authority


def worker(folder, authority, addresses=("127.0.0.1",), node_id=ID):
    """Give the files of a worker as it gets them from the head: its key never leaves it."""
    key, request = new_request(node_id, addresses)
    return store_node_certificate(folder, key, authority.issue(request, node_id, addresses), authority.pem)


def call(server, client, name="127.0.0.1"):
    """Call a real listener on loopback; return what it said, and the certificate that it was shown."""
    shown = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _peer = listener.accept()
            with connection, contextlib.suppress(OSError), server.wrap_socket(connection, server_side=True) as tls:
                tls.settimeout(10)
                shown.append(tls.getpeercert(binary_form=True))
                tls.sendall(b"welcome")
                tls.unwrap()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname(), 10) as plain,
                client.wrap_socket(plain, server_hostname=name) as tls,
            ):
                said = tls.recv(100)  # TLS 1.3: a refused client learns it with the first answer
                version = tls.version()
        finally:
            thread.join()
    assert version == "TLSv1.3"
    return said, shown[0]


def test_nodes_of_one_authority_know_each_other(tmp_path):
    files, authority = head(tmp_path / "head")
    said, shown = call(
        server_context(files, client_required=True), client_context(worker(tmp_path / "worker", authority))
    )
    assert said == b"welcome"
    assert read_certificate(shown).node_id == ID
    assert read_certificate(shown) == read_certificate(node_files(tmp_path / "worker").certificate.read_bytes())


def test_without_a_certificate_nobody_comes_in(tmp_path):
    files, authority = head(tmp_path)
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
        call(server_context(files, client_required=True), enrolling_context(authority.pem))


def test_who_joins_needs_none(tmp_path):
    files, authority = head(tmp_path)
    assert call(server_context(files, client_required=False), enrolling_context(authority.pem)) == (b"welcome", None)


def test_a_client_of_another_authority_is_refused(tmp_path):
    files, authority = head(tmp_path / "head")
    _other_files, other = head(tmp_path / "other")
    stranger = worker(tmp_path / "worker", other)
    stranger.authority.write_bytes(authority.pem)  # it trusts the right one, but is not of it
    with pytest.raises(ssl.SSLError, match="UNKNOWN_CA"):
        call(server_context(files, client_required=True), client_context(stranger))


def test_a_server_of_another_authority_is_refused(tmp_path):
    _files, authority = head(tmp_path / "head")
    other_files, _other = head(tmp_path / "other")
    client = client_context(worker(tmp_path / "worker", authority))
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
        call(server_context(other_files, client_required=False), client)


def test_a_wrong_address_is_refused(tmp_path):
    files, authority = head(tmp_path, ("10.9.8.7", "head.bank.example", "fd00::1"))
    server, client = server_context(files, client_required=True), client_context(files)
    for good in ("10.9.8.7", "127.0.0.1", "fd00::1", "head.bank.example"):
        assert call(server, client, good)[0] == b"welcome"
    for wrong in ("10.9.8.8", "localhost", "bank.example"):
        with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
            call(server, client, wrong)
    assert authority.fingerprint == check_authority(authority.pem, authority.fingerprint)


def test_an_expired_certificate_is_refused_on_both_sides(tmp_path):
    old, authority = head(tmp_path / "head", clock=lambda: LONG_AGO)  # its authority is good for ten years
    fresh = worker(tmp_path / "worker", ensure_authority(tmp_path / "head"))
    assert authority.pem == fresh.authority.read_bytes()
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        call(server_context(old, client_required=True), client_context(fresh))
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_EXPIRED"):
        call(server_context(fresh, client_required=True), client_context(old))


def test_older_tls_is_refused(tmp_path):
    files, authority = head(tmp_path)
    old = enrolling_context(authority.pem)
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match="PROTOCOL"):
        call(server_context(files, client_required=False), old)


def test_the_pin_finds_the_authority_and_no_other(tmp_path):
    files, authority = head(tmp_path / "head")
    _other_files, other = head(tmp_path / "other")
    pin = authority.fingerprint[:32]
    # The machine that joins knows the pin alone: it looks at whoever answers, then trusts what the pin names.
    assert call(server_context(files, client_required=False), enrolling_context())[0] == b"welcome"
    assert check_authority(authority.pem, pin) == authority.fingerprint
    for pem, pinned in (
        (other.pem, pin),
        (authority.pem + other.pem, pin),
        (b"", pin),
        (b"damaged", pin),
        (authority.pem, ""),
        (authority.pem, pin[:31]),
    ):
        with pytest.raises(ConfigError) as refused:
            check_authority(pem, pinned)
        assert refused.value.code == "authority_not_pinned"


def test_many_first_starts_agree_on_one_authority(tmp_path):
    found = []
    threads = [threading.Thread(target=lambda: found.append(ensure_authority(tmp_path / "s").pem)) for _i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 6


def test_every_file_is_its_owners_alone(tmp_path):
    head(tmp_path / "secrets")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()}
    assert modes == dict.fromkeys(("ca.key", "ca.pem", "node.key", "node.pem"), 0o600)


def test_a_key_that_others_may_read_is_refused(tmp_path):
    head(tmp_path)
    for name in ("ca.key", "node.key"):
        (tmp_path / name).chmod(0o640)
        with pytest.raises(ConfigError, match="Other users"):
            head(tmp_path)
        (tmp_path / name).chmod(0o600)


def test_no_text_about_an_authority_holds_its_key(tmp_path):
    authority = ensure_authority(tmp_path)
    secret = (tmp_path / "ca.key").read_text().splitlines()[1]
    assert secret not in f"{authority!r} {authority}"
    assert "PRIVATE" not in authority.pem.decode()


def test_a_worker_cannot_make_certificates(tmp_path):
    worker(tmp_path / "worker", ensure_authority(tmp_path / "head"))
    with pytest.raises(ConfigError, match="no key of the appliance's authority"):
        ensure_authority(tmp_path / "worker")
    assert not (tmp_path / "worker" / "ca.key").exists()


@pytest.mark.parametrize("name", ["ca.key", "ca.pem", "node.key"])
def test_a_damaged_file_is_told_by_its_name(tmp_path, name):
    head(tmp_path)
    (tmp_path / name).write_bytes(b"damaged")
    with pytest.raises(ConfigError, match=name):
        head(tmp_path)


def test_files_of_two_homes_are_not_mixed(tmp_path):
    head(tmp_path / "a")
    head(tmp_path / "b")
    (tmp_path / "a" / "ca.pem").write_bytes((tmp_path / "b" / "ca.pem").read_bytes())
    with pytest.raises(ConfigError, match=r"ca\.pem"):
        ensure_authority(tmp_path / "a")


def test_an_authority_that_has_ended_is_told(tmp_path):
    ensure_authority(tmp_path, lambda: datetime(2010, 1, 1, tzinfo=UTC))
    with pytest.raises(ConfigError, match="good from 2009-12-31 to 2019-12-30 only"):
        ensure_authority(tmp_path)


def test_a_certificate_is_kept_while_it_is_good_and_renewed_in_time(tmp_path):
    now = datetime.now(UTC)
    first = head(tmp_path, ("10.0.0.1",), lambda: now)[0].certificate.read_bytes()
    key = (tmp_path / "node.key").read_bytes()
    assert head(tmp_path, ("10.0.0.1",), lambda: now + timedelta(days=334))[0].certificate.read_bytes() == first
    later = now + timedelta(days=336)
    second = head(tmp_path, ("10.0.0.1",), lambda: later)[0].certificate.read_bytes()
    assert read_certificate(second).ends_at > read_certificate(first).ends_at
    assert (tmp_path / "node.key").read_bytes() == key
    third = head(tmp_path, ("10.0.0.2",), lambda: later)[0].certificate.read_bytes()
    assert read_certificate(third).addresses == {"127.0.0.1", "10.0.0.2"}


def test_under_a_new_authority_the_head_gets_a_new_certificate(tmp_path):
    first = head(tmp_path)[0].certificate.read_bytes()
    for name in ("ca.key", "ca.pem"):
        (tmp_path / name).unlink()
    files, _authority = head(tmp_path)
    assert files.certificate.read_bytes() != first
    assert call(server_context(files, client_required=True), client_context(files))[0] == b"welcome"


def test_near_the_authoritys_end_it_is_not_renewed_over_and_over(tmp_path):
    now = datetime.now(UTC)
    ensure_authority(tmp_path, lambda: now)
    late = now + timedelta(days=3640)
    first = head(tmp_path, clock=lambda: late)[0].certificate.read_bytes()
    assert read_certificate(first).ends_at <= now + timedelta(days=3650)
    assert head(tmp_path, clock=lambda: late + timedelta(days=1))[0].certificate.read_bytes() == first


def test_what_makes_a_node_ask_again(tmp_path):
    authority = ensure_authority(tmp_path / "head")
    files = worker(tmp_path / "worker", authority, ("10.0.0.2",))
    assert not must_renew(files, ID, ("10.0.0.2", "127.0.0.1"))
    assert must_renew(files, ID, ("10.0.0.3",))
    assert must_renew(files, "node_other", ("10.0.0.2",))
    assert must_renew(files, ID, ("10.0.0.2",), lambda: utc_now() + timedelta(days=336))
    assert must_renew(node_files(tmp_path / "nothing"), ID, ("10.0.0.2",))
    request = request_for(files.key.read_bytes(), ID, ("10.0.0.3",))
    renewed = authority.issue(request, ID, ("10.0.0.3",))
    store_node_certificate(tmp_path / "worker", files.key.read_bytes(), renewed, authority.pem)
    assert not must_renew(files, ID, ("10.0.0.3",))
    files.certificate.write_bytes(b"damaged")
    assert must_renew(files, ID, ("10.0.0.3",))


def test_who_asks_does_not_choose_its_name_or_addresses(tmp_path):
    authority = ensure_authority(tmp_path)
    _key, request = new_request("node_head", ("10.0.0.1",))
    said = read_certificate(authority.issue(request, ID, ("10.0.0.2",)))
    assert (said.node_id, said.addresses) == (ID, {"127.0.0.1", "10.0.0.2"})
    issued = x509.load_pem_x509_certificate(authority.issue(request, ID, ("10.0.0.2",)))
    assert not issued.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert issued.subject.rfc4514_string() == f"CN={ID}"


def _request(key):
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_a_request_that_cannot_be_used_is_refused(tmp_path):
    authority = ensure_authority(tmp_path)
    good = x509.load_pem_x509_csr(_request(ec.generate_private_key(ec.SECP256R1())))
    forged = bytearray(good.public_bytes(serialization.Encoding.DER))
    forged[-1] ^= 1
    forged_pem = ssl.DER_cert_to_PEM_cert(bytes(forged)).replace("CERTIFICATE", "CERTIFICATE REQUEST").encode()
    weak, other = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())
    for request in (b"", b"damaged", forged_pem, _request(weak), _request(other)):
        with pytest.raises(InvalidRequest):
            authority.issue(request, ID, ("10.0.0.2",))


@pytest.mark.parametrize("node_id", ["", "a b", "x" * 65, "节点", "a\n"])
def test_an_id_that_is_none_is_refused(node_id):
    with pytest.raises(InvalidRequest):
        new_request(node_id, ("10.0.0.2",))


@pytest.mark.parametrize("address", ["", "a b", "*.bank.example", "10.0.0.0/8", "a..b", "主机", "x" * 64, "a\n"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(InvalidRequest):
        new_request(ID, (address,))


def test_what_a_head_hands_out_must_belong_together(tmp_path):
    authority, other = ensure_authority(tmp_path / "head"), ensure_authority(tmp_path / "other")
    key, request = new_request(ID, ())
    foreign_key, _request = new_request(ID, ())
    certificate = authority.issue(request, ID, ())
    for given in (
        (foreign_key, certificate, authority.pem),
        (key, certificate, other.pem),
        (key, authority.pem, authority.pem),
        (key, b"damaged", authority.pem),
    ):
        with pytest.raises(ConfigError):
            store_node_certificate(tmp_path / "worker", *given)
    assert not (tmp_path / "worker").exists()


def test_files_that_are_missing_are_told(tmp_path):
    for make in (client_context, lambda files: certificates.server_context(files, client_required=True)):
        with pytest.raises(ConfigError, match=r"node\.pem"):
            make(node_files(tmp_path))
