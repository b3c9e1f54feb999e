"""Releases of the platform side by side on a machine, the one in use behind a symbolic link.

`PREFIX/releases/COUNTER-VERSION/` holds `manifest.json`, its signature, `files/` (models, scenarios, licences …) and
`venv/`; `complete` in it says that it can be used. `PREFIX/current` points to the one in use: code, base model and
scenarios change together, by one rename. `files/install.sh` of each release makes its environment and the switch.
"""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from appliance.core.errors import Conflict, DiskFull, NotFound, PackageError
from appliance.core.files import reporting_full_disk, write_durably
from appliance.core.messages import _
from appliance.core.units import human_bytes
from appliance.packages.signed.building import MANIFEST, SIGNATURE, Moved
from appliance.packages.signed.manifest import Manifest, Platform, parse_manifest
from appliance.packages.signed.reading import Opened, check_fits, open_package, opened_file, unpack
from appliance.packages.signed.store import Release
from appliance.packages.signed.tar import refused
from appliance.packages.signed.trust import Trust

NAME: Final = "appliance"
_COMPLETE: Final = "complete"
# Wheels are compressed: what they become in the environment, beside themselves, while both are on the disk.
_ROOM_FOR_WHEELS: Final = 4.5
_ROOM_FOR_THE_REST: Final = 1.2


