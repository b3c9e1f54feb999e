"""The appliance's own authority and the certificates that its nodes know each other by.

ECDSA P-256. The authority's key lies on the head only and signs for ten years; a node makes its own key, which never
leaves it, and renews its certificate of one year when less than 30 days are left. Both sides of a connection show one.
"""

import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.cluster.certificate_forms import (
    NODE_URI,
    belongs,
    new_key,
    parsed_key,
    self_signed,
    signed_certificate,
    signed_request,
    with_loopback,
)
from appliance.config.home import CA_CERTIFICATE, CA_KEY, NODE_CERTIFICATE, NODE_KEY
from appliance.core.clock import Clock, utc_now
from appliance.core.errors import ConfigError
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.state.node_records import PIN_DIGITS
from appliance.state.secret_files import load_or_create_secret

RENEW_BEFORE: Final = timedelta(days=30)

_Parsed = TypeVar("_Parsed")


@dataclass(frozen=True)
class NodeFiles:
    """Where a node's key, its certificate and the authority's certificate lie, as PEM."""

    key: Path
    certificate: Path
    authority: Path


@dataclass(frozen=True)
class NodeCertificate:
    """What a node's certificate says."""

    node_id: str
    serial: str
    """Hexadecimal digits."""
    fingerprint: str
    """SHA-256 of the certificate, 64 hexadecimal digits."""
    addresses: frozenset[str]
    """IP addresses and names that it is good for."""
    ends_at: datetime


@dataclass(frozen=True)
class Authority:
    """What signs the certificates of nodes; it never shows its key."""

    pem: bytes
    fingerprint: str
    """SHA-256 of its certificate, 64 hexadecimal digits."""
    _certificate: x509.Certificate = field(repr=False)
    _key: ec.EllipticCurvePrivateKey = field(repr=False)
    _clock: Clock = field(repr=False, default=utc_now)

    def issue(self, request_pem: bytes, node_id: str, addresses: Iterable[str]) -> bytes:
        """Return a certificate (PEM) for the key in a request, good for `addresses` and 127.0.0.1.

        Only the key is taken from the request: whoever asks does not choose its name or addresses. Raises
        `InvalidRequest` for a request that is damaged or not signed by its key, another kind of key, a bad id or name.
        """
        return signed_certificate(request_pem, node_id, addresses, self._certificate, self._key, self._clock())


def ensure_authority(secrets: Path, clock: Clock = utc_now) -> Authority:
    """Return the authority whose files lie in `secrets`; the first caller makes it.

    Raises `ConfigError` where a file is damaged, missing or readable by others, or the authority has ended.
    """
    key_file, certificate_file = secrets / CA_KEY, secrets / CA_CERTIFICATE
    if certificate_file.exists() and not key_file.exists():
        raise ConfigError(
            _("There is no key of the appliance's authority in {folder}.", folder=secrets),
            _("Run it on the head node; where this is the head, put {name} back from a backup.", name=CA_KEY),
        )
    key = _read(key_file, load_or_create_secret(key_file, new_key), parsed_key)
    written = load_or_create_secret(certificate_file, lambda: self_signed(key, clock()))
    certificate = _read(certificate_file, written, x509.load_pem_x509_certificate)
    if certificate.public_key() != key.public_key():
        raise _damaged(certificate_file)
    if not certificate.not_valid_before_utc <= clock() < certificate.not_valid_after_utc:
        raise ConfigError(
            _(
                "The appliance's authority is good from {start} to {end} only.",
                start=certificate.not_valid_before_utc.date(), end=certificate.not_valid_after_utc.date(),
            ),
            _("Check this machine's clock; where it is right, every node must join again under a new authority."),
        )  # fmt: skip
    return Authority(written, certificate.fingerprint(hashes.SHA256()).hex(), certificate, key, clock)


def new_request(node_id: str, addresses: Iterable[str]) -> tuple[bytes, bytes]:
    """Return a new key and a request for its certificate, both PEM. Raises `InvalidRequest` for a bad id or name."""
    key_pem = new_key()
    return key_pem, request_for(key_pem, node_id, addresses)


def request_for(key_pem: bytes, node_id: str, addresses: Iterable[str]) -> bytes:
    """Return a request (PEM) for a certificate of a key that is there. Raises `InvalidRequest`, ValueError."""
    return signed_request(parsed_key(key_pem), node_id, addresses)


def node_files(secrets: Path) -> NodeFiles:
    """Return where a node's files lie in its folder of secrets; they need not be there yet."""
    return NodeFiles(secrets / NODE_KEY, secrets / NODE_CERTIFICATE, secrets / CA_CERTIFICATE)


def ensure_node_certificate(
    secrets: Path, authority: Authority, node_id: str, addresses: Iterable[str], clock: Clock = utc_now
) -> NodeFiles:
    """Return the files of a node beside its authority, the head; made or renewed where they must be.

    Raises `ConfigError` where the key is damaged or readable by others, `InvalidRequest` for a bad id or name.
    """
    files, wanted = node_files(secrets), tuple(addresses)
    key_pem = load_or_create_secret(files.key, new_key)
    _read(files.key, key_pem, parsed_key)
    if must_renew(files, node_id, wanted, clock):
        write_durably(files.certificate, authority.issue(request_for(key_pem, node_id, wanted), node_id, wanted))
    return files


