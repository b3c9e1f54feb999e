"""What must hold before anything starts. Each check passes in silence or raises one sentence and what to do."""

import errno
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from appliance.cluster.gateway_certificate import gateway_files, read_files
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import DiskFull, PortInUse, PreflightError
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.hardware.discovery import read_disk


@dataclass(frozen=True)
class PortHolder:
    """The process that listens on a port."""

    pid: int
    name: str


def check_ports(ports: Iterable[tuple[str, int, str]]) -> None:
    """Check that each (host, port, name of the setting) can be listened on.

    Raises `PortInUse`, or `PreflightError` where the address is not this machine's or the port is privileged.
    """
    for host, port, setting in ports:
        error = listen_error(host, port)
        if error is None:
            continue
        if error.errno == errno.EADDRINUSE:
            raise _port_in_use(port, setting)
        raise PreflightError(
            _(
                "The appliance cannot listen on {host}:{port} ({setting}): {reason}.",
                host=host,
                port=port,
                setting=setting,
                reason=_reason(error),
            ),
            _("Change that setting in the site file."),
        )


def check_certificate(home: Home, site: SiteConfig) -> None:
    """Check that the site's own certificate can be served. Raises `ConfigError`."""
    files = gateway_files(home, site)
    if files is not None and site.gateway.tls is not None and not site.gateway.tls.own:
        read_files(files)


def listen_error(host: str, port: int) -> OSError | None:
    """Try to bind `host`:`port` and let go again; return why it failed, or None."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: connections that linger after a restart do not count, a listener does.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def port_holder(port: int) -> PortHolder | None:
    """Return the process that listens on `port`; None where there is none or where it may not be seen."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr or not connection.pid:
                continue
            if connection.laddr.port == port:
                return PortHolder(connection.pid, psutil.Process(connection.pid).name())
    except (psutil.Error, OSError):
        return None
    return None


def check_disk(folder: Path, needed_bytes: int, hint: Message | None = None) -> None:
    """Check that the disk that holds `folder` has `needed_bytes` free. Raises `DiskFull`, with `hint` if given."""
    free = read_disk(folder).free_bytes
    if free is not None and free < needed_bytes:
        raise DiskFull(
            _(
                "{needed} are needed in {folder}, but its disk has {free} free.",
                needed=human_bytes(needed_bytes),
                folder=folder,
                free=human_bytes(free),
            ),
            hint or _("Free some space there, or set APPLIANCE_HOME to a folder on a larger disk."),
        )


def _port_in_use(port: int, setting: str) -> PortInUse:
    holder = port_holder(port)
    if holder is None:
        message = _("Port {port} ({setting}) is in use by another process.", port=port, setting=setting)
    else:
        message = _(
            "Port {port} ({setting}) is in use by {name} (process {pid}).",
            port=port,
            setting=setting,
            name=holder.name,
            pid=holder.pid,
        )
    return PortInUse(
        message, _("End that process, or set {setting} to another port in the site file.", setting=setting)
    )


def _reason(error: OSError) -> Message:
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return _("this machine has no such address")
    if error.errno == errno.EACCES:
        return _("ports below 1024 need privileges")
    return Message("{reason}", (("reason", error.strerror or str(error)),))
