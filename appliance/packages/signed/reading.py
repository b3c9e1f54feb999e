"""Reading a package that came from outside: each check before the next byte is used.

Order: sizes, signature over the manifest's bytes, strict parsing, platform and expiry, counter, what it needs, free
disk; then each file streamed into a staging folder and held to its size and checksum.
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from appliance.core.clock import iso
from appliance.core.errors import DiskFull, PackageError
from appliance.core.files import fsync_folder, reporting_full_disk
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.packages.signed.building import FILES, MANIFEST, SIGNATURE, Moved
from appliance.packages.signed.manifest import SCHEMA, Manifest, PackagedFile, Platform, parse_manifest
from appliance.packages.signed.minisign import PublicKey, parse_signature
from appliance.packages.signed.tar import TarReader, refused
from appliance.packages.signed.trust import Trust

_LONGEST_MANIFEST: Final = 8 << 20
_LONGEST_SIGNATURE: Final = 4096
ROOM: Final = 1.2
"""Free space that an installation needs, as a multiple of what it unpacks."""


@dataclass(frozen=True)
class Opened:
    """A package whose manifest and signature are good; its files are not read yet."""

    manifest: Manifest
    raw: bytes
    signature: bytes
    key: PublicKey
    reader: TarReader


@contextmanager
def opened_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a package, or a file of several, for reading. Raises `PackageError`."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise PackageError(
            _("The package {path} cannot be read: {reason}.", path=path, reason=error.strerror),
            _("Check the path; is the USB stick mounted?"),
            code="package_unreadable",
        ) from error
    with file:
        yield file


def open_package(file: IO[bytes], trust: Trust) -> Opened:
    """Read the manifest and check who signed it. Raises `PackageError`."""
    reader = TarReader(file)
    raw = _small(reader, MANIFEST, _LONGEST_MANIFEST)
    signature = _small(reader, SIGNATURE, _LONGEST_SIGNATURE)
    key = trust.check(raw, parse_signature(signature.decode("utf-8", errors="replace")))
    manifest = parse_manifest(raw)
    if key.key_id not in manifest.key_ids:
        raise refused(_("its manifest does not name the key that signed it"))
    return Opened(manifest, raw, signature, key, reader)


def check_fits(manifest: Manifest, here: Platform, now: datetime) -> None:
    """Raise `PackageError` for a package of another platform, of a newer format, or past its time."""
    if manifest.min_installer > SCHEMA:
        raise refused(_("it needs a newer release of the appliance"))
    for name in ("arch", "python", "accelerator"):
        wanted, found = getattr(manifest.platform, name), getattr(here, name)
        if wanted is not None and wanted != found:
            raise refused(
                _("it is for {name} {wanted}, and this machine has {found}", name=name, wanted=wanted, found=found)
            )
    if manifest.expires is not None and manifest.expires <= now:
        raise refused(_("it was to be installed before {moment}", moment=iso(manifest.expires)))


def check_room(manifest: Manifest, folder: Path) -> None:
    """Raise `DiskFull` where the disk of `folder` has not enough room."""
    free, needed = shutil.disk_usage(folder).free, int(manifest.total_unpacked * ROOM)
    if free < needed:
        raise DiskFull(
            _(
                "The package {title} needs {needed} in {folder}; {free} is free.",
                title=manifest.title, needed=human_bytes(needed), folder=folder, free=human_bytes(free),
            ),
            _("Free some space there, then try again; nothing was changed."),
        )  # fmt: skip


def unpack(opened: Opened, folder: Path) -> Iterator[Moved]:
    """Write the files below the empty `folder`, durably; yield how far it is. Raises `PackageError`, `DiskFull`.

    What is left in `folder` after an error is the caller's to remove.
    """
    with reporting_full_disk(folder):
        yield from _each_file(opened, lambda file: _written(file, folder))
        for inner in {folder, *(path for path in folder.rglob("*") if path.is_dir())}:
            fsync_folder(inner)


def read_one(opened: Opened, path: str, most: int) -> bytes | None:
    """Return one small file of a package that was just opened, held to its checksum; None where it has none of it.

    So is one that lies behind more than `most` bytes of others, or is larger: nothing large is read. Raises
    `PackageError`.
    """
    passed = 0
    for file in opened.manifest.files:
        passed += file.size
        if passed > most:
            return None
        if file.path == path:
            break
    else:
        return None
    while (member := opened.reader.next()) is not None and member.name != FILES + path:
        if member.size > most:  # other than the manifest says
            return None
    content = b"" if member is None or member.size != file.size else b"".join(opened.reader.pieces())
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise refused(_("{path} is damaged", path=path))
    return content


def look_through(opened: Opened) -> Iterator[Moved]:
    """Check every file as `unpack` does, without writing any; yield how far it is. Raises `PackageError`."""
    return _each_file(opened, lambda _file: nullcontext(None))


def _each_file(
    opened: Opened, sink: Callable[[PackagedFile], AbstractContextManager[IO[bytes] | None]]
) -> Iterator[Moved]:
    """Hold every member to the manifest and give its content to its sink."""
    awaited = {FILES + file.path: file for file in opened.manifest.files}
    moved = Moved(0, opened.manifest.total_unpacked)
    while (member := opened.reader.next()) is not None:
        file = awaited.pop(member.name, None)
        if file is None:
            raise refused(_unexpected(opened.manifest, member.name))
        if member.size != file.size:
            raise refused(_("{path} is not of the size that the manifest gives", path=file.path))
        digest = hashlib.sha256()
        with sink(file) as target:
            for piece in opened.reader.pieces():
                digest.update(piece)
                if target is not None:
                    target.write(piece)
                moved = replace(moved, done=moved.done + len(piece))
                yield moved
        if digest.hexdigest() != file.sha256:
            raise refused(_("{path} is damaged", path=file.path))
    if awaited:
        raise refused(_("{path} is missing", path=next(iter(awaited)).removeprefix(FILES)))


def _small(reader: TarReader, name: str, most: int) -> bytes:
    member = reader.next()
    if member is None or member.name != name:
        raise refused(_("{name} is not where it must be", name=name))
    if member.size > most:
        raise refused(_("{name} is larger than it may be", name=name))
    return b"".join(reader.pieces())


def _unexpected(manifest: Manifest, name: str) -> Message:
    listed = any(FILES + file.path == name for file in manifest.files)
    if listed:
        return _("its member {name} is there twice", name=ascii(name))
    if name.startswith("/"):
        return _("its member {name} has an absolute path", name=ascii(name))
    if ".." in name.split("/"):
        return _("its member {name} leads out of the package", name=ascii(name))
    return _("its member {name} is not in the manifest", name=ascii(name))


@contextmanager
def _written(file: PackagedFile, folder: Path) -> Iterator[IO[bytes]]:
    """Open one file to be written durably. The folder is ours and was empty: nothing in it is a link."""
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, stat.S_IRUSR | stat.S_IWUSR), "wb") as target:
        yield target
        target.flush()
        os.fsync(target.fileno())
