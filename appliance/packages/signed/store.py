"""The store: where packages are installed, two releases of each, the one in use behind a symbolic link.

`KIND/NAME/releases/COUNTER-VERSION/` holds `manifest.json`, its signature and `files/`; `KIND/NAME/current` points to
the one in use. A release appears whole, by a rename, or not at all; what a killed installation left in `staging/` is
removed at the next one.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.core.clock import Clock, utc_now
from appliance.core.errors import ApplianceError, Conflict, NotFound
from appliance.core.files import durable_write, fsync_folder, reporting_full_disk, write_durably
from appliance.core.messages import _
from appliance.packages.signed.building import MANIFEST, SIGNATURE, Moved, write_archive
from appliance.packages.signed.manifest import KINDS, Kind, Manifest, Platform, Requirement, parse_manifest
from appliance.packages.signed.minisign import parse_signature
from appliance.packages.signed.reading import check_fits, check_room, open_package, opened_file, unpack
from appliance.packages.signed.tar import refused
from appliance.packages.signed.trust import Trust

KEPT: Final = 2
_CURRENT: Final = "current"
_RELEASES: Final = "releases"
_COUNTER: Final = "highest-release"
_PAYLOAD: Final = "files"

Test = Callable[[Manifest, Path], None]
"""Looks at the unpacked files of a package before it counts; raises `ApplianceError` for one that is not to be used."""


@dataclass(frozen=True)
class Release:
    """One installed release."""

    manifest: Manifest
    folder: Path
    current: bool

    @property
    def files(self) -> Path:
        """The folder of the package's files."""
        return self.folder / _PAYLOAD


