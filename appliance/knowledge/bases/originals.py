"""The documents' files, one folder a base: kept under ids, never under the names that callers give."""

import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from appliance.core.files import fsync_folder, reporting_full_disk, write_durably
from appliance.core.ids import new_id
from appliance.state.documents import VersionRow

ASIDE = ".deleted-"
"""What the folder of a base begins with while the base is being deleted; it may come back."""


class Originals:
    """The files below `folder`. A file is staged without a lock, then takes its name in one step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, base: str, document_id: str, number: int, name: str) -> Path:
        """Return where the version `number` of a document, uploaded as `name`, is kept."""
        ending = PurePosixPath(name).suffix.lower()
        return self._folder / base / f"{document_id}{'' if number == 1 else f'-{number}'}{ending}"

    def path_of(self, base: str, version: VersionRow) -> Path:
        """Return where a version is kept."""
        return self.path(base, version.document_id, version.number, version.name)

    def stage(self, base: str, content: bytes) -> Path:
        """Write an upload durably under a name of its own. Raises `DiskFull`."""
        path = self._folder / base / f".{new_id('up')}.part"
        write_durably(path, content)
        return path

    def keep(self, staged: Path, path: Path) -> None:
        """Give a staged file its name, durably. Raises `DiskFull`."""
        with reporting_full_disk(path.parent):
            staged.replace(path)
            fsync_folder(path.parent)

    def remove(self, paths: Iterable[Path]) -> None:
        """Delete files; those that are gone already do nothing."""
        for path in paths:
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                fsync_folder(path.parent)

    def drop_strays(self, base: str, versions: Iterable[VersionRow]) -> None:
        """Delete files without a row: uploads that were cut off, files of documents that were being deleted."""
        folder = self._folder / base
        if folder.is_dir():
            kept = {self.path_of(base, version).name for version in versions}
            self.remove(path for path in folder.iterdir() if path.name not in kept)

    def set_aside(self, base: str) -> Path:
        """Take a base's folder out of the way before the base is deleted; return where it is then."""
        aside = self._aside(base)
        shutil.rmtree(aside, ignore_errors=True)
        folder = self._folder / base
        if folder.is_dir():
            folder.rename(aside)
            fsync_folder(self._folder)
        return aside

    def put_back(self, base: str, aside: Path) -> None:
        """Undo `set_aside`: the base was not deleted after all."""
        if aside.is_dir():
            aside.rename(self._folder / base)
            fsync_folder(self._folder)

    def discard(self, aside: Path) -> None:
        """Delete what was set aside for good."""
        shutil.rmtree(aside, ignore_errors=True)

    def finish_deletions(self, bases: Iterable[str]) -> None:
        """Finish what a power cut broke off: `bases` are those that exist; the others' folders go."""
        existing = set(bases)
        for aside in sorted(self._folder.glob(f"{ASIDE}*")):
            base = aside.name.removeprefix(ASIDE)
            if base in existing and not (self._folder / base).exists():
                self.put_back(base, aside)
            else:
                self.discard(aside)

    def _aside(self, base: str) -> Path:
        return self._folder / f"{ASIDE}{base}"
