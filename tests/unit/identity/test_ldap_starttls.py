"""LDAP that goes over to TLS by StartTLS, against OpenLDAP's own server; skipped where it is not installed."""

import pytest

from appliance.core.errors import Unavailable
from appliance.identity.ldap import LdapDirectory, LdapSettings
from appliance.identity.rules import ClaimRule
from appliance.identity.sign_in import SignIn
from tests.unit.identity import openldap
from tests.unit.identity.openldap import PEOPLE, SERVICE, SERVICE_PASSWORD

PASSWORD = "seven green boats 7"
RULES = (ClaimRule("memberOf", "cn=editors,dc=bank", "north", "editor"),)

pytestmark = pytest.mark.skipif(bool(openldap.missing()), reason=openldap.missing() or "-")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("openldap")


@pytest.fixture(scope="module")
def authority(folder):
    return openldap.Authority(folder, "bank-authority")


@pytest.fixture(scope="module")
def server(folder, authority):
    with openldap.running(folder / "good", PASSWORD, authority.issue("127.0.0.1")) as started:
        yield started


@pytest.fixture(scope="module")
def other_name(folder, authority):
    """Give a server whose certificate, of the same authority, is for another address."""
    with openldap.running(folder / "other", PASSWORD, authority.issue("127.0.0.2")) as started:
        yield started


@pytest.fixture(scope="module")
def plain(folder):
    """Give a server that cannot do TLS."""
    with openldap.running(folder / "plain", PASSWORD, None) as started:
        yield started


def by_search(server, ca_file):
    account = {"bind_dn": SERVICE, "bind_password": SERVICE_PASSWORD}
    return LdapDirectory(LdapSettings(server.url, RULES, base=PEOPLE, ca_file=ca_file, **account))


def by_dn(server, ca_file):
    return LdapDirectory(LdapSettings(server.url, RULES, user_dn=f"uid={{name}},{PEOPLE}", ca_file=ca_file))


@pytest.mark.parametrize("kind", [by_search, by_dn])
def test_somebody_is_found_over_starttls(server, authority, kind):
    before = len(server.operations())
    person = kind(server, str(authority.file)).check("wang", PASSWORD)
    assert (person.name, person.display_name) == ("wang", "Wang Xiaoming")
    assert sorted(person.values["memberOf"]) == ["cn=editors,dc=bank", "cn=staff,dc=bank"]
    told = server.operations()[before:]
    assert told[0] == "STARTTLS"  # before any bind
    assert "BIND" in told


@pytest.mark.parametrize("kind", [by_search, by_dn])
def test_a_wrong_password_and_a_stranger_are_nobody(server, authority, kind):
    directory = kind(server, str(authority.file))
    assert directory.check("wang", PASSWORD + "8") is None
    assert directory.check("nobody", PASSWORD) is None


def test_who_signs_in_over_starttls_has_what_the_rules_give(server, authority, accounts):
    sign_in = SignIn(accounts.users, accounts.sessions, accounts.lockout, ldap=by_search(server, str(authority.file)))
    found = sign_in.with_ldap("wang", PASSWORD, "203.0.113.9")
    assert (found.user.origin, found.user.tenant, found.user.role) == ("ldap", "north", "editor")


@pytest.mark.parametrize("kind", [by_search, by_dn])
@pytest.mark.parametrize("trusted", ["of the system", "another authority"])
def test_a_certificate_of_an_unknown_authority_is_refused_before_anything_is_sent(server, tmp_path, kind, trusted):
    before = len(server.operations())
    ca_file = None if trusted == "of the system" else str(openldap.Authority(tmp_path, "stranger").file)
    with pytest.raises(Unavailable):
        kind(server, ca_file).check("wang", PASSWORD)
    assert server.operations()[before:] == ["STARTTLS"]


@pytest.mark.parametrize("kind", [by_search, by_dn])
def test_a_certificate_for_another_address_is_refused_before_anything_is_sent(other_name, authority, kind):
    with pytest.raises(Unavailable):
        kind(other_name, str(authority.file)).check("wang", PASSWORD)
    assert set(other_name.operations()) == {"STARTTLS"}


@pytest.mark.parametrize("kind", [by_search, by_dn])
def test_a_directory_without_tls_gets_no_password(plain, authority, kind):
    with pytest.raises(Unavailable):
        kind(plain, str(authority.file)).check("wang", PASSWORD)
    assert plain.operations() == []
    assert " EXT oid=" in plain.log.read_text()  # it was asked for TLS
