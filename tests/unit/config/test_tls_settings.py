"""`gateway.tls` of the site file."""

import pytest

from appliance.config.site import parse_site
from appliance.core.errors import ConfigError


def tls(text):
    return parse_site(f"gateway: {{tls: {text}}}", "site.yaml").gateway.tls


def test_without_it_the_gateway_speaks_plain_http():
    assert parse_site("gateway: {port: 9000}", "site.yaml").gateway.tls is None
    assert tls("null") is None


def test_an_empty_section_is_the_appliances_own_certificate():
    found = tls("{}")
    assert (found.own, found.names) == (True, ())


def test_names_are_taken_in_one_form():
    assert tls("{names: [AI.Bank.example, '10.20.0.11', 'FD00:0::1']}").names == (
        "ai.bank.example", "10.20.0.11", "fd00::1",
    )  # fmt: skip


def test_both_files_are_the_banks_own():
    found = tls("{certificate: tls/gateway.pem, key: tls/gateway.key, names: [ai.bank.example]}")
    assert not found.own


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{certificate: a.pem}", "give both of certificate, key"),
        ("{key: a.key}", "give both of certificate, key"),
        ("{names: ['*.bank.example']}", "must be a name such as"),
        ("{names: ['https://ai.bank.example']}", "must be a name such as"),
        ("{names: [10.20.0.999]}", "must be a name such as"),
        ("{names: ['']}", "must be a name such as"),
        ("{names: ai.bank.example}", "gateway.tls.names"),
        ("{certificat: a.pem}", "did you mean certificate"),
        ("own", "gateway.tls"),
    ],
)
def test_what_cannot_be_used_is_said(text, said):
    with pytest.raises(ConfigError) as fault:
        tls(text)
    assert said in str(fault.value)
