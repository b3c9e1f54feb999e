"""Addresses with a port, and where a request comes from when proxies stand in between."""

import pytest

from appliance.core.networks import caller_behind, with_port

TRUSTED = ("10.0.0.0/24", "fd00::/64")


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("10.0.0.5", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.5", "192.0.2.7, 10.0.0.9", "192.0.2.7"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        # what the caller wrote before the first proxy is not believed
        ("10.0.0.5", "10.0.0.1, 203.0.113.9, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.5", "127.0.0.1, 192.0.2.7", "192.0.2.7"),
        # nobody that is trusted has written it
        ("192.0.2.7", "10.0.0.1", "192.0.2.7"),
        ("::ffff:10.0.0.5", "192.0.2.7", "192.0.2.7"),
        # rubbish ends the search at the last proxy that is known
        ("10.0.0.5", "192.0.2.7, rubbish", "10.0.0.5"),
        ("10.0.0.5", "rubbish, 10.0.0.9", "10.0.0.9"),
        ("10.0.0.5", "", "10.0.0.5"),
        (None, "192.0.2.7", None),
    ],
)
def test_only_what_a_trusted_proxy_wrote_counts(peer, forwarded, found):
    assert caller_behind(TRUSTED, peer, forwarded) == found


def test_without_trusted_proxies_the_header_is_nothing():
    assert caller_behind((), "10.0.0.5", "192.0.2.7") == "10.0.0.5"


@pytest.mark.parametrize(
    ("address", "written"), [("10.0.0.5", "10.0.0.5:6380"), ("gpu-1", "gpu-1:6380"), ("fd00::5", "[fd00::5]:6380")]
)
def test_an_ipv6_address_before_a_port_is_in_brackets(address, written):
    assert with_port(address, 6380) == written
