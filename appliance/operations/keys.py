"""Create, list and revoke API keys from a front end: on the database itself, so also while the appliance is down."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import utc_now
from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.state.database import Database, sqlite_url
from appliance.state.keys import DEFAULT_TENANT, KeyRecord, KeyRing, load_or_create_pepper

_SPAN = re.compile(r"(\d{1,5})([hdwy])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}


@contextmanager
def open_key_ring(home: Home, site: SiteConfig) -> Iterator[KeyRing]:
    """Open the key ring of `home`, made and migrated where it is new. Raises `ConfigError`, `Unavailable`."""
    home.create()
    database = Database.open(site.state.url or sqlite_url(home.database))
    try:
        database.migrate()
        yield KeyRing(database, load_or_create_pepper(home.pepper_file))
    finally:
        database.close()


def create_key(
    home: Home, site: SiteConfig, name: str, *, tenant: str = DEFAULT_TENANT, role: str = "caller", expires: str = ""
) -> tuple[KeyRecord, str]:
    """Make a key; return its record and the key itself. `expires` is as `parse_expiry` reads it, or empty.

    Raises `InvalidRequest`.
    """
    expires_at = parse_expiry(expires, utc_now()) if expires else None
    with open_key_ring(home, site) as ring:
        return ring.create(name, tenant, role, expires_at)


def list_keys(home: Home, site: SiteConfig) -> tuple[KeyRecord, ...]:
    """Return every key, oldest first. A home without a database has none, and none is made."""
    if _nothing_there(home, site):
        return ()
    with open_key_ring(home, site) as ring:
        return ring.list()


def revoke_key(home: Home, site: SiteConfig, key_id: str) -> KeyRecord:
    """Revoke a key at once and for good. Raises `NotFound`."""
    if _nothing_there(home, site):
        raise NotFound(
            _("There is no key {key}: {home} holds no database.", key=key_id, home=home.root),
            _("Check --home and APPLIANCE_HOME."),
        )
    with open_key_ring(home, site) as ring:
        return ring.revoke(key_id)


def parse_expiry(text: str, now: datetime) -> datetime:
    """Read `12h`, `30d`, `8w`, `1y` (from `now`) or an ISO date or time; without a zone it is UTC.

    Raises `InvalidRequest`.
    """
    try:
        if span := _SPAN.fullmatch(text.strip()):
            return now + timedelta(hours=int(span[1]) * _HOURS[span[2]])
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            _("The time of expiry {text} cannot be read.", text=ascii(text)),
            _("Give a span such as 12h, 30d, 8w or 1y, or a date such as 2027-12-31."),
            param="expires",
        ) from error


def _nothing_there(home: Home, site: SiteConfig) -> bool:
    return site.state.url is None and not home.database.exists()
