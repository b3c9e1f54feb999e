"""TLS towards callers in a process that runs longer than a certificate is good for."""

import time
from pathlib import Path
from typing import Final

import structlog

from appliance.cluster.gateway_certificate import (
    GatewayCertificate,
    GatewayFiles,
    as_pem,
    gateway_files,
    load,
    parse_chain,
    read_files,
    server_context,
)
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ApplianceError
from appliance.core.files import write_durably

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

_TRY_AGAIN_S: Final = 60.0  # one that is good from tomorrow on changes nothing on the disk


class GatewayTls:
    """The context that callers meet. It takes a renewed certificate over; one that cannot be used leaves it as it is.

    What it shows, and what it showed before, is kept in `shown` for callers on this machine. Raises `ConfigError` where
    there is nothing to show.
    """

    def __init__(self, files: GatewayFiles, shown: Path) -> None:
        self._files, self._shown = files, shown
        self._seen = self._marks()
        certificate = read_files(files)
        self.context = server_context(certificate)
        self._failed_at: float | None = None
        self._note(certificate)

    def look(self) -> None:
        """Take the certificate over where its files have changed, or could not be used at first."""
        marks = self._marks()
        again = self._failed_at is not None and time.monotonic() - self._failed_at >= _TRY_AGAIN_S
        if marks == self._seen and not again:
            return
        known, self._seen = marks == self._seen, marks
        try:
            certificate = read_files(self._files)
            self._note(certificate)  # before it: who is shown it must know it
            load(self.context, certificate)
        except ApplianceError as error:
            self._failed_at = time.monotonic()
            if not known:
                log.warning("certificate_not_taken", code=error.code, reason=error.message.render("en"))
            return
        self._failed_at = None
        log.info("certificate_taken", ends_at=certificate.chain[0].not_valid_after_utc.isoformat())

    def _note(self, certificate: GatewayCertificate) -> None:
        new, before = certificate.chain[0], parse_chain(self._shown.read_bytes()) if self._shown.exists() else ()
        if before[:1] != (new,):  # other replicas take it over a moment later, and show the one before until then
            write_durably(self._shown, as_pem(new, *before[:1]))

    def _marks(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_mark(file) for file in (self._files.certificate, self._files.key))


def gateway_tls(home: Home, site: SiteConfig) -> GatewayTls | None:
    """Return this node's TLS towards callers; None where the site file asks for none. Raises `ConfigError`."""
    files = gateway_files(home, site)
    return None if files is None else GatewayTls(files, home.shown_certificate_file)


def _mark(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino
