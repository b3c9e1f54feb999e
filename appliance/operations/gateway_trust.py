"""What a caller of ours trusts at the gateway's address, and what it says where that does not hold."""

import ssl
from pathlib import Path

from cryptography import x509

from appliance.cluster.gateway_certificate import as_pem, gateway_files, parse_chain
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ConfigError
from appliance.core.messages import _


class GatewayTrust:
    """A client's context for an appliance's gateways; `look` before a request has it know a renewed certificate."""

    def __init__(self, context: ssl.SSLContext, chain: Path | None = None, shown: Path | None = None) -> None:
        self.context = context
        self._chain, self._shown = chain, shown
        self._known: set[x509.Certificate] = set()
        self.look()

    def look(self) -> None:
        """Trust the certificate that `chain` begins with, and those in `shown`, beside those from before."""
        for one in (*_certificates(self._chain)[:1], *_certificates(self._shown)):
            if one not in self._known:
                self._known.add(one)
                self.context.load_verify_locations(cadata=as_pem(one).decode("ascii"))


def trust_of(home: Home, site: SiteConfig) -> GatewayTrust | None:
    """Return what the gateways of this machine's appliance are known by; None where they speak plain HTTP.

    The appliance's own authority, with the address called; or, as a bank's certificate does not hold for loopback, the
    one certificate that the site file names or the gateway shows. Raises `ConfigError`.
    """
    tls, files = site.gateway.tls, gateway_files(home, site)
    if tls is None or files is None:
        return None
    context = _client_context()
    if tls.own:
        _add_authority(context, home.ca_file)
        return GatewayTrust(context)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return GatewayTrust(context, files.certificate, home.shown_certificate_file)


def trust_elsewhere(url: str, authority: Path | None = None) -> GatewayTrust | None:
    """Return what another machine's appliance is known by: the authorities of a PEM file, or the system's.

    None for an address of plain HTTP. Raises `ConfigError`.
    """
    if not url.startswith("https:"):
        return None
    context = _client_context()
    if authority is None:
        context.load_default_certs()
    else:
        _add_authority(context, authority)
    return GatewayTrust(context)


def verified_by(trust: GatewayTrust | None) -> ssl.SSLContext | bool:
    """Return httpx's `verify`. Plain HTTP needs no authorities, whose loading takes a while."""
    return _client_context() if trust is None else trust.context


def not_trusted(url: str, error: BaseException) -> ConfigError | None:
    """Return the error for a connection that failed by TLS; None where it failed otherwise."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ConfigError(
            _("The certificate of {url} is not trusted: {reason}.", url=url, reason=cause.verify_message),
            _(
                "On this machine `appliance doctor` says more. Elsewhere give --ca FILE, or SSL_CERT_FILE, with the "
                "authority that `appliance gateway certificate --export FILE` writes; and use a name that it holds for."
            ),
            code="gateway_not_trusted",
        )
    return ConfigError(
        _("There is no TLS with {url}: {reason}.", url=url, reason=cause.reason or cause),
        _("Where the gateway speaks plain HTTP, write http://; see gateway.tls in its site file."),
        code="gateway_without_tls",
    )


def _client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # it checks chain and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _add_authority(context: ssl.SSLContext, file: Path) -> None:
    try:
        context.load_verify_locations(cafile=file)
    except OSError as error:
        empty = isinstance(error, ssl.SSLError)
        reason = _("it holds no certificate in PEM") if empty else error.strerror
        raise ConfigError(
            _("The authority's certificate in {file} cannot be read: {reason}.", file=file, reason=reason),
            _("Name a file with certificates in PEM; `appliance gateway certificate --export FILE` writes one."),
        ) from error


def _certificates(file: Path | None) -> tuple[x509.Certificate, ...]:
    """Return what a file holds; nothing where it cannot be read: the gateway goes on with the one before."""
    try:
        return () if file is None else parse_chain(file.read_bytes())
    except OSError:
        return ()
