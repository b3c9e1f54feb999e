"""Several packages in one file for a USB stick (`.lmabs`): each is complete and signed by itself.

The file is a tar of regular files `NAME.lmab`; there is nothing else in it, and nothing of it is trusted.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from appliance.core.errors import DiskFull, InvalidRequest
from appliance.core.files import durable_write, reporting_full_disk
from appliance.core.messages import _
from appliance.core.units import human_bytes
from appliance.packages.signed.building import SUFFIX, Moved
from appliance.packages.signed.manifest import is_safe
from appliance.packages.signed.tar import BLOCK, TarReader, header_of, refused

BUNDLE_SUFFIX: Final = ".lmabs"
_PIECE: Final = 1 << 20


def write_bundle(packages: Sequence[Path], target: Path) -> Iterator[Moved]:
    """Write one file that holds `packages`, in order; yield how far it is. Raises `InvalidRequest`, `DiskFull`."""
    if not packages or len({path.name for path in packages}) != len(packages):
        raise InvalidRequest(_("A file for a USB stick needs packages with different names."), param="packages")
    done, total = 0, sum(path.stat().st_size for path in packages)
    with durable_write(target, 0o644) as bundle:
        for path in packages:
            size = path.stat().st_size
            bundle.write(header_of(path.name, size))
            with path.open("rb") as source:
                while piece := source.read(_PIECE):
                    bundle.write(piece)
                    done += len(piece)
                    yield Moved(done, total)
            bundle.write(bytes(-size % BLOCK))
        bundle.write(bytes(2 * BLOCK))


def unbundle(bundle: IO[bytes], folder: Path) -> Iterator[Path]:
    """Write the packages of a bundle into `folder`, one after the other; yield each and then remove it.

    Raises `PackageError`, `DiskFull`.
    """
    reader = TarReader(bundle)
    while (member := reader.next()) is not None:
        if not is_safe(member.name) or "/" in member.name or not member.name.endswith(SUFFIX):
            raise refused(_("its member {name} is no package", name=ascii(member.name)))
        if shutil.disk_usage(folder).free < member.size:
            raise DiskFull(
                _("The package {name} needs {needed} in {folder}.", name=member.name, needed=human_bytes(member.size),
                  folder=folder),
                _("Free some space there, then try again; nothing was changed."),
            )  # fmt: skip
        with _temporary(folder / member.name) as path:
            with reporting_full_disk(folder), path.open("wb") as target:
                for piece in reader.pieces():
                    target.write(piece)
            yield path


def is_bundle(path: Path) -> bool:
    """Tell whether a file holds several packages, by its name."""
    return path.suffix == BUNDLE_SUFFIX


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
