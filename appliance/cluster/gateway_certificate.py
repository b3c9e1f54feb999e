"""The certificate that a gateway shows its callers: where it lies, what must be right about it, the context with it."""

import os
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import Final

import psutil
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import Clock, utc_now
from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _

_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all good


@dataclass(frozen=True)
class GatewayFiles:
    """Where chain and key lie, and the names that the certificate must hold for."""

    certificate: Path
    key: Path
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class GatewayCertificate:
    """A certificate that can be served: the gateway's own first, its issuers behind it."""

    chain: tuple[x509.Certificate, ...]
    key_pem: bytes = field(repr=False)

    @property
    def pem(self) -> bytes:
        """The chain."""
        return as_pem(*self.chain)


@dataclass(frozen=True)
class ShownCertificate:
    """What people want to know of a certificate."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    fingerprint: str
    """SHA-256, 64 hexadecimal digits."""
    ends_at: datetime


def gateway_files(home: Home, site: SiteConfig) -> GatewayFiles | None:
    """Return the files of this node's gateway; None where it speaks plain HTTP."""
    tls = site.gateway.tls
    if tls is None:
        return None
    if tls.certificate is None or tls.key is None:
        return GatewayFiles(home.node_certificate_file, home.node_key_file)
    return GatewayFiles(home.root / tls.certificate, home.root / tls.key, tls.names)


def caller_names(site: SiteConfig) -> tuple[str, ...]:
    """Return what the certificate of every node must hold for, beside its address, where callers are shown it."""
    tls = site.gateway.tls
    return ("localhost", *tls.names) if tls is not None and tls.own else ()


def head_names(site: SiteConfig) -> tuple[str, ...]:
    """Return what the head's certificate must hold for: also the addresses that its gateway listens at."""
    tls, host = site.gateway.tls, site.gateway.host.strip("[]")
    if tls is None or not tls.own:
        return (site.cluster.address,)
    listened = [host] if host not in _ANY else _own_addresses()
    return (site.cluster.address, *listened, *(["::1"] if host == "::" else []), *caller_names(site))


def _own_addresses() -> list[str]:
    """Return this machine's addresses, without those of itself and of its links."""
    found = [
        one.address for addresses in psutil.net_if_addrs().values() for one in addresses
        if one.family.name in ("AF_INET", "AF_INET6") and not one.address.startswith(("127.", "::1", "fe80:"))
    ]  # fmt: skip
    return sorted(set(found))


def read_files(files: GatewayFiles, clock: Clock = utc_now) -> GatewayCertificate:
    """Return chain and key where the gateway can serve them. Raises `ConfigError`, which says what to do."""
    try:
        chain = tuple(x509.load_pem_x509_certificates(_read(files.certificate)))
    except ValueError as error:
        raise _fault(
            _("The file {file} holds no certificate in PEM.", file=files.certificate),
            _("It begins with -----BEGIN CERTIFICATE-----; `openssl x509 -inform DER -in FILE` converts DER."),
        ) from error
    key_pem = _read_secret(files.key)
    _check_key(files, chain, key_pem)
    _check_order(files.certificate, chain)
    _check_time(files.certificate, chain, clock())
    _check_use(files.certificate, chain[0])
    _check_names(files, chain[0])
    certificate = GatewayCertificate(chain, key_pem)
    try:
        load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), certificate)
    except ssl.SSLError as error:
        raise _fault(
            _("The certificate {file} cannot be served: {reason}.", file=files.certificate, reason=error.reason),
            _("Have one issued with RSA of at least 2048 bits or ECDSA P-256, signed with SHA-256."),
        ) from error
    return certificate


