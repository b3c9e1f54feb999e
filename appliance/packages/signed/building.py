"""Making a package: a folder becomes a signed archive."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from pydantic import ValidationError

from appliance.core.clock import Clock, utc_now
from appliance.core.errors import PackageError
from appliance.core.files import durable_write
from appliance.core.messages import _
from appliance.packages.checksums import sha256_of_file
from appliance.packages.signed.manifest import (
    EVERYWHERE,
    SCHEMA,
    Kind,
    Manifest,
    PackagedFile,
    Platform,
    Requirement,
    fault_of,
    is_safe,
)
from appliance.packages.signed.minisign import SecretKey
from appliance.packages.signed.tar import BLOCK, header_of

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.minisig"
FILES: Final = "files/"
SUFFIX: Final = ".lmab"
_PIECE: Final = 1 << 20


@dataclass(frozen=True)
class Wish:
    """What a package is to say of itself, beside its files."""

    kind: Kind
    name: str
    version: str
    release_counter: int
    licence: str
    source: str
    expires: datetime | None = None
    platform: Platform = EVERYWHERE
    requires: tuple[Requirement, ...] = ()
    conflicts: tuple[Requirement, ...] = ()
    alias: str | None = None
    """For a model: the alias that the first start gives it."""


@dataclass(frozen=True)
class Moved:
    """How far a copy has come, in bytes."""

    done: int
    total: int


def build_package(wish: Wish, folder: Path, key: SecretKey, target: Path, clock: Clock = utc_now) -> Iterator[Moved]:
    """Write the package of every file below `folder` to `target`, whole or not at all; yield how far it is.

    Hidden files are left out. Raises `PackageError` for what no package can hold, `DiskFull`.
    """
    files = tuple(_files_of(folder))
    if not files:
        raise _unfit(_("{folder} holds no files", folder=folder))
    try:
        manifest = Manifest(
            schema=SCHEMA,
            **vars(wish),
            created=clock().replace(microsecond=0),
            files=files,
            total_unpacked=sum(file.size for file in files),
            key_ids=(key.public.key_id,),
        )
    except ValidationError as error:
        raise _unfit(fault_of(error)) from error
    raw = manifest.to_json()
    signature = key.sign(raw, f"{manifest.title} release {wish.release_counter}").to_text().encode()
    with durable_write(target, 0o644) as archive:
        yield from write_archive(archive, raw, signature, manifest, folder)


def write_archive(
    archive: IO[bytes], raw: bytes, signature: bytes, manifest: Manifest, folder: Path
) -> Iterator[Moved]:
    """Write the archive of a manifest, its signature and its files, which are below `folder`; yield how far it is.

    Raises `PackageError` where a file is not what the manifest says.
    """
    for name, content in ((MANIFEST, raw), (SIGNATURE, signature)):
        archive.write(header_of(name, len(content)) + content + bytes(-len(content) % BLOCK))
    moved = Moved(0, manifest.total_unpacked)
    for file in manifest.files:
        archive.write(header_of(FILES + file.path, file.size))
        digest, size = hashlib.sha256(), 0
        with (folder / file.path).open("rb") as source:
            while piece := source.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                archive.write(piece)
                moved = replace(moved, done=moved.done + len(piece))
                yield moved
        if (size, digest.hexdigest()) != (file.size, file.sha256):
            raise _unfit(_("{path} changed while it was read", path=file.path))
        archive.write(bytes(-size % BLOCK))
    archive.write(bytes(2 * BLOCK))


def _files_of(folder: Path) -> Iterable[PackagedFile]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in name.split("/")):
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise _unfit(_("{path} is not a regular file", path=name))
        if path.is_file():
            if not is_safe(name):
                raise _unfit(_("the name {path} cannot be in a package", path=ascii(name)))
            yield PackagedFile(path=name, size=path.stat().st_size, sha256=sha256_of_file(path))


def _unfit(reason: object) -> PackageError:
    return PackageError(
        _("The package cannot be built: {reason}.", reason=reason),
        _("Put the files to be packed into a folder of their own."),
        code="package_not_built",
    )