def store_node_certificate(secrets: Path, key_pem: bytes, certificate_pem: bytes, authority_pem: bytes) -> NodeFiles:
    """Write what a node got from the head, where it belongs together; each file durably, mode 0600.

    Raises `ConfigError` where the certificate is not of this key, not signed by the authority or not a node's.
    """
    files = node_files(secrets)
    authority = _read(files.authority, authority_pem, x509.load_pem_x509_certificate)
    key = _read(files.key, key_pem, parsed_key)
    if not belongs(_read(files.certificate, certificate_pem, x509.load_pem_x509_certificate), key, authority):
        raise _damaged(files.certificate)
    _read(files.certificate, certificate_pem, read_certificate)
    for path, content in ((files.key, key_pem), (files.authority, authority_pem), (files.certificate, certificate_pem)):
        write_durably(path, content)
    return files


def must_renew(files: NodeFiles, node_id: str, addresses: Iterable[str], clock: Clock = utc_now) -> bool:
    """Tell whether a node needs another certificate: it has none, a damaged one, one of another key, authority, id or
    addresses, or one with less than 30 days left.
    """
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
        said = read_certificate(files.certificate.read_bytes())
        if not belongs(certificate, parsed_key(files.key.read_bytes()), authority):
            return True
    except (FileNotFoundError, ValueError):
        return True
    ends = min(said.ends_at, authority.not_valid_after_utc)
    late = ends - clock() < RENEW_BEFORE and said.ends_at < authority.not_valid_after_utc
    return said.node_id != node_id or said.addresses != with_loopback(addresses) or late or ends <= clock()


def read_certificate(content: bytes) -> NodeCertificate:
    """Return what a node's certificate, PEM or DER, says. Raises `ValueError` where it is not one.

    It checks no signature: what a peer showed was checked by the connection.
    """
    pem = content.lstrip().startswith(b"-----BEGIN")
    certificate = x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as error:
        raise ValueError("no names") from error
    ids = [uri.removeprefix(NODE_URI) for uri in names.get_values_for_type(x509.UniformResourceIdentifier)]
    if len(ids) != 1:
        raise ValueError("not one node id")
    hosts = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return NodeCertificate(
        ids[0],
        f"{certificate.serial_number:x}",
        certificate.fingerprint(hashes.SHA256()).hex(),
        frozenset((*hosts, *names.get_values_for_type(x509.DNSName))),
        certificate.not_valid_after_utc,
    )


def server_context(files: NodeFiles, client_required: bool) -> ssl.SSLContext:
    """Return TLS 1.3 for a listener; with `client_required` only nodes with a certificate of the authority come in.

    Raises `ConfigError` where the files cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED if client_required else ssl.CERT_NONE
    return _loaded(context, files)


def client_context(files: NodeFiles) -> ssl.SSLContext:
    """Return TLS 1.3 for a node that calls another: it trusts the authority alone, and checks the address called.

    Raises `ConfigError` where the files cannot be used.
    """
    return _loaded(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), files)


def enrolling_context(authority_pem: bytes | None = None) -> ssl.SSLContext:
    """Return TLS 1.3 for a side without a certificate of its own. Raises `ConfigError` for a damaged `authority_pem`.

    Without `authority_pem` it checks nothing: it may fetch the authority's certificate for `check_authority`, and must
    send nothing secret. With it, it trusts that authority alone and checks the address called.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if authority_pem is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        context.load_verify_locations(cadata=authority_pem.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise _not_pinned() from error
    return context


def check_authority(pem: bytes, pinned: str) -> str:
    """Return the fingerprint of an authority's certificate that begins with `pinned`, 32 to 64 hexadecimal digits.

    Raises `ConfigError` where it is another one, damaged, or more than one: then somebody else may have answered.
    """
    try:
        certificates = x509.load_pem_x509_certificates(pem)
        (certificate,) = certificates
    except ValueError as error:
        raise _not_pinned() from error
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    if not PIN_DIGITS <= len(pinned) <= len(fingerprint) or not fingerprint.startswith(pinned.lower()):
        raise _not_pinned()
    return fingerprint


def _loaded(context: ssl.SSLContext, files: NodeFiles) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(cafile=files.authority)
        context.load_cert_chain(files.certificate, files.key)
    except OSError as error:  # ssl.SSLError is one
        raise _damaged(files.certificate) from error
    return context


def _read(path: Path, content: bytes, parse: Callable[[bytes], _Parsed]) -> _Parsed:
    try:
        return parse(content)
    except ValueError as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> ConfigError:
    return ConfigError(
        _("The file {path} is damaged or does not belong to the others beside it.", path=path),
        _("Put the folder's files back from one backup; on a worker, remove the node and let it join again."),
    )


def _not_pinned() -> ConfigError:
    return ConfigError(
        _("The other side's authority is not the one that the join token names."),
        _("Check the address: another appliance, or somebody in between, may have answered. Nothing was sent to it."),
        code="authority_not_pinned",
    )