def server_context(certificate: GatewayCertificate) -> ssl.SSLContext:
    """Return TLS 1.2 and 1.3 for callers, who show no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION
    load(context, certificate)
    return context


def load(context: ssl.SSLContext, certificate: GatewayCertificate) -> None:
    """Have `context` show a certificate from now on. Raises `ssl.SSLError` where it is too weak."""
    # By a file without a name: what was checked is what is taken, whatever happens to the files meanwhile.
    descriptor = os.memfd_create("gateway", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(certificate.pem + certificate.key_pem)
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")


def describe(certificate: x509.Certificate) -> ShownCertificate:
    """Return what a certificate says."""
    return ShownCertificate(
        certificate.subject.rfc4514_string(),
        certificate.issuer.rfc4514_string(),
        tuple(sorted(_names_of(certificate))),
        certificate.fingerprint(hashes.SHA256()).hex(),
        certificate.not_valid_after_utc,
    )


def read_shown(home: Home) -> ShownCertificate | None:
    """Return what the running gateway shows; None where it shows nothing."""
    try:
        chain = parse_chain(home.shown_certificate_file.read_bytes())
    except OSError:
        return None
    return describe(chain[0]) if chain else None


def as_pem(*certificates: x509.Certificate) -> bytes:
    """Return certificates as one PEM text."""
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def parse_chain(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a PEM text; none where it is damaged."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError:
        return ()


def _check_key(files: GatewayFiles, chain: Sequence[x509.Certificate], key_pem: bytes) -> None:
    try:
        key = serialization.load_pem_private_key(key_pem, None)
    except TypeError as error:
        raise _fault(
            _("The key {file} has a password.", file=files.key),
            _("Write it anew: `openssl pkey -in KEY -out NEW`, then `chmod 600 NEW`: nobody is there to type it."),
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _fault(
            _("The file {file} holds no private key in PEM.", file=files.key),
            _("It begins with -----BEGIN PRIVATE KEY-----, or has RSA or EC before PRIVATE."),
        ) from error
    matching = [one.public_key() == key.public_key() for one in chain]
    if not any(matching):
        raise _fault(
            _("The key {key} is not that of the certificate {file}.", key=files.key, file=files.certificate),
            _("Name the key that the request for this certificate was made with."),
        )
    if not matching[0]:
        raise _order(files.certificate)


def _check_order(file: Path, chain: Sequence[x509.Certificate]) -> None:
    for one, issuer in pairwise(chain):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
            raise _order(file) from error


def _check_time(file: Path, chain: Iterable[x509.Certificate], now: datetime) -> None:
    for one in chain:
        named = {"file": file, "name": one.subject.rfc4514_string()}
        if now >= one.not_valid_after_utc:
            raise _fault(
                _("In {file} the certificate of {name} ended on {day}.", **named, day=one.not_valid_after_utc.date()),
                _("Have a new one issued, and put it into that file; where it is good, check this machine's clock."),
            )
        if now < one.not_valid_before_utc:
            raise _fault(
                _(
                    "In {file} the certificate of {name} is good only from {day} on.",
                    **named, day=one.not_valid_before_utc.date(),
                ),
                _("Use the one before until then; where it is good already, check this machine's clock."),
            )  # fmt: skip


def _check_use(file: Path, leaf: x509.Certificate) -> None:
    try:
        usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(usages):
        raise _fault(
            _("The certificate {file} is not one for a server.", file=file),
            _("Have one issued whose extended key usage names serverAuth."),
        )


def _check_names(files: GatewayFiles, leaf: x509.Certificate) -> None:
    held = _names_of(leaf)
    missing = [name for name in files.names if not _covered(name, held)]
    if missing or not held:
        raise _fault(
            _(
                "The certificate {file} does not hold for {names}; it holds for {held}.",
                file=files.certificate, names=", ".join(missing) or "-", held=", ".join(sorted(held)) or "-",
            ),
            _("Have one issued that lists them as subject alternative names, or correct gateway.tls.names."),
        )  # fmt: skip


def _names_of(certificate: x509.Certificate) -> frozenset[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    hosts = map(str, names.get_values_for_type(x509.IPAddress))
    return frozenset((*hosts, *(name.lower() for name in names.get_values_for_type(x509.DNSName))))


def _covered(name: str, held: frozenset[str]) -> bool:
    if name in held:
        return True
    try:
        ip_address(name)
    except ValueError:
        return f"*.{name.partition('.')[2]}" in held  # a star stands for one part
    return False


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _fault(
            _("The file {file} cannot be read: {reason}.", file=file, reason=error.strerror),
            _("Check gateway.tls in the site file, and that the user of the appliance may read it."),
        ) from error


def _read_secret(file: Path) -> bytes:
    content = _read(file)
    if file.stat().st_mode & 0o077:
        raise _fault(
            _("Other users of this machine may read the key {file}.", file=file),
            _("Give it to the user of the appliance, then `chmod 600 {file}`.", file=file),
        )
    return content


def _order(file: Path) -> ConfigError:
    return _fault(
        _("The certificates in {file} are not in order.", file=file),
        _("Put the gateway's own first, and behind each the one that it was issued by."),
    )


def _fault(message: Message, hint: Message) -> ConfigError:
    return ConfigError(message, hint, code="tls_certificate")
