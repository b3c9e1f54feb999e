"""Packages on sticks and in folders: what each is, who signed it, whether it fits, before anything is installed."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from appliance.catalogue.from_config import entry_from_config
from appliance.catalogue.model import ModelEntry
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
from appliance.packages.signed.reading import ROOM, Opened, check_fits, open_package, opened_file, read_one
from appliance.packages.signed.trust import Trust

MOST_FILES: Final = 200
"""Packages that are looked at in all folders together."""
_STICKS: Final = ("/media/", "/run/media/", "/mnt/", "/mnt")
_DEPTH: Final = 3
_LARGEST_CONFIG: Final = 8 << 20


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
        path = Path(os.path.realpath(file))
        if path in seen:
            continue
        seen.add(path)
        if len(seen) > MOST_FILES:
            return
        yield _looked_at(home, here, free, file)


def model_entry(home: Home, file: Path) -> ModelEntry | None:
    """Return the model that a package holds, as planning takes it; None for a package of something else.

    Reads no more than the model's configuration. Raises `PackageError` for one that cannot be read or sized.
    """
    try:
        if is_bundle(file):
            return None
        with _opened(home, file) as (opened, _key_file):
            manifest = opened.manifest
            if manifest.kind != "model":
                return None
            raw = read_one(opened, "config.json", _LARGEST_CONFIG)
    except OSError as error:
        raise _unreadable(file, error) from error
    try:
        config = json.loads(raw or b"null")
    except ValueError:
        config = None
    return entry_from_config(manifest.name, manifest.title, config if isinstance(config, dict) else {})


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield files that may be packages; left out is what cannot be looked at: a pulled stick, an endless name."""
    for folder in folders:
        if _is_file(folder):
            yield folder
        for depth in range(_DEPTH):
            pattern = "/".join(["*"] * (depth + 1))
            try:
                found = [path for path in sorted(folder.glob(pattern)) if path.suffix in (SUFFIX, BUNDLE_SUFFIX)]
            except (OSError, ValueError):
                continue
            yield from (path for path in found if _is_file(path))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _looked_at(home: Home, here: Platform, free: int, file: Path) -> FoundPackage:
    size = 0
    try:
        size = file.stat().st_size
        if is_bundle(file):
            return FoundPackage(file, size, None)
        with _opened(home, file) as (opened, key_file):
            fault = _fault(opened.manifest, here, free)
            return FoundPackage(file, size, opened.manifest, opened.key.key_id, key_file, fault)
    except ApplianceError as error:
        return FoundPackage(file, size, None, fault=error.message)
    except OSError as error:  # a stick that was pulled out between two looks
        return FoundPackage(file, size, None, fault=_unreadable(file, error).message)


@contextmanager
def _opened(home: Home, file: Path) -> Iterator[tuple[Opened, Path | None]]:
    """Look into a package by the keys that are trusted, or else by those that lie beside it; give that key's file."""
    with ExitStack() as open_now:
        try:
            archive = open_now.enter_context(opened_file(file))
            opened, key_file = open_package(archive, Trust(home.trusted_keys)), None
        except PackageError as error:
            if error.code != "untrusted_key":
                raise
            trust = Trust(Path(open_now.enter_context(tempfile.TemporaryDirectory())))
            ids = {trust.add(text).key_id: path for path, text in _keys_beside(file)}
            opened = open_package(open_now.enter_context(opened_file(file)), trust)
            key_file = ids[opened.key.key_id]
        yield opened, key_file


def _unreadable(file: Path, error: OSError) -> PackageError:
    return PackageError(
        _("The package {path} cannot be read: {reason}.", path=file, reason=error.strerror or str(error)),
        _("Check the path; is the USB stick mounted?"),
        code="package_unreadable",
    )


def _keys_beside(file: Path) -> list[tuple[Path, str]]:
    found = []
    for path in sorted(file.parent.glob("*.pub")):
        try:
            text = path.read_text(encoding="utf-8")
            parse_public_key(text)
        except (ApplianceError, OSError, UnicodeDecodeError):  # some other program's key
            continue
        found.append((path, text))
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
