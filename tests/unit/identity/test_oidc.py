"""OpenID Connect against a real provider on this machine."""

import secrets
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from appliance.core.errors import AuthenticationFailed, ConfigError, PermissionDenied, Unavailable
from appliance.identity.oidc import ATTEMPT_LIFETIME_S, OidcClient, OidcSettings
from appliance.identity.rules import ClaimRule, place_of
from appliance.identity.sign_in import SignIn
from tests.unit.identity.provider import CLIENT, SECRET, Provider, browse

PEPPER = bytes(range(32))
RULES = (
    ClaimRule("groups", "north-admins", "north", "admin"),
    ClaimRule("realm_access.roles", "audit", "default", "auditor"),
)


def settings_of(provider, **more):
    return OidcSettings(
        provider.issuer, CLIENT, "http://127.0.0.1:8080/v1/sign-in/oidc/callback", RULES, SECRET, **more
    )


@pytest.fixture
def client(provider):
    return OidcClient(settings_of(provider), PEPPER, keys_again_after_s=0)


def come_back(client):
    begun = client.begin()
    return client.finish(begun.sealed, browse(begun.url))


def test_somebody_comes_back_named(client, provider):
    claims = come_back(client)
    assert (claims.issuer, claims.subject) == (provider.issuer, "42")
    assert claims.values["name"] == "王小明"
    assert provider.asked.count("/keys") == 1
    come_back(client)
    assert provider.asked.count("/keys") == 1
    assert provider.asked.count("/.well-known/openid-configuration") == 1


def test_the_browser_is_sent_with_pkce_state_and_nonce_and_the_cookie_hides_them(client):
    begun = client.begin()
    query = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert query["scope"] == "openid profile"
    for name in ("state", "nonce"):
        assert len(query[name]) >= 43
        assert query[name] not in begun.sealed
    assert client.begin().url != begun.url


