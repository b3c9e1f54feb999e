"""Usage and quotas from a front end: on the database itself, so also while the appliance is down."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import utc_now
from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.metering.quota_rules import Rules
from appliance.metering.quotas import Meter, Moment, quota_rows
from appliance.operations.accounts import nothing_there, open_accounts
from appliance.operations.approvals import demand
from appliance.operations.audit import open_audit, parse_time
from appliance.state.accounts.tenants import Tenants
from appliance.state.accounts.users import USER_PREFIX
from appliance.state.audit.log import AuditLog
from appliance.state.database import Database, sqlite_url
from appliance.state.quotas import LIMITS, QuotaRow, Quotas, Scope
from appliance.state.usage import UsageTotal, read_totals, tokens_by_day


def usage_totals(
    home: Home, site: SiteConfig, tenant: str | None = None, since: str | None = None, until: str | None = None
) -> list[UsageTotal]:
    """Return totals by day (UTC), tenant, key, target and model; of one tenant, with those below it.

    `since` and `until` are as `parse_time` reads them; the days that they lie in count. Raises `InvalidRequest`,
    `NotFound`.
    """
    now = utc_now()
    first, last = (parse_time(text, now)[:10] if text else None for text in (since, until))
    if nothing_there(home, site):
        return []
    with _open(home, site) as database:
        tenants = Tenants(database)
        shown = {tenants.get(tenant).name, *tenants.below(tenant)} if tenant is not None else None
        return read_totals(database, since=first, until=last, tenants=shown)


def write_usage(totals: Sequence[UsageTotal], file: Path) -> None:
    """Write totals as CSV, UTF-8 with a mark so that spreadsheets read it; the file appears only when it is whole."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, [field.name for field in fields(UsageTotal)])
    table.writeheader()
    table.writerows(total.to_dict() for total in totals)
    write_durably(file, text.getvalue().encode("utf-8-sig"))


def list_quotas(home: Home, site: SiteConfig) -> list[dict[str, Any]]:
    """Return every quota as `quota_rows` does; what is used is known of days and months only."""
    at = Moment(0.0, utc_now())
    meter = Meter()
    if nothing_there(home, site):
        return quota_rows(Rules(site.quotas), meter, at)
    with _open(home, site) as database:
        lines = {tenant.name: tenant.line for tenant in Tenants(database).list()}
        rules = Rules(site.quotas, Quotas(database).list(), lines)
        meter.load(tokens_by_day(database, at.day[:8] + "01"), rules, at)
    return quota_rows(rules, meter, at)


def set_quota(
    home: Home,
    site: SiteConfig,
    scope: Scope,
    name: str,
    limits: Mapping[str, int | None],
    actor: str,
    approval: str = "",
) -> QuotaRow:
    """Set limits of a key (or user), tenant or model; None is no limit. Counts within seconds, also while it runs.

    Raises `InvalidRequest`, `NotFound` where there is no such subject, and `ApprovalNeeded` where the site wants a
    second person for it and `approval` is not theirs.
    """
    if not limits:
        raise InvalidRequest(
            _("No limit was given."), _("Give at least one, for example --tokens-per-day 100000."), param="limits"
        )
    for kind, value in limits.items():
        if kind not in LIMITS or (value is not None and not 0 <= value < 2**63):
            raise InvalidRequest(
                _("The limit {kind} cannot be {value}.", kind=kind, value=str(value)),
                _("Give a whole number from 0, or none for no limit."),
                param=kind,
            )
    _check_subject(home, site, scope, name)
    change = {"action": "quota.set", "scope": scope, "name": name, "limits": dict(limits)}
    demand(home, site, "policy.change", change, approval)
    with _open(home, site) as database, _audit(home, site) as audit:
        return Quotas(database, audit).set(QuotaRow(scope, name, limits), actor)


def remove_quota(home: Home, site: SiteConfig, scope: Scope, name: str, actor: str, approval: str = "") -> None:
    """Leave a subject to the site file again. Raises `NotFound` where nothing was set for it, `ApprovalNeeded`."""
    with _open(home, site) as database:
        there = any((row.scope, row.name) == (scope, name) for row in Quotas(database).list())
    if there:  # nobody is asked about nothing
        demand(home, site, "policy.change", {"action": "quota.remove", "scope": scope, "name": name}, approval)
    with _open(home, site) as database, _audit(home, site) as audit:
        Quotas(database, audit).remove(scope, name, actor)


def _check_subject(home: Home, site: SiteConfig, scope: Scope, name: str) -> None:
    if scope == "model":
        if name not in site.models:
            raise NotFound(
                _("There is no model {name} here.", name=ascii(name[:100])),
                _("Models: {models}.", models=", ".join(site.models) or "–"),
                param="name",
            )
        return
    with open_accounts(home, site) as accounts:
        if scope == "tenant":
            accounts.tenants.get(name)
        elif name.startswith(f"{USER_PREFIX}-"):
            accounts.users.get(name)
        else:
            accounts.keys.get(name)


@contextmanager
def _open(home: Home, site: SiteConfig) -> Iterator[Database]:
    home.create()
    database = Database.open(site.state.url or sqlite_url(home.database))
    try:
        database.migrate()
        yield database
    finally:
        database.close()


@contextmanager
def _audit(home: Home, site: SiteConfig) -> Iterator[AuditLog | None]:
    """Give the audit log, or None where it has not begun: before the first start."""
    with ExitStack() as stack:
        audit = None
        with suppress(NotFound):
            audit = stack.enter_context(open_audit(home, site))
        yield None if audit is None else audit.log
