"""The forms of certificates: keys, names, what a certificate may be used for; nothing here reads or writes a file."""

import ipaddress
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

AUTHORITY_LIFE: Final = timedelta(days=3650)
NODE_LIFE: Final = timedelta(days=365)
NODE_URI: Final = "urn:appliance:node:"

_EARLIER = timedelta(hours=1)  # clocks of nodes differ a little
_LOOPBACK = "127.0.0.1"
_NODE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*", re.ASCII)


def self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> bytes:
    """Return an authority's certificate (PEM) for its key."""
    name = _name(f"appliance authority {secrets.token_hex(4)}")  # tells authorities of two appliances apart
    builder = _builder(key.public_key(), name, name, now - _EARLIER, now + AUTHORITY_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
    return _pem(builder.sign(key, hashes.SHA256()))


def signed_certificate(
    request_pem: bytes,
    node_id: str,
    addresses: Iterable[str],
    authority: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> bytes:
    """Return a node's certificate (PEM), signed with the authority's `key`; it does not outlive the authority.

    Raises `InvalidRequest` for a request that is damaged or not signed by its key, another kind of key, a bad id or
    address.
    """
    ends = min(now + NODE_LIFE, authority.not_valid_after_utc)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        _builder(_requested_key(request_pem), _subject(node_id), authority.subject, now - _EARLIER, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(_names(node_id, addresses), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    return _pem(builder.sign(key, hashes.SHA256()))


def signed_request(key: ec.EllipticCurvePrivateKey, node_id: str, addresses: Iterable[str]) -> bytes:
    """Return a request (PEM) for a certificate of `key`. Raises `InvalidRequest` for a bad id or address."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(node_id))
    request = builder.add_extension(_names(node_id, addresses), critical=False).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def belongs(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, authority: x509.Certificate) -> bool:
    """Tell whether a certificate is of `key` and signed by `authority`."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return certificate.public_key() == key.public_key()


def with_loopback(addresses: Iterable[str]) -> frozenset[str]:
    """Return addresses in their one form, 127.0.0.1 among them. Raises `InvalidRequest` for what is none."""
    return frozenset((_LOOPBACK, *map(_canonical, addresses)))


def new_key() -> bytes:
    """Return a new key (PEM, without a password)."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def parsed_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """Return a key that `new_key` made. Raises `ValueError` where it is damaged or another kind."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except TypeError as error:  # it has a password
        raise ValueError("a key with a password") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an ECDSA key")
    return key


def _builder(
    key: ec.EllipticCurvePublicKey, subject: x509.Name, issuer: x509.Name, starts: datetime, ends: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(starts).not_valid_after(ends)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _requested_key(request_pem: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key of a request that is signed with it."""
    try:
        request = x509.load_pem_x509_csr(request_pem)
        key = request.public_key()
        signed = request.is_signature_valid
    except (ValueError, InvalidSignature) as error:
        raise _bad_request() from error
    if not signed or not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _bad_request()
    return key


def _subject(node_id: str) -> x509.Name:
    if not _NODE_ID.fullmatch(node_id):
        raise InvalidRequest(_("A node's id may have up to 64 letters, digits, - and _."), param="node_id")
    return _name(node_id)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _names(node_id: str, addresses: Iterable[str]) -> x509.SubjectAlternativeName:
    hosts = [_general_name(text) for text in sorted(with_loopback(addresses))]
    return x509.SubjectAlternativeName([*hosts, x509.UniformResourceIdentifier(NODE_URI + node_id)])


def _canonical(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    if not _HOST_NAME.fullmatch(text):
        raise InvalidRequest(
            _("{address} is neither an IP address nor the name of a host.", address=ascii(text[:80])), param="addresses"
        )
    return text.lower()


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _bad_request() -> InvalidRequest:
    return InvalidRequest(_("The request for a certificate is damaged or not signed with an ECDSA P-256 key."))
