"""Addresses with a port, and source networks of keys in CIDR notation."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses, ip_address, ip_network

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

MOST_NETWORKS = 64


def with_port(address: str, port: int) -> str:
    """Return an address and a port as URLs and Ray write them: HOST:PORT, an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def check_networks(entries: Iterable[str]) -> tuple[str, ...]:
    """Return networks in canonical form, each once. Raises `InvalidRequest`, also for host bits behind the prefix."""
    given = tuple(entries)
    if len(given) > MOST_NETWORKS:
        raise InvalidRequest(_("A key may have at most {most} networks.", most=MOST_NETWORKS), param="networks")
    canonical = []
    for entry in given:
        try:
            canonical.append(str(ip_network(entry)))
        except ValueError as error:
            raise InvalidRequest(
                _("The network {network} cannot be used.", network=ascii(entry[:80])),
                _("Write it as 10.20.0.0/16 or 2001:db8::/32, without bits behind the prefix."),
                param="networks",
            ) from error
    return tuple(dict.fromkeys(canonical))


def allows(networks: Sequence[str], address: str | None) -> bool:
    """Tell whether `address` lies in one of `networks`; none at all is everywhere, and an unknown address nowhere."""
    if not networks:
        return True
    try:
        source = ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    plain = _unmapped(source)
    return any(plain in ip_network(network) for network in networks)


def caller_behind(trusted: Sequence[str], peer: str | None, forwarded: str) -> str | None:
    """Return where a request comes from that `peer` has passed on, by its `X-Forwarded-For`.

    Only what a trusted proxy has written counts: the last address that is not itself one of them. From anybody else
    the header is what its sender likes it to be.
    """
    if not trusted or not allows(trusted, peer):
        return peer
    nearest = peer
    for written in reversed(forwarded.split(",")):
        try:
            address = str(ip_address(written.strip()))
        except ValueError:
            break
        nearest = address
        if not allows(trusted, address):
            break
    return nearest


def covers(outer: Sequence[str], inner: Sequence[str]) -> bool:
    """Tell whether each address of `inner` is one of `outer`; no network means every address."""
    if not outer:
        return True
    if not inner:
        return False
    (old_outer, new_outer), (old_inner, new_inner) = _by_version(outer), _by_version(inner)
    return all(any(one.subnet_of(other) for other in old_outer) for one in old_inner) and all(
        any(one.subnet_of(other) for other in new_outer) for one in new_inner
    )


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """A dual-stack socket tells an IPv4 caller as ::ffff:a.b.c.d."""
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _by_version(networks: Sequence[str]) -> tuple[list[IPv4Network], list[IPv6Network]]:
    """Return both kinds, neighbours joined: two halves cover their whole."""
    parsed = [ip_network(network) for network in networks]
    old = [network for network in parsed if isinstance(network, IPv4Network)]
    new = [network for network in parsed if isinstance(network, IPv6Network)]
    return list(collapse_addresses(old)), list(collapse_addresses(new))
