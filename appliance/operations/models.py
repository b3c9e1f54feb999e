"""`appliance model …`: the use cases of `model_versions` on the running appliance, where a second person agrees."""

from collections.abc import Iterator, Sequence
from typing import Any

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations import approvals
from appliance.operations.acceptance import Acceptance, examine
from appliance.operations.accounts import nothing_there, open_accounts
from appliance.operations.model_versions import Gate, Lifecycle
from appliance.operations.served_models import no_previous, ready_candidate, settings_of, stable_of
from appliance.operations.switching import running_switch
from appliance.packages.model_sources import ModelSource, current_source, source_at
from appliance.state.served import Served, Variant

KIND = "model.switch"
"""What approvals call a change of the models that serve."""


def stage(
    home: Home, site: SiteConfig, alias: str, package: str, *, replace: bool = False, approval: str = ""
) -> Iterator[Progress | Variant]:
    """Start PACKAGE or PACKAGE@RELEASE beside what serves an alias; with `replace` in its place, which has a gap.

    Raises as `Lifecycle.stage` and `stop_first`, `NotRunning`, `ApprovalNeeded`.
    """
    lifecycle = running_lifecycle(home, site)
    source = source_named(home, package)
    if not replace:
        yield from lifecycle.stage(alias, source)
        return
    settings_of(site, alias)
    change = {"action": "model.replace", "alias": alias, "to": f"{source.package}:{source.version}"}
    approvals.demand(home, site, KIND, change, approval)
    yield from lifecycle.stop_first(alias, source)


def split(home: Home, site: SiteConfig, alias: str, percent: int, tenants: Sequence[str]) -> Variant:
    """As `Lifecycle.split`. Raises `NotRunning` too."""
    settings_of(site, alias)
    return Lifecycle(home, site, running_switch(home)).split(alias, percent, tenants)


def promote(
    home: Home, site: SiteConfig, alias: str, gate: Gate, approval: str = ""
) -> Iterator[Progress | Variant | Acceptance]:
    """As `Lifecycle.promote`; what the gate refuses asks nobody. Raises `NotRunning`, `ApprovalNeeded` too."""
    lifecycle = running_lifecycle(home, site)
    settings_of(site, alias)
    change = change_of(home, site, alias, "promote")
    yield from lifecycle.promote(alias, gate, lambda: approvals.demand(home, site, KIND, change, approval))


def rollback(home: Home, site: SiteConfig, alias: str, approval: str = "") -> Iterator[Progress | Variant]:
    """As `Lifecycle.rollback`. Raises `NotRunning`, `ApprovalNeeded` too."""
    lifecycle = running_lifecycle(home, site)
    settings_of(site, alias)
    approvals.demand(home, site, KIND, change_of(home, site, alias, "rollback"), approval)
    yield from lifecycle.rollback(alias)


def drop(home: Home, site: SiteConfig, alias: str) -> Iterator[Progress | Variant]:
    """As `Lifecycle.drop`. Raises `NotRunning` too."""
    lifecycle = running_lifecycle(home, site)
    settings_of(site, alias)
    yield from lifecycle.drop(alias)


def running_lifecycle(home: Home, site: SiteConfig) -> Lifecycle:
    """Return the use cases on the running appliance. Raises `NotRunning`."""
    return Lifecycle(home, site, running_switch(home), lambda alias, file: examine(home, site, alias, file))


def source_named(home: Home, text: str) -> ModelSource:
    """Return the version that PACKAGE or PACKAGE@RELEASE names: in use, or that release. Raises `NotFound`."""
    package, at, counter = text.partition("@")
    if not at:
        return current_source(home, package)
    if not counter.isdigit():
        raise InvalidRequest(
            _("{text} names no release.", text=ascii(text[:100])), _("Write PACKAGE@NUMBER."), param="package"
        )
    return source_at(home, package, int(counter))


def show(home: Home, site: SiteConfig, alias: str) -> dict[str, Any]:
    """Return the versions of an alias with what was measured of each. Raises `NotFound`."""
    settings_of(site, alias)
    if nothing_there(home, site):
        return {"alias": alias, "revision": 0, "variants": []}
    with open_accounts(home, site) as accounts:
        served = Served(accounts.database)
        directory, figures = served.read(), served.figures(alias)
    order = ("stable", "candidate", "previous")
    variants = sorted(directory.of(alias), key=lambda one: order.index(one.slot))
    return {
        "alias": alias,
        "revision": directory.revision,
        "variants": [{**one.to_dict(), "figures": figures.get(one.label)} for one in variants],
    }


def change_of(home: Home, site: SiteConfig, alias: str, action: str) -> dict[str, Any]:
    """Return the change that a promotion or rollback makes, as a second person sees it. Raises `NotFound`."""
    with open_accounts(home, site) as accounts:
        directory = Served(accounts.database).read()
    after = directory.get(alias, "previous") if action == "rollback" else ready_candidate(directory, alias)
    if after is None:
        raise no_previous(alias)
    return {"action": f"model.{action}", "alias": alias, "from": stable_of(directory, alias).label, "to": after.label}