@dataclass(frozen=True)
class Installation:
    """One prefix. One process changes it at a time: whoever does holds `alone`."""

    prefix: Path

    @classmethod
    def of_this_program(cls) -> "Installation | None":
        """Return the installation that this program runs from; None for a checkout or another environment."""
        release = Path(sys.prefix).resolve().parent
        prefix = release.parent.parent
        inside = release.parent.name == "releases" and (prefix / "current").is_symlink()
        return cls(prefix) if inside else None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock, and remove what an installation left that was killed. Raises `Conflict`."""
        with (self.prefix / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Conflict(
                    _("Another installation is at work."), _("Wait for it to end, then try again."), code="store_busy"
                ) from error
            shutil.rmtree(self._staging, ignore_errors=True)
            for folder in self._folders():
                if not (folder / MANIFEST).is_file():
                    shutil.rmtree(folder)
            yield

    def busy(self) -> bool:
        """Tell whether somebody holds `alone`: an upgrade or a return is at work."""
        try:
            with (self.prefix / ".lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def releases(self) -> tuple[Release, ...]:
        """Return the releases that can be used, the newest first. Raises `PackageError` for a damaged manifest."""
        current = self._current_name()
        return tuple(
            Release(parse_manifest((folder / MANIFEST).read_bytes()), folder, folder.name == current)
            for folder in self._folders()
            if (folder / _COMPLETE).exists()
        )

    def current(self) -> Release:
        """Return the release in use. Raises `NotFound`."""
        for release in self.releases():
            if release.current:
                return release
        raise NotFound(
            _("No release of the platform is in use in {folder}.", folder=self.prefix),
            _("Install one with install-offline.sh."),
            code="package_not_found",
        )

    def other(self) -> Release:
        """Return the release that is kept beside the one in use. Raises `Conflict`."""
        others = [release for release in self.releases() if not release.current]
        if not others:
            raise Conflict(
                _("There is no other release of {kind} {name} to go back to.", kind="platform", name=NAME),
                _("`appliance package list` shows what is kept."),
                code="no_other_release",
            )
        return others[0]

    def take_in(self, file: Path, trust: Trust, here: Platform, now: datetime) -> Iterator[Moved | Release]:
        """Check a package and unpack it beside the release in use; yield how far it is, at last the release.

        Its environment is not made yet. Raises `PackageError` (and nothing is left of it), `DiskFull`, `Conflict`.
        """
        with opened_file(file) as archive:
            opened = open_package(archive, trust)
            manifest = opened.manifest
            if (manifest.kind, manifest.name) != ("platform", NAME):
                raise refused(_("it is {title}, not the platform", title=manifest.title))
            check_fits(manifest, here, now)
            self._check_counter(manifest)
            folder = self._releases / f"{manifest.release_counter:010d}-{manifest.version}"
            if _unpacked_from(folder) != opened.raw:
                self._check_room(manifest)
                yield from self._unpack(opened, folder)
        yield Release(manifest, folder, current=False)

    def prepare(self, release: Release, log: Path) -> None:
        """Make the environment of a release from its wheels. Raises `PackageError` with the end of the log."""
        # As one started by hand: this program's environment is no part of the next one's.
        python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        self._run(release, log, "prepare", release.folder, python)

    def activate(self, release: Release, home: Path, log: Path) -> None:
        """Put a release in use for a home folder; what runs keeps running on its own files. Raises `PackageError`."""
        self._run(release, log, "activate", release.folder, self.prefix, home)

    def program(self, release: Release) -> Path:
        """Return the command line of a release."""
        return release.folder / "venv" / "bin" / "appliance"

    @property
    def current_program(self) -> Path:
        """The command line of whichever release is in use, under a name that stays the same."""
        return self.prefix / "current" / "venv" / "bin" / "appliance"

    def forget(self, keep: tuple[Release, ...]) -> None:
        """Remove every release but these and the one in use."""
        kept = {release.folder.name for release in keep} | {self._current_name()}
        for folder in self._folders():
            if folder.name not in kept:
                (folder / _COMPLETE).unlink(missing_ok=True)
                (folder / MANIFEST).unlink(missing_ok=True)
                shutil.rmtree(folder)

    @property
    def _releases(self) -> Path:
        return self.prefix / "releases"

    @property
    def _staging(self) -> Path:
        return self.prefix / "staging"

    def _folders(self) -> list[Path]:
        return sorted(self._releases.glob("*"), reverse=True)

    def _current_name(self) -> str | None:
        link = self.prefix / "current"
        return link.readlink().name if link.is_symlink() else None

    def _check_counter(self, manifest: Manifest) -> None:
        path = self.prefix / "highest-release"
        highest = int(path.read_text(encoding="ascii")) if path.exists() else 0
        if manifest.release_counter < highest:
            raise refused(
                _(
                    "it is release {found}, and release {highest} was installed here before",
                    found=manifest.release_counter, highest=highest,
                )
            )  # fmt: skip
        current = self.current().manifest
        if current == manifest:
            raise Conflict(
                _("{title} is installed already.", title=manifest.title),
                _("`appliance package list` shows what is in use."),
                code="already_installed",
            )
        if (current.release_counter, current.version) == (manifest.release_counter, manifest.version):
            raise refused(_("another package of the same release is in use"))

    def _check_room(self, manifest: Manifest) -> None:
        wheels = sum(file.size for file in manifest.files if file.path.startswith("wheels/"))
        needed = int(wheels * _ROOM_FOR_WHEELS + (manifest.total_unpacked - wheels) * _ROOM_FOR_THE_REST)
        free = shutil.disk_usage(self.prefix).free
        if free < needed:
            raise DiskFull(
                _(
                    "The package {title} needs {needed} in {folder}; {free} is free.",
                    title=manifest.title, needed=human_bytes(needed), folder=self.prefix, free=human_bytes(free),
                ),
                _("Free some space there, then try again; nothing was changed."),
            )  # fmt: skip

    def _unpack(self, opened: Opened, folder: Path) -> Iterator[Moved]:
        """Unpack beside, then rename: a release's folder has all of its files, or is not there."""
        staging = self._staging
        try:
            with reporting_full_disk(self.prefix):
                (staging / "files").mkdir(parents=True)
                yield from unpack(opened, staging / "files")
                write_durably(staging / MANIFEST, opened.raw)
                write_durably(staging / SIGNATURE, opened.signature)
                if folder.exists():
                    shutil.rmtree(folder)
                staging.rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _run(self, release: Release, log: Path, *arguments: object) -> None:
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with log.open("ab") as words:
            outcome = subprocess.run(
                ["sh", release.files / "install.sh", *map(str, arguments)],
                stdin=subprocess.DEVNULL, stdout=words, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
        if outcome.returncode:
            raise PackageError(
                _("The release {title} cannot be set up.", title=release.manifest.title),
                _("The whole log is in {log}.", log=log),
                code="package_refused",
            )


def _unpacked_from(folder: Path) -> bytes | None:
    """Return the manifest of the package that `folder` was unpacked from; None where it was not, or not whole."""
    try:
        return (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        return None
