"""Sign-in by LDAP: find the person's entry, bind with their password over TLS, read their groups."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ldap3 import AUTO_BIND_NONE, NONE, SIMPLE, SUBTREE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from appliance.core.errors import ConfigError, Unavailable
from appliance.core.messages import _
from appliance.identity.rules import ClaimRule

_TIMEOUT_S: Final = 10
_INVALID_CREDENTIALS: Final = 49
_LONGEST_NAME: Final = 64


@dataclass(frozen=True)
class LdapSettings:
    """One directory. Either `user_dn`, or `base` with a service account that may search, says who somebody is.

    `url` is ldaps://HOST[:PORT], or ldap://HOST[:PORT], which then goes over to TLS before anything is sent. In
    `user_dn` and `user_filter` {name} stands for the name typed.
    """

    url: str
    rules: tuple[ClaimRule, ...]
    user_dn: str | None = None
    base: str = ""
    user_filter: str = "(uid={name})"
    bind_dn: str | None = None
    bind_password: str | None = None
    name_attribute: str = "uid"
    display_attribute: str = "cn"
    group_attribute: str = "memberOf"
    ca_file: str | None = None
    """Certificates that the directory's TLS is checked against; None takes the system's."""

    def __post_init__(self) -> None:
        if not self.url.startswith(("ldaps://", "ldap://")) or not (self.user_dn or (self.base and self.bind_dn)):
            raise ConfigError(
                _("The LDAP settings are not complete."),
                _("Give url as ldaps://HOST, and either user_dn or base with bind_dn."),
            )


@dataclass(frozen=True)
class Person:
    """Somebody whose password the directory has taken; `values` has the name's and the groups' attributes."""

    name: str
    display_name: str
    values: Mapping[str, Any]


class LdapDirectory:
    """One directory. Each sign-in has connections of its own."""

    def __init__(self, settings: LdapSettings) -> None:
        self.settings = settings

    def check(self, name: str, password: str) -> Person | None:
        """Return who has this name and password, or None. Raises `Unavailable`, `ConfigError`.

        A bind without a password succeeds in many directories and proves nothing: it is never tried.
        """
        if not password or "\0" in password or not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            return None
        try:
            dn = self._dn_of(name)
            if dn is None:
                return None
            with self._connection(dn, password) as own:
                if not own.bind():
                    self._check_refusal(own)
                    return None
                return self._person(own, dn, name)
        except LDAPException as error:
            raise self._silent(type(error).__name__) from error

    def _dn_of(self, name: str) -> str | None:
        """Return the one entry that has this name, or None."""
        settings = self.settings
        if settings.user_dn is not None:
            return settings.user_dn.replace("{name}", escape_rdn(name))
        with self._connection(settings.bind_dn, settings.bind_password) as service:
            if not service.bind():
                raise ConfigError(
                    _("The directory does not take the service account {account}.", account=settings.bind_dn),
                    _("Check bind_dn and its password in the site file."),
                )
            wanted = settings.user_filter.replace("{name}", escape_filter_chars(name))
            service.search(settings.base, wanted, SUBTREE, attributes=[settings.name_attribute], size_limit=2)
            found = [entry["dn"] for entry in service.response or () if entry["type"] == "searchResEntry"]
        return found[0] if len(found) == 1 else None

    def _person(self, own: Connection, dn: str, name: str) -> Person | None:
        settings = self.settings
        wanted = [settings.name_attribute, settings.display_attribute, settings.group_attribute]
        own.search(dn, "(objectClass=*)", "BASE", attributes=wanted)
        entries = [entry for entry in own.response or () if entry["type"] == "searchResEntry"]
        if len(entries) != 1:
            return None
        values = {key: _texts(value) for key, value in entries[0]["attributes"].items()}
        names, shown = values.get(settings.name_attribute, ()), values.get(settings.display_attribute, ())
        # The directory's own spelling: one person must not become several by capitals or accents.
        return Person(names[0] if names else name, shown[0] if shown else "", values)

    def _connection(self, user: str | None, password: str | None) -> Connection:
        settings = self.settings
        tls = Tls(validate=ssl.CERT_REQUIRED, version=ssl.PROTOCOL_TLS_CLIENT, ca_certs_file=settings.ca_file)
        server = Server(settings.url, tls=tls, get_info=NONE, connect_timeout=_TIMEOUT_S)
        connection = Connection(
            server, user, password, authentication=SIMPLE, auto_bind=AUTO_BIND_NONE, receive_timeout=_TIMEOUT_S,
            auto_referrals=False, check_names=False, read_only=True,
        )  # fmt: skip
        if not settings.url.startswith("ldaps://"):
            connection.open()
            if not connection.start_tls():
                raise self._silent("StartTLS")
        return connection

    def _check_refusal(self, connection: Connection) -> None:
        """Raise `Unavailable` for a refusal that is not that of a wrong password."""
        result = connection.result or {}
        if result.get("result") != _INVALID_CREDENTIALS:
            raise self._silent(str(result.get("description")))

    def _silent(self, reason: str) -> Unavailable:
        return Unavailable(
            _("The directory {url} does not answer: {reason}.", url=self.settings.url, reason=reason),
            _("Try again; if it stays so, check the network, its certificate and the directory."),
        )


def _texts(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in values)
