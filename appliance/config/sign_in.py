"""How people sign in: the section `sign_in` of the site file."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from appliance.config.section import Section
from appliance.core.messages import _
from appliance.core.principal import Role
from appliance.core.validation import Fault

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class PasswordSettings(Section):
    """Passwords that the appliance keeps."""

    min_length: int = Field(default=12, ge=8, le=64)
    """Fewest characters of a new password."""


class LockoutSettings(Section):
    """The pause after failed attempts to sign in; each further failure doubles it."""

    user_failures: int = Field(default=5, ge=1)
    """Failures of one name before a pause."""
    source_failures: int = Field(default=50, ge=1)
    """Failures from one address before a pause; many people may stand behind one."""
    first_pause_s: float = Field(default=60.0, gt=0, le=86_400)
    """First pause, in seconds."""
    longest_pause_s: float = Field(default=3600.0, gt=0, le=604_800)
    """Longest pause, in seconds."""
    forget_after_s: float = Field(default=86_400.0, gt=0, le=31_536_000)
    """Seconds without a failure after which a count starts anew."""


class SessionSettings(Section):
    """Sessions of people who have signed in."""

    idle_s: float = Field(default=1800.0, ge=60, le=604_800)
    """Seconds without a request after which a session is over."""
    longest_s: float = Field(default=43_200.0, ge=60, le=2_592_000)
    """Seconds after which a session is over in any case."""


class SignInRule(Section):
    """Which tenant and role somebody gets; the first rule that fits counts, and who fits none does not get in."""

    claim: str = Field(min_length=1)
    """Claim or attribute, for example groups; dots lead into nested claims."""
    value: str = Field(min_length=1)
    """Value that it is, or holds."""
    tenant: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    """Tenant, which must be there."""
    role: Role
    """Role."""


class OidcSettings(Section):
    """An OpenID Connect provider; null keeps this way in closed."""

    issuer: str
    """Issuer, exactly as the provider calls itself, https://…"""
    client_id: str = Field(min_length=1)
    """Name of the appliance at the provider."""
    client_secret_file: str | None = None
    """File with the client's secret, absolute or in the home folder; null: a client without one."""
    redirect_uri: str
    """Address that people come back to, https://HOST/v1/auth/oidc/callback; the provider must know it."""
    scopes: tuple[str, ...] = ("openid", "profile")
    """Scopes asked for."""
    name_claim: str = "preferred_username"
    """Claim with the name that is shown."""
    ca_file: str | None = None
    """Certificates (PEM) that the provider is checked against, absolute or in the home folder; null: the system's."""
    rules: tuple[SignInRule, ...] = Field(min_length=1)
    """Who gets in, and as what."""

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        for name in ("issuer", "redirect_uri"):
            if not _is_https(getattr(self, name)):
                raise Fault(_("{name} must begin with https://", name=name))
        return self


class LdapSettings(Section):
    """An LDAP directory; null keeps this way in closed."""

    url: str
    """ldaps://HOST[:PORT], or ldap://HOST[:PORT], which goes over to TLS before anything is sent."""
    user_dn: str | None = None
    """Entry of a person, with {name} for the name typed; null: it is searched for below base."""
    base: str = ""
    """Entry below which people are searched for."""
    user_filter: str = "(uid={name})"
    """Filter of that search, with {name} for the name typed."""
    bind_dn: str | None = None
    """Service account that searches."""
    bind_password_file: str | None = None
    """File with its password, absolute or in the home folder."""
    name_attribute: str = "uid"
    """Attribute with a person's name."""
    display_attribute: str = "cn"
    """Attribute with the name that is shown."""
    group_attribute: str = "memberOf"
    """Attribute with a person's groups."""
    ca_file: str | None = None
    """Certificates (PEM) that the directory is checked against, absolute or in the home folder; null: the system's."""
    rules: tuple[SignInRule, ...] = Field(min_length=1)
    """Who gets in, and as what."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.url.startswith(("ldaps://", "ldap://")):
            raise Fault(_("url must be ldaps://HOST or ldap://HOST"))
        if not self.user_dn and not (self.base and self.bind_dn and self.bind_password_file):
            raise Fault(_("give user_dn, or base with bind_dn and bind_password_file"))
        if "{name}" not in (self.user_dn or self.user_filter):
            raise Fault(_("{part} must stand where the name typed belongs", part="{name}"))
        return self


class SignInSettings(Section):
    """How people sign in. Without oidc and ldap they do it with a password that the appliance keeps."""

    password: PasswordSettings = PasswordSettings()
    """Passwords."""
    lockout: LockoutSettings = LockoutSettings()
    """Failed attempts."""
    session: SessionSettings = SessionSettings()
    """Sessions."""
    oidc: OidcSettings | None = None
    """OpenID Connect."""
    ldap: LdapSettings | None = None
    """LDAP."""


def _is_https(address: str) -> bool:
    """On this machine itself HTTP will do."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )
