"""Every secret that this home knows: what must not occur in a bundle, in whatever file it turns up."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from appliance.config.home import Home
from appliance.config.site import SiteConfig

_MOST_BYTES = 1 << 20
_PUBLIC = re.compile(rb"-----BEGIN PUBLIC KEY-----")


def known_secrets(home: Home, site: SiteConfig | None) -> Iterator[bytes | str]:
    """Yield the content of each secret file, and the passwords in addresses of the site file.

    A file that cannot be read is left out: what nobody here may read, nothing here could have written into a log.
    """
    files = [home.admin_key_file, *(path for path in sorted(home.secrets.rglob("*")) if path.is_file())]
    if site is not None:
        files += _named(home, site)
        yield from _passwords(site)
    for path in files:
        try:
            with path.open("rb") as file:
                content = file.read(_MOST_BYTES)
        except OSError:
            continue
        if content.strip() and not _PUBLIC.match(content):
            yield content
        if path == home.admin_key_file:
            yield content.strip().partition(b".")[2]


def _named(home: Home, site: SiteConfig) -> Iterator[Path]:
    """Yield the secret files that the site file names."""
    settings = site.sign_in
    named = (
        settings.oidc.client_secret_file if settings.oidc else None,
        settings.ldap.bind_password_file if settings.ldap else None,
        site.gateway.tls.key if site.gateway.tls else None,
    )
    yield from (home.root / one for one in named if one)


def _passwords(site: SiteConfig) -> Iterator[str]:
    addresses = [site.state.url, site.audit.syslog, site.sign_in.ldap.url if site.sign_in.ldap else None]
    for address in filter(None, addresses):
        try:
            password = urlsplit(address).password
        except ValueError:
            continue
        if password:
            yield from {password, unquote(password)}
