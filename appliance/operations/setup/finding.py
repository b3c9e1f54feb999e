"""Packages on sticks and in folders: what each is, who signed it, whether it fits, before anything is installed."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import utc_now
from appliance.core.errors import ApplianceError, PackageError
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.hardware.choice import choose_accelerator
from appliance.hardware.discovery import discover
from appliance.hardware.engines import installed_engine
from appliance.packages.places import this_platform
from appliance.packages.signed.building import SUFFIX
from appliance.packages.signed.bundle import BUNDLE_SUFFIX, is_bundle
from appliance.packages.signed.manifest import Manifest, Platform
from appliance.packages.signed.minisign import parse_public_key
from appliance.packages.signed.reading import ROOM, check_fits, open_package, opened_file
from appliance.packages.signed.trust import Trust

MOST_FILES: Final = 200
"""Packages that are looked at in all folders together."""
_STICKS: Final = ("/media/", "/run/media/", "/mnt/", "/mnt")
_DEPTH: Final = 3


@dataclass(frozen=True)
class FoundPackage:
    """One file. `manifest` is None for a file of several packages and for one that cannot be read."""

    file: Path
    size: int
    manifest: Manifest | None
    signed_by: str | None = None
    key_file: Path | None = None
    """The public key beside it that fits its signature, where that key is not trusted yet."""
    fault: Message | None = None
    """Why it cannot be installed as it is."""

    @property
    def installable(self) -> bool:
        """Whether nothing but perhaps trust in its key is missing."""
        return self.fault is None


def sticks() -> list[Path]:
    """Return where removable disks are mounted."""
    mounts = (Path(part.mountpoint) for part in psutil.disk_partitions(all=False))
    return sorted({mount for mount in mounts if str(mount).startswith(_STICKS)})


def find_packages(home: Home, site: SiteConfig, folders: Iterable[Path]) -> Iterator[FoundPackage]:
    """Yield the packages in `folders` and three levels below; the same file is told of once. Changes nothing."""
    accelerator = choose_accelerator(site.accelerator, discover(), installed_engine()).kind
    here, free = this_platform(accelerator), shutil.disk_usage(_existing(home.root)).free
    seen: set[Path] = set()
    for file in _files(folders):
        path = file.resolve()
        if path in seen:
            continue
        seen.add(path)
        if len(seen) > MOST_FILES:
            return
        yield _looked_at(home, here, free, file)


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_file():
            yield folder
        for depth in range(_DEPTH):
            pattern = "/".join(["*"] * (depth + 1))
            try:
                found = [path for path in sorted(folder.glob(pattern)) if path.suffix in (SUFFIX, BUNDLE_SUFFIX)]
            except OSError:  # a stick that was pulled out, a folder of somebody else
                continue
            yield from (path for path in found if path.is_file())


def _looked_at(home: Home, here: Platform, free: int, file: Path) -> FoundPackage:
    size = file.stat().st_size
    try:
        if is_bundle(file):
            return FoundPackage(file, size, None)
        return _opened(home, here, free, file, size)
    except ApplianceError as error:
        return FoundPackage(file, size, None, fault=error.message)


def _opened(home: Home, here: Platform, free: int, file: Path, size: int) -> FoundPackage:
    """Look into a package by the keys that are trusted, or else by those that lie beside it."""
    key_file = None
    try:
        with opened_file(file) as archive:
            opened = open_package(archive, Trust(home.trusted_keys))
    except PackageError as error:
        if error.code != "untrusted_key":
            raise
        beside = _keys_beside(file)
        with tempfile.TemporaryDirectory() as scratch, opened_file(file) as archive:
            trust = Trust(Path(scratch))
            ids = {trust.add(path.read_text(encoding="utf-8")).key_id: path for path in beside}
            opened = open_package(archive, trust)
            key_file = ids[opened.key.key_id]
    return FoundPackage(
        file, size, opened.manifest, opened.key.key_id, key_file, _fault(opened.manifest, here, free)
    )  # fmt: skip


def _keys_beside(file: Path) -> list[Path]:
    found = []
    for path in sorted(file.parent.glob("*.pub")):
        try:
            parse_public_key(path.read_text(encoding="utf-8"))
        except (ApplianceError, OSError, UnicodeDecodeError):  # some other program's key
            continue
        found.append(path)
    return found


def _fault(manifest: Manifest, here: Platform, free: int) -> Message | None:
    try:
        check_fits(manifest, here, utc_now())
    except ApplianceError as error:
        return error.message
    needed = int(manifest.total_unpacked * ROOM)
    if needed > free:
        return _("it needs {needed} of disk, {free} are free", needed=human_bytes(needed), free=human_bytes(free))
    return None


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
