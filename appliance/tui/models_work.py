"""What the terminal does with models and packages on the appliance's machine: the functions of the command line."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from appliance.core.messages import Message, _
from appliance.operations import models, packages, platform
from appliance.operations.accounts import list_tenants
from appliance.operations.going_live import Going, served_aliases
from appliance.operations.model_facts import Stageable, read_facts, stageable
from appliance.operations.model_versions import Gate
from appliance.operations.models import change_of
from appliance.operations.package_facts import (
    InstalledPackage,
    find_new,
    granted,
    installed_packages,
    licence_text,
    read_key,
    trust_known,
)
from appliance.operations.setup.finding import FoundPackage, sticks
from appliance.packages.signed.manifest import Kind, Manifest
from appliance.packages.signed.minisign import PublicKey
from appliance.tui.local import Local
from appliance.tui.models_source import Here, News


class LocalModelsWork:
    """`ModelsWork` on the home folder of `local`."""

    def __init__(self, local: Local) -> None:
        self._local = local

    def read(self, packages: Iterable[str]) -> Here:
        """Return facts and packages. Raises `ConfigError`, `PackageError`, `Unavailable`."""
        home = self._local.home
        return Here(read_facts(home, self._local.site(), packages), installed_packages(home))

    def stageable(self) -> tuple[Stageable, ...]:
        """Return the versions that could be started."""
        return stageable(self._local.home)

    def tenants(self) -> tuple[str, ...]:
        """Return the names of the tenants."""
        return tuple(one.name for one in list_tenants(self._local.home, self._local.site()))

    def find(self, folder: Path | None) -> Sequence[FoundPackage]:
        """Return the packages in a folder, or on the sticks. Changes nothing."""
        folders = sticks() if folder is None else [folder]
        return list(find_new(self._local.home, self._local.site(), folders))

    def licence(self, folder: Path, licence: str) -> str:
        """Return the texts of the licence in a folder."""
        return licence_text(folder, licence)

    def key(self, file: Path) -> PublicKey:
        """Return the key of a file. Raises `PackageError`, `InvalidRequest`."""
        return read_key(file)

    def trust(self, file: Path, key_id: str) -> PublicKey:
        """Take packages of the key that was shown. Raises `Conflict` where the file has another one by now."""
        return trust_known(self._local.home, self._local.site(), file, key_id)

    def users_of(self, package: str) -> tuple[str, ...]:
        """Return the aliases that have a version of a package in service or beside it."""
        return served_aliases(self._local.home, self._local.site(), package)

    def stage(self, alias: str, name: str, *, replace: bool) -> News:
        """Start a version. Raises as `operations.models.stage`."""
        home, site = self._local.home, self._local.site()
        approval = ""
        if replace:
            source = models.source_named(home, name)
            to = f"{source.package}:{source.version}"
            approval = granted(home, site, {"action": "model.replace", "alias": alias, "to": to})
        yield from models.stage(home, site, alias, name, replace=replace, approval=approval)

    def split(self, alias: str, percent: int, tenants: Sequence[str]) -> None:
        """Send a part of the requests to the candidate. Raises as `operations.models.split`."""
        models.split(self._local.home, self._local.site(), alias, percent, tenants)

    def promote(self, alias: str) -> News:
        """Let the candidate serve, behind the gate. Raises as `operations.models.promote`."""
        home, site = self._local.home, self._local.site()
        approval = granted(home, site, change_of(home, site, alias, "promote"))
        yield from models.promote(home, site, alias, Gate(), approval)

    def roll_back(self, alias: str) -> News:
        """Let the version before serve. Raises as `operations.models.rollback`."""
        home, site = self._local.home, self._local.site()
        approval = granted(home, site, change_of(home, site, alias, "rollback"))
        yield from models.rollback(home, site, alias, approval)

    def drop(self, alias: str) -> News:
        """Stop the candidate. Raises as `operations.models.drop`."""
        yield from models.drop(self._local.home, self._local.site(), alias)

    def install(self, file: Path, manifest: Manifest | None, *, stage_only: bool) -> News:
        """Check a package and put it in use. Raises as `operations.packages.install`."""
        home, site = self._local.home, self._local.site()
        approval = "" if manifest is None else granted(home, site, _change("package.install", manifest))
        yield from packages.install(home, site, file, Going(stage_only=stage_only, approval=approval))

    def roll_back_package(self, package: InstalledPackage) -> News:
        """Put the other release in use. Raises as `operations.packages.rollback` and `platform.roll_back`."""
        home, site = self._local.home, self._local.site()
        if package.kind == "platform":
            yield from platform.roll_back(home, site)
            return
        change = {} if package.kept is None else _change("package.rollback", package.kept.manifest)
        going = Going(gate=False, approval=granted(home, site, change))
        yield from packages.rollback(home, site, package.kind, package.name, going)

    def lost_by_return(self) -> Message | None:
        """Return what going back to the platform's other release loses. Raises as `platform.way_back`."""
        way = platform.way_back(self._local.home, self._local.site())
        if way.snapshot is None:
            return None
        rows = ", ".join(f"{table} {count}" for table, count in sorted(way.lost.items())) or "0"
        return _(
            "The state of {moment} is put back. What came since is gone from the appliance (rows by table: {rows}); "
            "it is kept in the snapshots folder.",
            moment=way.snapshot.created, rows=rows,
        )  # fmt: skip

    def remove(self, kind: Kind, name: str) -> None:
        """Remove a package. Raises as `operations.packages.remove`."""
        packages.remove(self._local.home, self._local.site(), kind, name)


def _change(action: str, manifest: Manifest) -> Mapping[str, Any]:
    """Return the change as `going_live.check_switch` asks a second person for it."""
    return {"action": action, "package": manifest.name, "release": manifest.release_counter}
