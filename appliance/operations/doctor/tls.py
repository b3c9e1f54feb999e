"""TLS towards callers: whether there is any, what the gateway shows, and for how long."""

from datetime import timedelta
from ipaddress import ip_address

from appliance.cluster.certificates import RENEW_BEFORE
from appliance.cluster.gateway_certificate import (
    GatewayCertificate,
    describe,
    gateway_files,
    read_files,
    read_shown,
)
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import Clock, utc_now
from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _
from appliance.operations.doctor.check import Check, State

_ID, _TITLE = "gateway.tls", _("TLS for callers")


def check_tls(home: Home, site: SiteConfig, clock: Clock = utc_now) -> Check:
    """The gateway encrypts what callers say, with a certificate that is good for 30 days at least."""
    tls, files = site.gateway.tls, gateway_files(home, site)
    if tls is None or files is None:
        return _plain(site.gateway.host)
    shown = read_shown(home)
    if tls.own and shown is None:
        return _said("ok", _("the appliance's own certificate, made or renewed at the start"))
    try:
        certificate = read_files(files, clock)
    except ConfigError as error:
        found = error.message
        if shown is not None and shown.ends_at > clock():
            found = _("{fault} The gateway shows the one before, until {day}.", fault=found, day=shown.ends_at.date())
        return _said("failed", found, error.hint)
    return _lasting(certificate, clock, own=tls.own)


def _plain(host: str) -> Check:
    if _is_loopback(host.strip("[]")):
        return _said("ok", _("plain HTTP, which this machine alone reaches"))
    return _said(
        "warning",
        _("plain HTTP at {host}: keys and answers can be read on their way", host=host),
        _("Set gateway.tls in the site file, or let a proxy with TLS on this machine reach 127.0.0.1."),
    )


def _lasting(certificate: GatewayCertificate, clock: Clock, *, own: bool) -> Check:
    told = describe(certificate.chain[0])
    ends = min(one.not_valid_after_utc for one in certificate.chain)
    left = ends - clock()
    if left >= RENEW_BEFORE - (timedelta(days=1) if own else timedelta(0)):
        return _said("ok", _("good until {day}, for {names}", day=ends.date(), names=", ".join(told.names)))
    remedy = (
        _("It should have been renewed: read logs/node.log, then `appliance down` and `appliance up` renew it.")
        if own
        else _("Have a new one issued, and put it where gateway.tls says: it is taken over without a restart.")
    )
    return _said("warning", _("ends in {days} days, on {day}", days=left.days, day=ends.date()), remedy)


def _said(state: State, found: Message, remedy: Message | None = None) -> Check:
    return Check(_ID, _TITLE, state, found, remedy)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
