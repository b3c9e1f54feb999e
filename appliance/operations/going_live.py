"""A release of a model package goes live: on the running appliance without a gap, or back to what was before."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import Conflict
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations import approvals
from appliance.operations.acceptance import Acceptance
from appliance.operations.accounts import nothing_there, open_accounts
from appliance.operations.model_versions import Gate, Lifecycle
from appliance.operations.models import KIND, running_lifecycle
from appliance.operations.switching import running_instance
from appliance.packages.model_sources import source_at
from appliance.packages.places import open_store
from appliance.packages.signed.manifest import Manifest
from appliance.state.served import Served, ServedDirectory, Variant

News = Progress | Variant | Acceptance


@dataclass(frozen=True)
class Going:
    """How a release goes live."""

    stage_only: bool = False
    """Start it beside what serves, and leave the rest to `appliance model promote`."""
    gate: bool = True
    """Ask golden questions and measure speed first."""
    replace: bool = False
    """Stop what serves first: needs no room for two, and has a gap."""
    questions: Path | None = None
    approval: str = ""


LIVE: Final = Going()
BACK: Final = Going(gate=False)
"""What served before needs no gate."""


def aliases_of(home: Home, site: SiteConfig, manifest: Manifest) -> tuple[str, ...]:
    """Return the aliases that a model package serves: of the running appliance, else by the site file."""
    if manifest.kind != "model":
        return ()
    if running_instance(home) is not None and not nothing_there(home, site):
        directory = _directory(home, site)
        found = tuple(one.alias for one in directory.variants if one.slot == "stable" and one.package == manifest.name)
        return tuple(alias for alias in found if alias in site.models)
    return tuple(alias for alias, model in site.models.items() if model.package == manifest.name)


def check_switch(home: Home, site: SiteConfig, manifest: Manifest, action: str, going: Going) -> None:
    """Return where another release of a package may come into use now.

    Raises `Conflict` where one of it is a candidate, whose files must not go away, and `ApprovalNeeded`.
    """
    if manifest.kind != "model":
        return
    if not nothing_there(home, site):
        for one in _directory(home, site).variants:
            if one.slot == "candidate" and one.package == manifest.name:
                raise Conflict(
                    _("A release of {package} is the candidate of {alias}.", package=manifest.name, alias=one.alias),
                    _(
                        "`appliance model promote {alias}` or `appliance model drop {alias}` first.",
                        alias=one.alias,
                    ),
                    code="candidate_there",
                )
    if aliases_of(home, site, manifest) and not going.stage_only:
        change = {"action": action, "package": manifest.name, "release": manifest.release_counter}
        approvals.demand(home, site, KIND, change, going.approval)


def go_live(
    home: Home,
    site: SiteConfig,
    manifest: Manifest,
    before: int | None,
    going: Going,
    lifecycle: Lifecycle | None = None,
) -> Iterator[News]:
    """Let the release of `manifest`, which the store has in use, serve the aliases of its package.

    `before` is the release that was in use: where anything fails, it is again, and what served goes on serving.
    Raises as `Lifecycle`. Where nothing runs, nothing is done: the next start takes the release.
    """
    aliases = aliases_of(home, site, manifest)
    if not aliases or (lifecycle is None and running_instance(home) is None):
        return
    lifecycle = lifecycle or running_lifecycle(home, site)
    # Until requests move the store keeps what serves in use: a start after a crash must not take what nobody has seen.
    open_store(home).use("model", manifest.name, before)
    promoted: list[str] = []
    try:
        for alias in aliases:
            yield from _bring(lifecycle, alias, manifest, going)
            promoted.append(alias)
    except BaseException:
        for alias in aliases:
            _undo(lifecycle, home, site, alias, manifest, promoted)
        release = (manifest.name, manifest.release_counter)
        stable = [_directory(home, site).get(alias, "stable") for alias in aliases]
        if not any(one is not None and (one.package, one.release_counter) == release for one in stable):
            open_store(home).use("model", manifest.name, before)
        raise


def _bring(lifecycle: Lifecycle, alias: str, manifest: Manifest, going: Going) -> Iterator[News]:
    source = source_at(lifecycle.home, manifest.name, manifest.release_counter)
    if going.replace:
        yield from lifecycle.stop_first(alias, source)
        return
    yield from lifecycle.stage(alias, source)
    if not going.stage_only:
        yield from lifecycle.promote(alias, Gate(going.gate, going.questions))


def _undo(
    lifecycle: Lifecycle, home: Home, site: SiteConfig, alias: str, manifest: Manifest, promoted: list[str]
) -> None:
    undone: Iterator[News] = iter(())
    candidate = _directory(home, site).get(alias, "candidate")
    if candidate is not None and (candidate.package, candidate.release_counter) == (
        manifest.name, manifest.release_counter,
    ):  # fmt: skip
        undone = lifecycle.drop(alias)
    elif alias in promoted and _directory(home, site).get(alias, "previous") is not None:
        undone = lifecycle.rollback(alias)
    for _news in undone:  # whoever follows may be gone already
        pass


def served_aliases(home: Home, site: SiteConfig, package: str) -> tuple[str, ...]:
    """Return the aliases that have a version of a package in service or beside it."""
    if nothing_there(home, site):
        return ()
    found = _directory(home, site).variants
    return tuple(dict.fromkeys(one.alias for one in found if one.slot != "previous" and one.package == package))


def _directory(home: Home, site: SiteConfig) -> ServedDirectory:
    with open_accounts(home, site) as accounts:
        return Served(accounts.database).read()
