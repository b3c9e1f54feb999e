"""LDAP against a real server over TLS on this machine."""

import pytest

from appliance.core.errors import AuthenticationFailed, ConfigError, PermissionDenied, TooManyRequests, Unavailable
from appliance.identity.ldap import LdapDirectory, LdapSettings
from appliance.identity.rules import ClaimRule
from appliance.identity.sign_in import SignIn
from tests.unit.identity.directory import PEOPLE, SERVICE, SERVICE_PASSWORD

RULES = (ClaimRule("memberOf", "cn=editors,dc=bank", "north", "editor"),)
PASSWORD = "seven green boats 7"


def by_search(directory, **more):
    values = {
        "rules": RULES, "base": PEOPLE, "bind_dn": SERVICE, "bind_password": SERVICE_PASSWORD,
        "ca_file": directory.ca_file, **more,
    }  # fmt: skip
    return LdapDirectory(LdapSettings(directory.url, **values))


def by_dn(directory, **more):
    values = {"rules": RULES, "user_dn": f"uid={{name}},{PEOPLE}", "ca_file": directory.ca_file, **more}
    return LdapDirectory(LdapSettings(directory.url, **values))


@pytest.fixture
def people(directory):
    directory.add("wang", PASSWORD, ["cn=staff,dc=bank", "cn=editors,dc=bank"], "王小明")
    directory.add("li", PASSWORD, ["cn=staff,dc=bank"])
    return directory


@pytest.mark.parametrize("kind", [by_search, by_dn])
def test_somebody_is_found_and_their_groups_are_read(people, kind):
    person = kind(people).check("wang", PASSWORD)
    assert (person.name, person.display_name) == ("wang", "王小明")
    assert person.values["memberOf"] == ("cn=staff,dc=bank", "cn=editors,dc=bank")
    assert people.binds[-1] == (f"uid=wang,{PEOPLE}", PASSWORD)
    assert kind(people).check("wang", PASSWORD + "8") is None
    assert kind(people).check("nobody", PASSWORD) is None


@pytest.mark.parametrize("kind", [by_search, by_dn])
def test_no_password_is_never_sent(people, kind):
    for password in ("", "\0", "a\0"):
        assert kind(people).check("wang", password) is None
    assert people.binds == []


@pytest.mark.parametrize("name", ["*", "wang)(uid=*", "w*", "*)(objectClass=*", "wang\\2a", "(", "li)(|(uid=wang"])
def test_a_name_is_a_value_and_no_filter(people, name):
    assert by_search(people).check(name, PASSWORD) is None
    assert people.searched == [(PEOPLE, "equalityMatch", ("uid", name))]


@pytest.mark.parametrize("name", ["wang,ou=people", "x+uid=wang", "wang\\", '"wang"', "#wang", "wang;dc=x", "a=b"])
def test_a_name_is_a_value_and_no_path(people, name):
    assert by_dn(people).check(name, PASSWORD) is None
    for dn, _password in people.binds:
        assert dn.endswith(f",{PEOPLE}")
        assert f"uid={name},{PEOPLE}" != dn


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb", "a\0", "\ud800"])
def test_a_name_that_nobody_has_is_not_sent(people, name):
    assert by_search(people).check(name, PASSWORD) is None
    assert people.binds == []


def test_two_entries_with_one_name_are_nobody(people):
    people.add("wang", "other", [], within=f"ou=old,{PEOPLE}")
    assert by_search(people).check("wang", PASSWORD) is None


def test_a_certificate_that_is_not_trusted_ends_it_before_a_password_is_sent(people):
    with pytest.raises(Unavailable):
        by_dn(people, ca_file=None).check("wang", PASSWORD)
    assert people.binds == []


def test_a_directory_that_is_not_there_is_told(directory):
    silent = LdapSettings("ldaps://127.0.0.1:1", RULES, user_dn=f"uid={{name}},{PEOPLE}", ca_file=directory.ca_file)
    with pytest.raises(Unavailable):
        LdapDirectory(silent).check("wang", PASSWORD)


def test_a_directory_that_cannot_tell_is_not_a_wrong_password(people):
    people.bind_code = 51  # busy
    with pytest.raises(Unavailable, match="busy"):
        by_dn(people).check("wang", PASSWORD)


def test_a_wrong_service_account_is_told(people):
    with pytest.raises(ConfigError, match="service account"):
        by_search(people, bind_password="wrong").check("wang", PASSWORD)


@pytest.mark.parametrize("values", [{}, {"base": PEOPLE}, {"bind_dn": SERVICE}])
def test_settings_that_find_nobody_are_refused(values):
    with pytest.raises(ConfigError):
        LdapSettings("ldaps://127.0.0.1", RULES, **values)
    with pytest.raises(ConfigError):
        LdapSettings("http://127.0.0.1", RULES, user_dn="uid={name}")


def test_who_signs_in_has_what_the_rules_give(people, accounts):
    accounts.users.add("wang", "another boat 88 x", role="admin")
    sign_in = SignIn(accounts.users, accounts.sessions, accounts.lockout, ldap=by_search(people))
    found = sign_in.with_ldap("wang", PASSWORD, "203.0.113.9")
    assert (found.user.origin, found.user.tenant, found.user.role) == ("ldap", "north", "editor")
    assert sign_in.with_ldap("wang", PASSWORD, None).user.id == found.user.id
    with pytest.raises(PermissionDenied):
        sign_in.with_ldap("li", PASSWORD, "203.0.113.9")
    for _number in range(3):
        with pytest.raises(AuthenticationFailed):
            sign_in.with_ldap("wang", "wrong", "203.0.113.9")
    with pytest.raises(TooManyRequests):
        sign_in.with_ldap("wang", PASSWORD, "203.0.113.9")
    sign_in.unlock(found.user)
    assert sign_in.with_ldap("wang", PASSWORD, "203.0.113.9").user.id == found.user.id


def test_a_silent_directory_counts_against_nobody(people, accounts):
    people.bind_code = 51
    sign_in = SignIn(accounts.users, accounts.sessions, accounts.lockout, ldap=by_dn(people))
    for _number in range(6):
        with pytest.raises(Unavailable):
            sign_in.with_ldap("wang", PASSWORD, "203.0.113.9")
    people.bind_code = None
    assert sign_in.with_ldap("wang", PASSWORD, "203.0.113.9").user.name == "wang"
