"""The gateways of an appliance that a command line can ask: this node's, then those of other nodes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import httpx

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ConfigError
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.core.networks import with_port
from appliance.operations.gateway_trust import GatewayTrust, verified_by
from appliance.serving.names import HEAD_AWAY

_SCHEMA = 1
_LOOK_S = 2.0
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on
_LOCAL = "127.0.0.1"
_PORT_FACT = "gateway_port"
START_IT: Final = _("Start it with `appliance up`; where that is at work, it answers when it is ready.")
"""What to do where nothing listens."""
TRY_AGAIN: Final = _("`appliance doctor` tells what is wrong; then try again.")
"""What to do where no answer came."""


def base_url(site: SiteConfig) -> str:
    """Return the gateway's address as this machine reaches it."""
    host = site.gateway.host
    return _url(site, _ANY_ADDRESS.get(host, host), site.gateway.port)


def caller_urls(site: SiteConfig, addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the gateway's addresses as callers reach it, names of its certificate first.

    `addresses` are those of this machine, which count where the gateway listens at every one.
    """
    host, tls = site.gateway.host, site.gateway.tls
    everywhere = [one for one in addresses if host == "::" or ":" not in one]
    places = everywhere if host in _ANY_ADDRESS else [host]
    named = [name for name in tls.names if "*" not in name] if tls is not None and places != [_LOCAL] else []
    return tuple(dict.fromkeys(_url(site, one, site.gateway.port) for one in (*named, *places))) or (base_url(site),)


def gateway_urls(home: Home, site: SiteConfig) -> tuple[str, ...]:
    """Return the addresses to ask, this machine's first. Raises `ConfigError` for a list that cannot be read."""
    own = base_url(site)
    try:
        told = json.loads(home.gateways_file.read_text(encoding="utf-8"))
        if told["schema"] != _SCHEMA:
            raise ValueError(told["schema"])
        others = [str(gateway["url"]) for gateway in told["gateways"]]
    except FileNotFoundError:
        return (own,)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            _("The list of gateways in {path} cannot be read.", path=home.gateways_file),
            _("Remove it: the head node writes it anew."),
        ) from error
    return tuple(dict.fromkeys((own, *others)))


def write_gateways(home: Home, site: SiteConfig, nodes: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
    """Write the list of `nodes`, each with name, address and facts, durably where it has changed. Raises `DiskFull`.

    The fact `gateway_port` says where a node's gateway listens; without it, it is the port of this node's.
    """
    listed = [
        {"name": name, "url": _url(site, address, int(facts.get(_PORT_FACT, site.gateway.port)))}
        for name, address, facts in nodes
    ]
    content = (json.dumps({"schema": _SCHEMA, "gateways": listed}, indent=1) + "\n").encode()
    path = home.gateways_file
    if not path.exists() or path.read_bytes() != content:
        write_durably(path, content)


def first_healthy(urls: Sequence[str], trust: GatewayTrust | None = None) -> str:
    """Return the first gateway that says that it and its head are well, or the first of all where none does."""
    if len(urls) > 1:
        with httpx.Client(timeout=_LOOK_S, trust_env=False, verify=verified_by(trust)) as http:
            return next((url for url in urls if _is_well(http, url)), urls[0])
    return urls[0]


def _is_well(http: httpx.Client, url: str) -> bool:
    try:
        told = http.get(f"{url}/healthz").raise_for_status().json()
        return bool(told["status"] == "ok" and told.get("head") != "away")
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
        return False


def says_head_away(response: httpx.Response) -> bool:
    """Tell whether a gateway has refused a request because it does not reach its head: nothing of it was done."""
    if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
        return False
    try:
        return bool(response.json()["error"]["code"] == HEAD_AWAY)
    except (ValueError, KeyError, TypeError):
        return False


def _url(site: SiteConfig, host: str, port: int) -> str:
    scheme = "http" if site.gateway.tls is None else "https"
    return f"{scheme}://{with_port(host.strip('[]'), port)}"
