"""Model packages as nodes give them to each other: lists of files by checksum, and taking one over whole.

Checksums come from a package's card or manifest; who receives a file holds it to them, so a list costs no reading.
"""

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from appliance.config.home import Home
from appliance.core.errors import PackageError
from appliance.core.files import reporting_full_disk
from appliance.core.messages import _
from appliance.core.validation import Fault
from appliance.packages.card import CARD_FILE, read_card
from appliance.packages.checksums import sha256_of_file, verify_package
from appliance.packages.merging import ADAPTER_SUFFIX
from appliance.packages.places import open_store
from appliance.packages.recipe import PackageName, Sha256, Strict
from appliance.packages.sealing import swap_in
from appliance.packages.signed.building import FILES, MANIFEST, SIGNATURE
from appliance.packages.signed.manifest import LONGEST_PATH, MOST_FILES, is_safe
from appliance.packages.signed.store import Release

_KIND: Final = "model"


class SharedFile(Strict):
    """One file; `path` is relative to the package's folder."""

    path: str = Field(min_length=1, max_length=LONGEST_PATH)
    size: int = Field(ge=0)
    sha256: Sha256

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if not is_safe(self.path):
            raise Fault(_("the path {path} leads out of the package", path=ascii(self.path)))
        return self


class SharedPackage(Strict):
    """A model package that a node has: a folder below `models/`, or a release of an installed one."""

    name: PackageName
    release: Annotated[str, Field(pattern=r"^\d{10}-[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$")] | None = None
    """Folder name of an installed release; None: a folder below `models/`."""
    current: bool = True
    """Whether it is the release in use."""
    files: Annotated[tuple[SharedFile, ...], Field(strict=False, min_length=1, max_length=MOST_FILES)]

    @property
    def title(self) -> str:
        """Name, and which release where there are several."""
        return self.name if self.release is None else f"{self.name} {self.release}"

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def folder_of(home: Home, package: SharedPackage) -> Path:
    """Return where a package lies, or would lie."""
    if package.release is None:
        return home.models / package.name
    return home.packages / _KIND / package.name / "releases" / package.release


def packages_for(home: Home, wanted: Iterable[tuple[str, int | None]]) -> tuple[SharedPackage, ...]:
    """Return what is here of the `wanted` models, each a name and a release (None: what is in use), with adapters.

    One that is not here, or not whole, is left out: it is not ready to be given away.
    """
    found: dict[tuple[str, str | None], SharedPackage] = {}
    for name, counter in wanted:
        releases = open_store(home).releases(_KIND, name)
        chosen = [one for one in releases if one.current or one.manifest.release_counter == counter]
        candidates: list[SharedPackage | None] = [_of_release(one) for one in chosen]
        if not any(one.current for one in releases):
            candidates += [_of_folder(home, name), _of_folder(home, f"{name}{ADAPTER_SUFFIX}")]
        found |= {(one.name, one.release): one for one in candidates if one is not None}
    return tuple(found[key] for key in sorted(found, key=str))


def packages_here(home: Home) -> tuple[SharedPackage, ...]:
    """Return every model package that is here."""
    folders = (_of_folder(home, path.name) for path in sorted(home.models.glob("*")) if not path.name.startswith("."))
    releases = (_of_release(one) for one in open_store(home).releases(_KIND))
    return tuple(one for one in (*folders, *releases) if one is not None)


def files_by_checksum(home: Home, packages: Iterable[SharedPackage]) -> dict[str, Path]:
    """Return where the content of each checksum lies."""
    return {file.sha256: folder_of(home, package) / file.path for package in packages for file in package.files}


def has_whole(home: Home, package: SharedPackage) -> bool:
    """Tell whether the very files of a package are here; reads those that were not read since they changed.

    A release that is here and is to be the one in use is put in use. Raises `Conflict` while an installation is at
    work.
    """
    folder = folder_of(home, package)
    store = open_store(home)
    release = next((one for one in store.releases(_KIND, package.name) if one.folder == folder), None)
    if package.release is None:
        here, payload = _of_folder(home, package.name), folder
    else:
        here, payload = (None, folder) if release is None else (_of_release(release), release.files)
    if here is None or here.files != package.files:
        return False
    try:
        verify_package(payload)
    except PackageError:
        return False
    if release is not None and package.current and not release.current:
        store.use(_KIND, package.name, release.manifest.release_counter)
    return True


def take_over(home: Home, package: SharedPackage, content: Callable[[SharedFile], Path]) -> None:
    """Make a package of files that were received and held to their checksums; it appears whole or not at all.

    `content` tells where a file lies; it is moved away from there. Raises `PackageError`, `DiskFull`, `Conflict`.
    """
    with reporting_full_disk(home.root):
        if package.release is not None:
            store = open_store(home)
            store.adopt(lambda folder: _move(package, folder, content), current=package.current)
            return
        target = folder_of(home, package)
        if target.is_symlink():
            raise PackageError(
                _("The model {name} of this installation is not the one of the head node.", name=package.name),
                _("Install the same release of the platform on both nodes."),
                code="other_platform_model",
            )
        staging = home.models / f".{package.name}.part"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True, mode=0o700)
        try:
            _move(package, staging, content)
            verify_package(staging)
            swap_in(staging, target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _move(package: SharedPackage, folder: Path, content: Callable[[SharedFile], Path]) -> None:
    """Files of the same content are one until the last of them."""
    left = [file.sha256 for file in package.files]
    for file in package.files:
        left.remove(file.sha256)
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if file.sha256 in left:
            shutil.copyfile(content(file), target)
        else:
            shutil.move(content(file), target)
        target.chmod(0o600)
    _bring_to_disk(folder)


def _bring_to_disk(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _of_folder(home: Home, name: str) -> SharedPackage | None:
    folder = home.models / name
    try:
        card = read_card(folder)
    except PackageError:
        return None
    sizes = {file: entry.size_bytes for file, entry in card.files.items()}
    if not _sizes_fit(folder, sizes):
        return None
    files = [SharedFile(path=file, size=size, sha256=card.files[file].sha256) for file, size in sizes.items()]
    return SharedPackage(name=name, files=tuple(sorted((*files, _small(folder, CARD_FILE)), key=_by_path)))


def _of_release(release: Release) -> SharedPackage | None:
    manifest = release.manifest
    if not _sizes_fit(release.files, {file.path: file.size for file in manifest.files}):
        return None
    inside = (SharedFile(path=FILES + file.path, size=file.size, sha256=file.sha256) for file in manifest.files)
    files = (*inside, _small(release.folder, MANIFEST), _small(release.folder, SIGNATURE))
    return SharedPackage(
        name=manifest.name,
        release=release.folder.name,
        current=release.current,
        files=tuple(sorted(files, key=_by_path)),
    )


def _sizes_fit(folder: Path, sizes: dict[str, int]) -> bool:
    try:
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except OSError:
        return False


def _small(folder: Path, name: str) -> SharedFile:
    path = folder / name
    return SharedFile(path=name, size=path.stat().st_size, sha256=sha256_of_file(path))


def _by_path(file: SharedFile) -> str:
    return file.path
