"""What is in a backup: a copy of the database at one moment, the files that it counts on, and the small ones beside.

Files of documents and batches are written before their rows and never changed, so links to them are enough. They are
linked before the database is copied, for what is deleted meanwhile, and after it, for what was added.
"""

import os
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import appliance
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.files import reporting_full_disk, unreadable
from appliance.knowledge.bases.originals import ASIDE, Originals
from appliance.operations.backups.installed import installed_packages
from appliance.operations.backups.manifest import IN_HOME, NOT_OURS, OUTSIDE, BackupManifest, Entry
from appliance.operations.platform_state import database_file, database_name, is_elsewhere
from appliance.packages.checksums import sha256_of_file
from appliance.scenario.places import own_folders
from appliance.state.frozen_copies import Frozen, freeze

# What a restore replaces as a whole, in the home folder; caches, packages, logs and what runs stay as they are.
LINKED: Final = ("documents", "files")
FOLDERS: Final = ("secrets", "trusted-keys", "scenarios")
FILES: Final = (
    "site.yaml", "admin.key", "node.json", "audit-public-keys.pem", "calibration.json", "acceptance.yaml",
)  # fmt: skip
STATE: Final = "state"


def of_packs(home: Home) -> tuple[str, ...]:
    """Return the names in the home of folders with the bank's own files of scenario packs."""
    taken = (*NOT_OURS, *LINKED, *FOLDERS, STATE)
    return tuple(name for name in own_folders(home) if name not in taken)


@dataclass(frozen=True)
class Contents:
    """What a backup is made of: where each entry's bytes lie until it is written."""

    manifest: BackupManifest
    sources: dict[str, Path]


@contextmanager
def gathered(home: Home, site: SiteConfig, origin: str, created: str) -> Iterator[Contents]:
    """Give the contents of a backup of `home`, which may run; gone after the block.

    Raises `DiskFull`, `Unavailable`, `ConfigError`, `InvalidRequest` for a file that this user may not read.
    """
    folder = home.backup_staging
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with reporting_full_disk(home.root):
            folder.mkdir(parents=True, mode=0o700)
            try:
                contents = _gather(home, site, folder, origin, created)
            except PermissionError as error:
                raise unreadable(Path(error.filename or home.root), error) from error
        yield contents
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def lexicons_and_keys(site: SiteConfig, home: Home) -> list[Path]:
    """Return the files that the site file names, but not those of packages."""
    rails, sign_in = site.guardrails, site.sign_in
    named = [rails.lexicon, *(one.lexicon for one in rails.tenants.values())]
    if sign_in.oidc is not None:
        named += [sign_in.oidc.client_secret_file, sign_in.oidc.ca_file]
    if sign_in.ldap is not None:
        named += [sign_in.ldap.bind_password_file, sign_in.ldap.ca_file]
    if site.gateway.tls is not None:
        named += [site.gateway.tls.certificate, site.gateway.tls.key]
    paths = {Path(os.path.normpath(home.root / name)) for name in named if name}
    return sorted(path for path in paths if not path.is_relative_to(home.root) or _first(path, home) not in NOT_OURS)


def _gather(home: Home, site: SiteConfig, folder: Path, origin: str, created: str) -> Contents:
    staged = folder / "home"
    staged.mkdir(mode=0o700)
    # The audit's witness may be behind the log, never before it: the log would look as if its end were cut off.
    _copy_files(home.state, staged / STATE, partial(_is_small_state, database_name(home, site)))
    for name in LINKED:
        _link_tree(home.root / name, staged / name)
    source: Path | str = site.state.url or "" if is_elsewhere(site) else database_file(home, site)
    frozen = freeze(source, folder, os.environ)
    for name in LINKED:
        _link_tree(home.root / name, staged / name)
    for name in (*FOLDERS, *of_packs(home)):
        _copy_tree(home.root / name, staged / name)
    for name in FILES:
        _copy_file(home.root / name, staged / name)
    for path in lexicons_and_keys(site, home):
        inside = path.is_relative_to(home.root)
        target = staged / path.relative_to(home.root) if inside else folder / "outside" / path.relative_to("/")
        _copy_file(path, target)
    return _described(folder, frozen, home, origin, created)