HOUR = 3600
WRONG = {
    "another audience": {"aud": "other"},
    "another audience beside ours, and authorised": {"aud": [CLIENT, "other"], "azp": "other"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "expired": {"exp": int(time.time()) - HOUR},
    "no expiry": {"exp": None},
    "an expiry that is no number": {"exp": "soon"},
    "of the future": {"nbf": int(time.time()) + HOUR},
    "another nonce": {"nonce": "other"},
    "no nonce": {"nonce": None},
    "nobody": {"sub": None},
    "a number for a subject": {"sub": 42},
    "an empty subject": {"sub": ""},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_a_token_with_a_wrong_claim_is_refused(client, provider, changes):
    provider.changes = changes
    with pytest.raises(AuthenticationFailed) as caught:
        come_back(client)
    assert caught.value.code == "sign_in_failed"


def test_an_unsigned_token_is_refused(client, provider):
    provider.header = {"alg": "none"}
    with pytest.raises(AuthenticationFailed):
        come_back(client)


def test_a_token_signed_with_the_public_key_as_a_password_is_refused(client, provider):
    provider.header = {"alg": "HS256"}
    with pytest.raises(AuthenticationFailed):
        come_back(client)


def test_a_token_signed_by_somebody_else_is_refused(client, provider):
    provider.sign_with = Provider.new_key()
    with pytest.raises(AuthenticationFailed):
        come_back(client)


def test_a_changed_token_is_refused(client, provider):
    come_back(client)
    head, body, signature = provider.id_token("n").split(".")
    client.claims_of(f"{head}.{body}.{signature}", "n")
    for changed in (
        f"{head}.{body[:-2]}xx.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        "", "a.b.c", "\ud800", None, 7,
    ):  # fmt: skip
        with pytest.raises(AuthenticationFailed):
            client.claims_of(changed, "n")


def test_new_keys_of_the_provider_are_fetched(client, provider):
    come_back(client)
    provider.key = Provider.new_key()
    assert come_back(client).subject == "42"
    assert provider.asked.count("/keys") == 2


def test_bad_tokens_do_not_make_the_keys_be_fetched_again_and_again(provider):
    client = OidcClient(settings_of(provider), PEPPER)
    come_back(client)
    provider.sign_with = Provider.new_key()
    for _number in range(3):
        with pytest.raises(AuthenticationFailed):
            come_back(client)
    assert provider.asked.count("/keys") == 1


def test_an_answer_is_good_for_its_own_attempt_and_once(client):
    mine, other = client.begin(), client.begin()
    query = browse(mine.url)
    with pytest.raises(AuthenticationFailed, match="another attempt"):
        client.finish(other.sealed, query)
    client.finish(mine.sealed, query)
    with pytest.raises(AuthenticationFailed, match="invalid_grant"):
        client.finish(mine.sealed, query)


@pytest.mark.parametrize("sealed", ["", "x", "\ud800", secrets.token_urlsafe(80)])
def test_a_forged_cookie_is_refused(client, sealed):
    query = browse(client.begin().url)
    with pytest.raises(AuthenticationFailed, match="not begun here"):
        client.finish(sealed, query)


def test_a_cookie_of_another_appliance_is_refused(client, provider):
    begun = OidcClient(settings_of(provider), bytes(32)).begin()
    with pytest.raises(AuthenticationFailed, match="not begun here"):
        client.finish(begun.sealed, browse(begun.url))


def test_an_attempt_grows_old(provider):
    moment = time.time()
    client = OidcClient(settings_of(provider), PEPPER, clock=lambda: moment)
    begun = client.begin()
    query = browse(begun.url)
    moment += ATTEMPT_LIFETIME_S + 1
    with pytest.raises(AuthenticationFailed, match="too old"):
        client.finish(begun.sealed, query)


@pytest.mark.parametrize("query", ["", "code=x", "state=x&code=x", "error=access_denied", "code=a&code=b"])
def test_an_answer_without_its_parts_is_refused(client, query):
    with pytest.raises(AuthenticationFailed):
        client.finish(client.begin().sealed, query)


def test_a_refusal_of_the_provider_is_told_and_cut(client):
    begun = client.begin()
    state = parse_qs(urlsplit(begun.url).query)["state"][0]
    told = urlencode({"state": state, "error": "access_denied" + "x" * 500})
    with pytest.raises(AuthenticationFailed, match="access_denied") as caught:
        client.finish(begun.sealed, told)
    assert len(str(caught.value)) < 250
    mixed_up = urlencode({"state": state, "code": "x", "iss": "https://evil.example"})
    with pytest.raises(AuthenticationFailed, match="another provider"):
        client.finish(begun.sealed, mixed_up)


def test_a_provider_that_is_not_there_or_another_is_told(provider):
    silent = OidcClient(replace(settings_of(provider), issuer="http://127.0.0.1:1"), PEPPER)
    with pytest.raises(Unavailable):
        silent.begin()
    provider.named = "http://127.0.0.1:9/other"
    with pytest.raises(ConfigError):
        OidcClient(settings_of(provider), PEPPER).begin()


@pytest.mark.parametrize("issuer", ["http://id.bank.example", "ftp://127.0.0.1", "", "https://", "file:///etc/passwd"])
def test_a_provider_is_reached_by_https(provider, issuer):
    with pytest.raises(ConfigError):
        OidcClient(replace(settings_of(provider), issuer=issuer), PEPPER)


def test_rules_are_read_in_order_and_deny_by_default():
    assert place_of({"groups": ["x", "north-admins"]}, RULES) == ("north", "admin")
    assert place_of({"groups": "north-admins"}, RULES) == ("north", "admin")
    assert place_of({"realm_access": {"roles": ["audit"]}}, RULES) == ("default", "auditor")
    for claims in (
        {}, {"groups": []}, {"groups": ["north-admin"]}, {"groups": ["NORTH-ADMINS"]}, {"groups": {"north-admins": 1}},
        {"realm_access": ["audit"]}, {"groups": None}, {"groups": [["north-admins"]]},
    ):  # fmt: skip
        with pytest.raises(PermissionDenied):
            place_of(claims, RULES)


def test_who_signs_in_has_what_the_rules_give(client, provider, accounts):
    local = accounts.users.add("wang", "seven green boats 7", role="admin")
    sign_in = SignIn(accounts.users, accounts.sessions, accounts.lockout, oidc=client)
    first = sign_in.with_oidc(come_back(client))
    assert (first.user.name, first.user.display_name) == ("wang", "王小明")
    assert first.user.id != local.id, "a provider's name is no way into an account that is kept here"
    assert (first.user.tenant, first.user.role) == ("north", "admin")
    assert accounts.sessions.verify(first.token).principal.tenant == "north"
    provider.claims |= {"groups": [], "realm_access": {"roles": ["audit"]}, "preferred_username": "wang2"}
    again = sign_in.with_oidc(come_back(client))
    assert (again.user.id, again.user.role) == (first.user.id, "auditor")
    assert accounts.sessions.verify(first.token).principal.role == "auditor"
    provider.claims |= {"realm_access": None}
    with pytest.raises(PermissionDenied):
        sign_in.with_oidc(come_back(client))
    accounts.users.disable(first.user.id)
    provider.claims |= {"groups": ["north-admins"]}
    with pytest.raises(AuthenticationFailed):
        sign_in.with_oidc(come_back(client))
