"""The section sign_in of the site file."""

import pytest
import yaml

from appliance.config.home import Home
from appliance.config.sign_in import SignInSettings
from appliance.config.site import parse_site
from appliance.core.errors import ConfigError
from appliance.serving.gateway.accounts import open_accounts
from appliance.state.accounts.lockout import LockoutRules
from appliance.state.accounts.passwords import PasswordRules
from appliance.state.accounts.sessions import SessionRules
from appliance.state.database import Database, sqlite_url

RULE = {"claim": "groups", "value": "staff", "tenant": "default", "role": "caller"}
OIDC = {
    "issuer": "https://login.bank", "client_id": "appliance", "rules": [RULE],
    "redirect_uri": "https://ai.bank/v1/auth/oidc/callback",
}  # fmt: skip
LDAP = {"url": "ldaps://ldap.bank", "user_dn": "uid={name},ou=people,dc=bank", "rules": [RULE]}
SEARCH = {"base": "dc=bank", "bind_dn": "cn=appliance", "bind_password_file": "ldap.secret"}


def parsed(**sections):
    return parse_site(yaml.safe_dump({"sign_in": sections}), "site.yaml").sign_in


@pytest.fixture
def database(tmp_path):
    found = Database.open(sqlite_url(tmp_path / "a.db"))
    found.migrate()
    yield found
    found.close()


def test_the_defaults_are_those_of_the_rules():
    settings = SignInSettings()
    for told, rules in (
        (settings.password, PasswordRules()), (settings.lockout, LockoutRules()), (settings.session, SessionRules()),
    ):  # fmt: skip
        assert told.model_dump() == vars(rules)


def test_both_directories_open_with_their_secrets(database, tmp_path):
    (tmp_path / "client.secret").write_text("s1\n", encoding="utf-8")
    (tmp_path / "ldap.secret").write_text("s2\r\n", encoding="utf-8")
    settings = parsed(
        oidc={**OIDC, "client_secret_file": "client.secret"},
        ldap={**LDAP, **SEARCH, "user_dn": None, "ca_file": "ca.pem"},
    )
    sign_in = open_accounts(database, bytes(32), settings, Home(tmp_path).root).sign_in
    assert sign_in.oidc.settings.client_secret == "s1"
    assert sign_in.oidc.settings.rules[0].value == "staff"
    directory = sign_in._ldap.settings
    assert (directory.bind_password, directory.ca_file) == ("s2", str(tmp_path / "ca.pem"))
    absent = parsed(oidc={**OIDC, "client_secret_file": "absent"})
    with pytest.raises(ConfigError, match="absent"):
        open_accounts(database, bytes(32), absent, tmp_path)


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"oidc": {**OIDC, "issuer": "http://login.bank"}}, "issuer must begin with https://"),
        ({"oidc": {**OIDC, "redirect_uri": "ai.bank/callback"}}, "redirect_uri must begin with https://"),
        ({"oidc": {**OIDC, "rules": []}}, "sign_in.oidc.rules"),
        ({"oidc": {**OIDC, "isuer": "x"}}, "sign_in.oidc.isuer: unknown (did you mean issuer?)"),
        ({"oidc": {**OIDC, "rules": [{**RULE, "claims": "x"}]}}, "rules.0.claims: unknown (did you mean claim?)"),
        ({"oidc": {**OIDC, "rules": [{**RULE, "role": "root"}]}}, "sign_in.oidc.rules.0.role"),
        ({"ldap": {**LDAP, "url": "ldap.bank"}}, "url must be ldaps://HOST"),
        ({"ldap": {**LDAP, "user_dn": None}}, "give user_dn, or base with bind_dn"),
        ({"ldap": {**LDAP, "user_dn": "ou=people"}}, "{name} must stand"),
        ({"password": {"min_length": 4}}, "sign_in.password.min_length: it must be at least 8"),
    ],
)
def test_settings_that_cannot_work_are_named(sections, told):
    with pytest.raises(ConfigError) as caught:
        parsed(**sections)
    assert told in str(caught.value)
