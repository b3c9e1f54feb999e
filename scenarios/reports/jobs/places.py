"""Where folders and jobs of each tenant lie, and which names files may have."""

import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.core.errors import BodyTooLarge, Conflict, InvalidRequest, NotFound
from appliance.core.files import fsync_folder, reporting_full_disk, write_durably
from appliance.core.messages import Message, _
from appliance.core.units import MIB

from ..settings import Settings

MOST_NAME: Final = 200
"""Bytes of a file's name in UTF-8."""
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HIDDEN: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Categories of characters that no name shows: controls, those that turn the direction of writing, halves of pairs."""


@dataclass(frozen=True)
class Stored:
    """One file as it lies in a folder."""

    name: str
    size: int
    path: Path


class Places:
    """The data of all tenants below one folder: `<tenant>/folders/<id>/`, `<tenant>/jobs/<id>/`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, tenant: str, folder_id: str) -> Path:
        """Return where the files of a folder lie."""
        return self._tenant(tenant) / "folders" / folder_id

    def job(self, tenant: str, job_id: str) -> Path:
        """Return where everything of a job lies."""
        return self._tenant(tenant) / "jobs" / job_id

    def _tenant(self, tenant: str) -> Path:
        if not _TENANT.fullmatch(tenant):
            raise InvalidRequest(
                _("The name of a tenant cannot be {name}.", name=repr(tenant[:40])),
                _("Use lower-case letters, digits, - and _."),
                code="tenant_not_valid",
            )
        return self._root / tenant


def files_of(folder: Path) -> list[Stored]:
    """Return the files of a folder by name; what no upload could have put there is left out."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.is_file() and not path.is_symlink() and _is_name(path.name)]
    return [Stored(path.name, path.stat().st_size, path) for path in sorted(found)]


def put_file(folder: Path, name: str, content: bytes, settings: Settings) -> str:
    """Keep a file durably, in place of one of the same name; return the name that it has.

    Raises `InvalidRequest` for a name that cannot be, `BodyTooLarge`, `Conflict` for a full folder, `DiskFull`.
    """
    name = checked_name(name)
    if not content:
        raise InvalidRequest(
            _("The file {name} is empty.", name=name), _("Send the file's bytes in base64."), param="content_base64",
            code="file_empty",
        )  # fmt: skip
    if len(content) > settings.most_file_mib * MIB:
        raise BodyTooLarge(
            _("The file {name} is larger than {limit} MiB.", name=name, limit=settings.most_file_mib),
            _("Split it, or have most_file_mib raised in settings.yaml."),
        )
    others = [one for one in files_of(folder) if one.name != name]
    if len(others) >= settings.most_files:
        raise _full(_("The folder has {limit} files, and that is the most.", limit=settings.most_files))
    if sum(one.size for one in others) + len(content) > settings.most_folder_mib * MIB:
        raise _full(_("The folder would hold more than {limit} MiB.", limit=settings.most_folder_mib))
    write_durably(folder / name, content)
    return name


def delete_file(folder: Path, name: str) -> None:
    """Remove one file of a folder. Raises `NotFound`."""
    for one in files_of(folder):
        if one.name == name:
            one.path.unlink(missing_ok=True)
            fsync_folder(folder)
            return
    raise NotFound(
        _("The folder has no file {name}.", name=repr(name[:80])), _("GET folders/ID lists its files."),
        code="file_not_found",
    )  # fmt: skip


def taken_over(folder: Path, into: Path) -> list[Mapping[str, object]]:
    """Link the files of a folder into a job's own; return name, sha256 and size of each, by name.

    What is put into the folder later, or taken out of it, changes nothing of the job. Raises `DiskFull`.
    """
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    told: list[Mapping[str, object]] = []
    with reporting_full_disk(into):
        for one in files_of(folder):
            target = into / one.name
            if not target.exists():
                _linked(one.path, target)
            told.append({"name": one.name, "sha256": digest_of(target), "size": one.size})
    fsync_folder(into)
    return told


def _linked(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except PermissionError:  # some disks know no links
        write_durably(target, path.read_bytes())


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def checked_name(name: str) -> str:
    """Return a file's name as it is kept. Raises `InvalidRequest` for one that is a path, hidden or not to be seen."""
    plain = unicodedata.normalize("NFC", name).strip()
    if not _is_name(plain):
        raise InvalidRequest(
            _("A file cannot be called {name}.", name=ascii(name[:80])),
            _(
                "Give its plain name with its ending: no folders, no control characters, no leading dot, at most "
                "{most} bytes.", most=MOST_NAME,
            ),
            param="name", code="name_not_valid",
        )  # fmt: skip
    return plain


def _is_name(name: str) -> bool:
    shown = all(unicodedata.category(char) not in _HIDDEN for char in name)
    return bool(name) and shown and not name.startswith(".") and not set(name) & set("/\\:") and _fits(name)


def _fits(name: str) -> bool:
    return len(name.encode("utf-8", "surrogatepass")) <= MOST_NAME


def _full(message: Message) -> Conflict:
    return Conflict(message, _("Take files out, or make another folder."), code="folder_full")
