"""Second approvals from a front end: on the database itself, so also while the appliance is down."""

from collections.abc import Mapping
from typing import Any

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.principal import PLATFORM_TENANT
from appliance.operations.accounts import nothing_there, open_accounts
from appliance.operations.operator import operator
from appliance.state.approval_people import Person
from appliance.state.approval_records import Approval, Status, no_approval


def demand(
    home: Home,
    site: SiteConfig,
    kind: str,
    change: Mapping[str, Any],
    approval: str = "",
    *,
    tenant: str = PLATFORM_TENANT,
) -> None:
    """Return where a change may be made at this machine now; an `approval` that it takes is used up.

    Raises `ApprovalNeeded` where the site asks for a second person, `NotFound`, `Conflict`, `PermissionDenied`.
    """
    with open_accounts(home, site) as accounts:
        accounts.approvals.demand(kind, change, Person(operator()), approval or None, tenant=tenant)


def list_approvals(home: Home, site: SiteConfig, status: Status | None = None) -> list[Approval]:
    """Return requests and approvals, newest first; a home without a database has none."""
    if nothing_there(home, site):
        return []
    with open_accounts(home, site) as accounts:
        return accounts.approvals.list(status=status)


def show_approval(home: Home, site: SiteConfig, approval_id: str) -> Approval:
    """Return one. Raises `NotFound`."""
    _check_there(home, site, approval_id)
    with open_accounts(home, site) as accounts:
        return accounts.approvals.get(approval_id)


def approve(home: Home, site: SiteConfig, approval_id: str) -> Approval:
    """Approve what somebody else asked for. Raises `NotFound`, `PermissionDenied`, `Conflict`."""
    _check_there(home, site, approval_id)
    with open_accounts(home, site) as accounts:
        return accounts.approvals.decide(approval_id, "approved", Person(operator()))


def refuse(home: Home, site: SiteConfig, approval_id: str, reason: str) -> Approval:
    """Refuse what somebody else asked for. Raises `NotFound`, `PermissionDenied`, `Conflict`, `InvalidRequest`."""
    _check_there(home, site, approval_id)
    with open_accounts(home, site) as accounts:
        return accounts.approvals.decide(approval_id, "refused", Person(operator()), reason=reason)


def _check_there(home: Home, site: SiteConfig, approval_id: str) -> None:
    if nothing_there(home, site):
        raise no_approval(approval_id)
