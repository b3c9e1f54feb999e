"""What went wrong in a scenario lately, as the audit log on the appliance's machine tells it."""

from dataclasses import dataclass
from typing import Final

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import NotFound
from appliance.operations.audit import find_records
from appliance.state.audit.search import WELL, Filters

_PAGE: Final = 200
_PAGES: Final = 5


@dataclass(frozen=True)
class ScenarioError:
    """One request that did not end well: when (RFC 3339, UTC), with what code, and under which request id."""

    at: str
    code: str
    request_id: str | None


def last_errors(home: Home, site: SiteConfig, scenario: str, most: int = 5) -> tuple[ScenarioError, ...]:
    """Return up to `most` of them, newest first, from the scenario's last thousand requests.

    A home whose appliance never started has none. Raises `ConfigError`, `Unavailable`.
    """
    found: list[ScenarioError] = []
    before = None
    filters = Filters(target=scenario, kind="request.completed")
    for _page in range(_PAGES):
        try:
            page = find_records(home, site, filters, before, _PAGE)
        except NotFound:
            return ()
        found += [
            ScenarioError(one.at, one.outcome, one.request_id)
            for one in page.records
            if one.outcome and one.outcome not in WELL
        ]
        before = page.before
        if before is None or len(found) >= most:
            break
    return tuple(found[:most])
