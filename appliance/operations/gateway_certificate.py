"""What callers must trust to speak with the gateway, and what it shows them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from appliance.cluster.gateway_certificate import (
    ShownCertificate,
    as_pem,
    describe,
    gateway_files,
    parse_chain,
    read_shown,
)
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ConfigError, NotRunning
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.operations.gateways import base_url


@dataclass(frozen=True)
class CallersCertificate:
    """The gateway's address, what it shows there, and the authority behind it."""

    url: str
    own: bool
    """Whether the appliance's own authority issued it."""
    shown: ShownCertificate
    running: bool
    """Whether a gateway shows it now; otherwise it is the one on the disk."""
    authority: str
    """PEM of what callers must trust; empty where the bank's chain does not end with it."""
    authority_fingerprint: str
    authority_ends_at: datetime | None


def callers_certificate(home: Home, site: SiteConfig) -> CallersCertificate:
    """Return what callers meet. Raises `ConfigError` without TLS, `NotRunning` before the first start."""
    tls, files = site.gateway.tls, gateway_files(home, site)
    if tls is None or files is None:
        raise ConfigError(
            _("The gateway speaks plain HTTP: it has no certificate."),
            _("Set gateway.tls in the site file; docs/security.md shows both ways."),
        )
    chain, now = _chain(files.certificate), read_shown(home)
    if not chain and now is None:
        raise NotRunning(
            _("There is no certificate in {file} yet.", file=files.certificate),
            _("Start the appliance with `appliance up`, or correct gateway.tls in the site file."),
        )
    authority = _chain(home.ca_file)[:1] if tls.own else tuple(one for one in chain[-1:] if one.subject == one.issuer)
    told = describe(authority[0]) if authority else None
    return CallersCertificate(
        base_url(site), tls.own, now or describe(chain[0]), now is not None, as_pem(*authority).decode("ascii"),
        "" if told is None else told.fingerprint, None if told is None else told.ends_at,
    )  # fmt: skip


def export_authority(found: CallersCertificate, file: Path) -> None:
    """Write what callers must trust, for everybody to read. Raises `ConfigError` where it is not here, `DiskFull`."""
    if not found.authority:
        raise ConfigError(
            _("The authority of this certificate is not here: {issuer}.", issuer=found.shown.issuer),
            _("Ask whoever issued it; callers of a bank mostly trust its authority already."),
        )
    try:
        write_durably(file, found.authority.encode("ascii"), 0o644)
    except OSError as error:
        raise ConfigError(
            _("The file {file} cannot be written: {reason}.", file=file, reason=error.strerror or str(error)),
            _("Name another file, in a folder that is there."),
        ) from error


def _chain(file: Path) -> tuple[x509.Certificate, ...]:
    try:
        return parse_chain(file.read_bytes())
    except OSError:
        return ()
