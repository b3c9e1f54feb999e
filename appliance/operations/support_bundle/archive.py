"""The archive: the same parts give the same bytes, and the file appears only when it is whole."""

import gzip
import io
import json
import tarfile
from pathlib import Path

from appliance.core.errors import Conflict, InvalidRequest
from appliance.core.files import durable_write
from appliance.core.messages import _
from appliance.operations.support_bundle.parts import Bundle

_FOLDER = "appliance-support"


def check_output(output: Path) -> None:
    """Return where a bundle may be written. Raises `Conflict` for a file that is there already."""
    if output.exists():
        raise Conflict(
            _("The file {file} is there already.", file=output), _("Name another with --output, or move it away.")
        )


def write_bundle(bundle: Bundle, output: Path) -> None:
    """Write a bundle as tar.gz that only its owner may read, the manifest first, then the parts by name.

    Raises `Conflict` where the file is there already, `DiskFull`, and `InvalidRequest` where it cannot be written.
    """
    check_output(output)
    manifest = json.dumps(bundle.manifest(), ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"
    parts = [("manifest.json", manifest), *sorted((part.name, part.content) for part in bundle.parts)]
    try:
        with (
            durable_write(output, 0o600) as file,
            gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        ):
            for name, content in parts:
                entry = tarfile.TarInfo(f"{_FOLDER}/{name}")
                entry.size, entry.mode = len(content), 0o600
                archive.addfile(entry, io.BytesIO(content))
    except OSError as error:
        raise InvalidRequest(
            _("The file {file} cannot be written: {reason}.", file=output, reason=error.strerror or str(error)),
            _("Name another place with --output."),
            param="output",
        ) from error