def _described(folder: Path, frozen: Frozen, home: Home, origin: str, created: str) -> Contents:
    staged = folder / "home"
    originals = Originals(staged / LINKED[0])
    counted = {originals.path(one.base, one.document_id, one.number, one.name): one.sha256 for one in frozen.versions}
    counted |= {staged / LINKED[1] / file_id: digest for file_id, digest in frozen.files.items()}
    sources, entries, faults = {frozen.file.name: frozen.file}, [_entry(frozen.file.name, frozen.file)], []
    found = {IN_HOME: _below(staged), OUTSIDE: _below(folder / "outside")}
    for place, paths in found.items():
        for path, name in paths:
            if name.split("/")[0] in LINKED and place == IN_HOME and path not in counted:
                continue  # added after the copy of the database, or deleted before it
            entry = _entry(place + name, path)
            sources[entry.path] = path
            entries.append(entry)
            if counted.pop(path, entry.sha256) != entry.sha256:
                faults.append(name)
    faults += [path.relative_to(staged).as_posix() for path in counted]
    kept = [entry.path for entry in entries]
    manifest = BackupManifest(
        appliance=appliance.__version__, origin=origin, host=socket.gethostname(), created=created,
        step=frozen.state.step, rows=frozen.state.rows,
        documents=sum(path.startswith(f"{IN_HOME}{LINKED[0]}/") for path in kept),
        files=sum(path.startswith(f"{IN_HOME}{LINKED[1]}/") for path in kept),
        packages=installed_packages(home), packs=of_packs(home), faults=tuple(sorted(faults)), entries=tuple(entries),
    )  # fmt: skip
    return Contents(manifest, sources)


def _entry(name: str, path: Path) -> Entry:
    details = path.stat()
    return Entry(path=name, size=details.st_size, sha256=sha256_of_file(path), mode=details.st_mode & 0o777)


def _below(folder: Path) -> Iterable[tuple[Path, str]]:
    return [(path, path.relative_to(folder).as_posix()) for path in sorted(folder.rglob("*")) if path.is_file()]


def _is_small_state(database: Path | None, path: Path) -> bool:
    """Tell whether a file beside the database is neither a database nor on its way to be something."""
    if database is not None and path.name.startswith(database.name):
        return False
    return not path.name.startswith(".") and not path.name.endswith((".db", ".db-wal", ".db-shm", ".db-journal"))


def _copy_files(source: Path, target: Path, wanted: Callable[[Path], bool]) -> None:
    for path in sorted(source.iterdir()) if source.is_dir() else ():
        if path.is_file() and wanted(path):
            _copy_file(path, target / path.name)


def _copy_tree(source: Path, target: Path) -> None:
    for path, name in _below(source):
        if not _is_unfinished(path):
            _copy_file(path, target / name)


def _copy_file(source: Path, target: Path) -> None:
    """Copy a file that may be gone."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy2(source, target)
    except FileNotFoundError:
        return


def _link_tree(source: Path, target: Path) -> None:
    """Link the files below `source` that are not linked yet; where the disk has no links, copy them."""
    for place, _folders, names in os.walk(source):
        # A base that is being deleted is set aside first: while its rows are there, its files are as well.
        inside = target / Path(place).relative_to(source).as_posix().removeprefix(ASIDE)
        inside.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in names:
            path, link = Path(place, name), inside / name
            if _is_unfinished(path) or link.exists():
                continue
            try:
                os.link(path, link)
            except FileNotFoundError:  # deleted meanwhile
                continue
            except OSError:  # another disk, or one without links
                _copy_file(path, link)


def _is_unfinished(path: Path) -> bool:
    return path.name.startswith(".") and path.name.endswith(".part")


def _first(path: Path, home: Home) -> str:
    return path.relative_to(home.root).parts[0]