class PackageStore:
    """Packages below `root`; `here` is what this machine is. One process changes it at a time."""

    def __init__(self, root: Path, trust: Trust, here: Platform, clock: Clock = utc_now) -> None:
        self._root = root
        self._trust = trust
        self._here = here
        self._clock = clock

    def install(self, file: Path, test: Test) -> Iterator[Moved | Release]:
        """Check a package and put it in use; yield how far it is, at last the release.

        The files of a release stay where they are until two newer ones are there, so that what uses them may go on.
        Raises `PackageError` (and nothing is left of it), `DiskFull`, `Conflict`.
        """
        with self._alone(), opened_file(file) as archive:
            opened = open_package(archive, self._trust)
            manifest = opened.manifest
            check_fits(manifest, self._here, self._clock())
            self._check_counter(manifest)
            self._check_needs(manifest)
            check_room(manifest, self._root)
            with self._staging() as staging:
                payload = staging / _PAYLOAD
                payload.mkdir()
                yield from unpack(opened, payload)
                test(manifest, payload)
                write_durably(staging / MANIFEST, opened.raw)
                write_durably(staging / SIGNATURE, opened.signature)
                folder = self._take_over(manifest, staging)
            before = _target(folder.parent.parent / _CURRENT)
            self._switch(folder)
            self._forget_old(folder.parent, before)
        yield Release(manifest, folder, current=True)

    def adopt(self, fill: Callable[[Path], None], *, current: bool) -> Release:
        """Take over a release that another node has: `fill` writes its folder, manifest and signature among the files.

        With `current` it is put in use. Who calls has held each file to its checksum. Raises `PackageError`,
        `DiskFull`, `Conflict`.
        """
        with self._alone(), self._staging() as staging:
            fill(staging)
            raw = (staging / MANIFEST).read_bytes()
            self._trust.check(raw, parse_signature((staging / SIGNATURE).read_text(encoding="utf-8", errors="replace")))
            manifest = parse_manifest(raw)
            folder = self._take_over(manifest, staging)
            if current:
                self._switch(folder)
        return Release(manifest, folder, current=current)

    def clean_up(self) -> None:
        """Remove what an installation left that was killed. Raises `Conflict` while one is at work."""
        with self._alone():
            pass

    def releases(self, kind: Kind | None = None, name: str | None = None) -> tuple[Release, ...]:
        """Return what is installed, by kind and name, the newest release first."""
        found = []
        for one in KINDS if kind is None else (kind,):
            names = sorted(self._root.joinpath(one).glob("*")) if name is None else [self._root / one / name]
            for home in names:
                current = _target(home / _CURRENT)
                for folder in sorted(home.joinpath(_RELEASES).glob("*"), reverse=True):
                    manifest = parse_manifest((folder / MANIFEST).read_bytes())
                    found.append(Release(manifest, folder, folder.name == current))
        return tuple(found)

    def current(self, kind: Kind, name: str) -> Release | None:
        """Return the release in use."""
        return next((one for one in self.releases(kind, name) if one.current), None)

    def rollback(self, kind: Kind, name: str) -> Release:
        """Put the other release that is kept in use. Raises `NotFound`, `Conflict` where there is none."""
        with self._alone():
            there = self._there(kind, name)
            others = [one for one in there if not one.current]
            if not others:
                raise Conflict(
                    _("There is no other release of {kind} {name} to go back to.", kind=kind, name=name),
                    _("`appliance package list` shows what is kept."),
                    code="no_other_release",
                )
            self._switch(others[0].folder)
            return Release(others[0].manifest, others[0].folder, current=True)

    def use(self, kind: Kind, name: str, release_counter: int | None) -> None:
        """Put a certain release that is kept in use, or with None none of them. Raises `NotFound`."""
        with self._alone():
            there = self._there(kind, name)
            if release_counter is None:
                home = there[0].folder.parent.parent
                home.joinpath(_CURRENT).unlink(missing_ok=True)
                fsync_folder(home)
                return
            chosen = [one for one in there if one.manifest.release_counter == release_counter]
            if not chosen:
                raise _absent(kind, f"{name} {release_counter}")
            self._switch(chosen[0].folder)

    def remove(self, kind: Kind, name: str) -> None:
        """Remove every release of a package. Raises `NotFound`, `Conflict` where another package needs it."""
        with self._alone():
            there = self._there(kind, name)
            for other in self.releases():
                needs = any((one.kind, one.name) == (kind, name) for one in other.manifest.requires)
                if needs and (other.manifest.kind, other.manifest.name) != (kind, name):
                    raise Conflict(
                        _("{title} needs the package {kind} {name}.", title=other.manifest.title, kind=kind, name=name),
                        _("Remove that one first."),
                        code="package_needed",
                    )
            home = there[0].folder.parent.parent
            home.joinpath(_CURRENT).unlink(missing_ok=True)
            for release in there:
                self._discard(release.folder)

    def export(self, kind: Kind, name: str, target: Path) -> Iterator[Moved]:
        """Write the release in use as the file that it came in, byte by byte; yield how far it is.

        Raises `NotFound`, `DiskFull`, `PackageError` where a file has changed since.
        """
        release = next((one for one in self._there(kind, name) if one.current), None)
        if release is None:
            raise _absent(kind, name)
        raw, signature = (release.folder.joinpath(part).read_bytes() for part in (MANIFEST, SIGNATURE))
        with durable_write(target, 0o644) as archive:
            yield from write_archive(archive, raw, signature, release.manifest, release.files)

    def _there(self, kind: Kind, name: str) -> tuple[Release, ...]:
        found = self.releases(kind, name)
        if not found:
            raise _absent(kind, name)
        return found

    def _check_counter(self, manifest: Manifest) -> None:
        """A package older than one that was here is what somebody would send who wants an old fault back."""
        path = self._root / manifest.kind / manifest.name / _COUNTER
        highest = int(path.read_text(encoding="ascii")) if path.exists() else 0
        if manifest.release_counter < highest:
            raise refused(
                _(
                    "it is release {found}, and release {highest} was installed here before",
                    found=manifest.release_counter, highest=highest,
                )
            )  # fmt: skip
        current = self.current(manifest.kind, manifest.name)
        if current is not None and current.manifest == manifest:
            raise Conflict(
                _("{title} is installed already.", title=manifest.title),
                _("`appliance package list` shows what is in use."),
                code="already_installed",
            )

    def _check_needs(self, manifest: Manifest) -> None:
        for needed in manifest.requires:
            if not self._holds(needed):
                raise refused(
                    _(
                        "it needs the package {kind} {name} in release {counter} or newer",
                        kind=needed.kind, name=needed.name, counter=needed.release_counter,
                    )
                )  # fmt: skip
        for other in manifest.conflicts:
            if self._holds(other):
                raise refused(_("it cannot be beside the package {kind} {name}", kind=other.kind, name=other.name))

    def _holds(self, wanted: Requirement) -> bool:
        found = self.current(wanted.kind, wanted.name)
        return found is not None and found.manifest.release_counter >= wanted.release_counter

    def _take_over(self, manifest: Manifest, staging: Path) -> Path:
        home = self._root / manifest.kind / manifest.name
        releases = home / _RELEASES
        releases.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = releases / f"{manifest.release_counter:010d}-{manifest.version}"
        if folder.exists():
            current = _target(home / _CURRENT)
            if folder.name == current:  # the same release, made anew: what uses the old files must not lose them
                raise refused(_("another package of the same release is in use"))
            self._discard(folder)
        # The counter first: a crash in between refuses an older package, and never takes one.
        write_durably(home / _COUNTER, str(manifest.release_counter).encode())
        fsync_folder(staging)
        staging.rename(folder)
        fsync_folder(releases)
        return folder

    def _switch(self, folder: Path) -> None:
        """Let `current` point to a release, atomically."""
        home = folder.parent.parent
        link = home / f".{_CURRENT}.part"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(_RELEASES) / folder.name)
        link.replace(home / _CURRENT)
        fsync_folder(home)

    def _forget_old(self, releases: Path, before: str | None) -> None:
        """Keep the release in use and the one that was in use before it, else the newest of the others."""
        current = _target(releases.parent / _CURRENT)
        others = [folder for folder in releases.iterdir() if folder.name != current]
        others.sort(key=lambda folder: (folder.name == before, folder.name), reverse=True)
        for folder in others[KEPT - 1 :]:
            self._discard(folder)

    def _discard(self, folder: Path) -> None:
        """Remove a folder by way of the staging folder: half of a release never stands among the others."""
        trash = Path(tempfile.mkdtemp(dir=self._staging_folder()))
        folder.rename(trash / folder.name)
        shutil.rmtree(trash)

    def _staging_folder(self) -> Path:
        folder = self._root / "staging"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    @contextmanager
    def _staging(self) -> Iterator[Path]:
        """Give an empty folder, which is gone afterwards unless it was moved away."""
        with reporting_full_disk(self._root):
            folder = Path(tempfile.mkdtemp(dir=self._staging_folder()))
        try:
            yield folder
        finally:
            if folder.exists():
                shutil.rmtree(folder)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the store's lock, and clean up after an installation that was killed. Raises `Conflict`."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Conflict(
                    _("Another installation is at work."), _("Wait for it to end, then try again."), code="store_busy"
                ) from error
            for left in self._staging_folder().iterdir():
                shutil.rmtree(left)
            yield
        finally:
            os.close(descriptor)


def _target(link: Path) -> str | None:
    return link.readlink().name if link.is_symlink() else None


def _absent(kind: str, name: str) -> ApplianceError:
    return NotFound(
        _("The package {kind} {name} is not installed.", kind=kind, name=ascii(name[:80])),
        _("`appliance package list` shows what is."),
        code="package_not_found",
    )
