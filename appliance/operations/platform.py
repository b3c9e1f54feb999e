"""The platform's own releases: upgrade from a signed file, health check, and the way back.

Everything that takes long (check, unpack, make the environment) is done beside the release in use, which serves
meanwhile. Then: stop, snapshot, switch by one rename, start, ask one question of each endpoint; on any failure back.
"""

import os
import platform as machine
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import utc_now
from appliance.core.errors import ApplianceError, ConfigError, InvalidRequest, PackageError
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.accounts import open_accounts
from appliance.operations.down import take_down
from appliance.operations.platform_state import (
    Snapshot,
    forget_snapshots,
    is_elsewhere,
    look_at,
    lost,
    put_back,
    returning,
    snapshots_of,
    take_snapshot,
    unfinished_return,
)
from appliance.operations.starting_lock import runs
from appliance.operations.transfer import told
from appliance.packages.platform.releases import Installation
from appliance.packages.signed.manifest import Platform
from appliance.packages.signed.reading import open_package, opened_file
from appliance.packages.signed.store import Release
from appliance.packages.signed.trust import Trust

_LOG: Final = "platform.log"


@dataclass(frozen=True)
class WayBack:
    """What a return to the other release would do. `lost` counts rows by table that would go; empty: nothing goes."""

    now: Release
    then: Release
    snapshot: Snapshot | None
    """The state that would be put back; None where the older release reads the database as it is."""
    lost: dict[str, int]


def is_platform(home: Home, file: Path) -> bool:
    """Tell whether a package is one of the platform. Raises `PackageError` for one that is not to be trusted."""
    with opened_file(file) as archive:
        return open_package(archive, Trust(home.trusted_keys)).manifest.kind == "platform"


def installed_platforms(installation: Installation | None = None) -> tuple[Release, ...]:
    """Return the releases of the platform on this machine, the newest first; none where a checkout runs."""
    found = installation or Installation.of_this_program()
    return () if found is None else found.releases()


def upgrade(
    home: Home, site: SiteConfig, file: Path, installation: Installation | None = None, *, database_saved: bool = False
) -> Iterator[Progress | Release]:
    """Put a platform package in use; yield progress, at last the release. The appliance runs again if it ran before.

    On any failure the release before is in use again, with its state, and runs if it ran before.
    Raises `PackageError`, `DiskFull`, `Conflict`, `ConfigError` for a database that no snapshot can be taken of.
    """
    installation = _found(installation)
    _check_saved(site, database_saved)
    with installation.alone():
        before = installation.current()
        here = Platform(
            arch=machine.machine(),
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            accelerator=before.manifest.platform.accelerator,
        )
        trust = Trust(home.trusted_keys)
        title = _("Unpack {file}", file=file.name)
        release: Release | None = None
        for news in told("platform.unpack", title, installation.take_in(file, trust, here, utc_now())):
            if isinstance(news, Release):
                release = news
            else:
                yield news
        assert release is not None, "taking in ends with the release"
        yield from _prepare(installation, release, home)
        yield from _forward(installation, home, site, before, release)
        installation.forget((before, release))
        forget_snapshots(home, frozenset({before.folder.name, release.folder.name}))
    yield Release(release.manifest, release.folder, current=True)


def way_back(home: Home, site: SiteConfig, installation: Installation | None = None) -> WayBack:
    """Say what `roll_back` would do. Raises `Conflict` where no other release is kept, `ConfigError`."""
    installation = _found(installation)
    now, then = installation.current(), installation.other()
    if _is_newer(then, now):
        return WayBack(now, then, None, {})
    found = look_at(home, site)
    kept = next(
        (one for one in snapshots_of(home) if one.reason == "upgrade" and one.release == then.folder.name), None
    )
    if kept is None:  # also whether it could read the database as it is cannot be told
        raise ConfigError(
            _("The snapshot of the release {release} is gone.", release=then.folder.name),
            _("Put back a backup from before the upgrade."),
        )
    if unfinished_return(home) is None and kept.state.step == found.step:
        return WayBack(now, then, None, {})
    return WayBack(now, then, kept, lost(kept.state, found))


def roll_back(
    home: Home, site: SiteConfig, installation: Installation | None = None, *, database_saved: bool = False
) -> Iterator[Progress | Release]:
    """Put the other release in use, with the state that it left where it cannot read the present one.

    What is there now is kept as a snapshot. Raises `Conflict`, `ConfigError`, `StartFailed`.
    """
    installation = _found(installation)
    with installation.alone():
        way = way_back(home, site, installation)
        if _is_newer(way.then, way.now):
            _check_saved(site, database_saved)
            yield from _forward(installation, home, site, way.now, way.then)
        else:
            if way.snapshot is not None:
                _check_saved(site, database_saved)
            yield from _back(installation, home, site, way)
    yield Release(way.then.manifest, way.then.folder, current=True)


def _back(installation: Installation, home: Home, site: SiteConfig, way: WayBack) -> Iterator[Progress]:
    ran = runs(home)
    _note(home, site, "package.rollback", way.then)
    yield from take_down(home)
    title = _("Keep the present state")
    yield Progress("platform.snapshot", title)
    if unfinished_return(home) is None:
        take_snapshot(home, site, way.now.folder.name, "return")
    yield Progress("platform.snapshot", title, "done")
    title = _("Go back to {release}", release=way.then.folder.name)
    yield Progress("platform.switch", title)
    _return_to(installation, home, site, way.then, way.snapshot)
    yield Progress("platform.switch", title, "done")
    if ran:
        yield from _check_health(installation, home, way.then)


def _prepare(installation: Installation, release: Release, home: Home) -> Iterator[Progress]:
    title = _("Make the environment of {release} (some minutes)", release=release.folder.name)
    yield Progress("platform.prepare", title)
    installation.prepare(release, home.logs / _LOG)
    yield Progress("platform.prepare", title, "done")


def _forward(
    installation: Installation, home: Home, site: SiteConfig, before: Release, release: Release
) -> Iterator[Progress]:
    """Stop, keep the state, switch, start, ask; go back where any of it fails."""
    ran = runs(home)
    _note(home, site, "package.install", release)
    yield from take_down(home)
    title = _("Keep the state of {release}", release=before.folder.name)
    yield Progress("platform.snapshot", title)
    snapshot = take_snapshot(home, site, before.folder.name, "upgrade")
    yield Progress("platform.snapshot", title, "done")
    try:
        title = _("Switch to {release}", release=release.folder.name)
        yield Progress("platform.switch", title)
        installation.activate(release, home.root, home.logs / _LOG)
        yield Progress("platform.switch", title, "done")
        yield from _check_health(installation, home, release)
        if not ran:
            yield from take_down(home)
    except ApplianceError:
        for _step in take_down(home):
            pass
        title = _("Go back to {release}", release=before.folder.name)
        yield Progress("platform.return", title)
        migrated = look_at(home, site).step != snapshot.state.step
        _return_to(installation, home, site, before, snapshot if migrated else None)
        if ran:
            _start(installation, home, before)
        yield Progress("platform.return", title, "done")
        raise


def _return_to(
    installation: Installation, home: Home, site: SiteConfig, release: Release, snapshot: Snapshot | None
) -> None:
    if snapshot is None:
        installation.activate(release, home.root, home.logs / _LOG)
        return
    with returning(home, release.folder.name):
        put_back(home, site, snapshot)
        installation.activate(release, home.root, home.logs / _LOG)


def _check_health(installation: Installation, home: Home, release: Release) -> Iterator[Progress]:
    """Start the release by its own program, which asks each endpoint one question. Raises `PackageError`."""
    title = _("Start {release} and ask each endpoint one question", release=release.folder.name)
    yield Progress("platform.health", title)
    if not _start(installation, home, release):
        raise PackageError(
            _("The release {release} does not answer as it must.", release=release.folder.name),
            _("What it said is in {log}.", log=home.logs / _LOG),
            code="health_check_failed",
        )
    yield Progress("platform.health", title, "done")


def _start(installation: Installation, home: Home, release: Release) -> bool:
    log = home.logs / _LOG
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log.open("ab") as words:
        command = [str(installation.program(release)), "--home", str(home.root), "up"]
        outcome = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=words, stderr=subprocess.STDOUT, env=_environment(), check=False
        )
    return outcome.returncode == 0


def _environment() -> dict[str, str]:
    """Return ours without what ties a child to this program's own environment."""
    return {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    }


def _note(home: Home, site: SiteConfig, action: str, release: Release) -> None:
    """Write it down before it happens: afterwards the database may be another release's. A worker has none."""
    if unfinished_return(home) is None and not home.node_file.exists():
        manifest = release.manifest
        with open_accounts(home, site) as accounts:
            accounts.note(action, f"{manifest.title} release {manifest.release_counter}", None)


def _found(installation: Installation | None) -> Installation:
    found = installation or Installation.of_this_program()
    if found is None:
        raise InvalidRequest(
            _("This appliance was not installed from a platform package."),
            _("In a checkout, update the checkout and run `make up`; elsewhere install with install-offline.sh."),
            code="no_platform",
        )
    return found


def _check_saved(site: SiteConfig, database_saved: bool) -> None:
    if is_elsewhere(site) and not database_saved:
        raise ConfigError(
            _("The database is PostgreSQL: no snapshot of it is taken from here."),
            _("Take a dump with pg_dump (before a return: put back the one from before), then add --database-saved."),
        )


def _is_newer(one: Release, other: Release) -> bool:
    return one.manifest.release_counter > other.manifest.release_counter
